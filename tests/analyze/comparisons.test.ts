import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  type Comparison,
  comparePaired,
  errorTable,
  medianOf,
  percentile,
  summarizeSamples,
} from '../../src/analyze/index.ts';

const test = suite('comparisons');

test('percentiles of samples interpolate between neighbours', () => {
  // Type 7: position 0.9 * 3 = 2.7 among 10, 20, 30, 40.
  assert.equal(percentile([40, 10, 30, 20], 0.9), 37);
  assert.equal(medianOf([4, 1, 3]), 3);
  assert.equal(medianOf([]), null);
  const s = summarizeSamples([3, 1, 2]);
  assert.equal(s?.mean, 2);
  assert.equal(s?.p50, 2);
  assert.equal(s?.max, 3);
});

test('pairs with common random numbers decide what the intervals of each side cannot', () => {
  // The sides overlap widely; each difference is 1 or 2.
  const c = comparePaired([10, 20, 30, 40], [11, 22, 31, 42]);
  assert.equal(c?.difference.mean, 1.5);
  assert.equal(c?.verdict, 'higher');
  assert.ok((c?.before.high ?? 0) > (c?.after.low ?? 0));
  assert.equal(c?.relativeChange, 1.5 / 25);
  assert.ok((c?.correlation ?? 0) > 0.99);
});

test('pairs whose differences straddle zero are undecided, equal pairs are the same', () => {
  assert.equal(comparePaired([1, 2, 3], [2, 1, 3.5])?.verdict, 'undecided');
  assert.equal(comparePaired([1, 2, 3], [1, 2, 3])?.verdict, 'same');
  assert.equal(comparePaired([5], [4])?.verdict, 'undecided');
  assert.equal(comparePaired([2, 2.1, 2], [1, 1, 1.1])?.verdict, 'lower');
});

test('a pair without a value on one side is no pair', () => {
  const c = comparePaired([1, null, 3, 4], [2, 2, null, 6]);
  assert.equal(c?.pairs, 2);
  assert.equal(c?.difference.mean, 1.5);
  assert.equal(comparePaired([null], [1]), null);
});

test('the error table has medians, the worst setting by name and the share within bounds', () => {
  const row = (setting: string, measured: number, simulated: number): Comparison => ({
    experiment: 'cluster',
    setting,
    metric: 'p50',
    measured,
    simulated,
  });
  // Ratios 1.1, 0.5, 1.5, 1: median (1 + 1.1) / 2; factors 1.1, 2, 1.5, 1: median 1.3; 3 of 4
  // within.
  const [line] = errorTable([row('a', 10, 11), row('b', 10, 5), row('c', 2, 3), row('d', 1, 1)]);
  assert.equal(line.n, 4);
  assert.ok(Math.abs(line.medianRatio - 1.05) < 1e-12);
  assert.ok(Math.abs(line.medianFactor - 1.3) < 1e-12);
  assert.equal(line.worstRatio, 0.5);
  assert.equal(line.worstSetting, 'b');
  assert.equal(line.withinShare, 0.75);
});

test('experiments and metrics have rows of their own, in order of appearance', () => {
  const base = { setting: '', measured: 1, simulated: 1 };
  const names = errorTable([
    { ...base, experiment: 'reads', metric: 'p99' },
    { ...base, experiment: 'cluster', metric: 'p50' },
    { ...base, experiment: 'reads', metric: 'p99' },
  ]).map((row) => `${row.experiment} ${row.metric} ${row.n}`);
  assert.deepEqual(names, ['reads p99 2', 'cluster p50 1']);
});

test('a simulated value of zero is the worst row and outside of the bounds', () => {
  const base = { experiment: 'e', metric: 'p50' };
  const [line] = errorTable([
    { ...base, setting: 'a', measured: 1, simulated: 0 },
    { ...base, setting: 'b', measured: 1, simulated: 9 },
    { ...base, setting: 'c', measured: 1, simulated: 1 },
  ]);
  assert.equal(line.worstSetting, 'a');
  assert.equal(line.worstRatio, 0);
  assert.ok(Math.abs(line.withinShare - 1 / 3) < 1e-12);
});

test.run();
