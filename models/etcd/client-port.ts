/**
 * The process of the clients on one host and its gRPC connections to the members.
 *
 * A killed member resets its connections, as a network does that refuses: what waited on them
 * fails. gRPC dials again at once and then after 1 s x 1.6^n (+-20 %, at most 120 s;
 * grpc/doc/connection-backoff.md); until then requests to that member fail at once (Unavailable).
 * A black hole is not noticed unless the port has an idle timeout: clientv3 sends no keep-alives
 * unless told to (DialKeepAliveTime).
 */

import { assert, type EventId, NO_EVENT, type Stream } from '../../src/core/index.ts';
import type { Connection } from '../network/index.ts';
import type { EtcdMember } from './member.ts';
import { EtcdProcess } from './process.ts';
import { Op, Outcome } from './requests.ts';
import { SerialWork, type WorkProcess } from './serial-work.ts';
import { type EtcdShared, shakesHands } from './shared.ts';

const BACKOFF_FIRST_NS = 1e9;
const BACKOFF_FACTOR = 1.6;
const BACKOFF_MAX_NS = 120e9;
const BACKOFF_JITTER = 0.2;
/** How long one attempt to connect may take (grpc/doc/connection-backoff.md: 20 s at least). */
const DIAL_TIMEOUT_NS = 20e9;
/** Frames and headers of a request or an answer. */
const FRAME_BYTES = 96;

export interface ClientPortOptions {
  /** 'clients/HOST', 'kube-apiserver/0/etcd': of its streams and events. */
  readonly name: string;
  /** Its node of the network. */
  readonly networkHost: string;
  /** The machine on which a process for it is made; unless it is part of one. */
  readonly hostName: string;
  /** The process that it is part of; null = one of its own. */
  readonly cpu: WorkProcess | null;
  /** A connection through which nothing comes for so long is given up; Infinity never. */
  readonly idleTimeoutNs: number;
}

/** The clients of one workload, as their port sees them. */
export interface PortClients {
  receive(slot: number, generation: number): void;
  onConnectionLost(slot: number, generation: number): void;
}

/** Two directions that live and die together. */
interface MemberConnection {
  readonly to: Connection;
  readonly from: Connection;
  backoffNs: number;
  connected: boolean;
  /** SYNs are under way. */
  dialing: boolean;
  /** The next attempt to dial. */
  next: EventId;
}

export class ClientPort {
  readonly #process: EtcdProcess | null;
  /** Called when the process runs for a reason other than a timer. */
  readonly #wakers: (() => void)[] = [];
  readonly #onLostListeners: ((member: number) => void)[] = [];
  /** By member: what reads the watch events of that connection, one after the other. */
  readonly readers: readonly SerialWork[];
  readonly #shared: EtcdShared;
  /** Its machine and its certificate, as members see it. */
  readonly #own: { readonly host: string; readonly certificate: string };
  readonly #members: readonly EtcdMember[];
  readonly #connections: MemberConnection[];
  readonly #clients = new Map<number, PortClients>();
  readonly #arriveType: number;
  readonly #lostType: number;
  readonly #dialType: number;
  readonly #jitter: Stream;
  #isOpen = true;

  constructor(shared: EtcdShared, members: readonly EtcdMember[], o: ClientPortOptions) {
    this.#shared = shared;
    this.#members = members;
    const { name } = o;
    this.#own = { host: o.hostName, certificate: `${name.split('/', 2).join('/')}/etcd` };
    this.#process = o.cpu === null ? ownProcess(shared, name, o.hostName) : null;
    const cpu = o.cpu ?? this.process;
    const { sim, network } = shared;
    this.#jitter = sim.stream(`${name}/backoff`);
    const own = network.host(o.networkHost);
    this.#connections = members.map((member, index) => {
      const there = network.host(member.name);
      const options = {
        dialTimeoutNs: DIAL_TIMEOUT_NS,
        idleTimeoutNs: o.idleTimeoutNs,
        onDown: () => this.#onDown(index),
        onUp: () => this.#onUp(index),
      };
      return {
        to: network.connect(`${name}->${member.name}`, own, there, options),
        from: network.connect(`${member.name}->${name}`, there, own, options),
        backoffNs: BACKOFF_FIRST_NS,
        connected: true,
        dialing: false,
        next: NO_EVENT,
      };
    });
    this.readers = members.map((member) => new SerialWork(sim, cpu, `${name}/read/${member.name}`));
    this.#arriveType = sim.eventType(`${name}/arrive`, (slot, g) => this.#onArrive(slot, g));
    this.#lostType = sim.eventType(`${name}/lost`, (member) => this.#onLost(member));
    this.#dialType = sim.eventType(`${name}/dial`, (member) => {
      this.#connections[member].next = NO_EVENT;
      this.#dial(member);
    });
  }

  /** Of clients that have one to themselves. */
  get process(): EtcdProcess {
    assert(this.#process !== null, 'this port is part of another process');
    return this.#process;
  }

  register(workload: number, clients: PortClients, onWake: () => void): void {
    this.#clients.set(workload, clients);
    this.#wakers.push(onWake);
  }

  isConnected(member: number): boolean {
    return this.#connections[member].connected;
  }

  /** The process of the clients is gone: whatever is on its way to it finds nobody. */
  close(): void {
    this.#isOpen = false;
    for (const connection of this.#connections) {
      connection.connected = false;
      connection.dialing = false;
      if (connection.next !== NO_EVENT) this.#shared.sim.cancel(connection.next);
      connection.next = NO_EVENT;
    }
  }

  /** It starts again, and dials every member. */
  open(): void {
    this.#isOpen = true;
    for (let member = 0; member < this.#connections.length; member++) {
      this.#connections[member].backoffNs = BACKOFF_FIRST_NS;
      this.#dial(member);
    }
  }

  rttNs(member: number): number {
    return this.#connections[member].to.rttNs;
  }

  /** Called when a connection is gone, after the requests on it have failed. */
  onLost(listener: (member: number) => void): void {
    this.#onLostListeners.push(listener);
  }

  /** Something other than a request (for a watch) leaves for the member; false: no connection. */
  request(member: number, bytes: number, type: number, a: number, b: number): boolean {
    const connection = this.#connections[member];
    return connection.connected && connection.to.send(FRAME_BYTES + bytes, type, a, b);
  }

  /** Sends the request of `slot`; false where there is no connection. */
  send(member: number, slot: number, generation: number): boolean {
    const connection = this.#connections[member];
    if (!connection.connected) return false;
    const { requests } = this.#shared;
    const copies = requests.copies[slot];
    const bytes = (FRAME_BYTES + requests.keyBytes[slot] + requests.valueBytes[slot]) * copies;
    return connection.to.send(bytes, this.#members[member].requestArriveType, slot, generation);
  }

  /** A member's answer leaves for this host. */
  answer(member: number, slot: number, generation: number): void {
    const { requests } = this.#shared;
    const isRange = requests.op[slot] === Op.range;
    const copies = requests.copies[slot];
    const valueBytes = isRange ? requests.count[slot] * requests.valueBytes[slot] : 0;
    const bytes = (FRAME_BYTES + valueBytes) * copies;
    this.#connections[member].from.send(bytes, this.#arriveType, slot, generation);
  }

  /** Something other than an answer (a watch event) leaves for this host; false: no connection. */
  deliver(member: number, bytes: number, type: number, a: number, b: number): boolean {
    const connection = this.#connections[member];
    return connection.connected && connection.from.send(bytes, type, a, b);
  }

  /** The member's process died: its kernel resets the connections, half a round trip later here. */
  onMemberDown(member: number): void {
    const connection = this.#connections[member];
    const delay = Math.round(connection.to.rttNs / 2);
    this.#shared.sim.schedule(delay, this.#lostType, member, 0);
  }

  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  #onArrive(slot: number, generation: number): void {
    const { requests } = this.#shared;
    if (!requests.isCurrent(slot, generation)) return;
    this.#clients.get(requests.workload[slot])?.receive(slot, generation);
    this.wake();
  }

  #onLost(member: number): void {
    const connection = this.#connections[member];
    if (!this.#isOpen) return;
    connection.connected = false;
    const { requests } = this.#shared;
    for (let slot = 0; slot < requests.capacity; slot++) {
      if (requests.inUse[slot] === 0 || requests.member[slot] !== member) continue;
      if (Number.isNaN(requests.sent[slot]) || requests.outcome[slot] === Outcome.refused) continue;
      this.#clients.get(requests.workload[slot])?.onConnectionLost(slot, requests.generation[slot]);
    }
    for (const listener of this.#onLostListeners) listener(member);
    connection.backoffNs = BACKOFF_FIRST_NS;
    this.#dial(member);
  }

  /** The network broke one direction, or an attempt to dial it. */
  #onDown(member: number): void {
    const connection = this.#connections[member];
    for (const direction of [connection.to, connection.from])
      if (!direction.isDown) direction.close();
    if (connection.dialing) {
      connection.dialing = false;
      this.#dialLater(member);
    } else if (connection.connected) {
      connection.connected = false;
      this.#shared.sim.schedule(0, this.#lostType, member);
    }
  }

  #onUp(member: number): void {
    const connection = this.#connections[member];
    if (!connection.dialing || !connection.to.up || !connection.from.up) return;
    connection.dialing = false;
    this.#dial(member);
  }

  #dial(member: number): void {
    const connection = this.#connections[member];
    const { to, from } = connection;
    if (connection.connected || connection.dialing || !this.#isOpen) return;
    if (!to.up || !from.up) {
      connection.dialing = true;
      for (const direction of [to, from]) if (direction.isDown) direction.reopen();
    } else if (this.#isWelcome(this.#members[member])) {
      connection.connected = true;
    } else this.#dialLater(member);
  }

  #isWelcome({ isListening, name, host }: EtcdMember): boolean {
    if (!isListening) return false;
    const server = { host: host.name, certificate: `${name}/server` };
    return shakesHands(this.#shared, this.#own, server);
  }

  #dialLater(member: number): void {
    const connection = this.#connections[member];
    const { sim } = this.#shared;
    if (connection.next !== NO_EVENT) sim.cancel(connection.next);
    const spread = 1 + BACKOFF_JITTER * (2 * this.#jitter.uniform() - 1);
    const delayNs = Math.round(connection.backoffNs * spread);
    connection.next = sim.schedule(delayNs, this.#dialType, member);
    connection.backoffNs = Math.min(BACKOFF_MAX_NS, connection.backoffNs * BACKOFF_FACTOR);
  }
}

function ownProcess(shared: EtcdShared, name: string, hostName: string): EtcdProcess {
  const host = shared.hosts.get(hostName);
  if (host === undefined) throw new Error(`no host ${hostName}`);
  const options = { cpuFactor: 1, weight: 100, quotaCores: Infinity };
  return new EtcdProcess(shared, name, host, options);
}

/** Network node of the clients on a host. */
export function clientNodeName(hostName: string): string {
  return `clients@${hostName}`;
}
