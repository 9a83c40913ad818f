/**
 * Requests of clients, from plan to answer, in typed arrays: one row (slot) per request in flight.
 * A slot is reused; `generation` tells a late answer from the request that now lives there.
 */

import { assert } from '../../src/core/index.ts';
import type { GroupRead, StoredValue } from './contents.ts';
import { NO_COMPARE } from './proposals.ts';

/** Kinds of request; the numbers index the arrays below. */
export const Op = {
  put: 0,
  delete: 1,
  range: 2,
  txn: 3,
  leaseGrant: 4,
  leaseKeepAlive: 5,
  leaseRevoke: 6,
  compact: 7,
  watch: 8,
} as const;
export type OpCode = (typeof Op)[keyof typeof Op];

export const opNames: readonly string[] = [
  'put',
  'delete',
  'range',
  'txn',
  'lease-grant',
  'lease-keepalive',
  'lease-revoke',
  'compact',
  'watch',
];

/**
 * What a client sees at the end; the names are the labels of `wavetank_client_requests{outcome}`.
 */
export const Outcome = {
  ok: 0,
  refused: 1,
  reset: 2,
  timeout: 3,
  serverTimeout: 4,
  tooManyRequests: 5,
  noSpace: 6,
  leaderChanged: 7,
  noLeader: 8,
  tooLarge: 9,
  notFound: 10,
  dropped: 11,
} as const;
export type OutcomeCode = (typeof Outcome)[keyof typeof Outcome];

export const outcomeNames: readonly string[] = [
  'ok',
  'refused',
  'reset',
  'timeout',
  'serverTimeout',
  'tooManyRequests',
  'noSpace',
  'leaderChanged',
  'noLeader',
  'tooLarge',
  'notFound',
  'dropped',
];

/** Outcomes after which the write may or may not have happened. */
export function isAmbiguous(outcome: OutcomeCode): boolean {
  return (
    outcome === Outcome.reset ||
    outcome === Outcome.timeout ||
    outcome === Outcome.serverTimeout ||
    outcome === Outcome.leaderChanged
  );
}

const SLOTS_AT_START = 1024;
/** Requests in flight, all clients together; more is a scenario that cannot be meant. */
export const REQUESTS_IN_FLIGHT_MAX = 1 << 21;

export class RequestTable {
  capacity = SLOTS_AT_START;
  inFlight = 0;
  /** 1 from acquire to release. */
  inUse = new Uint8Array(SLOTS_AT_START);
  op = new Uint8Array(SLOTS_AT_START);
  serializable = new Uint8Array(SLOTS_AT_START);
  /** Index of the workload that issued it. */
  workload = new Int16Array(SLOTS_AT_START);
  /** Index of the member it was sent to. */
  member = new Int16Array(SLOTS_AT_START);
  attempts = new Uint16Array(SLOTS_AT_START);
  outcome = new Uint8Array(SLOTS_AT_START);
  /** Of the attempt: whatever still refers to an earlier one finds that it is not current. */
  generation = new Int32Array(SLOTS_AT_START);
  /** Of the request, all attempts together. */
  requestGeneration = new Int32Array(SLOTS_AT_START);
  key = new Int32Array(SLOTS_AT_START);
  keyBytes = new Int32Array(SLOTS_AT_START);
  valueBytes = new Int32Array(SLOTS_AT_START);
  /** range: keys returned; txn: operations. */
  count = new Int32Array(SLOTS_AT_START);
  /** Lease of a put, a grant's TTL in ms, a keep-alive's or revoke's lease. */
  lease = new Int32Array(SLOTS_AT_START);
  compareFails = new Uint8Array(SLOTS_AT_START);
  /**
   * txn of one named key: mod revision that it must have (0 = not be there), or NO_COMPARE.
   * compact: up to which revision.
   */
  expected = new Float64Array(SLOTS_AT_START).fill(NO_COMPARE);
  /** Identical requests that this one stands for: each is charged. */
  copies = new Int32Array(SLOTS_AT_START).fill(1);
  /** The compare held. */
  matched = new Uint8Array(SLOTS_AT_START);
  /** Revision of the answer: of the write, or of the store that was read. */
  revision = new Float64Array(SLOTS_AT_START);
  /** What a txn puts (null: it deletes); in an answer the value that was read or stood there. */
  value: (StoredValue | null)[] = [];
  /** range over a group of keys. */
  groupRead: (GroupRead | null)[] = [];
  /** Closed loop: index of the client within its workload. */
  client = new Int32Array(SLOTS_AT_START);
  /** Life of the member's process in which its proposal waits for its result; 0 where none does. */
  waitsIn = new Int32Array(SLOTS_AT_START);
  // Simulated times (ns) at which the request passed each point; NaN where it has not.
  planned = new Float64Array(SLOTS_AT_START);
  sent = new Float64Array(SLOTS_AT_START);
  arrived = new Float64Array(SLOTS_AT_START);
  proposed = new Float64Array(SLOTS_AT_START);
  batched = new Float64Array(SLOTS_AT_START);
  synced = new Float64Array(SLOTS_AT_START);
  committed = new Float64Array(SLOTS_AT_START);
  handed = new Float64Array(SLOTS_AT_START);
  applying = new Float64Array(SLOTS_AT_START);
  applied = new Float64Array(SLOTS_AT_START);
  responded = new Float64Array(SLOTS_AT_START);
  /** The client gives up an attempt whose proposal still waits. */
  onGivenUp: (slot: number) => void = () => {};
  #free = new Int32Array(SLOTS_AT_START);
  #freeCount = 0;
  #used = 0;

  /** Takes a free slot with all times unset. */
  acquire(): number {
    let slot: number;
    if (this.#freeCount > 0) {
      slot = this.#free[--this.#freeCount];
    } else {
      if (this.#used === this.capacity) this.#grow();
      slot = this.#used++;
    }
    this.inFlight++;
    this.inUse[slot] = 1;
    this.sent[slot] = Number.NaN;
    this.attempts[slot] = 0;
    this.outcome[slot] = Outcome.ok;
    this.lease[slot] = 0;
    this.compareFails[slot] = 0;
    this.expected[slot] = NO_COMPARE;
    this.copies[slot] = 1;
    this.value[slot] = null;
    this.groupRead[slot] = null;
    this.clearTimes(slot);
    return slot;
  }

  /** Begins another attempt: an answer to the one before is no answer to it. */
  retry(slot: number): void {
    if (this.waitsIn[slot] !== 0) this.onGivenUp(slot);
    this.attempts[slot]++;
    this.generation[slot] = (this.generation[slot] + 1) | 0;
    this.outcome[slot] = Outcome.ok;
    this.sent[slot] = Number.NaN;
    this.clearTimes(slot);
  }

  /** Forgets the points passed after sending. */
  clearTimes(slot: number): void {
    this.arrived[slot] = Number.NaN;
    this.proposed[slot] = Number.NaN;
    this.batched[slot] = Number.NaN;
    this.synced[slot] = Number.NaN;
    this.committed[slot] = Number.NaN;
    this.handed[slot] = Number.NaN;
    this.applying[slot] = Number.NaN;
    this.applied[slot] = Number.NaN;
    this.responded[slot] = Number.NaN;
  }

  /** Gives the slot back; whatever still refers to it holds an old generation. */
  release(slot: number): void {
    if (this.waitsIn[slot] !== 0) this.onGivenUp(slot);
    this.generation[slot] = (this.generation[slot] + 1) | 0;
    this.requestGeneration[slot] = (this.requestGeneration[slot] + 1) | 0;
    this.inUse[slot] = 0;
    this.#free[this.#freeCount++] = slot;
    this.inFlight--;
    assert(this.inFlight >= 0, 'a request slot was released twice');
  }

  isCurrent(slot: number, generation: number): boolean {
    return slot >= 0 && this.generation[slot] === generation;
  }

  #grow(): void {
    const capacity = this.capacity * 2;
    assert(
      capacity <= REQUESTS_IN_FLIGHT_MAX,
      `more than ${REQUESTS_IN_FLIGHT_MAX} requests in flight`,
    );
    const grown = <T extends { set(from: T): void }>(make: (n: number) => T, from: T): T => {
      const to = make(capacity);
      to.set(from);
      return to;
    };
    const u8 = (n: number) => new Uint8Array(n);
    const u16 = (n: number) => new Uint16Array(n);
    const i16 = (n: number) => new Int16Array(n);
    const i32 = (n: number) => new Int32Array(n);
    const f64 = (n: number) => new Float64Array(n);
    this.inUse = grown(u8, this.inUse);
    this.op = grown(u8, this.op);
    this.serializable = grown(u8, this.serializable);
    this.workload = grown(i16, this.workload);
    this.member = grown(i16, this.member);
    this.attempts = grown(u16, this.attempts);
    this.outcome = grown(u8, this.outcome);
    this.generation = grown(i32, this.generation);
    this.requestGeneration = grown(i32, this.requestGeneration);
    this.key = grown(i32, this.key);
    this.keyBytes = grown(i32, this.keyBytes);
    this.valueBytes = grown(i32, this.valueBytes);
    this.count = grown(i32, this.count);
    this.lease = grown(i32, this.lease);
    this.compareFails = grown(u8, this.compareFails);
    this.expected = grown(f64, this.expected);
    this.copies = grown(i32, this.copies);
    this.matched = grown(u8, this.matched);
    this.revision = grown(f64, this.revision);
    this.client = grown(i32, this.client);
    this.waitsIn = grown(i32, this.waitsIn);
    this.planned = grown(f64, this.planned);
    this.sent = grown(f64, this.sent);
    this.arrived = grown(f64, this.arrived);
    this.proposed = grown(f64, this.proposed);
    this.batched = grown(f64, this.batched);
    this.synced = grown(f64, this.synced);
    this.committed = grown(f64, this.committed);
    this.handed = grown(f64, this.handed);
    this.applying = grown(f64, this.applying);
    this.applied = grown(f64, this.applied);
    this.responded = grown(f64, this.responded);
    this.#free = grown(i32, this.#free);
    this.capacity = capacity;
  }
}
