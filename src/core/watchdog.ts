import { assert } from './errors.ts';
import { type EventId, NO_EVENT, type Simulation } from './simulation.ts';

const NEVER = Number.POSITIVE_INFINITY;

/**
 * A timer that is moved often and rarely fires: a lease, an election timeout, a liveness deadline. Moving it later only stores
 * the deadline; when the event already queued comes, it is queued again for the rest. Costs no queue operation per move.
 */
export class Watchdog {
  readonly #sim: Simulation;
  readonly #type: number;
  readonly #handler: (a: number, b: number) => void;
  readonly #a: number;
  readonly #b: number;
  #deadlineNs = NEVER;
  #queuedNs = NEVER;
  #queued: EventId = NO_EVENT;

  /** `name` is for traces; `a` and `b` are handed to the handler. */
  constructor(
    sim: Simulation,
    name: string,
    handler: (a: number, b: number) => void,
    a = 0,
    b = 0,
  ) {
    this.#sim = sim;
    this.#handler = handler;
    this.#a = a;
    this.#b = b;
    this.#type = sim.eventType(name, () => this.#expire());
  }

  /** Deadline in simulated ns; Infinity where none is set. */
  get deadlineNs(): number {
    return this.#deadlineNs;
  }

  /** Sets or moves the deadline (absolute simulated ns, not in the past). */
  set(deadlineNs: number): void {
    assert(deadlineNs >= this.#sim.nowNs, 'a watchdog is set to a deadline in the past');
    this.#deadlineNs = deadlineNs;
    if (this.#queued !== NO_EVENT) {
      if (this.#queuedNs <= deadlineNs) return;
      this.#sim.cancel(this.#queued);
    }
    this.#queue(deadlineNs);
  }

  clear(): void {
    this.#deadlineNs = NEVER;
  }

  #queue(timeNs: number): void {
    this.#queuedNs = timeNs;
    this.#queued = this.#sim.scheduleAt(timeNs, this.#type, this.#a, this.#b);
  }

  #expire(): void {
    this.#queued = NO_EVENT;
    const deadlineNs = this.#deadlineNs;
    if (deadlineNs === NEVER) return;
    if (deadlineNs > this.#sim.nowNs) {
      this.#queue(deadlineNs);
      return;
    }
    this.#deadlineNs = NEVER;
    this.#handler(this.#a, this.#b);
  }
}
