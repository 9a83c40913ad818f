/**
 * A replica's storage in memory, for tests of the request path: right meaning, one fixed delay for
 * a call, no cost. Replicas may share one `MemoryStore`.
 */
import type { Cacher } from '../../models/apiserver/cacher/types.ts';
import type {
  CreateOptions,
  DeleteValidation,
  GetOptions,
  ListOptions,
  Preconditions,
  ReplicaStorage,
  ResourceStorage,
  StoreDone,
  StoreOptions,
  StoreResult,
  UpdateFunction,
  WatchOptions,
  WatchResult,
} from '../../models/apiserver/storage/types.ts';
import {
  type KubeObject,
  matches,
  type ResourceName,
  type WatchEventType,
} from '../../models/objects/index.ts';
import type { Simulation } from '../../src/core/index.ts';

export class MemoryStore {
  revision = 1;
  readonly objects = new Map<ResourceName, Map<string, KubeObject>>();
  readonly watches = new Set<{ readonly resource: ResourceName; readonly o: WatchOptions }>();

  of(resource: ResourceName): Map<string, KubeObject> {
    let found = this.objects.get(resource);
    if (found === undefined) {
      found = new Map();
      this.objects.set(resource, found);
    }
    return found;
  }

  put(object: KubeObject): KubeObject {
    const known = this.of(object.resource).has(object.meta.path);
    object.resourceVersion = ++this.revision;
    this.of(object.resource).set(object.meta.path, object);
    this.#tell(known ? 'MODIFIED' : 'ADDED', object);
    return object;
  }

  remove(object: KubeObject): void {
    this.of(object.resource).delete(object.meta.path);
    this.revision++;
    this.#tell('DELETED', object);
  }

  #tell(type: WatchEventType, object: KubeObject): void {
    for (const { resource, o } of this.watches) {
      if (resource !== object.resource) continue;
      const resourceVersion = this.revision;
      const event = { type, object, resourceVersion, initialEventsEnd: false, reason: '' };
      o.sink.send([event], object.bytes);
    }
  }
}

/** Calls that were made, in order: 'get pods default/a'. */
export class MemoryStorage implements ReplicaStorage {
  isReady = true;
  etcdHealthy = true;
  cacheBytes = 0;
  delayNs = 1e6;
  readonly calls: string[] = [];
  readonly store: MemoryStore;
  readonly sim: Simulation;
  readonly #resources = new Map<ResourceName, MemoryResource>();
  readonly #type: number;
  readonly #pending: (() => void)[] = [];
  #life = 0;

  constructor(sim: Simulation, name: string, store: MemoryStore) {
    this.sim = sim;
    this.store = store;
    this.#type = sim.eventType(`${name}/memoryStorage`, (index, life) => {
      if (life === this.#life) this.#pending[index]();
    });
  }

  after(run: () => void): void {
    this.#pending.push(run);
    this.sim.schedule(this.delayNs, this.#type, this.#pending.length - 1, this.#life);
  }

  of(resource: ResourceName): ResourceStorage {
    let found = this.#resources.get(resource);
    if (found === undefined) {
      found = new MemoryResource(this, resource);
      this.#resources.set(resource, found);
    }
    return found;
  }

  onReady(): void {}
  start(): void {
    this.#life++;
  }
  stop(): void {
    this.#life++;
  }
}

class MemoryResource implements ResourceStorage {
  readonly resource: ResourceName;
  readonly #storage: MemoryStorage;
  readonly #objects: Map<string, KubeObject>;
  readonly cacher: Cacher;

  constructor(storage: MemoryStorage, resource: ResourceName) {
    this.resource = resource;
    this.#storage = storage;
    const objects = storage.store.of(resource);
    this.#objects = objects;
    this.cacher = {
      resource,
      isReady: true,
      get resourceVersion() {
        return storage.store.revision;
      },
      get size() {
        return objects.size;
      },
      bytes: 0,
      get watchers() {
        return [...storage.store.watches].filter((w) => w.resource === resource).length;
      },
      interestedWatchers: () => this.cacher.watchers,
      get: (path) => objects.get(path),
      values: () => objects.values(),
    };
  }

  get objectCount(): number {
    return this.#objects.size;
  }

  get averageBytes(): number {
    let bytes = 0;
    for (const object of this.#objects.values()) bytes += object.bytes;
    return this.#objects.size === 0 ? 0 : Math.round(bytes / this.#objects.size);
  }

  create(object: KubeObject, _: CreateOptions, done: StoreDone): void {
    this.#run(`create ${object.meta.path}`, done, () => {
      if (this.#objects.has(object.meta.path)) return { code: 'keyExists' };
      return { object: this.#storage.store.put(object) };
    });
  }

  update(
    path: string,
    preconditions: Preconditions,
    update: UpdateFunction,
    _: StoreOptions,
    done: StoreDone,
  ): void {
    this.#run(`update ${path}`, done, () => {
      const current = this.#objects.get(path);
      if (current === undefined) return { code: 'notFound' };
      if (!holds(preconditions, current)) return { code: 'conflict' };
      const after = update(current);
      if (typeof after === 'string') return { code: 'refused', reason: after };
      if (after === null || after === current) return { object: current, unchanged: true };
      return { object: this.#storage.store.put(after) };
    });
  }

  delete(
    path: string,
    preconditions: Preconditions,
    validate: DeleteValidation | null,
    _: StoreOptions,
    done: StoreDone,
  ): void {
    this.#run(`delete ${path}`, done, () => {
      const current = this.#objects.get(path);
      if (current === undefined) return { code: 'notFound' };
      if (!holds(preconditions, current)) return { code: 'conflict' };
      const refused = validate?.(current) ?? null;
      if (refused !== null) return { code: 'refused', reason: refused };
      this.#storage.store.remove(current);
      return { object: current };
    });
  }

  get(path: string, o: GetOptions, done: StoreDone): void {
    this.#run(`get ${path}`, done, () => {
      const object = this.#objects.get(path);
      if (object === undefined) return { code: 'notFound' };
      return { object, bytes: object.bytes, fromCache: o.consistency !== 'consistent' };
    });
  }

  list(o: ListOptions, done: StoreDone): void {
    this.#run('list', done, () => {
      const items = [...this.#objects.values()].filter(
        (object) =>
          (o.namespace === '' || object.meta.namespace === o.namespace) &&
          (o.labelSelector === null || matches(o.labelSelector, object.meta.labels)),
      );
      const bytes = items.reduce((sum, object) => sum + object.bytes, 0);
      return { items, count: items.length, bytes, fromCache: o.consistency !== 'exact' };
    });
  }

  watch(o: WatchOptions, done: (result: WatchResult) => void): void {
    this.#storage.calls.push(`watch ${this.resource}`);
    this.#storage.after(() => {
      const { store } = this.#storage;
      const watch = { resource: this.resource, o };
      store.watches.add(watch);
      const stop = () => {
        store.watches.delete(watch);
      };
      const resourceVersion = store.revision;
      done({
        code: 'ok',
        watch: { stop, isOpen: true, resourceVersion },
        retryAfterS: 0,
        resourceVersion,
      });
      if (!o.sendInitialEvents || !store.watches.has(watch)) return;
      const added = [...this.#objects.values()].map((object) => ({
        type: 'ADDED' as const,
        object,
        resourceVersion: object.resourceVersion,
        initialEventsEnd: false,
        reason: '',
      }));
      const end = { object: null, resourceVersion, initialEventsEnd: true, reason: '' };
      o.sink.send([...added, { type: 'BOOKMARK', ...end }], 0);
    });
  }

  #run(what: string, done: StoreDone, work: () => Partial<StoreResult>): void {
    this.#storage.calls.push(`${what.replace(' ', ` ${this.resource} `)}`);
    this.#storage.after(() => {
      done({ ...NOTHING, resourceVersion: this.#storage.store.revision, ...work() });
    });
  }
}

const NOTHING: StoreResult = {
  code: 'ok',
  reason: '',
  object: null,
  items: null,
  count: 0,
  examined: 0,
  bytes: 0,
  continueAt: 0,
  resourceVersion: 0,
  fromCache: false,
  unchanged: false,
  conflicts: 0,
  retryAfterS: 0,
  etcdNs: 0,
};

function holds({ uid, resourceVersion }: Preconditions, object: KubeObject): boolean {
  if (uid !== 0 && uid !== object.meta.uid) return false;
  return resourceVersion === 0 || resourceVersion === object.resourceVersion;
}
