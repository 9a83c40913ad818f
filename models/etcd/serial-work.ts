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
  readonly #workNs: number[] = [];
  readonly #done: WorkDone[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  #head = 0;
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
    this.#workNs.push(workNs);
    this.#done.push(done);
    this.#a.push(a);
    this.#b.push(b);
    if (!this.#busy) this.#next();
  }

  /** What was to be done is forgotten; what is under way ends in nothing. */
  reset(): void {
    for (const column of [this.#workNs, this.#done, this.#a, this.#b]) column.length = 0;
    this.#head = 0;
    this.#busy = false;
    this.#life++;
  }

  #next(): void {
    this.#busy = this.#head < this.#done.length;
    if (this.#busy) this.#process.execute(this.#workNs[this.#head], this.#doneType, 0, this.#life);
  }

  #onDone(): void {
    const i = this.#head++;
    const done = this.#done[i];
    const a = this.#a[i];
    const b = this.#b[i];
    if (this.#head === this.#done.length || this.#head >= 1024) {
      dropFirst(this.#workNs, this.#head);
      dropFirst(this.#done, this.#head);
      dropFirst(this.#a, this.#head);
      dropFirst(this.#b, this.#head);
      this.#head = 0;
    }
    this.#next();
    done(a, b);
  }
}
