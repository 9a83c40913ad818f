/**
 * A goroutine that takes its work from a channel: one job after the other, never more than a core.
 * What it does after a job's CPU time is a callback; all is forgotten when the process ends.
 */
import { dropFirst, type Simulation } from '../../src/core/index.ts';
import type { ComponentProcess } from './process.ts';

export class SerialLoop {
  readonly #process: ComponentProcess;
  readonly #doneType: number;
  readonly #workNs: number[] = [];
  readonly #then: (() => void)[] = [];
  /** Index of the job that runs, or is next. */
  #head = 0;
  #isBusy = false;

  constructor(sim: Simulation, process: ComponentProcess, name: string) {
    this.#process = process;
    this.#doneType = sim.eventType(`${process.name}/${name}`, (life) => {
      if (life === process.life) this.#done();
    });
    process.onStop(() => this.clear());
  }

  /** Jobs that wait, the running one included. */
  get length(): number {
    return this.#then.length - this.#head;
  }

  run(workNs: number, then: () => void): void {
    this.#workNs.push(workNs);
    this.#then.push(then);
    if (!this.#isBusy) this.#next();
  }

  clear(): void {
    this.#workNs.length = 0;
    this.#then.length = 0;
    this.#head = 0;
    this.#isBusy = false;
  }

  #next(): void {
    this.#isBusy = true;
    this.#process.execute(this.#workNs[this.#head], this.#doneType, this.#process.life, 0);
  }

  #done(): void {
    const then = this.#then[this.#head];
    this.#head++;
    const left = this.#then.length - this.#head;
    if (left === 0 || (this.#head >= 1024 && this.#head > left)) {
      dropFirst(this.#workNs, this.#head);
      dropFirst(this.#then, this.#head);
      this.#head = 0;
    }
    this.#isBusy = false;
    then();
    if (!this.#isBusy && this.length > 0) this.#next();
  }
}
