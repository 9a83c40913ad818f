import * as assert from 'node:assert';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import { InvariantViolation } from '../../src/core/index.ts';
import {
  type ClusterBuilder,
  contentKey,
  createRun,
  cutsOf,
  planRuns,
  type RunResult,
  verifyRun,
} from '../../src/run/index.ts';
import { makeScenario } from './support.ts';

const test = suite('run/create-run');
const NS_PER_S = 1_000_000_000;

/** A queue with one server: arrivals every 2 ms, services of 1 ms, both exponential. */
const station: ClusterBuilder = ({ sim, metrics }) => {
  const gaps = sim.stream('arrival');
  const services = sim.stream('service');
  const sojourn = metrics.tally('wavetank_test_sojourn_seconds', {}, { unit: 'ns', help: '' });
  const queue: number[] = [];
  const begin = () => void sim.schedule(Math.round(services.exponential() * 1e6), departure);
  const arrival: number = sim.eventType('arrival', () => {
    queue.push(sim.nowNs);
    if (queue.length === 1) begin();
    sim.schedule(Math.round(gaps.exponential() * 2e6), arrival);
  });
  const departure: number = sim.eventType('departure', () => {
    sojourn.record(sim.nowNs - queue.shift()!);
    if (queue.length > 0) begin();
  });
  return {
    start: () => void sim.schedule(0, arrival),
    finish: () => ({ outages: [], warnings: [] }),
  };
};

function runInSlices(slices: readonly number[], queue?: 'fast-priority-queue'): RunResult {
  const run = createRun(makeScenario(), { seed: 's', queue, build: station });
  let i = 0;
  while (!run.advance(slices[i++ % slices.length])) {
    // advance does the work
  }
  return run.finish();
}

test('the size of the slices and the queue change nothing at all', () => {
  const whole = runInSlices([1e9]);
  assert.ok(whole.eventCount > 9_000, 'five thousand arrivals and as many departures');
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (slices) => {
      assert.deepStrictEqual(runInSlices(slices), whole);
    }),
    { numRuns: 10 },
  );
  assert.deepStrictEqual(runInSlices([777], 'fast-priority-queue'), whole);
});

test('another seed gives another digest and another key', () => {
  const digestOf = (seed: string) => {
    const run = createRun(makeScenario(), { seed, build: station });
    run.advance(1e9);
    const { digest, key } = run.finish();
    return { digest, key };
  };
  assert.deepStrictEqual(digestOf('a'), digestOf('a'));
  assert.notStrictEqual(digestOf('a').digest, digestOf('b').digest);
  assert.notStrictEqual(digestOf('a').key, digestOf('b').key);
});

test('a run that is ended early is marked interrupted and keeps what it measured', () => {
  const run = createRun(makeScenario(), { seed: 's', build: station });
  while (run.progress().nowNs < 5 * NS_PER_S) run.advance(100);
  const result = run.finish();
  assert.strictEqual(result.interrupted, true);
  assert.ok(result.simulatedNs >= 5 * NS_PER_S && result.simulatedNs < 6 * NS_PER_S);
  assert.ok(result.metrics.tallies[0].perSegment[0].total > 1_000);
  assert.strictEqual(run.finish(), result, 'finishing again gives the same result');
});

test('a cluster with nothing to do reaches the horizon', () => {
  const idle: ClusterBuilder = () => ({
    start: () => undefined,
    finish: () => ({ outages: [], warnings: [] }),
  });
  const run = createRun(makeScenario(), { seed: 's', build: idle });
  assert.strictEqual(run.advance(1e6), true);
  const result = run.finish();
  assert.strictEqual(result.interrupted, false);
  assert.strictEqual(result.simulatedNs, 10 * NS_PER_S);
});

test('a cut comes before what the models do at the same time', () => {
  // One count each second, at the full second: the warm-up ends at 1 s, the window is 4 s to 6 s.
  const clockwork: ClusterBuilder = ({ sim, metrics }) => {
    const ticks = metrics.counter('wavetank_test_ticks_total', {}, { help: '' });
    const tick: number = sim.eventType('tick', () => {
      ticks.add();
      sim.schedule(NS_PER_S, tick);
    });
    return {
      start: () => void sim.schedule(0, tick),
      finish: () => ({ outages: [], warnings: [] }),
    };
  };
  const window = { text: '4s..6s', fromNs: 4 * NS_PER_S, toNs: 6 * NS_PER_S };
  const scenario = makeScenario({ thresholds: [{ metric: 'm', expect: 'p50 < 1s', window }] });
  const run = createRun(scenario, { seed: 's', build: clockwork });
  run.advance(1e6);
  const { segments, counters } = run.finish().metrics;
  assert.deepStrictEqual(
    segments.map((s) => [s.fromNs / NS_PER_S, s.toNs / NS_PER_S]),
    [
      [1, 4],
      [4, 6],
      [6, 10],
    ],
  );
  // Ticks at 1 2 3, at 4 5, at 6 7 8 9.
  assert.deepStrictEqual(
    counters.find((c) => c.name === 'wavetank_test_ticks_total')?.perSegment,
    [3, 2, 4],
  );
});

test('cuts are the edges of windows strictly inside the measured time, sorted, once each', () => {
  const window = (from: number, to: number) => ({
    metric: 'm',
    expect: 'p50 < 1s',
    window: { text: '', fromNs: from * NS_PER_S, toNs: to * NS_PER_S },
  });
  const thresholds = [window(5, 7), window(1, 5), window(0, 10), window(6, Infinity)];
  assert.deepStrictEqual(
    cutsOf(makeScenario({ thresholds })).map((cutNs) => cutNs / NS_PER_S),
    [5, 6, 7],
  );
});

test('the content key sees every field and not the order in which fields were written', () => {
  const scenario = makeScenario();
  const backwards = Object.fromEntries(Object.entries(scenario).reverse()) as typeof scenario;
  assert.strictEqual(contentKey(scenario, 's'), contentKey(backwards, 's'));
  const keys = [
    contentKey(scenario, 's'),
    contentKey(scenario, 't'),
    contentKey(makeScenario({ warmupNs: 2 * NS_PER_S }), 's'),
    contentKey(
      makeScenario({ network: { ...scenario.network, bandwidthBytesPerSecond: 1e9 } }),
      's',
    ),
  ];
  assert.strictEqual(new Set(keys).size, keys.length);
});

test('replications have seeds of their own that do not depend on how many there are', () => {
  const seeds = (replications: number) =>
    planRuns([makeScenario({ replications })]).map((plan) => plan.seed);
  assert.strictEqual(new Set(seeds(50)).size, 50);
  assert.deepStrictEqual(seeds(50).slice(0, 3), seeds(3));
});

test('plans are ordered by point and then by replication', () => {
  const plans = planRuns([makeScenario({ replications: 2 }), makeScenario({ replications: 1 })]);
  assert.deepStrictEqual(
    plans.map((plan) => [plan.point, plan.replication]),
    [
      [0, 0],
      [0, 1],
      [1, 0],
    ],
  );
});

test('verification passes where two runs are equal', () => {
  const run = verifyRun(makeScenario(), { seed: 's', build: station });
  assert.strictEqual(run.advance(1e9), false, 'the second pass is still to come');
  assert.strictEqual(run.advance(1e9), true);
  const plain = createRun(makeScenario(), { seed: 's', build: station });
  plain.advance(1e9);
  assert.deepStrictEqual(run.finish(), plain.finish());
});

test('verification names the first event that differs', () => {
  // 70,000 ticks, so that the difference lies behind the first checkpoint; tick 66,000 depends on
  // how often a cluster was built.
  let built = 0;
  const forgetful: ClusterBuilder = ({ sim }) => {
    const nth = ++built;
    let ticks = 0;
    const tick: number = sim.eventType('component/tick', () => {
      ticks++;
      sim.schedule(100_000, tick, ticks === 65_999 ? nth : 0);
    });
    return {
      start: () => void sim.schedule(0, tick),
      finish: () => ({ outages: [], warnings: [] }),
    };
  };
  const run = verifyRun(makeScenario(), { seed: 's', build: forgetful });
  assert.throws(
    () => {
      while (!run.advance(10_000)) {
        // advance does the work
      }
    },
    (error: unknown) => {
      assert.ok(error instanceof InvariantViolation);
      // Ticks of 0.1 ms; number 66,000 is at 6.5999 s, behind six cuts of the time series.
      assert.match(
        error.message,
        /from event 66006 on: first component\/tick\(5, 0\) at 6599900000 ns/,
      );
      assert.match(error.message, /then component\/tick\(6, 0\)/);
      return true;
    },
  );
});

test.run();
