import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { InvariantViolation } from '../../src/core/index.ts';
import {
  binEdges,
  binIndex,
  countBelow,
  Histogram,
  type HistogramData,
  meanOf,
  mergeHistograms,
  quantileOf,
  VALUE_MAX,
} from '../../src/metrics/index.ts';
import { SortedSamples } from '../oracles/sorted-samples.ts';

const test = suite('metrics/histogram');

/** Integers of every magnitude up to 2^53 - 1. */
const anyValue = fc
  .tuple(
    fc.integer({ min: 0, max: 52 }),
    fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }),
  )
  .map(([exponent, mantissa]) => Math.floor(mantissa * 2 ** exponent) - (exponent === 0 ? 1 : 0));

function filled(values: readonly number[]): HistogramData {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.data();
}

test('Values below 256 have a bin of their own.', () => {
  for (let value = 0; value < 256; value += 1) {
    assert.deepEqual(binEdges(binIndex(value)), { lower: value, upper: value + 1 });
  }
});

test('An octave has 128 bins: 1000 lies in a bin of width 4, 1 ms of width 4096.', () => {
  // 512 <= 1000 < 1024: width 512 / 128 = 4, 1000 = 250 x 4. 2^19 <= 10^6 < 2^20: width 2^12.
  assert.deepEqual(binEdges(binIndex(1000)), { lower: 1000, upper: 1004 });
  assert.deepEqual(binEdges(binIndex(1_000_000)), { lower: 999_424, upper: 1_003_520 });
  assert.equal(binIndex(1024) - binIndex(512), 128);
});

test('Bins meet without gap or overlap from 0 to 2^53 - 1.', () => {
  let upper = 0;
  for (let index = 0; index <= binIndex(VALUE_MAX); index += 1) {
    const edges = binEdges(index);
    assert.equal(edges.lower, upper);
    assert.equal(binIndex(edges.lower), index);
    assert.equal(binIndex(edges.upper - 1), index);
    upper = edges.upper;
  }
  assert.equal(upper, 2 ** 53);
});

test('Every value lies in [lower, upper) of its bin, which is at most 1/128 of it wide.', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const { lower, upper } = binEdges(binIndex(value));
      assert.ok(lower <= value && value < upper);
      assert.ok(upper - lower === 1 || (upper - lower) * 128 <= lower);
    }),
  );
});

test('Count, sum, min and max are exact where a double would round.', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { minLength: 1, maxLength: 200 }), (values) => {
      const data = filled(values);
      const oracle = new SortedSamples(values);
      assert.equal(data.total, values.length);
      assert.equal(data.min, oracle.sorted[0]);
      assert.equal(data.max, oracle.sorted[values.length - 1]);
      assert.equal(BigInt(data.sumHigh) * 2n ** 32n + BigInt(data.sumLow), oracle.sum());
    }),
  );
});

test('The sum stays exact beyond 2^53, for small and for large values.', () => {
  // 2^21 + 5 times an odd number above 2^31 is more than 2^53; a double would drop the last bits.
  const n = 2 ** 21 + 5;
  for (const value of [2 ** 32 - 1, 2 ** 33 - 1]) {
    const histogram = new Histogram();
    for (let i = 0; i < n; i += 1) histogram.record(value);
    const { sumHigh, sumLow } = histogram.data();
    assert.equal(BigInt(sumHigh) * 2n ** 32n + BigInt(sumLow), BigInt(value) * BigInt(n));
  }
});

test('Recording many equal values at once is the same as recording each.', () => {
  const values = [0, 7, 300, 2 ** 32 - 1, 2 ** 40 + 12345];
  const one = new Histogram();
  const many = new Histogram();
  for (const value of values) {
    for (let i = 0; i < 1000; i += 1) one.record(value);
    assert.equal(many.recordMany(value, 1000), one.record(value));
    many.record(value);
  }
  assert.deepEqual(many.data(), one.data());
  assert.throws(() => many.recordMany(5, 0), InvariantViolation);
});

test('Merging in any order and grouping is the same as recording everything at once.', () => {
  const parts = fc.array(fc.array(anyValue, { maxLength: 50 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(parts, (lists) => {
      const whole = filled(lists.flat());
      const forward = mergeHistograms(lists.map(filled));
      const backward = mergeHistograms([...lists].reverse().map(filled));
      const nested = mergeHistograms([
        filled(lists[0]),
        mergeHistograms(lists.slice(1).map(filled)),
      ]);
      for (const merged of [forward, backward, nested]) {
        assert.deepEqual(merged.index, whole.index);
        assert.deepEqual(merged.count, whole.count);
        assert.equal(merged.total, whole.total);
        assert.deepEqual([merged.min, merged.max], [whole.min, whole.max]);
        const sum = (h: HistogramData) => BigInt(h.sumHigh) * 2n ** 32n + BigInt(h.sumLow);
        assert.equal(sum(merged), sum(whole));
      }
    }),
  );
});

test('A quantile is within one bin of the sample of its rank, and exact below 256.', () => {
  const many = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 100, maxLength: 300 });
  fc.assert(
    fc.property(many, fc.integer({ min: 30, max: 70 }), (values, percent) => {
      const p = percent / 100;
      const oracle = new SortedSamples(values);
      const expected = oracle.quantile(p);
      const actual = quantileOf(filled(values), p);
      const beyond = Math.min(
        values.length - Math.ceil(p * values.length - 1e-9),
        Math.ceil(p * values.length - 1e-9) - 1,
      );
      if (actual === null) return assert.ok(beyond < 30);
      const { lower, upper } = binEdges(binIndex(expected));
      assert.ok(lower <= actual && actual < upper, `${actual} for ${expected}`);
      const small = values.map((value) => value % 256);
      assert.equal(quantileOf(filled(small), p), new SortedSamples(small).quantile(p));
    }),
  );
});

test('Samples of one bin are spread over it: rank 63 of 100 in [1024, 1032) is 1024 + 5.', () => {
  // floor((63 - 1/2) x 8 / 100) = 5.
  const values = Array.from({ length: 100 }, (_, i) => (i < 50 ? 1024 : 1031));
  assert.equal(quantileOf(filled(values), 0.63), 1029);
});

test('A quantile with fewer than 30 samples beyond it is null.', () => {
  const data = (n: number) => filled(Array.from({ length: n }, (_, i) => i));
  // p99 of 3000: rank 2970, 30 beyond. Of 2999: rank ceil(2969.01) = 2970, 29 beyond.
  assert.notEqual(quantileOf(data(3000), 0.99), null);
  assert.equal(quantileOf(data(2999), 0.99), null);
  // p50 of 60: rank 30, 30 beyond. Of 59: rank 30, 29 beyond.
  assert.equal(quantileOf(data(60), 0.5), 29);
  assert.equal(quantileOf(data(59), 0.5), null);
  // p1 of 3001: rank 31, 30 below. Of 3000: rank 30, 29 below.
  assert.equal(quantileOf(data(3001), 0.01), 30);
  assert.equal(quantileOf(data(3000), 0.01), null);
  assert.equal(quantileOf(filled([]), 0.5), null);
});

test('A rank that is an integer is not pushed up by rounding: 0.07 x 700 is rank 49.', () => {
  // 0.07 * 700 = 49.00000000000001 in doubles.
  const values = Array.from({ length: 700 }, (_, i) => (i < 49 ? 5 : 9));
  assert.equal(quantileOf(filled(values), 0.07), 5);
});

test('The count below a value is exact at the edges of bins.', () => {
  const value = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), value, (values, at) => {
      const { lower } = binEdges(binIndex(at));
      assert.equal(countBelow(filled(values), lower), new SortedSamples(values).countBelow(lower));
      assert.equal(countBelow(filled(values), 100_001), values.length);
    }),
  );
});

test('The mean of 1, 2 and 6 is 3, and of nothing NaN.', () => {
  assert.equal(meanOf(filled([1, 2, 6])), 3);
  assert.ok(Number.isNaN(meanOf(filled([]))));
});

test('A value that is no integer from 0 to 2^53 - 1 is an invariant violation.', () => {
  for (const value of [-1, 0.5, 4294967296.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => new Histogram().record(value), InvariantViolation);
  }
});

test('A cleared histogram is as new.', () => {
  const histogram = new Histogram();
  for (const value of [0, 77, 1e9, VALUE_MAX]) histogram.record(value);
  histogram.clear();
  histogram.record(5);
  assert.deepEqual(histogram.data(), filled([5]));
});

test.run();
