/**
 * What can be said from one long run: where its warm-up ends, the interval of a mean from batches,
 * the interval of a quantile from order statistics.
 */
import { assert, normalQuantile } from '../core/index.ts';
import { type HistogramData, sampleOfRank } from '../metrics/index.ts';
import { CONFIDENCE, type Estimate, estimate } from './estimate.ts';

/** Values that MSER-5 takes together. */
export const MSER_BATCH = 5;
/** Batches that must remain for a batch mean to be near normal, and for the rule to be steady. */
const MSER_BATCHES_MIN = 10;

export interface WarmUp {
  /** Values at the beginning to leave out; a multiple of five. */
  readonly truncate: number;
  /** Whether the minimum lies in the first half: else the series is too short to tell. */
  readonly reached: boolean;
}

/**
 * MSER-5: the truncation that makes the standard error of the mean of the rest smallest, over means
 * of five values. K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five steady-state
 * truncation heuristics for simulation", Winter Simulation Conference 2000. Null where there are
 * fewer than 50 values.
 */
export function mser5(values: readonly number[]): WarmUp | null {
  const n = Math.floor(values.length / MSER_BATCH);
  if (n < MSER_BATCHES_MIN) return null;
  const means: number[] = [];
  for (let b = 0; b < n; b++) {
    let sum = 0;
    for (let i = 0; i < MSER_BATCH; i++) sum += values[b * MSER_BATCH + i];
    means.push(sum / MSER_BATCH);
  }
  // From the end: mean and squares of what remains, updated by one value at a time.
  let best = 0;
  let smallest = Infinity;
  let mean = 0;
  let squares = 0;
  for (let d = n - 1; d >= 0; d--) {
    const count = n - d;
    const delta = means[d] - mean;
    mean += delta / count;
    squares += delta * (means[d] - mean);
    if (count < MSER_BATCH) continue;
    const statistic = squares / (count * count);
    if (statistic <= smallest) {
      smallest = statistic;
      best = d;
    }
  }
  return { truncate: best * MSER_BATCH, reached: best <= n / 2 };
}

/** Law (Simulation Modeling and Analysis, 9.5.3): little is won by more than 30 batches. */
export const BATCHES = 20;

/**
 * Mean and Student interval of one long, correlated series from means of equal batches, whose
 * correlation vanishes as they get long. Values that do not fill a batch are left out at the start.
 * Null with fewer than two values a batch.
 */
export function batchMeans(
  values: readonly number[],
  batches: number = BATCHES,
  confidence: number = CONFIDENCE,
): Estimate | null {
  assert(batches >= 2, 'an interval takes two batches');
  const size = Math.floor(values.length / batches);
  if (size < 2) return null;
  const start = values.length - size * batches;
  const means: number[] = [];
  for (let b = 0; b < batches; b++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += values[start + b * size + i];
    means.push(sum / size);
  }
  return estimate(means, confidence);
}

export interface QuantileInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A quantile and its interval from independent samples: the number of samples below the true
 * quantile is binomial(n, p), so the samples of ranks n p -+ z sqrt(n p (1 - p)) enclose it,
 * whatever the distribution (David and Nagaraja, Order Statistics, 7.1). Null where a rank lies
 * outside of the samples.
 */
export function quantileInterval(
  data: HistogramData,
  p: number,
  confidence: number = CONFIDENCE,
): QuantileInterval | null {
  assert(p > 0 && p < 1, `a quantile needs 0 < p < 1, not ${p}`);
  const n = data.total;
  const half = normalQuantile((1 + confidence) / 2) * Math.sqrt(n * p * (1 - p));
  // Half a rank for the step from a binomial to a normal distribution.
  const lowRank = Math.round(n * p - half + 0.5);
  const highRank = Math.round(n * p + half + 0.5);
  if (lowRank < 1 || highRank > n) return null;
  return {
    value: sampleOfRank(data, Math.max(1, Math.ceil(n * p))),
    low: sampleOfRank(data, lowRank),
    high: sampleOfRank(data, highRank),
  };
}
