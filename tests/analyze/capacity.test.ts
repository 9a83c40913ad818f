import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import {
  type Capacity,
  type CapacityRange,
  type CapacityVerdict,
  searchCapacity,
} from '../../src/analyze/index.ts';

const test = suite('analyze: capacity');

function search(range: CapacityRange, judge: (value: number) => CapacityVerdict): Capacity {
  const steps = searchCapacity(range);
  let next = steps.next();
  for (let i = 0; i < 200; i++) {
    if (next.done) return next.value;
    next = steps.next(judge(next.value));
  }
  assert.fail('the search does not end');
}

const WHOLE: CapacityRange = { low: 1, high: 1000, scale: 'lin', whole: true, tolerance: 0 };

test('whole numbers: both sides of every zone of doubt are found exactly', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 999 }),
      fc.integer({ min: 0, max: 300 }),
      (lastGood, doubt) => {
        const firstBad = lastGood + doubt + 1;
        const found = search(WHOLE, (v) =>
          v <= lastGood ? 'good' : v >= firstBad ? 'bad' : 'undecided',
        );
        assert.equal(found.good, lastGood);
        assert.equal(found.bad, firstBad > 1000 ? null : firstBad);
        // Two bisections of a thousand values and the two ends.
        assert.ok(found.tested.size <= 22, `${found.tested.size} values`);
      },
    ),
    { numRuns: 200 },
  );
});

test('where larger is better the sides are the other way round', () => {
  const found = search(WHOLE, (v) => (v >= 300 ? 'good' : 'bad'));
  assert.deepEqual([found.good, found.bad, found.descending], [300, 299, true]);
});

test('the ends: everything good, everything bad, nothing decided', () => {
  const ends = (verdict: CapacityVerdict) => {
    const { good, bad } = search(WHOLE, () => verdict);
    return [good, bad];
  };
  assert.deepEqual(ends('good'), [1000, null]);
  assert.deepEqual(ends('bad'), [null, 1]);
  assert.deepEqual(ends('undecided'), [null, null]);
});

test('a logarithmic scale ends within its tolerance, in few steps', () => {
  const range: CapacityRange = {
    low: 0.1,
    high: 1000,
    scale: 'log',
    whole: false,
    tolerance: 0.05,
  };
  const found = search(range, (v) => (v <= 17.3 ? 'good' : 'bad'));
  assert.ok(found.good !== null && found.bad !== null);
  assert.ok(found.good <= 17.3 && found.bad > 17.3 && found.bad <= found.good * 1.05);
  assert.ok(found.tested.size <= 12);
});

test.run();
