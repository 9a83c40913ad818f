/**
 * bbolt behind etcd: batched transactions and the file they live in.
 *
 * One idea: a commit every batch interval (or batch limit) writes the dirty pages and syncs twice,
 * and holds the batch transaction's lock meanwhile: applies stop and new reads cannot start
 * (etcd backend/backend.go `run`, batch_tx.go `commit`; bbolt tx.go `Commit`).
 * The timer is armed again after the commit ended, so the period is interval + commit.
 * Left out: contents; rebalancing of pages; a freelist that is slow when large (map freelist).
 */

import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { Disk } from '../machine/index.ts';
import { bucketsDefrag, bucketsMilliseconds } from './metrics.ts';
import { PAGE_BYTES } from './pages.ts';
import type { EtcdProcess } from './process.ts';
import type { EtcdShared } from './shared.ts';

/**
 * bbolt grows its file by this much beyond 16 MiB (db.go `AllocSize`), with a truncate and a sync.
 */
const GROW_BYTES = 16 * 1024 * 1024;
/** Branch pages, meta bucket and freelist page that each commit rewrites (estimate). */
const COMMIT_PAGES = 5;

type Holder = 'none' | 'commit' | 'defrag' | 'compaction' | 'watch';
/** Steps of a commit. */
const Step = { write: 0, firstSync: 1, secondSync: 2, grow: 3 } as const;

export interface BackendLinks {
  /** The lock is free again: applies and reads that waited go on. */
  onUnlock(): void;
  /** True while an apply runs inside the lock. */
  isApplying(): boolean;
  /** No space left: etcd ends itself ("failed to commit tx"). */
  onFailure(): void;
  /** Index of the last entry whose effects are in the pending transaction. */
  appliedIndex(): number;
}

export class Backend {
  readonly #shared: EtcdShared;
  readonly #process: EtcdProcess;
  readonly #disk: Disk;
  readonly #links: BackendLinks;
  /** Operations since the last commit; a commit without any does nothing. */
  pending = 0;
  #pendingBytes = 0;
  #holder: Holder = 'none';
  #commitWanted = false;
  #commitStartNs = 0;
  #afterCommit: (() => void)[] = [];
  /** The file holds the effects of entries up to here. */
  committedIndex = 0;
  #committingIndex = 0;
  /** Size of the file, and the part of it on the freelist. */
  fileBytes: number;
  freeBytes = 0;
  /** Read transactions that pin pages: a snapshot being streamed. Freed pages wait for them. */
  #pinned = 0;
  #pinnedFree = 0;
  readonly #timerType: number;
  readonly #stepType: number;
  readonly #holdEndType: number;
  #holdEnd: () => void = () => {};
  #commitNs: number;
  #commitEntryNs: number;
  #commitByteNs: number;
  readonly #commitTally: Tally;
  readonly #defragTally: Tally;
  readonly #size: Level;
  readonly #inUse: Level;
  readonly #commits: Counter;

  constructor(
    shared: EtcdShared,
    process: EtcdProcess,
    disk: Disk,
    startBytes: number,
    links: BackendLinks,
  ) {
    this.#shared = shared;
    this.#process = process;
    this.#disk = disk;
    this.#links = links;
    this.fileBytes = Math.max(64 * 1024, startBytes);
    const { sim, metrics, constants } = shared;
    const name = process.name;
    const labels = { member: name };
    this.#timerType = sim.eventType(`${name}/backend/timer`, (_, incarnation) =>
      this.#onTimer(incarnation),
    );
    this.#stepType = sim.eventType(`${name}/backend/commit`, (step, incarnation) =>
      this.#onStep(step, incarnation),
    );
    this.#holdEndType = sim.eventType(`${name}/backend/hold`, (_, incarnation) => {
      if (!process.isCurrent(incarnation) || process.deferWhilePaused(this.#holdEndType, 0)) return;
      this.#holdEnd();
    });
    this.#commitNs = constants.get('etcd.commitNs');
    this.#commitEntryNs = constants.get('etcd.commitEntryNs');
    this.#commitByteNs = constants.get('etcd.commitByteNs');
    const histogram = { unit: 'ns' as const, buckets: bucketsMilliseconds };
    this.#commitTally = metrics.tally('etcd_disk_backend_commit_duration_seconds', labels, {
      ...histogram,
      help: 'Latency of commits to the backend.',
    });
    this.#defragTally = metrics.tally('etcd_disk_backend_defrag_duration_seconds', labels, {
      unit: 'ns',
      buckets: bucketsDefrag,
      help: 'Latency of defragmentation.',
    });
    this.#size = metrics.level('etcd_mvcc_db_total_size_in_bytes', labels, {
      help: 'Size of the backend file.',
    });
    this.#inUse = metrics.level('etcd_mvcc_db_total_size_in_use_in_bytes', labels, {
      help: 'Size of the backend file less its free pages.',
    });
    this.#commits = metrics.counter('wavetank_etcd_backend_commits_total', labels, {
      help: 'Backend commits.',
    });
  }

  /** Applies stop and new reads cannot start. */
  get locked(): boolean {
    return this.#holder !== 'none';
  }

  get inUseBytes(): number {
    return this.fileBytes - this.freeBytes;
  }

  /** The process (re)starts: nothing is pending and the timer runs. */
  start(): void {
    this.pending = 0;
    this.#pendingBytes = 0;
    this.#holder = 'none';
    this.#commitWanted = false;
    this.#afterCommit = [];
    this.#pinned = 0;
    this.freeBytes += this.#pinnedFree;
    this.#pinnedFree = 0;
    this.#record();
    this.#armTimer();
  }

  /** Operations of one applied entry and the bytes of file they will take. Call inside the lock. */
  write(operations: number, bytes: number): void {
    this.pending += operations;
    this.#pendingBytes += bytes;
    if (this.pending >= this.#shared.scenario.backendBatchLimit) this.#commitWanted = true;
  }

  /**
   * Commit as soon as the lock is free (lease revoke, compaction, snapshot); `then` runs after it.
   */
  commitNow(then?: () => void): void {
    if (then) this.#afterCommit.push(then);
    this.#commitWanted = true;
    this.tryCommit();
  }

  /** Called whenever an apply has ended: a commit that waits for the lock takes it. */
  tryCommit(): void {
    if (!this.#commitWanted || this.#holder !== 'none' || this.#links.isApplying()) return;
    this.#commitWanted = false;
    if (this.pending === 0) {
      this.#runAfterCommit();
      return;
    }
    this.#holder = 'commit';
    this.#commitStartNs = this.#shared.sim.nowNs;
    this.#committingIndex = this.#links.appliedIndex();
    const dirtyBytes = this.#pendingBytes + COMMIT_PAGES * PAGE_BYTES;
    const work =
      this.#commitNs + this.pending * this.#commitEntryNs + dirtyBytes * this.#commitByteNs;
    this.pending = 0;
    this.#process.execute(work, this.#stepType, Step.write, this.#process.incarnation);
  }

  /**
   * Holds the lock for `workNs` of one core and then `syncs` syncs in a row, of `bytes` in all
   * (defrag, compaction batch, watchers that catch up); `then` runs before the lock is free. False
   * where the lock is taken: try again later.
   */
  hold(
    holder: 'defrag' | 'compaction' | 'watch',
    workNs: number,
    syncs: number,
    then: () => void,
    bytes = 0,
  ): boolean {
    if (this.#holder !== 'none' || this.#links.isApplying()) return false;
    this.#holder = holder;
    const startNs = this.#shared.sim.nowNs;
    let left = syncs;
    this.#holdEnd = () => {
      if (left-- > 0) {
        const accepted = this.#disk.fsync(
          Math.max(PAGE_BYTES, Math.round(bytes / syncs)),
          this.#holdEndType,
          0,
          this.#process.incarnation,
        );
        if (!accepted) this.#links.onFailure();
        return;
      }
      then();
      if (holder === 'defrag') this.#defragTally.record(this.#shared.sim.nowNs - startNs);
      this.#unlock();
    };
    this.#process.execute(workNs, this.#holdEndType, 0, this.#process.incarnation);
    return true;
  }

  /** Pages whose revisions are gone; reusable once no read transaction pins them. */
  free(bytes: number): void {
    if (this.#pinned > 0) this.#pinnedFree += bytes;
    else this.freeBytes = Math.min(this.fileBytes, this.freeBytes + bytes);
    this.#record();
  }

  /** The file grows by this much at once (a fault, not a request). */
  grow(bytes: number): void {
    this.fileBytes += bytes;
    this.#record();
  }

  pin(): void {
    this.#pinned++;
  }

  unpin(): void {
    if (--this.#pinned === 0) {
      this.freeBytes += this.#pinnedFree;
      this.#pinnedFree = 0;
    }
  }

  /** After a defragmentation or an installed snapshot the file is as large as what lives in it. */
  replaceFile(bytes: number): void {
    this.fileBytes = Math.max(64 * 1024, bytes);
    this.freeBytes = 0;
    this.#record();
  }

  /** Another file takes the place of this one, and it knows nothing of the log. */
  restore(bytes: number): void {
    this.committedIndex = 0;
    this.#committingIndex = 0;
    this.#pinned = 0;
    this.#pinnedFree = 0;
    this.replaceFile(bytes);
  }

  #armTimer(): void {
    const delay = this.#process.localDelay(this.#shared.scenario.backendBatchIntervalNs);
    this.#shared.sim.schedule(delay, this.#timerType, 0, this.#process.incarnation);
  }

  #onTimer(incarnation: number): void {
    if (!this.#process.isCurrent(incarnation)) return;
    if (this.#process.deferWhilePaused(this.#timerType, 0)) return;
    if (this.pending === 0) {
      this.#armTimer();
      return;
    }
    this.commitNow(() => this.#armTimer());
  }

  #onStep(step: number, incarnation: number): void {
    if (!this.#process.isCurrent(incarnation)) return;
    if (step !== Step.write && this.#process.deferWhilePaused(this.#stepType, step)) return;
    switch (step) {
      case Step.write:
        if (this.#allocate()) this.#sync(Step.grow);
        else this.#sync(Step.firstSync);
        return;
      case Step.grow:
        this.#sync(Step.firstSync);
        return;
      case Step.firstSync:
        this.#sync(Step.secondSync);
        return;
      default:
        this.#commitTally.record(this.#shared.sim.nowNs - this.#commitStartNs);
        this.#commits.add();
        this.committedIndex = this.#committingIndex;
        this.#unlock();
        this.#runAfterCommit();
    }
  }

  #sync(next: number): void {
    // Dirty pages go with the first sync of a commit, the meta page with the second.
    const bytes =
      next === Step.firstSync ? this.#pendingBytes + COMMIT_PAGES * PAGE_BYTES : PAGE_BYTES;
    if (next === Step.firstSync) this.#pendingBytes = 0;
    const accepted = this.#disk.fsync(bytes, this.#stepType, next, this.#process.incarnation);
    if (!accepted) this.#links.onFailure();
  }

  /**
   * Takes the dirty pages from the freelist, then from the end of the file; true when it must grow.
   */
  #allocate(): boolean {
    const fromFree = Math.min(this.freeBytes, this.#pendingBytes);
    this.freeBytes -= fromFree;
    const before = Math.ceil(this.fileBytes / GROW_BYTES);
    this.fileBytes += this.#pendingBytes - fromFree;
    this.#record();
    return Math.ceil(this.fileBytes / GROW_BYTES) > before;
  }

  #unlock(): void {
    this.#holder = 'none';
    if (this.#commitWanted) this.tryCommit();
    if (this.#holder === 'none') this.#links.onUnlock();
  }

  #runAfterCommit(): void {
    if (this.#afterCommit.length === 0) return;
    const after = this.#afterCommit;
    this.#afterCommit = [];
    for (const then of after) then();
  }

  #record(): void {
    const now = this.#shared.sim.nowNs;
    this.#size.set(now, this.fileBytes);
    this.#inUse.set(now, this.inUseBytes);
  }
}
