/**
 * The apply worker of one member: a single server that takes committed entries in order.
 *
 * One idea: an entry is applied inside the backend's batch-transaction lock, so a commit, a defrag
 * or a compaction batch stops the queue (etcd server.go `applyAll`, schedule.FIFO, batch_tx.go).
 * The response leaves from the member that received the request, after its own apply.
 */

import { assert } from '../../src/core/index.ts';
import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { Backend } from './backend.ts';
import { bucketsApply } from './metrics.ts';
import { revisionFileBytes } from './pages.ts';
import type { EtcdProcess } from './process.ts';
import { Kind, NO_COMPARE } from './proposals.ts';
import type { Raft } from './raft/index.ts';
import { Outcome, type OutcomeCode } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { evaluate, Result } from './state-machine.ts';

/** Warn "apply request took too long" (embed/config.go `WarningApplyDuration`). */
const SLOW_APPLY_NS = 100e6;
/** A lease in the backend's file (estimate). */
const LEASE_FILE_BYTES = 64;

export interface ApplierLinks {
  /** The waiter of this request may be answered. */
  respond(slot: number, generation: number, outcome: OutcomeCode): void;
  /** CPU inside the transaction to notify the watchers of a key, of its group where it has one. */
  notifyNs(key: number, group: number): number;
  /**
   * The entry at `index` is applied here: watchers look, of one group of named keys or (0) all.
   */
  onRevision(index: number, revision: number, group: number): void;
  onGrant(lease: number): void;
  onRevoke(lease: number, done: boolean): void;
  onCompact(revision: number): void;
  onConfChange(entry: number): void;
  /** The applied index moved and the queue is empty or at an entry boundary. */
  onApplied(index: number): void;
}

export class Applier {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  #raft: Raft;
  readonly #backend: Backend;
  readonly #links: ApplierLinks;
  readonly #id: number;
  /** Last entry applied, and last entry handed over by the raft loop. */
  appliedIndex = 0;
  handedIndex = 0;
  applying = false;
  /** The entry that is being applied, kept: a snapshot may take it out of the log meanwhile. */
  #applyingIndex = 0;
  #applyingProposal = 0;
  /** A snapshot is being installed. */
  #suspended = false;
  /**
   * Entries up to here are already in the backend's file: a restart replays them without effect.
   */
  #skipTo = 0;
  #startNs = 0;
  readonly #doneType: number;
  readonly #applyNs: number;
  readonly #applyByteNs: number;
  readonly #tally: Tally;
  readonly #slow: Counter;
  readonly #appliedTotal: Counter;
  readonly #backlog: Level;

  constructor(
    shared: EtcdShared,
    id: number,
    process: EtcdProcess,
    raft: Raft,
    backend: Backend,
    links: ApplierLinks,
  ) {
    this.#shared = shared;
    this.#id = id;
    this.#process = process;
    this.#raft = raft;
    this.#backend = backend;
    this.#links = links;
    const { sim, metrics, constants } = shared;
    const labels = { member: process.name };
    this.#doneType = sim.eventType(`${process.name}/apply/done`, () => this.#onDone());
    this.#applyNs = constants.get('etcd.applyNs');
    this.#applyByteNs = constants.get('etcd.applyByteNs');
    this.#tally = metrics.tally('etcd_server_apply_duration_seconds', labels, {
      unit: 'ns',
      buckets: bucketsApply,
      help: 'Latency of applying a raft entry, waiting for the backend included.',
    });
    this.#slow = metrics.counter('etcd_server_slow_apply_total', labels, {
      help: 'Applies slower than 100 ms.',
    });
    this.#appliedTotal = metrics.counter('etcd_server_proposals_applied_total', labels, {
      help: 'Entries applied.',
    });
    this.#backlog = metrics.level('wavetank_etcd_apply_backlog_entries', labels, {
      help: 'Entries handed to the apply worker and not yet applied.',
    });
  }

  /** Committed entries up to `index` may be applied. */
  hand(index: number): void {
    if (index <= this.handedIndex) return;
    const now = this.#shared.sim.nowNs;
    this.#stampHanded(this.handedIndex + 1, index, now);
    this.handedIndex = index;
    this.#backlog.set(now, this.handedIndex - this.appliedIndex);
    this.kick();
  }

  /** Raft took a snapshot up to `index`: what was to be applied before it is gone from the log. */
  suspend(index: number): void {
    this.#suspended = true;
    this.handedIndex = Math.max(this.handedIndex, index);
  }

  /** The snapshot is installed; what was handed over meanwhile is applied now. */
  resume(index: number): void {
    this.#suspended = false;
    this.appliedIndex = Math.max(this.appliedIndex, index);
    this.#backlog.set(this.#shared.sim.nowNs, this.handedIndex - this.appliedIndex);
    this.kick();
  }

  /** A new life of the process: entries up to `skipTo` are in the file (etcd `consistentIndex`). */
  restart(raft: Raft, skipTo: number): void {
    this.#raft = raft;
    this.appliedIndex = raft.applied;
    this.handedIndex = raft.applied;
    this.applying = false;
    this.#suspended = false;
    this.#skipTo = skipTo;
    this.#backlog.set(this.#shared.sim.nowNs, 0);
  }

  /** Starts the next entry when there is one and the lock is free. */
  kick(): void {
    if (this.applying || this.#suspended || this.appliedIndex >= this.handedIndex) return;
    if (this.#backend.locked) return;
    const index = this.appliedIndex + 1;
    // Raft has taken a snapshot; its installation begins with the next Ready.
    if (index < this.#raft.log.firstIndex) return;
    const now = this.#shared.sim.nowNs;
    this.applying = true;
    this.#startNs = now;
    const proposal = this.#raft.log.proposal(index);
    this.#applyingIndex = index;
    this.#applyingProposal = proposal;
    let work = this.#applyNs;
    if (proposal > 0 && this.appliedIndex >= this.#skipTo) {
      const { proposals, requests } = this.#shared;
      const row = proposals.row(proposal);
      work += this.#applyByteNs * (proposals.keyBytes[row] + proposals.valueBytes[row]);
      work += this.#applyNs * 0.5 * this.#furtherOperations(row);
      if (proposals.key[row] >= 0)
        work += this.#links.notifyNs(proposals.key[row], proposals.group[row]);
      if (
        proposals.origin[row] === this.#id &&
        proposals.incarnation[row] === this.#process.incarnation
      ) {
        const slot = proposals.request[row];
        if (requests.isCurrent(slot, proposals.generation[row])) requests.applying[slot] = now;
      }
    }
    this.#process.execute(work, this.#doneType, 0, 0);
  }

  /** Operations of a txn beyond the first; keys that a lease's end deletes. */
  #furtherOperations(row: number): number {
    const { proposals, leases } = this.#shared;
    if (proposals.kind[row] === Kind.txn) return proposals.count[row] - 1;
    // Copies are entries of their own.
    if (proposals.expected[row] !== NO_COMPARE) return 2 * (proposals.count[row] - 1);
    if (proposals.kind[row] !== Kind.leaseRevoke) return 0;
    const known = proposals.result[row] !== Result.pending;
    return known ? proposals.count[row] : leases.keyCount(proposals.lease[row]);
  }

  #stampHanded(from: number, to: number, now: number): void {
    const { proposals, requests } = this.#shared;
    const { log } = this.#raft;
    for (let index = Math.max(from, log.firstIndex); index <= to; index++) {
      const proposal = log.proposal(index);
      if (proposal <= 0) continue;
      const row = proposals.row(proposal);
      if (proposals.origin[row] !== this.#id) continue;
      const slot = proposals.request[row];
      if (requests.isCurrent(slot, proposals.generation[row])) requests.handed[slot] = now;
    }
  }

  #onDone(): void {
    const now = this.#shared.sim.nowNs;
    assert(this.applying, 'an apply ended that had not begun');
    this.applying = false;
    const index = this.#applyingIndex;
    const proposal = this.#applyingProposal;
    this.appliedIndex = Math.max(this.appliedIndex, index);
    this.#appliedTotal.add();
    this.#backlog.set(now, this.handedIndex - this.appliedIndex);
    this.#tally.record(now - this.#startNs);
    if (now - this.#startNs > SLOW_APPLY_NS) this.#slow.add();
    if (proposal < 0) this.#links.onConfChange(proposal);
    else if (index > this.#skipTo) this.#apply(index, proposal);
    this.#links.onApplied(index);
    this.#backend.tryCommit();
    this.kick();
  }

  #apply(index: number, proposal: number): void {
    const { proposals, keys } = this.#shared;
    const row = proposals.row(proposal);
    const first = index > keys.appliedMax;
    if (first) {
      keys.appliedMax = index;
      evaluate(this.#shared, row, index);
    }
    const committing = this.#account(row, index);
    if (committing) this.#backend.commitNow(() => this.#finish(row));
    else this.#finish(row);
  }

  /** The entry took effect here: its waiter, if it waits at this member, is answered. */
  #finish(row: number): void {
    const { proposals, requests } = this.#shared;
    if (proposals.kind[row] === Kind.leaseRevoke)
      this.#links.onRevoke(proposals.lease[row], proposals.result[row] === Result.done);
    if (proposals.origin[row] !== this.#id) return;
    const value = proposals.value[row];
    // The ring is long: it must not keep contents that are gone everywhere else.
    proposals.value[row] = null;
    if (proposals.incarnation[row] !== this.#process.incarnation) return;
    const slot = proposals.request[row];
    const generation = proposals.generation[row];
    if (!requests.isCurrent(slot, generation)) return;
    requests.applied[slot] = this.#shared.sim.nowNs;
    requests.lease[slot] = proposals.lease[row];
    const result = proposals.result[row];
    if (proposals.expected[row] !== NO_COMPARE) {
      requests.matched[slot] = result === Result.compareFailed ? 0 : 1;
      requests.value[slot] = value;
    }
    requests.revision[slot] = proposals.revision[row];
    const outcome =
      result === Result.noSpace
        ? Outcome.noSpace
        : result === Result.notFound
          ? Outcome.notFound
          : Outcome.ok;
    this.#links.respond(slot, generation, outcome);
  }

  /**
   * What the entry does to this member's backend, watchers and lessor; true where it must commit.
   */
  #account(row: number, index: number): boolean {
    const { proposals, features } = this.#shared;
    if (proposals.result[row] !== Result.done) return false;
    const keyBytes = proposals.keyBytes[row];
    const count = proposals.count[row];
    switch (proposals.kind[row]) {
      case Kind.put:
      case Kind.txn: {
        const operations = Math.max(1, count);
        const bytes = revisionFileBytes(keyBytes, proposals.valueBytes[row]);
        this.#backend.write(operations, bytes * operations);
        this.#links.onRevision(index, proposals.revision[row], 0);
        return false;
      }
      case Kind.compareAndPut: {
        const bytes = revisionFileBytes(keyBytes, proposals.valueBytes[row]);
        this.#backend.write(count, bytes * count);
        this.#links.onRevision(index, proposals.revision[row], proposals.group[row]);
        return false;
      }
      case Kind.compareAndDelete:
        this.#backend.write(count, revisionFileBytes(keyBytes, 0) * count);
        this.#links.onRevision(index, proposals.revision[row], proposals.group[row]);
        return false;
      case Kind.delete:
        this.#backend.write(1, revisionFileBytes(keyBytes, 0));
        this.#links.onRevision(index, proposals.revision[row], 0);
        return false;
      case Kind.leaseGrant:
        this.#backend.write(1, LEASE_FILE_BYTES);
        this.#links.onGrant(proposals.lease[row]);
        return false;
      case Kind.leaseRevoke:
        this.#backend.write(1 + count, revisionFileBytes(keyBytes, 0) * count + LEASE_FILE_BYTES);
        this.#links.onRevision(index, proposals.revision[row], 0);
        return features.revokeCommits;
      case Kind.compact:
        this.#links.onCompact(count);
        return false;
      default:
        return false;
    }
  }
}
