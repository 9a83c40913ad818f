/**
 * The replicated part of leases: which exist, how long they live, which keys hang on them.
 *
 * One idea: like the key space it is computed once, by the first member that applies an entry; a
 * member that lags has a lease from the index of its grant to the index of its revoke. Deadlines
 * are not replicated: they live in the lessor of the leader (etcd lease/lessor.go).
 * An id is a row and how often that row was used before, so that a late request cannot meet the
 * lease that lives in the row now; rows are reused in the order in which they became free.
 * Left out: checkpoints of the remaining TTL (off by default in every release).
 */

import { assert } from '../../src/core/index.ts';

const ROW_BITS = 20;
const ROW_MASK = (1 << ROW_BITS) - 1;
/** Leases alive at once; row 0 stands for no lease. */
export const LEASES_MAX = ROW_MASK;
const GENERATION_MASK = 0x7ff;
const NONE = -1;

/** A lease as a snapshot of the store keeps it, and the keys that hang on it. */
export interface StoredLease {
  readonly lease: number;
  readonly ttlMs: number;
  readonly keys: readonly { readonly key: number; readonly keyBytes: number }[];
}

export class LeaseTable {
  /** 3/2 of the election's ticks, rounded up to a second (etcd server.go `minTTL`). */
  readonly ttlMsMin: number;
  /** Leases alive, as the member furthest ahead sees it. */
  live = 0;
  /** By row: TTL, and the simulated times of the grant and of the last renewal. */
  ttlMs = new Float64Array(64);
  grantedNs = new Float64Array(64);
  renewedNs = new Float64Array(64);
  /** Index of the grant and, where it was revoked, of the revoke; else Infinity. */
  #grantedIndex = new Float64Array(64);
  #revokedIndex = new Float64Array(64).fill(0);
  #generation = new Int32Array(64);
  /** First key of each lease, and each key's lease and neighbours in that list. */
  #firstKey = new Int32Array(64).fill(NONE);
  #leaseOfKey = new Int32Array(64);
  #nextKey = new Int32Array(64).fill(NONE);
  #previousKey = new Int32Array(64).fill(NONE);
  #keyBytes = new Int32Array(64);
  #keyCount = new Int32Array(64);
  #rows = 1;
  readonly #free: number[] = [];
  #freeHead = 0;

  constructor(o: { electionTimeoutNs: number; heartbeatIntervalNs: number }) {
    const ticks = Math.floor(o.electionTimeoutNs / o.heartbeatIntervalNs);
    const ttlNsMin = Math.floor((3 * ticks) / 2) * o.heartbeatIntervalNs;
    this.ttlMsMin = 1000 * Math.ceil(ttlNsMin / 1e9);
  }

  /** Row of a lease in the columns above, whether it still lives there or not. */
  row(lease: number): number {
    return lease & ROW_MASK;
  }

  get rows(): number {
    return this.#rows;
  }

  grant(ttlMs: number, index: number, nowNs: number): number {
    const row = this.#takeRow();
    this.ttlMs[row] = Math.max(this.ttlMsMin, 1000 * Math.ceil(ttlMs / 1000));
    this.grantedNs[row] = nowNs;
    this.renewedNs[row] = nowNs;
    this.#grantedIndex[row] = index;
    this.#revokedIndex[row] = Infinity;
    this.live++;
    return this.leaseIn(row);
  }

  /** The lease that lives, or last lived, in a row. */
  leaseIn(row: number): number {
    return this.#generation[row] * (ROW_MASK + 1) + row;
  }

  isLive(lease: number): boolean {
    const row = lease & ROW_MASK;
    return row > 0 && this.leaseIn(row) === lease && this.#revokedIndex[row] === Infinity;
  }

  /** A member that has applied up to `index` has this lease. */
  isPresent(lease: number, index: number): boolean {
    const row = lease & ROW_MASK;
    if (row === 0 || this.leaseIn(row) !== lease) return false;
    return this.#grantedIndex[row] <= index && index < this.#revokedIndex[row];
  }

  /** Forgets a lease whose keys were taken away by `takeKey`; false where it was not there. */
  revoke(lease: number, index: number): boolean {
    if (!this.isLive(lease)) return false;
    const row = lease & ROW_MASK;
    assert(this.#firstKey[row] === NONE, 'a revoked lease still holds keys');
    this.#revokedIndex[row] = index;
    this.live--;
    this.#free.push(row);
    return true;
  }

  /** The next key of a lease, detached; -1 when none is left. */
  takeKey(lease: number): number {
    const key = this.#firstKey[lease & ROW_MASK];
    if (key !== NONE) this.detach(key);
    return key;
  }

  /** A put ties the key to this lease (0: to none) and unties it from the one before. */
  attach(key: number, lease: number, keyBytes: number): void {
    this.detach(key);
    if (lease === 0) return;
    if (key >= this.#leaseOfKey.length) this.#growKeys(key);
    const row = lease & ROW_MASK;
    const first = this.#firstKey[row];
    this.#leaseOfKey[key] = lease;
    this.#nextKey[key] = first;
    this.#previousKey[key] = NONE;
    if (first !== NONE) this.#previousKey[first] = key;
    this.#firstKey[row] = key;
    this.#keyBytes[key] = keyBytes;
    this.#keyCount[row]++;
  }

  detach(key: number): void {
    if (key >= this.#leaseOfKey.length || this.#leaseOfKey[key] === 0) return;
    const previous = this.#previousKey[key];
    const next = this.#nextKey[key];
    const row = this.#leaseOfKey[key] & ROW_MASK;
    this.#keyCount[row]--;
    if (previous === NONE) this.#firstKey[row] = next;
    else this.#nextKey[previous] = next;
    if (next !== NONE) this.#previousKey[next] = previous;
    this.#leaseOfKey[key] = 0;
  }

  /** Keys that hang on a lease. */
  keyCount(lease: number): number {
    return this.isLive(lease) ? this.#keyCount[lease & ROW_MASK] : 0;
  }

  keyBytesOf(key: number): number {
    return this.#keyBytes[key];
  }

  leaseOf(key: number): number {
    return key < this.#leaseOfKey.length ? this.#leaseOfKey[key] : 0;
  }

  // --- Snapshots of the store -------------------------------------------------------------------

  capture(): StoredLease[] {
    const stored: StoredLease[] = [];
    for (let row = 1; row < this.#rows; row++) {
      const lease = this.leaseIn(row);
      if (!this.isLive(lease)) continue;
      const keys: { key: number; keyBytes: number }[] = [];
      for (let key = this.#firstKey[row]; key !== NONE; key = this.#nextKey[key]) {
        keys.push({ key, keyBytes: this.#keyBytes[key] });
      }
      stored.push({ lease, ttlMs: this.ttlMs[row], keys: keys.reverse() });
    }
    return stored;
  }

  /**
   * Goes back to the leases of a snapshot. One that has ended since gets a number of its own, for
   * its row may be another's now. Returns today's numbers.
   */
  restore(
    stored: readonly StoredLease[],
    keyOf: (key: number) => number,
    nowNs: number,
  ): Map<number, number> {
    const numbers = new Map<number, number>();
    const kept = new Set(stored.map(({ lease }) => lease).filter((lease) => this.isLive(lease)));
    for (let row = 1; row < this.#rows; row++) {
      const lease = this.leaseIn(row);
      if (!this.isLive(lease)) continue;
      while (this.takeKey(lease) >= 0);
      if (!kept.has(lease)) this.revoke(lease, 0);
      // The log begins anew, and every member has it from its beginning.
      else this.#grantedIndex[row] = 0;
    }
    for (const { lease: before, ttlMs, keys } of stored) {
      const lease = kept.has(before) ? before : this.grant(ttlMs, 0, nowNs);
      numbers.set(before, lease);
      this.renewedNs[this.row(lease)] = nowNs;
      for (const { key, keyBytes } of keys) this.attach(keyOf(key), lease, keyBytes);
    }
    return numbers;
  }

  #takeRow(): number {
    if (this.#freeHead < this.#free.length) {
      const row = this.#free[this.#freeHead++];
      if (this.#freeHead > 1024 && this.#freeHead * 2 > this.#free.length) {
        this.#free.splice(0, this.#freeHead);
        this.#freeHead = 0;
      }
      this.#generation[row] = (this.#generation[row] + 1) & GENERATION_MASK;
      return row;
    }
    assert(this.#rows <= LEASES_MAX, `more than ${LEASES_MAX} leases at once`);
    if (this.#rows === this.ttlMs.length) this.#growRows();
    return this.#rows++;
  }

  #growRows(): void {
    const size = this.ttlMs.length * 2;
    this.ttlMs = grown(this.ttlMs, size);
    this.grantedNs = grown(this.grantedNs, size);
    this.renewedNs = grown(this.renewedNs, size);
    this.#grantedIndex = grown(this.#grantedIndex, size);
    this.#revokedIndex = grown(this.#revokedIndex, size);
    this.#generation = grownInt(this.#generation, size, 0);
    this.#firstKey = grownInt(this.#firstKey, size, NONE);
    this.#keyCount = grownInt(this.#keyCount, size, 0);
  }

  #growKeys(key: number): void {
    let size = this.#leaseOfKey.length;
    while (size <= key) size *= 2;
    this.#leaseOfKey = grownInt(this.#leaseOfKey, size, 0);
    this.#nextKey = grownInt(this.#nextKey, size, NONE);
    this.#previousKey = grownInt(this.#previousKey, size, NONE);
    this.#keyBytes = grownInt(this.#keyBytes, size, 0);
  }
}

function grown(from: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(size);
  to.set(from);
  return to;
}

function grownInt(from: Int32Array, size: number, fill: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(size).fill(fill);
  to.set(from);
  return to;
}
