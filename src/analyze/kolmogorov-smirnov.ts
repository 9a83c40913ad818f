/**
 * Kolmogorov-Smirnov: the largest distance between two distribution functions.
 *
 * The p-value is the asymptotic one with Stephens' correction for small samples, as in
 * Press et al., Numerical Recipes (3rd ed.), section 14.3.3: lambda = (sqrt(n) + 0.12 + 0.11 /
 * sqrt(n)) D, good for n >= 4. It assumes independent samples of a continuous distribution: with
 * ties, or with serially correlated samples of one run, read the distance and not the p-value.
 */
import { exp, log } from '../core/index.ts';
import { sorted } from './samples.ts';

export interface KolmogorovSmirnov {
  /** Largest absolute difference of the distribution functions, 0..1. */
  readonly distance: number;
  /** Where it is. */
  readonly at: number;
  /** Probability of a distance at least as large if both came from one distribution. */
  readonly pValue: number;
  /** n for one sample, n m / (n + m) for two. */
  readonly effectiveN: number;
}

/** Two samples, any order, ties allowed. Null where one is empty. */
export function ksTwoSample(a: readonly number[], b: readonly number[]): KolmogorovSmirnov | null {
  if (a.length === 0 || b.length === 0) return null;
  const x = sorted(a);
  const y = sorted(b);
  let i = 0;
  let j = 0;
  let distance = 0;
  let at = Math.min(x[0], y[0]);
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i], y[j]);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    const difference = Math.abs(i / x.length - j / y.length);
    if (difference > distance) {
      distance = difference;
      at = value;
    }
  }
  const effectiveN = (x.length * y.length) / (x.length + y.length);
  return { distance, at, pValue: ksPValue(distance, effectiveN), effectiveN };
}

/** A distribution function: the probability of a value <= x, and of a value < x where it jumps. */
export interface DistributionFunction {
  atOrBelow(x: number): number;
  below(x: number): number;
}

/** A sample against a distribution that is taken as exact. Null where the sample is empty. */
export function ksOneSample(
  sample: readonly number[],
  distribution: DistributionFunction,
): KolmogorovSmirnov | null {
  if (sample.length === 0) return null;
  const x = sorted(sample);
  const n = x.length;
  let distance = 0;
  let at = x[0];
  for (let i = 0; i < n; ) {
    const start = i;
    while (i < n && x[i] === x[start]) i++;
    const before = Math.abs(start / n - distribution.below(x[start]));
    const after = Math.abs(i / n - distribution.atOrBelow(x[start]));
    const difference = Math.max(before, after);
    if (difference > distance) {
      distance = difference;
      at = x[start];
    }
  }
  return { distance, at, pValue: ksPValue(distance, n), effectiveN: n };
}

/** The empirical distribution of values with weights (a histogram's upper edges and counts). */
export function empiricalDistribution(
  values: readonly number[],
  weights: readonly number[] = values.map(() => 1),
): DistributionFunction {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const x = order.map((i) => values[i]);
  const cumulative: number[] = [];
  let total = 0;
  for (const i of order) {
    total += weights[i];
    cumulative.push(total);
  }
  /** Weight of the first `count` values as a share of all. */
  const share = (count: number): number => (count === 0 ? 0 : cumulative[count - 1] / total);
  return {
    atOrBelow: (value) => share(firstIndexAbove(x, value)),
    below: (value) => share(firstIndexAtOrAbove(x, value)),
  };
}

/** Probability of a distance >= `distance` under the same distribution. */
export function ksPValue(distance: number, effectiveN: number): number {
  const root = Math.sqrt(effectiveN);
  return kolmogorovTail((root + 0.12 + 0.11 / root) * distance);
}

/**
 * The distance that is exceeded with probability `alpha` if both are the same: sqrt(-ln(alpha/2)/2)
 * corrected for n.
 */
export function ksCriticalValue(effectiveN: number, alpha = 0.05): number {
  const root = Math.sqrt(effectiveN);
  return Math.sqrt(-log(alpha / 2) / 2) / (root + 0.12 + 0.11 / root);
}

/** Q(lambda) = 2 sum (-1)^(k-1) exp(-2 k^2 lambda^2). */
export function kolmogorovTail(lambda: number): number {
  // Below 0.2 the tail differs from 1 by less than 1e-12 and the series converges slowly.
  if (lambda < 0.2) return 1;
  let total = 0;
  let sign = 1;
  for (let k = 1; k <= 100; k++) {
    const term = exp(-2 * k * k * lambda * lambda);
    total += sign * term;
    if (term < 1e-17) break;
    sign = -sign;
  }
  return Math.min(1, Math.max(0, 2 * total));
}

function firstIndexAbove(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstIndexAtOrAbove(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
