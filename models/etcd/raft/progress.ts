/**
 * What a leader knows about one member, and the window of messages in flight to it.
 * Source: etcd-io/raft v3.6.0 tracker/progress.go, tracker/inflights.go.
 */
import { assert } from '../../../src/core/index.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** Ring of the last index of each MsgApp in flight. */
export class Inflights {
  count = 0;
  private start = 0;
  private readonly size: number;
  private buffer = new Float64Array(8);

  constructor(size: number) {
    assert(size > 0, 'raft: the in-flight window must not be empty');
    this.size = size;
  }

  get full(): boolean {
    return this.count === this.size;
  }

  add(index: number): void {
    assert(this.count < this.size, 'raft: more messages in flight than the window holds');
    if (this.count === this.buffer.length) this.grow();
    this.buffer[(this.start + this.count) % this.buffer.length] = index;
    this.count++;
  }

  freeTo(index: number): void {
    while (this.count > 0 && this.buffer[this.start] <= index) this.freeFirst();
  }

  freeFirst(): void {
    this.start = (this.start + 1) % this.buffer.length;
    this.count--;
  }

  reset(): void {
    this.start = 0;
    this.count = 0;
  }

  private grow(): void {
    const grown = new Float64Array(Math.min(this.size, this.buffer.length * 2));
    for (let i = 0; i < this.count; i++) {
      grown[i] = this.buffer[(this.start + i) % this.buffer.length];
    }
    this.start = 0;
    this.buffer = grown;
  }
}

export class Progress {
  /** Highest index known to match the leader's log. 0 <= match < next. */
  match = 0;
  /** Index of the next entry to send. */
  next = 1;
  /** Highest commit index in flight to the follower. */
  sentCommit = 0;
  /** probe: one MsgApp per answer or heartbeat. replicate: pipelined. snapshot: nothing. */
  state: ProgressState = 'probe';
  /** Of state snapshot: the index that was sent. */
  pendingSnapshot = 0;
  /** Heard from since the last check of the quorum. Always true for the leader itself. */
  recentActive = false;
  /** MsgApp waits for an answer or a heartbeat response (MsgAppFlowPaused, ProbeSent in 3.5). */
  paused = false;
  learner: boolean;
  readonly inflights: Inflights;

  constructor(maxInflight: number, learner: boolean) {
    this.inflights = new Inflights(maxInflight);
    this.learner = learner;
  }

  reset(match: number, next: number): void {
    this.match = match;
    this.next = next;
    this.sentCommit = 0;
    this.recentActive = false;
    this.enter('probe');
  }

  becomeProbe(): void {
    const pending = this.state === 'snapshot' ? this.pendingSnapshot : 0;
    this.enter('probe');
    this.next = Math.max(this.match + 1, pending + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.enter('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  sentEntries(count: number): void {
    assert(this.state !== 'snapshot', 'raft: entries sent to a member that awaits a snapshot');
    if (this.state === 'probe') {
      if (count > 0) this.paused = true;
      return;
    }
    if (count > 0) {
      this.next += count;
      this.inflights.add(this.next - 1);
    }
    this.paused = this.inflights.full;
  }

  canBumpCommit(index: number): boolean {
    return index > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** An acknowledgement; false when it tells nothing new. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.paused = false;
    return true;
  }

  /** A rejection of the MsgApp after `rejected`; false when it is stale. */
  maybeDecreaseTo(rejected: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      this.sentCommit = Math.min(this.sentCommit, this.match);
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    this.paused = false;
    return true;
  }

  private enter(state: ProgressState): void {
    this.paused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}
