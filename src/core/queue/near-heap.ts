/**
 * The first tier: the events that are due within the current wheel bucket. Those that the bucket
 * held when it became current are a sorted run; those scheduled since are a 4-ary heap; those due
 * now, where they are several, are a batch.
 *
 * Run and heap compare times only. When others have the time of the event taken, all of that time
 * move to the batch and are sorted there by sequence; an event scheduled for now joins the batch's
 * end. So ties are first in, first out without a second comparison on the way down, and a zero
 * delay costs O(1).
 *
 * Three things make it fast, all measured in bench/core.ts: taking leaves a hole at the root that
 * the next insertion fills; padding with Infinity lets all four children be read without a bounds
 * test; and the smallest child is found by adding comparisons as numbers (`+(x < y)`), which
 * compiles to no branch that could be mispredicted. Please keep these spellings.
 */
import { type EventStore, grownInt32 } from '../event-store.ts';
import { NO_SLOT } from './event-queue.ts';
import { SortedRun } from './sorted-run.ts';

/** Entries of padding behind the last one, so that its children can be read. */
const PADDING = 8;
/** Up to this many events of one time are sorted by insertion. */
const INSERTION_SORT_MAX = 24;
/** Slots are below this. */
const SLOT_COUNT = 2 ** 24;

export class NearHeap {
  readonly store: EventStore;
  /** Time of the event last taken: what a zero delay is compared with. */
  nowNs = 0;
  /** Times by heap position; Infinity from `count` on. */
  times = new Float64Array(1024).fill(Number.POSITIVE_INFINITY);
  slots = new Int32Array(1024);
  /** Entries of the heap, an open root included. */
  count = 0;
  /** The root was taken and not filled yet. */
  hole = false;
  /** Events due now are batch[batchStart .. batchEnd). */
  batch = new Int32Array(256);
  batchStart = 0;
  batchEnd = 0;
  readonly run: SortedRun;

  constructor(store: EventStore) {
    this.store = store;
    this.run = new SortedRun(store);
  }

  /**
   * Takes in the chain of events of a bucket, which begins at `startNs`. Nothing else may be left.
   */
  load(first: number, startNs: number): void {
    if (this.run.load(first, startNs)) return;
    for (let slot = first; slot >= 0; slot = this.store.ints[slot * 12 + 6]) this.insert(slot);
  }

  /** Takes in an event that is due at `nowNs`. */
  append(slot: number): void {
    if (this.batchEnd === this.batch.length) this.#makeRoom();
    this.batch[this.batchEnd++] = slot;
  }

  /** Takes in an event that is due later than `nowNs`. */
  insert(slot: number): void {
    if (this.hole) {
      this.hole = false;
      this.#sink(slot);
      return;
    }
    if (this.count + PADDING >= this.times.length) this.#grow();
    const times = this.times;
    const slots = this.slots;
    const time = this.store.floats[slot * 6];
    let i = this.count++;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const parentTime = times[parent];
      if (parentTime <= time) break;
      times[i] = parentTime;
      slots[i] = slots[parent];
      i = parent;
    }
    times[i] = time;
    slots[i] = slot;
  }

  /** The earliest event, removed; -1 where there is none. */
  take(): number {
    if (this.batchStart < this.batchEnd) return this.batch[this.batchStart++];
    this.batchStart = 0;
    this.batchEnd = 0;
    if (this.hole) this.#fill();
    const run = this.run;
    const runTime = run.times[run.start];
    const times = this.times;
    const time = times[0];
    if (runTime < time) {
      this.nowNs = runTime;
      if (run.times[run.start + 1] === runTime) return this.#takeTied(runTime);
      return run.slots[run.start++];
    }
    if (this.count === 0) return NO_SLOT;
    this.nowNs = time;
    if (
      runTime === time ||
      times[1] === time ||
      times[2] === time ||
      times[3] === time ||
      times[4] === time
    ) {
      return this.#takeTied(time);
    }
    this.hole = true;
    return this.slots[0];
  }

  /** Puts an event at the open root and lets it sink to its place. */
  #sink(slot: number): void {
    const times = this.times;
    const slots = this.slots;
    const count = this.count;
    const time = this.store.floats[slot * 6];
    let i = 0;
    let child = 1;
    while (child < count) {
      const left = child + +(times[child + 1] < times[child]);
      const right = child + 2 + +(times[child + 3] < times[child + 2]);
      const least = left + ((right - left) & -+(times[right] < times[left]));
      const leastTime = times[least];
      if (leastTime >= time) break;
      times[i] = leastTime;
      slots[i] = slots[least];
      i = least;
      child = (i << 2) + 1;
    }
    times[i] = time;
    slots[i] = slot;
  }

  /** Closes the root, open or taken, with the last entry. */
  #fill(): void {
    this.hole = false;
    const last = --this.count;
    this.times[last] = Number.POSITIVE_INFINITY;
    if (last > 0) this.#sink(this.slots[last]);
  }

  /** Moves all events of this time to the batch, in order of scheduling, and takes the first. */
  #takeTied(time: number): number {
    const run = this.run;
    while (run.times[run.start] === time) this.append(run.slots[run.start++]);
    while (this.times[0] === time) {
      this.append(this.slots[0]);
      this.#fill();
    }
    this.#sortBatch();
    this.batchStart = 1;
    return this.batch[0];
  }

  #sortBatch(): void {
    const { batch, batchEnd } = this;
    const { store } = this;
    if (batchEnd > INSERTION_SORT_MAX) {
      this.#sortLargeBatch();
      return;
    }
    for (let i = 1; i < batchEnd; i++) {
      const slot = batch[i];
      const order = store.floats[slot * 6 + 1];
      let j = i - 1;
      while (j >= 0 && store.floats[batch[j] * 6 + 1] > order) {
        batch[j + 1] = batch[j];
        j--;
      }
      batch[j + 1] = slot;
    }
  }

  /** Sorts numbers of (sequence - least sequence, slot), exact below 2^53, without calling back. */
  #sortLargeBatch(): void {
    const { batch, batchEnd } = this;
    const { store } = this;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let i = 0; i < batchEnd; i++) {
      const order = store.floats[batch[i] * 6 + 1];
      if (order < least) least = order;
      if (order > most) most = order;
    }
    if (most - least >= 2 ** 29) {
      batch.subarray(0, batchEnd).sort((x, y) => store.floats[x * 6 + 1] - store.floats[y * 6 + 1]);
      return;
    }
    const keys = new Float64Array(batchEnd);
    for (let i = 0; i < batchEnd; i++) {
      keys[i] = (store.floats[batch[i] * 6 + 1] - least) * SLOT_COUNT + batch[i];
    }
    keys.sort();
    for (let i = 0; i < batchEnd; i++) batch[i] = keys[i] % SLOT_COUNT;
  }

  /** Drops what was taken from the batch, or doubles it. */
  #makeRoom(): void {
    if (this.batchStart > this.batch.length >> 1) {
      this.batch.copyWithin(0, this.batchStart, this.batchEnd);
      this.batchEnd -= this.batchStart;
      this.batchStart = 0;
    } else {
      this.batch = grownInt32(this.batch, this.batch.length * 2);
    }
  }

  #grow(): void {
    const times = new Float64Array(this.times.length * 2).fill(Number.POSITIVE_INFINITY);
    times.set(this.times);
    this.times = times;
    this.slots = grownInt32(this.slots, times.length);
  }
}
