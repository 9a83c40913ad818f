/**
 * Lock: one holder, waiters first in first out. What it measures as service is how long it is held.
 * A process takes it by `yield lock` and gives it back by `lock.release()`.
 */
import { assert, type Simulation, type Waitable } from '../core/index.ts';
import type { ResourceProbe } from '../metrics/index.ts';
import type { ModelContext } from './context.ts';
import { JobRing, QUEUE_LIMIT_DEFAULT } from './job-ring.ts';

export class Lock implements Waitable {
  readonly name: string;
  readonly #sim: Simulation;
  readonly #probe: ResourceProbe;
  readonly #waiters: JobRing = new JobRing(QUEUE_LIMIT_DEFAULT);
  #held = false;
  #heldSinceNs = 0;

  constructor(ctx: ModelContext, name: string) {
    this.name = name;
    this.#sim = ctx.sim;
    this.#probe = ctx.metrics.resource(name, 'lock', 1);
  }

  get held(): boolean {
    return this.#held;
  }

  /** Those who wait. */
  get queueLength(): number {
    return this.#waiters.length;
  }

  /**
   * Schedules (grantedType, a, b) when the lock is the caller's: by a zero delay where it is
   * free.
   */
  acquire(grantedType: number, a: number, b: number): void {
    if (this.tryAcquire()) {
      this.#sim.schedule(0, grantedType, a, b);
      return;
    }
    const nowNs = this.#sim.nowNs;
    const queued = this.#waiters.push(nowNs, 0, grantedType, a, b);
    assert(queued, 'more than 2^20 wait for one lock');
    this.#probe.arrive();
    this.#probe.queue(nowNs, this.#waiters.length);
  }

  /** Takes the lock where it is free; nothing is scheduled. A refusal is no arrival. */
  tryAcquire(): boolean {
    if (this.#held) return false;
    this.#probe.arrive();
    this.#probe.busy(this.#sim.nowNs, 1);
    this.#grant(0);
    return true;
  }

  release(): void {
    assert(this.#held, 'a lock is released that is not held');
    const nowNs = this.#sim.nowNs;
    this.#probe.service(nowNs - this.#heldSinceNs);
    this.#held = false;
    const waiters = this.#waiters;
    if (waiters.length === 0) {
      this.#probe.busy(nowNs, 0);
      return;
    }
    const next = waiters.slot(0);
    waiters.drop();
    this.#probe.queue(nowNs, waiters.length);
    this.#grant(nowNs - waiters.arrivedNs[next]);
    this.#sim.schedule(0, waiters.type[next], waiters.a[next], waiters.b[next]);
  }

  wait(_sim: Simulation, wakeType: number, a: number, b: number): void {
    this.acquire(wakeType, a, b);
  }

  #grant(waitNs: number): void {
    this.#held = true;
    this.#heldSinceNs = this.#sim.nowNs;
    this.#probe.wait(waitNs);
  }
}
