/**
 * Timers that are moved often and rarely fire: leases, election timeouts, liveness deadlines.
 * Moving a deadline later only stores it; when the event already queued comes, it is queued again
 * for the rest. A move costs no queue operation.
 */
import { assert } from './errors.ts';
import { type EventHandler, NO_EVENT, type Simulation } from './simulation.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** One timer for each member of a population, in typed arrays. */
export class Watchdogs {
  readonly #sim: Simulation;
  readonly #type: number;
  readonly #handler: (member: number) => void;
  /** By member, ns; Infinity where no deadline is set. */
  readonly #deadlinesNs: Float64Array;
  /**
   * When the queued event of each member comes, never later than its deadline; and its id, NO_EVENT
   * where none is queued.
   */
  readonly #queuedNs: Float64Array;
  readonly #queued: Float64Array;

  /** `name` is for traces; the handler is called once for each deadline that passes. */
  constructor(sim: Simulation, name: string, count: number, handler: (member: number) => void) {
    this.#sim = sim;
    this.#handler = handler;
    this.#deadlinesNs = new Float64Array(count).fill(NEVER);
    this.#queuedNs = new Float64Array(count);
    this.#queued = new Float64Array(count).fill(NO_EVENT);
    this.#type = sim.eventType(name, (member) => this.#expire(member));
  }

  /** Deadline of a member in simulated ns; Infinity where none is set. */
  deadlineNs(member: number): number {
    return this.#deadlinesNs[member];
  }

  /** Sets or moves the deadline of a member (absolute simulated ns, not in the past). */
  set(member: number, deadlineNs: number): void {
    assert(deadlineNs >= this.#sim.nowNs, 'a watchdog is set to a deadline in the past');
    this.#deadlinesNs[member] = deadlineNs;
    const queued = this.#queued[member];
    if (queued !== NO_EVENT) {
      if (this.#queuedNs[member] <= deadlineNs) return;
      this.#sim.cancel(queued);
    }
    this.#queue(member);
  }

  clear(member: number): void {
    this.#deadlinesNs[member] = NEVER;
  }

  #queue(member: number): void {
    const deadlineNs = this.#deadlinesNs[member];
    this.#queuedNs[member] = deadlineNs;
    this.#queued[member] = this.#sim.scheduleAt(deadlineNs, this.#type, member);
  }

  #expire(member: number): void {
    this.#queued[member] = NO_EVENT;
    const deadlineNs = this.#deadlinesNs[member];
    if (deadlineNs === NEVER) return;
    if (deadlineNs > this.#sim.nowNs) {
      this.#queue(member);
      return;
    }
    this.#deadlinesNs[member] = NEVER;
    this.#handler(member);
  }
}

/** One timer of this kind. */
export class Watchdog {
  readonly #dogs: Watchdogs;

  /** `name` is for traces; `a` and `b` are handed to the handler. */
  constructor(sim: Simulation, name: string, handler: EventHandler, a = 0, b = 0) {
    this.#dogs = new Watchdogs(sim, name, 1, () => handler(a, b));
  }

  /** Deadline in simulated ns; Infinity where none is set. */
  get deadlineNs(): number {
    return this.#dogs.deadlineNs(0);
  }

  /** Sets or moves the deadline (absolute simulated ns, not in the past). */
  set(deadlineNs: number): void {
    this.#dogs.set(0, deadlineNs);
  }

  clear(): void {
    this.#dogs.clear(0);
  }
}
