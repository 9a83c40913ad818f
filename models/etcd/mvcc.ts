/**
 * The replicated key space: what every member has, or will have, once it has applied the log.
 *
 * One idea: the state machine is deterministic, so it is computed once, by the first member that
 * applies an entry; the others look the result up. What differs between members (file size, free
 * pages, how far they are) lives in their backends.
 * Left out: values' contents; ordering of keys (ranges are counted, not walked).
 */

import { revisionFileBytes } from './pages.ts';

/** Revisions between two points of the superseded curve; doubles when the curve gets long. */
const CURVE_STRIDE = 64;
const CURVE_POINTS_MAX = 1 << 16;

export interface CompactionPlan {
  /** Revisions that a compaction up to here removes, and their bytes in the file. */
  readonly revisions: number;
  readonly fileBytes: number;
}

/** A key space as a snapshot of the store keeps it. */
export interface KeySpaceState {
  readonly revision: number;
  readonly compactRevision: number;
  readonly alarmNoSpace: boolean;
  readonly revisions: number;
  readonly revisionBytes: number;
  readonly supersededCount: number;
  readonly supersededBytes: number;
  readonly curveRevision: readonly number[];
  readonly curveCount: readonly number[];
  readonly curveBytes: readonly number[];
  readonly stride: number;
  /** Keys that exist, and by each: bytes in the file, lease, identical keys that it stands for. */
  readonly keys: Int32Array;
  readonly fileBytes: Float64Array;
  readonly leases: Int32Array;
  readonly copies: Int32Array;
}

export class KeySpace {
  revision = 1;
  compactRevision = 0;
  /** Index of the last entry that any member applied; entries up to it have a result. */
  appliedMax = 0;
  liveKeys = 0;
  /** Revisions in the store, tombstones included, and their bytes in bbolt's file. */
  revisions = 0;
  revisionBytes = 0;
  liveBytes = 0;
  alarmNoSpace = false;
  #alive = new Uint8Array(1024);
  #fileBytes = new Float64Array(1024);
  #lease = new Int32Array(1024);
  /** Identical keys that the key stands for. */
  #copies = new Int32Array(1024);
  #keys = 0;
  #supersededCount = 0;
  #supersededBytes = 0;
  #curveRevision: number[] = [];
  #curveCount: number[] = [];
  #curveBytes: number[] = [];
  #stride = CURVE_STRIDE;
  readonly #plans = new Map<number, CompactionPlan>();

  /** Reserves `count` keys and returns the number of the first. */
  reserve(count: number): number {
    const first = this.#keys;
    this.#keys += count;
    while (this.#alive.length < this.#keys) {
      const size = this.#alive.length * 2;
      const alive = new Uint8Array(size);
      alive.set(this.#alive);
      this.#alive = alive;
      const fileBytes = new Float64Array(size);
      fileBytes.set(this.#fileBytes);
      this.#fileBytes = fileBytes;
      const lease = new Int32Array(size);
      lease.set(this.#lease);
      this.#lease = lease;
      const copies = new Int32Array(size);
      copies.set(this.#copies);
      this.#copies = copies;
    }
    return first;
  }

  /** Keys written before the run: one revision each. */
  preload(first: number, count: number, keyBytes: number, valueBytes: number): void {
    const bytes = revisionFileBytes(keyBytes, valueBytes);
    for (let key = first; key < first + count; key++) {
      this.#alive[key] = 1;
      this.#fileBytes[key] = bytes;
      this.#copies[key] = 1;
    }
    this.#countPreloaded(count, bytes);
  }

  /** One key that stands for `copies` identical ones, the same way. */
  preloadCopies(key: number, copies: number, keyBytes: number, valueBytes: number): void {
    const bytes = revisionFileBytes(keyBytes, valueBytes);
    this.#alive[key] = 1;
    this.#fileBytes[key] = bytes * copies;
    this.#copies[key] = copies;
    this.#countPreloaded(copies, bytes);
  }

  #countPreloaded(count: number, bytes: number): void {
    this.revision += count;
    this.revisions += count;
    this.liveKeys += count;
    this.revisionBytes += bytes * count;
    this.liveBytes += bytes * count;
  }

  isAlive(key: number): boolean {
    return this.#alive[key] === 1;
  }

  leaseOf(key: number): number {
    return this.#lease[key];
  }

  /** Identical keys that this one stands for. */
  copiesOf(key: number): number {
    return this.#copies[key];
  }

  /**
   * One put of `key` in the current revision, or of as many identical keys; returns bytes of file
   * it takes.
   */
  put(key: number, keyBytes: number, valueBytes: number, lease: number, copies = 1): number {
    const bytes = revisionFileBytes(keyBytes, valueBytes) * copies;
    if (this.#alive[key] === 1) this.#supersede(this.#fileBytes[key], this.#copies[key]);
    else {
      this.#alive[key] = 1;
      this.liveKeys += copies;
    }
    this.#fileBytes[key] = bytes;
    this.#copies[key] = copies;
    this.#lease[key] = lease;
    this.liveBytes += bytes;
    this.#addRevisions(copies, bytes);
    return bytes;
  }

  /**
   * Deletes `key` if it is there: a tombstone is a put. Returns bytes of file, 0 when not found.
   */
  delete(key: number, keyBytes: number): number {
    if (this.#alive[key] !== 1) return 0;
    const copies = this.#copies[key];
    const bytes = revisionFileBytes(keyBytes, 0) * copies;
    // The old revision and, from the next compaction on, the tombstone itself.
    this.#supersede(this.#fileBytes[key] + bytes, 2 * copies);
    this.liveBytes += bytes;
    this.#alive[key] = 0;
    this.#lease[key] = 0;
    this.liveKeys -= copies;
    this.#addRevisions(copies, bytes);
    return bytes;
  }

  /**
   * The plan of a compaction, computed when the first member applies it; the others get the same.
   */
  compactOnce(revision: number): CompactionPlan {
    const known = this.#plans.get(revision);
    if (known !== undefined) return known;
    const plan = this.planCompaction(revision);
    this.compact(revision, plan);
    this.#plans.set(revision, plan);
    return plan;
  }

  /** What a compaction up to `revision` removes, counted from the last one. */
  planCompaction(revision: number): CompactionPlan {
    const upTo = Math.min(revision, this.revision);
    let i = this.#curveRevision.length - 1;
    while (i >= 0 && this.#curveRevision[i] > upTo) i--;
    if (upTo >= this.revision) {
      return { revisions: this.#supersededCount, fileBytes: this.#supersededBytes };
    }
    if (i < 0) return { revisions: 0, fileBytes: 0 };
    return { revisions: this.#curveCount[i], fileBytes: this.#curveBytes[i] };
  }

  /** Takes the planned revisions out of the counts. */
  compact(revision: number, plan: CompactionPlan): void {
    this.compactRevision = Math.max(this.compactRevision, Math.min(revision, this.revision));
    this.revisions -= plan.revisions;
    this.revisionBytes -= plan.fileBytes;
    this.#supersededCount -= plan.revisions;
    this.#supersededBytes -= plan.fileBytes;
    const keep = this.#curveRevision.findIndex((r) => r > revision);
    const from = keep < 0 ? this.#curveRevision.length : keep;
    this.#curveRevision = this.#curveRevision.slice(from);
    this.#curveCount = this.#curveCount.slice(from).map((n) => n - plan.revisions);
    this.#curveBytes = this.#curveBytes.slice(from).map((n) => n - plan.fileBytes);
  }

  /** Old versions of other keys, as if from before: the next compaction frees them. */
  addSuperseded(count: number, bytes: number): void {
    this.revisions += count;
    this.revisionBytes += bytes;
    this.liveBytes += bytes;
    this.#supersede(bytes, count);
  }

  // --- Snapshots of the store -------------------------------------------------------------------

  capture(): KeySpaceState {
    const alive: number[] = [];
    for (let key = 0; key < this.#keys; key++) if (this.#alive[key] === 1) alive.push(key);
    const keys = Int32Array.from(alive);
    return {
      revision: this.revision,
      compactRevision: this.compactRevision,
      alarmNoSpace: this.alarmNoSpace,
      revisions: this.revisions,
      revisionBytes: this.revisionBytes,
      supersededCount: this.#supersededCount,
      supersededBytes: this.#supersededBytes,
      curveRevision: this.#curveRevision.slice(),
      curveCount: this.#curveCount.slice(),
      curveBytes: this.#curveBytes.slice(),
      stride: this.#stride,
      keys,
      fileBytes: Float64Array.from(keys, (key) => this.#fileBytes[key]),
      leases: Int32Array.from(keys, (key) => this.#lease[key]),
      copies: Int32Array.from(keys, (key) => this.#copies[key]),
    };
  }

  /**
   * Goes back to what a snapshot has; its revision moves on by `bump`. `keyOf` and `leaseOf` tell
   * which numbers a key and a lease of the snapshot have today. Returns how many keys are lost.
   */
  restore(
    state: KeySpaceState,
    bump: number,
    keyOf: (key: number) => number,
    leaseOf: (lease: number) => number,
  ): number {
    const before = this.#alive.slice(0, this.#keys);
    this.#alive.fill(0);
    this.#lease.fill(0);
    this.liveKeys = 0;
    this.liveBytes = 0;
    state.keys.forEach((before, i) => {
      const key = keyOf(before);
      this.#alive[key] = 1;
      this.#fileBytes[key] = state.fileBytes[i];
      this.#lease[key] = state.leases[i] === 0 ? 0 : leaseOf(state.leases[i]);
      this.#copies[key] = state.copies[i];
      this.liveKeys += state.copies[i];
      this.liveBytes += state.fileBytes[i];
    });
    this.revision = state.revision + bump;
    // Watches from before begin anew: their rows are gone (watch-history.ts).
    this.compactRevision = this.revision;
    this.appliedMax = 0;
    this.alarmNoSpace = state.alarmNoSpace;
    this.revisions = state.revisions;
    this.revisionBytes = state.revisionBytes;
    this.#supersededCount = state.supersededCount;
    this.#supersededBytes = state.supersededBytes;
    this.#curveRevision = state.curveRevision.slice();
    this.#curveCount = state.curveCount.slice();
    this.#curveBytes = state.curveBytes.slice();
    this.#stride = state.stride;
    this.#plans.clear();
    let lost = 0;
    for (let key = 0; key < before.length; key++) {
      if (before[key] > this.#alive[key]) lost += this.#copies[key];
    }
    return lost;
  }

  #addRevisions(count: number, bytes: number): void {
    this.revision += count;
    this.revisions += count;
    this.revisionBytes += bytes;
  }

  #supersede(bytes: number, revisions: number): void {
    this.liveBytes -= bytes;
    this.#supersededCount += revisions;
    this.#supersededBytes += bytes;
    const last = this.#curveRevision.length - 1;
    if (last >= 0 && this.revision - this.#curveRevision[last] < this.#stride) return;
    this.#curveRevision.push(this.revision);
    this.#curveCount.push(this.#supersededCount);
    this.#curveBytes.push(this.#supersededBytes);
    if (this.#curveRevision.length > CURVE_POINTS_MAX) this.#thinCurve();
  }

  #thinCurve(): void {
    const half = (_: number, i: number) => i % 2 === 1;
    this.#curveRevision = this.#curveRevision.filter(half);
    this.#curveCount = this.#curveCount.filter(half);
    this.#curveBytes = this.#curveBytes.filter(half);
    this.#stride *= 2;
  }
}
