/** What clients see when something is wrong, and after how long. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { FaultAction, FaultScenario, WorkloadScenario } from '../../../src/scenario/types.ts';
import { type ClusterOptions, fault, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { near, open, simulate } from './bed.ts';

const test = suite('etcd/requests');

const steady = { ratePerSecond: 100, arrivals: 'constant' } as const;
const cut = (members: readonly string[], others: readonly string[]): FaultAction => ({
  kind: 'partition',
  groups: [members, others],
  oneWay: false,
  mode: 'blackhole',
});
const isolatedLeader = cut(['etcd/0'], ['etcd/1', 'etcd/2']);
const kill = (target: string, restartAfterNs = Number.NaN): FaultAction => ({
  kind: 'kill',
  target,
  restartAfterNs,
  loseData: false,
});

// ReqTimeout = 5 s + 2 x 1 s from the proposal. The leader has lost its followers; the client still
// reaches it. A waiter hears nothing before, also not when the leader steps down.
test('A put that cannot be committed fails at its member after seven seconds.', () => {
  const bed = open({
    workload: [workload({ clients: 1, startNs: 3.01 * S, target: 'etcd/0' })],
    faults: [fault(3000, isolatedLeader, 20_000)],
    horizon: 20_000,
  });
  const o = bed.end();
  near(bed.built.outages.results()[0].firstErrorNs / MS, 3010 + 7000, 0.001);
  assert.deepEqual(o.outcomes(), { serverTimeout: 2 });
});

test('The request timeout grows with the election timeout.', () => {
  const bed = open({
    etcd: { heartbeatIntervalNs: 500 * MS, electionTimeoutNs: 5 * S },
    workload: [workload({ clients: 1, startNs: 3.01 * S, target: 'etcd/0' })],
    faults: [fault(3000, isolatedLeader, 40_000)],
    horizon: 30_000,
  });
  bed.end();
  near(bed.built.outages.results()[0].firstErrorNs / MS, 3010 + 15_000, 0.001);
});

// 1.2 s of election: puts to a follower gather at its proposal channel; those that its dead leader
// had taken get no answer and time out.
test('Without a leader puts wait for one and none is refused.', () => {
  const bed = open({
    workload: [workload({ ...steady, target: 'etcd/2' })],
    faults: [fault(3000, kill('etcd/0'))],
    horizon: 20_000,
  });
  const o = bed.end();
  const { ok, serverTimeout, ...others } = o.outcomes();
  assert.deepEqual(others, {});
  const [elected] = o.times('elected');
  // Until the follower's timeout it forwards to the dead leader: these are lost without a word.
  assert.ok(serverTimeout > 0 && serverTimeout <= (elected - 3000) / 10 + 2, `${serverTimeout}`);
  assert.ok(ok > 1500);
});

test('Without a quorum puts wait, and pass when it is back in time.', () => {
  const survivor = workload({ clients: 4, startNs: 6 * S, target: 'etcd/2' });
  const run = (backNs: number) =>
    simulate({
      workload: [survivor],
      faults: [fault(3000, kill('etcd/0', backNs)), fault(3000, kill('etcd/1', backNs))],
      horizon: 15_000,
    }).outcomes();
  assert.deepEqual(Object.keys(run(5 * S)), ['ok']);
  assert.deepEqual(run(Number.NaN), { serverTimeout: 4 });
});

// The kernel of a killed process resets its connections; gRPC dials at once, then after 1 s +- 20
// %, then 1.6 times that; requests meanwhile fail at once.
test('A killed member resets what is under way and refuses until it is dialled again.', () => {
  const bed = open({
    members: 1,
    fsync: 20,
    workload: [workload({ ...steady, stopNs: 9 * S + 1 })],
    faults: [fault(3000, kill('etcd/0', 300 * MS))],
    horizon: 10_000,
  });
  const o = bed.end();
  const { ok, reset, refused, ...others } = o.outcomes();
  assert.deepEqual(others, {});
  // 20 ms of sync at 100/s: two or three under way, one more on the wire.
  assert.ok(reset >= 2 && reset <= 5, `${reset}`);
  // Up after 300 + 170 ms; the first dial after 0.8 to 1.2 s finds it.
  assert.ok(refused >= 79 && refused <= 121, `${refused}`);
  assert.equal(ok + reset + refused, 800);
});

test('Retries hide a reset and a refusal.', () => {
  const retries = { retries: 8, retryBackoffNs: 250 * MS };
  const o = simulate({
    members: 1,
    fsync: 20,
    workload: [workload({ ...steady, ...retries })],
    faults: [fault(3000, kill('etcd/0', 300 * MS))],
    horizon: 10_000,
  });
  assert.deepEqual(Object.keys(o.outcomes()), ['ok']);
  assert.ok(o.latency().p(0.999) > 900);
});

test('A client gives up at its own deadline, and may have written all the same.', () => {
  const bed = open({
    workload: [workload({ ...steady, deadlineNs: 500 * MS })],
    faults: [fault(3000, { kind: 'stallDisk', target: 'etcd/0' }, 800)],
    horizon: 6000,
  });
  const { ok = 0, timeout = 0, ...others } = bed.end().outcomes();
  assert.deepEqual(others, {});
  // Planned in the first 300 ms of the stall.
  assert.ok(timeout >= 28 && timeout <= 33, `${timeout}`);
  assert.equal(bed.built.outages.results()[0].ambiguous, timeout);
  // They committed in the end: more revisions than answers.
  assert.ok(bed.etcd.shared.keys.revision - 1 >= ok + timeout);
});

// The target hangs, so the transfer runs into its limit of one election timeout.
test('While a transfer is under way proposals are dropped.', () => {
  const bed = open({ workload: [workload(steady)], horizon: 9000 });
  bed.to(3000);
  bed.member(1).pause();
  bed.etcd.moveLeader(1);
  bed.to(6000);
  bed.member(1).resume();
  const o = bed.end();
  const { ok, noLeader, ...others } = o.outcomes();
  assert.deepEqual(others, {});
  assert.ok(noLeader > 10 && noLeader <= 101, `${noLeader}`);
  assert.ok(ok > 600);
});

test('Requests above the limit are refused by their size.', () => {
  const size = (value: number): WorkloadScenario =>
    workload({ ...steady, valueSize: { kind: 'constant', value } });
  const outcomes = (value: number) =>
    Object.keys(simulate({ workload: [size(value)], horizon: 1500 }).outcomes());
  assert.deepEqual(outcomes(1.5 * 2 ** 20 - 8), ['ok']);
  assert.deepEqual(outcomes(1.5 * 2 ** 20 - 7), ['tooLarge']);
});

// A defragmentation of the leader: 1 GB at 250 MB/s = 4 s in which it applies nothing. Its loop
// goes on: heartbeats, WAL, commits. 2000 puts a second: after 2.5 s it is 5000 entries behind and
// refuses.
const stuckApply: ClusterOptions = {
  version: '3.5',
  cores: 8,
  etcd: {
    preloadKeys: 1e9 / 10_240,
    preloadKeyBytes: 80,
    preloadValueBytes: 8192,
    quotaBackendBytes: 8e9,
  },
  backendFsync: 0,
  faults: [fault(3000, { kind: 'defrag', target: 'etcd/0' })],
  horizon: 12_000,
};

test('A defragmentation of the leader costs no election, but too many requests after 5000 entries.', () => {
  const bed = open({
    ...stuckApply,
    workload: [workload({ ratePerSecond: 2000, arrivals: 'constant', stopNs: 11 * S + 1 })],
  });
  const o = bed.end();
  assert.deepEqual(o.times('campaign'), []);
  const { ok, tooManyRequests, ...others } = o.outcomes();
  assert.deepEqual(others, {});
  near(bed.built.outages.results()[0].firstErrorNs / MS, 3000 + 2500, 0.01);
  // From 2.5 s to the end at 4.02 s, and some more until the backlog is short again.
  near(tooManyRequests, 2000 * 1.52, 0.1);
  assert.equal(ok + tooManyRequests, 20_000);
  assert.ok(o.latency().p(0.9999) > 3900);
});

test('A defragmentation of a follower is no concern of the clients of others.', () => {
  const o = open({
    ...stuckApply,
    faults: [fault(3000, { kind: 'defrag', target: 'etcd/2' })],
    workload: [workload({ ratePerSecond: 500 })],
  }).end();
  assert.deepEqual(Object.keys(o.outcomes()), ['ok']);
  assert.ok(o.latency().p(0.9999) < 20, `${o.latency().p(0.9999)}`);
});

// Three puts at 3.01 s at a leader that has lost its followers: each waits until somebody gives up.
test('Proposals pending are those whose result a client waits for.', () => {
  const pendingSeconds = (o: Partial<WorkloadScenario>, then: readonly FaultScenario[] = []) => {
    const once = { kind: 'constant', value: 60 * S } as const;
    const { result } = simulate({
      workload: [
        workload({ clients: 3, thinkTime: once, startNs: 3.01 * S, target: 'etcd/0', ...o }),
      ],
      faults: [fault(3000, isolatedLeader, 20_000), ...then],
      constants: freeCpu,
      clientRtt: 0,
      horizon: 20_000,
      warmup: 0,
    });
    const at = (member: string) => {
      const level = result.metrics.levels.find(
        (l) => l.name === 'etcd_server_proposals_pending' && l.labels.member === member,
      );
      assert.ok(level !== undefined, member);
      return level.perSegment;
    };
    for (const part of at('etcd/1')) assert.equal(part.max, 0);
    const segments = at('etcd/0');
    const last = segments[segments.length - 1];
    return [Math.max(...segments.map((s) => s.max)), sumOf(segments), last.last];
  };
  const sumOf = (segments: readonly { readonly integral: number }[]): number =>
    Math.round((100 * segments.reduce((sum, s) => sum + s.integral, 0)) / S) / 100;
  // Until the member's own timeout after 7 s, the client's deadline after 2 s, the member's end.
  assert.deepEqual(pendingSeconds({}), [3, 21, 0]);
  assert.deepEqual(pendingSeconds({ deadlineNs: 2 * S }), [3, 6, 0]);
  assert.deepEqual(pendingSeconds({}, [fault(5010, kill('etcd/0'))]), [3, 6, 0]);
});

test.run();
