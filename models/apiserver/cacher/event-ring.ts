/**
 * The watch cache's history of events: a ring that doubles when it is full within 75 s and halves
 * when its newest three quarters span more (pkg/storage/cacher/watch_cache.go `resizeCacheLocked`).
 */
import type { KeyEvent } from '../../etcd/index.ts';

const CAPACITY_MIN = 100;
const CAPACITY_MAX = 100 * 1024;
const FRESH_NS = 75e9;

export class EventRing {
  capacity = CAPACITY_MIN;
  size = 0;
  /** Revision of the LIST that filled the cache; history begins after it. */
  listRevision = 0;
  #events: (KeyEvent | undefined)[] = new Array<KeyEvent | undefined>(CAPACITY_MIN);
  #timesNs = new Float64Array(CAPACITY_MIN);
  #head = 0;
  /** An event has been dropped since the LIST. */
  #dropped = false;

  /** A new LIST: what came before is not known any more. */
  reset(listRevision: number): void {
    this.size = 0;
    this.#head = 0;
    this.#dropped = false;
    this.listRevision = listRevision;
    this.#events.fill(undefined);
  }

  push(event: KeyEvent, nowNs: number): void {
    if (this.size === this.capacity) this.#resize(nowNs);
    if (this.size === this.capacity) this.#dropOldest(1);
    const at = (this.#head + this.size++) % this.capacity;
    this.#events[at] = event;
    this.#timesNs[at] = nowNs;
  }

  /** Changes after this revision are all here. */
  reaches(revision: number): boolean {
    if (!this.#dropped && this.listRevision > 0) return revision >= this.listRevision;
    if (this.size === 0) return false;
    return revision >= this.#at(0).revision - 1;
  }

  /** Changes after this revision, in order. */
  since(revision: number): KeyEvent[] {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).revision > revision) high = middle;
      else low = middle + 1;
    }
    const events: KeyEvent[] = [];
    for (let i = low; i < this.size; i++) events.push(this.#at(i));
    return events;
  }

  #at(i: number): KeyEvent {
    return this.#events[(this.#head + i) % this.capacity] as KeyEvent;
  }

  #resize(nowNs: number): void {
    const oldestNs = this.#timesNs[this.#head];
    if (nowNs - oldestNs < FRESH_NS) {
      this.#setCapacity(Math.min(this.capacity * 2, CAPACITY_MAX));
      return;
    }
    const quarter = this.capacity - Math.floor(this.capacity / 4);
    const quarterNs = this.#timesNs[(this.#head + quarter) % this.capacity];
    if (nowNs - quarterNs > FRESH_NS) {
      this.#setCapacity(Math.max(Math.floor(this.capacity / 2), CAPACITY_MIN));
    }
  }

  #setCapacity(capacity: number): void {
    if (capacity === this.capacity) return;
    if (this.size > capacity) this.#dropOldest(this.size - capacity);
    const events = new Array<KeyEvent | undefined>(capacity);
    const timesNs = new Float64Array(capacity);
    for (let i = 0; i < this.size; i++) {
      events[i] = this.#at(i);
      timesNs[i] = this.#timesNs[(this.#head + i) % this.capacity];
    }
    this.#events = events;
    this.#timesNs = timesNs;
    this.#head = 0;
    this.capacity = capacity;
  }

  #dropOldest(count: number): void {
    for (let i = 0; i < count; i++) this.#events[(this.#head + i) % this.capacity] = undefined;
    this.#head = (this.#head + count) % this.capacity;
    this.size -= count;
    this.#dropped = true;
  }
}
