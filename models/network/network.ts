/**
 * The network between hosts: paths with latency, bandwidth and loss, and what can disturb them.
 *
 * A message passes the sender's interface, where a pair has a bandwidth of its own also that wire,
 * the receiver's interface, and then half of the round trip. Bytes are cut through, so the longest
 * of the queues and the slowest of the links count, once. The receiver's interface is queued for
 * before the latency: messages of different distance meet there in the order sent, which keeps its
 * rate and needs no event.
 *
 * Left out: switches and routes (a path is one hop), congestion control, ECN, MTU problems, DNS,
 * NAT tables.
 * Evidence: tests/models/network/*.test.ts.
 */
import { assert } from '../../src/core/index.ts';
import type { DistributionSpec } from '../../src/dist/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { NetworkPairScenario, NetworkScenario } from '../../src/scenario/types.ts';
import { beforeCuts } from '../machine/index.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import { Path } from './path.ts';
import { Tcp } from './tcp.ts';

export type HostId = number;
export type DisturbanceId = number;
export type PartitionId = DisturbanceId;
export type PartitionMode = 'blackhole' | 'reset';

export interface NetworkHost {
  readonly name: string;
  readonly zone: string;
  /** Other names under which pairs of the scenario may mean it: its member, 'client'. */
  readonly aliases?: readonly string[];
  /** A host of clients: clientRtt applies to and from it. */
  readonly client?: boolean;
}

/** Event types that all connections share; a = index of the connection, b = its life. */
export interface NetworkEvents {
  readonly retransmit: number;
  readonly idleCheck: number;
  readonly dial: number;
  readonly dialAnswer: number;
  readonly dialTimeout: number;
}

interface Disturbance {
  readonly id: DisturbanceId;
  readonly touches: (path: Path) => boolean;
  readonly begin: (path: Path) => void;
  readonly end: (path: Path) => void;
}

export class Network {
  readonly hosts: readonly NetworkHost[];
  readonly connections: Connection[] = [];
  private readonly ctx: ModelContext;
  private readonly options: NetworkScenario;
  private readonly tcp: Tcp;
  private readonly events: NetworkEvents;
  private readonly out: readonly Link[];
  private readonly in: readonly Link[];
  private readonly paths = new Map<number, Path>();
  private readonly ids = new Map<string, HostId>();
  private disturbances: Disturbance[] = [];
  private lastDisturbance = 0;

  constructor(ctx: ModelContext, o: NetworkScenario, hosts: readonly NetworkHost[]) {
    this.ctx = ctx;
    this.options = o;
    this.hosts = hosts;
    this.tcp = new Tcp(ctx.constants);
    for (let id = 0; id < hosts.length; id++) {
      for (const name of [hosts[id].name, ...(hosts[id].aliases ?? [])]) this.ids.set(name, id);
    }
    this.out = hosts.map((host) => this.interfaceLink(`${host.name}/nic/out`));
    this.in = hosts.map((host) => this.interfaceLink(`${host.name}/nic/in`));
    const type = (name: string, handle: (connection: Connection, life: number) => void) =>
      ctx.sim.eventType(`network/${name}`, (index, life) => {
        handle(this.connections[index], life);
      });
    this.events = {
      retransmit: type('retransmit', (connection, life) => connection.retransmit(life)),
      idleCheck: type('idleCheck', (connection, life) => connection.idleCheck(life)),
      dial: type('dial', (connection, life) => connection.dialStep(life, false)),
      dialAnswer: type('dialAnswer', (connection, life) => connection.dialStep(life, true)),
      dialTimeout: type('dialTimeout', (connection, life) => connection.dialTimeout(life)),
    };
    if (this.limited) beforeCuts(ctx, 'network', () => this.settle());
  }

  /** Id of a host by its name or alias. */
  host(name: string): HostId {
    const id = this.ids.get(name);
    if (id === undefined) assert(false, `the network knows no host ${name}`);
    return id;
  }

  /** An established connection in one direction. `name` is unique: it names its random streams. */
  connect(name: string, from: HostId, to: HostId, o: ConnectionOptions = {}): Connection {
    const path = this.path(from, to);
    const index = this.connections.length;
    const { ctx, tcp, events } = this;
    const connection = new Connection(ctx.sim, tcp, events, index, name, path, o);
    this.connections.push(connection);
    path.connections.push(connection);
    return connection;
  }

  /** The way from one host to another for many light streams; one for each pair and direction. */
  lane(from: HostId, to: HostId): Lane {
    const path = this.path(from, to);
    if (path.lane !== null) return path.lane;
    const name = `lane/${this.hosts[from].name}->${this.hosts[to].name}`;
    path.lane = new Lane(this.ctx.sim, this.tcp, name, path);
    return path.lane;
  }

  /** Stops what goes from A to B, and unless `oneWay` also from B to A. */
  partition(
    groupA: readonly HostId[],
    groupB: readonly HostId[],
    o: { readonly oneWay?: boolean; readonly mode: PartitionMode },
  ): PartitionId {
    const field = o.mode === 'blackhole' ? 'blackholes' : 'resets';
    return this.disturb({
      touches: between(groupA, groupB, o.oneWay ?? false),
      begin: (path) => {
        path[field]++;
      },
      end: (path) => {
        path[field]--;
      },
    });
  }

  /** The host has lost its power or its cable: nothing comes or goes. */
  isolate(host: HostId): PartitionId {
    return this.partition([host], [...this.hosts.keys()], { mode: 'blackhole' });
  }

  /** Every message between them takes `addNs` longer, each way. */
  addDelay(groupA: readonly HostId[], groupB: readonly HostId[], addNs: number): DisturbanceId {
    return this.disturb({
      touches: between(groupA, groupB, false),
      begin: (path) => {
        path.addedNs += addNs;
      },
      end: (path) => {
        path.addedNs -= addNs;
      },
    });
  }

  /** Segments between them are lost with at least this probability, each way. */
  setLoss(
    groupA: readonly HostId[],
    groupB: readonly HostId[],
    probability: number,
  ): DisturbanceId {
    assert(probability >= 0 && probability < 1, 'a loss probability is in [0, 1)');
    return this.disturb({
      touches: between(groupA, groupB, false),
      begin: (path) => path.addLoss(probability),
      end: (path) => path.removeLoss(probability),
    });
  }

  /** Ends a partition, an added delay or a loss. */
  heal(id: DisturbanceId): void {
    const found = this.disturbances.find((d) => d.id === id);
    assert(found !== undefined, `disturbance ${id} is not in force`);
    this.disturbances = this.disturbances.filter((d) => d !== found);
    for (const path of this.paths.values()) {
      if (!found.touches(path)) continue;
      this.change(path, found.end);
    }
  }

  private disturb(parts: Omit<Disturbance, 'id'>): DisturbanceId {
    const disturbance = { id: ++this.lastDisturbance, ...parts };
    this.disturbances.push(disturbance);
    for (const path of this.paths.values()) {
      if (disturbance.touches(path)) this.change(path, disturbance.begin);
    }
    return disturbance.id;
  }

  /**
   * Changes a path and tells the connections on it, and on the way back, where that cut or opened
   * it.
   */
  private change(path: Path, apply: (path: Path) => void): void {
    const wasOpen = path.open;
    const refused = path.refuses;
    apply(path);
    const cut = (wasOpen && !path.open) || (!refused && path.refuses);
    const healed = !wasOpen && path.open;
    if (!cut && !healed) return;
    for (const side of [path, path.back]) {
      for (const connection of side.connections) {
        if (cut) connection.pathCut();
        else connection.pathHealed();
      }
      const change = path.refuses ? 'refused' : 'cut';
      side.lane?.changed(healed ? 'healed' : change);
    }
  }

  private path(from: HostId, to: HostId): Path {
    const key = from * this.hosts.length + to;
    const known = this.paths.get(key);
    if (known !== undefined) return known;
    const path = this.createPath(from, to);
    this.paths.set(key, path);
    if (from === to) return path;
    const back = this.createPath(to, from);
    this.paths.set(to * this.hosts.length + from, back);
    path.back = back;
    back.back = path;
    for (const disturbance of this.disturbances) {
      if (disturbance.touches(path)) disturbance.begin(path);
      if (disturbance.touches(back)) disturbance.begin(back);
    }
    return path;
  }

  private createPath(from: HostId, to: HostId): Path {
    const { options, ctx } = this;
    if (from === to) {
      const value = ctx.constants.get('network.loopbackRttNs');
      const rtt: DistributionSpec = { kind: 'constant', value };
      return new Path({ from, to, rtt, lossProbability: 0, links: [] });
    }
    const pair = this.pair(this.hosts[from], this.hosts[to]);
    const client = this.hosts[from].client === true || this.hosts[to].client === true;
    const links: Link[] = this.limited ? [this.out[from], this.in[to]] : [];
    if (pair !== null && pair.bandwidthBytesPerSecond < options.bandwidthBytesPerSecond) {
      const name = `${this.hosts[from].name}-${this.hosts[to].name}/wire`;
      const wire = this.link(name, pair.bandwidthBytesPerSecond);
      links.splice(1, 0, wire);
      this.wires.push(wire);
    }
    return new Path({
      from,
      to,
      rtt: pair?.rtt ?? (client ? options.clientRtt : options.peerRtt),
      lossProbability: pair?.lossProbability ?? options.lossProbability,
      links,
    });
  }

  private readonly wires: Link[] = [];

  /** The pair of the scenario that names both hosts most closely; of equals the last. */
  private pair(a: NetworkHost, b: NetworkHost): NetworkPairScenario | null {
    let best: NetworkPairScenario | null = null;
    let bestScore = 0;
    for (const pair of this.options.pairs) {
      const [x, y] = pair.between;
      const score = Math.max(
        Math.min(1, named(a, x) * named(b, y)) * (named(a, x) + named(b, y)),
        Math.min(1, named(a, y) * named(b, x)) * (named(a, y) + named(b, x)),
      );
      if (score === 0 || score < bestScore) continue;
      best = pair;
      bestScore = score;
    }
    return best;
  }

  private get limited(): boolean {
    return this.options.bandwidthBytesPerSecond !== Infinity;
  }

  private interfaceLink(name: string): Link {
    return this.link(name, this.options.bandwidthBytesPerSecond);
  }

  private link(name: string, bytesPerSecond: number): Link {
    const queueBytes = this.ctx.constants.get('network.queueBytes');
    const measured = bytesPerSecond !== Infinity;
    const probe = measured ? this.ctx.metrics.resource(name, 'server-pool', 1) : null;
    return new Link(bytesPerSecond, queueBytes, probe);
  }

  private settle(): void {
    const { nowNs } = this.ctx.sim;
    for (const links of [this.out, this.in, this.wires]) {
      for (const link of links) link.settle(nowNs);
    }
  }
}

/** 2: by its own name, 1: by its zone, 0: not meant. */
function named(host: NetworkHost, name: string): number {
  if (host.name === name || host.aliases?.includes(name) === true) return 2;
  return host.zone === name ? 1 : 0;
}

function between(a: readonly HostId[], b: readonly HostId[], oneWay: boolean) {
  const inA = new Set(a);
  const inB = new Set(b);
  return (path: Path): boolean => {
    if (path.from === path.to) return false;
    if (inA.has(path.from) && inB.has(path.to)) return true;
    return !oneWay && inB.has(path.from) && inA.has(path.to);
  };
}
