/**
 * The reference: `fast-priority-queue` over one object per event and a comparator of (time,
 * sequence). Slow and obviously right; selectable, and the oracle of the differential tests.
 */
import FastPriorityQueue from 'fast-priority-queue';
import type { EventStore } from '../event-store.ts';
import { type EventQueue, NO_SLOT } from './event-queue.ts';

interface QueuedEvent {
  readonly timeNs: number;
  readonly sequence: number;
  readonly slot: number;
  /** The slot has another id by now where this event was cancelled. */
  readonly id: number;
}

export class ReferenceQueue implements EventQueue {
  readonly #store: EventStore;
  readonly #horizonNs: number;
  readonly #queue = new FastPriorityQueue<QueuedEvent>(
    (x, y) => x.timeNs < y.timeNs || (x.timeNs === y.timeNs && x.sequence < y.sequence),
  );

  constructor(store: EventStore, horizonNs: number) {
    this.#store = store;
    this.#horizonNs = horizonNs;
  }

  insert(slot: number): void {
    const store = this.#store;
    this.#queue.add({
      timeNs: store.floats[slot * 6],
      sequence: store.floats[slot * 6 + 1],
      slot,
      id: store.floats[slot * 6 + 2],
    });
  }

  take(): number {
    for (;;) {
      const event = this.#queue.peek();
      if (event === undefined || event.timeNs >= this.#horizonNs) return NO_SLOT;
      this.#queue.poll();
      if (this.#store.floats[event.slot * 6 + 2] === event.id) return event.slot;
    }
  }

  remove(_slot: number): boolean {
    return true;
  }
}
