/**
 * The largest value of a parameter that meets the thresholds, found by bisection that is sound
 * under noise: a value counts as good only where every threshold passes with its whole interval, as
 * bad only where one fails with its whole interval. What lies between is undecided and is told as
 * an interval. Whoever calls tests the values: the search is a generator of them.
 *
 * *Assumes:* that what is met at a value is met on the good side of it.
 */
import { assert } from '../core/index.ts';

export type CapacityVerdict = 'good' | 'bad' | 'undecided';

export interface CapacityRange {
  readonly low: number;
  readonly high: number;
  readonly scale: 'lin' | 'log';
  readonly whole: boolean;
  /** Ends where the two sides are within this share of the smaller one. */
  readonly tolerance: number;
}

export interface Capacity {
  /** The last value on the good side; null where none meets the thresholds. */
  readonly good: number | null;
  /** The first value on the bad side; null where every value meets them. */
  readonly bad: number | null;
  /** Larger values are better: the capacity is the smallest good one. */
  readonly descending: boolean;
  readonly tested: ReadonlyMap<number, CapacityVerdict>;
}

const STEPS_MAX = 60;
const DIGITS = 4;

export function* searchCapacity(
  range: CapacityRange,
): Generator<number, Capacity, CapacityVerdict> {
  const tested = new Map<number, CapacityVerdict>();
  function* test(value: number): Generator<number, CapacityVerdict, CapacityVerdict> {
    const known = tested.get(value);
    if (known !== undefined) return known;
    const verdict = yield value;
    tested.set(value, verdict);
    return verdict;
  }
  const atLow = yield* test(range.low);
  const atHigh = yield* test(range.high);
  const descending = atLow === 'bad' && atHigh === 'good';
  const result = (good: number | null, bad: number | null): Capacity => ({
    good,
    bad,
    descending,
    tested,
  });
  if (atLow !== 'bad' && !descending && atHigh === 'good') return result(range.high, null);
  if (atLow === 'bad' && !descending) return result(null, range.low);
  const [first, last] = descending ? [range.high, range.low] : [range.low, range.high];
  // The edge of what is good: between a good value and one that is not.
  let good: number | null = (descending ? atHigh : atLow) === 'good' ? first : null;
  let notGood = good === null ? first : last;
  for (let step = 0; good !== null && step < STEPS_MAX; step++) {
    const middle = between(range, good, notGood);
    if (middle === null) break;
    if ((yield* test(middle)) === 'good') good = middle;
    else notGood = middle;
  }
  // The edge of what is bad: between one that is not and a bad one.
  let bad: number | null = null;
  for (const [value, verdict] of tested) {
    const nearer = bad === null || (descending ? value > bad : value < bad);
    if (verdict === 'bad' && nearer) bad = value;
  }
  let notBad = notGood;
  for (let step = 0; bad !== null && notBad !== bad && step < STEPS_MAX; step++) {
    const middle = between(range, notBad, bad);
    if (middle === null) break;
    if ((yield* test(middle)) === 'bad') bad = middle;
    else notBad = middle;
  }
  return result(good, bad);
}

/** Null where the two are close enough. */
function between(range: CapacityRange, a: number, b: number): number | null {
  const [low, high] = a < b ? [a, b] : [b, a];
  assert(low > 0 || range.scale === 'lin', 'a logarithmic scale is above zero');
  if (high - low <= range.tolerance * Math.abs(low)) return null;
  const x = range.scale === 'log' ? Math.sqrt(low * high) : low + (high - low) / 2;
  const middle = range.whole ? Math.floor(x) : Number(x.toPrecision(DIGITS));
  return middle <= low || middle >= high ? null : middle;
}
