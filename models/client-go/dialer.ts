/**
 * How one process gets to the API servers: its connections, and the requests that wait for one.
 *
 * As Go's http.Transport with HTTP/2: requests share a connection until its streams are used up; a
 * request without one makes a dial, later ones wait for the same dial, and if it fails they all do.
 * There is no back-off here: who calls again dials again (reflectors and electors have their own).
 * A client keeps the replica that it has until the connection ends: so load stays uneven after a
 * replica was away, until GOAWAY.
 * Sources: golang.org/x/net/http2 client_conn_pool.go, client-go transport/cache.go.
 */
import type { Credentials } from '../machine/index.ts';
import type { HostId } from '../network/index.ts';
import type { ClientState } from './client-state.ts';
import type { EndpointPort } from './endpoint-port.ts';
import type { HttpConnection } from './http-connection.ts';
import type { ApiRequest } from './request.ts';

/** What a dialer needs of the transport. */
export interface DialerHost {
  readonly nowNs: number;
  /** null: whatever anybody shows is good for ever. */
  readonly credentials: Credentials | null;
  readonly streamsMax: number;
  readonly dialTimeoutNs: number;
  /** Round trips until a dialled connection carries requests: TCP, and TLS 1.3. */
  readonly dialRoundTrips: number;
  /** The replica for a new connection; null = none can be had. */
  choose(dialer: Dialer): EndpointPort | null;
  /** Calls `step(sequence)` of the dialer at that time. */
  later(dialer: Dialer, atNs: number, sequence: number): void;
  connect(dialer: Dialer, port: EndpointPort): HttpConnection;
  transmit(request: ApiRequest, connection: HttpConnection): void;
  isCurrent(request: ApiRequest): boolean;
  onRefused(request: ApiRequest, reason: 'Refused' | 'Untrusted'): void;
  /** Its client is gone. */
  onDropped(request: ApiRequest): void;
}

/** client-go transport/cache.go: tlsHandshakeTimeout. */
const TLS_TIMEOUT_NS = 10e9;
/** How exactly it is noticed that the server goes on. */
const TLS_POLL_NS = 1e9;

/** Shared by the many that have nothing. */
const NONE: readonly never[] = Object.freeze([]);

type DialState = 'idle' | 'syn' | 'answer';

export class Dialer {
  readonly index: number;
  readonly hostId: HostId;
  /** Whose clock it looks at: a machine, or `node/NAME`. */
  readonly owner: string;
  /** Names of endpoints, or 'loadBalancer'. */
  readonly servers: readonly string[];
  readonly seed: number;
  /** Dials so far: by it a client-side list goes on, and a load balancer draws. */
  dials = 0;
  /** Refusals in a row. */
  refusals = 0;
  #clients = 1;
  readonly #host: DialerHost;
  #connections: readonly HttpConnection[] = NONE;
  /** The oldest of them: nearly always the only one. */
  #first: HttpConnection | null = null;
  /** Null while nobody waits. */
  #waiting: ApiRequest[] | null = null;
  #state: DialState = 'idle';
  #sequence = 0;
  #startNs = 0;
  #port: EndpointPort | null = null;

  constructor(
    host: DialerHost,
    index: number,
    o: Pick<Dialer, 'hostId' | 'owner' | 'servers' | 'seed'>,
  ) {
    this.#host = host;
    this.index = index;
    this.hostId = o.hostId;
    this.owner = o.owner;
    this.servers = o.servers;
    this.seed = o.seed;
  }

  get connections(): readonly HttpConnection[] {
    return this.#connections;
  }

  join(): void {
    this.#clients++;
  }

  /** A client of the process has stopped; with the last one the connections close. */
  leave(client: ClientState, silently = false): void {
    this.#clients--;
    if (silently) for (const connection of this.#connections) connection.isMute = true;
    const waiting = this.#takeWaiting();
    for (const request of waiting) {
      if (request.client !== client) this.#wait(request);
    }
    for (const request of waiting) if (request.client === client) this.#host.onDropped(request);
    if (this.#clients === 0) {
      this.#sequence++;
      this.#state = 'idle';
      this.closeAll();
      return;
    }
    for (const connection of this.#connections) {
      for (let r = connection.calls ?? connection.watches; r !== null; ) {
        const next = connection.after(r);
        if (r.client === client) {
          connection.cancel(r);
          this.#host.onDropped(r);
        }
        r = next;
      }
      // Whoever comes later is of the machine's next life.
      if (silently) this.leaving(connection);
    }
  }

  /** Every connection is closed; a dial goes on. */
  closeAll(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  request(request: ApiRequest): void {
    const connection = this.#available();
    if (connection !== null) {
      this.#host.transmit(request, connection);
      return;
    }
    request.state = 'dialing';
    this.#wait(request);
    if (this.#state === 'idle') this.#dial();
  }

  /** A connection that is there without a dial. */
  preconnect(): HttpConnection | null {
    const known = this.#available();
    if (known !== null) return known;
    const port = this.#host.choose(this);
    this.dials++;
    return port === null ? null : this.#add(port);
  }

  /** GOAWAY: it takes no new streams, and ends with its last one. */
  leaving(connection: HttpConnection): void {
    connection.isLeaving = true;
    if (connection.streams === 0) connection.close();
  }

  removed(connection: HttpConnection): void {
    this.#connections = this.#connections.filter((c) => c !== connection);
    this.#first = this.#connections[0] ?? null;
  }

  /** The next step of a dial is due. */
  step(sequence: number): void {
    if (sequence !== this.#sequence || this.#state === 'idle') return;
    const port = this.#port;
    const { nowNs } = this.#host;
    if (port === null) {
      this.#refused();
      return;
    }
    const { to } = port.lanes(this.hostId);
    if (to.refuses) this.#refused();
    else if (!to.isOpen) {
      if (nowNs >= this.#startNs + this.#host.dialTimeoutNs) this.#refused();
      else this.#syn();
    } else if (this.#state === 'syn') this.#handshake(port);
    else if (!port.endpoint.isListening) this.#refused();
    else if (port.isFrozen) this.#awaitTls();
    else if (!port.isTrusted(this.owner, this.#host.credentials)) this.#refused('Untrusted');
    else this.#established(port);
  }

  #available(): HttpConnection | null {
    const { streamsMax } = this.#host;
    const first = this.#first;
    if (first === null || (first.isUsable && first.streams < streamsMax)) return first;
    for (const connection of this.#connections) {
      if (connection.isUsable && connection.streams < streamsMax) return connection;
    }
    return null;
  }

  #dial(): void {
    this.#sequence++;
    this.#startNs = this.#host.nowNs;
    this.#port = this.#host.choose(this);
    this.dials++;
    this.#state = 'syn';
    if (this.#port === null) this.#host.later(this, this.#startNs, this.#sequence);
    else if (this.#port.lanes(this.hostId).to.isOpen) this.#handshake(this.#port);
    else this.#syn();
  }

  /** TCP repeats its SYN until the dial is given up. */
  #syn(): void {
    const { to } = this.#port!.lanes(this.hostId);
    this.#state = 'syn';
    const endNs = this.#startNs + this.#host.dialTimeoutNs;
    const atNs = to.refuses ? this.#host.nowNs + to.rttNs : to.synNs(this.#startNs);
    this.#host.later(this, Math.min(atNs, endNs), this.#sequence);
  }

  #handshake(port: EndpointPort): void {
    const { to } = port.lanes(this.hostId);
    const trips = port.endpoint.isListening ? this.#host.dialRoundTrips : 1;
    this.#state = 'answer';
    this.#host.later(this, this.#host.nowNs + Math.round(trips * to.rttNs), this.#sequence);
  }

  /** The kernel has accepted; the process that would shake hands stands still. */
  #awaitTls(): void {
    const { nowNs } = this.#host;
    if (nowNs >= this.#startNs + TLS_TIMEOUT_NS) this.#refused();
    else this.#host.later(this, nowNs + TLS_POLL_NS, this.#sequence);
  }

  #established(port: EndpointPort): void {
    this.#state = 'idle';
    this.refusals = 0;
    const connection = this.#add(port);
    for (const request of this.#takeWaiting()) {
      if (!this.#host.isCurrent(request)) continue;
      if (connection.isUsable && connection.streams < this.#host.streamsMax) {
        this.#host.transmit(request, connection);
      } else this.request(request);
    }
  }

  #refused(reason: 'Refused' | 'Untrusted' = 'Refused'): void {
    this.#state = 'idle';
    this.refusals++;
    if (this.refusals % this.servers.length !== 0) {
      this.#dial();
      return;
    }
    for (const request of this.#takeWaiting()) {
      if (this.#host.isCurrent(request)) this.#host.onRefused(request, reason);
    }
  }

  #wait(request: ApiRequest): void {
    if (this.#waiting === null) this.#waiting = [request];
    else this.#waiting.push(request);
  }

  #takeWaiting(): readonly ApiRequest[] {
    const waiting = this.#waiting ?? NONE;
    this.#waiting = null;
    return waiting;
  }

  #add(port: EndpointPort): HttpConnection {
    const connection = this.#host.connect(this, port);
    this.#connections = [...this.#connections, connection];
    this.#first = this.#connections[0];
    return connection;
  }
}
