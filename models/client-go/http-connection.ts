/**
 * One HTTP/2 connection of a client to a replica: two ordered directions over lanes of the network,
 * streams in a list, and what happens to them when the path or the peer goes.
 *
 * A reset is noticed when it arrives. Of a black hole nothing is noticed: the messages of both
 * sides wait until the path heals (they go out at TCP's next retransmission) or the client's ping
 * is not answered. A healthy connection is pinged after every 30 s without a frame, so a cut is
 * noticed 45 s after the last sign of life.
 *
 * Left out: flow control windows, one-way cuts in which what still passes is delivered (a cut stops
 * both), the server's view of a connection that the client has given up while the path is cut (it
 * is told after `clientGo.serverCloseNs`, or when the path heals).
 * Sources: golang.org/x/net/http2 transport.go, apimachinery pkg/util/net/http.go.
 */
import type { Lane } from '../network/index.ts';
import type { ServedWatch } from '../objects/index.ts';
import type { Dialer } from './dialer.ts';
import type { EndpointPort } from './endpoint-port.ts';
import type { ApiRequest } from './request.ts';
import type { TransportEvents } from './transport-events.ts';

export class HttpConnection {
  /** Its number among all connections ever: what the server sees. */
  readonly index: number;
  /** Its place in the table of connections, for events. */
  slot = -1;
  readonly dialer: Dialer;
  readonly port: EndpointPort;
  isUp = true;
  /** The server said GOAWAY: no new streams. */
  isLeaving = false;
  streams = 0;
  /**
   * Its streams, the newest first: calls apart from watches, so that a call that comes and goes
   * does not touch what idles for minutes.
   */
  calls: ApiRequest | null = null;
  watches: ApiRequest | null = null;
  /** The process at the other end is gone, and its reset could not get through yet. */
  isOrphan = false;
  /** The client's machine is gone: what happens at its end does not reach the server. */
  isMute = false;
  readonly #to: Lane;
  readonly #from: Lane;
  readonly #events: TransportEvents;
  #toArrivalNs = 0;
  #fromArrivalNs = 0;
  /** When the last frame of the server arrived. */
  #receivedNs: number;
  #cutNs = -1;
  /** When the ping fails, or the server gives up. */
  #deadNs = Infinity;
  /** Messages that wait for the path, four numbers each: direction and bytes, type, a, b. */
  #held: number[] | null = null;
  #heldSinceNs = -1;
  /** Watches whose server does not know yet that the client is gone. */
  #served: ServedWatch[] | null = null;

  constructor(
    events: TransportEvents,
    index: number,
    dialer: Dialer,
    port: EndpointPort,
    nowNs: number,
  ) {
    this.#events = events;
    this.index = index;
    this.dialer = dialer;
    this.port = port;
    const lanes = port.lanes(dialer.hostId);
    this.#to = lanes.to;
    this.#from = lanes.from;
    this.#receivedNs = nowNs;
  }

  get isUsable(): boolean {
    return this.isUp && !this.isLeaving;
  }

  get rttNs(): number {
    return this.#to.rttNs;
  }

  usesLane(lane: Lane): boolean {
    return lane === this.#to;
  }

  link(request: ApiRequest): void {
    this.streams++;
    request.http = this;
    if (request.watch === null) {
      request.next = this.calls;
      if (this.calls !== null) this.calls.previous = request;
      this.calls = request;
    } else {
      request.next = this.watches;
      if (this.watches !== null) this.watches.previous = request;
      this.watches = request;
    }
  }

  /** The stream after this one: all calls, then all watches. */
  after(request: ApiRequest): ApiRequest | null {
    return request.next ?? (request.watch === null ? this.watches : null);
  }

  unlink(request: ApiRequest): void {
    if (request.http !== this) return;
    this.streams--;
    if (request.previous !== null) request.previous.next = request.next;
    else if (request.watch === null) this.calls = request.next;
    else this.watches = request.next;
    if (request.next !== null) request.next.previous = request.previous;
    request.previous = null;
    request.next = null;
    request.http = null;
    if (this.isLeaving && this.streams === 0 && this.isUp) this.close();
  }

  /** A frame leaves for the server; (type, a, b) comes when it is there. */
  toServer(bytes: number, type: number, a: number, b: number): void {
    if (!this.#to.isOpen || this.#held !== null) {
      this.#hold(bytes, type, a, b);
      return;
    }
    this.#toArrivalNs = this.#to.arrivalNs(bytes, this.#toArrivalNs);
    this.#events.sim.scheduleAt(this.#toArrivalNs, type, a, b);
  }

  toClient(bytes: number, type: number, a: number, b: number): void {
    if (!this.#to.isOpen || this.#held !== null) {
      this.#hold(-1 - bytes, type, a, b);
      return;
    }
    this.#fromArrivalNs = this.#from.arrivalNs(bytes, this.#fromArrivalNs);
    this.#events.sim.scheduleAt(this.#fromArrivalNs, type, a, b);
  }

  received(nowNs: number): void {
    this.#receivedNs = nowNs;
  }

  /** The path has just been cut: unless it heals, the ping will fail. */
  pathCut(): void {
    if (!this.isUp || this.#cutNs >= 0) return;
    this.#cutNs = this.#events.sim.nowNs;
    this.awaitPing();
  }

  /** From now on no ping is answered, be it for the path or for the server's process. */
  awaitPing(): void {
    const { sim, readIdleNs, deadType } = this.#events;
    if (!this.isUp) return;
    const quietNs = sim.nowNs - this.#receivedNs;
    const lastSignNs = this.#receivedNs + Math.floor(quietNs / readIdleNs) * readIdleNs;
    this.#deadNs = lastSignNs + this.#events.pingNs;
    sim.scheduleAt(this.#deadNs, deadType, this.slot, this.index);
  }

  pathHealed(): void {
    const { sim, healType } = this.#events;
    this.#cutNs = -1;
    if (!this.isUp) this.#tellServer();
    else if (this.isOrphan || this.#held !== null) {
      const sinceNs = this.#heldSinceNs >= 0 ? this.#heldSinceNs : sim.nowNs;
      sim.scheduleAt(this.#to.retransmissionNs(sinceNs), healType, this.slot, this.index);
    }
  }

  /** The ping's answer is due, or the server's patience is over. */
  deadlinePassed(): void {
    if (this.#events.sim.nowNs < this.#deadNs) return;
    if (!this.isUp) this.#tellServer();
    else if (this.#cutNs >= 0 || this.port.isFrozen) this.lose();
  }

  /** TCP sends again what waited. */
  retransmit(): void {
    if (!this.isUp || !this.#to.isOpen) return;
    if (this.isOrphan) {
      this.lose();
      return;
    }
    const held = this.#held ?? [];
    this.#held = null;
    this.#heldSinceNs = -1;
    for (let i = 0; i < held.length; i += 4) {
      const bytes = held[i];
      if (bytes >= 0) this.toServer(bytes, held[i + 1], held[i + 2], held[i + 3]);
      else this.toClient(-1 - bytes, held[i + 1], held[i + 2], held[i + 3]);
    }
  }

  /** The server's process died: its kernel answers with a reset. */
  peerDied(): void {
    if (!this.isUp) return;
    const { sim, resetType } = this.#events;
    this.isOrphan = true;
    if (!this.#to.isOpen) return;
    const atNs = this.#from.arrivalNs(40, this.#fromArrivalNs);
    sim.scheduleAt(atNs, resetType, this.slot, this.index);
  }

  /** The client's side is gone: whatever was on it fails. */
  lose(): void {
    this.#end((request) => this.#events.onLost(request));
  }

  /** The client closes it; nothing is answered any more. */
  close(): void {
    this.#end((request) => this.#events.onDropped(request));
  }

  #end(tell: (request: ApiRequest) => void): void {
    if (!this.isUp) return;
    this.#down();
    for (let r = this.calls ?? this.watches; r !== null; r = this.calls ?? this.watches) {
      const { served } = r;
      this.unlink(r);
      r.isDeaf = this.isMute;
      this.#stopServed(served);
      tell(r);
    }
    this.#release();
  }

  /** One stream ends from the client's side (RST_STREAM). */
  cancel(request: ApiRequest): void {
    const { served } = request;
    this.unlink(request);
    request.isDeaf = this.isMute;
    this.#stopServed(served);
  }

  #hold(bytes: number, type: number, a: number, b: number): void {
    this.#held ??= [];
    if (this.#heldSinceNs < 0) this.#heldSinceNs = this.#events.sim.nowNs;
    this.#held.push(bytes, type, a, b);
  }

  #down(): void {
    this.isUp = false;
    this.#held = null;
    this.dialer.removed(this);
  }

  #stopServed(served: ServedWatch | null): void {
    if (served === null || this.isOrphan) return;
    if (this.#to.isOpen && !this.isMute) served.stop();
    else {
      this.#served ??= [];
      this.#served.push(served);
    }
  }

  /** Its place is free, unless the server is still to be told. */
  #release(): void {
    const { sim, serverCloseNs, deadType } = this.#events;
    if (this.#served === null) this.#events.onReleased(this);
    else {
      this.#deadNs = sim.nowNs + serverCloseNs;
      sim.scheduleAt(this.#deadNs, deadType, this.slot, this.index);
    }
  }

  #tellServer(): void {
    if (this.#served === null) return;
    for (const served of this.#served) if (!this.isOrphan) served.stop();
    this.#served = null;
    this.#events.onReleased(this);
  }
}
