/**
 * The event loop: a clock, a queue of pending events, and the handlers that components register.
 * The one idea: an event is a numeric type and two integers, so that a run makes no object per
 * event and can be hashed, cut into slices and repeated.
 */
import { CHECKPOINT_EVENTS, Digest } from './digest.ts';
import { assert, InvariantViolation, LimitError } from './errors.ts';
import { EventStore } from './event-store.ts';
import {
  FLOOD_EVENTS_MAX,
  FLOOD_SPAN_NS,
  FloodGuard,
  type FloodLimit,
  topTypes,
} from './flood-guard.ts';
import { ProcessTable } from './process-table.ts';
import type { EventQueue } from './queue/event-queue.ts';
import { ReferenceQueue } from './queue/reference-queue.ts';
import { TwoTierQueue } from './queue/two-tier-queue.ts';
import { createStream, type Stream } from './stream.ts';
import { HORIZON_NS_MAX, NS_PER_DAY } from './time.ts';
import { EventTrace, type TraceOptions } from './trace.ts';
import type { Process } from './waitable.ts';

export type EventHandler = (a: number, b: number) => void;
/** Handle of one pending event. */
export type EventId = number;
/** The handle of no event; `cancel` answers false to it. */
export const NO_EVENT: EventId = 0;

export type QueueKind = 'two-tier' | 'fast-priority-queue';

export interface SimulationOptions {
  readonly seed: string;
  /** Events run while their time is before this; at most 100 days. */
  readonly horizonNs: number;
  /** Default 'two-tier'; the order of events does not depend on it. */
  readonly queue?: QueueKind;
  /** Records a window of events; off by default. */
  readonly trace?: TraceOptions;
  /** Events without progress beyond which the run is given up; tests lower it. */
  readonly flood?: FloodLimit;
}

export class Simulation {
  /** Simulated time, ns; only the loop moves it. */
  nowNs = 0;
  /** Events handed to handlers so far. */
  eventCount = 0;
  readonly seed: string;
  readonly horizonNs: number;
  readonly #handlers: EventHandler[] = [];
  readonly #typeNames: string[] = [];
  readonly #streamNames = new Set<string>();
  readonly #store = new EventStore();
  readonly #queue: EventQueue;
  readonly #digest = new Digest();
  readonly #trace: EventTrace | undefined;
  readonly #flood: FloodGuard;
  #processes: ProcessTable | undefined = undefined;
  #sequence = 0;
  #finished = false;

  constructor(options: SimulationOptions) {
    const { seed, horizonNs } = options;
    if (!(horizonNs > 0 && horizonNs <= HORIZON_NS_MAX && Math.floor(horizonNs) === horizonNs)) {
      throw new LimitError(
        'WT2001',
        'a horizon must be an integer of 1 ns to 100 days; ' +
          `this one has ${horizonNs / NS_PER_DAY} days. ` +
          'Replay longer traces by windows, or add up independent runs',
      );
    }
    this.seed = seed;
    this.horizonNs = horizonNs;
    this.#queue =
      options.queue === 'fast-priority-queue'
        ? new ReferenceQueue(this.#store, horizonNs)
        : new TwoTierQueue(this.#store, horizonNs);
    this.#trace = options.trace === undefined ? undefined : new EventTrace(options.trace);
    this.#flood = new FloodGuard(
      (type) => this.typeName(type),
      options.flood ?? { events: FLOOD_EVENTS_MAX, spanNs: FLOOD_SPAN_NS },
    );
  }

  /** True once the horizon is reached or nothing is pending before it. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Registers a kind of event; types are numbered in registration order. `name` is for traces. */
  eventType(name: string, handler: EventHandler): number {
    this.#typeNames.push(name);
    return this.#handlers.push(handler) - 1;
  }

  /**
   * `delayNs` >= 0, an integer of any size: what is due at the horizon or later just never runs.
   * `a` and `b` are int32.
   * First in, first out among equal times.
   */
  schedule(delayNs: number, type: number, a = 0, b = 0): EventId {
    const timeNs = this.nowNs + delayNs;
    if (!(delayNs >= 0 && timeNs < Number.POSITIVE_INFINITY && Math.floor(timeNs) === timeNs)) {
      this.#refuseTime(timeNs, type);
    }
    const store = this.#store;
    const slot = store.allocate();
    store.floats[slot * 6] = timeNs;
    this.#place(slot, type, a, b);
    return store.floats[slot * 6 + 2];
  }

  /** As `schedule`, at an absolute time that is not in the past. */
  scheduleAt(timeNs: number, type: number, a = 0, b = 0): EventId {
    if (
      !(timeNs >= this.nowNs && timeNs < Number.POSITIVE_INFINITY && Math.floor(timeNs) === timeNs)
    ) {
      this.#refuseTime(timeNs, type);
    }
    const store = this.#store;
    const slot = store.allocate();
    store.floats[slot * 6] = timeNs;
    this.#place(slot, type, a, b);
    return store.floats[slot * 6 + 2];
  }

  /** False when the event already ran or was cancelled. */
  cancel(id: EventId): boolean {
    const store = this.#store;
    const slot = store.slotOf(id);
    if (slot < 0) return false;
    store.markCancelled(slot);
    if (this.#queue.remove(slot)) store.release(slot);
    return true;
  }

  /** One stream per component instance and purpose; a name may be asked for once. */
  stream(name: string): Stream {
    assert(!this.#streamNames.has(name), `random stream ${name} is asked for twice`);
    this.#streamNames.add(name);
    return createStream(this.seed, name);
  }

  /**
   * Starts a process by a zero-delay event. For scripts with few live instances; hot paths use
   * typed events.
   */
  spawn(name: string, process: Process): void {
    this.#processes ??= new ProcessTable(this);
    this.#processes.spawn(name, process);
  }

  /**
   * Hands over events until `maxEvents` were handled, the horizon is reached or nothing is pending
   * before it.
   * Returns how many were handled. How a run is cut into calls changes nothing.
   */
  advance(maxEvents: number): number {
    let handled = 0;
    try {
      while (handled < maxEvents) {
        const untilCheckpoint = CHECKPOINT_EVENTS - (this.eventCount % CHECKPOINT_EVENTS);
        const count = Math.min(maxEvents - handled, untilCheckpoint);
        const done = this.#run(count);
        handled += done;
        if (done < count) {
          this.#finish();
          break;
        }
        if (count === untilCheckpoint) {
          this.#digest.checkpoint();
          this.#flood.check(this.nowNs, this.eventCount);
        }
      }
    } catch (error) {
      if (error instanceof LimitError && error.code === 'WT2002') {
        const top = topTypes(this.#store.liveByType(), (type) => this.typeName(type));
        error.report(`Pending at ${this.nowNs} ns: ${top}`);
      }
      if (error instanceof InvariantViolation) {
        error.locate({ seed: this.seed, nowNs: this.nowNs, eventSequence: this.eventCount });
      }
      throw error;
    }
    return handled;
  }

  /** 16 hex digits over (time, type, a, b) of every event handed over so far. */
  digest(): string {
    return this.#digest.hex();
  }

  /** The digest after each 2^16 events. */
  digestCheckpoints(): readonly string[] {
    return this.#digest.checkpoints;
  }

  typeName(type: number): string {
    return this.#typeNames[type] ?? `unknown type ${type}`;
  }

  /** What `trace` recorded; undefined where it was off. */
  get trace(): EventTrace | undefined {
    return this.#trace;
  }

  /**
   * The rest of scheduling, given a slot with its time: without doubles, as a call that is not
   * inlined allocates for them.
   */
  #place(slot: number, type: number, a: number, b: number): void {
    if ((type | 0) !== type || type < 0 || type >= this.#handlers.length) this.#refuseType(type);
    if ((a | 0) !== a || (b | 0) !== b) this.#refusePayload(type, a, b);
    this.#store.floats[slot * 6 + 1] = this.#sequence++;
    this.#store.ints[slot * 12 + 8] = type;
    this.#store.ints[slot * 12 + 9] = a;
    this.#store.ints[slot * 12 + 10] = b;
    this.#queue.insert(slot);
  }

  /** Hands over up to `count` events; fewer where nothing more is due before the horizon. */
  #run(count: number): number {
    const store = this.#store;
    const queue = this.#queue;
    const digest = this.#digest;
    const handlers = this.#handlers;
    const trace = this.#trace;
    const flood = this.#flood.counting ? this.#flood : undefined;
    for (let handled = 0; handled < count; handled++) {
      const slot = queue.take();
      if (slot < 0) return handled;
      const timeNs = store.floats[slot * 6];
      const type = store.ints[slot * 12 + 8];
      const a = store.ints[slot * 12 + 9];
      const b = store.ints[slot * 12 + 10];
      store.release(slot);
      if (timeNs < this.nowNs) assert(false, 'simulated time went back');
      this.nowNs = timeNs;
      this.eventCount++;
      // The digest. The upper part of a time has 21 bits, types are few. Each lane has one
      // multiplication on its chain.
      const kind = ((timeNs * 2.3283064365386963e-10) << 11) ^ type;
      const c = Math.imul(a, 0x85ebca77);
      const d = Math.imul(b, 0x27d4eb2f);
      const x = Math.imul(timeNs | 0, 0x9e3779b1) + ((c << 13) | (c >>> 19));
      const y = Math.imul(kind, 0xc2b2ae3d) + ((d << 19) | (d >>> 13));
      const first = Math.imul(digest.first ^ (x + y), 0xac4c1b51);
      const second = Math.imul(digest.second ^ (x + ((y << 7) | (y >>> 25))), 0x31848bab);
      digest.first = first ^ (first >>> 15);
      digest.second = second ^ (second >>> 14);
      if (trace !== undefined) trace.record(this.eventCount, timeNs, type, a, b);
      if (flood !== undefined) flood.count(type);
      handlers[type](a, b);
    }
    return count;
  }

  #finish(): void {
    this.#finished = true;
    this.nowNs = this.horizonNs;
  }

  #refuseTime(timeNs: number, type: number): never {
    const what = `event ${this.typeName(type)} is scheduled at ${timeNs} ns`;
    throw new InvariantViolation(
      timeNs < this.nowNs
        ? `${what}, in the past of ${this.nowNs} ns`
        : `${what}, which is not an integer`,
    );
  }

  #refuseType(type: number): never {
    throw new InvariantViolation(`event type ${type} is not registered`);
  }

  #refusePayload(type: number, a: number, b: number): never {
    throw new InvariantViolation(
      `event ${this.typeName(type)} has a payload that is no int32: ${a}, ${b}`,
    );
  }
}
