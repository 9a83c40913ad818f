/**
 * Deadlines that all lie the same span ahead: a ring in arrival order and one pending event, for
 * the oldest that is still alive. Finished entries leave when they reach the head, for free.
 */

import { type EventId, NO_EVENT, type Simulation } from '../../src/core/index.ts';

export class TimeoutRing {
  readonly #sim: Simulation;
  readonly #type: number;
  readonly #isAlive: (slot: number, generation: number) => boolean;
  readonly #onTimeout: (slot: number, generation: number) => void;
  #slot = new Int32Array(256);
  #generation = new Int32Array(256);
  #deadline = new Float64Array(256);
  #head = 0;
  #size = 0;
  #pending: EventId = NO_EVENT;

  constructor(
    sim: Simulation,
    name: string,
    isAlive: (slot: number, generation: number) => boolean,
    onTimeout: (slot: number, generation: number) => void,
  ) {
    this.#sim = sim;
    this.#isAlive = isAlive;
    this.#onTimeout = onTimeout;
    this.#type = sim.eventType(name, () => this.#fire());
  }

  /** `deadlineNs` never lies before that of an earlier push. */
  push(slot: number, generation: number, deadlineNs: number): void {
    this.#dropFinished();
    if (this.#size === this.#slot.length) this.#grow();
    const at = (this.#head + this.#size++) & (this.#slot.length - 1);
    this.#slot[at] = slot;
    this.#generation[at] = generation;
    this.#deadline[at] = deadlineNs;
    if (this.#pending === NO_EVENT) this.#arm();
  }

  #arm(): void {
    this.#pending = this.#sim.scheduleAt(this.#deadline[this.#head], this.#type, 0, 0);
  }

  #dropFinished(): void {
    while (this.#size > 0 && !this.#isAlive(this.#slot[this.#head], this.#generation[this.#head])) {
      this.#head = (this.#head + 1) & (this.#slot.length - 1);
      this.#size--;
    }
  }

  #fire(): void {
    this.#pending = NO_EVENT;
    this.#dropFinished();
    while (this.#size > 0 && this.#deadline[this.#head] <= this.#sim.nowNs) {
      const slot = this.#slot[this.#head];
      const generation = this.#generation[this.#head];
      this.#head = (this.#head + 1) & (this.#slot.length - 1);
      this.#size--;
      this.#onTimeout(slot, generation);
      this.#dropFinished();
    }
    if (this.#size > 0 && this.#pending === NO_EVENT) this.#arm();
  }

  #grow(): void {
    const size = this.#slot.length;
    const slot = new Int32Array(size * 2);
    const generation = new Int32Array(size * 2);
    const deadline = new Float64Array(size * 2);
    for (let i = 0; i < size; i++) {
      const from = (this.#head + i) & (size - 1);
      slot[i] = this.#slot[from];
      generation[i] = this.#generation[from];
      deadline[i] = this.#deadline[from];
    }
    this.#slot = slot;
    this.#generation = generation;
    this.#deadline = deadline;
    this.#head = 0;
  }
}
