/** sync.WaitGroup: a process waits until others are done. One waiter. */
import type { Simulation, Waitable } from '../../src/core/index.ts';

export class WaitGroup implements Waitable {
  #count = 0;
  #waiter: (() => void) | null = null;

  add(count = 1): void {
    this.#count += count;
  }

  done(): void {
    this.#count--;
    if (this.#count > 0 || this.#waiter === null) return;
    const wake = this.#waiter;
    this.#waiter = null;
    wake();
  }

  wait(sim: Simulation, wakeType: number, a: number, b: number): void {
    if (this.#count === 0) sim.schedule(0, wakeType, a, b);
    else this.#waiter = () => sim.schedule(0, wakeType, a, b);
  }
}
