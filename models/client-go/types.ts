/**
 * What components see of the client library (kubernetes/client-go): the contract of this room.
 */
import type { Waitable } from '../../src/core/index.ts';
import type {
  ApiCall,
  ApiResult,
  KubeObject,
  LabelSelector,
  ObjectOf,
  ResourceName,
  User,
  WatchEvent,
} from '../objects/index.ts';

export interface ClientOptions {
  /** Unique among clients: 'kube-scheduler/0', 'kubelet/17', 'kube-controller-manager/0/gc'. */
  readonly name: string;
  readonly user: User;
  /** Host of the network it calls from; nodes of a group share one (`nodes@zone`). */
  readonly networkHost: string;
  /** Queries per second of the client's own token bucket; Infinity = none. */
  readonly qps: number;
  readonly burst: number;
  /** Timeout of a whole request, retries apart; Infinity = none. */
  readonly timeoutNs: number;
  /**
   * Address of the API servers: one name, or several for a client-side list. 'loadBalancer' where
   * there is one; a component of a stacked control plane talks to the replica of its own host.
   */
  readonly servers: readonly string[];
  /**
   * Clients that name the same transport share its connections, as those of one process do
   * (client-go transport/cache.go); absent = connections of its own.
   */
  readonly transport?: string;
}

/** A call under way: `yield` it in a process, then read `result`. */
export interface PendingCall extends Waitable {
  /** Null until the process is woken. */
  readonly result: ApiResult | null;
  /** Wakes with the result, or after so long: then `result` is still null. */
  atMost(delayNs: number): Waitable;
}

export interface ApiClient {
  readonly name: string;
  readonly user: User;
  /**
   * Takes a token, sends, retries what says Retry-After (up to 10 times), and hands over one
   * result. A call whose client has been stopped is never answered.
   */
  call(call: ApiCall, done: (result: ApiResult) => void): void;
  /** The same for processes: `const pending = client.start(call); yield pending;`. */
  start(call: ApiCall): PendingCall;
  /** The process is gone: connections close, nothing is answered any more. */
  stop(): void;
  /**
   * Breaks its connections, so that the next call dials: what kubelets do when their lease cannot
   * be renewed.
   */
  closeConnections(): void;
  /** After `stop`: a new process begins, with full buckets and no connections. */
  restart(): void;
}

export interface InformerHandlers<T extends KubeObject> {
  onAdd?(object: T): void;
  onUpdate?(object: T, old: T): void;
  /** `object`: its last known version. */
  onDelete?(object: T): void;
}

export interface InformerOptions {
  readonly namespace?: string;
  readonly labelSelector?: LabelSelector;
  readonly fieldSelector?: {
    readonly field: 'spec.nodeName' | 'metadata.name';
    readonly value: string;
  };
  /** Identical members that this informer stands for; each is charged. Default 1. */
  readonly members?: number;
}

/** A local cache, kept up to date by LIST and WATCH: as stale as its watch. */
export interface Informer<R extends ResourceName = ResourceName> {
  readonly resource: R;
  /** The first LIST (or WatchList) is complete. */
  readonly hasSynced: boolean;
  /** resourceVersion that the cache has reached. */
  readonly resourceVersion: number;
  readonly size: number;
  get(path: string): ObjectOf<R> | undefined;
  /** In the order in which they came. */
  values(): Iterable<ObjectOf<R>>;
  addHandlers(handlers: InformerHandlers<ObjectOf<R>>): void;
  /** Objects by a key of theirs, kept up to date (client-go Indexer). Ask before `start`. */
  addIndex(name: string, keyOf: (object: ObjectOf<R>) => string): void;
  byIndex(name: string, key: string): Iterable<ObjectOf<R>>;
}

/** One process's informers: each resource is listed and watched once, whoever asks. */
export interface InformerFactory {
  informer<R extends ResourceName>(resource: R, options?: InformerOptions): Informer<R>;
  /**
   * Lists and watches everything asked for. `preloaded`: the caches begin filled, as they are in
   * a cluster that has been running; nothing is charged.
   */
  start(preloaded: boolean): void;
  /** All have synced. */
  readonly hasSynced: boolean;
  onSynced(listener: () => void): void;
  stop(): void;
}

/** util/workqueue: duplicates merge, one worker at a time has a key, per-item back-off. */
export interface WorkQueue {
  readonly name: string;
  readonly length: number;
  add(key: string): void;
  addAfter(key: string, delayNs: number): void;
  addRateLimited(key: string): void;
  forget(key: string): void;
  retries(key: string): number;
}

export interface EventRecorder {
  /** Aggregated, filtered and sent by the client of events; lost when its queue is full. */
  /** `message`: its identity; more than ten different ones in ten minutes become one event. */
  record(regarding: KubeObject, reason: string, message?: string): void;
}

/** What an informer's members start with where the cluster has been running. */
export interface Preloaded {
  readonly items: Iterable<KubeObject>;
  readonly resourceVersion: number;
}

/**
 * Identical clients with state of their own (a rate limit, a connection) but no object each:
 * kubelets, kube-proxies, agents. Results come to one handler, with the caller's tag.
 */
export interface ClientPopulation {
  readonly count: number;
  call(member: number, call: ApiCall, tag: number): void;
  /**
   * As `ApiClient.stop` and `restart`. `silently`: the machine is gone, or stands still; servers
   * are told nothing, and keep its watches until they give its connections up.
   */
  stop(member: number, silently?: boolean): void;
  restart(member: number): void;
  closeConnections(member: number): void;
  /** The member as a client; make one only where it is needed. */
  client(member: number): ApiClient;
}

export interface PopulationOptions
  extends Omit<ClientOptions, 'name' | 'user' | 'transport' | 'networkHost'> {
  /** Host of the network that all of them call from, or each. */
  readonly networkHost: string | ((member: number) => string);
  /** 'kubelet': metrics carry it; its members are `kubelet/0`, `kubelet/1`, ... */
  readonly component: string;
  readonly count: number;
  /** Number of the first member where one component has several populations; default 0. */
  readonly first?: number;
  /**
   * Each member uses the connections of that member of another population, and is the same user: a
   * kubelet's clients of the API, of events and of leases are one process with one transport.
   */
  readonly sharing?: ClientPopulation;
  userOf(member: number): User;
  onResult(member: number, tag: number, result: ApiResult): void;
}

/**
 * A list and a watch without a cache: what kubelets in great numbers have in place of an Informer.
 */
export interface ReflectorSink {
  /**
   * A complete list: what the cache would be replaced by. `bytes`: what nobody has been charged
   * for decoding yet.
   */
  replace(items: readonly KubeObject[], resourceVersion: number, bytes: number): void;
  /** In order; bookmarks are not among them. */
  events(events: readonly WatchEvent[]): void;
}

export interface Reflector {
  readonly hasSynced: boolean;
  readonly resourceVersion: number;
  start(preloaded: boolean): void;
  stop(): void;
}

export interface ComponentProcessOptions {
  /** 'kube-scheduler/0'. */
  readonly name: string;
  readonly cpuWeight: number;
  readonly cpuQuotaCores: number;
  readonly memoryLimitBytes: number;
  readonly supervisor: 'kubelet' | 'systemd';
}

export type ProcessState = 'running' | 'paused' | 'down';
