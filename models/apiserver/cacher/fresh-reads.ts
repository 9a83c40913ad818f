/**
 * Reads that wait until the cache has reached a revision (KEP-2340): while any waits, etcd is asked
 * every 100 ms how far it is; after 3 s the wait has failed (pkg/storage/cacher
 * watch_progress.go, watch_cache.go `blockTimeout`).
 */
import type { Tally } from '../../../src/metrics/index.ts';

const PROGRESS_NS = 100e6;
const WAIT_NS_MAX = 3e9;

interface WaitingRead {
  readonly revision: number;
  readonly sinceNs: number;
  readonly done: (fresh: boolean) => void;
}

export interface FreshReadsHost {
  readonly nowNs: number;
  readonly resourceVersion: number;
  /** Comes back as `onTick` after this. */
  tickAfter(delayNs: number): void;
  requestProgress(): void;
}

export class FreshReads {
  readonly #host: FreshReadsHost;
  readonly #waited: Tally;
  /** Before 1.31 nobody asks etcd, and only events and its own notifications help. */
  readonly #asks: boolean;
  #waiting: WaitingRead[] = [];
  #ticking = false;

  constructor(host: FreshReadsHost, waited: Tally, asks: boolean) {
    this.#host = host;
    this.#waited = waited;
    this.#asks = asks;
  }

  wait(revision: number, done: (fresh: boolean) => void): void {
    const { nowNs } = this.#host;
    if (this.#host.resourceVersion >= revision) {
      this.#waited.record(0);
      done(true);
      return;
    }
    this.#waiting.push({ revision, sinceNs: nowNs, done });
    if (this.#ticking) return;
    this.#ticking = true;
    this.#host.tickAfter(PROGRESS_NS);
  }

  /** The cache moved on. */
  onAdvance(): void {
    if (this.#waiting.length === 0) return;
    const { resourceVersion } = this.#host;
    this.#end((read) => read.revision <= resourceVersion, true);
  }

  onTick(): void {
    this.#ticking = false;
    const { nowNs } = this.#host;
    this.#end((read) => nowNs - read.sinceNs >= WAIT_NS_MAX, false);
    if (this.#waiting.length === 0) return;
    this.#ticking = true;
    if (this.#asks) this.#host.requestProgress();
    this.#host.tickAfter(PROGRESS_NS);
  }

  /** The cache is not ready any more. */
  fail(): void {
    this.#end(() => true, false);
  }

  /** The process died: nobody hears of it. */
  reset(): void {
    this.#waiting = [];
    this.#ticking = false;
  }

  #end(ends: (read: WaitingRead) => boolean, fresh: boolean): void {
    const ended: WaitingRead[] = [];
    const left: WaitingRead[] = [];
    for (const read of this.#waiting) (ends(read) ? ended : left).push(read);
    if (ended.length === 0) return;
    this.#waiting = left;
    const { nowNs } = this.#host;
    for (const { sinceNs, done } of ended) {
      this.#waited.record(nowNs - sinceNs);
      done(fresh);
    }
  }
}
