/** Members that join, are promoted, leave, or have lost what they knew. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { FaultAction } from '../../../src/scenario/types.ts';
import { type ClusterOptions, fault, MS, S, workload } from '../../support/scenario.ts';
import { type Bed, open } from './bed.ts';

const test = suite('etcd/membership');

const puts = workload({ ratePerSecond: 500, stopNs: 14 * S, target: 'etcd/1', retries: 5 });
const add = (target: string, learner = false): FaultAction => ({
  kind: 'addMember',
  target,
  learner,
});
const remove = (target: string): FaultAction => ({ kind: 'removeMember', target });

function changed(options: ClusterOptions): Bed {
  return open({ version: '3.6', workload: [puts], horizon: 20_000, ...options });
}

/** Names of voters and learners as every member that takes part sees them. */
function configuration(bed: Bed): string {
  const names = (ids: readonly number[]) =>
    ids.map((id) => bed.member(id - 1).name.slice(5)).join('');
  const views = bed.etcd.members
    .filter((m) => m.inCluster && m.isUp)
    .map(({ raft }) => `${names(raft.voterIds())}+${names(raft.learnerIds())}`);
  assert.equal(new Set(views).size, 1, views.join());
  return views[0];
}

function refusals(bed: Bed): string[] {
  const { events } = bed.end().result.metrics;
  return events.filter((e) => e.detail.includes('refused')).map((e) => e.detail);
}

test('A member that joins starts, catches up and counts for the quorum.', () => {
  const bed = changed({ joining: ['etcd/3'], faults: [fault(4000, add('etcd/3'))] });
  bed.to(3900);
  assert.equal(bed.member(3).isUp, false);
  assert.equal(configuration(bed), '012+');
  bed.to(6000);
  assert.equal(configuration(bed), '0123+');
  // Of four, three make a quorum: without two nothing commits.
  bed.to(18_000);
  bed.etcd.kill(2, false);
  bed.etcd.kill(3, false);
  const { committed } = bed.leader().raft;
  bed.etcd.compact(0);
  bed.to(19_000);
  assert.equal(bed.leader().raft.committed, committed);
});

// Not a voter: its disk of 80 ms, slower than both others, delays nothing, also as one of two that
// could answer first.
test('A learner gets the log and does not count.', () => {
  const bed = changed({
    joining: ['etcd/3'],
    fsyncOf: { 'etcd/3': 80 },
    faults: [fault(4000, add('etcd/3', true))],
  });
  bed.to(12_000);
  assert.equal(configuration(bed), '012+3');
  bed.etcd.kill(2, false);
  bed.etcd.kill(3, false);
  const { committed } = bed.leader().raft;
  bed.to(13_000);
  assert.ok(bed.leader().raft.committed > committed + 200);
});

test('A learner is promoted once it has nine tenths of the log.', () => {
  const bed = changed({
    joining: ['etcd/3'],
    faults: [
      fault(9000, add('etcd/3', true)),
      // Its process takes 170 ms to start.
      fault(9100, { kind: 'promoteMember', target: 'etcd/3' }),
      fault(11_000, { kind: 'promoteMember', target: 'etcd/3' }),
    ],
  });
  bed.to(10_900);
  assert.equal(configuration(bed), '012+3');
  bed.to(12_000);
  assert.equal(configuration(bed), '0123+');
  assert.deepEqual(refusals(bed), ['addNode: refused, the learner is not in sync']);
});

test('A follower that is removed ends, and is not let in again by starting it.', () => {
  const bed = changed({ faults: [fault(4000, remove('etcd/2'))] });
  bed.to(5000);
  assert.equal(configuration(bed), '01+');
  assert.equal(bed.member(2).isUp, false);
  bed.etcd.boot(2);
  bed.to(6000);
  assert.equal(bed.member(2).isUp, false);
  assert.deepEqual(bed.end().times('campaign'), []);
});

test('A leader that is removed leaves the others to an election.', () => {
  const bed = changed({ faults: [fault(4000, remove('etcd/0'))] });
  const o = bed.end();
  assert.equal(configuration(bed), '12+');
  assert.ok(bed.etcd.leaderIndex > 0);
  const [elected] = o.times('elected');
  assert.ok(elected > 4800 && elected < 6500, `${elected}`);
});

// 3 members, one down: the change is refused unless it takes away the one that is down.
test('Changes that could cost the quorum are refused, unless the check is off.', () => {
  const faults = [
    fault(4000, { kind: 'kill', target: 'etcd/2', restartAfterNs: Number.NaN, loseData: false }),
    fault(5000, add('etcd/3')),
    fault(6000, remove('etcd/1')),
    fault(7000, remove('etcd/2')),
    fault(8000, add('etcd/3')),
  ];
  const bed = changed({ joining: ['etcd/3'], faults });
  bed.to(9000);
  assert.equal(configuration(bed), '013+');
  assert.deepEqual(refusals(bed), [
    'addNode: refused, unhealthy cluster',
    'removeNode: refused, unhealthy cluster',
  ]);
  const careless = changed({
    joining: ['etcd/3'],
    faults: faults.slice(0, 2),
    etcd: { strictReconfigCheck: false },
  });
  careless.to(6000);
  assert.equal(configuration(careless), '0123+');
});

// server.go `HealthInterval`: all voters connected for 5 s.
test('A member that came back counts as healthy after five seconds.', () => {
  const bed = changed({
    joining: ['etcd/3'],
    faults: [
      fault(3000, { kind: 'restart', target: 'etcd/2', graceful: false }),
      fault(6000, add('etcd/3')),
      fault(9000, add('etcd/3')),
    ],
  });
  bed.to(10_000);
  assert.equal(configuration(bed), '0123+');
  assert.deepEqual(refusals(bed), ['addNode: refused, unhealthy cluster']);
});

// The leader's heartbeat names what it once acknowledged: raft panics ("tocommit is out of
// range"), at each start. The way out: remove it, add it anew.
test('A member that lost its data ends itself until it is removed and added again.', () => {
  const bed = changed({ workload: [{ ...puts, ratePerSecond: 2000 }] });
  bed.to(5000);
  bed.etcd.kill(2, true);
  bed.to(6000);
  for (const start of [6000, 7000]) {
    bed.etcd.boot(2);
    bed.to(start + 500);
    assert.equal(bed.member(2).isUp, false);
  }
  bed.etcd.changeMember(2, 'removeNode');
  bed.to(9000);
  assert.equal(configuration(bed), '01+');
  bed.etcd.changeMember(2, 'addNode');
  bed.to(16_000);
  assert.equal(configuration(bed), '012+');
  assert.equal(bed.member(2).applier.appliedIndex, bed.member(0).applier.appliedIndex);
  const { events } = bed.end().result.metrics;
  assert.equal(events.filter((e) => e.kind === 'panicked' && e.subject === 'etcd/2').length, 2);
});

test('A member alone can grow to three, one by one.', () => {
  const bed = changed({
    members: 1,
    joining: ['etcd/1', 'etcd/2'],
    workload: [{ ...puts, target: 'etcd/0' }],
    faults: [fault(4000, add('etcd/1')), fault(11_000, add('etcd/2'))],
  });
  const o = bed.end();
  assert.equal(configuration(bed), '012+');
  assert.deepEqual(Object.keys(o.outcomes()), ['ok']);
  // The second voter's vote is needed from its entry on, before it runs: puts wait for its start.
  assert.ok(
    o.latency().p(0.9999) > 170 && o.latency().p(0.9999) < 1500,
    `${o.latency().p(0.9999)}`,
  );
  assert.ok(o.latency().p(0.5) * MS < 20 * MS);
});

test.run();
