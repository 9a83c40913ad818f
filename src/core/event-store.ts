/**
 * Pending events in typed arrays: one slot per event, slots reused last in, first out, so that the hot ones stay in the cache.
 * Times and sequence numbers are kept per slot in full width: nothing is packed, so nothing overflows.
 */
import { LimitError } from './errors.ts';

/** Most events that may be pending at once. */
export const PENDING_MAX = 2 ** 24;
const SLOT_BITS = 24;
const SLOT_COUNT = 2 ** SLOT_BITS;
/** Generations run from 1 to 2^29 - 1 and start again, so that an event id fits in 53 bits. */
const GENERATION_MAX = 2 ** 29 - 1;
/** In place of the type of an event that was cancelled while a queue still refers to it. */
const CANCELLED = -1;

export class EventStore {
  capacity: number;
  /** Time at which the event is due, ns. */
  timeNs: Float64Array<ArrayBuffer>;
  /** Order of scheduling, the tie-break among equal times; below 2^53. */
  sequence: Float64Array<ArrayBuffer>;
  type: Int32Array<ArrayBuffer>;
  a: Int32Array<ArrayBuffer>;
  b: Int32Array<ArrayBuffer>;
  /** Raised when the slot is given back; an id with an older generation is stale. */
  generation: Int32Array<ArrayBuffer>;
  #free: Int32Array<ArrayBuffer>;
  #freeCount = 0;
  /** Slots from here on were never used. */
  #fresh = 0;

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.timeNs = new Float64Array(capacity);
    this.sequence = new Float64Array(capacity);
    this.type = new Int32Array(capacity);
    this.a = new Int32Array(capacity);
    this.b = new Int32Array(capacity);
    this.generation = new Int32Array(capacity).fill(1);
    this.#free = new Int32Array(capacity);
  }

  /** Slots in use, cancelled events that a queue still holds included. */
  get used(): number {
    return this.#fresh - this.#freeCount;
  }

  allocate(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount];
    if (this.#fresh === this.capacity) this.#grow();
    return this.#fresh++;
  }

  release(slot: number): void {
    const generation = this.generation[slot];
    this.generation[slot] = generation === GENERATION_MAX ? 1 : generation + 1;
    this.#free[this.#freeCount++] = slot;
  }

  isLive(slot: number): boolean {
    return this.type[slot] !== CANCELLED;
  }

  markCancelled(slot: number): void {
    this.type[slot] = CANCELLED;
  }

  idOf(slot: number): number {
    return this.generation[slot] * SLOT_COUNT + slot;
  }

  /** Slot of a live id, or -1 where the event already ran or was cancelled and its slot was given back. */
  slotOf(id: number): number {
    const slot = id % SLOT_COUNT;
    if (slot >= this.#fresh) return -1;
    return this.generation[slot] === (id - slot) / SLOT_COUNT ? slot : -1;
  }

  #grow(): void {
    if (this.capacity >= PENDING_MAX) {
      throw new LimitError(
        'WT2002',
        `more than ${PENDING_MAX} events are pending at once; reduce the load or the number of nodes`,
      );
    }
    const capacity = Math.min(this.capacity * 2, PENDING_MAX);
    this.capacity = capacity;
    this.timeNs = grownFloat64(this.timeNs, capacity);
    this.sequence = grownFloat64(this.sequence, capacity);
    this.type = grownInt32(this.type, capacity, 0);
    this.a = grownInt32(this.a, capacity, 0);
    this.b = grownInt32(this.b, capacity, 0);
    this.generation = grownInt32(this.generation, capacity, 1);
    this.#free = grownInt32(this.#free, capacity, 0);
  }
}

export function grownFloat64(old: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(capacity);
  grown.set(old);
  return grown;
}

export function grownInt32(old: Int32Array, capacity: number, fill: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(capacity);
  if (fill !== 0) grown.fill(fill, old.length);
  grown.set(old);
  return grown;
}
