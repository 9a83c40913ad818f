/**
 * The watches of one cache, by what they ask for, so that an event meets only those that it may
 * concern (pkg/storage/cacher/cacher.go `indexedWatchers`: by trigger value, and by the namespace
 * and name of their scope).
 */
import type { KubeObject, ResourceInfo } from '../../objects/index.ts';
import { nodeNameOf, type Scope } from './scope.ts';
import type { CacheWatcher } from './watcher.ts';

/** cacher.go: places in the channel of a watcher. */
const CHANNEL_MIN = 10;
const CHANNEL_MAX_TRIGGER = 10;
const CHANNEL_MAX_INDEXED = 1000;
const CHANNEL_MAX = 100;
/** watch_cache.go `eventFreshDuration`, s. */
const FRESH_S = 75;

type Bucket = CacheWatcher[];

export class Watchers {
  count = 0;
  /** Members counted. */
  members = 0;
  readonly #info: ResourceInfo;
  readonly #all: Bucket = [];
  readonly #byNamespace = new Map<string, Bucket>();
  /** Of `metadata.name`: 'namespace/name', or '/name' for all namespaces. */
  readonly #byName = new Map<string, Bucket>();
  readonly #byNode = new Map<string, Bucket>();

  constructor(info: ResourceInfo) {
    this.#info = info;
  }

  add(watcher: CacheWatcher): void {
    const { map, key } = this.#place(watcher.scope);
    if (map === null) this.#all.push(watcher);
    else {
      const bucket = map.get(key);
      if (bucket === undefined) map.set(key, [watcher]);
      else bucket.push(watcher);
    }
    this.count++;
    this.members += watcher.members;
  }

  remove(watcher: CacheWatcher): void {
    const { map, key } = this.#place(watcher.scope);
    const bucket = map === null ? this.#all : map.get(key);
    const at = bucket?.indexOf(watcher) ?? -1;
    if (bucket === undefined || at < 0) return;
    bucket.splice(at, 1);
    if (bucket.length === 0 && map !== null) map.delete(key);
    this.count--;
    this.members -= watcher.members;
  }

  /** Every watch, in the order of their kinds. */
  list(): CacheWatcher[] {
    const found = [...this.#all];
    for (const map of [this.#byNamespace, this.#byName, this.#byNode]) {
      for (const bucket of map.values()) found.push(...bucket);
    }
    return found;
  }

  /** Fills `into` with those that a change from `previous` to `current` may concern. */
  concerned(current: KubeObject | null, previous: KubeObject | null, into: CacheWatcher[]): void {
    // By its length it would lose its memory, for the next push to take again.
    while (into.length > 0) into.pop();
    const object = current ?? previous;
    if (object === null) return;
    append(this.#all, into);
    if (into.length === this.count) return;
    const { namespace, name, path } = object.meta;
    if (this.#byNamespace.size > 0) append(this.#byNamespace.get(namespace), into);
    if (this.#byName.size > 0) {
      append(this.#byName.get(`/${name}`), into);
      if (namespace !== '') append(this.#byName.get(path), into);
    }
    if (this.#byNode.size === 0) return;
    const now = current === null ? '' : nodeNameOf(current);
    const before = previous === null ? '' : nodeNameOf(previous);
    if (now !== '') append(this.#byNode.get(now), into);
    if (before !== '' && before !== now) append(this.#byNode.get(before), into);
  }

  /** cacher.go `suggestedWatchChannelSize`, for both channels of a watcher. */
  bufferSize(scope: Scope, ringCapacity: number): number {
    const isIndexed = this.#info.indexed.length > 0;
    const field = scope.fieldSelector?.field;
    const isTriggered = field !== undefined && this.#info.indexed.includes(field);
    const max = isTriggered ? CHANNEL_MAX_TRIGGER : isIndexed ? CHANNEL_MAX_INDEXED : CHANNEL_MAX;
    const wanted = Math.max(CHANNEL_MIN, Math.ceil(ringCapacity / FRESH_S));
    return 2 * Math.min(max, wanted);
  }

  #place(scope: Scope): { map: Map<string, Bucket> | null; key: string } {
    const { fieldSelector, namespace } = scope;
    if (fieldSelector?.field === 'spec.nodeName') {
      return { map: this.#byNode, key: fieldSelector.value };
    }
    if (fieldSelector?.field === 'metadata.name') {
      return { map: this.#byName, key: `${namespace}/${fieldSelector.value}` };
    }
    if (namespace !== '') return { map: this.#byNamespace, key: namespace };
    return { map: null, key: '' };
  }
}

function append(bucket: Bucket | undefined, into: CacheWatcher[]): void {
  if (bucket === undefined) return;
  for (let i = 0; i < bucket.length; i++) into.push(bucket[i]);
}
