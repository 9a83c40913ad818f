/**
 * Before and after with common random numbers: replication r of both saw the same arrivals and the
 * same draws wherever the change did not touch them, so the differences vary less than the values.
 */
import { type Estimate, estimate } from './estimate.ts';
import { sampleCorrelation } from './simple-statistics.ts';

export type PairedVerdict = 'higher' | 'lower' | 'same' | 'undecided';

export interface PairedComparison {
  /** Pairs in which both have a value. */
  readonly pairs: number;
  readonly before: Estimate;
  readonly after: Estimate;
  /** Of after - before. */
  readonly difference: Estimate;
  /** Mean of the differences relative to the mean before; null where that is zero. */
  readonly relativeChange: number | null;
  /**
   * Of the values over replications; near 1 = pairing pays; null below three pairs or without
   * variance.
   */
  readonly correlation: number | null;
  /**
   * By whether the interval of the difference contains zero; 'same' only where all pairs are equal.
   */
  readonly verdict: PairedVerdict;
}

/** Values in the order of replications; null = no value. Null where no pair is complete. */
export function comparePaired(
  before: readonly (number | null)[],
  after: readonly (number | null)[],
): PairedComparison | null {
  const x: number[] = [];
  const y: number[] = [];
  const differences: number[] = [];
  for (let r = 0; r < Math.min(before.length, after.length); r++) {
    const a = before[r];
    const b = after[r];
    if (a === null || b === null || Number.isNaN(a) || Number.isNaN(b)) continue;
    x.push(a);
    y.push(b);
    differences.push(b - a);
  }
  const difference = estimate(differences);
  const estimateBefore = estimate(x);
  const estimateAfter = estimate(y);
  if (difference === null || estimateBefore === null || estimateAfter === null) return null;
  return {
    pairs: x.length,
    before: estimateBefore,
    after: estimateAfter,
    difference,
    relativeChange: estimateBefore.mean === 0 ? null : difference.mean / estimateBefore.mean,
    correlation: correlationOf(x, y),
    verdict: verdictOf(difference),
  };
}

function correlationOf(x: number[], y: number[]): number | null {
  if (x.length < 3) return null;
  const value = sampleCorrelation(x, y);
  return Number.isFinite(value) ? value : null;
}

function verdictOf(difference: Estimate): PairedVerdict {
  if (difference.min === 0 && difference.max === 0) return 'same';
  if (difference.low === null || difference.high === null) return 'undecided';
  if (difference.low > 0) return 'higher';
  if (difference.high < 0) return 'lower';
  return 'undecided';
}
