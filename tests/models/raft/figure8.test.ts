import * as assert from 'node:assert';
import { suite } from 'uvu';
import { EMPTY_ENTRY, type Message, type Raft } from '../../../models/etcd/raft/index.ts';
import { Cluster } from './cluster.ts';

const test = suite('raft paper, figure 8');

/** Where the story of the figure begins: its entry 2 is our FIRST + 1. */
const FIRST = 1;
const OLD = 102;

/**
 * Figure 8 up to (c). S1 led in term 1 and gave entry 2 to S2 alone; S5 led in term 2 and gave its
 * own entry 2 to nobody; S1 leads again in term 3 and has given its old entry 2 to S3, so that
 * three of five hold it. Messages carry one entry each. S5 is down.
 */
function untilC(): Cluster {
  const group = new Cluster({ voters: [1, 2, 3, 4, 5], maxMessageBytes: 1 });
  const raft = (id: number): Raft => group.member(id).raft;
  const within = (...ids: number[]) =>
    group.settle((m) => ids.includes(m.from) && ids.includes(m.to));
  raft(1).campaign();
  within(1, 2, 3, 4, 5);
  assert.equal(raft(1).lastIndex, FIRST);
  raft(1).propose(OLD, 10);
  within(1, 2);
  group.crash(group.member(1));
  raft(5).campaign();
  elect(group, 5, [3, 4]);
  group.turn(group.member(5));
  dropAll(group);
  assert.equal(raft(5).log.term(FIRST + 1), 2);
  group.crash(group.member(5));
  group.restart(group.member(1));
  raft(1).campaign(); // in term 2, in which S3 has voted
  within(1, 2, 3);
  raft(1).campaign();
  elect(group, 1, [2, 3]);
  assert.equal(raft(1).state, 'leader');
  assert.equal(raft(1).term, 3);
  // The probe fails at S3, which then gets entry 2.
  exchange(group, 1, 3);
  exchange(group, 1, 3);
  assert.equal(raft(3).log.proposal(FIRST + 1), OLD);
  assert.equal(raft(3).lastIndex, FIRST + 1);
  // S2 has had it all along, and says so.
  const answer = group.pool.acquire('appResp', 2, 1, 3);
  answer.index = FIRST + 1;
  raft(1).step(answer);
  group.pool.release(answer);
  for (const id of [1, 2, 3]) assert.ok(raft(1).progressOf(id)!.match >= FIRST + 1);
  return group;
}

/** The leader sends to a follower, which answers; other messages are lost. */
function exchange(group: Cluster, leader: number, follower: number): void {
  group.turn(group.member(leader));
  deliver(group, (m) => m.to === follower);
  dropAll(group);
  group.turn(group.member(follower));
  deliver(group, (m) => m.to === leader);
  dropAll(group);
}

/** The candidate gets the votes of these members, and nothing else is delivered. */
function elect(group: Cluster, candidate: number, voters: readonly number[]): void {
  group.turn(group.member(candidate));
  deliver(group, (m) => m.type === 'vote' && voters.includes(m.to));
  dropAll(group);
  for (const id of voters) group.turn(group.member(id));
  deliver(group, (m) => m.type === 'voteResp' && m.to === candidate);
  dropAll(group);
  group.check();
}

function deliver(group: Cluster, which: (m: Message) => boolean): void {
  for (let at = group.inFlight.findIndex(which); at >= 0; at = group.inFlight.findIndex(which)) {
    group.deliver(at);
  }
}

function dropAll(group: Cluster): void {
  while (group.inFlight.length > 0) group.drop(0);
}

test('(c) An entry of an older term is not committed by being on a majority.', () => {
  const group = untilC();
  assert.equal(group.member(1).raft.committed, FIRST);
});

test('(d) It can still be overwritten by a leader whose last term is higher.', () => {
  const group = untilC();
  const raft = (id: number): Raft => group.member(id).raft;
  group.crash(group.member(1));
  group.restart(group.member(5));
  for (let tries = 0; tries < 4 && raft(5).state !== 'leader'; tries++) {
    raft(5).campaign();
    group.settle();
  }
  assert.equal(raft(5).state, 'leader');
  for (const id of [2, 3, 4, 5]) {
    assert.equal(raft(id).log.term(FIRST + 1), 2);
    assert.equal(raft(id).log.proposal(FIRST + 1), EMPTY_ENTRY);
    assert.ok(raft(id).committed > FIRST + 1);
  }
  group.checkLogs();
});

test('(e) With an entry of the new term on a majority both are committed for good.', () => {
  const group = untilC();
  const raft = (id: number): Raft => group.member(id).raft;
  group.settle((m) => m.to <= 3 && m.from <= 3);
  assert.equal(raft(1).committed, FIRST + 2);
  assert.equal(raft(1).log.proposal(FIRST + 1), OLD);
  group.crash(group.member(1));
  group.restart(group.member(5));
  for (let tries = 0; tries < 4; tries++) {
    raft(5).campaign();
    group.settle();
    assert.notEqual(raft(5).state, 'leader', 'the log of S5 is out of date for a majority');
  }
  raft(2).campaign();
  group.settle();
  assert.equal(raft(2).state, 'leader');
  assert.equal(raft(5).log.proposal(FIRST + 1), OLD);
  group.checkLogs();
});

test.run();
