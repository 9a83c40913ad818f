/** From the values of the replications of one figure to its mean and Student interval. */
import { studentTQuantile } from '../core/index.ts';
import { mean, sampleStandardDeviation } from './simple-statistics.ts';

/** Two-sided confidence of every interval that is printed. */
export const CONFIDENCE = 0.95;

export interface Estimate {
  /** Replications that had a value; the others are left out, never counted as zero. */
  readonly n: number;
  readonly mean: number;
  /** Bounds of the interval of the mean; null where one replication cannot tell. */
  readonly low: number | null;
  readonly high: number | null;
  readonly min: number;
  readonly max: number;
}

/**
 * Mean and 95 % Student interval over replications, which are independent by their seeds.
 * `values` in the order of replications, so that the floating-point sums are always the same;
 * null and NaN = no value. Null where no replication has one. Equal values have a point interval.
 */
export function estimate(
  values: readonly (number | null)[],
  confidence: number = CONFIDENCE,
): Estimate | null {
  return new Estimator(confidence).estimate(values);
}

/** Estimates many figures: Student's quantile is computed once for each number of replications. */
export class Estimator {
  readonly confidence: number;
  readonly #quantiles = new Map<number, number>();

  constructor(confidence: number = CONFIDENCE) {
    this.confidence = confidence;
  }

  estimate(values: readonly (number | null)[]): Estimate | null {
    const known: number[] = [];
    for (const value of values) {
      if (value !== null && !Number.isNaN(value)) known.push(value);
    }
    const n = known.length;
    if (n === 0) return null;
    let min = known[0];
    let max = known[0];
    for (const value of known) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (min === max) {
      const bound = n > 1 ? min : null;
      return { n, mean: min, low: bound, high: bound, min, max };
    }
    const centre = mean(known);
    const half = (this.#quantile(n - 1) * sampleStandardDeviation(known)) / Math.sqrt(n);
    return { n, mean: centre, low: centre - half, high: centre + half, min, max };
  }

  #quantile(freedom: number): number {
    let quantile = this.#quantiles.get(freedom);
    if (quantile === undefined) {
      quantile = studentTQuantile((1 + this.confidence) / 2, freedom);
      this.#quantiles.set(freedom, quantile);
    }
    return quantile;
  }
}
