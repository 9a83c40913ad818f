/**
 * Client connections as the server sees them: which have shaken hands (TLS), which are told to go
 * (kubernetes/apiserver pkg/server/filters/goaway.go), and how many streams each has open (100,
 * pkg/server/secure_serving.go). What comes above that waits for a stream, as an HTTP/2 client
 * does.
 */
import { assert, type Simulation, type Stream } from '../../src/core/index.ts';
import type { User } from '../objects/index.ts';
import type { Arrival } from './arrivals.ts';
import type { Flow, KnownUser, Speaker } from './flow-control/classifier.ts';

export const STREAMS_MAX = 100;
/** Probes, load balancers and the server itself have numbers below 0, down to -OWN_MAX. */
const OWN_MAX = 8;

/** One connection; what is known of who speaks on it is kept with it. */
export class ServerConnection implements Speaker {
  /** Open streams. */
  streams = 0;
  /** It has not been seen before: it has just shaken hands. */
  isNew = true;
  /** What waits for a stream. */
  waiting: Arrival[] | null = null;
  user: User | null = null;
  flows: KnownUser | null = null;
  kind = -1;
  flow: Flow | null = null;
  /** Whether the user who was last asked about is one of system:masters. */
  isOfMaster = false;
  mastersAsked: User | null = null;
}

export class Connections {
  readonly #goaways: Stream | null;
  readonly #goawayChance: number;
  /** By number + OWN_MAX; numbers grow with every dial. */
  readonly #list: (ServerConnection | null)[] = [];

  constructor(sim: Simulation, name: string, goawayChance: number) {
    this.#goawayChance = goawayChance;
    this.#goaways = goawayChance > 0 ? sim.stream(`${name}/goaway`) : null;
  }

  of(number: number): ServerConnection {
    const list = this.#list;
    const at = number + OWN_MAX;
    if (at < 0) assert(false, `no connection has the number ${number}`);
    while (list.length <= at) list.push(null);
    let connection = list[at];
    if (connection === null) {
      connection = new ServerConnection();
      list[at] = connection;
    }
    return connection;
  }

  /** Takes a stream; false where there is none. */
  open(connection: ServerConnection): boolean {
    if (connection.streams >= STREAMS_MAX) return false;
    connection.streams++;
    connection.isNew = false;
    return true;
  }

  /** Waits for a stream. */
  wait(connection: ServerConnection, arrival: Arrival): void {
    if (connection.waiting === null) connection.waiting = [arrival];
    else connection.waiting.push(arrival);
  }

  /** A stream ends; what has waited for it, where there is any. */
  close(number: number): Arrival | null {
    const connection = this.#list[number + OWN_MAX] ?? null;
    if (connection === null) return null;
    connection.streams--;
    const { waiting } = connection;
    while (waiting !== null && waiting.length > 0) {
      const arrival = waiting.shift()!;
      if (!arrival.stopped) return arrival;
    }
    return null;
  }

  /** Whether a request's answer comes with a GOAWAY. */
  drawGoaway(): boolean {
    return this.#goaways !== null && this.#goaways.uniform() < this.#goawayChance;
  }

  /** After a GOAWAY the client dials anew; what is open goes on. */
  forget(number: number): void {
    const at = number + OWN_MAX;
    if (this.#list[at]?.streams === 0) this.#list[at] = null;
  }

  reset(): void {
    this.#list.length = 0;
  }
}
