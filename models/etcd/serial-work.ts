/** Work that one goroutine of a process does piece by piece, in the order in which it came. */

import { dropFirst, type Simulation } from '../../src/core/index.ts';

export type WorkDone = (a: number, b: number) => void;

/** Whoever's CPU it is. */
export interface WorkProcess {
  execute(workNs: number, doneType: number, a: number, b: number): void;
}

export class SerialWork {
  readonly #process: WorkProcess;
  readonly #doneType: number;
  // What waits; the piece of work at hand stands apart, as it is mostly the only one.
  readonly #workNs: number[] = [];
  readonly #done: WorkDone[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  #head = 0;
  #nowDone: WorkDone = NOTHING;
  #nowA = 0;
  #nowB = 0;
  #busy = false;
  #life = 0;

  constructor(sim: Simulation, process: WorkProcess, name: string) {
    this.#process = process;
    this.#doneType = sim.eventType(name, (_, life) => {
      if (life === this.#life) this.#onDone();
    });
  }

  /** `done` is a function that lives as long as the run, not one made for the call. */
  run(workNs: number, done: WorkDone, a: number, b: number): void {
    if (!this.#busy) {
      this.#begin(workNs, done, a, b);
      return;
    }
    this.#workNs.push(workNs);
    this.#done.push(done);
    this.#a.push(a);
    this.#b.push(b);
  }

  /** What was to be done is forgotten; what is under way ends in nothing. */
  reset(): void {
    for (const column of [this.#workNs, this.#done, this.#a, this.#b]) column.length = 0;
    this.#head = 0;
    this.#busy = false;
    this.#life++;
  }

  #begin(workNs: number, done: WorkDone, a: number, b: number): void {
    this.#busy = true;
    this.#nowDone = done;
    this.#nowA = a;
    this.#nowB = b;
    this.#process.execute(workNs, this.#doneType, 0, this.#life);
  }

  #onDone(): void {
    const done = this.#nowDone;
    const a = this.#nowA;
    const b = this.#nowB;
    if (this.#done.length === 0) this.#busy = false;
    else this.#next();
    done(a, b);
  }

  #next(): void {
    const i = this.#head++;
    this.#begin(this.#workNs[i], this.#done[i], this.#a[i], this.#b[i]);
    if (this.#head < this.#done.length && this.#head < 1024) return;
    dropFirst(this.#workNs, this.#head);
    dropFirst(this.#done, this.#head);
    dropFirst(this.#a, this.#head);
    dropFirst(this.#b, this.#head);
    this.#head = 0;
  }
}

const NOTHING: WorkDone = () => {};
