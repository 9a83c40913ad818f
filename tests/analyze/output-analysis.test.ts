/** Coverage: of 95 % intervals, 95 ± 1.5 % hold the known value. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { estimate } from '../../src/analyze/index.ts';
import { batchMeans, mser5, quantileInterval } from '../../src/analyze/output-analysis.ts';
import { log } from '../../src/core/index.ts';
import { createStream } from '../../src/core/stream.ts';
import { Histogram } from '../../src/metrics/index.ts';

const test = suite('analyze: one long run');
const TRIALS = 4000;

function covered(trial: () => { low: number | null; high: number | null } | null, truth: number) {
  let hits = 0;
  for (let i = 0; i < TRIALS; i++) {
    const interval = trial();
    assert.ok(interval !== null && interval.low !== null && interval.high !== null);
    if (interval.low <= truth && truth <= interval.high) hits++;
  }
  return hits / TRIALS;
}

function assertCoverage(share: number): void {
  assert.ok(Math.abs(share - 0.95) <= 0.015, `coverage ${share}`);
}

test('Student intervals over five normal replications cover 95 %', () => {
  const stream = createStream('coverage', 'student');
  const trial = () => estimate(Array.from({ length: 5 }, () => 10 + 3 * stream.normal()));
  assertCoverage(covered(trial, 10));
});

test('Student intervals over ten means of exponential samples cover 95 %', () => {
  const stream = createStream('coverage', 'exponential');
  const mean = () => {
    let sum = 0;
    for (let i = 0; i < 40; i++) sum += stream.exponential();
    return sum / 40;
  };
  assertCoverage(covered(() => estimate(Array.from({ length: 10 }, mean)), 1));
});

test('batch means of a correlated series (AR(1), 0.5) cover 95 %', () => {
  const stream = createStream('coverage', 'batches');
  const trial = () => {
    const values: number[] = [];
    // Begins in its stationary state: variance 1 / (1 - 0.25).
    let x = stream.normal() * Math.sqrt(1 / 0.75);
    for (let i = 0; i < 1200; i++) {
      values.push(5 + x);
      x = 0.5 * x + stream.normal();
    }
    return batchMeans(values);
  };
  assertCoverage(covered(trial, 5));
});

test('order statistics of exponential samples cover the true p50 and p99 in 95 %', () => {
  for (const p of [0.5, 0.99]) {
    const stream = createStream('coverage', `quantile ${p}`);
    const trial = () => {
      const histogram = new Histogram();
      for (let i = 0; i < 2000; i++) histogram.record(Math.round(stream.exponential() * 1e7));
      return quantileInterval(histogram.data(), p);
    };
    assertCoverage(covered(trial, -log(1 - p) * 1e7));
  }
});

test('a quantile whose interval would leave the samples is not given', () => {
  const histogram = new Histogram();
  for (let i = 0; i < 100; i++) histogram.record(i);
  assert.equal(quantileInterval(histogram.data(), 0.99), null);
});

test('MSER-5 finds the end of a decay, and takes nothing from what is steady', () => {
  const stream = createStream('warm-up', 'decay');
  const steady = Array.from({ length: 400 }, () => stream.normal());
  assert.ok((mser5(steady)?.truncate ?? 400) <= 100);
  const decay = steady.map((noise, i) => noise + (i < 100 ? (100 - i) / 2 : 0));
  const found = mser5(decay);
  assert.ok(found?.reached);
  assert.ok(found.truncate >= 85 && found.truncate <= 160, `${found.truncate}`);
});

test('MSER-5 says where a series never settles, and nothing of a short one', () => {
  assert.equal(mser5(Array.from({ length: 200 }, (_, i) => i))?.reached, false);
  assert.equal(mser5([1, 2, 3]), null);
});

test.run();
