/** The way from one host to another: latency, loss, and what disturbs it now. */
import { type DistributionSpec, mean } from '../../src/dist/index.ts';
import type { Connection } from './connection.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';

export interface PathParts {
  readonly from: number;
  readonly to: number;
  readonly rtt: DistributionSpec;
  readonly lossProbability: number;
  /** What a message passes, in this order; empty where nothing limits it. */
  readonly links: readonly Link[];
}

export class Path {
  readonly from: number;
  readonly to: number;
  readonly rtt: DistributionSpec;
  readonly links: readonly Link[];
  readonly connections: Connection[] = [];
  /** Shared by streams in great numbers; null until somebody asks. */
  lane: Lane | null = null;
  /** The way back; set by the network right after both exist. */
  back: Path = this;
  /** Disturbances in force. */
  blackholes = 0;
  resets = 0;
  addedNs = 0;
  lossProbability: number;
  private readonly meanRttNs: number;
  private readonly builtLossProbability: number;
  private readonly losses: number[] = [];

  constructor(parts: PathParts) {
    this.from = parts.from;
    this.to = parts.to;
    this.rtt = parts.rtt;
    this.links = parts.links;
    this.lossProbability = parts.lossProbability;
    this.builtLossProbability = parts.lossProbability;
    this.meanRttNs = Math.round(mean(parts.rtt));
  }

  /** Round trip as TCP has smoothed it. */
  get rttNs(): number {
    return this.meanRttNs + this.addedNs + this.back.addedNs;
  }

  /** Neither packets nor their acknowledgements are stopped. */
  get open(): boolean {
    return this.blackholes + this.resets + this.back.blackholes + this.back.resets === 0;
  }

  get refuses(): boolean {
    return this.resets + this.back.resets > 0;
  }

  /**
   * What `bytes` that leave now take on the links, ns. Cut-through: the bytes are on the next link
   * while they still leave the last one, so the longest queue and the slowest link count. Every
   * link is joined now, whatever the queue before it: levels know no future.
   */
  linksNs(bytes: number, nowNs: number): number {
    const { links } = this;
    if (links.length === 0) return 0;
    let waitNs = 0;
    let serialNs = 0;
    for (let i = 0; i < links.length; i++) {
      waitNs = Math.max(waitNs, links[i].accept(bytes, nowNs));
      serialNs = Math.max(serialNs, links[i].serialNs(bytes));
    }
    return Math.ceil(waitNs + serialNs);
  }

  /** The worst of the losses in force counts. */
  addLoss(probability: number): void {
    this.losses.push(probability);
    this.lossProbability = Math.max(this.builtLossProbability, ...this.losses);
  }

  removeLoss(probability: number): void {
    this.losses.splice(this.losses.indexOf(probability), 1);
    this.lossProbability = Math.max(this.builtLossProbability, ...this.losses);
  }
}
