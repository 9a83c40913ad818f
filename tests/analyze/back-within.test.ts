import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { backWithin } from '../../src/analyze/index.ts';
import type { ThresholdScenario } from '../../src/scenario/types.ts';
import { buildRun, MS, makeScenario, S, type Script, threshold } from '../support/run-result.ts';

const test = suite('back within objectives');

const LATENCY = 'wavetank_client_request_duration_seconds';
const FAST = threshold(LATENCY, 'p99 < 50ms');

/** Rows of a second; in row i there are `counts[i]` answers of `ms[i]`. */
function metricsOf(ms: readonly number[], counts: readonly number[] = ms.map(() => 20)) {
  const script: Script = (m, advanceTo) => {
    const tally = m.tally(LATENCY, { op: 'put', workload: 'writers' });
    ms.forEach((latency, row) => {
      for (let i = 0; i < counts[row]; i++) {
        advanceTo(row * S + i * MS);
        tally.record(latency * MS);
      }
    });
  };
  return buildRun(makeScenario(), { script }).metrics;
}

function back(
  ms: readonly number[],
  faultNs: number,
  options: { counts?: readonly number[]; untilNs?: number; thresholds?: ThresholdScenario[] } = {},
): number | null {
  const { counts, untilNs = Infinity, thresholds = [FAST] } = options;
  return backWithin(metricsOf(ms, counts), thresholds)?.backNs(faultNs, untilNs) ?? null;
}

test('clients are back when the first good row after the bad ones begins', () => {
  // The fault at 3.2 s shows in rows 4 and 5.
  assert.equal(back([5, 5, 5, 5, 900, 80, 5, 5, 5, 5], 3.2 * S), 6 * S);
});

test('a fault that no client felt was over at once', () => {
  assert.equal(back([5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 3.2 * S), 3.2 * S);
});

test('what happened before the fault and after the next one is not its doing', () => {
  assert.equal(back([5, 900, 5, 5, 5, 5, 5, 900, 5, 5], 3 * S, { untilNs: 6 * S }), 3 * S);
});

test('clients that never come back are never back', () => {
  assert.equal(back([5, 5, 5, 5, 900, 900, 900, 900, 900, 900], 3 * S), Number.NaN);
  const silent = { counts: [20, 20, 20, 20, 0, 0, 0, 0, 0, 0].map((n) => n * 10) };
  assert.equal(back([5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 3 * S, silent), Number.NaN);
});

test('rows without answers say nothing where requests are rare', () => {
  const rare = { counts: [1, 0, 1, 0, 1, 0, 1, 0, 1, 0] };
  assert.equal(back([5, 5, 5, 5, 900, 5, 5, 5, 5, 5], 3 * S, rare), 5 * S);
});

test('only thresholds with an upper limit on request latency are objectives', () => {
  const none = [
    threshold('wavetank_client_requests', 'availability > 99%'),
    threshold(LATENCY, 'rate > 10/s'),
    threshold(LATENCY, 'p99 > 1ms'),
    threshold('etcd_disk_wal_fsync_duration_seconds', 'p99 < 1ms'),
  ];
  const flat = [5, 5, 5, 5, 900, 5, 5, 5, 5, 5];
  assert.equal(back(flat, 3 * S, { thresholds: none }), null);
  assert.equal(back(flat, 3 * S, { thresholds: [threshold(LATENCY, 'mean < 1s')] }), 3 * S);
  assert.equal(back(flat, 3 * S, { thresholds: [threshold(LATENCY, 'max <= 900ms')] }), 3 * S);
  assert.equal(back(flat, 3 * S, { thresholds: [threshold(LATENCY, 'max < 900ms')] }), 5 * S);
});

test.run();
