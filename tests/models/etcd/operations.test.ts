/** Procedures of operators: a member replaced, a cluster upgraded, both under load. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { S, workload } from '../../support/scenario.ts';
import { type Bed, open } from './bed.ts';

const test = suite('etcd/operations');

const puts = workload({ ratePerSecond: 200, stopNs: 36 * S, retries: 20 });

function begin(version: string): Bed {
  return open({ version, workload: [puts], horizon: 40_000 });
}

function voters(bed: Bed): readonly number[] {
  return bed.leader().raft.voterIds();
}

for (const learner of [false, true]) {
  const kind = learner ? 'a learner' : 'a voter';
  test(`A member is replaced as ${kind}: it leaves, comes back empty, and catches up.`, () => {
    const bed = begin('3.6');
    bed.to(5000);
    bed.etcd.operations.replaceMember(2, learner);
    let smallest = 3;
    bed.until(() => {
      smallest = Math.min(smallest, voters(bed).length);
      return smallest === 2 && voters(bed).length === 3;
    }, 'the member is back');
    bed.to(30_000);
    assert.ok(bed.member(2).isListening);
    const gap = bed.leader().raft.committed - bed.member(2).applier.appliedIndex;
    assert.ok(gap < 50, `${gap} entries behind`);
    const outcome = bed.end();
    assert.equal(outcome.times('replaced', 'etcd/2').length, 1);
    assert.deepEqual(Object.keys(outcome.outcomes()), ['ok']);
  });
}

test('An upgrade stops one member at a time, the leader last and after it handed over.', () => {
  const bed = begin('3.5.17');
  bed.to(5000);
  const first = bed.etcd.leaderIndex;
  bed.etcd.operations.upgrade('3.6', 2e9);
  let down = 0;
  const order: number[] = [];
  const look = (): void => {
    const stopped = bed.etcd.members.filter((m) => !m.isUp).map((m) => m.index);
    down = Math.max(down, stopped.length);
    for (const i of stopped) if (!order.includes(i)) order.push(i);
  };
  bed.until(() => {
    look();
    return order.length === 3 && bed.etcd.members.every((m) => m.isListening);
  }, 'all were stopped');
  assert.equal(down, 1);
  assert.equal(order[2], first);
  const outcome = bed.end();
  assert.equal(outcome.times('upgraded', '3.6').length, 1);
  assert.ok(bed.etcd.members.every((m) => m.raft.options.selfAck === 'persist'));
  // Handing over costs no election timeout: what fails is what was on its way.
  assert.equal(outcome.times('campaign').length, 1);
});

test.run();
