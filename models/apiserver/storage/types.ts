/**
 * What the request path of a replica sees of its storage: kubernetes/apiserver `storage.Interface`
 * (pkg/storage/interfaces.go), one per resource, with the watch cache in front of etcd
 * (pkg/storage/cacher/delegator.go).
 *
 * Every verb takes a callback that runs once, on a simulated event (never inside the call), unless
 * the replica dies first: then it never runs. CPU of storing, loading, dispatching and encoding of
 * watch events is charged here; encoding of results, admission and the rest are the caller's.
 */
import type {
  FieldSelector,
  KubeObject,
  LabelSelector,
  ReadConsistency,
  ResourceName,
  WatchSink,
} from '../../objects/index.ts';
import type { Cacher, CacheWatch } from '../cacher/types.ts';

/** The replica's CPU: work ends with an event; work of a process that died never ends. */
export interface ReplicaCpu {
  execute(workNs: number, doneType: number, a: number, b: number): void;
}

/**
 * How an operation ended, in the words of pkg/storage/errors.go and the registry above it;
 * `statusOf` says what a client is told.
 */
export type StoreCode =
  | 'ok'
  /** create: 409 AlreadyExists. */
  | 'keyExists'
  /** 404. */
  | 'notFound'
  /** A precondition (resourceVersion or uid) does not hold: 409 Conflict. */
  | 'conflict'
  /** The update function refused, with `reason`. */
  | 'refused'
  /** The deadline passed: 504 Timeout. The write may still happen. */
  | 'timeout'
  /** resourceVersion or continue token compacted, or older than the watch cache: 410 Expired. */
  | 'expired'
  /** A resourceVersion from the future: 504 Timeout with cause ResourceVersionTooLarge. */
  | 'tooLargeVersion'
  /** The watch cache is not ready: 429 with `retryAfterS`. */
  | 'notReady'
  /** etcd: request too large; 500 InternalError. */
  | 'tooLarge'
  /** etcd: out of quota, no leader, timed out, overloaded, not reachable; 500 InternalError. */
  | 'internal';

/** What an operation cost and met, beside its outcome. */
export interface StoreResult {
  readonly code: StoreCode;
  /** 'refused': what the update function said. 'internal': the outcome's name (etcd). */
  readonly reason: string;
  /** The version as stored; of a delete, as it was. `conflict`, `keyExists`: null. */
  readonly object: KubeObject | null;
  /** list: this page, where items were wanted. Never to be changed: it may be shared. */
  readonly items: readonly KubeObject[] | null;
  /** list: objects in this page. */
  readonly count: number;
  /** list: objects that had to be looked at for it. */
  readonly examined: number;
  /** list: bytes of the objects in this page. get and others: of the object. */
  readonly bytes: number;
  /** list: pass it on as `continueAt`; 0 = complete. */
  readonly continueAt: number;
  /** Of the answer: of the object, of the list. */
  readonly resourceVersion: number;
  /** Where it was read: of cached lists seats and encoding cost less. */
  readonly fromCache: boolean;
  /** update, delete: nothing was written, for nothing would have changed. */
  readonly unchanged: boolean;
  /** Transactions that lost a race to another writer. */
  readonly conflicts: number;
  readonly retryAfterS: number;
  /** Of it, time spent in calls to etcd (ns): `etcd_request_duration_seconds` and stages. */
  readonly etcdNs: number;
}

export type StoreDone = (result: StoreResult) => void;

export interface StoreOptions {
  /** Absolute simulated time at which the request's context ends; Infinity never. */
  readonly deadlineNs: number;
  /** Identical members that this one call stands for (`ApiCall.members`); each is charged. */
  readonly members: number;
}

export interface Preconditions {
  /** 0 = any. */
  readonly uid: number;
  /** 0 = any. */
  readonly resourceVersion: number;
}

/**
 * Computes the new version from the current one; may be called several times. The same object or
 * null: nothing changes (no write). A string: refused.
 */
export type UpdateFunction = (current: KubeObject) => KubeObject | null | string;

/** A last look before a delete (finalizers, grace); a string refuses it. */
export type DeleteValidation = (current: KubeObject) => string | null;

export interface ListOptions extends StoreOptions {
  readonly consistency: ReadConsistency;
  readonly resourceVersion: number;
  /** '' = all. */
  readonly namespace: string;
  readonly labelSelector: LabelSelector | null;
  readonly fieldSelector: FieldSelector | null;
  /** 0 = everything. */
  readonly limit: number;
  /** 0 = from the beginning. */
  readonly continueAt: number;
  readonly wantItems: boolean;
}

export interface GetOptions extends StoreOptions {
  readonly consistency: ReadConsistency;
  readonly resourceVersion: number;
}

export interface WatchOptions {
  /** 0 or absent = from now on (`any`): state as ADDED first, then changes. */
  readonly resourceVersion: number;
  /** `consistent` (unset resourceVersion), `any` ("0") or `notOlderThan` (exact start). */
  readonly consistency: ReadConsistency;
  readonly namespace: string;
  readonly labelSelector: LabelSelector | null;
  readonly fieldSelector: FieldSelector | null;
  /** WatchList: initial events, then a bookmark that ends them. */
  readonly sendInitialEvents: boolean;
  readonly allowBookmarks: boolean;
  /** When the server will end it (bookmarks come 2 s before). */
  readonly deadlineNs: number;
  /** Identical watchers that this one stands for; each is charged. */
  readonly members: number;
  readonly sink: WatchSink;
}

/** `ok` with the watch, else why not. */
export interface WatchResult {
  readonly code: StoreCode;
  readonly watch: CacheWatch | null;
  readonly retryAfterS: number;
  readonly resourceVersion: number;
}

/** One resource of one replica. */
export interface ResourceStorage {
  readonly resource: ResourceName;
  /** The watch cache; null for resources without (events) and with --watch-cache=false. */
  readonly cacher: Cacher | null;
  /** Objects in etcd by the last count (once a minute): `apiserver_resource_objects`. */
  readonly objectCount: number;
  /** Average bytes of an object, as the size estimator knows it; 0 not yet known. */
  readonly averageBytes: number;

  create(object: KubeObject, options: CreateOptions, done: StoreDone): void;
  /** `GuaranteedUpdate`: from the cached version, retried with the current one on a conflict. */
  update(
    path: string,
    preconditions: Preconditions,
    update: UpdateFunction,
    options: StoreOptions,
    done: StoreDone,
  ): void;
  delete(
    path: string,
    preconditions: Preconditions,
    validate: DeleteValidation | null,
    options: StoreOptions,
    done: StoreDone,
  ): void;
  get(path: string, options: GetOptions, done: StoreDone): void;
  list(options: ListOptions, done: StoreDone): void;
  /** `done` runs before the first event reaches the sink. */
  watch(options: WatchOptions, done: (result: WatchResult) => void): void;
}

export interface CreateOptions extends StoreOptions {
  /** Lives so long (events); 0 = for ever. */
  readonly ttlNs: number;
}

/** The storage of one replica: all its resources, its etcd client, its watch caches. */
export interface ReplicaStorage {
  of(resource: ResourceName): ResourceStorage;
  /** All watch caches have been filled (readyz since 1.36), and etcd answers. */
  readonly isReady: boolean;
  onReady(listener: () => void): void;
  /** etcd's health as the replica's probe sees it (2 s timeout, at most one a second). */
  readonly etcdHealthy: boolean;
  /** Bytes that the caches and histories hold in memory. */
  readonly cacheBytes: number;
  /** The process starts; `preloaded`: caches begin filled, nothing is charged. */
  start(preloaded: boolean): void;
  /** The process is gone: caches, watches and calls under way with it; nothing is answered. */
  stop(): void;
}

/**
 * CPU of encryption at rest (pkg/storage/value); the replica gives its own. A call to an external
 * KMS is time, not CPU: `waitNs`.
 */
export interface Transformer {
  /** CPU (ns) of encrypting `bytes` to be stored. */
  writeNs(bytes: number): number;
  /** CPU (ns) of decrypting `bytes` that were read. */
  readNs(bytes: number): number;
  /** Time (ns) outside of this machine before a write, or a read, of one object goes on. */
  writeWaitNs(): number;
  readWaitNs(objects: number): number;
}
