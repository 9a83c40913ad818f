/**
 * One gRPC watch stream at a member: the watchers on it, the channel to its send loop, the loop.
 *
 * One idea: watchers of a stream that stand at the same row are alike, so they are counted, not
 * kept. The channel holds 128 responses, one a watcher and notification (etcd mvcc
 * watchable_store.go `chanBufLen`); who finds it full becomes a victim. The send loop takes one
 * after the other (api/v3rpc/watch.go `sendLoop`); here it is charged in growing pieces of 1, 2, 4
 * .. 64 responses, and a slot counts as free from the moment at which the loop would have taken it.
 * Flow control: no more than two windows of 64 KiB wait for the client (gRPC-go: HTTP/2 window of
 * the stream and write quota).
 * Left out: fragments of large responses, previous values (`prevKV`).
 */

import { assert, dropFirst } from '../../src/core/index.ts';
import type { WatchChunk } from './watch-chunks.ts';
import { ResponseKind } from './watch-chunks.ts';
import type { WatchHistory } from './watch-history.ts';
import type { WatchableStore } from './watchable-store.ts';

const CHANNEL_RESPONSES = 128;
const CHUNK_RESPONSES_MAX = 64;
const CHUNK_BYTES = 32 * 1024;
const WINDOW_BYTES = 2 * 64 * 1024;
/** Header and frame of a response, and of an event besides key and value (estimate). */
const RESPONSE_BYTES = 48;
const EVENT_BYTES = 24;

/** The client's end. */
export interface WatchSubscriber {
  /** Sends towards the client; false where the connection is gone. */
  deliver(member: number, bytes: number, chunk: WatchChunk): boolean;
  /** The server closed the stream. */
  onClosed(stream: WatchStream): void;
}

/** Watchers that stand at the same row. */
export interface Cohort {
  count: number;
  /** First row that they have not been sent. */
  row: number;
  /** Lowest revision that they accept (`minRev`). */
  minRevision: number;
}

/** Watchers whose response found no place: rows from..to, once more each. */
export interface Victims {
  count: number;
  readonly from: number;
  readonly to: number;
  readonly minRevision: number;
}

export class WatchStream {
  readonly store: WatchableStore;
  readonly history: WatchHistory;
  readonly historyNumber: number;
  readonly subscriber: WatchSubscriber;
  /** The client's number for it, and the member's. */
  readonly id: number;
  readonly number: number;
  isOpen = true;
  /** Watchers that follow the store, all at its row. */
  synced = 0;
  /** Created for revisions that this member has yet to apply. */
  readonly ahead: Cohort[] = [];
  readonly unsynced: Cohort[] = [];
  readonly victims: Victims[] = [];
  /** Nothing was sent since the last look of the progress ticker. */
  quiet = true;
  // The channel: runs of equal responses.
  readonly #kinds: number[] = [];
  readonly #counts: number[] = [];
  readonly #froms: number[] = [];
  readonly #tos: number[] = [];
  readonly #revisions: number[] = [];
  #head = 0;
  #queued = 0;
  #chunk: WatchChunk | null = null;
  #chunkStartNs = 0;
  #chunkWorkNs = 0;
  #chunkLimit = 1;
  #unreadBytes = 0;
  #blocked = false;

  constructor(
    store: WatchableStore,
    historyNumber: number,
    history: WatchHistory,
    subscriber: WatchSubscriber,
    id: number,
    number: number,
  ) {
    this.store = store;
    this.historyNumber = historyNumber;
    this.history = history;
    this.subscriber = subscriber;
    this.id = id;
    this.number = number;
  }

  get unsyncedWatchers(): number {
    return total(this.unsynced);
  }

  get victimWatchers(): number {
    return total(this.victims);
  }

  get watchers(): number {
    return this.synced + total(this.ahead) + this.unsyncedWatchers + this.victimWatchers;
  }

  /** First row that any of its watchers may still be sent. */
  get firstNeeded(): number {
    let row = Infinity;
    for (const { row: at } of this.unsynced) row = Math.min(row, at);
    for (const { from } of this.victims) row = Math.min(row, from);
    for (let i = this.#head; i < this.#froms.length; i++) row = Math.min(row, this.#froms[i]);
    return row;
  }

  /** Puts the response into the channel for up to `count` watchers; returns for how many. */
  push(kind: number, count: number, from: number, to: number, revision: number): number {
    const taken = Math.min(count, CHANNEL_RESPONSES - this.#occupied());
    if (taken <= 0) return 0;
    this.#kinds.push(kind);
    this.#counts.push(taken);
    this.#froms.push(from);
    this.#tos.push(to);
    this.#revisions.push(revision);
    this.#queued += taken;
    this.quiet = false;
    if (kind === ResponseKind.events) this.store.addPending(taken * this.#eventsOf(from, to));
    if (this.#chunk === null && !this.#blocked) this.#sendNext();
    return taken;
  }

  /** The piece of work ended: its responses are on the wire. */
  onSent(): void {
    const chunk = this.#chunk;
    assert(chunk !== null, 'a watch stream sent nothing');
    this.#chunk = null;
    this.store.addPending(-chunk.events);
    this.#unreadBytes += chunk.bytes;
    if (!this.subscriber.deliver(this.store.member, chunk.bytes, chunk)) {
      this.store.release(chunk);
      this.store.close(this);
      this.subscriber.onClosed(this);
      return;
    }
    this.#sendNext();
  }

  /** The client has read so much. True where the send loop waits for that. */
  onRead(bytes: number): boolean {
    this.#unreadBytes -= bytes;
    return this.#blocked && this.#unreadBytes < WINDOW_BYTES;
  }

  /** The window's update arrived. */
  resume(): void {
    if (!this.#blocked || !this.isOpen) return;
    this.#blocked = false;
    this.#sendNext();
  }

  /** Events that wait in the channel, for the gauge, when the stream ends. */
  dropPending(): void {
    let events = this.#chunk === null ? 0 : this.#chunk.events;
    for (let i = this.#head; i < this.#kinds.length; i++) {
      if (this.#kinds[i] !== ResponseKind.events) continue;
      events += this.#counts[i] * this.#eventsOf(this.#froms[i], this.#tos[i]);
    }
    this.store.addPending(-events);
    if (this.#chunk !== null) this.store.release(this.#chunk);
    this.#chunk = null;
  }

  /** Responses in the channel; those of the piece at work leave it one by one. */
  #occupied(): number {
    if (this.#chunk === null) return this.#queued;
    if (this.#chunkWorkNs <= 0) return this.#queued;
    const share = (this.store.nowNs - this.#chunkStartNs) / this.#chunkWorkNs;
    const taken = 1 + Math.floor(share * this.#chunk.responses);
    return this.#queued + Math.max(0, this.#chunk.responses - taken);
  }

  #eventsOf(from: number, to: number): number {
    const { history } = this;
    let events = 0;
    for (let row = from; row <= to; row++) events += history.events[history.at(row)];
    return events;
  }

  #bytesOf(from: number, to: number): number {
    const { history } = this;
    let bytes = RESPONSE_BYTES;
    for (let row = from; row <= to; row++) {
      const at = history.at(row);
      bytes += history.bytes[at] + history.events[at] * EVENT_BYTES;
    }
    return bytes;
  }

  #sendNext(): void {
    if (this.#queued === 0) {
      this.#chunkLimit = 1;
      return;
    }
    if (this.#unreadBytes >= WINDOW_BYTES) {
      this.#blocked = true;
      return;
    }
    const chunk = this.store.acquire(this);
    this.#fill(chunk);
    this.#chunk = chunk;
    this.#chunkStartNs = this.store.nowNs;
    this.#chunkWorkNs = this.store.send(chunk);
    this.#chunkLimit = Math.min(CHUNK_RESPONSES_MAX, this.#chunkLimit * 2);
  }

  #fill(chunk: WatchChunk): void {
    while (this.#queued > 0 && chunk.responses < this.#chunkLimit) {
      const i = this.#head;
      const from = this.#froms[i];
      const to = this.#tos[i];
      const isEvents = this.#kinds[i] === ResponseKind.events;
      const bytes = isEvents ? this.#bytesOf(from, to) : RESPONSE_BYTES;
      const room = Math.floor((CHUNK_BYTES - chunk.bytes) / bytes);
      if (room < 1 && chunk.responses > 0) return;
      const limit = Math.min(this.#chunkLimit - chunk.responses, Math.max(1, room));
      const count = Math.min(this.#counts[i], limit);
      chunk.add(this.#kinds[i], count, from, to, this.#revisions[i]);
      chunk.bytes += count * bytes;
      if (isEvents) chunk.events += count * this.#eventsOf(from, to);
      this.#counts[i] -= count;
      this.#queued -= count;
      if (this.#counts[i] === 0) this.#shift();
    }
  }

  #shift(): void {
    this.#head++;
    if (this.#head < this.#kinds.length && this.#head < CHANNEL_RESPONSES) return;
    dropFirst(this.#kinds, this.#head);
    dropFirst(this.#counts, this.#head);
    dropFirst(this.#froms, this.#head);
    dropFirst(this.#tos, this.#head);
    dropFirst(this.#revisions, this.#head);
    this.#head = 0;
  }
}

/** Adds watchers to those at the same row, or takes them away (count < 0). */
export function addCohort(
  cohorts: Cohort[],
  count: number,
  row: number,
  minRevision: number,
): void {
  if (count === 0) return;
  const at = cohorts.findIndex((c) => c.row === row && c.minRevision === minRevision);
  if (at < 0) {
    assert(count > 0, 'no watchers stand at this row');
    cohorts.push({ count, row, minRevision });
    return;
  }
  cohorts[at].count += count;
  assert(cohorts[at].count >= 0, 'more watchers leave a row than stand there');
  if (cohorts[at].count === 0) cohorts.splice(at, 1);
}

export function total(cohorts: readonly { readonly count: number }[]): number {
  let count = 0;
  for (const cohort of cohorts) count += cohort.count;
  return count;
}
