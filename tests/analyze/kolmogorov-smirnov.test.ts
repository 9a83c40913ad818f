import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  empiricalDistribution,
  ksCriticalValue,
  ksOneSample,
  ksPValue,
  ksTwoSample,
} from '../../src/analyze/index.ts';

const test = suite('Kolmogorov-Smirnov');

const near = (a: number, b: number, within: number): void =>
  assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

/** The definition: try every value of both samples. */
function slowDistance(a: readonly number[], b: readonly number[]): number {
  const share = (x: readonly number[], at: number): number =>
    x.filter((value) => value <= at).length / x.length;
  let distance = 0;
  for (const at of [...a, ...b])
    distance = Math.max(distance, Math.abs(share(a, at) - share(b, at)));
  return distance;
}

const samples = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 });

test('the distance of two samples is that of the definition, ties included', () => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const ks = ksTwoSample(a, b);
      assert.ok(ks !== null);
      near(ks.distance, slowDistance(a, b), 1e-12);
      assert.ok(ks.pValue >= 0 && ks.pValue <= 1);
    }),
  );
});

test('samples that do not overlap are one apart, a sample and itself are zero apart', () => {
  assert.equal(ksTwoSample([1, 2, 3], [4, 5])?.distance, 1);
  const same = ksTwoSample([3, 1, 2], [1, 2, 3]);
  assert.equal(same?.distance, 0);
  assert.equal(same?.pValue, 1);
  assert.equal(ksTwoSample([], [1]), null);
});

test('the distance is where the samples differ most', () => {
  // F_a: 0.5 at 1, 1 at 2. F_b: 0 until 2, 0.5 there, 1 at 9. Difference 0.5 at 1 and at 2: the
  // first.
  const ks = ksTwoSample([1, 2], [2, 9]);
  assert.equal(ks?.distance, 0.5);
  assert.equal(ks?.at, 1);
});

test('a sample against the uniform distribution, by hand', () => {
  // n = 4 at 0.1, 0.2, 0.3, 0.9: after the third 3/4 - 0.3 = 0.45 is the largest.
  const uniform = { atOrBelow: (x: number) => x, below: (x: number) => x };
  near(ksOneSample([0.9, 0.2, 0.3, 0.1], uniform)?.distance ?? -1, 0.45, 1e-12);
});

test('a sample against its own empirical distribution is zero apart', () => {
  fc.assert(
    fc.property(samples, (sample) => {
      near(ksOneSample(sample, empiricalDistribution(sample))?.distance ?? -1, 0, 1e-12);
    }),
  );
});

test('weights of an empirical distribution count as repeated values', () => {
  fc.assert(
    fc.property(
      samples,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 5 })), {
        minLength: 1,
        maxLength: 10,
      }),
      (sample, weighted) => {
        const repeated = weighted.flatMap(([value, weight]) =>
          new Array<number>(weight).fill(value),
        );
        const values = weighted.map(([value]) => value);
        const weights = weighted.map(([, weight]) => weight);
        const ks = ksOneSample(sample, empiricalDistribution(values, weights));
        near(ks?.distance ?? -1, slowDistance(sample, repeated), 1e-12);
      },
    ),
  );
});

test('the tail and critical values are those of the tables', () => {
  // Kolmogorov's distribution: Q(1.3581) = 0.05, Q(1.6276) = 0.01, Q(1) = 0.27 (Smirnov 1948).
  const large = 1e12;
  near(ksPValue(1.3581 / 1e6, large), 0.05, 1e-4);
  near(ksPValue(1.6276 / 1e6, large), 0.01, 1e-4);
  near(ksPValue(1 / 1e6, large), 0.27, 1e-4);
  // Exact two-sided critical value for n = 20, alpha = 0.05 is 0.29408 (Miller 1956).
  near(ksCriticalValue(20), 0.29408, 0.002);
});

test('at the critical value the p-value is alpha', () => {
  for (const n of [10, 100, 5000]) near(ksPValue(ksCriticalValue(n, 0.05), n), 0.05, 2e-4);
});

test.run();
