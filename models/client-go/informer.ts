/**
 * A local cache of one resource: what a reflector brings is decoded on the component's cores, one
 * batch after the other, then stands in the cache and goes to the handlers in order.
 *
 * Left out: resync, separate queues of listeners (a handler that is slow is so by the work that it
 * asks for, not here).
 * Sources: client-go tools/cache/shared_informer.go, delta_fifo.go, thread_safe_store.go.
 */
import type { KubeObject, ObjectOf, ResourceName, WatchEvent } from '../objects/index.ts';
import type { ComponentProcess } from './process.ts';
import type { ListWatcher } from './reflector.ts';
import type { SerialLoop } from './serial-loop.ts';
import type { Informer, InformerHandlers, ReflectorSink } from './types.ts';

interface Index<T> {
  readonly keyOf: (object: T) => string;
  readonly byKey: Map<string, Map<string, T>>;
}

export interface InformerCosts {
  readonly eventNs: number;
  readonly byteNs: number;
  /** Bytes in memory for one on the wire. */
  readonly memoryRatio: number;
}

const NONE: readonly never[] = Object.freeze([]);

export class CachedInformer<R extends ResourceName> implements Informer<R>, ReflectorSink {
  readonly resource: R;
  hasSynced = false;
  resourceVersion = 0;
  /** Set by the factory right after both exist. */
  reflector: ListWatcher | null = null;
  readonly #process: ComponentProcess | null;
  readonly #loop: SerialLoop | null;
  readonly #costs: InformerCosts;
  readonly #onSynced: () => void;
  readonly #cache = new Map<string, ObjectOf<R>>();
  readonly #indexes = new Map<string, Index<ObjectOf<R>>>();
  readonly #indexList: Index<ObjectOf<R>>[] = [];
  readonly #handlers: InformerHandlers<ObjectOf<R>>[] = [];
  #life = 0;
  #memoryBytes = 0;

  constructor(
    resource: R,
    loop: SerialLoop | null,
    process: ComponentProcess | null,
    costs: InformerCosts,
    onSynced: () => void,
  ) {
    this.resource = resource;
    this.#process = process;
    this.#loop = loop;
    this.#costs = costs;
    this.#onSynced = onSynced;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(path: string): ObjectOf<R> | undefined {
    return this.#cache.get(path);
  }

  values(): Iterable<ObjectOf<R>> {
    return this.#cache.values();
  }

  addHandlers(handlers: InformerHandlers<ObjectOf<R>>): void {
    this.#handlers.push(handlers);
  }

  addIndex(name: string, keyOf: (object: ObjectOf<R>) => string): void {
    const index: Index<ObjectOf<R>> = { keyOf, byKey: new Map() };
    this.#indexes.set(name, index);
    this.#indexList.splice(0, Infinity, ...this.#indexes.values());
    for (const object of this.#cache.values()) insert(index, object);
  }

  byIndex(name: string, key: string): Iterable<ObjectOf<R>> {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`informer of ${this.resource} has no index ${name}`);
    return index.byKey.get(key)?.values() ?? NONE;
  }

  /** The process is gone: a new one begins with nothing. */
  clear(): void {
    this.#life++;
    this.hasSynced = false;
    this.resourceVersion = 0;
    this.#cache.clear();
    this.#memoryBytes = 0;
    for (const index of this.#indexList) index.byKey.clear();
  }

  // --- ReflectorSink -----------------------------------------------------------------------------

  replace(items: readonly KubeObject[], resourceVersion: number, bytes: number): void {
    const workNs = items.length * this.#costs.eventNs + bytes * this.#costs.byteNs;
    if (bytes < 0) this.#replace(items, resourceVersion);
    else this.#work(workNs, () => this.#replace(items, resourceVersion));
  }

  events(events: readonly WatchEvent[]): void {
    let bytes = 0;
    for (const event of events) bytes += event.object?.bytes ?? 0;
    const workNs = events.length * this.#costs.eventNs + bytes * this.#costs.byteNs;
    this.#work(workNs, () => this.#apply(events));
  }

  #work(workNs: number, then: () => void): void {
    if (this.#loop === null) then();
    else this.#loop.run(workNs, then);
  }

  #apply(events: readonly WatchEvent[]): void {
    const life = this.#life;
    for (const event of events) {
      const object = event.object as ObjectOf<R>; // The watch was of this resource.
      this.resourceVersion = event.resourceVersion;
      if (event.type === 'DELETED') this.#delete(object);
      else this.#set(object);
      if (life !== this.#life) return;
    }
    this.#remember();
  }

  /** Objects that stayed as they were are told to nobody. */
  #replace(items: readonly KubeObject[], resourceVersion: number): void {
    const life = this.#life;
    const before = this.#cache.size === 0 ? null : new Map(this.#cache);
    this.resourceVersion = resourceVersion;
    for (const item of items) {
      const object = item as ObjectOf<R>; // The list was of this resource.
      before?.delete(object.meta.path);
      if (before === null || this.#cache.get(object.meta.path) !== object) this.#set(object);
      if (life !== this.#life) return;
    }
    for (const gone of before?.values() ?? NONE) {
      this.#delete(gone);
      if (life !== this.#life) return;
    }
    this.#remember();
    if (this.hasSynced) return;
    this.hasSynced = true;
    this.#onSynced();
  }

  #set(object: ObjectOf<R>): void {
    const { path } = object.meta;
    const old = this.#cache.get(path);
    this.#cache.set(path, object);
    this.#memoryBytes += object.bytes - (old?.bytes ?? 0);
    for (const index of this.#indexList) {
      if (old === undefined) insert(index, object);
      else replace(index, old, object);
    }
    const life = this.#life;
    for (const handlers of this.#handlers) {
      if (old === undefined) handlers.onAdd?.(object);
      else handlers.onUpdate?.(object, old);
      if (life !== this.#life) return;
    }
  }

  #delete(object: ObjectOf<R>): void {
    const { path } = object.meta;
    const old = this.#cache.get(path);
    if (old === undefined) return;
    this.#cache.delete(path);
    this.#memoryBytes -= old.bytes;
    for (const index of this.#indexList) remove(index, old);
    const life = this.#life;
    for (const handlers of this.#handlers) {
      handlers.onDelete?.(object);
      if (life !== this.#life) return;
    }
  }

  /** Tells the machine how large the cache has become. */
  #remember(): void {
    if (this.#process === null || this.#memoryBytes === 0) return;
    this.#process.addMemory(this.#memoryBytes * this.#costs.memoryRatio);
    this.#memoryBytes = 0;
  }
}

function insert<T extends KubeObject>(index: Index<T>, object: T): void {
  const key = index.keyOf(object);
  const objects = index.byKey.get(key);
  if (objects === undefined) index.byKey.set(key, new Map([[object.meta.path, object]]));
  else objects.set(object.meta.path, object);
}

/** A new version of an object: it keeps its place where its key stays. */
function replace<T extends KubeObject>(index: Index<T>, old: T, object: T): void {
  const key = index.keyOf(object);
  if (index.keyOf(old) === key) index.byKey.get(key)?.set(object.meta.path, object);
  else {
    remove(index, old);
    insert(index, object);
  }
}

function remove<T extends KubeObject>(index: Index<T>, object: T): void {
  const key = index.keyOf(object);
  const objects = index.byKey.get(key);
  objects?.delete(object.meta.path);
  if (objects?.size === 0) index.byKey.delete(key);
}
