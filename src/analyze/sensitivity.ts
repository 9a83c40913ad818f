/**
 * Which parameter moves a figure, and by how much, from the points of a sweep or a sample.
 *
 * - *src*: standardised regression coefficient, of a linear regression on all parameters, each and
 *   the figure scaled to variance 1.
 * - *rank*: Spearman's rank correlation: 1 where the figure only rises with the parameter.
 * - *firstOrder*: share of the figure's variance that the parameter explains alone, Var(E(y|x)) /
 *   Var(y), from the means of y in classes of x, less what classes explain by chance
 *   (Plischke, Borgonovo, Smith 2013). In a full grid: the main effect.
 *
 * Intervals are percentile intervals of a bootstrap over points, with draws of a fixed seed.
 */
import { hashText, mixUniform } from '../core/index.ts';
import { percentile } from './samples.ts';
import { mean, sampleCorrelation, sampleStandardDeviation } from './simple-statistics.ts';

export interface SensitivityInput {
  readonly names: readonly string[];
  /** A row for each point: values of the parameters. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Sensitivity {
  readonly name: string;
  readonly points: number;
  /** Null where the parameters cannot be told apart. */
  readonly src: Interval | null;
  readonly rank: Interval | null;
  readonly firstOrder: Interval | null;
}

const RESAMPLES = 200;
const CLASSES_MAX = 10;
/** Fewer points than this say nothing. */
export const POINTS_MIN = 3;

export function sensitivities(input: SensitivityInput): Sensitivity[] {
  const { names, y } = input;
  const n = y.length;
  const rows = input.x.map((row, i) => ({ row, y: y[i] }));
  const resamples: (typeof rows)[] = [];
  const state = Number.parseInt(hashText('wavetank sensitivity').slice(0, 8), 16) | 0;
  for (let b = 0; b < RESAMPLES; b++) {
    resamples.push(rows.map((_, i) => rows[Math.floor(mixUniform(state, b, i) * n)]));
  }
  const all = [rows, ...resamples].map((sample) => {
    const x = sample.map((r) => r.row);
    const values = sample.map((r) => r.y);
    const srcs = regression(x, values);
    return names.map((_, j) => {
      const column = x.map((row) => row[j]);
      return {
        src: srcs?.[j] ?? null,
        rank: rankCorrelation(column, values),
        firstOrder: firstOrder(column, values),
      };
    });
  });
  return names.map((name, j) => {
    const interval = (of: 'src' | 'rank' | 'firstOrder'): Interval | null => {
      const value = n < POINTS_MIN ? null : all[0][j][of];
      if (value === null) return null;
      const others = all.slice(1).map((sample) => sample[j][of]);
      const known = others.filter((v): v is number => v !== null);
      const low = percentile(known, 0.025) ?? value;
      const high = percentile(known, 0.975) ?? value;
      return { value, low: Math.min(low, value), high: Math.max(high, value) };
    };
    return {
      name,
      points: n,
      src: interval('src'),
      rank: interval('rank'),
      firstOrder: interval('firstOrder'),
    };
  });
}

/** Each value less the mean, over the standard deviation; null where all are equal. */
function standardised(values: readonly number[]): number[] | null {
  if (values.length < 2) return null;
  const m = mean(values as number[]);
  const s = sampleStandardDeviation(values as number[]);
  return s > 0 ? values.map((v) => (v - m) / s) : null;
}

/** Standardised coefficients; null where the figure or too many parameters do not vary. */
export function regression(
  x: readonly (readonly number[])[],
  y: readonly number[],
): number[] | null {
  const z = standardised(y);
  const dimensions = x[0]?.length ?? 0;
  if (z === null || dimensions === 0 || y.length <= dimensions + 1) return null;
  const columns: number[][] = [];
  for (let j = 0; j < dimensions; j++) {
    const column = standardised(x.map((row) => row[j]));
    if (column === null) return null;
    columns.push(column);
  }
  const dot = (a: readonly number[], b: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };
  const matrix = columns.map((a) => [...columns.map((b) => dot(a, b)), dot(a, z)]);
  return solve(matrix);
}

const PIVOT_MIN = 1e-9;

/** Gauss with pivots; rows hold the right side last. Null where the matrix is singular. */
function solve(matrix: number[][]): number[] | null {
  const n = matrix.length;
  const scale = matrix.reduce((largest, row, i) => Math.max(largest, Math.abs(row[i])), 0);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(matrix[i][k]) > Math.abs(matrix[pivot][k])) pivot = i;
    }
    if (Math.abs(matrix[pivot][k]) <= PIVOT_MIN * scale) return null;
    [matrix[k], matrix[pivot]] = [matrix[pivot], matrix[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = matrix[i][k] / matrix[k][k];
      for (let j = k; j <= n; j++) matrix[i][j] -= factor * matrix[k][j];
    }
  }
  const result = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = matrix[i][n];
    for (let j = i + 1; j < n; j++) sum -= matrix[i][j] * result[j];
    result[i] = sum / matrix[i][i];
  }
  return result;
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const result = new Array<number>(values.length).fill(0);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && values[order[end]] === values[order[i]]) end++;
    for (let k = i; k < end; k++) result[order[k]] = (i + end + 1) / 2;
    i = end;
  }
  return result;
}

export function rankCorrelation(x: readonly number[], y: readonly number[]): number | null {
  if (x.length < POINTS_MIN) return null;
  const value = sampleCorrelation(ranks(x), ranks(y));
  // Rounding may take it a hair beyond.
  return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : null;
}

/** Var(E(y|x)) / Var(y) by classes of x, 0..1. */
export function firstOrder(x: readonly number[], y: readonly number[]): number | null {
  const n = y.length;
  const m = n === 0 ? 0 : mean(y as number[]);
  let total = 0;
  for (const value of y) total += (value - m) * (value - m);
  if (!(total > 0)) return null;
  const classes = classesOf(x);
  if (classes.length < 2 || n <= classes.length) return null;
  let between = 0;
  for (const members of classes) {
    const centre = mean(members.map((i) => y[i]));
    between += members.length * (centre - m) * (centre - m);
  }
  // What as many classes explain of noise alone: as in adjusted R².
  const within = total - between;
  const adjusted = 1 - within / (n - classes.length) / (total / (n - 1));
  return Math.max(0, Math.min(1, adjusted));
}

/** Equal values together where there are few of them, else classes of equal size. */
function classesOf(x: readonly number[]): number[][] {
  const byValue = new Map<number, number[]>();
  const order = x.map((_, i) => i).sort((a, b) => x[a] - x[b] || a - b);
  for (const i of order) byValue.set(x[i], [...(byValue.get(x[i]) ?? []), i]);
  if (byValue.size <= CLASSES_MAX && byValue.size * 2 <= x.length) return [...byValue.values()];
  const count = Math.max(2, Math.min(CLASSES_MAX, Math.floor(Math.sqrt(x.length))));
  const classes: number[][] = Array.from({ length: count }, () => []);
  order.forEach((i, rank) => {
    classes[Math.floor((rank * count) / order.length)].push(i);
  });
  return classes.filter((members) => members.length > 0);
}
