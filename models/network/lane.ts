/**
 * One direction between two hosts for streams in great numbers: clients that share a network host
 * and have a connection each, but no `Connection`.
 *
 * The one idea: all that a stream needs for itself is when its last message arrives; latency, loss,
 * links and disturbances are those of the path, and shared. Who owns the streams keeps that one
 * number for each, asks here when a message arrives, and is told when the path is cut or heals.
 *
 * Left out: what `Connection` leaves out; the time since the last send, by which a busy stream
 * learns of a loss: a lost message of one segment waits for its timeout.
 */
import type { Simulation, Stream } from '../../src/core/index.ts';
import { createSampler, isRandom, type Sampler } from '../../src/dist/index.ts';
import type { Path } from './path.ts';
import type { Tcp } from './tcp.ts';

export type LaneChange = 'cut' | 'refused' | 'healed';

export class Lane {
  readonly name: string;
  private readonly sim: Simulation;
  private readonly tcp: Tcp;
  private readonly path: Path;
  /** One-way latency: drawn, or the same for all (-1 = drawn). */
  private readonly latency: Sampler | null;
  private readonly fixedNs: number;
  private lossStream: Stream | null = null;
  private readonly listeners: ((change: LaneChange) => void)[] = [];

  constructor(sim: Simulation, tcp: Tcp, name: string, path: Path) {
    this.sim = sim;
    this.tcp = tcp;
    this.name = name;
    this.path = path;
    const half = { kind: 'scaled', by: 0.5, of: path.rtt } as const;
    const random = isRandom(path.rtt);
    const sampler = createSampler(half, sim.stream(`network/${name}/latency`));
    this.latency = random ? sampler : null;
    this.fixedNs = random ? -1 : sampler.next(0);
  }

  /** Neither packets nor their acknowledgements are stopped. */
  get isOpen(): boolean {
    return this.path.open;
  }

  /** What is sent is answered by a reset. */
  get refuses(): boolean {
    return this.path.refuses;
  }

  /** Smoothed round trip. */
  get rttNs(): number {
    return this.path.rttNs;
  }

  /**
   * When `bytes` that leave now arrive, after what the stream sent before (`lastArrivalNs`). Ask
   * only while the path is open.
   */
  arrivalNs(bytes: number, lastArrivalNs: number): number {
    const { path, sim } = this;
    let atNs = sim.nowNs + path.linksNs(bytes, sim.nowNs);
    atNs += (this.latency === null ? this.fixedNs : this.latency.next(sim.nowNs)) + path.addedNs;
    if (path.lossProbability > 0) atNs += this.lossNs(bytes);
    return Math.max(atNs, lastArrivalNs);
  }

  /** The first retransmission at or after now of what was first sent at `sentNs` into a cut. */
  retransmissionNs(sentNs: number): number {
    return this.tcp.nextRetransmissionNs(sentNs, this.path.rttNs, this.sim.nowNs);
  }

  /** The first SYN after now of a dial that began at `sentNs`. */
  synNs(sentNs: number): number {
    return this.tcp.nextSynNs(sentNs, this.sim.nowNs + 1);
  }

  /** The path, or the way back, was cut or opened. */
  onChange(listener: (change: LaneChange) => void): void {
    this.listeners.push(listener);
  }

  /** @internal */
  changed(change: LaneChange): void {
    for (const listener of this.listeners) listener(change);
  }

  private lossNs(bytes: number): number {
    this.lossStream ??= this.sim.stream(`network/${this.name}/loss`);
    const { lossProbability, rttNs } = this.path;
    return this.tcp.lossDelayNs(bytes, lossProbability, rttNs, Infinity, this.lossStream);
  }
}
