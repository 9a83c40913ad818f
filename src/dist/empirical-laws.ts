/** Laws of measured data: samples and histogram buckets. */
import { exp, log } from '../core/index.ts';
import { constantLaw } from './continuous-laws.ts';
import type { Law } from './law.ts';
import type { HistogramSpec } from './spec.ts';

/**
 * n sorted samples, quantiles interpolated between them: x at position p (n - 1) (Hyndman & Fan
 * type 7). Draws never leave [min, max]; the mean is that of the interpolated law, sum of (x[i] +
 * x[i+1]) / 2 over n - 1, which differs from the samples' own by ((min + max) / 2 - mean) / (n -
 * 1).
 */
export class SamplesLaw implements Law {
  readonly random = true;
  readonly mean: number;
  readonly secondMoment: number;
  readonly #sorted: Float64Array;

  constructor(values: readonly number[]) {
    const sorted = Float64Array.from(values).sort();
    let first = 0;
    let second = 0;
    for (let i = 1; i < sorted.length; i += 1) {
      const a = sorted[i - 1];
      const b = sorted[i];
      first += (a + b) / 2;
      second += (a * a + a * b + b * b) / 3;
    }
    this.#sorted = sorted;
    this.mean = first / (sorted.length - 1);
    this.secondMoment = second / (sorted.length - 1);
  }

  quantile(p: number): number {
    const position = p * (this.#sorted.length - 1);
    const below = Math.floor(position);
    const from = this.#sorted[below];
    const to = this.#sorted[Math.min(below + 1, this.#sorted.length - 1)];
    return from + (position - below) * (to - from);
  }

  cdf(x: number): number {
    const sorted = this.#sorted;
    const last = sorted.length - 1;
    if (x < sorted[0]) return 0;
    if (x >= sorted[last]) return 1;
    let from = 0;
    let to = last;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (sorted[middle] <= x) from = middle;
      else to = middle;
    }
    return (from + (x - sorted[from]) / (sorted[to] - sorted[from])) / last;
  }
}

export function samplesLaw(values: readonly number[]): Law {
  for (const value of values) if (value !== values[0]) return new SamplesLaw(values);
  return constantLaw(values[0]);
}

/** How values lie inside the buckets of a histogram. */
export interface HistogramShape {
  /** Mean position inside a bucket, as a fraction of its width, the same in every closed bucket. */
  readonly position: number;
  /** Mean of the open last bucket; NaN where it is closed at twice its lower edge. */
  readonly openMean: number;
}

/**
 * Position of the values inside the buckets such that the recorded sum is kept:
 * - without a sum: 1/2 (linear interpolation);
 * - with a sum: position = (sum - sum of count x lower) / (sum of count x width), for all buckets
 *   alike, where an open last bucket is taken to end at twice its lower edge, as buckets that
 *   double would;
 * - where that is 1 or more and the last bucket is open, its values lie further out: closed
 *   buckets keep 1/2, and the open one is its lower edge plus an exponential excess that accounts
 *   for the rest.
 * `null` where no values inside these buckets have this sum.
 */
export function histogramShape({ bounds, counts, sum }: HistogramSpec): HistogramShape | null {
  if (sum === undefined) return { position: 0.5, openMean: Number.NaN };
  let lowerSum = 0;
  let widthSum = 0;
  let middleSum = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    const { lower, upper, open } = bucketEdges(bounds, i);
    lowerSum += counts[i] * lower;
    widthSum += counts[i] * (upper - lower);
    if (!open) middleSum += (counts[i] * (lower + upper)) / 2;
  }
  const position = (sum - lowerSum) / widthSum;
  if (position > 0 && position < 1) return { position, openMean: Number.NaN };
  const last = bounds.length - 1;
  const openCount = bounds[last] === Number.POSITIVE_INFINITY ? counts[last] : 0;
  if (!(position >= 1) || openCount === 0) return null;
  return { position: 0.5, openMean: (sum - middleSum) / openCount };
}

interface BucketEdges {
  readonly lower: number;
  readonly upper: number;
  readonly open: boolean;
}

function bucketEdges(bounds: readonly number[], i: number): BucketEdges {
  const lower = i === 0 ? 0 : bounds[i - 1];
  const open = bounds[i] === Number.POSITIVE_INFINITY;
  return { lower, upper: open ? 2 * lower : bounds[i], open };
}

/**
 * Inside a bucket, x = lower + width u^k with u uniform and k = 1 / position - 1, so that the
 * mean lies at `position`: monotone, without gaps between buckets, and linear for 1/2.
 */
export class HistogramLaw implements Law {
  readonly random = true;
  readonly mean: number;
  readonly secondMoment: number;
  readonly #lower: Float64Array;
  readonly #width: Float64Array;
  /** Cumulated probability below each bucket, and 1 at the end. */
  readonly #below: Float64Array;
  readonly #power: number;
  /** Mean excess of the exponential last bucket; 0 where there is none. */
  readonly #excess: number;
  /** Bucket in which a search for probability i / length starts. */
  readonly #guide: Int32Array;

  constructor(spec: HistogramSpec, shape: HistogramShape) {
    const used = spec.bounds.map((_, i) => i).filter((i) => spec.counts[i] > 0);
    const edges = used.map((i) => bucketEdges(spec.bounds, i));
    const counts = used.map((i) => spec.counts[i]);
    let total = 0;
    for (const count of counts) total += count;
    this.#lower = Float64Array.from(edges, (edge) => edge.lower);
    this.#width = Float64Array.from(edges, (edge) => edge.upper - edge.lower);
    this.#below = new Float64Array(used.length + 1);
    this.#power = 1 / shape.position - 1;
    const last = used.length - 1;
    this.#excess = shape.openMean > 0 ? shape.openMean - this.#lower[last] : 0;
    let before = 0;
    let first = 0;
    let second = 0;
    for (let i = 0; i < used.length; i += 1) {
      const [m1, m2] = this.#moments(i);
      first += (counts[i] * m1) / total;
      second += (counts[i] * m2) / total;
      before += counts[i];
      this.#below[i + 1] = before / total;
    }
    this.mean = first;
    this.secondMoment = second;
    this.#guide = this.#buildGuide();
  }

  #moments(i: number): readonly [number, number] {
    const lower = this.#lower[i];
    if (this.#excess > 0 && i === this.#lower.length - 1) {
      const excess = this.#excess;
      return [lower + excess, lower * lower + 2 * lower * excess + 2 * excess * excess];
    }
    const width = this.#width[i];
    const m1 = width / (this.#power + 1);
    const m2 = (width * width) / (2 * this.#power + 1);
    return [lower + m1, lower * lower + 2 * lower * m1 + m2];
  }

  #buildGuide(): Int32Array {
    const guide = new Int32Array(256);
    let bucket = 0;
    for (let i = 0; i < guide.length; i += 1) {
      while (this.#below[bucket + 1] <= i / guide.length) bucket += 1;
      guide[i] = bucket;
    }
    return guide;
  }

  quantile(p: number): number {
    const below = this.#below;
    let bucket = this.#guide[Math.floor(p * this.#guide.length)];
    while (below[bucket + 1] < p) bucket += 1;
    const inside = (p - below[bucket]) / (below[bucket + 1] - below[bucket]);
    if (this.#excess > 0 && bucket === this.#lower.length - 1) {
      return this.#lower[bucket] - this.#excess * log(Math.max(1e-300, 1 - inside));
    }
    if (this.#power === 1) return this.#lower[bucket] + this.#width[bucket] * inside;
    const position = inside > 0 ? exp(this.#power * log(inside)) : 0;
    return this.#lower[bucket] + this.#width[bucket] * position;
  }

  /** By bisection of the quantile function. */
  cdf(x: number): number {
    let low = 0;
    let high = 1;
    for (let step = 0; step < 60; step += 1) {
      const middle = (low + high) / 2;
      if (this.quantile(middle) <= x) low = middle;
      else high = middle;
    }
    return low;
  }
}
