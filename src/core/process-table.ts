/**
 * Generators as processes on the event queue: one event type wakes them all, with the process's
 * index and generation.
 */
import { assert } from './errors.ts';
import type { Simulation } from './simulation.ts';
import type { Process } from './waitable.ts';

export class ProcessTable {
  readonly #sim: Simulation;
  readonly #wakeType: number;
  readonly #processes: (Process | undefined)[] = [];
  readonly #names: string[] = [];
  /** Raised when an entry is reused, so that a late second wake is noticed. */
  readonly #generations: number[] = [];
  readonly #free: number[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.#wakeType = sim.eventType('process/wake', (index, generation) =>
      this.#wake(index, generation),
    );
  }

  spawn(name: string, process: Process): void {
    const index = this.#free.pop() ?? this.#processes.length;
    this.#processes[index] = process;
    this.#names[index] = name;
    const generation = ((this.#generations[index] ?? 0) + 1) & 0x7fffffff;
    this.#generations[index] = generation;
    this.#sim.schedule(0, this.#wakeType, index, generation);
  }

  #wake(index: number, generation: number): void {
    const process = this.#processes[index];
    if (process === undefined || this.#generations[index] !== generation) {
      assert(false, `process ${this.#names[index]} is woken after its end`);
    }
    const { done, value } = process.next();
    if (done === true) {
      this.#processes[index] = undefined;
      this.#free.push(index);
    } else if (typeof value === 'number') {
      this.#sim.schedule(value, this.#wakeType, index, generation);
    } else {
      value.wait(this.#sim, this.#wakeType, index, generation);
    }
  }
}
