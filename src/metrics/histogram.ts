/**
 * Log-linear histogram of non-negative integers: 128 bins per octave, every bin [lower, upper).
 *
 * Values below 256 have a bin of their own; above, a bin is 1/128 of its power of two wide, so that
 * no value is further than 0.79 % from its bin's edges. Counts are integers and add up: merging is
 * associative, and a sweep merges to the same bits in any order. The sum is kept as two integers
 * (sumHigh * 2^32 + sumLow) and is therefore exact, as are min and max.
 *
 * Quantile rule (the only one in wavetank), see `quantileOf` in quantiles.ts.
 */
import { InvariantViolation } from '../core/index.ts';
import type { HistogramData } from './result.ts';

export const BINS_PER_OCTAVE = 128;
/** Largest value that may be recorded: 2^53 - 1. */
export const VALUE_MAX = 9007199254740991;
/** Number of bins that cover 0 .. VALUE_MAX. */
export const BIN_COUNT_MAX = 6016;

const TWO_32 = 4294967296;
const TWO_25 = 33554432;
/** Values of 2^32 and more are shifted by 25 bits first, which keeps their 8 leading bits. */
const HIGH_SHIFT_BINS = 25 * BINS_PER_OCTAVE;
/** sumLow is folded into sumHigh before it could lose a bit. */
const SUM_LOW_LIMIT = 4503599627370496;
const BINS_INITIAL = 256;

/** Bin of an integer 0 <= value <= VALUE_MAX. */
export function binIndex(value: number): number {
  if (value < TWO_32) {
    const shift = 24 - Math.clz32(value | 128);
    return (shift << 7) + (value >>> shift);
  }
  const high = Math.floor(value / TWO_25);
  const shift = 24 - Math.clz32(high | 128);
  return (shift << 7) + (high >>> shift) + HIGH_SHIFT_BINS;
}

function powerOfTwo(exponent: number): number {
  return exponent < 31 ? 1 << exponent : 1073741824 * (1 << (exponent - 30));
}

/** Smallest integer of a bin. */
export function binLower(index: number): number {
  if (index < 256) return index;
  return (128 + (index & 127)) * powerOfTwo((index >> 7) - 1);
}

/** Number of integers in a bin. */
export function binWidth(index: number): number {
  return index < 256 ? 1 : powerOfTwo((index >> 7) - 1);
}

/** Edges of a bin: it holds lower <= value < upper. */
export function binEdges(index: number): { readonly lower: number; readonly upper: number } {
  const lower = binLower(index);
  return { lower, upper: lower + binWidth(index) };
}

/** A histogram that is being filled. Bins are dense and grow with the largest value seen. */
export class Histogram {
  /** Count of each bin; integers. */
  bins: Float64Array = new Float64Array(BINS_INITIAL);
  /** Exact sum is sumHigh * 2^32 + sumLow; sumLow < 2^53 at all times. */
  sumHigh = 0;
  sumLow = 0;
  min = Number.POSITIVE_INFINITY;
  max = -1;

  get empty(): boolean {
    return this.max < 0;
  }

  /** Counts one value and returns its bin. */
  record(value: number): number {
    const low = value >>> 0;
    if (low !== value) return this.#recordLarge(value);
    const shift = 24 - Math.clz32(low | 128);
    const index = (shift << 7) + (low >>> shift);
    if (low > this.max) this.#growMax(low, index);
    if (low < this.min) this.min = low;
    this.bins[index] += 1;
    const sum = this.sumLow + low;
    this.sumLow = sum;
    if (sum >= SUM_LOW_LIMIT) this.#fold();
    return index;
  }

  /** Values of 2^32 and more (4.3 s in ns), and everything that must not be recorded at all. */
  #recordLarge(value: number): number {
    if (!(value >= 0 && value <= VALUE_MAX && Math.floor(value) === value)) refuse(value);
    const index = binIndex(value);
    if (value > this.max) this.#growMax(value, index);
    if (value < this.min) this.min = value;
    this.bins[index] += 1;
    const high = Math.floor(value / TWO_32);
    this.sumHigh += high;
    this.sumLow += value - high * TWO_32;
    if (this.sumLow >= SUM_LOW_LIMIT) this.#fold();
    return index;
  }

  /** Counts 1 to 2^20 equal values at once and returns their bin. */
  recordMany(value: number, times: number): number {
    if (!(value >= 0 && value <= VALUE_MAX && Math.floor(value) === value)) refuse(value);
    if (!(times >= 1 && times <= 2 ** 20 && Math.floor(times) === times)) refuse(value);
    const index = binIndex(value);
    if (value > this.max) this.#growMax(value, index);
    if (value < this.min) this.min = value;
    this.bins[index] += times;
    const high = Math.floor(value / TWO_32);
    this.sumHigh += high * times;
    // Folded, the low part is below 2^32; the product is below 2^52: both are exact.
    this.#fold();
    this.sumLow += (value - high * TWO_32) * times;
    return index;
  }

  #growMax(value: number, index: number): void {
    this.max = value;
    if (index >= this.bins.length) this.#grow(index);
  }

  #grow(index: number): void {
    const length = Math.min(BIN_COUNT_MAX, ((index >> 7) + 3) << 7);
    const bins = new Float64Array(length);
    bins.set(this.bins);
    this.bins = bins;
  }

  #fold(): void {
    const high = Math.floor(this.sumLow / TWO_32);
    this.sumHigh += high;
    this.sumLow -= high * TWO_32;
  }

  /** Adds the counts of another histogram to this one. */
  add(other: Histogram): void {
    if (other.empty) return;
    const last = binIndex(other.max);
    if (last >= this.bins.length) this.#grow(last);
    const from = other.bins;
    for (let i = binIndex(other.min); i <= last; i += 1) this.bins[i] += from[i];
    if (other.min < this.min) this.min = other.min;
    if (other.max > this.max) this.max = other.max;
    other.#fold();
    this.sumHigh += other.sumHigh;
    this.sumLow += other.sumLow;
    this.#fold();
  }

  clear(): void {
    if (this.empty) return;
    this.bins.fill(0, binIndex(this.min), binIndex(this.max) + 1);
    this.sumHigh = 0;
    this.sumLow = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = -1;
  }

  /** Sparse copy; an empty histogram has min and max NaN. */
  data(): HistogramData {
    if (this.empty) return emptyHistogram();
    this.#fold();
    const first = binIndex(this.min);
    const last = binIndex(this.max);
    let used = 0;
    for (let i = first; i <= last; i += 1) if (this.bins[i] > 0) used += 1;
    const index = new Int32Array(used);
    const count = new Float64Array(used);
    let total = 0;
    let slot = 0;
    for (let i = first; i <= last; i += 1) {
      if (this.bins[i] === 0) continue;
      index[slot] = i;
      count[slot] = this.bins[i];
      total += this.bins[i];
      slot += 1;
    }
    const { min, max, sumHigh, sumLow } = this;
    return { index, count, total, min, max, sumHigh, sumLow };
  }
}

function refuse(value: number): never {
  throw new InvariantViolation(`a tally records integers from 0 to 2^53 - 1, not ${value}`);
}

export function emptyHistogram(): HistogramData {
  return {
    index: new Int32Array(0),
    count: new Float64Array(0),
    total: 0,
    min: Number.NaN,
    max: Number.NaN,
    sumHigh: 0,
    sumLow: 0,
  };
}
