/**
 * The etcd client of one replica: calls over one gRPC connection a member.
 *
 * One idea: a call is an object with one method, and a row of the request table carries it through
 * etcd. Members take turns (clientv3: round robin over the connected ones); where none is
 * connected, or a read met a transient error, the call is sent again after 25 ms, up to 100 times
 * (clientv3 retry_interceptor.go: reads on any Unavailable, writes only if they were never sent).
 * Left out: growing waits of that interceptor; bytes of keep-alives.
 */
import type { ModelContext } from '../../../src/resource/index.ts';
import {
  type ClientPort,
  type EtcdCluster,
  type GroupRead,
  Op,
  type OpCode,
  Outcome,
  type OutcomeCode,
  type PortClients,
  type RequestTable,
  type StoredValue,
  TimeoutRing,
} from '../../etcd/index.ts';
import type { StorageCosts } from './storage-costs.ts';
import type { ReplicaCpu, Transformer } from './types.ts';

/** clientv3 options.go `defaultUnaryMaxRetries`, `defaultBackoffWaitBetween`. */
const RETRIES_MAX = 100;
const RETRY_NS = 25e6;
/** factory/etcd3.go `keepaliveTime` 30 s, `keepaliveTimeout` 10 s. */
const IDLE_NS = 40e9;
/** Deadlines further ahead are looked at again after this. */
const NEAR_NS = 5e9;

/** One call under way; `onAnswer` may read the row until it returns. */
export interface EtcdCall {
  /** Absolute; Infinity never. */
  readonly deadlineNs: number;
  /** Contents are JSON. */
  readonly json: boolean;
  /** Goroutines that decode a page of many objects. */
  readonly decoders: number;
  /** When it was begun (set by the client). */
  startNs: number;
  onAnswer(outcome: OutcomeCode, slot: number): void;
}

export interface EtcdClientOptions {
  readonly name: string;
  readonly networkHost: string;
  readonly hostName: string;
  readonly cpu: ReplicaCpu;
  /** Names of the members that it may talk to. */
  readonly members: readonly string[];
  readonly transformer: Transformer | null;
}

export class EtcdClient implements PortClients {
  readonly cluster: EtcdCluster;
  readonly requests: RequestTable;
  readonly port: ClientPort;
  readonly #ctx: ModelContext;
  readonly #cpu: ReplicaCpu;
  readonly #costs: StorageCosts;
  readonly #transformer: Transformer | null;
  readonly #members: readonly number[];
  readonly #client: number;
  readonly #calls: (EtcdCall | null)[] = [];
  readonly #sendType: number;
  readonly #receivedType: number;
  readonly #retryType: number;
  readonly #waitedType: number;
  readonly #decryptedType: number;
  readonly #deadlineType: number;
  readonly #besideType: number;
  readonly #deadlines: TimeoutRing;
  #turn = 0;
  inFlight = 0;

  constructor(ctx: ModelContext, cluster: EtcdCluster, costs: StorageCosts, o: EtcdClientOptions) {
    this.#ctx = ctx;
    this.cluster = cluster;
    this.requests = cluster.shared.requests;
    this.#cpu = o.cpu;
    this.#costs = costs;
    this.#transformer = o.transformer;
    this.#members = o.members.map((name) => cluster.indexOf(name));
    this.port = cluster.openPort({
      name: o.name,
      networkHost: o.networkHost,
      hostName: o.hostName,
      cpu: o.cpu,
      idleTimeoutNs: IDLE_NS,
    });
    this.#client = cluster.nextClient();
    cluster.registerWorkload(this.#client, this.port);
    this.port.register(this.#client, this, () => {});
    const { sim } = ctx;
    const { requests } = this;
    const on = (what: string, handler: (slot: number, g: number) => void): number =>
      sim.eventType(`${o.name}/${what}`, (slot, g) => {
        if (requests.isCurrent(slot, g)) handler(slot, g);
      });
    this.#sendType = on('send', (slot, g) => this.#send(slot, g));
    this.#receivedType = on('received', (slot, g) => this.#onReceived(slot, g));
    this.#retryType = on('retry', (slot, g) => this.#send(slot, g));
    this.#waitedType = on('transformed', (slot, g) => this.#prepare(slot, g));
    this.#decryptedType = on('decrypted', (slot, g) => this.#decode(slot, g));
    this.#besideType = sim.eventType(`${o.name}/beside`, () => {});
    this.#deadlineType = sim.eventType(`${o.name}/deadline`, (slot, r) => {
      if (requests.requestGeneration[slot] === r) this.#finish(slot, Outcome.timeout);
    });
    this.#deadlines = new TimeoutRing(
      sim,
      `${o.name}/deadlines`,
      (slot, r) => requests.requestGeneration[slot] === r,
      (slot, r) => this.#onNear(slot, r),
    );
  }

  // --- Calls ------------------------------------------------------------------------------------

  /**
   * A txn that puts `value` (null: deletes) if the key's mod revision is `expected` (0: is not
   * there), else reads the key.
   */
  txn(
    call: EtcdCall,
    key: number,
    keyBytes: number,
    value: StoredValue | null,
    expected: number,
    lease: number,
    copies: number,
  ): void {
    const slot = this.#begin(call, Op.txn, key, keyBytes, copies);
    const { requests } = this;
    requests.value[slot] = value;
    requests.valueBytes[slot] = value === null ? 0 : value.bytes;
    requests.expected[slot] = expected;
    requests.lease[slot] = lease;
    this.#start(slot);
  }

  /** A linearizable read of one key; -1 = a key that nobody has (its revision is of interest). */
  read(call: EtcdCall, key: number, keyBytes: number, copies: number): void {
    this.#start(this.#begin(call, Op.range, key, keyBytes, copies));
  }

  /** The next page of a group. */
  readGroup(call: EtcdCall, read: GroupRead, keyBytes: number): void {
    const slot = this.#begin(call, Op.range, -1, keyBytes, 1);
    this.requests.groupRead[slot] = read;
    this.#start(slot);
  }

  grantLease(call: EtcdCall, ttlMs: number): void {
    const slot = this.#begin(call, Op.leaseGrant, -1, 8, 1);
    this.requests.count[slot] = ttlMs;
    this.#start(slot);
  }

  compact(call: EtcdCall, revision: number): void {
    const slot = this.#begin(call, Op.compact, -1, 8, 1);
    this.requests.expected[slot] = revision;
    this.#start(slot);
  }

  /** The process is gone: nobody waits for what is under way. */
  stop(): void {
    this.port.close();
    for (let slot = 0; slot < this.#calls.length; slot++) {
      if (this.#calls[slot] === null || this.#calls[slot] === undefined) continue;
      this.#calls[slot] = null;
      this.requests.release(slot);
    }
    this.inFlight = 0;
  }

  start(): void {
    this.port.open();
  }

  /** A connected member whose turn it is; -1 none. */
  nextMember(): number {
    const { length } = this.#members;
    for (let i = 0; i < length; i++) {
      const member = this.#members[this.#turn % length];
      this.#turn = (this.#turn + 1) % length;
      if (this.port.isConnected(member)) return member;
    }
    return -1;
  }

  #begin(call: EtcdCall, op: OpCode, key: number, keyBytes: number, copies: number): number {
    const { sim } = this.#ctx;
    const { requests } = this;
    const slot = requests.acquire();
    this.#calls[slot] = call;
    this.inFlight++;
    call.startNs = sim.nowNs;
    requests.op[slot] = op;
    requests.workload[slot] = this.#client;
    requests.client[slot] = -1;
    requests.member[slot] = -1;
    requests.serializable[slot] = 0;
    requests.key[slot] = key;
    requests.keyBytes[slot] = keyBytes;
    requests.valueBytes[slot] = 0;
    requests.count[slot] = 1;
    requests.copies[slot] = copies;
    requests.matched[slot] = 1;
    requests.planned[slot] = sim.nowNs;
    if (call.deadlineNs < Infinity) this.#watchDeadline(slot, call.deadlineNs);
    return slot;
  }

  #watchDeadline(slot: number, deadlineNs: number): void {
    const { sim } = this.#ctx;
    const request = this.requests.requestGeneration[slot];
    if (deadlineNs - sim.nowNs > NEAR_NS) {
      this.#deadlines.push(slot, request, sim.nowNs + NEAR_NS);
    } else {
      sim.scheduleAt(
        Math.max(sim.nowNs, Math.round(deadlineNs)),
        this.#deadlineType,
        slot,
        request,
      );
    }
  }

  #onNear(slot: number, request: number): void {
    const call = this.#calls[slot];
    if (call === null || call === undefined) return;
    const { sim } = this.#ctx;
    const atNs = Math.max(sim.nowNs, Math.round(call.deadlineNs));
    sim.scheduleAt(atNs, this.#deadlineType, slot, request);
  }

  #start(slot: number): void {
    const generation = this.requests.generation[slot];
    const isPut = this.requests.value[slot] !== null;
    const waitNs = isPut ? (this.#transformer?.writeWaitNs() ?? 0) : 0;
    if (waitNs > 0) {
      this.#ctx.sim.schedule(Math.round(waitNs), this.#waitedType, slot, generation);
    } else this.#prepare(slot, generation);
  }

  /** Encodes what is to be stored, frames the call. */
  #prepare(slot: number, generation: number): void {
    const { requests } = this;
    const value = requests.value[slot];
    const costs = this.#costs;
    let workNs = costs.sendNs;
    if (value !== null) {
      const json = this.#calls[slot]?.json === true;
      workNs += costs.encode(value.bytes, json) + (this.#transformer?.writeNs(value.bytes) ?? 0);
    }
    this.#cpu.execute(workNs * requests.copies[slot], this.#sendType, slot, generation);
  }

  #send(slot: number, generation: number): void {
    const { requests } = this;
    const member = this.nextMember();
    if (member < 0) {
      this.#retry(slot, Outcome.refused);
      return;
    }
    requests.member[slot] = member;
    requests.sent[slot] = this.#ctx.sim.nowNs;
    if (!this.port.send(member, slot, generation)) this.#retry(slot, Outcome.refused);
  }

  // --- Answers ----------------------------------------------------------------------------------

  receive(slot: number, generation: number): void {
    const waitNs = this.#transformer?.readWaitNs(this.#objectsIn(slot)) ?? 0;
    if (waitNs > 0) {
      this.#ctx.sim.schedule(Math.round(waitNs), this.#decryptedType, slot, generation);
    } else this.#decode(slot, generation);
  }

  /** Objects that an answer brings. */
  #objectsIn(slot: number): number {
    const { requests } = this;
    const read = requests.groupRead[slot] ?? null;
    if (read !== null) return read.to - read.from;
    const isRead = requests.op[slot] === Op.range || requests.matched[slot] === 0;
    return isRead && requests.value[slot] !== null ? 1 : 0;
  }

  #decode(slot: number, generation: number): void {
    const { requests } = this;
    const read = requests.groupRead[slot] ?? null;
    const value = requests.value[slot];
    let workNs = this.#costs.receiveNs;
    const json = this.#calls[slot]?.json === true;
    if (read !== null) {
      workNs += this.#decodePage(read, json, this.#calls[slot]?.decoders ?? 1);
    } else if (value !== null && this.#objectsIn(slot) > 0) {
      workNs += this.#costs.decode(value.bytes, json) + this.#decryptNs(1, value.bytes);
    }
    this.#cpu.execute(workNs * requests.copies[slot], this.#receivedType, slot, generation);
  }

  /** What one goroutine does of it; the others run beside it, and nobody waits for them. */
  #decodePage(read: GroupRead, json: boolean, decoders: number): number {
    const objects = read.to - read.from;
    const allNs = this.#costs.decodeMany(objects, read.bytes, json);
    const ns = allNs + this.#decryptNs(objects, read.bytes);
    const parts = Math.max(1, Math.min(decoders, objects));
    for (let i = 1; i < parts; i++) this.#cpu.execute(ns / parts, this.#besideType, 0, 0);
    return ns / parts;
  }

  #decryptNs(objects: number, bytes: number): number {
    if (this.#transformer === null || objects === 0) return 0;
    return objects * this.#transformer.readNs(bytes / objects);
  }

  onConnectionLost(slot: number, generation: number): void {
    if (!this.requests.isCurrent(slot, generation)) return;
    if (this.requests.op[slot] === Op.range) this.#retry(slot, Outcome.reset);
    else this.#finish(slot, Outcome.reset);
  }

  #onReceived(slot: number, _generation: number): void {
    const { requests } = this;
    const outcome = requests.outcome[slot] as OutcomeCode;
    const isTransient =
      outcome === Outcome.serverTimeout ||
      outcome === Outcome.leaderChanged ||
      outcome === Outcome.noLeader;
    if (isTransient && requests.op[slot] === Op.range) this.#retry(slot, outcome);
    else this.#finish(slot, outcome);
  }

  /** `outcome` is told where no try is left. */
  #retry(slot: number, outcome: OutcomeCode): void {
    const { requests } = this;
    if (requests.attempts[slot] >= RETRIES_MAX) {
      this.#finish(slot, outcome);
      return;
    }
    requests.retry(slot);
    this.#ctx.sim.schedule(RETRY_NS, this.#retryType, slot, requests.generation[slot]);
  }

  #finish(slot: number, outcome: OutcomeCode): void {
    const call = this.#calls[slot];
    if (call === null || call === undefined) return;
    this.#calls[slot] = null;
    this.inFlight--;
    const { requests } = this;
    requests.outcome[slot] = outcome;
    call.onAnswer(outcome, slot);
    requests.value[slot] = null;
    requests.groupRead[slot] = null;
    requests.release(slot);
  }
}
