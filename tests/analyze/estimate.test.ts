import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { estimate } from '../../src/analyze/index.ts';

const test = suite('estimate');

const near = (a: number, b: number, within: number): void =>
  assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

test('five replications have the interval of a textbook', () => {
  // Mean of 1..5 is 3, s = sqrt(2.5), t(0.975, 4) = 2.776445: 2.776445 * 1.581139 / sqrt(5) =
  // 1.963243.
  const e = estimate([1, 2, 3, 4, 5]);
  assert.ok(e !== null);
  assert.equal(e.n, 5);
  assert.equal(e.mean, 3);
  near(e.low ?? Number.NaN, 3 - 1.963243, 1e-6);
  near(e.high ?? Number.NaN, 3 + 1.963243, 1e-6);
  assert.equal(e.min, 1);
  assert.equal(e.max, 5);
});

test('replications without a value are left out, not counted as zero', () => {
  const e = estimate([null, 4, Number.NaN, 6]);
  assert.equal(e?.n, 2);
  assert.equal(e?.mean, 5);
});

test('one replication has a value and no interval', () => {
  assert.deepEqual(estimate([7]), { n: 1, mean: 7, low: null, high: null, min: 7, max: 7 });
});

test('equal replications have an interval of one point, exactly', () => {
  assert.deepEqual(estimate([0.1, 0.1, 0.1]), {
    n: 3,
    mean: 0.1,
    low: 0.1,
    high: 0.1,
    min: 0.1,
    max: 0.1,
  });
});

test('no value is no estimate', () => {
  assert.equal(estimate([]), null);
  assert.equal(estimate([null, Number.NaN]), null);
});

test('the interval covers the true mean of normal values 95 times in a hundred', () => {
  // Sums of 12 uniforms are normal enough; 2000 intervals of 5: 0.95 +- 3 sqrt(0.95 * 0.05 / 2000).
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  let covered = 0;
  for (let i = 0; i < 2000; i++) {
    const values = Array.from({ length: 5 }, () => {
      let total = 0;
      for (let k = 0; k < 12; k++) total += uniform();
      return total;
    });
    const e = estimate(values);
    if (e?.low != null && e.high != null && e.low <= 6 && 6 <= e.high) covered++;
  }
  near(covered / 2000, 0.95, 0.0147);
});

test('the mean lies within the interval, and the interval widens with confidence', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2 }), (values) => {
      const e = estimate(values, 0.95);
      const wide = estimate(values, 0.99);
      assert.ok(e?.low != null && e.high != null && wide?.low != null && wide.high != null);
      assert.ok(e.low <= e.mean && e.mean <= e.high);
      assert.ok(wide.low <= e.low && e.high <= wide.high);
    }),
  );
});

test.run();
