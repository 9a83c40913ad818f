/** What can be asked of histogram data: merge, quantile, mean, count below a value. */
import { assert } from '../core/index.ts';
import { BIN_COUNT_MAX, binIndex, binLower, binWidth, emptyHistogram } from './histogram.ts';
import type { HistogramData } from './result.ts';

const TWO_32 = 4294967296;

/** A quantile is only given where at least this many samples lie beyond it. */
export const SAMPLES_BEYOND_MIN = 30;

/** p * n may come out a hair above the integer that is meant (0.07 * 100 = 7.000000000000001). */
const RANK_SLACK = 1e-12;

/** The sum of histograms; counts, min, max and sum are exact, whatever the order. */
export function mergeHistograms(parts: readonly HistogramData[]): HistogramData {
  const filled = parts.filter((part) => part.total > 0);
  if (filled.length === 0) return emptyHistogram();
  if (filled.length === 1) return filled[0];
  const dense = new Float64Array(BIN_COUNT_MAX);
  let total = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = -1;
  let sumHigh = 0;
  let sumLow = 0;
  for (const part of filled) {
    for (let i = 0; i < part.index.length; i += 1) dense[part.index[i]] += part.count[i];
    total += part.total;
    min = Math.min(min, part.min);
    max = Math.max(max, part.max);
    const carry = Math.floor(part.sumLow / TWO_32);
    sumHigh += part.sumHigh + carry;
    sumLow += part.sumLow - carry * TWO_32;
    if (sumLow >= TWO_32) {
      sumLow -= TWO_32;
      sumHigh += 1;
    }
  }
  let used = 0;
  for (let i = 0; i < dense.length; i += 1) if (dense[i] > 0) used += 1;
  const index = new Int32Array(used);
  const count = new Float64Array(used);
  let slot = 0;
  for (let i = 0; i < dense.length; i += 1) {
    if (dense[i] === 0) continue;
    index[slot] = i;
    count[slot] = dense[i];
    slot += 1;
  }
  return { index, count, total, min, max, sumHigh, sumLow };
}

/**
 * Rank of the p-quantile among n sorted samples: the ceil(p n)-th smallest, at least the first.
 */
export function quantileRank(n: number, p: number): number {
  return Math.max(1, Math.ceil(p * n * (1 - RANK_SLACK)));
}

/** Whether n samples leave enough beyond their p-quantile, on the side away from the median. */
export function quantileKnown(n: number, p: number): boolean {
  const rank = quantileRank(n, p);
  return (p >= 0.5 ? n - rank : rank - 1) >= SAMPLES_BEYOND_MIN;
}

/**
 * The p-quantile, 0 < p < 1: the ceil(p n)-th smallest sample. Where its bin holds several
 * integers, its samples are taken as spread evenly over them: the k-th of c samples of a bin of
 * width w counts as lower + floor((k - 1/2) w / c). Kept within [min, max], so always an integer
 * that is at most one bin width (0.79 %) from the sample. `null` where fewer than 30 samples lie
 * beyond it.
 */
export function quantileOf(data: HistogramData, p: number): number | null {
  assert(p > 0 && p < 1, `a quantile needs 0 < p < 1, not ${p}`);
  if (data.total === 0 || !quantileKnown(data.total, p)) return null;
  return sampleOfRank(data, quantileRank(data.total, p));
}

/** The sample of a rank 1..total, by the rule above, whatever the number of samples. */
export function sampleOfRank(data: HistogramData, rank: number): number {
  let before = 0;
  for (let i = 0; i < data.index.length; i += 1) {
    const count = data.count[i];
    if (before + count >= rank) {
      return spread(data.index[i], rank - before, count, data.min, data.max);
    }
    before += count;
  }
  return data.max;
}

/** The k-th of `count` samples in a bin. */
export function spread(bin: number, k: number, count: number, min: number, max: number): number {
  const offset = Math.floor(((k - 0.5) * binWidth(bin)) / count);
  return Math.min(max, Math.max(min, binLower(bin) + offset));
}

/** Exact sum up to the rounding of one double. */
export function sumOf(data: HistogramData): number {
  return data.sumHigh * TWO_32 + data.sumLow;
}

/** Mean; NaN where there is no sample. */
export function meanOf(data: HistogramData): number {
  return data.total === 0 ? Number.NaN : sumOf(data) / data.total;
}

/**
 * Number of samples below x. Exact where x is the edge of a bin; inside a bin its samples are
 * taken as spread evenly, as for quantiles, and the result is rounded down.
 */
export function countBelow(data: HistogramData, x: number): number {
  if (data.total === 0 || !(x > data.min)) return 0;
  if (x > data.max) return data.total;
  const bin = binIndex(Math.floor(x));
  let below = 0;
  for (let i = 0; i < data.index.length && data.index[i] <= bin; i += 1) {
    if (data.index[i] < bin) below += data.count[i];
    else below += Math.floor((data.count[i] * (x - binLower(bin))) / binWidth(bin));
  }
  return below;
}
