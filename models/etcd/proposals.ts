/**
 * What the entries of the replicated log say. A proposal is a row in a ring, named by a number that
 * only grows; every member's log holds those numbers. The ring outlives the longest log that a
 * member keeps (snapshot count + catch-up entries), so a row is never read after it was
 * overwritten.
 */

import { assert } from '../../src/core/index.ts';
import type { StoredValue } from './contents.ts';

export const Kind = {
  put: 0,
  delete: 1,
  txn: 2,
  leaseGrant: 3,
  leaseRevoke: 4,
  compact: 5,
  alarm: 6,
  /** Of one named key, where its mod revision is the expected one. */
  compareAndPut: 7,
  compareAndDelete: 8,
} as const;
export type KindCode = (typeof Kind)[keyof typeof Kind];

/** No compare: `expected` of a proposal or request that has none. */
export const NO_COMPARE = -1;

export class ProposalTable {
  readonly #mask: number;
  readonly #id: Float64Array;
  readonly kind: Uint8Array;
  readonly key: Int32Array;
  /** Group of the key; 0 for keys without a name. */
  readonly group: Int16Array;
  readonly keyBytes: Int32Array;
  readonly valueBytes: Int32Array;
  /**
   * txn: operations; compareAnd..: copies; delete: keys; leaseGrant: TTL in ms; leaseRevoke: keys
   * deleted; compact: revision; alarm: 1 raised, 0 disarmed.
   */
  readonly count: Float64Array;
  readonly lease: Int32Array;
  /** compareAnd..: mod revision that the key must have, 0 = not be there. */
  readonly expected: Float64Array;
  /** compareAndPut: what is put. After a compare that failed: what was there. */
  readonly value: (StoredValue | null)[];
  /** Member that proposed it, and the request that waits there (-1 none). */
  readonly origin: Int16Array;
  readonly request: Int32Array;
  readonly generation: Int32Array;
  /** Incarnation of the origin when it proposed: a restarted process has no waiters. */
  readonly incarnation: Int32Array;
  /**
   * Result of the replicated state machine: 0 not applied anywhere yet, 1 done, 2 compare failed, 3
   * not found.
   */
  readonly result: Uint8Array;
  /** Revision of the store after it. */
  readonly revision: Float64Array;
  next = 1;

  /** `window`: entries that any log may keep, plus those on their way. */
  constructor(window: number) {
    let size = 1024;
    while (size < window) size *= 2;
    this.#mask = size - 1;
    this.#id = new Float64Array(size);
    this.kind = new Uint8Array(size);
    this.key = new Int32Array(size);
    this.group = new Int16Array(size);
    this.keyBytes = new Int32Array(size);
    this.valueBytes = new Int32Array(size);
    this.count = new Float64Array(size);
    this.lease = new Int32Array(size);
    this.expected = new Float64Array(size);
    this.value = new Array<StoredValue | null>(size).fill(null);
    this.origin = new Int16Array(size);
    this.request = new Int32Array(size);
    this.generation = new Int32Array(size);
    this.incarnation = new Int32Array(size);
    this.result = new Uint8Array(size);
    this.revision = new Float64Array(size);
  }

  /** A new row; the caller fills it. Returns the proposal's number. */
  create(kind: KindCode, origin: number): number {
    const id = this.next++;
    const row = id & this.#mask;
    this.#id[row] = id;
    this.kind[row] = kind;
    this.origin[row] = origin;
    this.request[row] = -1;
    this.generation[row] = 0;
    this.incarnation[row] = 0;
    this.key[row] = -1;
    this.group[row] = 0;
    this.keyBytes[row] = 0;
    this.valueBytes[row] = 0;
    this.count[row] = 1;
    this.lease[row] = 0;
    this.expected[row] = NO_COMPARE;
    this.value[row] = null;
    this.result[row] = 0;
    return id;
  }

  /** Row of a proposal in the columns above. */
  row(id: number): number {
    const row = id & this.#mask;
    if (this.#id[row] !== id) assert(false, `proposal ${id} was overwritten in the ring`);
    return row;
  }
}
