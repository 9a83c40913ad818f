/**
 * Prometheus buckets (upper bounds inclusive), counted exactly at the price of one table look-up.
 *
 * A bin of the fine histogram that no bound divides belongs to one bucket as a whole and is added
 * up when a segment ends. Only values of the few bins that a bound divides are compared when
 * recorded.
 */
import { assert } from '../core/index.ts';
import { BIN_COUNT_MAX, binIndex, binLower, binWidth, type Histogram } from './histogram.ts';

/** Bounds of one metric's buckets, shared by all its label sets. */
export class BucketTable {
  /** As given, in the exported unit. */
  readonly bounds: readonly number[];
  /** Largest integer value of each bucket; the last bucket (+Inf) has none. */
  readonly upperInclusive: Float64Array;
  /** 1 where a bound divides the bin. */
  readonly divided: Uint8Array = new Uint8Array(BIN_COUNT_MAX);

  /** `scale`: recorded units in one exported unit (1e9 for ns exported as seconds). */
  constructor(bounds: readonly number[], scale: number) {
    this.bounds = bounds;
    this.upperInclusive = new Float64Array(bounds.length);
    for (let i = 0; i < bounds.length; i += 1) {
      assert(
        Number.isFinite(bounds[i]) && bounds[i] >= 0,
        'bucket bounds are finite; +Inf is added',
      );
      assert(i === 0 || bounds[i] > bounds[i - 1], 'bucket bounds ascend');
      // Bounds are decimal fractions of a second: the nearest ns is the one that is meant.
      const nearest = Math.round(bounds[i] * scale);
      const exact = bounds[i] * scale;
      const upper = Math.abs(nearest - exact) <= exact * 1e-12 ? nearest : Math.floor(exact);
      this.upperInclusive[i] = upper;
      const bin = binIndex(upper);
      if (upper < binLower(bin) + binWidth(bin) - 1) this.divided[bin] = 1;
    }
  }

  /** Bucket of a value, 0..bounds.length. */
  bucketOf(value: number): number {
    let from = 0;
    let to = this.upperInclusive.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (value <= this.upperInclusive[middle]) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** Adds the undivided bins of a histogram to bucket counts. */
  addUndivided(histogram: Histogram, counts: Float64Array): void {
    if (histogram.empty) return;
    const last = binIndex(histogram.max);
    let bucket = 0;
    for (let bin = binIndex(histogram.min); bin <= last; bin += 1) {
      if (histogram.bins[bin] === 0 || this.divided[bin] === 1) continue;
      const lower = binLower(bin);
      while (bucket < this.upperInclusive.length && lower > this.upperInclusive[bucket])
        bucket += 1;
      counts[bucket] += histogram.bins[bin];
    }
  }
}
