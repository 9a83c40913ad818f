/**
 * The ticks of software that times its elections by the wall clock (`etcd.timers: wall`). etcd does
 * not: its ticker is Go's, which is monotonic.
 *
 * One idea: a tick is due whenever the wall clock has gone one interval further. A forward step
 * makes all the ticks that it skips due at once; after a backward step none is due until the clock
 * has made up for it.
 *
 * Left out: software that notices steps (timerfd with TFD_TIMER_CANCEL_ON_SET) and corrects for
 * them. Evidence: tests/models/etcd/wall-ticks.test.ts, by hand.
 */
import type { Simulation } from '../../src/core/index.ts';
import { type Clock, WallTimer } from '../machine/index.ts';

export class WallTicks {
  readonly #clock: Clock;
  readonly #timer: WallTimer;
  /** Time on the wall clock at which the next tick is due. */
  #dueNs = 0;

  /** `onTicks` gets the number of ticks that are due, at least 1. */
  constructor(
    sim: Simulation,
    clock: Clock,
    name: string,
    intervalNs: number,
    onTicks: (count: number) => void,
  ) {
    this.#clock = clock;
    this.#timer = new WallTimer(sim, clock, `${name}/tick`, () => {
      const lateNs = clock.wallNs() - this.#dueNs;
      const count = 1 + Math.max(0, Math.floor(lateNs / intervalNs));
      this.#dueNs += count * intervalNs;
      this.#timer.set(this.#dueNs);
      onTicks(count);
    });
  }

  /** The first tick is due when the wall clock has gone `phaseNs` further. */
  start(phaseNs: number): void {
    this.#dueNs = this.#clock.wallNs() + phaseNs;
    this.#timer.set(this.#dueNs);
  }

  stop(): void {
    this.#timer.clear();
  }
}
