/**
 * The default event queue: a near heap for the current bucket of a timing wheel of 65,536 buckets
 * of 2^20 ns (1.05 ms, together
 * 68.7 s), and behind it a coarse wheel of one bucket per 68.7 s up to the horizon. The heap stays
 * small however many events are pending; an event far away is moved twice, by relinking, and can be
 * forgotten in O(1) wherever it waits.
 *
 * After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987; only the last tier
 * is ordered.
 */
import type { EventStore } from '../event-store.ts';
import { type EventQueue, NO_SLOT } from './event-queue.ts';
import { NearHeap } from './near-heap.ts';

/** Width of a bucket of the fine wheel, ns. */
const BUCKET_NS = 2 ** 20;
const BUCKET_COUNT = 2 ** 16;
const BUCKET_MASK = BUCKET_COUNT - 1;
const WORD_COUNT = BUCKET_COUNT >> 5;
const WORD_MASK = WORD_COUNT - 1;
/** Width of a bucket of the coarse wheel: one turn of the fine one, ns. */
const TURN_NS = BUCKET_NS * BUCKET_COUNT;
const NO_BUCKET = -1;

/**
 * Index of the fine bucket of a time: timeNs / BUCKET_NS modulo BUCKET_COUNT, in literals that the
 * compiler can fold.
 */
function fineIndexOf(timeNs: number): number {
  return (timeNs * 9.5367431640625e-7) & 0xffff;
}

export class TwoTierQueue implements EventQueue {
  readonly #store: EventStore;
  readonly #near: NearHeap;
  readonly #horizonNs: number;
  /** Coarse buckets before the horizon; one more behind them holds what lies beyond it. */
  readonly #turnCount: number;
  /**
   * First slot of every fine bucket, then of every coarse one; -1 where empty. Slots are chained by
   * NEXT and PREVIOUS; the first slot of bucket i has ~i, a negative number, as its PREVIOUS.
   */
  readonly #heads: Int32Array;
  /** One bit per fine bucket that is not empty. */
  readonly #occupied = new Int32Array(WORD_COUNT);
  /** The current bucket, numbered from time 0. Its events are in the heap. */
  #bucket = 0;
  /** Events before this are in the heap: the end of the current bucket, at most the horizon. */
  #nearEndNs = 0;
  /**
   * Later events before this are in the fine wheel, at most one turn ahead; at most the horizon.
   */
  #fineEndNs = 0;

  constructor(store: EventStore, horizonNs: number) {
    this.#store = store;
    this.#near = new NearHeap(store);
    this.#horizonNs = horizonNs;
    this.#turnCount = Math.ceil(horizonNs / TURN_NS);
    this.#heads = new Int32Array(BUCKET_COUNT + this.#turnCount + 1).fill(NO_SLOT);
    this.#enter(0);
  }

  insert(slot: number): void {
    const timeNs = this.#store.floats[slot * 6];
    if (timeNs < this.#nearEndNs) {
      if (timeNs === this.#near.nowNs) this.#near.append(slot);
      else this.#near.insert(slot);
    } else if (timeNs < this.#fineEndNs) {
      this.#linkFine(slot);
    } else {
      const beyond = timeNs >= this.#horizonNs;
      const turn = beyond ? this.#turnCount : Math.floor(timeNs / TURN_NS);
      this.#link(slot, BUCKET_COUNT + turn);
    }
  }

  take(): number {
    for (;;) {
      const slot = this.#near.take();
      if (slot >= 0) {
        if (this.#store.isLive(slot)) return slot;
        this.#store.release(slot);
      } else if (!this.#advance()) {
        return NO_SLOT;
      }
    }
  }

  remove(slot: number): boolean {
    if (this.#store.floats[slot * 6] < this.#nearEndNs) return false;
    const store = this.#store;
    const next = store.ints[slot * 12 + 6];
    const previous = store.ints[slot * 12 + 7];
    if (next >= 0) store.ints[next * 12 + 7] = previous;
    if (previous >= 0) {
      store.ints[previous * 12 + 6] = next;
      return true;
    }
    const index = ~previous;
    this.#heads[index] = next;
    if (next < 0 && index < BUCKET_COUNT) this.#occupied[index >> 5] &= ~(1 << (index & 31));
    return true;
  }

  #linkFine(slot: number): void {
    const index = fineIndexOf(this.#store.floats[slot * 6]);
    this.#link(slot, index);
    this.#occupied[index >> 5] |= 1 << (index & 31);
  }

  #link(slot: number, index: number): void {
    const first = this.#heads[index];
    this.#heads[index] = slot;
    this.#store.ints[slot * 12 + 6] = first;
    this.#store.ints[slot * 12 + 7] = ~index;
    if (first >= 0) this.#store.ints[first * 12 + 7] = slot;
  }

  /**
   * Makes the next bucket with events the current one. False where there is none before the
   * horizon.
   */
  #advance(): boolean {
    for (;;) {
      const fine = this.#nextFineBucket();
      const turn = Math.floor(this.#bucket / BUCKET_COUNT);
      const lastTurn = fine === NO_BUCKET ? this.#turnCount - 1 : Math.floor(fine / BUCKET_COUNT);
      if (!this.#pourNextTurn(turn + 1, lastTurn)) {
        if (fine === NO_BUCKET) return false;
        this.#enter(fine);
        this.#drain(fine & BUCKET_MASK);
        return true;
      }
    }
  }

  /** Number of the first bucket after the current one that has events in the fine wheel. */
  #nextFineBucket(): number {
    const occupied = this.#occupied;
    const first = (this.#bucket + 1) & BUCKET_MASK;
    let word = first >> 5;
    let bits = occupied[word] & (-1 << (first & 31));
    for (let i = 0; bits === 0; i++) {
      if (i === WORD_COUNT) return NO_BUCKET;
      word = (word + 1) & WORD_MASK;
      bits = occupied[word];
    }
    const found = (word << 5) + 31 - Math.clz32(bits & -bits);
    return this.#bucket + 1 + ((found - first) & BUCKET_MASK);
  }

  /**
   * Moves the events of the first turn of these that has any to the fine wheel. False where none
   * has.
   */
  #pourNextTurn(firstTurn: number, lastTurn: number): boolean {
    const store = this.#store;
    for (let turn = firstTurn; turn <= lastTurn; turn++) {
      let slot = this.#heads[BUCKET_COUNT + turn];
      if (slot < 0) continue;
      this.#heads[BUCKET_COUNT + turn] = NO_SLOT;
      this.#enter(turn * BUCKET_COUNT - 1);
      while (slot >= 0) {
        const next = store.ints[slot * 12 + 6];
        this.#linkFine(slot);
        slot = next;
      }
      return true;
    }
    return false;
  }

  #enter(bucket: number): void {
    this.#bucket = bucket;
    const endNs = (bucket + 1) * BUCKET_NS;
    this.#nearEndNs = Math.min(endNs, this.#horizonNs);
    this.#fineEndNs = Math.min(endNs + TURN_NS, this.#horizonNs);
  }

  /** Moves the events of a fine bucket to the near tier. */
  #drain(index: number): void {
    const near = this.#near;
    const first = this.#heads[index];
    this.#heads[index] = NO_SLOT;
    this.#occupied[index >> 5] &= ~(1 << (index & 31));
    near.load(first, this.#bucket * BUCKET_NS);
  }
}
