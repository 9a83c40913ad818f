/**
 * BoundedQueue: a first-in-first-out ring of numbers that doubles until its limit. What does not
 * fit is refused and counted. It measures how long items wait. A process waits for an item by
 * `yield queue`, and must look again: another consumer may have been first.
 */
import { assert, type Simulation, type Waitable } from '../core/index.ts';
import type { ResourceProbe } from '../metrics/index.ts';
import type { ModelContext } from './context.ts';
import { JobRing, QUEUE_LIMIT_DEFAULT } from './job-ring.ts';

export class BoundedQueue implements Waitable {
  readonly name: string;
  readonly limit: number;
  /** Items refused because the queue was full. */
  refused = 0;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #items: JobRing;
  readonly #waiters: JobRing = new JobRing(QUEUE_LIMIT_DEFAULT);

  constructor(ctx: ModelContext, name: string, options: { readonly limit: number }) {
    assert(options.limit >= 1, 'a queue has room for at least one item');
    this.name = name;
    this.limit = options.limit;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'queue', 1);
    this.#items = new JobRing(options.limit);
  }

  get length(): number {
    return this.#items.length;
  }

  /** False: full. */
  push(x: number): boolean {
    const nowNs = this.#sim.nowNs;
    if (!this.#items.push(nowNs, x, 0, 0, 0)) {
      this.refused += 1;
      this.#probe.reject();
      return false;
    }
    this.#probe.arrive();
    this.#probe.queue(nowNs, this.#items.length);
    this.#wakeOne();
    return true;
  }

  /** Takes the oldest item; the queue must not be empty. */
  shift(): number {
    assert(this.#items.length > 0, 'an empty queue has nothing to shift');
    const nowNs = this.#sim.nowNs;
    const slot = this.#items.slot(0);
    this.#items.drop();
    this.#probe.wait(nowNs - this.#items.arrivedNs[slot]);
    this.#probe.queue(nowNs, this.#items.length);
    return this.#items.amount[slot];
  }

  /** The i-th oldest item, 0 <= i < length. */
  peek(i = 0): number {
    assert(i >= 0 && i < this.#items.length, 'no such item in the queue');
    return this.#items.amount[this.#items.slot(i)];
  }

  /** Forgets all items, as a process that dies does; they count as neither served nor waited. */
  clear(): void {
    while (this.#items.length > 0) this.#items.drop();
    this.#probe.queue(this.#sim.nowNs, 0);
  }

  wait(sim: Simulation, wakeType: number, a: number, b: number): void {
    if (this.#items.length > 0) {
      sim.schedule(0, wakeType, a, b);
      return;
    }
    const queued = this.#waiters.push(sim.nowNs, 0, wakeType, a, b);
    assert(queued, 'more than 2^20 wait for one queue');
  }

  #wakeOne(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    const first = waiters.slot(0);
    waiters.drop();
    this.#sim.schedule(0, waiters.type[first], waiters.a[first], waiters.b[first]);
  }
}
