/**
 * Messages between members, and the pool that recycles them.
 *
 * One record stands for one or several messages of one type on one stream: a leader that steps
 * many proposals between two Readys sends one MsgApp each in etcd; here they share one record
 * whose `messageCount` says how many MsgApps it stands for. A record owns its entries (typed
 * arrays, recycled with it), so the sender's log may change while it is on its way.
 *
 * Fields as in etcd-io/raft v3.6.0 raftpb/raft.proto `Message`.
 */
import { assert } from '../../../src/core/index.ts';

/** Entry numbers below zero are raft's own: the empty entry of a new leader ... */
export const EMPTY_ENTRY = -1;
/** Encoded size of the empty entry: type, term and index of raftpb.Entry. */
export const EMPTY_ENTRY_BYTES = 8;
/** ... and configuration changes, which `conf-change.ts` packs into numbers from here down. */
export const CONF_CHANGE_FIRST = -2;

export type MessageType =
  | 'app'
  | 'appResp'
  | 'heartbeat'
  | 'heartbeatResp'
  | 'vote'
  | 'voteResp'
  | 'preVote'
  | 'preVoteResp'
  | 'snap'
  | 'prop'
  | 'readIndex'
  | 'readIndexResp'
  | 'timeoutNow'
  | 'transferLeader';

const CAPACITY_FIRST = 16;
/** Buffers beyond this many entries are not kept when their message returns to the pool. */
const CAPACITY_KEPT = 1 << 16;
const NONE = new Int32Array(0);

/** A growable list of entries: proposal number, encoded size in bytes, term. */
export class EntryBuffer {
  count = 0;
  /** Sum of `sizes`. */
  bytes = 0;
  proposals: Int32Array = NONE;
  sizes: Int32Array = NONE;
  terms: Int32Array = NONE;

  push(proposal: number, sizeBytes: number, term: number): void {
    if (this.count === this.proposals.length) this.grow();
    this.proposals[this.count] = proposal;
    this.sizes[this.count] = sizeBytes;
    this.terms[this.count] = term;
    this.count++;
    this.bytes += sizeBytes;
  }

  clear(): void {
    this.count = 0;
    this.bytes = 0;
    if (this.proposals.length <= CAPACITY_KEPT) return;
    this.proposals = NONE;
    this.sizes = NONE;
    this.terms = NONE;
  }

  dropFirst(count: number): void {
    for (let i = 0; i < count; i++) this.bytes -= this.sizes[i];
    this.proposals.copyWithin(0, count, this.count);
    this.sizes.copyWithin(0, count, this.count);
    this.terms.copyWithin(0, count, this.count);
    this.count -= count;
  }

  copyFrom(other: EntryBuffer): void {
    this.clear();
    for (let i = 0; i < other.count; i++) {
      this.push(other.proposals[i], other.sizes[i], other.terms[i]);
    }
  }

  private grow(): void {
    const capacity = this.proposals.length === 0 ? CAPACITY_FIRST : this.proposals.length * 2;
    this.proposals = extended(this.proposals, capacity);
    this.sizes = extended(this.sizes, capacity);
    this.terms = extended(this.terms, capacity);
  }
}

function extended(old: Int32Array, capacity: number): Int32Array {
  const grown = new Int32Array(capacity);
  grown.set(old);
  return grown;
}

export class Message {
  /** Number of this record in its pool, for int payloads of events. */
  readonly slot: number;
  type: MessageType = 'app';
  /** 1-based member ids. Of a `transferLeader`, `from` is the transferee, as in etcd. */
  from = 0;
  to = 0;
  /** 0 for `prop` and `readIndex`, which are forwarded as if they were local. */
  term = 0;
  /** app: index before the first entry. appResp: acknowledged or rejected.
   *  snap: applied index of the sender; a server whose database is behind lowers it, and logTerm.
   *  vote, preVote: candidate's last index. readIndexResp: read index. */
  index = 0;
  /** Term of the entry at `index`; of a rejected app, term of the entry at `rejectHint`. */
  logTerm = 0;
  commit = 0;
  reject = false;
  rejectHint = 0;
  /** vote: it belongs to a leadership transfer and overrides the vote lease. */
  force = false;
  /** heartbeat(Resp): the leader's read sequence (0 none). readIndex(Resp): the read's id. */
  context = 0;
  /** app, prop: the entries. */
  readonly entries = new EntryBuffer();
  /** How many messages etcd would have sent for this record. */
  messageCount = 1;
  /** snap: configuration at `index`, as bit sets of ids. */
  voters = 0;
  learners = 0;
  /** In the pool, not in use. */
  free = true;

  constructor(slot: number) {
    this.slot = slot;
  }
}

/** Recycles the messages of one cluster: acquired by Raft, released by whoever consumed them. */
export class MessagePool {
  private readonly all: Message[] = [];
  /** Free records whose buffers have been used for entries, and the others. */
  private readonly freeWide: Message[] = [];
  private readonly freeNarrow: Message[] = [];
  /** Records in use: 0 when every message was consumed (a leak check for tests). */
  inUse = 0;

  acquire(type: MessageType, from: number, to: number, term: number): Message {
    const wide = type === 'app' || type === 'prop';
    const message = (wide ? this.freeWide.pop() : this.freeNarrow.pop()) ?? this.create();
    message.type = type;
    message.from = from;
    message.to = to;
    message.term = term;
    message.index = 0;
    message.logTerm = 0;
    message.commit = 0;
    message.reject = false;
    message.rejectHint = 0;
    message.force = false;
    message.context = 0;
    message.messageCount = 1;
    message.voters = 0;
    message.learners = 0;
    message.free = false;
    this.inUse++;
    return message;
  }

  release(message: Message): void {
    assert(!message.free, 'raft: a message is released twice');
    message.free = true;
    message.entries.clear();
    this.inUse--;
    if (message.type === 'app' || message.type === 'prop') this.freeWide.push(message);
    else this.freeNarrow.push(message);
  }

  /** The message of this slot, e.g. from the payload of a delivery event. */
  get(slot: number): Message {
    const message = this.all[slot];
    assert(message !== undefined && !message.free, 'raft: no message in this slot');
    return message;
  }

  /** A second copy, for networks that duplicate. */
  copy(other: Message): Message {
    const message = this.acquire(other.type, other.from, other.to, other.term);
    message.index = other.index;
    message.logTerm = other.logTerm;
    message.commit = other.commit;
    message.reject = other.reject;
    message.rejectHint = other.rejectHint;
    message.force = other.force;
    message.context = other.context;
    message.messageCount = other.messageCount;
    message.voters = other.voters;
    message.learners = other.learners;
    message.entries.copyFrom(other.entries);
    return message;
  }

  /** Moves the first `count` entries of an app to another, empty one that goes before it. */
  moveFirst(message: Message, head: Message, count: number): void {
    const { entries } = message;
    assert(
      count < entries.count && head.entries.count === 0,
      'raft: nothing to move, or nothing left',
    );
    for (let i = 0; i < count; i++)
      head.entries.push(entries.proposals[i], entries.sizes[i], entries.terms[i]);
    head.messageCount = count;
    message.index += count;
    message.logTerm = entries.terms[count - 1];
    message.messageCount -= count;
    entries.dropFirst(count);
  }

  private create(): Message {
    const message = new Message(this.all.length);
    this.all.push(message);
    return message;
  }
}

/** A list that is emptied without giving up its storage. */
export class MessageList {
  readonly items: Message[] = [];
  count = 0;

  push(message: Message): void {
    this.items[this.count++] = message;
  }

  clear(): void {
    this.count = 0;
  }
}
