/**
 * The dispatch goroutine of one resource: events go to the buffers of the watches that they
 * concern, one event after the other (pkg/storage/cacher/cacher.go `dispatchEvents`).
 *
 * One idea: who has room takes the event at once; for those that have none the goroutine, and so
 * every watch of the resource, waits as long as the time budget allows, then ends them.
 * Left out: the bound of 100 on events that wait for it, behind which the reflector would wait.
 */
import { dropFirst, type EventId, NO_EVENT } from '../../../src/core/index.ts';
import type { KeyEvent } from '../../etcd/index.ts';
import { currentOf, previousOf } from './event-view.ts';
import { TimeBudget } from './time-budget.ts';
import type { CacheWatcher } from './watcher.ts';
import type { Watchers } from './watchers.ts';

export interface DispatcherHost {
  readonly nowNs: number;
  readonly costs: {
    readonly eventNs: number;
    readonly dispatchNs: number;
    readonly dispatchWatcherNs: number;
  };
  /** Work of the goroutine; `onWorked` comes after it. */
  execute(workNs: number): void;
  /** Comes back as `onBudgetSpent`. */
  budgetAfter(delayNs: number): EventId;
  cancel(event: EventId): void;
  onDispatched(revision: number, tookNs: number): void;
  onTerminated(watcher: CacheWatcher): void;
}

export class Dispatcher {
  readonly #host: DispatcherHost;
  readonly #watchers: Watchers;
  readonly #budget = new TimeBudget();
  #queue: KeyEvent[] = [];
  #arrivedNs: number[] = [];
  #head = 0;
  /** Events of the piece of work at hand. */
  #taken = 0;
  readonly #concerned: CacheWatcher[] = [];
  readonly #blocked: CacheWatcher[] = [];
  #budgetEvent: EventId = NO_EVENT;
  #budgetEndNs = 0;

  constructor(host: DispatcherHost, watchers: Watchers) {
    this.#host = host;
    this.#watchers = watchers;
  }

  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** `#next` when idle: begin. */
  add(event: KeyEvent): void {
    this.#queue.push(event);
    this.#arrivedNs.push(this.#host.nowNs);
    if (this.#taken === 0) this.#next();
  }

  reset(): void {
    this.#queue = [];
    this.#arrivedNs = [];
    this.#head = 0;
    this.#taken = 0;
    this.#blocked.length = 0;
    if (this.#budgetEvent !== NO_EVENT) this.#host.cancel(this.#budgetEvent);
    this.#budgetEvent = NO_EVENT;
  }

  /** Nobody watches: all that waits is one piece of work. */
  #next(): void {
    const left = this.queued;
    if (left === 0) {
      this.#taken = 0;
      return;
    }
    const { costs } = this.#host;
    this.#taken = this.#watchers.count === 0 ? left : 1;
    let workNs = 0;
    for (let i = 0; i < this.#taken; i++) {
      const event = this.#queue[this.#head + i];
      workNs += (costs.eventNs + costs.dispatchNs) * event.copies;
      if (this.#watchers.count === 0) continue;
      this.#watchers.concerned(currentOf(event), previousOf(event), this.#concerned);
      for (const { members } of this.#concerned) {
        workNs += costs.dispatchWatcherNs * members * event.copies;
      }
    }
    this.#host.execute(workNs);
  }

  onWorked(): void {
    if (this.#taken === 0) return;
    for (let i = 0; i < this.#taken - 1; i++) this.#shift();
    const event = this.#queue[this.#head];
    this.#watchers.concerned(currentOf(event), previousOf(event), this.#concerned);
    for (const watcher of this.#concerned) {
      if (event.revision <= watcher.fromRevision) continue;
      if (watcher.isFull) this.#blocked.push(watcher);
      else watcher.offer(event);
    }
    if (this.#blocked.length === 0) this.#end();
    else {
      const budgetNs = this.#budget.take(this.#host.nowNs);
      this.#budgetEndNs = this.#host.nowNs + budgetNs;
      this.#budgetEvent = this.#host.budgetAfter(budgetNs);
    }
  }

  /** A watcher has room, or is gone. */
  onRoom(watcher: CacheWatcher): void {
    if (this.#blocked.length === 0) return;
    const at = this.#blocked.indexOf(watcher);
    if (at < 0) return;
    this.#blocked.splice(at, 1);
    if (watcher.isOpen) watcher.offer(this.#queue[this.#head]);
    if (this.#blocked.length > 0 || this.#budgetEvent === NO_EVENT) return;
    this.#host.cancel(this.#budgetEvent);
    this.#budgetEvent = NO_EVENT;
    this.#budget.giveBack(this.#budgetEndNs - this.#host.nowNs);
    this.#end();
  }

  /** Those that still have no room are too slow. */
  onBudgetSpent(): void {
    this.#budgetEvent = NO_EVENT;
    const slow = this.#blocked.splice(0);
    for (const watcher of slow) this.#host.onTerminated(watcher);
    this.#end();
  }

  #end(): void {
    this.#shift();
    this.#next();
  }

  #shift(): void {
    const { revision } = this.#queue[this.#head];
    this.#host.onDispatched(revision, this.#host.nowNs - this.#arrivedNs[this.#head]);
    this.#head++;
    if (this.#head < this.#queue.length && this.#head < 1024) return;
    dropFirst(this.#queue, this.#head);
    dropFirst(this.#arrivedNs, this.#head);
    this.#head = 0;
  }
}
