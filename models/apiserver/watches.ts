/**
 * The open watches of one server (kubernetes/apiserver pkg/endpoints/handlers/watch.go): each ends
 * after the client's timeout, or after 30 to 60 minutes, drawn evenly (get.go,
 * min-request-timeout).
 */
import type { Simulation, Stream } from '../../src/core/index.ts';
import type { Level } from '../../src/metrics/index.ts';
import type { ServedWatch, WatchEvent, WatchSink } from '../objects/index.ts';
import type { CacheWatch } from './cacher/types.ts';
import type { Request } from './request.ts';

export interface WatchesOwner {
  /** The watch is told all that there was: its seats are free. */
  onInitialized(watch: ServerWatch): void;
  /** It is over, however it ended. */
  onClosed(watch: ServerWatch): void;
}

/** One watch, from its request to its end. */
export class ServerWatch implements ServedWatch, WatchSink {
  readonly #table: WatchTable;
  readonly sink: WatchSink;
  readonly connection: number;
  readonly members: number;
  readonly arrivalNs: number;
  /** Its request, while that is not answered or its seats are held. */
  request: Request | null;
  watch: CacheWatch | null = null;
  slot = -1;
  closed = false;
  /** Its client has been told 200. */
  accepted = false;
  /** Its client is being told why not. */
  refused = false;
  /** All that there was has been sent; true from the start where nothing was asked for. */
  initialized: boolean;

  constructor(table: WatchTable, request: Request, nowNs: number) {
    this.#table = table;
    this.request = request;
    this.sink = request.source!.sink!;
    this.connection = request.source!.connection;
    this.members = request.members;
    this.arrivalNs = nowNs;
    this.initialized = request.call.sendInitialEvents !== true;
  }

  /** The client has gone. */
  stop(): void {
    this.#table.close(this);
  }

  send(events: readonly WatchEvent[], bytes: number): boolean {
    if (this.closed) return false;
    if (!this.initialized && hasEnd(events)) {
      this.initialized = true;
      this.#table.initialized(this);
    }
    const open = this.sink.send(events, bytes);
    if (!open) this.#table.close(this);
    return open;
  }

  /** The cacher ends it: too slow, or the cache is not what it was. */
  end(reason: string): void {
    if (this.closed) return;
    this.watch = null;
    this.#table.close(this);
    this.sink.end(reason);
  }
}

function hasEnd(events: readonly WatchEvent[]): boolean {
  for (const event of events) if (event.initialEventsEnd) return true;
  return false;
}

export class WatchTable {
  readonly #sim: Simulation;
  readonly #owner: WatchesOwner;
  readonly #timeouts: Stream;
  readonly #minTimeoutNs: number;
  readonly #open: Level;
  readonly #places: (ServerWatch | null)[] = [];
  readonly #free: number[] = [];
  /** Grows with each use of a place. */
  readonly #uses: number[] = [];
  readonly #timeoutType: number;
  /** Members counted. */
  count = 0;

  constructor(
    sim: Simulation,
    name: string,
    minTimeoutNs: number,
    open: Level,
    owner: WatchesOwner,
  ) {
    this.#sim = sim;
    this.#owner = owner;
    this.#minTimeoutNs = minTimeoutNs;
    this.#open = open;
    this.#timeouts = sim.stream(`${name}/watchTimeout`);
    this.#timeoutType = sim.eventType(`${name}/watchTimeout`, (slot, use) => {
      const watch = this.#places[slot];
      if (watch === null || this.#uses[slot] !== use) return;
      this.#expire(watch);
    });
  }

  /** When a watch that begins now will be ended. */
  timeoutNs(askedNs: number | undefined): number {
    if (askedNs !== undefined && askedNs > 0) return askedNs;
    return Math.round(this.#minTimeoutNs * (1 + this.#timeouts.uniform()));
  }

  add(watch: ServerWatch, deadlineNs: number): void {
    const slot = this.#free.pop() ?? this.#places.length;
    this.#places[slot] = watch;
    this.#uses[slot] = ((this.#uses[slot] ?? 0) + 1) | 0;
    watch.slot = slot;
    this.#count(watch.members);
    // Where very many watches open at once the time of one may be over before its turn comes.
    const atNs = Math.max(deadlineNs, this.#sim.nowNs);
    this.#sim.scheduleAt(atNs, this.#timeoutType, slot, this.#uses[slot]);
  }

  /** All that there was has been sent. */
  initialized(watch: ServerWatch): void {
    this.#owner.onInitialized(watch);
  }

  /** Nothing is sent any more. */
  close(watch: ServerWatch): void {
    if (watch.closed) return;
    watch.closed = true;
    watch.watch?.stop();
    watch.watch = null;
    if (watch.slot >= 0) {
      this.#places[watch.slot] = null;
      this.#free.push(watch.slot);
      watch.slot = -1;
      this.#count(-watch.members);
    }
    this.#owner.onClosed(watch);
  }

  /** The server shuts down: every client is told. */
  endAll(reason: string): void {
    for (const watch of [...this.#places]) {
      if (watch === null) continue;
      this.close(watch);
      watch.sink.end(reason);
    }
  }

  /** The process is gone: nobody is told anything. */
  drop(): void {
    for (const watch of this.#places) if (watch !== null) watch.closed = true;
    this.#places.length = 0;
    this.#free.length = 0;
    for (let i = 0; i < this.#uses.length; i++) this.#uses[i] = (this.#uses[i] + 1) | 0;
    this.#count(-this.count);
  }

  #expire(watch: ServerWatch): void {
    this.close(watch);
    watch.sink.end('');
  }

  #count(delta: number): void {
    this.count += delta;
    this.#open.set(this.#sim.nowNs, this.count);
  }
}
