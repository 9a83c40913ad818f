/**
 * When a member takes its own snapshots and drops old entries of the raft log (etcd server.go
 * `triggerSnapshot`, `compactRaftLog`).
 *
 * One idea: a follower that needs an entry from before the log is sent the whole file instead. Up
 * to 3.5 the log is cut at each disk snapshot and keeps the catch-up entries; from 3.6 on it is cut
 * every 100 entries.
 * Left out: the two small syncs of a disk snapshot (.snap file, WAL record).
 */

import type { Raft } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';

/** server.go `memorySnapshotCount`. */
const LOG_COMPACT_EVERY = 100;

/** What a log keeper needs of its member. */
export interface LogMember {
  readonly raft: Raft;
  readonly maintenance: { readonly sendingSnapshots: number; diskSnapshot(): void };
}

export class LogKeeper {
  readonly #shared: EtcdShared;
  readonly #member: LogMember;
  /** Index of the last disk snapshot; 0 none yet. */
  snapshotAt = 0;
  #compactedAt = 0;

  constructor(shared: EtcdShared, member: LogMember) {
    this.#shared = shared;
    this.#member = member;
  }

  /** The apply worker has applied up to `index`. */
  onApplied(index: number): void {
    const { scenario, features } = this.#shared;
    const { raft, maintenance } = this.#member;
    // Raft learns at advance, a moment later than the apply worker, what was applied.
    const applied = Math.min(index, raft.applied);
    if (applied - this.snapshotAt > scenario.snapshotCount) {
      this.snapshotAt = applied;
      maintenance.diskSnapshot();
    } else if (features.compactLogOften && applied - this.#compactedAt >= LOG_COMPACT_EVERY) {
      this.#compactedAt = applied;
    } else return;
    raft.createSnapshot(applied);
    this.#compact(applied);
  }

  /** The data is gone, and the snapshots with it. */
  forget(): void {
    this.snapshotAt = 0;
    this.#compactedAt = 0;
  }

  /** Keeps the catch-up entries; waits while snapshots are being sent (`inflightSnapshots`). */
  #compact(applied: number): void {
    const { raft, maintenance } = this.#member;
    if (maintenance.sendingSnapshots > 0) return;
    const to = applied - this.#shared.scenario.snapshotCatchUpEntries;
    if (to > raft.log.offset) raft.compact(to);
  }
}
