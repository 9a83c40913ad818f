/**
 * The storage of one replica: its etcd clients, its watch caches, its part in compaction.
 *
 * Resources without a cache (events, and all with --watch-cache=false) are read from etcd; their
 * watches share one feed of changes, which begins with the first list or watch.
 * Left out: the size estimator's and the object counter's own reads of etcd; an etcd watch for each
 * watch of a resource without a cache, and the state that such a watch would be sent first.
 */
import { assert, type Stream } from '../../../src/core/index.ts';
import type { Tally } from '../../../src/metrics/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import type { ApiServerScenario } from '../../../src/scenario/types.ts';
import type { EtcdCluster } from '../../etcd/index.ts';
import { minorVersion, type ResourceName, resourceNames } from '../../objects/index.ts';
import { WatchCache } from '../cacher/cacher.ts';
import { Cachers } from '../cacher/cachers.ts';
import { Compactor } from './compactor.ts';
import { CpuTasks } from './cpu-tasks.ts';
import { EtcdClient } from './etcd-client.ts';
import { EtcdFeeds } from './etcd-feed.ts';
import { EtcdHealth } from './etcd-health.ts';
import { LeaseManager } from './lease-manager.ts';
import type { ObjectStore } from './object-store.ts';
import type { EtcdOperation } from './operations.ts';
import { CachedResource } from './resource-storage.ts';
import { StorageCosts } from './storage-costs.ts';
import type { ReplicaCpu, ReplicaStorage, Transformer } from './types.ts';

const BUCKETS_ETCD = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];
/** ConsistentListFromCache, DetectCacheInconsistency. */
const CONSISTENT_LIST_MINOR = 31;
const CONSISTENCY_CHECK_MINOR = 34;
/** From 1.37 on events and pages are decoded by ten goroutines. */
const CONCURRENT_DECODE_MINOR = 37;
const DECODERS = 10;

export interface EtcdReplicaStorageOptions {
  /** 'kube-apiserver/0', and its number among the replicas. */
  readonly name: string;
  readonly replica: number;
  readonly networkHost: string;
  readonly hostName: string;
  readonly cores: number;
  readonly cpu: ReplicaCpu;
  readonly store: ObjectStore;
  /** Members that it talks to: of the main etcd, and of that of events where there is one. */
  readonly members: readonly string[];
  readonly eventMembers: readonly string[];
  /** '1.34'. */
  readonly version: string;
  readonly scenario: Pick<
    ApiServerScenario,
    'watchCache' | 'eventTtlNs' | 'etcdCompactionIntervalNs'
  >;
  readonly transformer: Transformer | null;
}

/** One etcd, as this replica uses it. */
interface Backend {
  readonly cluster: EtcdCluster;
  readonly client: EtcdClient;
  readonly feeds: EtcdFeeds;
  readonly leases: LeaseManager;
  readonly compactor: Compactor;
  readonly health: EtcdHealth;
}

export class EtcdReplicaStorage implements ReplicaStorage {
  readonly #ctx: ModelContext;
  readonly #options: EtcdReplicaStorageOptions;
  readonly #tasks: CpuTasks;
  readonly #cachers: Cachers;
  readonly #backends: Backend[];
  readonly #resources = new Map<ResourceName, CachedResource>();
  readonly #listeners: (() => void)[] = [];
  readonly #phase: Stream;

  constructor(ctx: ModelContext, o: EtcdReplicaStorageOptions) {
    this.#ctx = ctx;
    this.#options = o;
    const { name, cpu, store } = o;
    this.#tasks = new CpuTasks(ctx.sim, cpu, `${name}/storage`);
    this.#cachers = new Cachers(ctx, cpu, this.#tasks, name, o.replica, o.cores);
    this.#phase = ctx.sim.stream(`${name}/compact/phase`);
    const costs = new StorageCosts(ctx.constants);
    this.#backends = store.clusters.map((cluster, i) => this.#createBackend(cluster, costs, i));
    for (const resource of resourceNames) this.#addResource(resource);
  }

  #createBackend(cluster: EtcdCluster, costs: StorageCosts, index: number): Backend {
    const { name, networkHost, hostName, cpu, transformer, store, scenario } = this.#options;
    const clientName = index === 0 ? `${name}/etcd` : `${name}/etcd-events`;
    const members = index === 0 ? this.#options.members : this.#options.eventMembers;
    assert(members.length > 0, `${name} has no member of ${cluster.name}`);
    const client = new EtcdClient(this.#ctx, cluster, costs, {
      name: clientName,
      networkHost,
      hostName,
      cpu,
      members,
      transformer,
    });
    const decoders = this.#minor >= CONCURRENT_DECODE_MINOR ? DECODERS : 1;
    return {
      cluster,
      client,
      feeds: new EtcdFeeds(
        this.#ctx,
        client,
        cpu,
        costs,
        `${clientName}/watch`,
        decoders,
        transformer,
      ),
      leases: new LeaseManager(client),
      compactor: new Compactor(store, client, this.#tasks, scenario.etcdCompactionIntervalNs),
      health: new EtcdHealth(client, this.#tasks, () => this.#onChange()),
    };
  }

  get #minor(): number {
    return minorVersion(this.#options.version);
  }

  #addResource(resource: ResourceName): void {
    const { store, scenario } = this.#options;
    const stored = store.resource(resource);
    const backend = this.#backends.find((b) => b.cluster === stored.cluster);
    assert(backend !== undefined, 'a resource in an etcd that is not there');
    const { client, feeds, leases } = backend;
    const isCache = scenario.watchCache && resource !== 'events';
    const cacher = new WatchCache(this.#cachers, feeds, stored, {
      asksForProgress: this.#minor >= CONSISTENT_LIST_MINOR,
      isCache,
      isChecked: isCache && this.#minor >= CONSISTENCY_CHECK_MINOR,
      onReady: () => this.#onChange(),
    });
    const links = {
      store,
      client,
      tasks: this.#tasks,
      leases,
      costs: this.#cachers.costs,
      minor: this.#minor,
      eventTtlNs: resource === 'events' ? scenario.eventTtlNs : 0,
      etcdTally: (operation: EtcdOperation, of: ResourceName) => this.#etcdTally(operation, of),
    };
    this.#resources.set(resource, new CachedResource(links, stored, cacher));
  }

  #etcdTally(operation: EtcdOperation, type: ResourceName): Tally {
    return this.#ctx.metrics.tally(
      'etcd_request_duration_seconds',
      { operation, type },
      { unit: 'ns', buckets: BUCKETS_ETCD },
    );
  }

  of(resource: ResourceName): CachedResource {
    const found = this.#resources.get(resource);
    assert(found !== undefined, `no storage of ${resource}`);
    return found;
  }

  get isReady(): boolean {
    return this.etcdHealthy && this.#cachers.list.every((cache) => cache.isReady || !cache.isCache);
  }

  get etcdHealthy(): boolean {
    return this.#backends.every(({ health }) => health.isHealthy);
  }

  get cacheBytes(): number {
    let bytes = 0;
    for (const cache of this.#cachers.list) bytes += cache.bytes;
    return bytes;
  }

  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #onChange(): void {
    if (!this.isReady) return;
    for (const listener of this.#listeners) listener();
  }

  start(preloaded: boolean): void {
    // What was begun while the last life let go of its requests.
    this.#tasks.reset();
    const { etcdCompactionIntervalNs: intervalNs } = this.#options.scenario;
    for (const { client, feeds, compactor, health } of this.#backends) {
      client.start();
      feeds.start();
      health.start(preloaded);
      if (intervalNs <= 0) continue;
      // Replicas were started at times of their own; one that starts now waits an interval.
      const phaseNs = preloaded ? Math.floor(this.#phase.uniform() * intervalNs) : intervalNs;
      compactor.start(phaseNs, preloaded);
    }
    for (const cache of this.#cachers.list) if (cache.isCache) cache.start(preloaded);
  }

  stop(): void {
    for (const cache of this.#cachers.list) cache.stop();
    this.#cachers.reset();
    for (const { client, feeds, leases, health } of this.#backends) {
      health.stop();
      feeds.stop();
      client.stop();
      leases.reset();
    }
    this.#tasks.reset();
  }
}
