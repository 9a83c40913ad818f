/**
 * A raft group in memory for tests: members, their disks, the messages between them. Every test
 * that moves it calls `check`, which holds the invariants of the raft paper (figure 3).
 */
import * as assert from 'node:assert';
import {
  decodeConfChange,
  EMPTY_ENTRY,
  isConfChange,
  type Message,
  MessagePool,
  Raft,
  type RaftOptions,
  type RaftPersisted,
  Ready,
} from '../../../models/etcd/raft/index.ts';

export interface ClusterOptions extends Partial<Omit<RaftOptions, 'id' | 'pool' | 'random'>> {
  readonly voters: readonly number[];
  /** The randomised part of a member's election timeout, in [0, n). Default: 0. */
  readonly draw?: (id: number, n: number) => number;
}

export class Member {
  readonly id: number;
  raft: Raft;
  readonly out = new Ready();
  /** The turn of a Ready has begun and not ended. */
  busy = false;
  /** The Ready under way is on disk. */
  persisted = false;
  up = true;
  disk: RaftPersisted | null = null;
  /** What this member has applied, by index: '<term>:<proposal>'; '' before a snapshot. */
  applied: string[] = [];
  readonly readStates: { readId: number; index: number }[] = [];

  constructor(id: number, raft: Raft) {
    this.id = id;
    this.raft = raft;
  }
}

export class Cluster {
  readonly pool = new MessagePool();
  readonly members: Member[] = [];
  readonly options: ClusterOptions;
  /** In flight, in the order in which they were sent. */
  inFlight: Message[] = [];
  onMessage: (m: Message) => void = () => {};

  /** Leader of each term, and each entry that anybody has applied. */
  private readonly leaders = new Map<number, number>();
  readonly chosen: string[] = [];
  /** By index: term of the member that applied it first; leaders from then on must hold it. */
  private readonly chosenIn: number[] = [];
  private readonly watermarks: { term: number; committed: number }[] = [];

  constructor(options: ClusterOptions) {
    this.options = options;
    for (const id of [...options.voters, ...(options.learners ?? [])]) this.add(id);
  }

  /** A member of the configuration, or one that is still to be added to it. */
  add(id: number): Member {
    const raft = new Raft(this.raftOptions(id), null);
    const member = new Member(id, raft);
    this.members.push(member);
    this.members.sort((a, b) => a.id - b.id);
    return member;
  }

  private raftOptions(id: number): RaftOptions {
    const { draw = () => 0 } = this.options;
    return {
      electionTicks: 10,
      heartbeatTicks: 1,
      preVote: false,
      checkQuorum: false,
      selfAck: 'persist',
      maxInflight: 512,
      maxMessageBytes: 1 << 20,
      ...this.options,
      random: (n) => draw(id, n),
      id,
      pool: this.pool,
    };
  }

  member(id: number): Member {
    const member = this.members.find((m) => m.id === id);
    assert.ok(member, `no member ${id}`);
    return member;
  }

  leader(): Member | null {
    let best: Member | null = null;
    for (const member of this.members) {
      if (!member.up || member.raft.state !== 'leader') continue;
      if (best === null || member.raft.term > best.raft.term) best = member;
    }
    return best;
  }

  // --- The loop of a member, in the steps of etcd's server/etcdserver/raft.go `start` -----------

  /** Takes a Ready. A leader sends before it writes, everybody else afterwards. */
  begin(member: Member): void {
    member.raft.ready(member.out);
    member.busy = true;
    member.persisted = false;
    if (member.out.state === 'leader') this.sendAll(member);
  }

  persist(member: Member): void {
    member.raft.persist(member.out);
    member.persisted = true;
  }

  end(member: Member): void {
    if (!member.persisted) this.persist(member);
    const { out, raft } = member;
    if (out.state !== 'leader') this.sendAll(member);
    if (out.snapshotIndex !== 0) this.install(member, out.snapshotIndex);
    for (let index = out.committedFrom; index <= out.committedTo; index++)
      this.apply(member, index);
    for (let i = 0; i < out.readCount; i++) {
      member.readStates.push({ readId: out.readIds[i], index: out.readIndexes[i] });
    }
    member.busy = false;
    raft.advance(out);
  }

  turn(member: Member): void {
    this.begin(member);
    this.end(member);
  }

  private sendAll(member: Member): void {
    const { messages } = member.out;
    for (let i = 0; i < messages.count; i++) {
      this.inFlight.push(messages.items[i]);
      this.onMessage(messages.items[i]);
    }
    messages.clear();
  }

  private install(member: Member, index: number): void {
    for (let i = 1; i <= index; i++) member.applied[i] = member.applied[i] ?? this.chosen[i] ?? '';
  }

  private apply(member: Member, index: number): void {
    const { log } = member.raft;
    const proposal = log.proposal(index);
    const entry = `${log.term(index)}:${proposal}`;
    assert.ok(
      this.chosen[index] === undefined || this.chosen[index] === entry,
      `member ${member.id} applies ${entry} at ${index}, another one applied ${this.chosen[index]}`,
    );
    this.chosen[index] = entry;
    this.chosenIn[index] ??= member.raft.term;
    member.applied[index] = entry;
    if (!isConfChange(proposal)) return;
    const change = decodeConfChange(proposal);
    member.raft.applyConfChange(change.kind, change.node);
  }

  // --- Network ----------------------------------------------------------------------------------

  /** Hands over the message at this position in flight; members that are down get nothing. */
  deliver(at: number): void {
    const [message] = this.inFlight.splice(at, 1);
    const member = this.members.find((m) => m.id === message.to);
    if (member?.up) member.raft.step(message);
    this.pool.release(message);
  }

  drop(at: number): void {
    const [message] = this.inFlight.splice(at, 1);
    this.pool.release(message);
  }

  duplicate(at: number): void {
    this.inFlight.push(this.pool.copy(this.inFlight[at]));
  }

  /** Turns and deliveries until nothing happens any more. `reaches` is asked per message. */
  settle(reaches: (m: Message) => boolean = () => true): void {
    for (let round = 0; ; round++) {
      assert.ok(round < 10_000, 'the group does not come to rest');
      let busy = false;
      for (const member of this.members) {
        if (!member.up) continue;
        if (member.busy) this.end(member);
        while (member.raft.hasReady()) {
          this.turn(member);
          busy = true;
        }
      }
      while (this.inFlight.length > 0) {
        busy = true;
        if (reaches(this.inFlight[0])) this.deliver(0);
        else this.drop(0);
      }
      this.check();
      if (!busy) return;
    }
  }

  // --- Crashes ----------------------------------------------------------------------------------

  crash(member: Member): void {
    const { messages } = member.out;
    if (member.busy) for (let i = 0; i < messages.count; i++) this.pool.release(messages.items[i]);
    messages.clear();
    member.disk = member.raft.crash();
    member.up = false;
    member.busy = false;
  }

  restart(member: Member): void {
    assert.ok(!member.up && member.disk);
    member.raft = new Raft(this.raftOptions(member.id), member.disk);
    member.disk = null;
    member.up = true;
    member.applied = member.applied.slice(0, member.raft.applied + 1);
    // What was not on disk yet may go back.
    this.watermarks[member.id] = { term: member.raft.term, committed: member.raft.committed };
  }

  // --- Invariants -------------------------------------------------------------------------------

  check(): void {
    for (const member of this.members) {
      if (!member.up) continue;
      const { raft } = member;
      assert.ok(raft.applied <= raft.committed && raft.committed <= raft.lastIndex);
      assert.ok(raft.log.stable <= raft.log.handedOut && raft.log.handedOut <= raft.lastIndex);
      const mark = this.watermarks[member.id] ?? { term: 0, committed: 0 };
      assert.ok(raft.term >= mark.term, `the term of ${member.id} goes back`);
      assert.ok(raft.committed >= mark.committed, `the commit index of ${member.id} goes back`);
      this.watermarks[member.id] = { term: raft.term, committed: raft.committed };
      if (raft.state === 'leader') this.checkLeader(member);
    }
  }

  private checkLeader(member: Member): void {
    const { raft } = member;
    const other = this.leaders.get(raft.term);
    assert.ok(
      other === undefined || other === member.id,
      `term ${raft.term} has two leaders: ${other} and ${member.id}`,
    );
    this.leaders.set(raft.term, member.id);
    // Leader completeness: the log holds all that was chosen up to this leader's term.
    for (let index = raft.log.firstIndex; index < this.chosen.length; index++) {
      if (this.chosenIn[index] > raft.term) continue;
      assert.ok(
        index <= raft.lastIndex,
        `leader ${member.id} of term ${raft.term} lacks entry ${index}`,
      );
      const entry = `${raft.log.term(index)}:${raft.log.proposal(index)}`;
      assert.equal(entry, this.chosen[index], `leader ${member.id} holds another entry ${index}`);
    }
  }

  /** Log matching: two logs with one (index, term) in common agree on everything before it. */
  checkLogs(): void {
    for (const a of this.members) {
      for (const b of this.members) {
        if (a.id >= b.id || !a.up || !b.up) continue;
        const x = a.raft.log;
        const y = b.raft.log;
        let agreed = false;
        const first = Math.max(x.firstIndex, y.firstIndex);
        for (let index = Math.min(x.lastIndex, y.lastIndex); index >= first; index--) {
          agreed ||= x.term(index) === y.term(index);
          if (!agreed) continue;
          assert.equal(x.term(index), y.term(index), `terms of ${a.id}, ${b.id} at ${index}`);
          assert.equal(x.proposal(index), y.proposal(index), `entries of ${a.id}, ${b.id}`);
        }
      }
    }
  }
}

/** An entry as tests print it: term/index and what it is. */
export function entryText(index: number, term: number, proposal: number): string {
  if (proposal === EMPTY_ENTRY) return `${term}/${index} empty`;
  if (!isConfChange(proposal)) return `${term}/${index} p${proposal}`;
  const change = decodeConfChange(proposal);
  return `${term}/${index} ${change.kind} ${change.node}`;
}
