/**
 * One direction of a TCP connection: messages arrive once and in the order sent, each as one event.
 *
 * The one idea: when a message arrives is known when it is sent (interface, wire, latency, loss),
 * so it costs one event and no memory. Only a black hole makes the connection keep messages: they
 * wait as in the kernel's send buffer and go out at the next retransmission after the path has
 * healed, which by exponential back-off may be long after. What left before a cut arrives.
 *
 * Left out: congestion and receive windows while the path works (a message has the bandwidth of the
 * links at once), slow start after idle or after a timeout, Nagle, delayed acknowledgements, TLS
 * and HTTP/2 framing.
 */
import { assert, type Simulation, type Stream } from '../../src/core/index.ts';
import { createSampler, isRandom, type Sampler } from '../../src/dist/index.ts';
import type { NetworkEvents } from './network.ts';
import type { Path } from './path.ts';
import type { Tcp } from './tcp.ts';

/**
 * reset: the peer or the network refused it at once; timeout: nothing came through for
 * idleTimeoutNs; dialTimeout: not established within dialTimeoutNs.
 */
export type DownReason = 'reset' | 'timeout' | 'dialTimeout';

export interface ConnectionOptions {
  /**
   * I/O timeout of its owner: broken when nothing has come through for this long while the path is
   * cut. The owner is taken to send keep-alives at least every third of it, so that a path that
   * works never times out. Default Infinity.
   */
  readonly idleTimeoutNs?: number;
  /** `reopen` gives up after this; default Infinity. */
  readonly dialTimeoutNs?: number;
  /**
   * Bytes that can wait for a path that is cut; beyond it `send` refuses. Default
   * network.sendBufferBytes.
   */
  readonly sendBufferBytes?: number;
  /** It broke, or could not be opened; messages that waited are lost. Not called by `close`. */
  readonly onDown?: (reason: DownReason) => void;
  /** `reopen` has succeeded. */
  readonly onUp?: () => void;
}

type State = 'up' | 'dialing' | 'down';

export class Connection {
  readonly name: string;
  readonly path: Path;
  readonly options: ConnectionOptions;
  sentMessages = 0;
  sentBytes = 0;
  /** Put on the wire for good: every one of them arrives. */
  deliveredMessages = 0;
  deliveredBytes = 0;
  /** Refused by `send`, or waiting when the connection broke. */
  lostMessages = 0;
  lostBytes = 0;
  /** Messages delayed by loss. */
  retransmissions = 0;

  private readonly sim: Simulation;
  private readonly tcp: Tcp;
  private readonly events: NetworkEvents;
  private readonly index: number;
  /** One-way latency: drawn, or the same for all (-1 = drawn). */
  private readonly latency: Sampler | null;
  private readonly fixedNs: number;
  private lossStream: Stream | null = null;
  private state: State = 'up';
  /** Changes whenever the connection opens or breaks: events of an earlier life are void. */
  private life = 0;
  /** Messages go through `sendSlowly`: the path is cut or messages wait. */
  private held = false;
  private lastArrivalNs = 0;
  private lastSendNs = 0;
  private gapNs = 0;
  private dialNs = 0;

  // While the path is cut.
  private cutNs = 0;
  /** First message that was not acknowledged; -1 = none yet. */
  private unackedSinceNs = -1;
  private unackedBytes = 0;
  private waitingBytes = 0;
  private readonly waiting: number[] = [];

  constructor(
    sim: Simulation,
    tcp: Tcp,
    events: NetworkEvents,
    index: number,
    name: string,
    path: Path,
    o: ConnectionOptions,
  ) {
    this.sim = sim;
    this.tcp = tcp;
    this.events = events;
    this.index = index;
    this.name = name;
    this.path = path;
    this.options = o;
    const half = { kind: 'scaled', by: 0.5, of: path.rtt } as const;
    const random = isRandom(path.rtt);
    const stream = random ? sim.stream(`network/${name}/latency`) : sim.stream(`network/${name}`);
    const sampler = createSampler(half, stream);
    this.latency = random ? sampler : null;
    this.fixedNs = random ? -1 : sampler.next(0);
    if (!path.open) this.pathCut();
  }

  get up(): boolean {
    return this.state === 'up';
  }

  get isDown(): boolean {
    return this.state === 'down';
  }

  /** Smoothed round trip. */
  get rttNs(): number {
    return this.path.rttNs;
  }

  /** Messages that wait for the path to heal. */
  get waitingMessages(): number {
    return this.waiting.length >> 2;
  }

  /**
   * Sends a message; (deliverType, a, b) comes where it arrives. False: not up or buffer full, it
   * is lost.
   */
  send(bytes: number, deliverType: number, a: number, b: number): boolean {
    this.sentMessages++;
    this.sentBytes += bytes;
    if (this.held || this.state !== 'up' || this.path.lossProbability > 0) {
      return this.sendSlowly(bytes, deliverType, a, b);
    }
    this.transmit(bytes, 0, deliverType, a, b);
    return true;
  }

  /** The owner gives it up: what waits is lost, what is under way arrives. */
  close(): void {
    this.lose();
    this.state = 'down';
    this.life++;
  }

  /**
   * Dials again: up after one round trip, once the path lets a SYN through; then `onUp`, else
   * `onDown`.
   */
  reopen(): void {
    assert(this.state === 'down', `${this.name}: only a connection that is down can be reopened`);
    this.state = 'dialing';
    this.life++;
    this.dialNs = this.sim.nowNs;
    const { dialTimeoutNs = Infinity } = this.options;
    if (dialTimeoutNs !== Infinity) {
      this.sim.schedule(dialTimeoutNs, this.events.dialTimeout, this.index, this.life);
    }
    this.dial();
  }

  /** @internal The path has just been cut: packets, or acknowledgements, or both. */
  pathCut(): void {
    if (this.state !== 'up') return;
    if (this.path.refuses) {
      this.goDown('reset');
      return;
    }
    if (!this.held) {
      this.held = true;
      this.cutNs = this.sim.nowNs;
      this.unackedSinceNs = -1;
      this.unackedBytes = 0;
    }
    this.armIdleCheck();
  }

  /** @internal Nothing stops the path any more. */
  pathHealed(): void {
    if (this.state !== 'up' || !this.held) return;
    if (this.waiting.length === 0) {
      this.held = false;
      return;
    }
    const nowNs = this.sim.nowNs;
    const atNs = this.tcp.nextRetransmissionNs(this.unackedSinceNs, this.path.rttNs, nowNs);
    this.sim.scheduleAt(atNs, this.events.retransmit, this.index, this.life);
  }

  /** @internal */
  retransmit(life: number): void {
    if (life !== this.life || this.state !== 'up' || !this.path.open || !this.held) return;
    this.held = false;
    const { waiting } = this;
    for (let i = 0; i < waiting.length; i += 4) {
      this.transmit(waiting[i], 0, waiting[i + 1], waiting[i + 2], waiting[i + 3]);
    }
    waiting.length = 0;
    this.waitingBytes = 0;
  }

  /** @internal */
  idleCheck(life: number): void {
    if (life !== this.life || this.state !== 'up' || !this.held) return;
    const deadlineNs = this.idleDeadlineNs();
    if (deadlineNs <= this.sim.nowNs) this.goDown('timeout');
    else this.sim.scheduleAt(deadlineNs, this.events.idleCheck, this.index, life);
  }

  /** @internal A SYN goes out, or its answer is due (`answered`). */
  dialStep(life: number, answered: boolean): void {
    if (life !== this.life || this.state !== 'dialing') return;
    if (!answered) {
      this.dial();
    } else if (this.path.refuses) {
      this.goDown('reset');
    } else if (this.path.open) {
      this.state = 'up';
      this.held = false;
      this.options.onUp?.();
    } else {
      this.dialLater();
    }
  }

  /** @internal */
  dialTimeout(life: number): void {
    if (life === this.life && this.state === 'dialing') this.goDown('dialTimeout');
  }

  private transmit(bytes: number, delayNs: number, type: number, a: number, b: number): void {
    const { path, sim } = this;
    let atNs = sim.nowNs + path.linksNs(bytes, sim.nowNs);
    const latencyNs = this.latency === null ? this.fixedNs : this.latency.next(sim.nowNs);
    atNs += latencyNs + path.addedNs + delayNs;
    if (atNs < this.lastArrivalNs) atNs = this.lastArrivalNs;
    this.lastArrivalNs = atNs;
    this.deliveredMessages++;
    this.deliveredBytes += bytes;
    sim.scheduleAt(atNs, type, a, b);
  }

  private sendSlowly(bytes: number, type: number, a: number, b: number): boolean {
    if (this.state !== 'up') return this.refuse(bytes);
    if (this.held && !this.passesUnacknowledged(bytes)) return this.wait(bytes, type, a, b);
    let delayNs = 0;
    if (this.path.lossProbability > 0) {
      this.lossStream ??= this.sim.stream(`network/${this.name}/loss`);
      const { lossProbability, rttNs } = this.path;
      const gapNs = this.nextGapNs();
      delayNs = this.tcp.lossDelayNs(bytes, lossProbability, rttNs, gapNs, this.lossStream);
      if (delayNs > 0) this.retransmissions++;
    }
    this.transmit(bytes, delayNs, type, a, b);
    return true;
  }

  /**
   * Where only acknowledgements are cut, messages still arrive, until the window is used up or the
   * first timeout has closed it: then TCP only repeats the first segment.
   */
  private passesUnacknowledged(bytes: number): boolean {
    if (this.path.blackholes > 0 || this.path.open || this.waiting.length > 0) return false;
    const nowNs = this.sim.nowNs;
    if (this.unackedSinceNs < 0) this.unackedSinceNs = nowNs;
    if (nowNs >= this.unackedSinceNs + this.tcp.rtoNs(this.path.rttNs)) return false;
    if (this.unackedBytes + bytes > this.tcp.unackedBytes) return false;
    this.unackedBytes += bytes;
    return true;
  }

  private wait(bytes: number, type: number, a: number, b: number): boolean {
    const limit = this.options.sendBufferBytes ?? this.tcp.sendBufferBytes;
    if (this.waitingBytes + bytes > limit) return this.refuse(bytes);
    if (this.unackedSinceNs < 0) this.unackedSinceNs = this.sim.nowNs;
    this.waitingBytes += bytes;
    this.waiting.push(bytes, type, a, b);
    return true;
  }

  private refuse(bytes: number): false {
    this.lostMessages++;
    this.lostBytes += bytes;
    return false;
  }

  /** Smoothed time between sends, by which a lost segment is followed. */
  private nextGapNs(): number {
    const nowNs = this.sim.nowNs;
    this.gapNs += (nowNs - this.lastSendNs - this.gapNs) / 8;
    this.lastSendNs = nowNs;
    return this.gapNs;
  }

  private armIdleCheck(): void {
    if (this.options.idleTimeoutNs === undefined) return;
    if (this.options.idleTimeoutNs === Infinity) return;
    this.sim.scheduleAt(this.idleDeadlineNs(), this.events.idleCheck, this.index, this.life);
  }

  private idleDeadlineNs(): number {
    const idleNs = this.options.idleTimeoutNs ?? Infinity;
    const keepAliveNs = this.cutNs - Math.floor(idleNs / 3);
    return Math.max(this.sim.nowNs, Math.max(this.lastArrivalNs, keepAliveNs) + idleNs);
  }

  private dial(): void {
    if (this.path.open || this.path.refuses) {
      const rttNs = this.path.rttNs;
      this.sim.schedule(rttNs, this.events.dialAnswer, this.index, this.life);
    } else {
      this.dialLater();
    }
  }

  private dialLater(): void {
    const atNs = this.tcp.nextSynNs(this.dialNs, this.sim.nowNs + 1);
    this.sim.scheduleAt(atNs, this.events.dial, this.index, this.life);
  }

  private goDown(reason: DownReason): void {
    this.lose();
    this.state = 'down';
    this.life++;
    this.options.onDown?.(reason);
  }

  private lose(): void {
    this.lostMessages += this.waitingMessages;
    this.lostBytes += this.waitingBytes;
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.held = false;
  }
}
