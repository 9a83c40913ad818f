/**
 * What a member does with a request before raft and after the apply worker: gRPC on the host's
 * cores, the checks that refuse it, the wait, the answer (etcd v3_server.go, api/v3rpc).
 */

import type { Counter, Level, Tally } from '../../src/metrics/index.ts';
import type { EtcdMember } from './member.ts';
import { bucketsApply } from './metrics.ts';
import { walEntryBytes } from './pages.ts';
import { Kind, type KindCode, NO_COMPARE } from './proposals.ts';
import { Op, Outcome, type OutcomeCode } from './requests.ts';
import type { EtcdShared } from './shared.ts';
import { SlotQueue } from './slot-queue.ts';
import { TimeoutRing } from './timeout-ring.ts';

/** v3_server.go `maxGapBetweenApplyAndCommitIndex`. */
const APPLY_GAP_MAX = 5000;
/** A lease's id in a message. */
const LEASE_BYTES = 8;
/** storage/quota.go: what a put is taken to cost on top of its key and value. */
const QUOTA_OVERHEAD_BYTES = 256;

export class Admission {
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  readonly #send: (slot: number, generation: number) => void;
  readonly #acceptType: number;
  readonly #readType: number;
  readonly #respondType: number;
  readonly #timeouts: TimeoutRing;
  /** Requests that wait for a leader, and reads that wait for the store's lock. */
  readonly #leaderless = new SlotQueue();
  readonly #blockedReads = new SlotQueue();
  #alarmProposed = false;
  readonly #requestNs: number;
  readonly #responseNs: number;
  readonly #readNs: number;
  readonly #readKeyNs: number;
  readonly #byteNs: number;
  readonly #rangeByteNs: number;
  readonly #pending: Level;
  #pendingCount = 0;
  readonly #failed: Counter;
  readonly #range: Tally;

  constructor(
    shared: EtcdShared,
    member: EtcdMember,
    send: (slot: number, generation: number) => void,
  ) {
    this.#shared = shared;
    this.#member = member;
    this.#send = send;
    const { sim, metrics, constants, requests } = shared;
    const { name } = member;
    const labels = { member: name };
    this.#acceptType = sim.eventType(`${name}/grpc/accept`, (slot, g) => this.#onAccepted(slot, g));
    this.#readType = sim.eventType(`${name}/grpc/read`, (slot, g) => this.#onRead(slot, g));
    this.#respondType = sim.eventType(`${name}/grpc/respond`, (slot, g) =>
      this.#onResponded(slot, g),
    );
    this.#timeouts = new TimeoutRing(
      sim,
      `${name}/request/timeout`,
      (slot, g) =>
        requests.isCurrent(slot, g) &&
        Number.isNaN(requests.responded[slot]) &&
        requests.member[slot] === member.index,
      (slot, g) => this.#onTimeout(slot, g),
    );
    this.#requestNs = constants.get('etcd.grpcRequestNs');
    this.#responseNs = constants.get('etcd.grpcResponseNs');
    this.#readNs = constants.get('etcd.readNs');
    this.#readKeyNs = constants.get('etcd.readKeyNs');
    this.#byteNs = constants.get('etcd.entryByteNs');
    this.#rangeByteNs = constants.get('etcd.rangeByteNs');
    this.#pending = metrics.level('etcd_server_proposals_pending', labels, {
      help: 'Proposals of clients that raft took and whose result they wait for.',
    });
    this.#failed = metrics.counter('etcd_server_proposals_failed_total', labels, {
      help: 'Proposals that failed.',
    });
    this.#range = metrics.tally('etcd_server_range_duration_seconds', labels, {
      unit: 'ns',
      buckets: bucketsApply,
      help: 'Latency of range requests in the store.',
    });
  }

  /** The request's bytes have arrived; reading them takes CPU. */
  arrive(slot: number, generation: number): void {
    const { requests } = this.#shared;
    if (!requests.isCurrent(slot, generation)) return;
    const copies = requests.copies[slot];
    const bytes = (requests.keyBytes[slot] + requests.valueBytes[slot]) * copies;
    this.#member.process.execute(
      this.#requestNs * copies + bytes * this.#byteNs,
      this.#acceptType,
      slot,
      generation,
    );
  }

  /** Answers a request with this outcome: CPU, then the network. */
  respond(slot: number, generation: number, outcome: OutcomeCode): void {
    const { requests } = this.#shared;
    if (!requests.isCurrent(slot, generation) || !Number.isNaN(requests.responded[slot])) return;
    requests.outcome[slot] = outcome;
    requests.responded[slot] = this.#shared.sim.nowNs;
    if (outcome !== Outcome.ok && outcome !== Outcome.notFound) this.#failed.add();
    this.forget(slot);
    const workNs = this.#responseNs * requests.copies[slot];
    this.#member.process.execute(workNs, this.#respondType, slot, generation);
  }

  /** A read whose index was confirmed, or that is serializable. */
  serveRead(slot: number, generation: number): void {
    const { requests, sim } = this.#shared;
    if (!requests.isCurrent(slot, generation)) return;
    if (this.#member.backend.locked) {
      this.#blockedReads.push(slot, generation);
      return;
    }
    requests.applying[slot] = sim.nowNs;
    if (requests.op[slot] === Op.range) this.#look(slot);
    const copies = requests.copies[slot];
    const keys = Math.max(1, requests.count[slot]);
    const bytes = keys * requests.valueBytes[slot] * copies;
    const isGroup = (requests.groupRead[slot] ?? null) !== null;
    const byteNs = isGroup ? this.#rangeByteNs : this.#byteNs;
    const work = this.#readNs * copies + (keys - 1) * this.#readKeyNs + bytes * byteNs;
    this.#member.process.execute(work, this.#readType, slot, generation);
  }

  /** What a read of named keys finds. */
  #look(slot: number): void {
    const { requests, keys, contents } = this.#shared;
    const read = requests.groupRead[slot] ?? null;
    requests.revision[slot] = keys.revision;
    if (read !== null) {
      read.readPage(contents, keys);
      const count = read.to - read.from;
      requests.count[slot] = count;
      requests.valueBytes[slot] = count === 0 ? 0 : Math.ceil(read.bytes / count);
      return;
    }
    const key = requests.key[slot];
    if (contents.groupOf(key) === 0) return;
    const value = contents.values[key];
    requests.value[slot] = value;
    requests.valueBytes[slot] = value === null ? 0 : value.bytes;
  }

  /** The backend's lock is free again. */
  onStoreUnlocked(): void {
    let waiting = this.#blockedReads.size;
    while (waiting-- > 0) {
      this.#blockedReads.shift();
      this.serveRead(this.#blockedReads.slot, this.#blockedReads.generation);
    }
  }

  /** A leader is known: proposals that waited for one go on. */
  onLeader(): void {
    let waiting = this.#leaderless.size;
    while (waiting-- > 0) {
      this.#leaderless.shift();
      const { slot, generation } = this.#leaderless;
      if (this.#shared.requests.isCurrent(slot, generation)) this.#propose(slot, generation);
    }
  }

  /** The process is gone, and everything that waited in it. */
  reset(): void {
    this.#leaderless.clear();
    this.#blockedReads.clear();
    this.#alarmProposed = false;
    this.#countPending(0);
  }

  /** Nobody waits for the result of this request's proposal any more. */
  forget(slot: number): void {
    const { requests } = this.#shared;
    const life = requests.waitsIn[slot];
    requests.waitsIn[slot] = 0;
    if (life !== 0 && life === this.#member.process.incarnation)
      this.#countPending(this.#pendingCount - 1);
  }

  /** v3_server.go `processInternalRaftRequestOnce`: from the propose to the result or timeout. */
  #countPending(count: number): void {
    this.#pendingCount = count;
    this.#pending.set(this.#shared.sim.nowNs, count);
  }

  #onAccepted(slot: number, generation: number): void {
    const { requests, sim } = this.#shared;
    if (!requests.isCurrent(slot, generation)) return;
    requests.arrived[slot] = sim.nowNs;
    switch (requests.op[slot]) {
      case Op.range:
        if (requests.serializable[slot] === 1) this.serveRead(slot, generation);
        else this.#member.readIndex.add(slot, generation);
        return;
      case Op.leaseKeepAlive:
        this.#member.renewals.add(slot, generation);
        return;
      default:
        this.#admitWrite(slot, generation);
    }
  }

  #admitWrite(slot: number, generation: number): void {
    const { requests, scenario, keys } = this.#shared;
    if (this.#member.applyGap > APPLY_GAP_MAX) {
      this.respond(slot, generation, Outcome.tooManyRequests);
      return;
    }
    const bytes = requests.keyBytes[slot] + requests.valueBytes[slot];
    if (bytes > scenario.maxRequestBytes) {
      this.respond(slot, generation, Outcome.tooLarge);
      return;
    }
    const op = requests.op[slot];
    const deletes = requests.expected[slot] !== NO_COMPARE && requests.value[slot] === null;
    const grows = op === Op.put || (op === Op.txn && !deletes) || op === Op.leaseGrant;
    const cost = bytes + QUOTA_OVERHEAD_BYTES;
    if (
      grows &&
      (keys.alarmNoSpace || this.#member.backend.fileBytes + cost > scenario.quotaBackendBytes)
    ) {
      this.#raiseAlarm();
      this.respond(slot, generation, Outcome.noSpace);
      return;
    }
    this.#propose(slot, generation);
  }

  #propose(slot: number, generation: number): void {
    const { requests, sim, requestTimeoutNs } = this.#shared;
    const { raft } = this.#member;
    if (Number.isNaN(requests.proposed[slot])) {
      requests.proposed[slot] = sim.nowNs;
      this.#timeouts.push(slot, generation, sim.nowNs + requestTimeoutNs);
    }
    if (raft.lead === 0) {
      // Without a leader a proposal blocks at the proposal channel until its deadline (node.go).
      this.#leaderless.push(slot, generation);
      return;
    }
    const id = this.#createProposal(slot, generation);
    const entryBytes = walEntryBytes(requests.keyBytes[slot], requests.valueBytes[slot]);
    const result = raft.propose(id, entryBytes * requests.copies[slot]);
    if (result === 'noLeader') this.#leaderless.push(slot, generation);
    else if (result === 'dropped') this.respond(slot, generation, Outcome.noLeader);
    else {
      requests.waitsIn[slot] = this.#member.process.incarnation;
      this.#countPending(this.#pendingCount + 1);
      this.#member.kick();
    }
  }

  #createProposal(slot: number, generation: number): number {
    const { requests, proposals } = this.#shared;
    const compares = requests.op[slot] === Op.txn && requests.expected[slot] !== NO_COMPARE;
    const kind = compares ? comparingKind(requests.value[slot]) : kindOf(requests.op[slot]);
    const id = proposals.create(kind, this.#member.index);
    const row = proposals.row(id);
    proposals.request[row] = slot;
    proposals.generation[row] = generation;
    proposals.incarnation[row] = this.#member.process.incarnation;
    proposals.key[row] = requests.key[slot];
    proposals.keyBytes[row] = requests.keyBytes[slot];
    proposals.valueBytes[row] = requests.valueBytes[slot];
    proposals.count[row] = requests.compareFails[slot] === 1 ? -1 : requests.count[slot];
    // A client compacts what it knows: up to the revision of its last answer, or of one before.
    if (requests.op[slot] === Op.compact) {
      const { revision } = this.#shared.keys;
      const asked = requests.expected[slot];
      proposals.count[row] = asked === NO_COMPARE ? revision : Math.min(asked, revision);
    }
    proposals.lease[row] = requests.lease[slot];
    if (compares) {
      proposals.group[row] = this.#shared.contents.groupOf(requests.key[slot]);
      proposals.count[row] = requests.copies[slot];
      proposals.expected[row] = requests.expected[slot];
      proposals.value[row] = requests.value[slot];
    }
    return id;
  }

  /** The first refused write proposes the alarm; every member then refuses at apply. */
  #raiseAlarm(): void {
    const { proposals, keys } = this.#shared;
    const { raft } = this.#member;
    if (keys.alarmNoSpace || this.#alarmProposed || raft.lead === 0) return;
    this.#alarmProposed = true;
    const id = proposals.create(Kind.alarm, this.#member.index);
    proposals.count[proposals.row(id)] = 1;
    raft.propose(id, 64);
    this.#member.kick();
  }

  /** The operator disarmed the alarm: it may be raised again. */
  onDisarmed(): void {
    this.#alarmProposed = false;
  }

  /** An expired lease: the leader proposes its revoke. Null where no leader is known. */
  proposeRevoke(lease: number): boolean | null {
    const { proposals } = this.#shared;
    const { applyGap, index, process, raft } = this.#member;
    if (applyGap > APPLY_GAP_MAX) return false;
    if (raft.lead === 0) return null;
    const id = proposals.create(Kind.leaseRevoke, index);
    const row = proposals.row(id);
    proposals.incarnation[row] = process.incarnation;
    proposals.lease[row] = lease;
    const result = raft.propose(id, walEntryBytes(LEASE_BYTES, 0));
    if (result === 'noLeader') return null;
    this.#member.kick();
    return result === 'ok';
  }

  #onRead(slot: number, generation: number): void {
    const { requests, sim } = this.#shared;
    if (!requests.isCurrent(slot, generation)) return;
    requests.applied[slot] = sim.nowNs;
    if (requests.op[slot] === Op.range) this.#range.record(sim.nowNs - requests.applying[slot]);
    this.respond(slot, generation, Outcome.ok);
  }

  #onResponded(slot: number, generation: number): void {
    if (this.#shared.requests.isCurrent(slot, generation)) this.#send(slot, generation);
  }

  #onTimeout(slot: number, generation: number): void {
    this.respond(slot, generation, Outcome.serverTimeout);
  }
}

function comparingKind(value: unknown): KindCode {
  return value === null ? Kind.compareAndDelete : Kind.compareAndPut;
}

function kindOf(op: number): KindCode {
  switch (op) {
    case Op.put:
      return Kind.put;
    case Op.delete:
      return Kind.delete;
    case Op.txn:
      return Kind.txn;
    case Op.leaseGrant:
      return Kind.leaseGrant;
    case Op.leaseRevoke:
      return Kind.leaseRevoke;
    default:
      return Kind.compact;
  }
}
