/**
 * Generators that live in a component's process: woken by one event type with their slot and
 * generation, killed together when the process ends, held while it is frozen.
 */
import type { Process, Simulation } from '../../src/core/index.ts';

/** The process, as its generators see it. */
export interface Runnable {
  readonly name: string;
  defer(type: number, a: number, b: number): boolean;
}

export class ProcessRunner {
  readonly #sim: Simulation;
  readonly #owner: Runnable;
  readonly #wakeType: number;
  readonly #processes: (Process | null)[] = [];
  readonly #done: (undefined | (() => void))[] = [];
  /** Raised when an entry is left: wakes of an earlier generator are void. */
  readonly #generations: number[] = [];
  readonly #free: number[] = [];

  constructor(sim: Simulation, owner: Runnable) {
    this.#sim = sim;
    this.#owner = owner;
    this.#wakeType = sim.eventType(`${owner.name}/wake`, (slot, g) => this.#wake(slot, g));
  }

  spawn(process: Process, done?: () => void): void {
    const slot = this.#free.pop() ?? this.#processes.length;
    this.#processes[slot] = process;
    this.#done[slot] = done;
    this.#generations[slot] ??= 0;
    this.#sim.schedule(0, this.#wakeType, slot, this.#generations[slot]);
  }

  killAll(): void {
    for (let slot = 0; slot < this.#processes.length; slot++) {
      if (this.#processes[slot] !== null) this.#leave(slot);
    }
  }

  #wake(slot: number, generation: number): void {
    const process = this.#processes[slot];
    if (process === null || this.#generations[slot] !== generation) return;
    if (this.#owner.defer(this.#wakeType, slot, generation)) return;
    const { done, value } = process.next();
    // What it did may have ended the process, and with it this generator.
    if (this.#generations[slot] !== generation) return;
    if (done === true) {
      const then = this.#done[slot];
      this.#leave(slot);
      then?.();
    } else if (typeof value === 'number') {
      this.#sim.schedule(value, this.#wakeType, slot, generation);
    } else {
      value.wait(this.#sim, this.#wakeType, slot, generation);
    }
  }

  #leave(slot: number): void {
    this.#processes[slot] = null;
    this.#done[slot] = undefined;
    this.#generations[slot] = (this.#generations[slot] + 1) & 0x7fffffff;
    this.#free.push(slot);
  }
}
