/**
 * A token bucket by brute force: it looks at every ns, and counts tokens in exact fractions
 * (BigInt over the number of decimals of the rate times ns per s).
 */
export interface Take {
  readonly atNs: number;
  readonly tokens: number;
}

const UNIT = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

/** When each take is granted, in order; takes are sorted by time. NaN: not before the end. */
export function grantTimes(
  ratePerSecond: number,
  burst: number,
  initial: number,
  takes: readonly Take[],
  endNs: number,
): number[] {
  // Level in tokens x UNIT x NS_PER_S, so that a ns adds an integer: rate x UNIT.
  const perNs = BigInt(Math.round(ratePerSecond * Number(UNIT)));
  const token = UNIT * NS_PER_S;
  const full = BigInt(burst) * token;
  let level = BigInt(initial) * token;
  const granted: number[] = takes.map(() => Number.NaN);
  let next = 0;
  for (let nowNs = 0; nowNs < endNs; nowNs += 1) {
    while (next < takes.length && takes[next].atNs <= nowNs) {
      const asked = BigInt(takes[next].tokens) * token;
      const needed = asked < full ? asked : full;
      if (level < needed) break;
      level -= asked;
      granted[next] = nowNs;
      next += 1;
    }
    level += perNs;
    // While somebody waits, nothing flows over: the grant fell due within this ns.
    const waiting = next < takes.length && takes[next].atNs <= nowNs;
    if (!waiting && level > full) level = full;
  }
  return granted;
}
