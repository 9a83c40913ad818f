/**
 * Measured latencies as buckets, whatever they came from: fio bins, Prometheus buckets or single
 * values (buckets of width zero). A quantile is an interval: what bucket width and the number of
 * samples leave open.
 *
 * Left out: the dependence between samples. Intervals assume that samples are independent; stalls
 * come in bursts, so the intervals of the far tail are too narrow where a few stalls make it up.
 */
import { assert } from '../core/index.ts';
import type { DistributionSpec } from '../dist/index.ts';
import type { LatencySummary, QuantileRow } from './types.ts';

/** Bucket i holds `counts[i]` latencies in [lowersNs[i], uppersNs[i]]; sorted, not overlapping. */
export interface Latencies {
  readonly lowersNs: readonly number[];
  /** The last one may be Infinity. */
  readonly uppersNs: readonly number[];
  /** Each > 0. */
  readonly counts: readonly number[];
  readonly count: number;
  /** Recorded sum; null where the source has none. */
  readonly sumNs: number | null;
  /** Recorded extremes; null where the source has none. */
  readonly minNs: number | null;
  readonly maxNs: number | null;
}

export interface Bucket {
  readonly lowerNs: number;
  readonly upperNs: number;
  readonly count: number;
}

/** With fewer samples beyond a quantile than this, not even an interval is given ... */
export const SAMPLES_BEYOND_INTERVAL = 10;
/** ... and with fewer than this, an interval but no figure. */
export const SAMPLES_BEYOND_FIGURE = 30;
/** No fsync takes an hour: more is a slip of the unit. Scenarios accept no more either. */
export const LATENCY_NS_MAX = 3600e9;
/** Bins an octave of fio's histograms (FIO_IO_U_PLAT_BITS = 6 in fio's stat.h). */
const BINS_PER_OCTAVE = 64;
/** Two-sided 95 %. */
const Z95 = 1.96;

export function latenciesOf(
  buckets: readonly Bucket[],
  recorded: { sumNs: number | null; minNs: number | null; maxNs: number | null },
): Latencies {
  const kept = buckets.filter((bucket) => bucket.count > 0);
  let count = 0;
  for (const bucket of kept) count += bucket.count;
  const { minNs, maxNs } = recorded;
  return {
    lowersNs: kept.map((bucket, i) =>
      i === 0 && minNs !== null ? clamp(minNs, bucket.lowerNs, bucket.upperNs) : bucket.lowerNs,
    ),
    uppersNs: kept.map((bucket, i) =>
      i === kept.length - 1 && maxNs !== null
        ? clamp(maxNs, bucket.lowerNs, bucket.upperNs)
        : bucket.upperNs,
    ),
    counts: kept.map((bucket) => bucket.count),
    count,
    ...recorded,
  };
}

/** Width of the bin that fio puts an integer latency into: 1 ns below 128 ns, then 64 an octave. */
export function fioBinWidthNs(valueNs: number): number {
  assert(valueNs <= Number.MAX_SAFE_INTEGER, 'a latency is a finite number of ns');
  let width = 1;
  while (valueNs >= BINS_PER_OCTAVE * 2 * width) width *= 2;
  return width;
}

/**
 * Binned as fio does; a bin that holds the same value again and again is that value. Values are
 * integers >= 0.
 */
export function latenciesOfSamples(valuesNs: ArrayLike<number>): Latencies {
  const sorted = Float64Array.from(valuesNs).sort();
  const buckets: { lowerNs: number; upperNs: number; count: number }[] = [];
  let sumNs = 0;
  for (let from = 0; from < sorted.length; ) {
    const width = fioBinWidthNs(sorted[from]);
    const lowerNs = Math.floor(sorted[from] / width) * width;
    let to = from;
    while (to < sorted.length && sorted[to] < lowerNs + width) {
      sumNs += sorted[to];
      to++;
    }
    const single = to - from > 1 && sorted[from] === sorted[to - 1];
    buckets.push({
      lowerNs: single ? sorted[from] : lowerNs,
      upperNs: single ? sorted[from] : lowerNs + width,
      count: to - from,
    });
    from = to;
  }
  const minNs = sorted.length > 0 ? sorted[0] : null;
  const maxNs = sorted.length > 0 ? sorted[sorted.length - 1] : null;
  return latenciesOf(buckets, { sumNs, minNs, maxNs });
}

/** Sums of several runs or jobs. Buckets that overlap without being equal are kept side by side. */
export function mergeLatencies(parts: readonly Latencies[]): Latencies {
  if (parts.length === 1) return parts[0];
  const merged = new Map<string, { lowerNs: number; upperNs: number; count: number }>();
  for (const part of parts) {
    for (let i = 0; i < part.counts.length; i++) {
      const key = `${part.lowersNs[i]} ${part.uppersNs[i]}`;
      const bucket = merged.get(key);
      if (bucket !== undefined) bucket.count += part.counts[i];
      else {
        merged.set(key, {
          lowerNs: part.lowersNs[i],
          upperNs: part.uppersNs[i],
          count: part.counts[i],
        });
      }
    }
  }
  return latenciesOf(disjoint([...merged.values()]), {
    sumNs: sumOf(parts.map((part) => part.sumNs)),
    minNs: extremeOf(
      parts.map((part) => part.minNs),
      Math.min,
    ),
    maxNs: extremeOf(
      parts.map((part) => part.maxNs),
      Math.max,
    ),
  });
}

/** Joins buckets that overlap; equal ones were added up before. */
export function disjoint(buckets: Bucket[]): Bucket[] {
  buckets.sort((a, b) => a.lowerNs - b.lowerNs || a.upperNs - b.upperNs);
  const result: { lowerNs: number; upperNs: number; count: number }[] = [];
  for (const bucket of buckets) {
    const last = result.at(-1);
    if (last !== undefined && bucket.lowerNs < last.upperNs) {
      last.upperNs = Math.max(last.upperNs, bucket.upperNs);
      last.count += bucket.count;
    } else result.push({ ...bucket });
  }
  return result;
}

function sumOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

function extremeOf(
  values: readonly (number | null)[],
  pick: (a: number, b: number) => number,
): number | null {
  let result: number | null = null;
  for (const value of values) {
    if (value === null) return null;
    result = result === null ? value : pick(result, value);
  }
  return result;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function meanNs(latencies: Latencies): number | null {
  return latencies.sumNs === null || latencies.count === 0
    ? null
    : latencies.sumNs / latencies.count;
}

/** Index of the bucket that holds the sample of a rank, 1 = smallest. */
function bucketOfRank(latencies: Latencies, rank: number): number {
  let seen = 0;
  for (let i = 0; i < latencies.counts.length; i++) {
    seen += latencies.counts[i];
    if (seen >= rank) return i;
  }
  return latencies.counts.length - 1;
}

/**
 * The interval that holds the quantile of the disk, 95 %: of n samples, the ranks
 * n p ± 1.96 sqrt(n p (1 - p)), widened to the edges of their buckets. Its upper end is Infinity
 * where that rank lies beyond the last sample. At least one sample.
 */
export function quantileInterval(
  latencies: Latencies,
  p: number,
): { readonly lowNs: number; readonly highNs: number } {
  const n = latencies.count;
  const error = Z95 * Math.sqrt(n * p * (1 - p));
  const low = bucketOfRank(latencies, clamp(Math.floor(n * p - error), 1, n));
  const highRank = Math.ceil(n * p + error) + 1;
  return {
    lowNs: latencies.lowersNs[low],
    highNs:
      highRank > n
        ? Number.POSITIVE_INFINITY
        : latencies.uppersNs[bucketOfRank(latencies, Math.max(highRank, 1))],
  };
}

/** What can be said of a quantile; nothing where too few samples lie beyond it. */
export function quantileRow(latencies: Latencies, p: number): QuantileRow {
  // 1 - 0.99 is 0.010000000000000009: without the slack 1000 samples would have "9.99" beyond.
  const beyond = latencies.count * Math.min(p, 1 - p) + 1e-6;
  if (beyond < SAMPLES_BEYOND_INTERVAL) return { p, lowNs: null, estimateNs: null, highNs: null };
  const { lowNs, highNs } = quantileInterval(latencies, p);
  const estimateNs = beyond < SAMPLES_BEYOND_FIGURE ? null : interpolatedQuantileNs(latencies, p);
  return { p, lowNs, estimateNs, highNs };
}

/** Linear within the bucket, as Prometheus' histogram_quantile: the figure that dashboards show. */
export function interpolatedQuantileNs(latencies: Latencies, p: number): number {
  const rank = latencies.count * p;
  let seen = 0;
  for (let i = 0; i < latencies.counts.length; i++) {
    const next = seen + latencies.counts[i];
    if (next >= rank || i === latencies.counts.length - 1) {
      const lower = latencies.lowersNs[i];
      const upper = latencies.uppersNs[i];
      if (upper === Number.POSITIVE_INFINITY) return lower;
      return lower + ((upper - lower) * (rank - seen)) / latencies.counts[i];
    }
    seen = next;
  }
  return Number.NaN;
}

/** How many latencies were longer than the limit: at least, at most. */
export function countAbove(
  latencies: Latencies,
  limitNs: number,
): { readonly atLeast: number; readonly atMost: number } {
  let atLeast = 0;
  let atMost = 0;
  for (let i = 0; i < latencies.counts.length; i++) {
    const lower = latencies.lowersNs[i];
    const upper = latencies.uppersNs[i];
    if (lower > limitNs || (lower === limitNs && upper > lower)) atLeast += latencies.counts[i];
    if (upper > limitNs) atMost += latencies.counts[i];
  }
  return { atLeast, atMost };
}

/** The sum that the buckets allow: every latency at its lower, or at its upper edge. */
export function sumBoundsNs(latencies: Latencies): { readonly low: number; readonly high: number } {
  let low = 0;
  let high = 0;
  for (let i = 0; i < latencies.counts.length; i++) {
    low += latencies.lowersNs[i] * latencies.counts[i];
    high += latencies.uppersNs[i] * latencies.counts[i];
  }
  return { low, high };
}

export const SUMMARY_QUANTILES: readonly number[] = [0.5, 0.9, 0.99, 0.999, 0.9999];

export function summarize(latencies: Latencies): LatencySummary {
  return {
    count: latencies.count,
    meanNs: meanNs(latencies),
    minNs: latencies.minNs,
    maxNs: latencies.maxNs,
    quantiles: SUMMARY_QUANTILES.map((p) => quantileRow(latencies, p)),
  };
}

/**
 * What the simulator draws from. The recorded sum goes along wherever the buckets allow it, so that
 * the mean of the draws is the mean that was measured.
 */
export function distributionOf(latencies: Latencies): DistributionSpec {
  const { lowersNs, uppersNs, counts } = latencies;
  if (counts.length === 1 && lowersNs[0] === uppersNs[0]) {
    return { kind: 'constant', value: uppersNs[0] };
  }
  const bounds: number[] = [];
  const filled: number[] = [];
  let edge = 0;
  let low = 0;
  let high = 0;
  for (let i = 0; i < counts.length; i++) {
    // A single value v is drawn from [v - 1/2, v + 1/2] and rounded once, to v.
    const half = lowersNs[i] === uppersNs[i] ? 0.5 : 0;
    const lower = Math.max(lowersNs[i] - half, edge);
    const upper = Math.max(uppersNs[i] + half, edge + 0.5);
    // Bounds are upper edges only, so an empty bucket reaches up to where the next one begins.
    if (lower > edge) {
      bounds.push(lower);
      filled.push(0);
    }
    bounds.push(upper);
    filled.push(counts[i]);
    low += lower * counts[i];
    high += upper * counts[i];
    edge = upper;
  }
  const sum = latencies.sumNs;
  return sum !== null && sum > low && sum < high
    ? { kind: 'histogram', bounds, counts: filled, sum: Math.round(sum) }
    : { kind: 'histogram', bounds, counts: filled };
}
