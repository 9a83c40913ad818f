import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { findOverload, overloadedSince, queueGrowth } from '../../src/analyze/index.ts';
import { log } from '../../src/core/index.ts';
import {
  buildRun,
  MS,
  makeScenario,
  S,
  type Script,
  sequence,
  stallRun,
  stallScenario,
  workload,
} from '../support/run-result.ts';

const test = suite('overload');

/** Queue of an M/M/1 station at the ends of the quarters of `arrivals` arrivals, from empty. */
function station(load: number, arrivals: number, seed: number): number[] {
  const next = sequence(seed);
  const exponential = (): number => -log((next() + 0.5) / 4294967296);
  const quarters: number[] = [];
  let queue = 0;
  let arrived = 0;
  // The next event is an arrival with probability load / (1 + load), while somebody is served.
  let untilService = exponential() * load;
  while (quarters.length < 4) {
    let gap = exponential();
    while (queue > 0 && untilService < gap) {
      gap -= untilService;
      queue--;
      untilService = exponential() * load;
    }
    if (queue > 0) untilService -= gap;
    else untilService = exponential() * load;
    queue++;
    arrived++;
    if (arrived >= ((quarters.length + 1) * arrivals) / 4) quarters.push(queue);
  }
  return quarters;
}

test('a station that keeps up is never called overloaded, however busy', () => {
  for (const load of [0.5, 0.9, 0.98, 1]) {
    let called = 0;
    for (let seed = 0; seed < 100; seed++) {
      const quarters = station(load, 4000, seed * 977 + 5);
      if (queueGrowth([quarters], 4000, 60 * S).growing) called++;
    }
    assert.equal(called, 0, `load ${load}`);
  }
});

test('a station a fifth above its capacity is always called overloaded', () => {
  for (let seed = 0; seed < 50; seed++) {
    const growth = queueGrowth([station(1.2, 4000, seed * 31 + 1)], 4000, 60 * S);
    assert.equal(growth.growing, true, `seed ${seed}`);
    assert.equal(growth.sinceQuarter, 0, `seed ${seed}`);
  }
});

test('replications together find an overload that one cannot tell from full load', () => {
  // Load 1.09: 4000 arrivals gain 330, of which 165 in the last half; 3 sqrt(4000) = 190.
  const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => station(1.09, 4000, seed * 101));
  const alone = runs.filter((quarters) => queueGrowth([quarters], 4000, S).growing).length;
  assert.ok(alone < 6, `${alone}`);
  assert.equal(queueGrowth(runs, 8 * 4000, S).growing, true);
});

test('a stall that is worked off, or that happens just before the horizon, is no overload', () => {
  assert.equal(queueGrowth([[0, 2000, 900, 0]], 10_000, S).growing, false);
  assert.equal(queueGrowth([[0, 0, 3000, 2900]], 10_000, S).growing, false);
  assert.equal(queueGrowth([[0, 0, 0, 3000]], 10_000, S).growing, false);
});

test('growth that begins with a fault is dated from its quarter', () => {
  assert.deepEqual(queueGrowth([[2, 3, 1003, 2003]], 10_000, 40 * S), {
    growing: true,
    sinceQuarter: 2,
    jobsPerSecond: 100, // 2000 in the last 20 s
  });
  assert.equal(queueGrowth([[0, 1000, 2000, 3000]], 10_000, 40 * S).sinceQuarter, 1);
});

test('a handful of waiting jobs is no overload, and a run that was cut short says nothing', () => {
  assert.equal(queueGrowth([[2, 4, 8, 20]], 4, S).growing, false);
  assert.equal(queueGrowth([[500, 1000]], 4, S).growing, false);
  assert.equal(queueGrowth([], 0, S).growing, false);
});

test('latencies that grow without end show as requests in flight by the law of Little', () => {
  // 1000 answers a second whose latency at time t is t / 2: in flight 500 a second more each
  // second.
  const script: Script = (m, advanceTo) => {
    const labels = { op: 'put', workload: 'writers' };
    const latency = m.tally('wavetank_client_request_duration_seconds', labels);
    const ok = m.counter('wavetank_client_requests', { ...labels, outcome: 'ok' });
    const dropped = m.counter('wavetank_client_requests', { ...labels, outcome: 'dropped' });
    for (let i = 0; i < 10_000; i++) {
      advanceTo(i * MS);
      latency.record((i * MS) / 2);
      ok.add();
      if (i % 1000 === 0) dropped.add();
    }
  };
  const overload = findOverload([buildRun(makeScenario({ workload: [workload()] }), { script })]);
  assert.equal(overload.overloaded, true);
  assert.equal(overload.growing[0].name, 'requests in flight (op=put workload=writers)');
  // Rows of the time series are a second wide, quarters 2.25 s: within a row of the truth.
  assert.ok(Math.abs(overload.growing[0].jobsPerSecond - 500) < 60);
  assert.equal(overload.sinceNs, S);
  assert.equal(overload.dropped, 9);
});

test('a kind of requests that keeps up is not overloaded by another that does not', () => {
  const script: Script = (m, advanceTo) => {
    const kinds = ['put', 'range'].map((op) =>
      m.tally('wavetank_client_request_duration_seconds', { op, workload: op }),
    );
    for (let i = 0; i < 10_000; i++) {
      advanceTo(i * MS);
      kinds[0].record((i * MS) / 2);
      kinds[1].record(MS);
    }
  };
  const overload = findOverload([buildRun(makeScenario(), { script })]);
  assert.equal(overloadedSince(overload, 'op=put workload=put'), S);
  assert.equal(overloadedSince(overload, 'op=range workload=range'), Infinity);
  // Of a kind that nobody counts, anything may be part.
  assert.equal(overloadedSince(overload, 'op=txn'), S);
});

test('a growing queue of a resource names it', () => {
  const script: Script = (m, advanceTo) => {
    const probe = m.resource('etcd/0/disk', 'disk', 1);
    for (let i = 0; i < 1000; i++) {
      advanceTo(i * 10 * MS);
      probe.arrive();
      probe.queue(i * 10 * MS, i);
    }
  };
  const overload = findOverload([buildRun(makeScenario(), { script })]);
  assert.equal(overload.growing[0]?.name, 'etcd/0/disk');
});

test('a second without disk in ten is no overload', () => {
  const scenario = stallScenario();
  const runs = [0, 1, 2].map((r) => stallRun(scenario, r));
  assert.equal(findOverload(runs).overloaded, false);
});

test.run();
