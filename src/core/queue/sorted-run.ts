/**
 * The events of one wheel bucket, sorted by time when the bucket becomes the current one, so that
 * taking one is reading the next entry of an array.
 *
 * Few are sorted by insertion. More are dealt to as many equal parts of the bucket as there are
 * events (a counting sort), after which next to nothing is out of place. Events that crowd in one
 * part would make that quadratic: then `load` declines. Equal times may come out in any order; who
 * takes them sorts them by sequence.
 */
import { type EventStore, grownFloat64, grownInt32 } from '../event-store.ts';

/** Up to this many events are sorted by insertion alone. */
const INSERTION_SORT_MAX = 8;
/** Most parts that a bucket of 2^20 ns is divided into. */
const PART_COUNT_MAX = 4096;
/** With more events in one part, the bucket is left to the heap. */
const PART_SIZE_MAX = 24;

export class SortedRun {
  readonly #store: EventStore;
  /** Times of the events not yet taken, from `start`; Infinity behind the last one. */
  times = new Float64Array(256).fill(Number.POSITIVE_INFINITY);
  slots = new Int32Array(256);
  start = 0;
  /** As found in the bucket. */
  #looseTimes = new Float64Array(255);
  #looseSlots = new Int32Array(255);
  /** By part: how many events, then where its next one goes. */
  readonly #places = new Int32Array(PART_COUNT_MAX);

  constructor(store: EventStore) {
    this.#store = store;
  }

  /**
   * Takes in the chain of events that begins at `first`, all within 2^20 ns from `startNs`. The run
   * must be used up. False where they crowd too much: then the run stays empty.
   */
  load(first: number, startNs: number): boolean {
    const count = this.#gather(first);
    this.start = 0;
    this.times[count] = Number.POSITIVE_INFINITY;
    if (count > INSERTION_SORT_MAX) {
      if (!this.#deal(count, startNs)) {
        this.times[0] = Number.POSITIVE_INFINITY;
        return false;
      }
      this.#straighten(count);
    } else {
      this.#insertAll(count);
    }
    return true;
  }

  #gather(first: number): number {
    const store = this.#store;
    let times = this.#looseTimes;
    let slots = this.#looseSlots;
    let count = 0;
    for (let slot = first; slot >= 0; slot = store.ints[slot * 12 + 6]) {
      if (count === slots.length) {
        this.#grow();
        times = this.#looseTimes;
        slots = this.#looseSlots;
      }
      times[count] = store.floats[slot * 6];
      slots[count++] = slot;
    }
    return count;
  }

  /** Orders the events by part. False where one part has too many. */
  #deal(count: number, startNs: number): boolean {
    const { times, slots } = this;
    const looseTimes = this.#looseTimes;
    const looseSlots = this.#looseSlots;
    const places = this.#places;
    // A part has 2^shift ns; there are at least as many parts as events, and less than twice.
    const shift = Math.max(8, Math.clz32(count - 1) - 12);
    const partCount = 0x100000 >> shift;
    for (let part = 0; part < partCount; part++) places[part] = 0;
    for (let i = 0; i < count; i++) places[(looseTimes[i] - startNs) >> shift]++;
    let place = 0;
    let most = 0;
    for (let part = 0; part < partCount; part++) {
      const size = places[part];
      if (size > most) most = size;
      places[part] = place;
      place += size;
    }
    if (most > PART_SIZE_MAX) return false;
    for (let i = 0; i < count; i++) {
      const time = looseTimes[i];
      const to = places[(time - startNs) >> shift]++;
      times[to] = time;
      slots[to] = looseSlots[i];
    }
    return true;
  }

  /** Sorts few events by insertion. */
  #insertAll(count: number): void {
    const { times, slots } = this;
    const looseTimes = this.#looseTimes;
    const looseSlots = this.#looseSlots;
    for (let i = 0; i < count; i++) {
      const time = looseTimes[i];
      let j = i;
      while (j > 0 && times[j - 1] > time) {
        times[j] = times[j - 1];
        slots[j] = slots[j - 1];
        j--;
      }
      times[j] = time;
      slots[j] = looseSlots[i];
    }
  }

  /** Puts right what is out of order within parts. */
  #straighten(count: number): void {
    const { times, slots } = this;
    for (let i = 1; i < count; i++) {
      const time = times[i];
      if (times[i - 1] <= time) continue;
      const slot = slots[i];
      let j = i;
      do {
        times[j] = times[j - 1];
        slots[j] = slots[j - 1];
        j--;
      } while (j > 0 && times[j - 1] > time);
      times[j] = time;
      slots[j] = slot;
    }
  }

  #grow(): void {
    const length = this.#looseSlots.length * 2 + 1;
    this.#looseTimes = grownFloat64(this.#looseTimes, length);
    this.#looseSlots = grownInt32(this.#looseSlots, length);
    this.times = new Float64Array(length + 1);
    this.slots = new Int32Array(length + 1);
  }
}
