/**
 * rafthttp: between two members, one stream for MsgApp and one for everything else, and connections
 * of their own for a snapshot (etcd api/rafthttp/peer.go `pick`) and for keep-alives on their way
 * to the leader and back (lease/leasehttp).
 *
 * A stream that breaks drops what it carried and reports the peer unreachable; it is dialled again
 * every 100 ms (stream.go `DialRetryFrequency`). I/O timeout 5 s, dial timeout 1 s + election.
 */

import type { Connection } from '../network/index.ts';
import type { EtcdMember } from './member.ts';
import type { Message, MessagePool } from './raft/index.ts';
import { type EtcdShared, shakesHands } from './shared.ts';

const IO_TIMEOUT_NS = 5e9;
const DIAL_RETRY_NS = 100e6;
/** Bytes of a message besides its entries, and of an entry's frame, on the wire. */
const MESSAGE_BYTES = 48;
const ENTRY_BYTES = 24;

const Stream = { app: 0, general: 1, snapshot: 2, http: 3 } as const;
const streamNames = ['app', 'general', 'snapshot', 'http'];

export class Peers {
  readonly #shared: EtcdShared;
  readonly #members: readonly EtcdMember[];
  readonly #pool: MessagePool;
  /** [from][to][stream]. */
  readonly #connections: (Connection[] | null)[][] = [];
  readonly #redialType: number;

  constructor(shared: EtcdShared, members: readonly EtcdMember[], pool: MessagePool) {
    this.#shared = shared;
    this.#members = members;
    this.#pool = pool;
    this.#redialType = shared.sim.eventType('etcd/peers/redial', (pair, stream) =>
      this.#redial(pair, stream),
    );
    for (let from = 0; from < members.length; from++) {
      this.#connections.push(
        members.map((_, to) =>
          from === to ? null : streamNames.map((_, stream) => this.#connect(from, to, stream)),
        ),
      );
    }
  }

  send(from: number, message: Message): void {
    const to = message.to - 1;
    const target = this.#members[to];
    if (target === undefined || !target.inCluster) {
      this.#pool.release(message);
      return;
    }
    if (message.type === 'snap') {
      this.#members[from].maintenance.send(message);
      return;
    }
    const stream = message.type === 'app' ? Stream.app : Stream.general;
    const bytes = MESSAGE_BYTES + message.entries.bytes + message.entries.count * ENTRY_BYTES;
    const connection = this.#between(from, to)[stream];
    if (connection.send(bytes, target.peerArriveType, message.slot, 0)) return;
    this.#pool.release(message);
    this.#members[from].raft.reportUnreachable(to + 1);
  }

  sendSnapshot(from: number, message: Message, bytes: number): void {
    const to = message.to - 1;
    const connection = this.#between(from, to)[Stream.snapshot];
    const sent = connection.send(bytes, this.#members[to].snapshotArriveType, message.slot, 0);
    if (!sent) this.#pool.release(message);
    this.#members[from].raft.reportSnapshot(to + 1, sent);
    this.#members[from].kick();
  }

  /** An HTTP request or answer; false where the peer cannot be reached. */
  http(from: number, to: number, bytes: number, type: number, a: number, b: number): boolean {
    return this.#between(from, to)[Stream.http].send(bytes, type, a, b);
  }

  /** The process of this member died: both ends of its connections are gone. */
  onDown(member: number): void {
    this.#forEach(member, (connection) => connection.close());
  }

  /** It listens again: the others' next dial succeeds. */
  onUp(member: number): void {
    for (let other = 0; other < this.#members.length; other++) {
      if (other === member || !this.#members[other].isUp) continue;
      for (let stream = 0; stream < streamNames.length; stream++) {
        this.#redial(this.#pair(member, other), stream);
        this.#redial(this.#pair(other, member), stream);
      }
    }
  }

  #connect(from: number, to: number, stream: number): Connection {
    const { network, scenario, sim } = this.#shared;
    const a = this.#members[from].name;
    const b = this.#members[to].name;
    return network.connect(`${a}->${b}/${streamNames[stream]}`, network.host(a), network.host(b), {
      idleTimeoutNs: IO_TIMEOUT_NS,
      dialTimeoutNs: 1e9 + scenario.electionTimeoutNs,
      onDown: () => sim.schedule(DIAL_RETRY_NS, this.#redialType, this.#pair(from, to), stream),
    });
  }

  #redial(pair: number, stream: number): void {
    const from = Math.floor(pair / this.#members.length);
    const to = pair % this.#members.length;
    if (!this.#members[from].isUp || !this.#members[to].isUp) return;
    const connection = this.#between(from, to)[stream];
    if (!connection.isDown) return;
    if (shakesHands(this.#shared, this.#endOf(from), this.#endOf(to))) connection.reopen();
    else this.#shared.sim.schedule(DIAL_RETRY_NS, this.#redialType, pair, stream);
  }

  #endOf(member: number): { readonly host: string; readonly certificate: string } {
    const { host, name } = this.#members[member];
    return { host: host.name, certificate: `${name}/peer` };
  }

  #pair(from: number, to: number): number {
    return from * this.#members.length + to;
  }

  #between(from: number, to: number): Connection[] {
    const connections = this.#connections[from][to];
    if (connections === null) throw new Error('a member does not talk to itself');
    return connections;
  }

  #forEach(member: number, visit: (connection: Connection) => void): void {
    for (let other = 0; other < this.#members.length; other++) {
      if (other === member) continue;
      for (const connection of this.#between(member, other)) visit(connection);
      for (const connection of this.#between(other, member)) visit(connection);
    }
  }
}
