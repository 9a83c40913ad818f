/**
 * Downloads as a fluid, the slow way: at every change the share of every stream is computed anew,
 * by raising all shares together until a limit (stream, node, registry) stops them.
 */
export interface Download {
  readonly atNs: number;
  readonly node: number;
  readonly bytes: number;
}

export interface FluidLimits {
  /** Bytes a second. */
  readonly stream: number;
  readonly node: number;
  readonly registry: number;
}

/** When each download ends, in ns and not rounded. */
export function fluidDownloads(downloads: readonly Download[], limits: FluidLimits): number[] {
  const left = downloads.map((d) => d.bytes);
  const ends = downloads.map(() => Number.NaN);
  let nowNs = 0;
  for (;;) {
    const open = downloads.flatMap((d, i) => (d.atNs <= nowNs && Number.isNaN(ends[i]) ? [i] : []));
    const next = Math.min(...downloads.filter((d) => d.atNs > nowNs).map((d) => d.atNs));
    if (open.length === 0 && next === Number.POSITIVE_INFINITY) return ends;
    const rates = shares(
      open.map((i) => downloads[i].node),
      limits,
    );
    const firstEnd = Math.min(...open.map((i, k) => nowNs + (left[i] / rates[k]) * 1e9));
    const untilNs = Math.min(firstEnd, next);
    open.forEach((i, k) => {
      left[i] -= (rates[k] * (untilNs - nowNs)) / 1e9;
      if (left[i] <= 1e-6 * downloads[i].bytes) ends[i] = untilNs;
    });
    nowNs = untilNs;
  }
}

function shares(nodes: readonly number[], limits: FluidLimits): number[] {
  const rate = nodes.map(() => 0);
  const frozen = nodes.map(() => false);
  while (frozen.includes(false)) {
    let step = Number.POSITIVE_INFINITY;
    const sum = (of: (k: number) => boolean) => rate.reduce((s, r, k) => s + (of(k) ? r : 0), 0);
    const free = (of: (k: number) => boolean) => nodes.filter((_, k) => of(k) && !frozen[k]).length;
    nodes.forEach((node, k) => {
      if (frozen[k]) return;
      const mine = (j: number) => nodes[j] === node;
      step = Math.min(step, limits.stream - rate[k], (limits.node - sum(mine)) / free(mine));
      step = Math.min(step, (limits.registry - sum(() => true)) / free(() => true));
    });
    nodes.forEach((_, k) => {
      if (!frozen[k]) rate[k] += step;
    });
    nodes.forEach((node, k) => {
      const full = (used: number, limit: number) => used >= limit * (1 - 1e-9);
      if (
        full(rate[k], limits.stream) ||
        full(
          sum((j) => nodes[j] === node),
          limits.node,
        ) ||
        full(
          sum(() => true),
          limits.registry,
        )
      ) {
        frozen[k] = true;
      }
    });
  }
  return rate;
}
