/**
 * Client connections as the server sees them: which have shaken hands (TLS), which are told to go
 * (kubernetes/apiserver pkg/server/filters/goaway.go), and how many streams each has open (100,
 * pkg/server/secure_serving.go). What comes above that waits for a stream, as an HTTP/2 client
 * does.
 */
import type { Simulation, Stream } from '../../src/core/index.ts';
import type { Arrival } from './arrivals.ts';

export const STREAMS_MAX = 100;

export class Connections {
  readonly #goaways: Stream | null;
  readonly #goawayChance: number;
  /** Open streams by connection; none = a connection that is new. */
  readonly #streams = new Map<number, number>();
  readonly #waiting = new Map<number, Arrival[]>();

  constructor(sim: Simulation, name: string, goawayChance: number) {
    this.#goawayChance = goawayChance;
    this.#goaways = goawayChance > 0 ? sim.stream(`${name}/goaway`) : null;
  }

  /** True where this connection has not been seen: it has just shaken hands. */
  isNew(connection: number): boolean {
    return !this.#streams.has(connection);
  }

  /** Takes a stream; false where there is none. */
  open(connection: number): boolean {
    const streams = this.#streams.get(connection) ?? 0;
    if (streams >= STREAMS_MAX) return false;
    this.#streams.set(connection, streams + 1);
    return true;
  }

  /** Waits for a stream. */
  wait(arrival: Arrival): void {
    const { connection } = arrival.request;
    const waiting = this.#waiting.get(connection);
    if (waiting === undefined) this.#waiting.set(connection, [arrival]);
    else waiting.push(arrival);
  }

  /** A stream ends; what has waited for it, where there is any. */
  close(connection: number): Arrival | null {
    const streams = this.#streams.get(connection);
    if (streams === undefined) return null;
    this.#streams.set(connection, streams - 1);
    const waiting = this.#waiting.get(connection);
    while (waiting !== undefined && waiting.length > 0) {
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
  forget(connection: number): void {
    if (this.#streams.get(connection) === 0) this.#streams.delete(connection);
  }

  reset(): void {
    this.#streams.clear();
    this.#waiting.clear();
  }
}
