/**
 * The objects of a cluster as they stand in etcd: which cluster and which group of keys a resource
 * has. Shared by all replicas; every replica has a client of its own.
 *
 * Events may have an etcd of their own (--etcd-servers-overrides).
 */
import { assert } from '../../../src/core/index.ts';
import type { EtcdCluster } from '../../etcd/index.ts';
import type { KubeObject, ResourceName } from '../../objects/index.ts';
import { resourceInfos } from '../../objects/index.ts';
import type { ListSession } from './list-session.ts';

/** pkg/storage/etcd3/compact.go `compactRevKey`. */
const COMPACT_KEY = 'compact_rev_key';
const COMPACT_VALUE_BYTES = 12;
const REGISTRY_BYTES = '/registry/'.length;
/** Continued lists that are remembered; the oldest are forgotten (410). */
const SESSIONS_MAX = 10_000;

/** Where a resource is. */
export interface StoredResource {
  readonly name: ResourceName;
  readonly cluster: EtcdCluster;
  readonly group: number;
  readonly history: number;
  /** Bytes of a key before the object's path. */
  readonly prefixBytes: number;
  readonly json: boolean;
}

/** What compactors agree on: stored under `compact_rev_key`. */
export interface CompactValue {
  readonly bytes: number;
  resourceVersion: number;
}

export class ObjectStore {
  readonly main: EtcdCluster;
  readonly events: EtcdCluster | null;
  /** Lists that may be continued, by token; shared, for the next page may go to any replica. */
  readonly sessions = new Map<number, ListSession>();
  readonly #resources = new Map<ResourceName, StoredResource>();
  readonly #compactGroups = new Map<EtcdCluster, number>();
  #lastSession = 0;

  constructor(main: EtcdCluster, events: EtcdCluster | null) {
    this.main = main;
    this.events = events;
    for (const { name, group, encoding } of resourceInfos) {
      const cluster = name === 'events' && events !== null ? events : main;
      const added = cluster.addGroup(name);
      const prefixBytes = REGISTRY_BYTES + (group === '' ? 0 : group.length + 1) + name.length + 1;
      const json = encoding === 'json';
      this.#resources.set(name, { name, cluster, ...added, prefixBytes, json });
    }
    for (const cluster of this.clusters) {
      this.#compactGroups.set(cluster, cluster.shared.contents.addGroup(COMPACT_KEY));
    }
  }

  get clusters(): readonly EtcdCluster[] {
    return this.events === null ? [this.main] : [this.main, this.events];
  }

  resource(name: ResourceName): StoredResource {
    const found = this.#resources.get(name);
    assert(found !== undefined, `no resource ${name} in storage`);
    return found;
  }

  /**
   * An object that exists when the run starts; sets its resourceVersion. Call before the clusters
   * start. `copies`: identical objects that it stands for.
   */
  preload(object: KubeObject, copies = 1): void {
    const { cluster, group, prefixBytes } = this.resource(object.resource);
    assert(object.resourceVersion === 0, `${object.meta.path} is preloaded twice`);
    cluster.preload(group, object.meta.path, prefixBytes + object.meta.path.length, object, copies);
  }

  /** The key of a cluster's compactors. */
  compactKey(cluster: EtcdCluster): number {
    const group = this.#compactGroups.get(cluster);
    assert(group !== undefined, 'a cluster that is not of this store');
    const { contents, sim } = cluster.shared;
    return contents.acquire(group, COMPACT_KEY, sim.nowNs);
  }

  /** Objects of a resource in etcd, as of the member that is furthest. */
  countOf(name: ResourceName): number {
    const { cluster, group } = this.resource(name);
    return cluster.shared.contents.groups[group].live;
  }

  // --- Continued lists --------------------------------------------------------------------------

  addSession(session: ListSession): number {
    const token = ++this.#lastSession;
    this.sessions.set(token, session);
    if (this.sessions.size > SESSIONS_MAX) {
      for (const oldest of this.sessions.keys()) {
        this.sessions.delete(oldest);
        break;
      }
    }
    return token;
  }
}

export function compactValue(): CompactValue {
  return { bytes: COMPACT_VALUE_BYTES, resourceVersion: 0 };
}
