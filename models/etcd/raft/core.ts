/**
 * State of one member of a raft group, its role changes and its outbox.
 *
 * Raft (raft.ts) is what others use; leader.ts and follower.ts hold what each role does with a
 * message. Fields are public among these files and read-only to everybody else.
 * Source: etcd-io/raft v3.6.0 raft.go.
 */
import { assert } from '../../../src/core/index.ts';
import { idsOf } from './conf-change.ts';
import { RaftLog } from './log.ts';
import {
  type EntryBuffer,
  type Message,
  MessageList,
  type MessagePool,
  type MessageType,
} from './message.ts';
import { Progress } from './progress.ts';
import { committedIndex, sizeOf, type VoteResult, voteResult } from './quorum.ts';
import { ReadOnlyQueue } from './read-only.ts';
import type { RaftState } from './ready.ts';

export interface RaftOptions {
  /** 1-based, at most 30. */
  readonly id: number;
  /**
   * Initial configuration of the group: what held before the first entry of its log, so for a
   * member that joins later still the original one, without itself. A restarted member has its own.
   */
  readonly voters: readonly number[];
  readonly learners?: readonly number[];
  /** Election timeout in ticks; etcd: 10. > heartbeatTicks. */
  readonly electionTicks: number;
  /** Heartbeat interval in ticks; etcd: 1. */
  readonly heartbeatTicks: number;
  /** etcd: off up to 3.4, on from 3.5. */
  readonly preVote: boolean;
  /** etcd: always on. */
  readonly checkQuorum: boolean;
  /**
   * When the member's own log and vote count. 'append': at once (raft of etcd <= 3.5, together with
   * that version's flow control). 'persist': once they are on disk (3.6 and later).
   */
  readonly selfAck: 'append' | 'persist';
  /** MsgApps in flight to one follower; etcd: 512. */
  readonly maxInflight: number;
  /** Entries of one message, and committed entries of one Ready, in bytes; etcd: 1 MiB. */
  readonly maxMessageBytes: number;
  /** Uniform integer in [0, n): the randomised timeout, drawn once a term or role change. */
  readonly random: (n: number) => number;
  /** Messages of one Ready to one member share a record. Default true; false is the slow oracle. */
  readonly coalesce?: boolean;
  readonly pool: MessagePool;
}

/** What a member finds on its disk when it starts again. */
export interface RaftPersisted {
  term: number;
  vote: number;
  commit: number;
  log: RaftLog;
  /** Configuration as bit sets of ids. */
  voters: number;
  learners: number;
  /** Entries up to here are not handed out again (Config.Applied); at least log.offset. */
  applied: number;
}

/** A log and the configuration that it goes with, as bit sets of ids. */
interface DiskState {
  readonly log: RaftLog;
  readonly voters: number;
  readonly learners: number;
}

/** Own messages of a Ready, sent to nobody. */
export type SelfVote = 'none' | 'preVote' | 'vote';

/** Postponed reads of a leader that has not committed in its term; more are dropped. */
export const POSTPONED_READS_MAX = 4096;

export class RaftCore {
  readonly id: number;
  readonly options: RaftOptions;
  readonly pool: MessagePool;
  log: RaftLog;
  state: RaftState = 'follower';
  term = 0;
  vote = 0;
  /** Leader of this term as far as known; 0: none. */
  lead = 0;
  committed = 0;
  /** Last index that was handed to the applier and advanced. */
  applied = 0;
  /** Target of a leadership transfer under way; 0: none. */
  transferee = 0;
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** This term's election timeout in ticks: electionTicks .. 2 electionTicks - 1. */
  randomizedTimeout = 0;

  /** Configuration: bit sets, and their ids in order. */
  voters = 0;
  learners = 0;
  memberIds: readonly number[] = [];
  /** By id; null for ids outside of the configuration. */
  readonly progress: (Progress | null)[] = [];
  /** Conf changes are refused while this index is not applied. */
  pendingConfIndex = 0;

  /** Index of a snapshot that a Ready still has to install; 0: none. */
  pendingSnapshot = 0;
  /** The pending snapshot that the Ready under way has handed out; 0: none. */
  handedSnapshot = 0;
  /** What a pending snapshot will replace, still all that the disk holds. */
  onDisk: DiskState | null = null;
  /** What it will hold when the Ready under way is on disk, if another snapshot came meanwhile. */
  onDiskNext: DiskState | null = null;
  readonly reads = new ReadOnlyQueue();
  /** Reads postponed until this leader commits in its term: id and origin, alternating. */
  readonly postponedReads: number[] = [];
  readonly readIds: number[] = [];
  readonly readIndexes: number[] = [];
  readCount = 0;

  readonly outbox = new MessageList();
  /** Answers that may leave once what they promise is on disk. */
  readonly afterAppend = new MessageList();
  selfAckIndex = 0;
  selfVote: SelfVote = 'none';
  selfVoteTerm = 0;

  private votesGranted = 0;
  private votesRejected = 0;
  /** By id: the MsgApp in the outbox that further entries may join. */
  readonly openApp: (Message | null)[] = [];
  private openAnswer: Message | null = null;
  private openProp: Message | null = null;
  private readonly acks = new Float64Array(32);

  constructor(options: RaftOptions, persisted: RaftPersisted | null) {
    assert(options.electionTicks > options.heartbeatTicks, 'raft: election <= heartbeat ticks');
    assert(options.heartbeatTicks > 0, 'raft: heartbeat ticks must be positive');
    this.id = options.id;
    this.options = options;
    this.pool = options.pool;
    this.log = persisted?.log ?? new RaftLog();
  }

  /** True for the raft of etcd <= 3.5. */
  get legacy(): boolean {
    return this.options.selfAck === 'append';
  }

  get lastIndex(): number {
    return this.log.lastIndex;
  }

  get isLearner(): boolean {
    return (this.learners & (1 << this.id)) !== 0;
  }

  get promotable(): boolean {
    return (this.voters & (1 << this.id)) !== 0 && this.pendingSnapshot === 0;
  }

  /** One voter, even if it is another member: a leader may have removed itself (`IsSingleton`). */
  get singleton(): boolean {
    return sizeOf(this.voters) === 1;
  }

  // --- Roles -----------------------------------------------------------------------------------

  becomeFollower(term: number, lead: number): void {
    this.reset(term);
    this.lead = lead;
    this.state = 'follower';
  }

  becomePreCandidate(): void {
    assert(this.state !== 'leader', 'raft: a leader cannot campaign');
    this.resetVotes(); // neither the term nor the timeout are touched
    this.lead = 0;
    this.state = 'preCandidate';
  }

  becomeCandidate(): void {
    assert(this.state !== 'leader', 'raft: a leader cannot campaign');
    this.reset(this.term + 1);
    this.vote = this.id;
    this.state = 'candidate';
  }

  becomeLeader(): void {
    assert(this.state !== 'follower', 'raft: a follower cannot become leader at once');
    this.reset(this.term);
    this.lead = this.id;
    this.state = 'leader';
    const own = this.progress[this.id];
    assert(own !== null, 'raft: a leader must be a member');
    own.becomeReplicate();
    own.recentActive = true;
    // Conservative: a conf change may be among the entries that are not applied yet.
    this.pendingConfIndex = this.log.lastIndex;
  }

  /** Everything that a change of term or role forgets. Draws the randomised timeout. */
  private reset(term: number): void {
    if (this.term !== term) {
      this.term = term;
      this.vote = 0;
    }
    this.lead = 0;
    this.electionElapsed = 0;
    this.heartbeatElapsed = 0;
    const ticks = this.options.electionTicks;
    this.randomizedTimeout = ticks + this.options.random(ticks);
    this.transferee = 0;
    this.resetVotes();
    for (const id of this.memberIds) {
      this.progress[id]!.reset(id === this.id ? this.log.lastIndex : 0, this.log.lastIndex + 1);
    }
    this.pendingConfIndex = 0;
    this.reads.clear();
  }

  // --- Votes and commit ------------------------------------------------------------------------

  resetVotes(): void {
    this.votesGranted = 0;
    this.votesRejected = 0;
  }

  /** Counts a vote; a member's first answer stands (tracker.go `RecordVote`). */
  recordVote(id: number, granted: boolean): VoteResult {
    const bit = 1 << id;
    if (((this.votesGranted | this.votesRejected) & bit) === 0) {
      if (granted) this.votesGranted |= bit;
      else this.votesRejected |= bit;
    }
    return voteResult(this.voters, this.votesGranted, this.votesRejected);
  }

  /** Commits what a majority holds, if it is of this term (raft paper 5.4.2). */
  maybeCommit(): boolean {
    let n = 0;
    for (const id of this.memberIds) {
      if ((this.voters & (1 << id)) !== 0) this.acks[n++] = this.progress[id]!.match;
    }
    const index = committedIndex(this.acks, n);
    if (index <= this.committed || this.log.term(index) !== this.term) return false;
    this.committed = index;
    return true;
  }

  commitTo(index: number): void {
    if (index <= this.committed) return;
    assert(index <= this.log.lastIndex, 'raft: commit index beyond the log');
    this.committed = index;
  }

  get committedInTerm(): boolean {
    return this.log.term(this.committed) === this.term;
  }

  // --- Outbox ----------------------------------------------------------------------------------

  send(type: MessageType, to: number): Message {
    const message = this.pool.acquire(type, this.id, to, this.term);
    this.outbox.push(message);
    return message;
  }

  /** A vote's answer, in the term that the request named. */
  sendVoteResponse(type: 'voteResp' | 'preVoteResp', to: number, term: number): Message {
    const message = this.pool.acquire(type, this.id, to, term);
    this.afterAppend.push(message);
    return message;
  }

  /**
   * MsgAppResp. Only the last one of a Ready leaves the member (etcd v3.6 server/etcdserver/raft.go
   * `processMessages`), so a later one overwrites an earlier one here.
   */
  sendAnswer(to: number, index: number): Message {
    let message = this.openAnswer;
    if (message === null || this.options.coalesce === false) {
      message = this.pool.acquire('appResp', this.id, to, this.term);
      this.afterAppend.push(message);
      this.openAnswer = message;
    }
    message.to = to;
    message.term = this.term;
    message.index = index;
    message.logTerm = 0;
    message.reject = false;
    message.rejectHint = 0;
    return message;
  }

  /** Entries of the MsgProp to `to` in the outbox, for one more. */
  forwardedProposals(to: number): EntryBuffer {
    let message = this.openProp;
    if (
      message === null ||
      this.options.coalesce === false ||
      message.to !== to ||
      message.entries.bytes >= this.options.maxMessageBytes
    ) {
      message = this.send('prop', to);
      message.term = 0;
      message.messageCount = 0;
      this.openProp = message;
    }
    message.messageCount++;
    return message.entries;
  }

  pushReadState(readId: number, index: number): void {
    this.readIds[this.readCount] = readId;
    this.readIndexes[this.readCount] = index;
    this.readCount++;
  }

  /** The outbox was handed out: nothing may join its messages any more. */
  protected closeOutbox(): void {
    this.outbox.clear();
    this.afterAppend.clear();
    this.openAnswer = null;
    this.openProp = null;
    for (let id = 0; id < this.openApp.length; id++) this.openApp[id] = null;
  }

  // --- Configuration ---------------------------------------------------------------------------

  /**
   * Takes over a snapshot: the log restarts after it. False when it is of no use: older than what
   * is committed, contained in the log, or not for a member.
   */
  restore(index: number, term: number, voters: number, learners: number): boolean {
    if (index <= this.committed) return false;
    if (((voters | learners) & (1 << this.id)) === 0) return false;
    if (this.log.term(index) === term) {
      this.commitTo(index); // the log has it all: no need to install anything
      return false;
    }
    const replaced = { log: this.log, voters: this.voters, learners: this.learners };
    if (this.onDisk === null) this.onDisk = replaced;
    else if (this.handedSnapshot === this.pendingSnapshot) this.onDiskNext = replaced;
    this.log = new RaftLog();
    this.log.restart(index, term);
    this.committed = index;
    this.pendingSnapshot = index;
    for (const id of this.memberIds) this.progress[id] = null;
    this.setMembers(voters, learners);
    return true;
  }

  /** Takes over a configuration: new members get a progress, removed ones lose theirs. */
  protected setMembers(voters: number, learners: number): void {
    assert((voters & learners) === 0, 'raft: a member is both voter and learner');
    this.voters = voters;
    this.learners = learners;
    this.memberIds = idsOf(voters | learners);
    for (let id = 0; id <= 31; id++) {
      const bit = 1 << id;
      if (id === 0 || ((voters | learners) & bit) === 0) {
        this.progress[id] = null;
        this.openApp[id] = null;
        continue;
      }
      const known = this.progress[id];
      if (known) known.learner = (learners & bit) !== 0;
      else this.progress[id] = this.newProgress((learners & bit) !== 0);
    }
  }

  /** confchange.go `initProgress`: considered active, so that check-quorum gives it a chance. */
  private newProgress(learner: boolean): Progress {
    const progress = new Progress(this.options.maxInflight, learner);
    progress.next = Math.max(this.log.lastIndex, 1);
    progress.recentActive = true;
    return progress;
  }
}
