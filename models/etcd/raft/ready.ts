/**
 * What one turn of a member's loop has to persist, send, apply and answer.
 *
 * Source: etcd-io/raft v3.6.0 node.go `Ready`, rawnode.go. One object is reused for all turns of a
 * member. Ranges are inclusive and empty where `to` < `from`; entries are read from `raft.log`.
 */
import { MessageList } from './message.ts';

export type RaftState = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export class Ready {
  /** Entries to write to the WAL, and the sum of their encoded sizes. */
  entriesFrom = 1;
  entriesTo = 0;
  entriesBytes = 0;
  /** Term, vote or commit differ from the last Ready: one HardState record. */
  hardStateChanged = false;
  term = 0;
  vote = 0;
  commit = 0;
  /** The WAL must be synced: entries, or term or vote changed (rawnode.go `MustSync`). */
  mustSync = false;
  /** Leader or role differ from the last Ready. */
  softStateChanged = false;
  lead = 0;
  state: RaftState = 'follower';
  /** Committed entries to hand to the applier: at most 1 MiB of them. */
  committedFrom = 1;
  committedTo = 0;
  committedBytes = 0;
  /**
   * A snapshot to save and to install before anything is applied; index 0: none. Saving it takes
   * syncs of its own, whatever `mustSync` says (etcd v3.6 server/storage/storage.go `SaveSnap`).
   */
  snapshotIndex = 0;
  snapshotTerm = 0;
  /** To send; the receiver of this Ready owns them and releases them to the pool. */
  readonly messages = new MessageList();
  /** Answered reads: `readIds[i]` may be served once `readIndexes[i]` is applied. */
  readonly readIds: number[] = [];
  readonly readIndexes: number[] = [];
  readCount = 0;

  /** Raft's own steps at advance (rawnode.go stepsOnAdvance): see Raft.advance. */
  selfAckIndex = 0;
  selfVote: 'none' | 'preVote' | 'vote' = 'none';
  selfVoteTerm = 0;

  get entryCount(): number {
    return this.entriesTo < this.entriesFrom ? 0 : this.entriesTo - this.entriesFrom + 1;
  }

  get committedCount(): number {
    return this.committedTo < this.committedFrom ? 0 : this.committedTo - this.committedFrom + 1;
  }
}
