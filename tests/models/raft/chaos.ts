/**
 * Random histories of a raft group: messages are lost, repeated, late and out of order, members
 * are cut off, die in the middle of a sync and come back, and the group heals in the end.
 */
import * as assert from 'node:assert';
import type { ConfChangeKind } from '../../../models/etcd/raft/index.ts';
import { Cluster, type ClusterOptions, type Member } from './cluster.ts';

/** One step: what happens, and two numbers that say to whom and how. */
export type Step = readonly [kind: number, a: number, b: number];

export interface ChaosOptions {
  readonly cluster: Omit<ClusterOptions, 'draw'>;
  readonly seed: number;
  /** Members that conf changes may add. */
  readonly joining: number;
}

export class Chaos {
  readonly cluster: Cluster;
  private state: number;
  private nextProposal = 0;
  private nextRead = 1;
  /** Highest index that anybody had applied when the read was asked for. */
  private readonly readFloors: number[] = [];
  private cut = 0;

  constructor(options: ChaosOptions) {
    this.state = options.seed | 1;
    this.cluster = new Cluster({
      electionTicks: 4,
      ...options.cluster,
      draw: (_, n) => this.random(n),
    });
    const first = this.cluster.members.length + 1;
    for (let i = 0; i < options.joining; i++) this.cluster.add(first + i);
  }

  private random(n: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) | 0;
    return (this.state >>> 8) % n;
  }

  private pick(a: number): Member {
    return this.cluster.members[a % this.cluster.members.length];
  }

  step([kind, a, b]: Step): void {
    const member = this.pick(a);
    if (kind < 15) this.tick(member, 1 + (b % 3));
    else if (kind < 45) this.turn(member, b);
    else if (kind < 80) for (let i = 0; i <= b % 6; i++) this.deliver(b);
    else if (kind < 82) this.lose(b);
    else if (kind < 84) this.repeat(b);
    else if (kind < 95) this.request(member, b);
    else if (kind < 96) this.crashOrRestart(member);
    else if (kind < 97) this.cut = b % 3 === 0 ? 0 : 1 << member.id;
    else this.manage(member, b);
    this.check();
  }

  private tick(member: Member, n: number): void {
    for (let i = 0; i < n && member.up; i++) member.raft.tick();
  }

  /** One of the steps of a turn: take a Ready, sync it, finish it. */
  private turn(member: Member, b: number): void {
    if (!member.up) return;
    if (!member.busy) {
      if (member.raft.hasReady()) this.cluster.begin(member);
      if (member.busy && b % 4 !== 0) this.end(member);
    } else if (!member.persisted && b % 2 === 0) this.cluster.persist(member);
    else this.end(member);
  }

  private end(member: Member): void {
    const seen = member.readStates.length;
    this.cluster.end(member);
    for (let i = seen; i < member.readStates.length; i++) {
      const { readId, index } = member.readStates[i];
      assert.ok(index >= this.readFloors[readId], `read ${readId} at ${index} is stale`);
    }
  }

  private deliver(b: number): void {
    const { inFlight } = this.cluster;
    if (inFlight.length === 0) return;
    // Mostly in order; now and then anything overtakes.
    const at = b % 5 === 0 ? b % inFlight.length : 0;
    const { from, to } = inFlight[at];
    const crosses = (this.cut & ((1 << from) | (1 << to))) !== 0;
    if (crosses) this.cluster.drop(at);
    else this.cluster.deliver(at);
  }

  private lose(b: number): void {
    const { inFlight } = this.cluster;
    if (inFlight.length > 0) this.cluster.drop(b % inFlight.length);
  }

  private repeat(b: number): void {
    const { inFlight } = this.cluster;
    if (inFlight.length > 0) this.cluster.duplicate(b % inFlight.length);
  }

  private request(member: Member, b: number): void {
    if (!member.up) return;
    if (b % 3 === 0) {
      const id = this.nextRead++;
      this.readFloors[id] = this.cluster.chosen.length - 1;
      member.raft.readIndex(id);
    } else {
      member.raft.propose(this.nextProposal++, 1 + (b % 50));
    }
  }

  private crashOrRestart(member: Member): void {
    if (member.up) this.cluster.crash(member);
    else this.cluster.restart(member);
  }

  private manage(member: Member, b: number): void {
    if (!member.up) return;
    const { raft } = member;
    const other = this.pick(b).id;
    const action = b % 5;
    if (action === 0) raft.transferLeader(other);
    else if (action === 1) raft.compact(Math.max(raft.log.offset, raft.applied - (b % 3)));
    else if (action === 2) raft.reportUnreachable(other);
    else if (action === 3) raft.reportSnapshot(other, b % 2 === 0);
    else this.changeMembers(member, other, b);
  }

  private changeMembers(member: Member, other: number, b: number): void {
    const { raft } = member;
    const bit = 1 << other;
    const kinds: ConfChangeKind[] = ['addNode', 'removeNode', 'addLearner'];
    const kind = kinds[(b >> 3) % 3];
    // A learner is never made of a voter (etcd's server refuses), and members 1 and 2 remain.
    if (kind === 'addLearner' && (raft.voters & bit) !== 0) return;
    if (kind !== 'addNode' && other <= 2) return;
    raft.proposeConfChange(kind, other, 10);
  }

  private check(): void {
    this.cluster.check();
  }

  /** Everything works again: within a bounded time all agree, and a proposal gets through. */
  heal(): void {
    const { cluster } = this;
    this.cut = 0;
    for (const member of cluster.members) {
      if (!member.up) cluster.restart(member);
      for (const other of cluster.members) member.raft.reportSnapshot(other.id, false);
    }
    const proposal = 1_000_000;
    for (let round = 0; round < 400; round++) {
      for (const member of cluster.members) if (member.up) member.raft.tick();
      cluster.settle();
      cluster.checkLogs();
      const leader = cluster.leader();
      if (!leader) continue;
      if (!leader.raft.voterIds().includes(leader.id)) {
        cluster.crash(leader); // it removed itself: etcd's server stops
        continue;
      }
      if (round % 20 === 19) leader.raft.propose(proposal, 10); // may be lost with its leader
      if (this.agreed(leader)) return;
    }
    assert.fail(`the group does not recover: ${this.describe()}`);
  }

  private agreed(leader: Member): boolean {
    const last = leader.raft.lastIndex;
    if (leader.raft.applied !== last) return false;
    for (const id of [...leader.raft.voterIds(), ...leader.raft.learnerIds()]) {
      const member = this.cluster.member(id);
      if (member.raft.applied !== last) return false;
      for (let index = 1; index <= last; index++) {
        if (member.applied[index] === '') continue; // came with a snapshot
        assert.equal(member.applied[index], this.cluster.chosen[index]);
      }
    }
    return this.cluster.chosen.some((entry) => entry?.endsWith(':1000000'));
  }

  describe(): string {
    return this.cluster.members
      .map((m) => `${m.id} ${m.up ? m.raft.state : 'down'} t${m.raft.term} c${m.raft.committed}`)
      .join(', ');
  }
}
