import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type Summary, type SummaryWarning, summarize } from '../../src/analyze/index.ts';
import type { DiskProfile } from '../../src/scenario/profile.ts';
import type { DiskScenario, Scenario } from '../../src/scenario/types.ts';
import {
  buildRun,
  MS,
  makeDisk,
  makeScenario,
  S,
  type Script,
  stallRun,
  stallScenario,
  workload,
} from '../support/run-result.ts';

const test = suite('summary');

const OPTIONS = { version: '0.1.0', modelRevision: 1 };

function summaryOf(scenario: Scenario, script: Script, profiles: DiskProfile[] = []): Summary {
  const run = buildRun(scenario, { script });
  return summarize([run], [{ scenario }], { ...OPTIONS, profiles });
}

function warning(summary: Summary, code: string): SummaryWarning | undefined {
  return summary.warnings.find((candidate) => candidate.code === code);
}

const puts =
  (count: number): Script =>
  (m, advanceTo) => {
    const tally = m.tally('wavetank_client_request_duration_seconds', { op: 'put', workload: 'w' });
    for (let i = 0; i < count; i++) {
      advanceTo(Math.floor((i * 10 * S) / count));
      tally.record(MS + i);
    }
  };

test('the summary is the same in whatever order the runs come back', () => {
  const scenario = stallScenario();
  const points = [{ scenario }, { scenario }];
  const runs = [0, 1].flatMap((point) => [0, 1, 2].map((r) => stallRun(scenario, r, point)));
  const one = summarize(runs, points, OPTIONS);
  const other = summarize([...runs].reverse(), points, OPTIONS);
  assert.equal(JSON.stringify(one), JSON.stringify(other));
  assert.equal(one.exitStatus, 99);
  assert.equal(one.eventCount, 240_006);
});

test('points that did not run are left out, and a cut run is marked', () => {
  const scenario = stallScenario();
  const cut = buildRun(scenario, { point: 1, endNs: 5 * S });
  const summary = summarize([cut], [{ scenario }, { scenario }], OPTIONS);
  assert.deepEqual(
    summary.points.map((point) => point.point),
    [1],
  );
  assert.equal(summary.interrupted, true);
  assert.match(warning(summary, 'interrupted')?.message ?? '', /1 of 1 replications/);
});

test('leader changes are the elections of the measured time, not first leaders of joining members', () => {
  // Warm-up 1 s. One election before its end, two after it; a member that joins sees its first
  // leader, which the counter of the real component counts.
  const scenario = makeScenario({ replications: 2 });
  const script: Script = (m, advanceTo) => {
    m.event(0.5 * S, 'elected', 'etcd/1', 'term 2');
    advanceTo(4 * S);
    m.event(4 * S, 'elected', 'etcd/0', 'term 3');
    m.counter('etcd_server_leader_changes_seen_total', { member: 'etcd/3' }).add();
    m.event(5 * S, 'elected', 'etcd/2', 'term 4');
  };
  const runs = [buildRun(scenario, { script }), buildRun(scenario, { replication: 1 })];
  const [point] = summarize(runs, [{ scenario }], OPTIONS).points;
  // Two in one replication, none in the other.
  assert.equal(point.leaderChanges, 1);
});

test('pooled samples give a p99 that single replications cannot', () => {
  const scenario = makeScenario({ replications: 4 });
  const runs = [0, 1, 2, 3].map((r) => buildRun(scenario, { replication: r, script: puts(1000) }));
  const [metric] = summarize(runs, [{ scenario }], OPTIONS).points[0].metrics;
  assert.equal(metric.estimates.p99, undefined);
  assert.ok(metric.pooled.p99 !== null);
  assert.equal(metric.estimates.count?.mean, 900);
});

test('few samples warn with how much longer to measure', () => {
  // 900 requests in 9 s; 3000 are needed: 4 times as long.
  const found = warning(summaryOf(makeScenario(), puts(1000)), 'few-samples');
  assert.match(found?.message ?? '', /Only 900 requests/);
  assert.match(found?.hint ?? '', /4 times as long \(36 s/);
  assert.equal(warning(summaryOf(makeScenario(), puts(4000)), 'few-samples'), undefined);
});

test('a closed loop under a fault warns of coordinated omission with the longest gap', () => {
  const base = stallScenario();
  const closed = workload({ ratePerSecond: 0, clients: 8 });
  const scenario = { ...base, workload: [closed] };
  const warned = summarize([stallRun(scenario, 0)], [{ scenario }], OPTIONS);
  assert.match(warning(warned, 'coordinated-omission')?.message ?? '', /Longest gap.* 1.02 s/);
  const calm = { ...scenario, faults: [] };
  const quiet = summarize([stallRun(calm, 0)], [{ scenario: calm }], OPTIONS);
  assert.equal(warning(quiet, 'coordinated-omission'), undefined);
  const open = summarize([stallRun(base, 0)], [{ scenario: base }], OPTIONS);
  assert.equal(warning(open, 'coordinated-omission'), undefined);
});

test('a busy resource warns once for all points, with the worst of them', () => {
  const busy =
    (servers: number, waiting: number): Script =>
    (m) => {
      const probe = m.resource('etcd/0/raft loop', 'server-pool', 1);
      probe.arrive();
      probe.busy(0, servers);
      probe.queue(0, waiting);
    };
  const scenario = makeScenario();
  const points = [0.5, 0.92, 0.97].map((level) => ({ scenario, axes: { load: String(level) } }));
  const runs = points.map((point, i) =>
    buildRun(scenario, { point: i, script: busy(Number(point.axes.load), 3) }),
  );
  const summary = summarize(runs, points, OPTIONS);
  const found = summary.warnings.filter((candidate) => candidate.code === 'utilization');
  assert.equal(found.length, 1);
  assert.match(found[0].message, /etcd\/0\/raft loop is 97 % busy/);
  assert.deepEqual(found[0].points, [1, 2]);
  // Group commit: always busy, and nothing waits.
  const batching = buildRun(scenario, { script: busy(0.99, 0) });
  const quiet = summarize([batching], [{ scenario }], OPTIONS);
  assert.equal(warning(quiet, 'utilization'), undefined);
});

function withDisk(changes: Partial<DiskScenario>): Scenario {
  const base = makeScenario();
  return { ...base, hosts: base.hosts.map((host) => ({ ...host, disks: [makeDisk(changes)] })) };
}

test('a production histogram warns beyond the load under which it was seen', () => {
  const profile: DiskProfile = {
    name: 'prod',
    description: '',
    kind: 'response',
    fsync: { kind: 'constant', value: MS },
    source: '',
    stallsAssumed: true,
    observedFsyncsPerSecond: 120,
  };
  const syncs =
    (perSecond: number): Script =>
    (m, advanceTo) => {
      const tally = m.tally('etcd_disk_wal_fsync_duration_seconds', { member: 'etcd/0' });
      for (let i = 0; i < 10 * perSecond; i++) {
        advanceTo(Math.floor((i * S) / perSecond));
        tally.record(MS);
      }
    };
  const scenario = withDisk({ fsyncKind: 'response', profile: 'prod' });
  const beyond = summaryOf(scenario, syncs(200), [profile]);
  assert.match(
    warning(beyond, 'response-disk')?.message ?? '',
    /under 120 fsyncs a second, the run has up to 200\./,
  );
  assert.ok(warning(beyond, 'stalls-assumed') !== undefined);
  assert.equal(warning(summaryOf(scenario, syncs(100), [profile]), 'response-disk'), undefined);
  // Without its assumed stalls it is still seen under that load, and nothing is assumed any more.
  const calm = withDisk({ fsyncKind: 'response', profile: 'prod, without stalls' });
  const calmBeyond = summaryOf(calm, syncs(200), [profile]);
  assert.match(warning(calmBeyond, 'response-disk')?.message ?? '', /under 120 fsyncs a second/);
  assert.equal(warning(calmBeyond, 'stalls-assumed'), undefined);
  const unknown = summaryOf(withDisk({ fsyncKind: 'response' }), syncs(1));
  assert.match(warning(unknown, 'response-disk')?.message ?? '', /not known/);
  assert.equal(warning(summaryOf(withDisk({}), syncs(200)), 'response-disk'), undefined);
});

test('flags without effect and the warnings of models are passed on', () => {
  const base = makeScenario();
  const scenario = { ...base, etcd: { ...base.etcd, flagsWithoutEffect: ['log-level'] } };
  const own = { code: 'WT5001', message: 'The client sends nothing.', hint: 'Give it a rate.' };
  const runs = [0, 1].map((r) => buildRun(scenario, { replication: r, warnings: [own] }));
  const summary = summarize(runs, [{ scenario }], OPTIONS);
  assert.match(warning(summary, 'flags-without-effect')?.message ?? '', /log-level/);
  assert.equal(summary.warnings.filter((candidate) => candidate.code === 'WT5001').length, 1);
});

test('conditions name what differs from those that were measured, and nothing else', () => {
  const base = makeScenario();
  const { members } = base.etcd;
  const etcd = { ...base.etcd, version: '3.4.23', preVote: false };
  const measured = { ...base, etcd };
  assert.deepEqual(summaryOf(measured, () => undefined).conditions, []);
  const five = [...members, ...members.slice(1)];
  const newer = { ...measured, etcd: { ...etcd, version: '3.6', members: five } };
  const { conditions } = summaryOf(newer, () => undefined);
  assert.equal(conditions.length, 2);
  assert.match(conditions[0], /etcd 3\.6/);
  assert.match(conditions[1], /5 voting members/);
});

test.run();
