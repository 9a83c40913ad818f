/**
 * Timeouts of one length: the first to be set is the first to end, so a ring and one event serve
 * them all. Ended requests are passed over when their turn comes.
 */
import type { Simulation } from '../../src/core/index.ts';

export class Timeouts {
  readonly #sim: Simulation;
  readonly #timeoutNs: number;
  readonly #type: number;
  readonly #index: number;
  #deadlinesNs = new Float64Array(64);
  #slots = new Int32Array(64);
  #generations = new Int32Array(64);
  #first = 0;
  #count = 0;
  #isArmed = false;

  /** Fires the event (type, index): `expire` is to be called then. */
  constructor(sim: Simulation, timeoutNs: number, type: number, index: number) {
    this.#sim = sim;
    this.#timeoutNs = timeoutNs;
    this.#type = type;
    this.#index = index;
  }

  /** Sets one; answers its deadline. */
  set(slot: number, generation: number): number {
    if (this.#count === this.#slots.length) this.#grow();
    const deadlineNs = this.#sim.nowNs + this.#timeoutNs;
    const at = (this.#first + this.#count++) & (this.#slots.length - 1);
    this.#deadlinesNs[at] = deadlineNs;
    this.#slots[at] = slot;
    this.#generations[at] = generation;
    if (!this.#isArmed) this.#arm();
    return deadlineNs;
  }

  /** Calls `onExpired` for those whose time has come; `isOpen` tells who has ended already. */
  expire(
    isOpen: (slot: number, generation: number) => boolean,
    onExpired: (slot: number, generation: number) => void,
  ): void {
    while (this.#count > 0) {
      const slot = this.#slots[this.#first];
      const generation = this.#generations[this.#first];
      const open = isOpen(slot, generation);
      if (open && this.#deadlinesNs[this.#first] > this.#sim.nowNs) break;
      this.#first = (this.#first + 1) & (this.#slots.length - 1);
      this.#count--;
      if (open) onExpired(slot, generation);
    }
    this.#isArmed = false;
    if (this.#count > 0) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#sim.scheduleAt(this.#deadlinesNs[this.#first], this.#type, this.#index);
  }

  #grow(): void {
    const size = this.#slots.length;
    const order = Array.from({ length: size }, (_, i) => (this.#first + i) & (size - 1));
    const pad = new Array<number>(size).fill(0);
    this.#deadlinesNs = new Float64Array([...order.map((i) => this.#deadlinesNs[i]), ...pad]);
    this.#slots = new Int32Array([...order.map((i) => this.#slots[i]), ...pad]);
    this.#generations = new Int32Array([...order.map((i) => this.#generations[i]), ...pad]);
    this.#first = 0;
  }
}
