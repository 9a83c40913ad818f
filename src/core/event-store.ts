/**
 * Pending events: one record of 48 bytes per event in one buffer, so that an event touches one or
 * two cache lines however many are pending. Records are reused last in, first out. Time and
 * sequence have their full width: nothing is packed, so nothing overflows.
 */
import { LimitError } from './errors.ts';

/** Most events that may be pending at once. */
export const PENDING_MAX = 2 ** 24;

/*
 * A record is six doubles, the last three of which are read as six integers:
 *
 *   floats[slot * 6]        time at which the event is due, ns
 *   floats[slot * 6 + 1]    sequence: its place in the order of scheduling
 *   floats[slot * 6 + 2]    id
 *   ints[slot * 12 + 6]     next, a link that belongs to the queue
 *   ints[slot * 12 + 7]     previous, another
 *   ints[slot * 12 + 8]     type of the event
 *   ints[slot * 12 + 9]     payload a
 *   ints[slot * 12 + 10]    payload b; one more integer is unused
 *
 * These numbers stand as literals in the event loop and the queues. A constant or function of a
 * module is a variable to the compiler, read and checked at each use: functions cost 4 to 8 % of
 * the loop in bench/core.ts, constants 5 to 10 %.
 */
const FLOATS_PER_EVENT = 6;

const SLOT_COUNT = 0x1000000;
/**
 * In place of the type of an event that was cancelled while a queue still refers to it; types are
 * not negative.
 */
const CANCELLED = -1;
const CAPACITY_FIRST = 1024;

export class EventStore {
  /** The records, as doubles. Replaced when the store grows. */
  floats = new Float64Array(CAPACITY_FIRST * FLOATS_PER_EVENT);
  /** The same records, as integers. */
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
    const floats = this.floats;
    // An id is generation * 2^24 + slot. The generation is raised here, so that an older id is
    // known to be stale, and starts again after 2^29 - 1. It is kept as a double, because computing
    // it for every event costs a tenth of the loop's time.
    const next = floats[slot * 6 + 2] + 0x1000000;
    floats[slot * 6 + 2] = next < 9007199254740992 ? next : 0x1000000 + slot;
    this.#free[this.#freeCount++] = slot;
  }

  isLive(slot: number): boolean {
    return this.ints[slot * 12 + 8] >= 0;
  }

  markCancelled(slot: number): void {
    this.ints[slot * 12 + 8] = CANCELLED;
  }

  /** Slot of a live id, or -1 where the event already ran or was cancelled. */
  slotOf(id: number): number {
    const slot = id % SLOT_COUNT;
    const isCurrent = slot < this.#fresh && this.floats[slot * 6 + 2] === id;
    return isCurrent && this.isLive(slot) ? slot : -1;
  }

  /** Live events by type, for a report: looks at every slot. */
  liveByType(): number[] {
    const counts: number[] = [];
    const free = new Set(this.#free.subarray(0, this.#freeCount));
    for (let slot = 0; slot < this.#fresh; slot++) {
      const type = this.ints[slot * 12 + 8];
      if (type < 0 || (free.size > 0 && free.has(slot))) continue;
      while (counts.length <= type) counts.push(0);
      counts[type]++;
    }
    return counts;
  }

  #allocateFresh(): number {
    if (this.#fresh === this.#capacity) this.#grow();
    const slot = this.#fresh++;
    this.floats[slot * 6 + 2] = SLOT_COUNT + slot;
    return slot;
  }

  #grow(): void {
    if (this.#capacity >= PENDING_MAX) {
      throw new LimitError(
        'WT2002',
        `more than ${PENDING_MAX} events are pending at once; ` +
          'reduce the load or the number of nodes',
      );
    }
    this.#capacity *= 2;
    this.floats = grownFloat64(this.floats, this.#capacity * FLOATS_PER_EVENT);
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
