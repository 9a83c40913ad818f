/**
 * The loop that lets watchers catch up (etcd mvcc/watchable_store.go `syncWatchersLoop`): every
 * 100 ms, or at once after a round that got anybody further, it chooses up to 512 unsynced
 * watchers, reads every revision from the oldest that one of them misses, and hands each at most
 * 1000.
 */

import type { EtcdMember } from './member.ts';
import type { EtcdShared } from './shared.ts';
import { ResponseKind } from './watch-chunks.ts';
import { addCohort, type Cohort, type WatchStream } from './watch-stream.ts';
import type { WatchableStore } from './watchable-store.ts';

const PERIOD_NS = 100e6;
/** `maxWatchersPerSync`, `watchBatchMaxRevs`. */
const WATCHERS_MAX = 512;
const REVISIONS_MAX = 1000;

export class WatchSync {
  readonly #shared: EtcdShared;
  readonly #member: EtcdMember;
  readonly #store: WatchableStore;
  readonly #timerType: number;
  readonly #phaseNs: number;
  readonly #readKeyNs: number;
  readonly #notifyNs: number;
  /** The loop's last turn, to which its ticker was reset. */
  #baseNs = 0;
  #armed = false;
  /** A round waits for the store. */
  #waiting = false;
  #waitingSinceNs = 0;
  /** Streams take turns to be first. */
  #turn = 0;

  constructor(shared: EtcdShared, member: EtcdMember, store: WatchableStore) {
    this.#shared = shared;
    this.#member = member;
    this.#store = store;
    const { sim, constants } = shared;
    const name = `${member.name}/watch/sync`;
    this.#phaseNs = Math.floor(sim.stream(`${name}/phase`).uniform() * PERIOD_NS);
    this.#timerType = sim.eventType(name, (_, incarnation) => this.#onTimer(incarnation));
    this.#readKeyNs = constants.get('etcd.readKeyNs');
    this.#notifyNs = constants.get('etcd.watchNotifyNs');
  }

  start(): void {
    this.#baseNs = this.#shared.sim.nowNs + this.#phaseNs;
  }

  reset(): void {
    this.#armed = false;
    this.#waiting = false;
  }

  /** There is an unsynced watcher: the ticker's next beat looks at it. */
  arm(): void {
    if (this.#armed) return;
    const { process } = this.#member;
    const periodNs = process.localDelay(PERIOD_NS);
    const sinceNs = this.#shared.sim.nowNs - this.#baseNs;
    this.#schedule((Math.floor(sinceNs / periodNs) + 1) * periodNs - sinceNs);
  }

  /** The store may be free. */
  tryRun(): void {
    if (!this.#waiting) return;
    const workNs = this.#workNs();
    this.#waiting = !this.#member.backend.hold('watch', workNs, 0, () => this.#round());
  }

  #schedule(delayNs: number): void {
    this.#armed = true;
    const { incarnation } = this.#member.process;
    this.#shared.sim.schedule(delayNs, this.#timerType, 0, incarnation);
  }

  #onTimer(incarnation: number): void {
    const { process } = this.#member;
    if (!process.isCurrent(incarnation)) return;
    if (process.deferWhilePaused(this.#timerType, 0)) return;
    this.#waiting = true;
    this.#waitingSinceNs = this.#shared.sim.nowNs;
    this.tryRun();
  }

  /** Reads from the oldest revision missed; every event is looked up for every watcher. */
  #workNs(): number {
    const { revision } = this.#store;
    let minRevision = revision + 1;
    let events = 0;
    const { compactRevision } = this.#shared.keys;
    this.#choose((stream, cohort) => {
      // It is told so without a read.
      if (cohort.minRevision < compactRevision) return;
      minRevision = Math.min(minRevision, cohort.minRevision);
      events += cohort.count * this.#rowsFor(stream, cohort.row);
    });
    return (revision + 1 - minRevision) * this.#readKeyNs + events * this.#notifyNs;
  }

  #rowsFor(stream: WatchStream, row: number): number {
    const applied = this.#store.applied(stream.historyNumber);
    return Math.min(REVISIONS_MAX, Math.max(0, applied - row));
  }

  /** Visits up to 512 unsynced watchers; `visit` gets a copy of what remains of each cohort. */
  #choose(visit: (stream: WatchStream, cohort: Cohort) => void): void {
    let left = WATCHERS_MAX;
    const { open } = this.#store;
    for (let i = 0; i < open.length && left > 0; i++) {
      const stream = open[(this.#turn + i) % open.length];
      for (const cohort of [...stream.unsynced]) {
        if (left === 0) break;
        const count = Math.min(left, cohort.count);
        left -= count;
        visit(stream, { count, row: cohort.row, minRevision: cohort.minRevision });
      }
    }
  }

  #round(): void {
    const before = this.#store.unsyncedWatchers;
    this.#choose((stream, cohort) => this.#serve(stream, cohort));
    this.#turn++;
    const after = this.#store.unsyncedWatchers;
    const nowNs = this.#shared.sim.nowNs;
    this.#baseNs = nowNs;
    this.#armed = false;
    if (after === 0) return;
    const tookNs = nowNs - this.#waitingSinceNs;
    if (before > after) this.#schedule(tookNs);
    else this.arm();
  }

  #serve(stream: WatchStream, { count, row, minRevision }: Cohort): void {
    const store = this.#store;
    if (minRevision < this.#shared.keys.compactRevision) {
      const { compactRevision } = this.#shared.keys;
      const told = stream.push(ResponseKind.compacted, count, row, row, compactRevision);
      addCohort(stream.unsynced, -told, row, minRevision);
      store.removeSlow(told);
      return;
    }
    addCohort(stream.unsynced, -count, row, minRevision);
    const rows = this.#rowsFor(stream, row);
    if (rows === 0) {
      store.settle(stream, count, row, store.revision + 1);
      return;
    }
    const next = row + rows;
    const more = next < store.applied(stream.historyNumber);
    const { history } = stream;
    const nextRevision = more ? history.revision[history.at(next)] : store.revision + 1;
    const told = stream.push(ResponseKind.events, count, row, next - 1, store.revision);
    if (told > 0) store.settle(stream, told, next, nextRevision);
    if (told < count) store.addVictims(stream, count - told, row, next - 1, nextRevision);
  }
}
