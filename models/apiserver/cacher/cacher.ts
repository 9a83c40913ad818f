/**
 * The watch cache of one resource in one replica (pkg/storage/cacher/cacher.go, watch_cache.go).
 *
 * One idea: a reflector fills it by a LIST of etcd in pages of 10,000 and follows one etcd watch;
 * it answers lists, and is the only watcher of etcd however many watch it. Where the etcd watch
 * cannot go on (compacted, or no leader for 30 s), or the process starts, it is listed anew: then
 * it is not ready and all its watches end.
 * Left out: RangeStream beyond its concurrent decoding; watches of a resourceVersion from the
 * future wait for nothing.
 */
import type { Stream } from '../../../src/core/index.ts';
import { assert } from '../../../src/core/index.ts';
import type { Counter, Level, Tally } from '../../../src/metrics/index.ts';
import { GroupRead, type KeyEvent, Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { KubeObject, ResourceInfo, ResourceName } from '../../objects/index.ts';
import { resourceInfo } from '../../objects/index.ts';
import type { EtcdCall, EtcdClient } from '../storage/etcd-client.ts';
import { EtcdFeed, type EtcdFeeds, type FeedReader } from '../storage/etcd-feed.ts';
import type { StoredResource } from '../storage/object-store.ts';
import type { Cachers } from './cachers.ts';
import { ConsistencyCheck } from './consistency-check.ts';
import { Dispatcher } from './dispatcher.ts';
import { EventRing } from './event-ring.ts';
import { currentOf, makeEvent } from './event-view.ts';
import { FreshReads } from './fresh-reads.ts';
import { ObjectIndex } from './object-index.ts';
import type { Scope } from './scope.ts';
import type { Cacher } from './types.ts';
import { CacheWatcher, type WatchStart } from './watcher.ts';
import { Watchers } from './watchers.ts';

/** etcd3/store.go `maxLimit`. */
const PAGE_OBJECTS = 10_000;
/** cacher.go: reflector's back-off. */
const BACKOFF_FIRST_NS = 800e6;
const BACKOFF_MAX_NS = 30e9;
const BACKOFF_JITTER = 1;
/** util.go `calculateRetryAfterForUnreadyCache`: e^0.06 a second, within 1 to 30 s. */
const RETRY_AFTER_BASE = 1.0618365465453596;
const RETRY_AFTER_MAX_S = 30;
const BUCKETS_INIT = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600];
const BUCKETS_WAIT = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];
const BUCKETS_DISPATCH = [
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

export interface WatchCacheOptions {
  /** Waiting reads ask etcd how far it is (1.31). */
  readonly asksForProgress: boolean;
  /** It keeps objects; else it only passes changes on, from its first use. */
  readonly isCache: boolean;
  /** It is compared with etcd every few minutes (1.34). */
  readonly isChecked: boolean;
  readonly onReady: () => void;
}

export class WatchCache implements Cacher, FeedReader, EtcdCall {
  readonly resource: ResourceName;
  readonly index: number;
  readonly isCache: boolean;
  readonly dispatcher: Dispatcher;
  readonly reads: FreshReads;
  /** Grows when the process dies or the cache begins anew. */
  life = 0;
  isReady = false;
  resourceVersion = 0;
  // As the caller of etcd.
  readonly deadlineNs = Infinity;
  readonly json: boolean;
  readonly decoders: number;
  startNs = 0;
  readonly #info: ResourceInfo;
  readonly #stored: StoredResource;
  readonly #client: EtcdClient;
  readonly #shared: Cachers;
  readonly #feed: EtcdFeed;
  readonly #objects = new ObjectIndex();
  readonly #ring = new EventRing();
  readonly #watchers: Watchers;
  /** Used within one call. */
  readonly #interested: CacheWatcher[] = [];
  readonly #onReady: () => void;
  readonly #jitter: Stream;
  #read: GroupRead | null = null;
  #isRunning = false;
  /** Revision up to which watches have been told. */
  #dispatched = 0;
  /** The one that watches were told last. */
  #bookmark = makeEvent('BOOKMARK', null, 0);
  /** Since when it is not ready. */
  #downSinceNs = 0;
  #backoffNs = BACKOFF_FIRST_NS;
  readonly #check: ConsistencyCheck | null;
  readonly #initTally: Tally;
  readonly #dispatchTally: Tally;
  readonly #capacity: Level;
  readonly #terminated: Counter;
  readonly #events: Counter;
  readonly #sent: Counter;

  constructor(
    shared: Cachers,
    feeds: EtcdFeeds,
    stored: StoredResource,
    options: WatchCacheOptions,
  ) {
    this.#shared = shared;
    this.#client = feeds.client;
    this.#stored = stored;
    this.resource = stored.name;
    this.json = stored.json;
    this.decoders = feeds.decoders;
    this.#info = resourceInfo(stored.name);
    this.#onReady = options.onReady;
    this.isCache = options.isCache;
    this.index = shared.list.length;
    shared.list.push(this);
    this.#feed = new EtcdFeed(feeds, stored, this);
    this.#watchers = new Watchers(this.#info);
    const { sim, metrics } = shared.ctx;
    this.#jitter = sim.stream(`${shared.name}/cacher/${stored.name}/backoff`);
    const labels = { resource: stored.name };
    const seconds = (name: string, buckets: readonly number[]): Tally =>
      metrics.tally(name, labels, { unit: 'ns', buckets });
    this.#initTally = seconds(
      'apiserver_watch_cache_initialization_duration_seconds',
      BUCKETS_INIT,
    );
    this.#dispatchTally = seconds(
      'apiserver_watch_events_dispatch_duration_seconds',
      BUCKETS_DISPATCH,
    );
    this.#capacity = metrics.level('apiserver_watch_cache_capacity', {
      ...labels,
      instance: shared.name,
    });
    this.#terminated = metrics.counter('apiserver_terminated_watchers_total', labels);
    this.#events = metrics.counter('apiserver_watch_cache_events_received_total', labels);
    this.#sent = metrics.counter('apiserver_watch_events_total', labels);
    const waited = seconds('apiserver_watch_cache_read_wait_seconds', BUCKETS_WAIT);
    const host = this.#host();
    this.dispatcher = new Dispatcher(host, this.#watchers);
    this.reads = new FreshReads(host, waited, options.asksForProgress);
    this.#check = options.isChecked ? this.#createCheck() : null;
  }

  #createCheck(): ConsistencyCheck {
    const { ctx, name, tasks, costs } = this.#shared;
    const jitter = ctx.sim.stream(`${name}/cacher/${this.resource}/check`);
    return new ConsistencyCheck(this, this.#client, this.#stored, tasks, jitter, costs.listItemNs);
  }

  // --- What others see --------------------------------------------------------------------------

  get size(): number {
    return this.#objects.byPath.size;
  }

  get bytes(): number {
    return this.#objects.bytes;
  }

  get watchers(): number {
    return this.#watchers.members;
  }

  /** Objects and events that it keeps in memory. */
  get historySize(): number {
    return this.#ring.size;
  }

  interestedWatchers(object: KubeObject): number {
    this.#watchers.concerned(object, null, this.#interested);
    let members = 0;
    for (const watcher of this.#interested) members += watcher.members;
    return members;
  }

  get(path: string): KubeObject | undefined {
    return this.#objects.get(path);
  }

  values(): Iterable<KubeObject> {
    return this.#objects.byPath.values();
  }

  candidates(scope: Scope): Iterable<KubeObject> {
    return this.#objects.candidates(scope);
  }

  /** What a refused client is told to wait. */
  get retryAfterS(): number {
    const downS = (this.#shared.ctx.sim.nowNs - this.#downSinceNs) / 1e9;
    let value = 1;
    for (let s = 1; s <= downS && value < RETRY_AFTER_MAX_S; s++) value *= RETRY_AFTER_BASE;
    return Math.min(RETRY_AFTER_MAX_S, Math.max(1, Math.floor(value)));
  }

  // --- Life -------------------------------------------------------------------------------------

  start(preloaded: boolean): void {
    this.#isRunning = true;
    this.life++;
    this.#downSinceNs = this.#shared.ctx.sim.nowNs;
    this.#backoffNs = BACKOFF_FIRST_NS;
    this.#feed.pin();
    this.#check?.start(preloaded);
    if (!preloaded) {
      this.#beginList();
      return;
    }
    const { contents, keys } = this.#stored.cluster.shared;
    this.#fill(contents.valuesOf(this.#stored.group) as KubeObject[], keys.revision);
  }

  /** Somebody lists or watches what is not cached: from now on its changes are followed. */
  startOnce(): void {
    if (!this.#isRunning) this.start(false);
  }

  /** The process died. */
  stop(): void {
    this.#isRunning = false;
    this.#clear();
    this.#feed.stop();
    this.reads.reset();
    for (const watcher of this.#watchers.list()) watcher.stop();
  }

  #clear(): void {
    this.life++;
    this.isReady = false;
    this.resourceVersion = 0;
    this.#read = null;
    this.#objects.clear();
    this.#ring.reset(0);
    this.dispatcher.reset();
  }

  /** The etcd watch cannot go on. */
  onEnd(): void {
    const { sim } = this.#shared.ctx;
    this.#clear();
    this.#downSinceNs = sim.nowNs;
    this.reads.fail();
    for (const watcher of this.#watchers.list()) watcher.terminate('watch cache began anew');
    this.#feed.pin();
    this.#beginList();
  }

  #beginList(): void {
    if (!this.isCache) {
      this.#client.read(this, -1, this.#stored.prefixBytes, 1);
      return;
    }
    this.#read = new GroupRead(this.#stored.group, PAGE_OBJECTS);
    this.#client.readGroup(this, this.#read, this.#stored.prefixBytes);
  }

  onAnswer(outcome: OutcomeCode, slot: number): void {
    const read = this.#read;
    if (!this.#isRunning) return;
    if (outcome !== Outcome.ok || read?.compacted === true) {
      this.#listLater();
      return;
    }
    if (read === null) {
      this.#fill([], this.#client.requests.revision[slot]);
      return;
    }
    read.advance();
    if (!read.isComplete) {
      this.#client.readGroup(this, read, this.#stored.prefixBytes);
      return;
    }
    this.#read = null;
    const { nowNs } = this.#shared.ctx.sim;
    this.#initTally.record(nowNs - this.#downSinceNs);
    this.#fill(read.values as readonly KubeObject[], read.revision);
  }

  #listLater(): void {
    this.#read = null;
    const { life } = this;
    const delayNs = this.#backoffNs * (1 + BACKOFF_JITTER * this.#jitter.uniform());
    this.#backoffNs = Math.min(BACKOFF_MAX_NS, this.#backoffNs * 2);
    this.#shared.tasks.after(delayNs, () => {
      if (life !== this.life) return;
      this.#feed.pin();
      this.#beginList();
    });
  }

  #fill(objects: readonly KubeObject[], revision: number): void {
    for (const object of objects) this.#objects.set(object);
    this.#ring.reset(revision);
    this.resourceVersion = revision;
    this.#dispatched = revision;
    this.#backoffNs = BACKOFF_FIRST_NS;
    this.isReady = true;
    this.#feed.start(revision);
    this.reads.onAdvance();
    this.#onReady();
  }

  // --- Events -----------------------------------------------------------------------------------

  onEvents(events: readonly KeyEvent[]): void {
    const { nowNs } = this.#shared.ctx.sim;
    const { capacity } = this.#ring;
    for (const event of events) {
      assert(event.revision >= this.resourceVersion, 'a watch cache goes back in time');
      const object = currentOf(event);
      if (object !== null && this.isCache) this.#objects.set(object);
      else if (object === null && event.previous !== null)
        this.#objects.delete((event.previous as KubeObject).meta.path);
      this.#ring.push(event, nowNs);
      this.resourceVersion = event.revision;
      this.#events.add(event.copies);
      this.dispatcher.add(event);
    }
    if (this.#ring.capacity !== capacity) this.#capacity.set(nowNs, this.#ring.capacity);
    this.reads.onAdvance();
  }

  onProgress(revision: number): void {
    if (revision <= this.resourceVersion) return;
    this.resourceVersion = revision;
    if (this.dispatcher.queued === 0) this.#dispatched = revision;
    this.reads.onAdvance();
  }

  // --- Watches ----------------------------------------------------------------------------------

  /** Whether a watch can begin after this revision. */
  reaches(revision: number): boolean {
    return revision >= this.resourceVersion || this.#ring.reaches(revision);
  }

  /** Begins with the changes after `revision`. */
  watchAfter(start: WatchStart, revision: number): CacheWatcher {
    const isTold = revision >= this.resourceVersion || this.#isUnchanged(start.scope, revision);
    const events = isTold ? [] : this.#ring.since(revision);
    return this.#open(start, null, events, Math.max(revision, this.resourceVersion));
  }

  /** Of a watch of one object: it is there, and as it was at this revision. */
  #isUnchanged({ fieldSelector, namespace }: Scope, revision: number): boolean {
    if (fieldSelector === null || fieldSelector.field !== 'metadata.name') return false;
    if (!this.isCache || this.#info.namespaced !== (namespace !== '')) return false;
    const name = fieldSelector.value;
    const object = this.#objects.get(namespace === '' ? name : `${namespace}/${name}`);
    return object !== undefined && object.resourceVersion <= revision;
  }

  /** Begins with these objects, the state as it is now. */
  watchFromState(start: WatchStart, objects: readonly KubeObject[]): CacheWatcher {
    return this.#open(start, objects, [], this.resourceVersion);
  }

  /** `start` of the watch makes it send. */
  #open(
    start: WatchStart,
    objects: readonly KubeObject[] | null,
    events: readonly KeyEvent[],
    revision: number,
  ): CacheWatcher {
    const bufferSize = this.#watchers.bufferSize(start.scope, this.#ring.capacity);
    const rest = { objects, objectsRevision: this.resourceVersion, revision, events, bufferSize };
    const watcher = new CacheWatcher(this.#watcherHost, start, rest);
    this.#watchers.add(watcher);
    this.#shared.addWatcher(watcher, this);
    return watcher;
  }

  bookmark(watcher: CacheWatcher): void {
    if (this.#bookmark.resourceVersion !== this.#dispatched) {
      this.#bookmark = makeEvent('BOOKMARK', null, this.#dispatched);
    }
    watcher.offerBookmark(this.#bookmark);
  }

  requestProgress(): void {
    this.#feed.requestProgress();
  }

  // --- Links ------------------------------------------------------------------------------------

  readonly #watcherHost = this.#createWatcherHost();

  #createWatcherHost(): ConstructorParameters<typeof CacheWatcher>[0] {
    const cache = this;
    return {
      get replica() {
        return cache.#shared.replica;
      },
      get json() {
        return cache.json;
      },
      get costs() {
        return cache.#shared.costs;
      },
      execute: (watcher, workNs) => this.#shared.execute(watcher, workNs),
      onRoom: (watcher) => this.dispatcher.onRoom(watcher),
      remove: (watcher) => {
        this.#watchers.remove(watcher);
        this.#shared.removeWatcher(watcher);
        this.dispatcher.onRoom(watcher);
      },
      count: (events) => this.#sent.add(events),
    };
  }

  #host(): ConstructorParameters<typeof Dispatcher>[0] &
    ConstructorParameters<typeof FreshReads>[0] {
    const cache = this;
    const { sim } = this.#shared.ctx;
    const { cpu, dispatchType, budgetType, freshType, costs } = this.#shared;
    return {
      costs,
      get nowNs() {
        return sim.nowNs;
      },
      get resourceVersion() {
        return cache.resourceVersion;
      },
      execute: (workNs) => cpu.execute(workNs, dispatchType, this.index, this.life),
      budgetAfter: (delayNs) => sim.schedule(delayNs, budgetType, this.index, this.life),
      cancel: (event) => sim.cancel(event),
      onDispatched: (revision, tookNs) => {
        this.#dispatched = revision;
        this.#dispatchTally.record(tookNs);
      },
      onTerminated: (watcher) => {
        this.#terminated.add(watcher.members);
        watcher.terminate('slow watcher');
      },
      tickAfter: (delayNs) => sim.schedule(delayNs, freshType, this.index, this.life),
      requestProgress: () => this.requestProgress(),
    };
  }
}
