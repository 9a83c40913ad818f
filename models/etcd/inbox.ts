/**
 * Messages of peers at one member: read from their sockets one after the other, stepped into raft
 * (etcd api/rafthttp/stream.go `decodeLoop`).
 *
 * One idea: a leader sends one MsgApp a proposal, so a batch of n proposals is n messages on the
 * stream. An idle loop takes its Ready as soon as the first was stepped, unless Go's select, with
 * the next message and the Ready both possible, picks the message (raft node.go `run`: each with
 * 1/2). The others wait for the loop's next turn: one sync later.
 */

import type { Stream } from '../../src/core/index.ts';
import type { EtcdProcess } from './process.ts';
import type { Message, MessagePool, Raft } from './raft/index.ts';
import type { EtcdShared } from './shared.ts';
import { SlotQueue } from './slot-queue.ts';

/** What an inbox needs of its member. */
export interface InboxMember {
  readonly name: string;
  readonly process: EtcdProcess;
  readonly raft: Raft;
  readonly isListening: boolean;
  readonly inCluster: boolean;
  readonly loop: { readonly busy: boolean; kick(): void };
}

export class Inbox {
  /** Event type by which messages arrive; payload a = slot of the message in the pool. */
  readonly arriveType: number;
  readonly #member: InboxMember;
  readonly #pool: MessagePool;
  readonly #onLostLog: () => void;
  readonly #stepType: number;
  readonly #queue = new SlotQueue();
  /** Slot of the message being read; -1 none. */
  #reading = -1;
  readonly #select: Stream;
  readonly #messageNs: number;
  readonly #loopEntryNs: number;

  /** `onLostLog`: the leader counts on entries that this member does not have. */
  constructor(
    shared: EtcdShared,
    member: InboxMember,
    pool: MessagePool,
    select: Stream,
    onLostLog: () => void,
  ) {
    this.#member = member;
    this.#pool = pool;
    this.#select = select;
    this.#onLostLog = onLostLog;
    const { sim, constants } = shared;
    this.arriveType = sim.eventType(`${member.name}/peer/arrive`, (slot) => this.#onArrive(slot));
    this.#stepType = sim.eventType(`${member.name}/peer/step`, (slot) => this.#onRead(slot));
    this.#messageNs = constants.get('etcd.messageNs');
    this.#loopEntryNs = constants.get('etcd.loopEntryNs');
  }

  /** A message that was read, or a snapshot's that is on disk, goes to raft. */
  step(slot: number): void {
    const message = this.#pool.get(slot);
    const { raft, loop } = this.#member;
    if (this.#isBeyondLog(message)) {
      this.#pool.release(message);
      this.#onLostLog();
      return;
    }
    if (message.type === 'app' && message.messageCount > 1 && !loop.busy) this.#stepFirst(message);
    raft.step(message);
    this.#pool.release(message);
    loop.kick();
  }

  /** The process is gone, and what was in its sockets. */
  reset(): void {
    if (this.#reading >= 0) this.#pool.release(this.#pool.get(this.#reading));
    this.#reading = -1;
    while (this.#queue.size > 0) {
      this.#queue.shift();
      this.#pool.release(this.#pool.get(this.#queue.slot));
    }
  }

  /** A message is in the socket: reading it takes CPU, which a stopped process does not get. */
  #onArrive(slot: number): void {
    if (!this.#member.isListening || !this.#member.inCluster) {
      this.#pool.release(this.#pool.get(slot));
      return;
    }
    this.#queue.push(slot, 0);
    if (this.#reading < 0) this.#readNext();
  }

  #readNext(): void {
    this.#queue.shift();
    const { slot } = this.#queue;
    this.#reading = slot;
    const work = this.#messageNs + this.#pool.get(slot).entries.count * this.#loopEntryNs;
    this.#member.process.execute(work, this.#stepType, slot, 0);
  }

  #onRead(slot: number): void {
    this.#reading = -1;
    this.step(slot);
    if (this.#queue.size > 0) this.#readNext();
  }

  #stepFirst(message: Message): void {
    const { raft, loop } = this.#member;
    const limit = Math.min(message.messageCount, message.entries.count) - 1;
    let first = 1;
    while (first < limit && this.#select.u32() % 2 === 1) first++;
    if (first > limit) return;
    const head = this.#pool.acquire('app', message.from, message.to, message.term);
    head.index = message.index;
    head.logTerm = message.logTerm;
    head.commit = message.commit;
    this.#pool.moveFirst(message, head, first);
    raft.step(head);
    this.#pool.release(head);
    loop.kick();
  }

  /**
   * log.go `commitTo` panics: "tocommit is out of range. Was the raft log corrupted, truncated, or
   * lost?" A heartbeat names what this member once acknowledged.
   */
  #isBeyondLog(message: Message): boolean {
    const { raft } = this.#member;
    return (
      message.type === 'heartbeat' &&
      message.term >= raft.term &&
      message.commit > raft.log.lastIndex
    );
  }
}
