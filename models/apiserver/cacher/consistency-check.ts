/**
 * The comparison of a watch cache with etcd (DetectCacheInconsistency, since 1.34; pkg/storage/
 * cacher/delegator.go): every 5 to 7.5 min all objects are listed from etcd, in pages, at the
 * revision of the cache, and both are hashed. Here it costs, and finds nothing.
 */
import type { Stream } from '../../../src/core/index.ts';
import { GroupRead, Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { CpuTasks } from '../storage/cpu-tasks.ts';
import type { EtcdCall, EtcdClient } from '../storage/etcd-client.ts';
import type { StoredResource } from '../storage/object-store.ts';

const PERIOD_NS = 300e9;
const PERIOD_JITTER = 0.5;
const PAGE_OBJECTS = 10_000;

/** The cache that is compared. */
export interface CheckedCache {
  readonly isReady: boolean;
  readonly size: number;
}

export class ConsistencyCheck implements EtcdCall {
  readonly deadlineNs = Infinity;
  readonly json: boolean;
  readonly decoders = 1;
  startNs = 0;
  readonly #cache: CheckedCache;
  readonly #client: EtcdClient;
  readonly #stored: StoredResource;
  readonly #tasks: CpuTasks;
  readonly #jitter: Stream;
  readonly #listItemNs: number;
  #read: GroupRead | null = null;

  constructor(
    cache: CheckedCache,
    client: EtcdClient,
    stored: StoredResource,
    tasks: CpuTasks,
    jitter: Stream,
    listItemNs: number,
  ) {
    this.#cache = cache;
    this.#client = client;
    this.#stored = stored;
    this.json = stored.json;
    this.#tasks = tasks;
    this.#jitter = jitter;
    this.#listItemNs = listItemNs;
  }

  /** `isRunning`: somewhere within a period that began before. */
  start(isRunning: boolean): void {
    this.#read = null;
    const share = isRunning ? this.#jitter.uniform() : 1;
    this.#later(share * this.#periodNs());
  }

  #periodNs(): number {
    return PERIOD_NS * (1 + PERIOD_JITTER * this.#jitter.uniform());
  }

  #later(delayNs: number): void {
    this.#tasks.after(delayNs, () => this.#begin());
  }

  #begin(): void {
    if (!this.#cache.isReady || this.#cache.size === 0) {
      this.#later(this.#periodNs());
      return;
    }
    this.#read = new GroupRead(this.#stored.group, PAGE_OBJECTS);
    this.#client.readGroup(this, this.#read, this.#stored.prefixBytes);
  }

  onAnswer(outcome: OutcomeCode, _slot: number): void {
    const read = this.#read;
    if (read === null) return;
    if (outcome === Outcome.ok && !read.compacted) {
      read.advance();
      if (!read.isComplete) {
        this.#client.readGroup(this, read, this.#stored.prefixBytes);
        return;
      }
    }
    this.#read = null;
    const hashNs = 2 * this.#cache.size * this.#listItemNs;
    this.#tasks.run(hashNs, () => this.#later(this.#periodNs()));
  }
}
