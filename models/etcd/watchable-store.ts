/**
 * The watchers of one member (etcd mvcc/watchable_store.go).
 *
 * One idea: watchers that are in step are told inside the transaction that applies a revision; a
 * watcher whose channel is full then becomes a victim, with its response kept, and is retried as
 * long as any retry finds room, else every 10 ms; a watcher behind the store is unsynced: every
 * 100 ms up to 512 of them are read what they miss, at most 1000 revisions each, while the store is
 * held and nothing can be applied (`notify`, `syncVictimsLoop`, `syncWatchersLoop`).
 * Left out: watchers on single keys, filters, `prevKV`; a reader's wait while the store is held is
 * that of a backend lock, where etcd's lets reads in until a writer waits.
 */

import { assert, type Stream } from '../../src/core/index.ts';
import type { Level } from '../../src/metrics/index.ts';
import type { EtcdMember } from './member.ts';
import type { EtcdShared } from './shared.ts';
import { VictimLoop, type VictimRound } from './victim-loop.ts';
import { ResponseKind, type WatchChunk } from './watch-chunks.ts';
import type { WatchHistory } from './watch-history.ts';
import {
  addCohort,
  type Cohort,
  total,
  WatchStream,
  type WatchSubscriber,
} from './watch-stream.ts';
import { WatchSync } from './watch-sync.ts';

/** api/v3rpc/watch.go: jitter of `progressReportInterval`. */
const PROGRESS_JITTER = 0.1;

/** What a watch create request asks for: watchers of one prefix, all from the same row on. */
export interface WatchCreate {
  readonly count: number;
  /** 0: from now on. */
  readonly minRevision: number;
  /** First row wanted, where `minRevision` is given. */
  readonly row: number;
}

export class WatchableStore {
  readonly member: number;
  /** Last revision that is visible here. */
  revision = 1;
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  /** Open streams in the order in which they were opened; of each history the same. */
  readonly open: WatchStream[] = [];
  readonly #byHistory: WatchStream[][] = [];
  #opened = 0;
  /** A restore has put another store in the place of the one that watchers knew. */
  #isAnew = false;
  /** Rows of each history that are applied here. */
  readonly #applied: number[] = [];
  readonly #victims: VictimLoop;
  readonly #sync: WatchSync;
  readonly #sentType: number;
  readonly #progressType: number;
  readonly #jitter: Stream;
  readonly #responseNs: number;
  readonly #eventNs: number;
  readonly #byteNs: number;
  readonly #notifyNs: number;
  readonly #streamLevel: Level;
  readonly #watcherLevel: Level;
  readonly #slowLevel: Level;
  readonly #pendingLevel: Level;

  constructor(shared: EtcdShared, member: EtcdMember) {
    this.#shared = shared;
    this.#member = member;
    this.member = member.index;
    const { sim, metrics, constants } = shared;
    const { name } = member;
    this.#victims = new VictimLoop(shared, member.process, (attempts) => this.#retry(attempts));
    this.#sync = new WatchSync(shared, member, this);
    this.#sentType = sim.eventType(`${name}/watch/sent`, (slot, generation) =>
      shared.chunks.find(slot, generation)?.stream?.onSent(),
    );
    this.#progressType = sim.eventType(`${name}/watch/progress`, (number, incarnation) =>
      this.#onProgress(number, incarnation),
    );
    this.#jitter = sim.stream(`${name}/watch/jitter`);
    this.#responseNs = constants.get('etcd.watchEventNs');
    this.#eventNs = constants.get('etcd.watchBatchEventNs');
    this.#byteNs = constants.get('etcd.entryByteNs');
    this.#notifyNs = constants.get('etcd.watchNotifyNs');
    const level = (what: string, help: string): Level =>
      metrics.level(`etcd_debugging_mvcc_${what}_total`, { member: name }, { help });
    this.#streamLevel = level('watch_stream', 'Watch streams.');
    this.#watcherLevel = level('watcher', 'Watchers.');
    this.#slowLevel = level('slow_watcher', 'Unsynced watchers and victims.');
    this.#pendingLevel = level('pending_events', 'Events waiting to be sent to watchers.');
  }

  get nowNs(): number {
    return this.#shared.sim.nowNs;
  }

  get pendingEvents(): number {
    return this.#pendingLevel.value;
  }

  get unsyncedWatchers(): number {
    let count = 0;
    for (const stream of this.open) count += stream.unsyncedWatchers;
    return count;
  }

  /** Rows of a history that are applied here. */
  applied(history: number): number {
    return this.#applied[history] ?? this.#shared.histories.list[history].base;
  }

  /** First row of a history that this member or one of its watchers may still ask for. */
  firstNeeded(history: number): number {
    let row = this.applied(history);
    for (const stream of this.#ofHistory(history)) row = Math.min(row, stream.firstNeeded);
    return row;
  }

  // --- Streams ----------------------------------------------------------------------------------

  openStream(history: number, subscriber: WatchSubscriber, id: number): WatchStream {
    const { list } = this.#shared.histories;
    const number = this.#opened++;
    const stream = new WatchStream(this, history, list[history], subscriber, id, number);
    this.open.push(stream);
    this.#ofHistory(history).push(stream);
    this.#streamLevel.add(this.nowNs, 1);
    this.#armProgress(number);
    return stream;
  }

  /** Adds watchers; returns where they stand. */
  create(stream: WatchStream, o: WatchCreate): Cohort {
    const fromNow = o.minRevision === 0;
    const { base } = stream.history;
    const row = fromNow ? this.applied(stream.historyNumber) : Math.max(o.row, base);
    const minRevision = fromNow ? this.revision + 1 : o.minRevision;
    this.#addSlow(o.count);
    this.settle(stream, o.count, row, minRevision);
    this.#watcherLevel.add(this.nowNs, o.count);
    return { count: o.count, row, minRevision };
  }

  close(stream: WatchStream): void {
    if (!stream.isOpen) return;
    stream.isOpen = false;
    this.#watcherLevel.add(this.nowNs, -stream.watchers);
    this.#streamLevel.add(this.nowNs, -1);
    this.#addSlow(-stream.unsyncedWatchers - stream.victimWatchers);
    stream.dropPending();
    this.open.splice(this.open.indexOf(stream), 1);
    const streams = this.#ofHistory(stream.historyNumber);
    streams.splice(streams.indexOf(stream), 1);
  }

  /** The process begins to serve. */
  start(): void {
    this.revision = Math.max(this.revision, this.#shared.keys.revision);
    this.#sync.start();
  }

  /** The process is gone, and its streams with it; clients learn it from their connection. */
  reset(): void {
    for (const stream of [...this.open]) this.close(stream);
    this.#victims.reset();
    this.#sync.reset();
  }

  /** The store is at `index` of the log; what follows is applied (again). */
  restart(index: number): void {
    this.#shared.histories.list.forEach((history, i) => {
      this.#applied[i] = history.firstAfter(index);
    });
  }

  /** The store was restored from a snapshot, and its log begins anew. */
  beginAnew(revision: number): void {
    this.revision = revision;
    this.#isAnew = true;
    this.restart(0);
  }

  /** A snapshot put the store at `index`: every watcher has to catch up (`Restore`). */
  restore(index: number): void {
    const minRevision = this.revision + 1;
    const rows = this.#shared.histories.list.map((_, i) => this.applied(i));
    this.restart(index);
    this.revision = Math.max(this.revision, this.#shared.keys.revision);
    for (const stream of this.open) {
      const count = stream.synced;
      stream.synced = 0;
      this.#addSlow(count + total(stream.ahead));
      addCohort(stream.unsynced, count, rows[stream.historyNumber], minRevision);
      for (const cohort of stream.ahead.splice(0)) stream.unsynced.push(cohort);
      if (stream.unsynced.length > 0) this.#sync.arm();
    }
  }

  // --- Applying ---------------------------------------------------------------------------------

  /** CPU of telling the watchers of a key, inside the transaction that applies its revision. */
  notifyNs(key: number, group: number): number {
    let watchers = 0;
    const { histories } = this.#shared;
    if (group !== 0) {
      const number = histories.numberOfGroup(group);
      if (number < 0) return 0;
      for (const stream of this.#ofHistory(number)) watchers += stream.synced;
      return watchers * this.#notifyNs;
    }
    for (const [i, history] of this.#shared.histories.list.entries()) {
      if (!history.covers(key)) continue;
      for (const stream of this.#ofHistory(i)) watchers += stream.synced;
    }
    return watchers * this.#notifyNs;
  }

  /** The entry at `index` was applied here; of a group only its watchers care. */
  onRevision(index: number, revision: number, group: number): void {
    if (revision > 0) this.revision = revision;
    const { histories } = this.#shared;
    if (group !== 0) {
      const number = histories.numberOfGroup(group);
      if (number >= 0) this.#look(number, histories.list[number], index);
      return;
    }
    const { list } = histories;
    for (let i = 0; i < list.length; i++) this.#look(i, list[i], index);
  }

  #look(number: number, history: WatchHistory, index: number): void {
    const row = this.applied(number);
    if (row >= history.next || history.index[history.at(row)] !== index) return;
    history.appliedNs[this.member][history.at(row)] = this.nowNs;
    this.#applied[number] = row + 1;
    for (const stream of this.#ofHistory(number)) this.#notify(stream, row);
  }

  /** A client asks for the store's revision (`RequestProgress`): told where all are in step. */
  requestProgress(stream: WatchStream): void {
    if (!stream.isOpen) return;
    const row = this.applied(stream.historyNumber);
    this.#admitAhead(stream, row, this.revision + 1);
    if (stream.synced !== stream.watchers) return;
    stream.push(ResponseKind.progress, stream.synced, row, row, this.revision);
  }

  /** The store's lock may be free: a waiting round of the sync loop takes it. */
  onStoreFree(): void {
    this.#sync.tryRun();
  }

  #notify(stream: WatchStream, row: number): void {
    const { revision } = this;
    if (stream.ahead.length > 0) this.#admitAhead(stream, row, revision);
    const told = stream.push(ResponseKind.events, stream.synced, row, row, revision);
    const left = stream.synced - told;
    stream.synced = told;
    if (left > 0) {
      this.#addSlow(left);
      this.addVictims(stream, left, row, row, revision + 1);
    }
    if (stream.ahead.length > 0) this.#admitAhead(stream, row + 1, revision + 1);
  }

  /** Who wants revisions beyond this one is told nothing (`minRev`), be they lost ones. */
  #admitAhead(stream: WatchStream, row: number, revision: number): void {
    for (let i = stream.ahead.length - 1; i >= 0; i--) {
      if (stream.ahead[i].row > row || stream.ahead[i].minRevision > revision) continue;
      stream.synced += stream.ahead[i].count;
      stream.ahead.splice(i, 1);
    }
  }

  addVictims(
    stream: WatchStream,
    count: number,
    from: number,
    to: number,
    minRevision: number,
  ): void {
    stream.victims.push({ count, from, to, minRevision });
    this.#victims.signal();
  }

  /** Slow watchers have been sent the rows before `row`: in step now, or still behind. */
  settle(stream: WatchStream, count: number, row: number, minRevision: number): void {
    if (minRevision <= this.revision) {
      addCohort(stream.unsynced, count, row, minRevision);
      this.#sync.arm();
      return;
    }
    this.#addSlow(-count);
    const applied = this.applied(stream.historyNumber);
    // Whoever watched a store that is gone may want rows of long ago, but not what they tell.
    const next = this.#isAnew ? Math.max(row, applied) : row;
    assert(next >= applied, 'a watcher in step misses a revision');
    if (next > applied || minRevision > this.revision + 1)
      addCohort(stream.ahead, count, next, minRevision);
    else stream.synced += count;
  }

  /** `moveVictims`: every stream tries up to so many of its victims. */
  #retry(attemptsMax: number): VictimRound {
    let attempts = 0;
    let moved = 0;
    let left = 0;
    for (const stream of this.open) {
      if (stream.victims.length === 0) continue;
      let places = stream.victims.length;
      let tries = attemptsMax;
      while (places-- > 0 && tries > 0) {
        const { count, from, to, minRevision } = stream.victims[0];
        const tried = Math.min(tries, count);
        const told = stream.push(ResponseKind.events, tried, from, to, minRevision - 1);
        tries -= tried;
        attempts += tried;
        moved += told;
        stream.victims.shift();
        if (told < count) stream.victims.push({ count: count - told, from, to, minRevision });
        if (told > 0) this.settle(stream, told, to + 1, minRevision);
      }
      left += stream.victimWatchers;
    }
    return { attempts, moved, left };
  }

  // --- Sending ----------------------------------------------------------------------------------

  /** Starts the work of framing a chunk; returns the CPU that it needs. */
  send(chunk: WatchChunk): number {
    const further = Math.max(0, chunk.events - chunk.responses);
    const workNs =
      chunk.responses * this.#responseNs + further * this.#eventNs + chunk.bytes * this.#byteNs;
    this.#member.process.execute(workNs, this.#sentType, chunk.slot, chunk.generation);
    return workNs;
  }

  acquire(stream: WatchStream): WatchChunk {
    return this.#shared.chunks.acquire(stream);
  }

  release(chunk: WatchChunk): void {
    this.#shared.chunks.release(chunk);
  }

  addPending(events: number): void {
    if (events !== 0) this.#pendingLevel.add(this.nowNs, events);
  }

  /** Unsynced watchers were told that what they want is compacted, which ends them. */
  removeSlow(count: number): void {
    if (count === 0) return;
    this.#watcherLevel.add(this.nowNs, -count);
    this.#addSlow(-count);
  }

  #addSlow(watchers: number): void {
    if (watchers !== 0) this.#slowLevel.add(this.nowNs, watchers);
  }

  #ofHistory(history: number): WatchStream[] {
    while (this.#byHistory.length <= history) this.#byHistory.push([]);
    return this.#byHistory[history];
  }

  #armProgress(number: number): void {
    const { progressNotifyNs } = this.#shared;
    const lengthNs = Math.floor(progressNotifyNs * (1 + PROGRESS_JITTER * this.#jitter.uniform()));
    const { process } = this.#member;
    const delayNs = process.localDelay(lengthNs);
    this.#shared.sim.schedule(delayNs, this.#progressType, number, process.incarnation);
  }

  /** Watchers that were sent nothing since the last time hear of the present revision. */
  #onProgress(number: number, incarnation: number): void {
    if (!this.#member.process.isCurrent(incarnation)) return;
    if (this.#member.process.deferWhilePaused(this.#progressType, number)) return;
    const stream = this.open.find((s) => s.number === number);
    if (stream === undefined) return;
    const row = this.applied(stream.historyNumber);
    this.#admitAhead(stream, row, this.revision + 1);
    if (stream.quiet && stream.synced > 0) {
      stream.push(ResponseKind.progress, stream.synced, row, row, this.revision);
    }
    stream.quiet = true;
    this.#armProgress(number);
  }
}
