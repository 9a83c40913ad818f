import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  evaluateThreshold,
  exitStatusOf,
  findOverload,
  type ThresholdResult,
} from '../../src/analyze/index.ts';
import { judge } from '../../src/analyze/thresholds.ts';
import type { ThresholdScenario } from '../../src/scenario/types.ts';
import { buildRun, MS, makeScenario, S, type Script, threshold } from '../support/run-result.ts';

const test = suite('thresholds');

const LATENCY = 'wavetank_client_request_duration_seconds';

/** Replications of 10 s after 1 s of warm-up; `script` fills each. */
function evaluate(
  expected: ThresholdScenario,
  replications: number,
  script: (r: number) => Script,
  endNs?: number,
): ThresholdResult {
  const scenario = makeScenario({ thresholds: [expected] });
  const runs = Array.from({ length: replications }, (_, r) =>
    buildRun(scenario, { replication: r, script: script(r), endNs }),
  );
  return evaluateThreshold(expected, runs, findOverload(runs));
}

/** 400 requests a second; that of index i takes `latencyNs(i, r)`. */
const requests =
  (latencyNs: (i: number, r: number) => number, perSecond = 400) =>
  (r: number): Script =>
  (m, advanceTo) => {
    const tally = m.tally(LATENCY, { op: 'put', workload: 'writers' });
    for (let i = 0; i < 10 * perSecond; i++) {
      advanceTo(Math.round((i * S) / perSecond));
      tally.record(latencyNs(i, r));
    }
  };

/** Two in a hundred take `slowNs`, so that this is the p99. */
const mostlyFast = (slowNs: (r: number) => number) =>
  requests((i, r) => (i % 50 === 0 ? slowNs(r) : MS));

test('a p99 whose interval is below the limit passes, with its mean and interval in seconds', () => {
  // p99 of the replications: 20, 21, 22 ms; t(0.975, 2) = 4.3027, s = 1 ms: 21 +- 2.484 ms.
  const t = evaluate(
    threshold(LATENCY, 'p99 < 50ms'),
    3,
    mostlyFast((r) => (20 + r) * MS),
  );
  assert.equal(t.verdict, 'pass');
  assert.equal(t.unit, 's');
  assert.equal(t.limit, 0.05);
  assert.equal(t.replications, 3);
  assert.ok(Math.abs((t.value ?? 0) - 0.021) < 0.0002);
  assert.ok(Math.abs((t.high ?? 0) - 0.023484) < 0.0002);
});

test('it fails above the limit and is inconclusive where the interval straddles it', () => {
  const slow = mostlyFast((r) => (20 + r) * MS);
  assert.equal(evaluate(threshold(LATENCY, 'p99 < 15ms'), 3, slow).verdict, 'fail');
  assert.equal(evaluate(threshold(LATENCY, 'p99 < 22ms'), 3, slow).verdict, 'inconclusive');
  assert.equal(evaluate(threshold(LATENCY, 'p99 > 15ms'), 3, slow).verdict, 'pass');
});

test('where replications go one of two ways, more of them are not the remedy', () => {
  // 10, 11, 12 ms in three, 500 to 502 ms in two: 489 ms between groups of which none is wider
  // than 2 ms.
  const p99 = threshold(LATENCY, 'p99 < 100ms');
  const either = mostlyFast((r) => (r < 3 ? 10 + r : 496 + 2 * r) * MS);
  const t = evaluate(p99, 5, either);
  assert.equal(t.verdict, 'inconclusive');
  assert.match(t.note, /one of two ways, 3 within the limit and 2 beyond it; more of them tell/);
  // 60, 80, ..., 140 ms: spread, not two groups.
  const spread = evaluate(
    p99,
    5,
    mostlyFast((r) => (60 + 20 * r) * MS),
  );
  assert.equal(spread.verdict, 'inconclusive');
  assert.match(spread.note, /more replications narrow it/);
});

test('one replication is judged by its value', () => {
  const t = evaluate(
    threshold(LATENCY, 'mean < 2ms'),
    1,
    requests(() => MS),
  );
  assert.equal(t.verdict, 'pass');
  assert.equal(t.value, 0.001);
  assert.equal(t.low, null);
});

test('a window sees its own segments only', () => {
  // 1 ms until 6 s, 100 ms after.
  const step = requests((i) => (i < 6 * 400 ? MS : 100 * MS));
  const before = { text: '1s..6s', fromNs: S, toNs: 6 * S };
  const after = { text: '6s..10s', fromNs: 6 * S, toNs: 10 * S };
  assert.equal(evaluate(threshold(LATENCY, 'max < 2ms', before), 2, step).verdict, 'pass');
  assert.equal(evaluate(threshold(LATENCY, 'max < 2ms', after), 2, step).verdict, 'fail');
  assert.equal(evaluate(threshold(LATENCY, 'min > 2ms', after), 2, step).verdict, 'pass');
});

test('a window that an interrupted run did not reach has no data', () => {
  const after = { text: '6s..10s', fromNs: 6 * S, toNs: 10 * S };
  const t = evaluate(threshold(LATENCY, 'p50 < 1s', after), 1, () => () => undefined, 5 * S);
  assert.equal(t.verdict, 'no-data');
});

test('too few samples for a p99 are judged by the share below the limit', () => {
  // 3 x 900 requests of 1 ms: all below. Wilson: 2700 / (2700 + 3.84) = 0.9986 > 0.99.
  const few = requests(() => MS, 100);
  const t = evaluate(threshold(LATENCY, 'p99 < 50ms'), 3, few);
  assert.equal(t.verdict, 'pass');
  assert.match(t.note, /2700 samples are too few for p99/);
  // 3 x 90: 270 / 273.84 = 0.986 < 0.99, so that even all below do not decide.
  assert.equal(
    evaluate(
      threshold(LATENCY, 'p99 < 50ms'),
      3,
      requests(() => MS, 10),
    ).verdict,
    'inconclusive',
  );
  // One in ten is above: at most 0.9 + are below.
  const tenth = requests((i) => (i % 10 === 0 ? 100 * MS : MS), 100);
  assert.equal(evaluate(threshold(LATENCY, 'p99 < 50ms'), 3, tenth).verdict, 'fail');
  assert.equal(evaluate(threshold(LATENCY, 'p99 > 50ms'), 3, tenth).verdict, 'pass');
});

/** Requests by outcome, a hundredth of them as given. */
const outcomes = (outcome: string) => (): Script => (m, advanceTo) => {
  const counters = ['ok', outcome].map((name) =>
    m.counter('wavetank_client_requests', { op: 'put', outcome: name }),
  );
  for (let i = 0; i < 1000; i++) {
    advanceTo(i * 10 * MS);
    counters[i % 100 === 99 ? 1 : 0].add();
  }
};

test('availability is the share of answered requests', () => {
  const metric = 'wavetank_client_requests{op="put"}';
  const t = evaluate(threshold(metric, 'availability > 99.5%'), 2, outcomes('timeout'));
  assert.equal(t.verdict, 'fail');
  assert.equal(t.value, 0.99);
  assert.equal(t.unit, 'ratio');
  assert.equal(
    evaluate(threshold(metric, 'availability > 99.5%'), 2, outcomes('notFound')).value,
    1,
  );
  assert.equal(
    evaluate(threshold(metric, 'availability >= 99%'), 2, outcomes('dropped')).verdict,
    'pass',
  );
});

test('counts and rates add up over the label sets that match', () => {
  const all = evaluate(
    threshold('wavetank_client_requests', 'rate >= 100/s'),
    2,
    outcomes('timeout'),
  );
  assert.equal(all.verdict, 'pass');
  assert.equal(all.value, 100);
  const some = threshold('wavetank_client_requests{outcome="timeout"}', 'count == 9');
  assert.equal(evaluate(some, 2, outcomes('timeout')).verdict, 'pass');
  const none = threshold('wavetank_client_requests{outcome="timeout"}', 'count != 9');
  assert.equal(evaluate(none, 2, outcomes('timeout')).verdict, 'fail');
});

test('of several levels the worst counts', () => {
  const script = () => (m: Parameters<Script>[0]) => {
    m.level('etcd_mvcc_db_total_size_in_bytes', { member: 'etcd/0' }).set(0, 1000);
    m.level('etcd_mvcc_db_total_size_in_bytes', { member: 'etcd/1' }).set(0, 3000);
  };
  const metric = 'etcd_mvcc_db_total_size_in_bytes';
  assert.equal(evaluate(threshold(metric, 'max < 2KB'), 1, script).value, 3000);
  assert.equal(evaluate(threshold(metric, 'mean > 2KB'), 1, script).value, 1000);
  assert.equal(evaluate(threshold(metric, 'max < 2KB'), 1, script).unit, 'bytes');
});

test('a metric that nobody recorded is no data, and so is a figure that it does not have', () => {
  const nothing = evaluate(
    threshold('no_such_metric', 'p99 < 1s'),
    2,
    requests(() => MS),
  );
  assert.equal(nothing.verdict, 'no-data');
  assert.equal(nothing.note, 'no metric matches');
  const wrong = evaluate(
    threshold(LATENCY, 'availability > 99%'),
    2,
    requests(() => MS),
  );
  assert.equal(wrong.verdict, 'no-data');
});

/** Latency grows with time from 4 s on: 1000 a second, half a second more each second. */
const overloading = requests((i) => (i < 4000 ? MS : Math.round((i - 4000) * MS * 0.9)), 1000);

test('a latency while the queues grow is overloaded, one before it is a number', () => {
  assert.equal(evaluate(threshold(LATENCY, 'p99 < 1s'), 2, overloading).verdict, 'overloaded');
  const early = { text: '1s..3s', fromNs: S, toNs: 3 * S };
  assert.equal(evaluate(threshold(LATENCY, 'p99 < 1s', early), 2, overloading).verdict, 'pass');
  assert.equal(evaluate(threshold(LATENCY, 'rate > 900/s'), 2, overloading).verdict, 'pass');
});

test('an interval is on one side, on the other, or undecided, and the negation swaps them', () => {
  const opposite = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '==': '!=', '!=': '==' } as const;
  const swapped = { pass: 'fail', fail: 'pass', inconclusive: 'inconclusive' } as const;
  const number = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(
      number,
      number,
      number,
      fc.constantFrom(...(Object.keys(opposite) as (keyof typeof opposite)[])),
      (a, b, limit, operator) => {
        const low = Math.min(a, b);
        const high = Math.max(a, b);
        const verdict = judge(low, high, operator, limit);
        assert.equal(judge(low, high, opposite[operator], limit), swapped[verdict]);
        if (low === high) assert.notEqual(verdict, 'inconclusive');
      },
    ),
  );
});

test('the exit status is 99 for a failure, else 98 for anything undecided, else 0', () => {
  assert.equal(exitStatusOf([]), 0);
  assert.equal(exitStatusOf(['pass', 'pass']), 0);
  assert.equal(exitStatusOf(['pass', 'inconclusive']), 98);
  assert.equal(exitStatusOf(['no-data']), 98);
  assert.equal(exitStatusOf(['overloaded', 'pass']), 98);
  assert.equal(exitStatusOf(['inconclusive', 'fail']), 99);
});

const API = 'apiserver_request_sli_duration_seconds';

/** Calls of some kinds, `perSecond` of each; the p99 of a kind is its latency. */
const calls =
  (
    kinds: readonly (readonly [
      verb: string,
      resource: string,
      latencyNs: number,
      perSecond: number,
    ])[],
  ) =>
  (): Script =>
  (m, advanceTo) => {
    const tallies = kinds.map(([verb, resource]) => m.tally(API, { verb, resource }));
    for (let second = 0; second < 10; second++) {
      advanceTo(second * S);
      kinds.forEach(([, , ns, perSecond], i) => {
        for (let n = 0; n < perSecond; n++) tallies[i].record(ns);
      });
    }
  };

const each = (metric: string, expect: string): ThresholdScenario => ({
  ...threshold(metric, expect),
  each: ['verb', 'resource'],
});

test('of a threshold for each label the worst series decides and is named', () => {
  // All together the p99 is that of the 99 % fast ones; by themselves the slow ones fail.
  const mixed = calls([
    ['GET', 'pods', MS, 1000],
    ['LIST', 'pods', 40 * MS, 5],
    ['GET', 'nodes', 2 * MS, 1000],
  ]);
  assert.equal(evaluate(threshold(API, 'p99 < 30ms'), 2, mixed).verdict, 'pass');
  const slow = calls([
    ['GET', 'pods', MS, 1000],
    ['LIST', 'pods', 40 * MS, 1000],
    ['GET', 'nodes', 2 * MS, 1000],
  ]);
  const t = evaluate(each(API, 'p99 < 30ms'), 2, slow);
  assert.equal(t.verdict, 'fail');
  assert.ok(Math.abs((t.value ?? 0) - 0.04) < 0.001);
  assert.equal(t.metric, `${API} each(verb, resource)`);
  assert.equal(t.note, 'worst of 3: resource=pods verb=LIST');
  const good = evaluate(each(API, 'p99 < 50ms'), 2, slow);
  assert.equal(good.verdict, 'pass');
  assert.equal(good.note, 'worst of 3: resource=pods verb=LIST');
});

test('a series with few samples passes where none is beyond the limit, and is counted', () => {
  const rare = calls([
    ['GET', 'pods', MS, 1000],
    ['LIST', 'pods', 40 * MS, 5],
  ]);
  const t = evaluate(each(API, 'p99 < 50ms'), 2, rare);
  assert.equal(t.verdict, 'pass');
  assert.match(t.note, /; 1 of them have too few samples for p99, none beyond the limit$/);
  // All of its samples are beyond: few, but enough to fail.
  assert.equal(evaluate(each(API, 'p99 < 30ms'), 2, rare).verdict, 'fail');
});

test('for each of nothing holds where the metric is known, and is no data where it is not', () => {
  const some = calls([['GET', 'pods', MS, 1000]]);
  const none = evaluate(each(`${API}{verb="LIST"}`, 'p99 < 1ms'), 2, some);
  assert.equal(none.verdict, 'pass');
  assert.equal(none.note, 'nothing of the kind happened');
  assert.equal(evaluate(each('apiserver_requests', 'p99 < 1ms'), 2, some).verdict, 'no-data');
});

test('availability by HTTP status counts 5xx and calls without an answer as failed', () => {
  const codes = [
    ['200', 970],
    ['409', 15],
    ['429', 10],
    ['504', 4],
    ['<error>', 1],
  ] as const;
  const script = (): Script => (m, advanceTo) => {
    const counters = codes.map(([code]) => m.counter('apiserver_request_total', { code }));
    advanceTo(5 * S);
    codes.forEach(([, count], i) => {
      counters[i].add(count);
    });
  };
  const t = evaluate(threshold('apiserver_request_total', 'availability >= 99.5%'), 2, script);
  assert.equal(t.value, 0.995);
  assert.equal(t.verdict, 'pass');
});

test.run();
