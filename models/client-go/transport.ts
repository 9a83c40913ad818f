/**
 * The way of a call: token, connection, network, server, network, the client's CPU, and again where
 * the server said when (Retry-After).
 *
 * The one idea: a request is one object that goes through events by its slot, so clients in great
 * numbers cost nothing while they do nothing, and a call costs two events where nothing waits.
 *
 * Left out: HTTP/1.1, redirects, compression, retries of broken watches (they end instead).
 * Sources: client-go rest/request.go, rest/with_retry.go.
 */
import { mixUniform } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Credentials } from '../machine/index.ts';
import type { Network } from '../network/index.ts';
import {
  type ApiCall,
  type ApiEndpoint,
  type ApiResult,
  type ClusterObserver,
  silentObserver,
  type WatchEvent,
} from '../objects/index.ts';
import type { ClientState } from './client-state.ts';
import { Dialer, type DialerHost } from './dialer.ts';
import { EndpointPort } from './endpoint-port.ts';
import { HttpConnection } from './http-connection.ts';
import { type Ending, Ledger } from './ledger.ts';
import { LoadBalancer, type LoadBalancerOptions } from './load-balancer.ts';
import { ApiRequest, type RequestState, type WatchHandler } from './request.ts';
import { isSuccess, type NoAnswer, noAnswer } from './results.ts';
import { Timeouts } from './timeouts.ts';
import type { TransportEvents } from './transport-events.ts';
import { checkOrder } from './watch-order.ts';

/** client-go rest/with_retry.go: maxRetries. */
const RETRIES_MAX = 10;
/** After a reset, reads are tried again a second later (with_retry.go retryAfterResponse). */
const RESET_RETRY_S = 1;

export interface TransportOptions {
  readonly network: Network;
  readonly endpoints: readonly ApiEndpoint[];
  readonly observer: ClusterObserver;
  readonly tls: boolean;
  readonly loadBalancer: LoadBalancerOptions;
  readonly credentials: Credentials | null;
  /** Told of each result, before its client; `sentNs`: when the last try was sent. */
  readonly onResult?: ResultListener;
}

export type ResultListener = (call: ApiCall, result: ApiResult, sentNs: number) => void;

/** Who gets the result of a call. */
export interface Receiver {
  readonly done: ((result: ApiResult) => void) | null;
  readonly tag: number;
  readonly watch: WatchHandler | null;
}

export class Transport implements DialerHost, TransportEvents {
  readonly sim: ModelContext['sim'];
  readonly streamsMax: number;
  readonly dialTimeoutNs: number;
  readonly dialRoundTrips: number;
  readonly readIdleNs: number;
  readonly pingNs: number;
  readonly serverCloseNs: number;
  readonly deadType: number;
  readonly healType: number;
  readonly resetType: number;
  readonly ports: readonly EndpointPort[];
  readonly balancer: LoadBalancer;
  readonly ledger = new Ledger();
  readonly #network: Network;
  readonly credentials: Credentials | null;
  readonly #onResult: ResultListener | null;
  readonly #observer: ClusterObserver;
  /** Somebody may want messages. */
  readonly #isObserved: boolean;
  readonly #portsByName = new Map<string, EndpointPort>();
  readonly #requestBytes: number;
  readonly #responseBytes: number;
  readonly #resultNs: number;
  readonly #byteNs: number;
  readonly #draws: number;
  readonly #dialers: Dialer[] = [];
  readonly #timeouts: Timeouts[] = [];
  readonly #timeoutIndex = new Map<number, number>();
  #connectionCount = 0;
  readonly #connections: (HttpConnection | null)[] = [];
  readonly #freeConnections: number[] = [];
  readonly #requests: (ApiRequest | null)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  readonly #tokenType: number;
  readonly #arriveType: number;
  readonly #answerType: number;
  readonly #deliverType: number;
  readonly #batchType: number;
  readonly #retryType: number;
  readonly #dialType: number;
  readonly #timeoutType: number;

  constructor(ctx: ModelContext, o: TransportOptions) {
    const { sim, constants } = ctx;
    this.sim = sim;
    this.#network = o.network;
    this.credentials = o.credentials;
    this.#onResult = o.onResult ?? null;
    this.#observer = o.observer;
    this.#isObserved = o.observer !== silentObserver;
    const get = (name: string) => Math.round(constants.get(`clientGo.${name}`));
    this.streamsMax = get('streamsMax');
    this.dialTimeoutNs = get('dialTimeoutNs');
    this.dialRoundTrips = o.tls ? 2 : 1;
    this.readIdleNs = get('readIdleNs');
    this.pingNs = this.readIdleNs + get('pingTimeoutNs');
    this.serverCloseNs = get('serverCloseNs');
    this.#requestBytes = get('requestBytes');
    this.#responseBytes = get('responseBytes');
    this.#resultNs = get('resultNs');
    this.#byteNs = constants.get('clientGo.decodeByteNs');
    this.#draws = sim.stream('client-go/draws').u32();
    this.ports = o.endpoints.map((endpoint, i) => new EndpointPort(o.network, endpoint, i));
    for (const port of this.ports) this.#portsByName.set(port.endpoint.name, port);
    this.balancer = new LoadBalancer(ctx, o.loadBalancer, this.ports);

    const request = (name: string, handle: (r: ApiRequest) => void) =>
      sim.eventType(`client-go/${name}`, (slot, generation) => {
        const r = this.#at(slot, generation);
        if (r !== null) handle(r);
      });
    this.#tokenType = request('token', (r) => this.#connect(r));
    this.#arriveType = request('arrive', (r) => this.#arrive(r));
    this.#answerType = request('answer', (r) => this.#answered(r));
    this.#deliverType = request('deliver', (r) => this.#finish(r, r.result!));
    this.#batchType = request('batch', (r) => this.#batch(r));
    this.#retryType = request('retry', (r) => this.#again(r));
    const connection = (name: string, handle: (c: HttpConnection) => void) =>
      sim.eventType(`client-go/${name}`, (slot, index) => {
        const c = this.#connections[slot];
        if (c?.index === index) handle(c);
      });
    this.deadType = connection('dead', (c) => c.deadlinePassed());
    this.healType = connection('heal', (c) => c.retransmit());
    this.resetType = connection('reset', (c) => c.lose());
    this.#dialType = sim.eventType('client-go/dial', (i, step) => this.#dialers[i].step(step));
    this.#timeoutType = sim.eventType('client-go/timeout', (i) => this.#expire(i));
  }

  /** Requests that have not ended, watches included. */
  get openRequests(): number {
    return this.#requests.length - this.#free.length;
  }

  get openConnections(): number {
    return this.#connections.length - this.#freeConnections.length;
  }

  get nowNs(): number {
    return this.sim.nowNs;
  }

  /** A draw of a client or dialer: uniform in (0, 1), the same whoever else draws. */
  draw(member: number, counter: number): number {
    return mixUniform(this.#draws, member, counter);
  }

  /** `seed`: of its draws, so that these do not depend on who else dials. */
  dialer(networkHost: string, servers: readonly string[], seed: number, owner: string): Dialer {
    const hostId = this.#network.host(networkHost);
    const dialer = new Dialer(this, this.#dialers.length, { hostId, owner, servers, seed });
    this.#dialers.push(dialer);
    return dialer;
  }

  /** `isLimited` false: it takes no token. */
  submit(client: ClientState, call: ApiCall, to: Receiver, isLimited = true): ApiRequest {
    const r = new ApiRequest(this, client, call, this.sim.nowNs, to);
    if (client.isStopped) r.state = 'done';
    else if (isLimited) this.#throttle(r);
    else {
      this.#admit(r);
      this.#connect(r);
    }
    return r;
  }

  /** A watch that runs since before the start: nobody is charged for opening it. */
  preload(client: ClientState, call: ApiCall, to: Receiver): ApiRequest {
    const connection = client.dialer.preconnect();
    if (connection === null || !connection.port.endpoint.isListening) {
      return this.submit(client, call, to);
    }
    const r = new ApiRequest(this, client, call, this.sim.nowNs, to);
    this.#admit(r);
    connection.link(r);
    r.connection = connection.index;
    r.state = 'sent';
    r.preloaded = true;
    r.served = connection.port.endpoint.handle(r);
    return r;
  }

  /** The client ends its watch. */
  cancel(r: ApiRequest): void {
    if (r.state === 'done') return;
    r.http?.cancel(r);
    this.#leave(r, 'ended');
  }

  /** Forgets all requests of a client that has stopped. */
  sweep(client: ClientState): void {
    for (const r of this.#requests) {
      if (r !== null && r.client === client) this.#leave(r, 'dropped');
    }
  }

  // --- What the server calls -------------------------------------------------------------------

  respond(r: ApiRequest, result: ApiResult): void {
    const connection = r.http;
    if (r.state !== 'sent' || r.result !== null || connection === null) return;
    r.result = result;
    if (r.preloaded) {
      this.#answered(r);
      return;
    }
    const bytes = (this.#responseBytes + result.bytes) * (r.call.members ?? 1);
    connection.toClient(bytes, this.#answerType, r.slot, r.generation);
  }

  stream(r: ApiRequest, batch: readonly WatchEvent[] | string, bytes: number): boolean {
    const connection = r.http;
    if (connection === null || r.state === 'done') return r.isDeaf;
    if (r.batches === null) r.batches = [batch];
    else r.batches.push(batch);
    const size = (50 + bytes) * (r.call.members ?? 1);
    connection.toClient(size, this.#batchType, r.slot, r.generation);
    return true;
  }

  // --- What dialers and connections call --------------------------------------------------------

  choose(dialer: Dialer): EndpointPort | null {
    const { servers } = dialer;
    if (servers.length === 1 && servers[0] === 'loadBalancer') {
      return this.balancer.choose(this.draw(dialer.seed, dialer.dials));
    }
    const first = Math.floor(this.draw(dialer.seed, -1) * servers.length);
    const name = servers[(first + dialer.refusals) % servers.length];
    const port = this.#portsByName.get(name);
    if (port === undefined) throw new Error(`no API server ${name}`);
    return port;
  }

  later(dialer: Dialer, atNs: number, sequence: number): void {
    this.sim.scheduleAt(atNs, this.#dialType, dialer.index, sequence);
  }

  connect(dialer: Dialer, port: EndpointPort): HttpConnection {
    const index = this.#connectionCount++;
    const connection = new HttpConnection(this, index, dialer, port, this.sim.nowNs);
    connection.slot = this.#freeConnections.pop() ?? this.#connections.length;
    this.#connections[connection.slot] = connection;
    port.connections.set(index, connection);
    return connection;
  }

  transmit(r: ApiRequest, connection: HttpConnection): void {
    const { call } = r;
    connection.link(r);
    r.connection = connection.index;
    r.sentNs = this.sim.nowNs;
    r.state = 'sent';
    const body = call.bodyBytes ?? call.object?.bytes ?? 0;
    const bytes = (this.#requestBytes + body) * (call.members ?? 1);
    connection.toServer(bytes, this.#arriveType, r.slot, r.generation);
  }

  isCurrent(r: ApiRequest): boolean {
    return this.#at(r.slot, r.generation) === r;
  }

  onRefused(r: ApiRequest, reason: 'Refused' | 'Untrusted'): void {
    this.#fail(r, reason);
  }

  onLost(r: ApiRequest): void {
    if (r.state === 'open') {
      const { watch } = r;
      this.#leave(r, 'ended');
      watch?.onEnd('Reset');
    } else if (r.state === 'sent') this.#fail(r, 'Reset');
  }

  onDropped(r: ApiRequest): void {
    if (r.client.isStopped) this.#leave(r, 'dropped');
    else this.onLost(r);
  }

  onReleased(connection: HttpConnection): void {
    const { port, index } = connection;
    port.connections.delete(index);
    if (!connection.isOrphan) port.endpoint.connectionClosed?.(index);
    this.#connections[connection.slot] = null;
    this.#freeConnections.push(connection.slot);
  }

  // --- The steps of a request --------------------------------------------------------------------

  #throttle(r: ApiRequest): void {
    this.#admit(r);
    const { nowNs } = this.sim;
    const readyNs = r.client.reserve(nowNs);
    r.client.kind.metrics.limited(r.call.verb, readyNs - nowNs, r.call.members ?? 1);
    if (readyNs > nowNs) this.sim.scheduleAt(readyNs, this.#tokenType, r.slot, r.generation);
    else this.#connect(r);
  }

  #connect(r: ApiRequest): void {
    const { timeoutNs } = r.client.kind;
    if (timeoutNs !== Infinity && r.watch === null) {
      r.deadlineNs = this.#timeoutsOf(timeoutNs).set(r.slot, r.generation);
    }
    r.sentNs = this.sim.nowNs;
    r.client.dialer.request(r);
  }

  #arrive(r: ApiRequest): void {
    const connection = r.http;
    if (connection === null || connection.isOrphan) return;
    const { endpoint } = connection.port;
    const about = r.call.aboutUid;
    if (about !== undefined && this.#observer.wantsMessages(about)) {
      const text = `${r.call.verb} ${r.call.resource}${slash(r.call.subresource)}`;
      this.#observer.message(r.client.name, endpoint.name, text, this.sim.nowNs, about);
    }
    r.served = endpoint.handle(r);
  }

  #answered(r: ApiRequest): void {
    const { result, http, call, client } = r;
    if (result === null || http === null) return;
    http.received(this.sim.nowNs);
    if (r.preloaded) r.preloaded = false;
    else {
      const tookNs = this.sim.nowNs - r.sentNs;
      client.kind.metrics.answered(call.verb, result.code, tookNs, call.members ?? 1);
    }
    const about = call.aboutUid;
    if (about !== undefined && this.#observer.wantsMessages(about)) {
      const { name } = http.port.endpoint;
      this.#observer.message(name, client.name, `${result.code}`, this.sim.nowNs, about);
    }
    if (r.watch !== null && isSuccess(result)) {
      r.state = 'open';
      r.watch.onOpen(result);
      for (; r.early > 0; r.early--) this.#batch(r);
      return;
    }
    http.unlink(r);
    const mayRetry = result.retryAfterS > 0 && (result.code === 429 || result.code >= 500);
    if (mayRetry && r.attempts < RETRIES_MAX) this.#sleep(r, result.retryAfterS);
    else if (client.kind.process === null) this.#finish(r, result);
    else {
      r.state = 'answered';
      const workNs = this.#resultNs + result.bytes * this.#byteNs;
      client.kind.process.execute(workNs, this.#deliverType, r.slot, r.generation);
    }
  }

  #batch(r: ApiRequest): void {
    if (r.state === 'sent') {
      r.early++;
      return;
    }
    const batch = r.batches?.shift();
    if (batch === undefined || r.state !== 'open' || r.watch === null) return;
    r.http?.received(this.sim.nowNs);
    if (typeof batch === 'string') {
      const { watch } = r;
      r.http?.unlink(r);
      this.#leave(r, 'ended');
      watch.onEnd(batch);
      return;
    }
    if (this.#isObserved) this.#tellEvents(r, batch);
    checkOrder(r, batch);
    r.watch.onEvents(batch);
  }

  #tellEvents(r: ApiRequest, events: readonly WatchEvent[]): void {
    for (const { type, object } of events) {
      if (object === null || !this.#observer.wantsMessages(object.meta.uid)) continue;
      const from = r.http?.port.endpoint.name ?? '';
      const text = `${type} ${object.resource}`;
      this.#observer.message(from, r.client.name, text, this.sim.nowNs, object.meta.uid);
    }
  }

  #sleep(r: ApiRequest, seconds: number): void {
    r.state = 'sleeping';
    const delayNs = Math.round(seconds * 1e9);
    this.sim.schedule(delayNs, this.#retryType, r.slot, r.generation);
  }

  /** A retry is a request of its own: what the server may still say to the last one is void. */
  #again(r: ApiRequest): void {
    this.#leave(r, 'retried', r.result?.code);
    const next = new ApiRequest(this, r.client, r.call, r.startNs, r);
    next.attempts = r.attempts + 1;
    r.successor = next;
    this.#throttle(next);
  }

  #fail(r: ApiRequest, reason: NoAnswer): void {
    const { verb, members = 1 } = r.call;
    const tookNs = this.sim.nowNs - r.sentNs;
    r.client.kind.metrics.answered(verb, 0, tookNs, members);
    const isRead = verb === 'get' || verb === 'list';
    if (reason === 'Reset' && isRead && r.attempts < RETRIES_MAX) this.#sleep(r, RESET_RETRY_S);
    else this.#finish(r, noAnswer(reason));
  }

  #finish(r: ApiRequest, result: ApiResult): void {
    const { watch, done } = r;
    this.#onResult?.(r.call, result, r.sentNs);
    this.#leave(r, result.code === 0 ? 'failed' : 'answered', result.code);
    if (watch !== null) watch.onOpen(result);
    else if (done !== null) done(result);
    else r.client.kind.onResult(r.client.member, r.tag, result);
  }

  #timeoutsOf(timeoutNs: number): Timeouts {
    let index = this.#timeoutIndex.get(timeoutNs);
    if (index === undefined) {
      index = this.#timeouts.length;
      this.#timeoutIndex.set(timeoutNs, index);
      this.#timeouts.push(new Timeouts(this.sim, timeoutNs, this.#timeoutType, index));
    }
    return this.#timeouts[index];
  }

  #expire(index: number): void {
    this.#timeouts[index].expire(
      (slot, generation) => isWaiting(this.#at(slot, generation)),
      (slot, generation) => {
        const r = this.#at(slot, generation)!;
        r.http?.cancel(r);
        this.#fail(r, 'ClientTimeout');
      },
    );
  }

  // --- Slots -----------------------------------------------------------------------------------

  #admit(r: ApiRequest): void {
    this.ledger.sent++;
    r.slot = this.#free.pop() ?? this.#requests.length;
    this.#generations[r.slot] ??= 0;
    r.generation = this.#generations[r.slot];
    this.#requests[r.slot] = r;
  }

  #leave(r: ApiRequest, how: Ending, code = 0): void {
    if (r.state === 'done') return;
    this.ledger.end(r.call, how, code);
    r.state = 'done';
    this.#requests[r.slot] = null;
    this.#generations[r.slot] = (r.generation + 1) & 0x7fffffff;
    this.#free.push(r.slot);
  }

  /** The request of an event; null where it has ended, or its client was stopped meanwhile. */
  #at(slot: number, generation: number): ApiRequest | null {
    const r = this.#requests[slot];
    if (r === null || r.generation !== generation) return null;
    if (r.life === r.client.life) return r;
    r.http?.cancel(r);
    this.#leave(r, 'dropped');
    return null;
  }
}

function isWaiting(r: ApiRequest | null): boolean {
  const waiting: readonly RequestState[] = ['dialing', 'sent'];
  return r !== null && waiting.includes(r.state);
}

function slash(subresource: string | undefined): string {
  return subresource ? `/${subresource}` : '';
}
