/**
 * One member of a raft group, as etcd runs it: a pure state machine without time, disk or network.
 *
 * The owner ticks it, steps what arrives and, one turn at a time, takes a Ready: persists its
 * entries and hard state, sends its messages, applies its committed entries, then advances.
 * Everything that raft promises others leaves with the Ready whose entries it depends on.
 *
 * Left out: joint consensus, ReadOnlyLeaseBased, MsgForgetLeader, asynchronous storage writes,
 * the limit on uncommitted bytes; etcd's server uses none of them. Of raft <= 3.4, rejection hints
 * without a term.
 * Evidence: etcd-io/raft v3.6.0 raft.go, rawnode.go; etcd-io/etcd v3.5 raft/raft.go for
 * `selfAck: 'append'`. docs/models/raft.md.
 */
import { assert } from '../../../src/core/index.ts';
import { type ConfChangeKind, encodeConfChange, idsOf, setOf } from './conf-change.ts';
import { RaftCore, type RaftOptions, type RaftPersisted } from './core.ts';
import {
  forwardProposal,
  forwardReadIndex,
  handleVoteRequest,
  handleVoteResponse,
  inLease,
  startCampaign,
  stepCandidate,
  stepFollower,
} from './follower.ts';
import {
  acknowledgeSelf,
  broadcastAppend,
  broadcastHeartbeat,
  checkQuorum,
  maybeSendAppend,
  proposeAsLeader,
  readIndexAsLeader,
  startTransfer,
  stepLeader,
} from './leader.ts';
import type { Message } from './message.ts';
import type { Progress } from './progress.ts';
import type { RaftState, Ready } from './ready.ts';

/** 'noLeader': etcd's node keeps the proposal waiting; 'dropped': ErrProposalDropped. */
export type ProposeResult = 'ok' | 'dropped' | 'noLeader';

export class Raft extends RaftCore {
  /** What the last Ready handed out. */
  private priorTerm: number;
  private priorVote: number;
  private priorCommit: number;
  private priorLead = 0;
  private priorState: RaftState = 'follower';
  /** What is on disk. */
  private diskTerm: number;
  private diskVote: number;
  private diskCommit: number;
  /** Between ready and advance. */
  private inReady = false;

  constructor(options: RaftOptions, persisted: RaftPersisted | null = null) {
    super(options, persisted);
    const voters = persisted?.voters ?? setOf(options.voters);
    const learners = persisted?.learners ?? setOf(options.learners ?? []);
    this.setMembers(voters, learners);
    this.term = persisted?.term ?? 0;
    this.vote = persisted?.vote ?? 0;
    this.committed = Math.max(persisted?.commit ?? 0, this.log.offset);
    this.applied = Math.max(persisted?.applied ?? 0, this.log.offset);
    assert(this.committed <= this.log.lastIndex, 'raft: persisted commit beyond the log');
    assert(this.applied <= this.committed, 'raft: applied beyond what is committed');
    this.priorTerm = this.term;
    this.priorVote = this.vote;
    this.priorCommit = this.committed;
    this.diskTerm = this.term;
    this.diskVote = this.vote;
    this.diskCommit = this.committed;
    this.becomeFollower(this.term, 0);
  }

  // --- Time --------------------------------------------------------------------------------------

  /** One heartbeat interval has passed on this member's ticker. */
  tick(): void {
    if (this.state === 'leader') {
      this.tickHeartbeat();
      return;
    }
    this.electionElapsed++;
    if (this.promotable && this.electionElapsed >= this.randomizedTimeout) {
      this.electionElapsed = 0;
      this.campaign();
    }
  }

  private tickHeartbeat(): void {
    this.heartbeatElapsed++;
    this.electionElapsed++;
    if (this.electionElapsed >= this.options.electionTicks) {
      this.electionElapsed = 0;
      if (this.options.checkQuorum) checkQuorum(this);
      this.transferee = 0; // it had its time
    }
    if (this.state !== 'leader' || this.heartbeatElapsed < this.options.heartbeatTicks) return;
    this.heartbeatElapsed = 0;
    broadcastHeartbeat(this, this.reads.last);
  }

  // --- Requests ----------------------------------------------------------------------------------

  /** Proposes an entry of `bytes` encoded size; `proposal` is any number >= 0 of the owner's. */
  propose(proposal: number, bytes: number): ProposeResult {
    assert(proposal >= 0, 'raft: proposal numbers below zero are reserved');
    return this.proposeEntry(proposal, bytes);
  }

  proposeConfChange(kind: ConfChangeKind, node: number, bytes: number, request = 0): ProposeResult {
    return this.proposeEntry(encodeConfChange(kind, node, request), bytes);
  }

  private proposeEntry(proposal: number, bytes: number): ProposeResult {
    if (this.lead === 0) return 'noLeader';
    if (this.state === 'leader') return proposeAsLeader(this, proposal, bytes);
    return forwardProposal(this, proposal, bytes) ? 'ok' : 'dropped';
  }

  /** Asks for a read index; the answer comes with a Ready, or never (the caller retries). */
  readIndex(readId: number): void {
    if (this.state === 'leader') readIndexAsLeader(this, readId, this.id);
    else if (this.state === 'follower') forwardReadIndex(this, readId, this.id);
  }

  /** Starts an election now (MsgHup). */
  campaign(): void {
    startCampaign(this, this.options.preVote ? 'preElection' : 'election');
  }

  transferLeader(to: number): void {
    if (this.state === 'leader') startTransfer(this, to);
    else if (this.state === 'follower' && this.lead !== 0) {
      this.send('transferLeader', this.lead).from = to;
    }
  }

  /** The transport could not send to this member. */
  reportUnreachable(id: number): void {
    const progress = this.progressOf(id);
    if (this.state === 'leader' && progress?.state === 'replicate') progress.becomeProbe();
  }

  /** The transport has delivered a snapshot to this member, or given up. */
  reportSnapshot(id: number, ok: boolean): void {
    const progress = this.progressOf(id);
    if (this.state !== 'leader' || progress?.state !== 'snapshot') return;
    if (!ok) progress.pendingSnapshot = 0;
    progress.becomeProbe();
    progress.paused = true; // until an answer (ok), or until the next heartbeat response
  }

  // --- Messages ----------------------------------------------------------------------------------

  /** Handles a message of another member. The caller keeps the message and releases it. */
  step(m: Message): void {
    assert(!m.free && m.to === this.id, 'raft: a message for somebody else');
    if (this.isResponse(m) && this.progressOf(m.from) === null) return; // node.go `run`
    if (m.term > this.term) {
      if (!this.stepHigherTerm(m)) return;
    } else if (m.term < this.term && m.term !== 0) {
      this.stepLowerTerm(m);
      return;
    }
    if (m.type === 'vote' || m.type === 'preVote') handleVoteRequest(this, m);
    else if (this.state === 'leader') stepLeader(this, m);
    else if (this.state === 'follower') stepFollower(this, m);
    else stepCandidate(this, m);
  }

  private isResponse(m: Message): boolean {
    return (
      m.type === 'appResp' ||
      m.type === 'voteResp' ||
      m.type === 'preVoteResp' ||
      m.type === 'heartbeatResp' ||
      (m.type === 'readIndexResp' && !this.legacy)
    );
  }

  /** False: ignored under the vote lease. */
  private stepHigherTerm(m: Message): boolean {
    if ((m.type === 'vote' || m.type === 'preVote') && !m.force && inLease(this)) return false;
    if (m.type === 'preVote' || (m.type === 'preVoteResp' && !m.reject)) return true;
    const fromLeader = m.type === 'app' || m.type === 'heartbeat' || m.type === 'snap';
    this.becomeFollower(m.term, fromLeader ? m.from : 0);
    return true;
  }

  private stepLowerTerm(m: Message): void {
    const { checkQuorum, preVote } = this.options;
    if ((checkQuorum || preVote) && (m.type === 'heartbeat' || m.type === 'app')) {
      // Tells a leader of an older term about ours: a vote's higher term may have been ignored.
      this.sendAnswer(m.from, 0);
    } else if (m.type === 'preVote') {
      this.sendVoteResponse('preVoteResp', m.from, this.term).reject = true;
    }
  }

  // --- Ready -------------------------------------------------------------------------------------

  hasReady(): boolean {
    if (this.inReady) return false;
    return (
      this.outbox.count > 0 ||
      this.afterAppend.count > 0 ||
      this.log.handedOut < this.log.lastIndex ||
      (this.applied < this.committed && this.pendingSnapshot === 0) ||
      this.readCount > 0 ||
      this.hardStateChanged() ||
      this.softStateChanged() ||
      this.pendingSnapshot !== 0 ||
      this.selfVote !== 'none'
    );
  }

  private hardStateChanged(): boolean {
    return (
      this.term !== this.priorTerm ||
      this.vote !== this.priorVote ||
      this.committed !== this.priorCommit
    );
  }

  private softStateChanged(): boolean {
    return this.lead !== this.priorLead || this.state !== this.priorState;
  }

  /** Fills `out` with all there is to do. The next one comes after `advance`. */
  ready(out: Ready): void {
    assert(!this.inReady, 'raft: a second Ready before advance');
    this.inReady = true;
    out.hardStateChanged = this.hardStateChanged();
    out.softStateChanged = this.softStateChanged();
    this.fillEntries(out);
    out.mustSync =
      out.entryCount > 0 || this.term !== this.priorTerm || this.vote !== this.priorVote;
    this.priorTerm = out.term = this.term;
    this.priorVote = out.vote = this.vote;
    this.priorCommit = out.commit = this.committed;
    this.priorLead = out.lead = this.lead;
    this.priorState = out.state = this.state;
    this.fillMessages(out);
    for (let i = 0; i < this.readCount; i++) {
      out.readIds[i] = this.readIds[i];
      out.readIndexes[i] = this.readIndexes[i];
    }
    out.readCount = this.readCount;
    this.readCount = 0;
    out.selfAckIndex = this.selfAckIndex;
    out.selfVote = this.selfVote;
    out.selfVoteTerm = this.selfVoteTerm;
    this.selfAckIndex = 0;
    this.selfVote = 'none';
  }

  private fillEntries(out: Ready): void {
    const log = this.log;
    out.snapshotIndex = this.handedSnapshot = this.pendingSnapshot;
    out.snapshotTerm = this.pendingSnapshot === 0 ? 0 : log.offsetTerm;
    out.entriesFrom = log.handedOut + 1;
    out.entriesTo = log.lastIndex;
    out.entriesBytes = log.bytes(out.entriesFrom, out.entriesTo);
    log.handedOut = log.lastIndex;
    out.committedFrom = this.applied + 1;
    out.committedTo = this.applied;
    if (this.pendingSnapshot === 0) {
      out.committedTo = log.limit(out.committedFrom, this.committed, this.options.maxMessageBytes);
    }
    out.committedBytes = log.bytes(out.committedFrom, out.committedTo);
  }

  private fillMessages(out: Ready): void {
    const { outbox, afterAppend } = this;
    out.messages.clear();
    for (let i = 0; i < outbox.count; i++) out.messages.push(outbox.items[i]);
    for (let i = 0; i < afterAppend.count; i++) out.messages.push(afterAppend.items[i]);
    this.closeOutbox();
  }

  /**
   * The entries, hard state and snapshot of this Ready are on disk: from now on a crash keeps them.
   * Called when the sync ends, before a follower's messages leave; `advance` calls it if nobody
   * did.
   */
  persist(ready: Ready): void {
    this.diskTerm = ready.term;
    this.diskVote = ready.vote;
    this.diskCommit = ready.commit;
    if (this.handedSnapshot !== 0) {
      this.onDisk = this.onDiskNext; // null, unless another snapshot came meanwhile
      this.onDiskNext = null;
      this.handedSnapshot = 0;
    }
    // What was replaced meanwhile comes with the next Ready.
    const log = this.onDisk?.log ?? this.log;
    log.stable = Math.max(log.stable, Math.min(ready.entriesTo, log.handedOut));
  }

  /** All of this Ready is done. Own acknowledgements count now (raft 3.6). */
  advance(ready: Ready): void {
    assert(this.inReady, 'raft: advance without a Ready');
    this.persist(ready);
    this.inReady = false;
    if (ready.selfVote !== 'none') this.countSelfVote(ready);
    if (ready.selfAckIndex > 0 && this.state === 'leader' && this.term === ready.term) {
      acknowledgeSelf(this, ready.selfAckIndex);
    }
    if (ready.snapshotIndex !== 0) {
      if (ready.snapshotIndex === this.pendingSnapshot) this.pendingSnapshot = 0;
      this.applied = Math.max(this.applied, ready.snapshotIndex);
    }
    if (ready.committedTo > this.applied) this.applied = ready.committedTo;
  }

  private countSelfVote(ready: Ready): void {
    if (ready.selfVote === 'preVote') {
      const current = this.state === 'preCandidate' && ready.selfVoteTerm === this.term + 1;
      if (current) handleVoteResponse(this, this.id, true);
    } else if (this.state === 'candidate' && ready.selfVoteTerm === this.term) {
      handleVoteResponse(this, this.id, true);
    }
  }

  // --- Configuration, log and restart ----------------------------------------------------------

  /** Progress of a member, null for ids outside of the configuration. */
  progressOf(id: number): Progress | null {
    return this.progress[id] ?? null;
  }

  voterIds(): number[] {
    return idsOf(this.voters);
  }

  learnerIds(): number[] {
    return idsOf(this.learners);
  }

  /** Applies a committed conf change. 'addNode' of a learner promotes it. */
  applyConfChange(kind: ConfChangeKind, node: number): void {
    const bit = 1 << node;
    let { voters, learners } = this;
    voters = kind === 'addNode' ? voters | bit : voters & ~bit;
    learners = kind === 'addLearner' ? learners | bit : learners & ~bit;
    assert(voters !== 0, 'raft: a configuration needs a voter');
    this.setMembers(voters, learners);
    // A leader that removed itself goes on until its followers elect another one.
    if (this.state !== 'leader' || (voters & (1 << this.id)) === 0) return;
    if (this.maybeCommit()) {
      broadcastAppend(this);
    } else {
      for (const id of this.memberIds) if (id !== this.id) maybeSendAppend(this, id, false);
    }
    if ((voters & (1 << this.transferee)) === 0) this.transferee = 0;
  }

  /** A snapshot of the applied state up to `index` is in storage. */
  createSnapshot(index: number): void {
    assert(index <= this.applied, 'raft: a snapshot of entries that are not applied');
    if (index > this.log.snapshotIndex) this.log.snapshotIndex = index;
  }

  /** Drops entries up to `index`; takes a snapshot there if the latest one is older. */
  compact(index: number): void {
    if (index <= this.log.offset) return;
    assert(index <= this.applied, 'raft: compaction of entries that are not applied');
    this.createSnapshot(index);
    this.log.compact(index);
  }

  /** The process dies: returns what a restarted member finds. This object must not be used on. */
  crash(): RaftPersisted {
    const log = this.onDisk?.log ?? this.log;
    log.truncate(log.stable);
    for (let i = 0; i < this.outbox.count; i++) this.pool.release(this.outbox.items[i]);
    for (let i = 0; i < this.afterAppend.count; i++) this.pool.release(this.afterAppend.items[i]);
    this.closeOutbox();
    return {
      term: this.diskTerm,
      vote: this.diskVote,
      commit: this.diskCommit,
      log,
      voters: this.onDisk?.voters ?? this.voters,
      learners: this.onDisk?.learners ?? this.learners,
      applied: log.offset,
    };
  }
}
