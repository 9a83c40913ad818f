/**
 * A timer that fires when the wall clock shows a time: what software without monotonic time does. A
 * forward step past the deadline fires it at once, a backward step delays it.
 */
import { type EventId, NO_EVENT, type Simulation } from '../../src/core/index.ts';
import type { Clock } from './clock.ts';

export class WallTimer {
  private readonly sim: Simulation;
  private readonly clock: Clock;
  private readonly checkType: number;
  private readonly fireType: number;
  private deadlineNs = Infinity;
  private pending: EventId = NO_EVENT;

  /** `name` is for traces. Create one per timer, not one per arming. */
  constructor(sim: Simulation, clock: Clock, name: string, onFire: () => void) {
    this.sim = sim;
    this.clock = clock;
    this.checkType = sim.eventType(`${name}/wallTimer`, () => {
      this.pending = NO_EVENT;
      this.check();
    });
    this.fireType = sim.eventType(`${name}/wallTimerFired`, () => {
      this.pending = NO_EVENT;
      this.deadlineNs = Infinity;
      onFire();
    });
    clock.onChange(() => this.check());
  }

  get armed(): boolean {
    return this.deadlineNs !== Infinity;
  }

  /** Fires once when the wall clock shows `wallNs` or later; replaces an earlier deadline. */
  set(wallNs: number): void {
    this.deadlineNs = wallNs;
    this.check();
  }

  /** Fires once when the wall clock has gone `delayNs` further than now. */
  setAfter(delayNs: number): void {
    this.set(this.clock.wallNs() + delayNs);
  }

  clear(): void {
    this.deadlineNs = Infinity;
    this.check();
  }

  /** Firing is always an event of its own, also for a deadline that has passed. */
  private check(): void {
    if (this.pending !== NO_EVENT) this.sim.cancel(this.pending);
    this.pending = NO_EVENT;
    if (this.deadlineNs === Infinity) return;
    const leftNs = this.deadlineNs - this.clock.wallNs();
    const delayNs = leftNs > 0 ? this.clock.wallDelayAtLeast(leftNs) : 0;
    this.pending = this.sim.schedule(delayNs, delayNs > 0 ? this.checkType : this.fireType, 0, 0);
  }
}
