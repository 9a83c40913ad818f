/**
 * Predicted pods a second against the lower bounds of scheduler_perf's CI, in small form: some of
 * the measured pods are scheduled, evenly spread over the measurement.
 */
import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { perfRows, predict, schedulerConstants } from '../../../models/scheduler/index.ts';
import { Constants, NS_PER_S, Simulation } from '../../../src/core/index.ts';
import { Bed } from './bed.ts';
import { nodeOf, podOf, S, specOf } from './objects.ts';

const test = suite('scheduler_perf');

const constants = new Constants(schedulerConstants);
const predicted = perfRows.map((row) => {
  const sim = new Simulation({ seed: 'scheduler-perf', horizonNs: 1 });
  return predict(row, { constants, sim, samples: 20 });
});

test('at most four rows set constants, and every fitted constant names one of them', () => {
  const rows = perfRows.filter((row) => row.isFitted).map((row) => row.name);
  assert.ok(rows.length <= 4, rows.join());
  for (const { mark, name, source } of schedulerConstants) {
    if (mark !== 'fitted') continue;
    assert.ok(
      rows.some((row) => source.includes(row.replace(/^Scheduling/, ''))),
      `${name}: ${source}`,
    );
  }
});

for (const { row, podsPerSecond } of predicted) {
  test(`${row.name}: at or above its bound, and at most three times it`, () => {
    const bound = row.boundPodsPerSecond;
    const text = `${podsPerSecond} pods/s, bound ${bound}`;
    assert.ok(podsPerSecond >= bound && podsPerSecond <= 3 * bound, text);
  });
}

test('workloads are as fast, one after the other, as their bounds say', () => {
  const ordered = [...predicted].sort(
    (a, b) => b.row.boundPodsPerSecond - a.row.boundPodsPerSecond,
  );
  for (let i = 1; i < ordered.length; i++) {
    const [faster, slower] = [ordered[i - 1], ordered[i]];
    // Secrets and plain pods are the same work: equal but for the draws of ties.
    assert.ok(
      slower.podsPerSecond <= faster.podsPerSecond * 1.001,
      `${slower.row.name} ${slower.podsPerSecond} > ${faster.row.name} ${faster.podsPerSecond}`,
    );
  }
});

test('a scheduler that runs takes the time that was predicted for its cycles', () => {
  const nodes = 1000;
  const basic = perfRows[0];
  const sim = new Simulation({ seed: 'small', horizonNs: 1 });
  const small = { ...basic, name: 'small', nodes, initPods: 0, measuredPods: 400 };
  const expected = predict(small, { constants, sim });
  const bed = new Bed({
    // More cores than the cycle uses: what clients do there does not disturb it.
    cores: 32,
    scenario: { qps: 5000, burst: 5000, parallelism: 8 },
    preload: (uids) => Array.from({ length: nodes }, (_, i) => nodeOf(uids, `node-${i}`)),
  });
  bed.to(1);
  const spec = specOf();
  const uids: number[] = [];
  for (let i = 0; i < 400; i++) uids.push(bed.create(podOf(bed.uids, `p${i}`, spec)).meta.uid);
  bed.to(3);
  const times = uids.map((uid) => bed.stages.get(`${uid}/scheduled`) ?? Number.NaN);
  const lastNs = Math.max(...times);
  const firstNs = Math.min(...times);
  const podsPerSecond = (399 * NS_PER_S) / (lastNs - firstNs);
  assert.ok(firstNs > S);
  const ratio = podsPerSecond / expected.podsPerSecond;
  assert.ok(ratio > 0.98 && ratio < 1.02, `${podsPerSecond}, predicted ${expected.podsPerSecond}`);
});

test.run();
