/**
 * Pending events: one record of 48 bytes per event in one buffer, so that an event touches one or two cache lines however many
 * are pending. Records are reused last in, first out. Time and sequence have their full width: nothing is packed, so
 * nothing overflows.
 */
import { LimitError } from './errors.ts';

/** Most events that may be pending at once. */
export const PENDING_MAX = 2 ** 24;

/** Length of a record in doubles and in 32-bit integers. */
export const FLOATS = 6;
export const INTS = 12;
/** Doubles of a record: the time at which the event is due, ns; its place in the order of scheduling; its id. */
export const TIME = 0;
export const SEQUENCE = 1;
export const ID = 2;
/** Integers of a record: two links that belong to the queue, then what the handler gets. One more is unused. */
export const NEXT = 6;
export const PREVIOUS = 7;
export const TYPE = 8;
export const A = 9;
export const B = 10;

/**
 * An id is generation * 2^24 + slot. The generation is raised when the slot is given back, so that an older id is known to be
 * stale, and starts again after 2^29 - 1. Kept as a double: computing it per event would cost a tenth of the loop's time.
 */
const SLOT_COUNT = 2 ** 24;
const ID_END = 2 ** 53;
/** In place of the type of an event that was cancelled while a queue still refers to it. */
const CANCELLED = -1;
const CAPACITY_FIRST = 1024;

export class EventStore {
  /** The records, as doubles: floats[slot * FLOATS + TIME]. Replaced when the store grows. */
  floats = new Float64Array(CAPACITY_FIRST * FLOATS);
  /** The same records, as integers: ints[slot * INTS + TYPE]. */
  ints = new Int32Array(this.floats.buffer);
  #capacity = CAPACITY_FIRST;
  #free = new Int32Array(CAPACITY_FIRST);
  #freeCount = 0;
  /** Slots from here on were never used. */
  #fresh = 0;

  /** Slots in use; includes cancelled events that a queue still refers to. */
  get used(): number {
    return this.#fresh - this.#freeCount;
  }

  allocate(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount];
    return this.#allocateFresh();
  }

  release(slot: number): void {
    const id = this.floats[slot * FLOATS + ID] + SLOT_COUNT;
    this.floats[slot * FLOATS + ID] = id < ID_END ? id : SLOT_COUNT + slot;
    this.#free[this.#freeCount++] = slot;
  }

  isLive(slot: number): boolean {
    return this.ints[slot * INTS + TYPE] !== CANCELLED;
  }

  markCancelled(slot: number): void {
    this.ints[slot * INTS + TYPE] = CANCELLED;
  }

  /** Slot of a live id, or -1 where the event already ran or was cancelled. */
  slotOf(id: number): number {
    const slot = id % SLOT_COUNT;
    const isCurrent = slot < this.#fresh && this.floats[slot * FLOATS + ID] === id;
    return isCurrent && this.isLive(slot) ? slot : -1;
  }

  #allocateFresh(): number {
    if (this.#fresh === this.#capacity) this.#grow();
    const slot = this.#fresh++;
    this.floats[slot * FLOATS + ID] = SLOT_COUNT + slot;
    return slot;
  }

  #grow(): void {
    if (this.#capacity >= PENDING_MAX) {
      throw new LimitError(
        'WT2002',
        `more than ${PENDING_MAX} events are pending at once; reduce the load or the number of nodes`,
      );
    }
    this.#capacity *= 2;
    this.floats = grownFloat64(this.floats, this.#capacity * FLOATS);
    this.ints = new Int32Array(this.floats.buffer);
    this.#free = grownInt32(this.#free, this.#capacity);
  }
}

export function grownFloat64(old: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(length);
  grown.set(old);
  return grown;
}

export function grownInt32(old: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(old);
  return grown;
}
