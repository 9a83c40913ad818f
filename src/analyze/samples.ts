/** Percentiles of plain samples (measured rows, replications), by linear interpolation (type 7). */
import { quantileSorted } from './simple-statistics.ts';

/** A sorted copy, by numeric order. */
export function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** Null where there is no sample. `p` in 0..1. */
export function percentile(values: readonly number[], p: number): number | null {
  return values.length === 0 ? null : quantileSorted(sorted(values), p);
}

export function medianOf(values: readonly number[]): number | null {
  return percentile(values, 0.5);
}

export interface SampleSummary {
  readonly n: number;
  readonly mean: number;
  readonly min: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function summarizeSamples(values: readonly number[]): SampleSummary | null {
  if (values.length === 0) return null;
  const x = sorted(values);
  let total = 0;
  for (const value of values) total += value;
  return {
    n: x.length,
    mean: total / x.length,
    min: x[0],
    p10: quantileSorted(x, 0.1),
    p50: quantileSorted(x, 0.5),
    p90: quantileSorted(x, 0.9),
    p99: quantileSorted(x, 0.99),
    max: x[x.length - 1],
  };
}
