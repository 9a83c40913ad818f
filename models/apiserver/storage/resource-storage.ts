/**
 * One resource of one replica: which of its reads the watch cache answers and which etcd does
 * (pkg/storage/cacher/delegator.go), and its writes.
 *
 * One idea: the cache answers what it may be late with ("0", not older than) and, since 1.31, what
 * must be current: then etcd is asked for its revision alone, and the cache waits until it is
 * there (KEP-2340), which failing etcd answers. Pages come from a snapshot of the cache since 1.34
 * (KEP-4988), from etcd before.
 */
import type { Tally } from '../../../src/metrics/index.ts';
import { Outcome, type OutcomeCode } from '../../etcd/index.ts';
import type { KubeObject, ResourceName } from '../../objects/index.ts';
import type { WatchCache } from '../cacher/cacher.ts';
import { EVERYTHING_IN_SCOPE, inScope, isEverything, type Scope } from '../cacher/scope.ts';
import type { WatchStart } from '../cacher/watcher.ts';
import type { CpuTasks } from './cpu-tasks.ts';
import type { EtcdCall, EtcdClient } from './etcd-client.ts';
import { ListOperation } from './etcd-list.ts';
import type { LeaseManager } from './lease-manager.ts';
import type { ListSession } from './list-session.ts';
import type { ObjectStore, StoredResource } from './object-store.ts';
import {
  CreateOperation,
  DeleteOperation,
  type EtcdOperation,
  GetOperation,
  type OperationTarget,
  UpdateOperation,
} from './operations.ts';
import { failure, objectResult, storeResult } from './results.ts';
import type {
  CreateOptions,
  DeleteValidation,
  GetOptions,
  ListOptions,
  Preconditions,
  ResourceStorage,
  StoreDone,
  StoreOptions,
  StoreResult,
  UpdateFunction,
  WatchOptions,
  WatchResult,
} from './types.ts';

/** What a resource's storage shares with the others of its replica. */
export interface ResourceLinks {
  readonly store: ObjectStore;
  readonly client: EtcdClient;
  readonly tasks: CpuTasks;
  readonly leases: LeaseManager;
  readonly costs: { readonly getNs: number; readonly listItemNs: number; readonly openNs: number };
  readonly minor: number;
  /** --event-ttl, of events alone. */
  readonly eventTtlNs: number;
  etcdTally(operation: EtcdOperation, resource: ResourceName): Tally;
}

/** ConsistentListFromCache, ListFromCacheSnapshot, ResilientWatchCacheInitialization. */
const CONSISTENT_MINOR = 31;
const SNAPSHOT_MINOR = 34;
const RESILIENT_MINOR = 31;

export class CachedResource implements ResourceStorage, OperationTarget {
  readonly resource: ResourceName;
  readonly stored: StoredResource;
  readonly client: EtcdClient;
  readonly cacher: WatchCache | null;
  /** The cache, or what stands in for one where there is none: changes alone. */
  readonly #changes: WatchCache;
  readonly #links: ResourceLinks;
  readonly #tallies = new Map<EtcdOperation, Tally>();

  constructor(links: ResourceLinks, stored: StoredResource, changes: WatchCache) {
    this.#links = links;
    this.stored = stored;
    this.resource = stored.name;
    this.client = links.client;
    this.#changes = changes;
    this.cacher = changes.isCache ? changes : null;
  }

  get objectCount(): number {
    return this.#links.store.countOf(this.resource);
  }

  get averageBytes(): number {
    const { cacher } = this;
    return cacher === null || cacher.size === 0 ? 0 : Math.ceil(cacher.bytes / cacher.size);
  }

  recordEtcd(operation: EtcdOperation, durationNs: number): void {
    let tally = this.#tallies.get(operation);
    if (tally === undefined) {
      tally = this.#links.etcdTally(operation, this.resource);
      this.#tallies.set(operation, tally);
    }
    tally.record(durationNs);
  }

  // --- Writes -----------------------------------------------------------------------------------

  create(object: KubeObject, o: CreateOptions, done: StoreDone): void {
    const operation = new CreateOperation(this, object, o.deadlineNs, o.members, done);
    if (o.ttlNs <= 0) operation.start(0);
    else this.#withLease(o.ttlNs, o.members, done, (lease) => operation.start(lease));
  }

  update(
    path: string,
    preconditions: Preconditions,
    update: UpdateFunction,
    o: StoreOptions,
    done: StoreDone,
  ): void {
    const { deadlineNs, members } = o;
    const cached = this.#cached(path);
    const operation = new UpdateOperation(
      this,
      path,
      preconditions,
      update,
      deadlineNs,
      members,
      done,
    );
    const { eventTtlNs } = this.#links;
    if (eventTtlNs <= 0) operation.start(cached, 0);
    else {
      this.#withLease(eventTtlNs, members, done, (lease) => {
        operation.start(cached, lease);
      });
    }
  }

  delete(
    path: string,
    preconditions: Preconditions,
    validate: DeleteValidation | null,
    o: StoreOptions,
    done: StoreDone,
  ): void {
    const { deadlineNs, members } = o;
    new DeleteOperation(this, path, preconditions, validate, deadlineNs, members, done).start(
      this.#cached(path),
      0,
    );
  }

  #cached(path: string): KubeObject | undefined {
    return this.cacher?.isReady === true ? this.cacher.get(path) : undefined;
  }

  #withLease(ttlNs: number, objects: number, done: StoreDone, then: (lease: number) => void): void {
    if (ttlNs <= 0 || this.resource !== 'events') {
      then(0);
      return;
    }
    this.#links.leases.get(ttlNs, objects, (lease, outcome) => {
      if (outcome === Outcome.ok) then(lease);
      else done(failure(outcome, 0, 0));
    });
  }

  // --- Reads ------------------------------------------------------------------------------------

  get(path: string, o: GetOptions, done: StoreDone): void {
    const { cacher } = this;
    const fromEtcd = o.consistency === 'consistent' || o.consistency === 'exact';
    if (cacher === null || !cacher.isReady || fromEtcd) {
      new GetOperation(this, path, o.deadlineNs, o.members, done).start();
      return;
    }
    this.#whenAt(cacher, o.resourceVersion, (fresh) => {
      if (!fresh) done(storeResult('tooLargeVersion', { retryAfterS: 1 }));
      else {
        this.#links.tasks.run(this.#links.costs.getNs * o.members, () => {
          if (!cacher.isReady) {
            // It began anew meanwhile.
            new GetOperation(this, path, o.deadlineNs, o.members, done).start();
            return;
          }
          const object = cacher.get(path);
          if (object === undefined) done(storeResult('notFound', { fromCache: true }));
          else done(objectResult(object, object.resourceVersion, 0, 0, true, false));
        });
      }
    });
  }

  list(o: ListOptions, done: StoreDone): void {
    const { cacher } = this;
    if (o.continueAt > 0) {
      this.#continueList(o, done);
      return;
    }
    if (cacher === null) this.#changes.startOnce();
    if (cacher === null || this.#isForEtcd(o)) {
      new ListOperation(this, this.#links.store, o, null, done).start();
      return;
    }
    if (!cacher.isReady) {
      this.#listNotReady(cacher, o, done);
      return;
    }
    if (o.consistency !== 'consistent') {
      this.#whenAt(cacher, o.resourceVersion, (fresh) => {
        if (fresh) this.#listCached(cacher, o, 0, done);
        else done(storeResult('tooLargeVersion', { retryAfterS: 1 }));
      });
      return;
    }
    this.#currentRevision(o.deadlineNs, (revision, outcome, etcdNs) => {
      if (outcome !== Outcome.ok) {
        done(failure(outcome, 0, etcdNs));
        return;
      }
      cacher.reads.wait(revision, (fresh) => {
        if (fresh) this.#listCached(cacher, o, etcdNs, done);
        else new ListOperation(this, this.#links.store, o, null, done).start();
      });
    });
  }

  /** delegator.go `shouldDelegateList`. */
  #isForEtcd(o: ListOptions): boolean {
    const { minor } = this.#links;
    if (o.consistency === 'exact') return true;
    const isCurrent = o.consistency === 'consistent';
    if (isCurrent && minor < CONSISTENT_MINOR) return true;
    return o.limit > 0 && o.consistency !== 'any' && minor < SNAPSHOT_MINOR;
  }

  /** delegator.go `shouldDelegateListOnNotReadyCache`; before, a list waited for the cache. */
  #listNotReady(cacher: WatchCache, o: ListOptions, done: StoreDone): void {
    const simple = o.labelSelector === null && o.fieldSelector === null && o.limit > 0;
    if (simple || this.#links.minor < RESILIENT_MINOR) {
      new ListOperation(this, this.#links.store, o, null, done).start();
      return;
    }
    const { retryAfterS } = cacher;
    this.#links.tasks.run(0, () => done(storeResult('notReady', { retryAfterS })));
  }

  #listCached(cacher: WatchCache, o: ListOptions, etcdNs: number, done: StoreDone): void {
    const hasPages = o.limit > 0 && this.#links.minor >= SNAPSHOT_MINOR && o.consistency !== 'any';
    const found = filter(cacher, o, o.wantItems || hasPages);
    const { resourceVersion } = cacher;
    const workNs = this.#links.costs.getNs + found.examined * this.#links.costs.listItemNs;
    this.#links.tasks.run(workNs * o.members, () => {
      if (!hasPages || found.count <= o.limit) {
        done(
          storeResult('ok', {
            items: o.wantItems ? found.items : null,
            count: found.count,
            bytes: found.bytes,
            examined: found.examined,
            resourceVersion,
            fromCache: true,
            etcdNs,
          }),
        );
        return;
      }
      const session = { revision: resourceVersion, read: null, items: found.items, at: 0 };
      done(this.#page(session, o, etcdNs));
    });
  }

  #page(session: ListSession, o: ListOptions, etcdNs: number): StoreResult {
    const { items, revision } = session;
    const all = items ?? [];
    const to = Math.min(all.length, session.at + o.limit);
    const page = all.slice(session.at, to);
    let bytes = 0;
    for (const object of page) bytes += object.bytes;
    const next: ListSession = { ...session, at: to };
    return storeResult('ok', {
      items: o.wantItems ? page : null,
      count: page.length,
      bytes,
      examined: page.length,
      continueAt: to < all.length ? this.#links.store.addSession(next) : 0,
      resourceVersion: revision,
      fromCache: true,
      etcdNs,
    });
  }

  #continueList(o: ListOptions, done: StoreDone): void {
    const { store, tasks, costs } = this.#links;
    const session = store.sessions.get(o.continueAt);
    const { compactRevision } = this.stored.cluster.shared.keys;
    if (session === undefined || session.revision < compactRevision) {
      store.sessions.delete(o.continueAt);
      tasks.run(0, () => done(storeResult('expired')));
      return;
    }
    store.sessions.delete(o.continueAt);
    if (session.read !== null) {
      new ListOperation(this, store, o, session, done).start();
      return;
    }
    const limit = o.limit > 0 ? o.limit : Infinity;
    const workNs = costs.getNs + Math.min(limit, session.items?.length ?? 0) * costs.listItemNs;
    tasks.run(workNs, () => done(this.#page(session, { ...o, limit }, 0)));
  }

  /** Runs once the cache has this revision (0: whatever it has). */
  #whenAt(cacher: WatchCache, revision: number, then: (fresh: boolean) => void): void {
    if (revision === 0) then(true);
    else cacher.reads.wait(revision, then);
  }

  /** etcd's revision: a linearizable read of a key that nobody has. */
  #currentRevision(
    deadlineNs: number,
    then: (revision: number, outcome: OutcomeCode, etcdNs: number) => void,
  ): void {
    const call: EtcdCall = {
      deadlineNs,
      json: false,
      decoders: 1,
      startNs: 0,
      onAnswer: (outcome, slot) => {
        const etcdNs = this.stored.cluster.shared.sim.nowNs - call.startNs;
        this.recordEtcd('get', etcdNs);
        then(this.client.requests.revision[slot], outcome, etcdNs);
      },
    };
    this.client.read(call, -1, this.stored.prefixBytes, 1);
  }

  // --- Watches ----------------------------------------------------------------------------------

  watch(o: WatchOptions, done: (result: WatchResult) => void): void {
    const cacher = this.#changes;
    if (!cacher.isCache) cacher.startOnce();
    if (!cacher.isReady) {
      this.#refuse('notReady', cacher.retryAfterS, done);
      return;
    }
    const start: WatchStart = {
      scope: scopeOf(o),
      sink: o.sink,
      members: o.members,
      deadlineNs: o.deadlineNs,
      bookmarks: o.allowBookmarks,
      endsInitial: o.sendInitialEvents,
    };
    if (!o.sendInitialEvents && o.resourceVersion > 0) {
      this.#accept(() => this.#watchAfter(cacher, start, o, done));
    } else if (o.sendInitialEvents && o.consistency === 'consistent') {
      this.#currentRevision(Infinity, (revision, outcome) => {
        if (outcome !== Outcome.ok) this.#refuse('internal', 0, done);
        else this.#watchFrom(cacher, start, revision, done);
      });
    } else this.#watchFrom(cacher, start, o.resourceVersion, done);
  }

  #accept(then: () => void): void {
    this.#links.tasks.run(this.#links.costs.openNs, then);
  }

  #refuse(
    code: 'notReady' | 'internal' | 'expired' | 'tooLargeVersion',
    retryAfterS: number,
    done: (result: WatchResult) => void,
  ): void {
    const { tasks } = this.#links;
    tasks.run(0, () => done({ code, watch: null, retryAfterS, resourceVersion: 0 }));
  }

  #watchAfter(
    cacher: WatchCache,
    start: WatchStart,
    o: WatchOptions,
    done: (result: WatchResult) => void,
  ): void {
    if (!cacher.isReady) this.#refuse('notReady', cacher.retryAfterS, done);
    else if (!cacher.reaches(o.resourceVersion)) this.#refuse('expired', 0, done);
    else {
      const watch = cacher.watchAfter(start, o.resourceVersion);
      done({ code: 'ok', watch, retryAfterS: 0, resourceVersion: o.resourceVersion });
      watch.start();
    }
  }

  /** The state, once the cache has reached this revision, then what changes. */
  #watchFrom(
    cacher: WatchCache,
    start: WatchStart,
    revision: number,
    done: (result: WatchResult) => void,
  ): void {
    this.#whenAt(cacher, revision, (fresh) => {
      if (!fresh) {
        this.#refuse('tooLargeVersion', 1, done);
        return;
      }
      this.#accept(() => {
        if (!cacher.isReady) {
          this.#refuse('notReady', cacher.retryAfterS, done);
          return;
        }
        const { items } = filter(cacher, start.scope, true);
        const watch = cacher.watchFromState(start, items);
        const { resourceVersion } = cacher;
        done({ code: 'ok', watch, retryAfterS: 0, resourceVersion });
        watch.start();
      });
    });
  }
}

interface Filtered {
  readonly items: KubeObject[];
  readonly count: number;
  readonly bytes: number;
  readonly examined: number;
}

/** What of the cache is in scope, as it is now. */
function filter(cacher: WatchCache, scope: Scope, wantItems: boolean): Filtered {
  if (!wantItems && isEverything(scope)) {
    return { items: [], count: cacher.size, bytes: cacher.bytes, examined: cacher.size };
  }
  const items: KubeObject[] = [];
  let count = 0;
  let bytes = 0;
  let examined = 0;
  const everything = isEverything(scope);
  for (const object of cacher.candidates(scope)) {
    examined++;
    if (!everything && !inScope(scope, object)) continue;
    count++;
    bytes += object.bytes;
    if (wantItems) items.push(object);
  }
  return { items, count, bytes, examined };
}

function scopeOf(o: Scope): Scope {
  const { namespace, labelSelector, fieldSelector } = o;
  const scope = { namespace, labelSelector, fieldSelector };
  return isEverything(scope) ? EVERYTHING_IN_SCOPE : scope;
}
