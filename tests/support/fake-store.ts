/**
 * Objects of an API server in memory: create, update, patch, apply, delete, bind, evict, list and
 * watch with the meaning that kubernetes/apiserver gives them, at no cost. For tests of clients.
 *
 * Left out: admission (but for namespaces that end), defaulting, validation, generation.
 */
import { pathOf } from '../../models/objects/build.ts';
import type {
  ApiCall,
  ApiResult,
  FieldSelector,
  KubeObject,
  LabelSelector,
  Pod,
  PodDisruptionBudget,
  ResourceName,
  WatchEvent,
} from '../../models/objects/index.ts';
import { isTerminal, matches } from '../../models/objects/index.ts';

export interface FakeWatch {
  readonly call: ApiCall;
  emit(event: WatchEvent): void;
}

interface Change {
  readonly before: KubeObject | null;
  readonly after: KubeObject | null;
  readonly revision: number;
}

const STATUS_BYTES = 200;

export class FakeStore {
  revision: number;
  readonly #objects = new Map<ResourceName, Map<string, KubeObject>>();
  readonly #changes = new Map<ResourceName, Change[]>();
  readonly #watches = new Map<ResourceName, Set<FakeWatch>>();
  /** Lists that are read page by page. */
  readonly #pages = new Map<string, KubeObject[]>();
  /** Watches from before this revision get 410. */
  #compacted = 0;

  constructor(revision = 1) {
    this.revision = revision;
  }

  get<T extends KubeObject = KubeObject>(resource: ResourceName, path: string): T | undefined {
    return this.#of(resource).get(path) as T | undefined; // The caller knows what it put there.
  }

  /** In the order of creation. */
  all<T extends KubeObject = KubeObject>(resource: ResourceName): T[] {
    return [...this.#of(resource).values()] as T[];
  }

  /** Puts objects there without telling anybody: what exists at the start. */
  preload(objects: Iterable<KubeObject>): void {
    for (const object of objects) {
      object.resourceVersion = ++this.revision;
      this.#of(object.resource).set(object.meta.path, object);
    }
  }

  /** Forgets the history: who resumes a watch from before now must list again. */
  compact(): void {
    this.#compacted = this.revision;
    this.#changes.clear();
    this.#pages.clear();
  }

  /** Tells every watch that it is up to date. */
  bookmark(): void {
    for (const watches of this.#watches.values()) {
      for (const watch of watches) watch.emit(bookmark(this.revision, false));
    }
  }

  execute(call: ApiCall, nowNs: number): ApiResult {
    if (call.subresource === 'healthz') return ok(null, this.revision);
    switch (call.verb) {
      case 'get': {
        const found = this.#of(call.resource).get(call.path ?? '');
        return found === undefined ? status(404, 'NotFound') : ok(found, this.revision);
      }
      case 'list':
        return this.#list(call);
      case 'create':
        if (call.subresource === 'eviction') return this.#evict(call, nowNs);
        return call.subresource === 'binding' ? this.#mutate(call) : this.#create(call);
      case 'update':
        return call.mutate === undefined ? this.#update(call) : this.#mutate(call);
      case 'patch':
      case 'apply':
        return this.#mutate(call);
      case 'delete':
        return this.#delete(call, nowNs);
      case 'deletecollection':
        return this.#deleteCollection(call, nowNs);
      case 'watch':
        return status(500, 'InternalError');
    }
  }

  /** A refusal, or the watch runs from now on (what it missed has been emitted). */
  watch(watch: FakeWatch): ApiResult | null {
    const { call } = watch;
    const from = call.resourceVersion ?? 0;
    if (call.sendInitialEvents === true) {
      for (const object of this.#of(call.resource).values()) {
        if (selected(call, object)) watch.emit(event('ADDED', object, object.resourceVersion));
      }
      watch.emit(bookmark(this.revision, true));
    } else if (from > 0) {
      if (from < this.#compacted) return status(410, 'Expired');
      for (const change of this.#changes.get(call.resource) ?? []) {
        if (change.revision > from) tell(watch, change);
      }
    }
    const watches = this.#watches.get(call.resource) ?? new Set();
    this.#watches.set(call.resource, watches.add(watch));
    return null;
  }

  unwatch(watch: FakeWatch): void {
    this.#watches.get(watch.call.resource)?.delete(watch);
  }

  #of(resource: ResourceName): Map<string, KubeObject> {
    const known = this.#objects.get(resource);
    if (known !== undefined) return known;
    const objects = new Map<string, KubeObject>();
    this.#objects.set(resource, objects);
    return objects;
  }

  /** Pages after the first are of the same version as it, until `compact`. */
  #list(call: ApiCall): ApiResult {
    const first = call.continueAt ?? 0;
    const revision = first > 0 ? (call.resourceVersion ?? 0) : this.revision;
    const key = `${call.resource} ${revision}`;
    const selects = (object: KubeObject) => selected(call, object);
    const found = first > 0 ? this.#pages.get(key) : this.all(call.resource).filter(selects);
    if (found === undefined) return status(410, 'Expired');
    const items = found.slice(first, call.limit ? first + call.limit : undefined);
    const end = first + items.length;
    if (end < found.length) this.#pages.set(key, found);
    return {
      ...ok(null, revision),
      items: call.wantItems === false ? null : items,
      count: items.length,
      continueAt: end < found.length ? end : 0,
      bytes: items.reduce((sum, object) => sum + object.bytes, STATUS_BYTES),
    };
  }

  #create(call: ApiCall): ApiResult {
    const object = call.object;
    if (object === undefined) return status(400, 'BadRequest');
    const objects = this.#of(object.resource);
    if (objects.has(object.meta.path)) return status(409, 'AlreadyExists');
    const namespace = this.get('namespaces', object.meta.namespace);
    if (namespace !== undefined && !Number.isNaN(namespace.meta.deletedNs)) {
      return status(403, 'NamespaceTerminating');
    }
    return this.#commit(null, object);
  }

  #update(call: ApiCall): ApiResult {
    const { object } = call;
    if (object === undefined) return status(400, 'BadRequest');
    const before = this.#of(object.resource).get(call.path ?? object.meta.path);
    if (before === undefined) return status(404, 'NotFound');
    if (call.resourceVersion && call.resourceVersion !== before.resourceVersion) {
      return status(409, 'Conflict');
    }
    return this.#commit(before, object);
  }

  #mutate(call: ApiCall): ApiResult {
    const before = this.#of(call.resource).get(call.path ?? '');
    if (before === undefined) {
      const created = call.verb === 'apply' && call.object !== undefined;
      return created ? this.#commit(null, call.object) : status(404, 'NotFound');
    }
    if (call.uid !== undefined && call.uid !== before.meta.uid) return status(409, 'Conflict');
    const after = call.mutate?.(before) ?? before;
    if (typeof after === 'string') return status(call.subresource === 'binding' ? 409 : 422, after);
    return after === before ? ok(before, this.revision) : this.#commit(before, after);
  }

  #evict(call: ApiCall, nowNs: number): ApiResult {
    const pod = this.get<Pod>('pods', call.path ?? '');
    if (pod === undefined) return status(404, 'NotFound');
    for (const budget of this.all<PodDisruptionBudget>('poddisruptionbudgets')) {
      if (budget.meta.namespace !== pod.meta.namespace || isTerminal(pod)) continue;
      if (!matches(budget.spec.selector, pod.meta.labels)) continue;
      if (budget.status.disruptionsAllowed < 1) return status(429, 'TooManyRequests');
      const disruptionsAllowed = budget.status.disruptionsAllowed - 1;
      const after: PodDisruptionBudget = {
        ...budget,
        resourceVersion: 0,
        status: { ...budget.status, disruptionsAllowed },
      };
      this.#commit(budget, after);
    }
    return this.#delete(call, nowNs);
  }

  #delete(call: ApiCall, nowNs: number): ApiResult {
    const before = this.#of(call.resource).get(call.path ?? '');
    if (before === undefined) return status(404, 'NotFound');
    if (call.uid !== undefined && call.uid !== before.meta.uid) return status(409, 'Conflict');
    const graceNs = graceOf(before, call.graceNs);
    const finalizers = [...before.meta.finalizers];
    const add = { Foreground: 'foregroundDeletion', Orphan: 'orphan', Background: '' };
    const added = add[call.propagation ?? 'Background'];
    if (added !== '' && !finalizers.includes(added)) finalizers.push(added);
    if (graceNs === 0 && finalizers.length === 0) return this.#remove(before);
    const waiting = !Number.isNaN(before.meta.deletedNs);
    const shorter = waiting && graceNs < before.meta.deletionGraceNs;
    if (waiting && !shorter && finalizers.length === before.meta.finalizers.length) {
      return ok(before, this.revision);
    }
    const deletedNs = waiting ? before.meta.deletedNs : nowNs;
    const meta = { ...before.meta, deletedNs, deletionGraceNs: graceNs, finalizers };
    const after: KubeObject = { ...before, resourceVersion: 0, meta };
    if (before.resource === 'namespaces') Object.assign(after, { phase: 'Terminating' });
    return this.#commit(before, after);
  }

  #deleteCollection(call: ApiCall, nowNs: number): ApiResult {
    let count = 0;
    for (const object of this.all(call.resource)) {
      if (!selected(call, object)) continue;
      count++;
      this.#delete({ ...call, verb: 'delete', path: object.meta.path }, nowNs);
    }
    return { ...ok(null, this.revision), count };
  }

  /** Stores a version; one that was only waiting for its last finalizer goes. */
  #commit(before: KubeObject | null, after: KubeObject): ApiResult {
    const { meta } = after;
    const ends = !Number.isNaN(meta.deletedNs) && meta.finalizers.length === 0;
    if (before !== null && before.meta.finalizers.length > 0 && ends && graceIsOver(after)) {
      return this.#remove(after);
    }
    if (meta.path !== pathOf(meta.namespace, meta.name)) return status(400, 'BadRequest');
    after.resourceVersion = ++this.revision;
    this.#of(after.resource).set(meta.path, after);
    this.#tell({ before, after, revision: this.revision }, after.resource);
    return { ...ok(after, this.revision), code: before === null ? 201 : 200 };
  }

  #remove(last: KubeObject): ApiResult {
    this.#of(last.resource).delete(last.meta.path);
    this.revision++;
    this.#tell({ before: last, after: null, revision: this.revision }, last.resource);
    return ok(last, this.revision);
  }

  #tell(change: Change, resource: ResourceName): void {
    const changes = this.#changes.get(resource);
    if (changes === undefined) this.#changes.set(resource, [change]);
    else changes.push(change);
    for (const watch of [...(this.#watches.get(resource) ?? [])]) tell(watch, change);
  }
}

/** What a watch with selectors sees of a change (cacher: an object leaves by DELETED). */
function tell(watch: FakeWatch, { before, after, revision }: Change): void {
  const was = before !== null && selected(watch.call, before);
  const is = after !== null && selected(watch.call, after);
  if (is) watch.emit(event(was ? 'MODIFIED' : 'ADDED', after, revision));
  else if (was) watch.emit(event('DELETED', before, revision));
}

function selected(call: ApiCall, object: KubeObject): boolean {
  if (call.namespace && call.namespace !== object.meta.namespace) return false;
  return labelled(call.labelSelector, object) && fielded(call.fieldSelector, object);
}

function labelled(selector: LabelSelector | undefined, object: KubeObject): boolean {
  return selector === undefined || matches(selector, object.meta.labels);
}

function fielded(selector: FieldSelector | undefined, object: KubeObject): boolean {
  if (selector === undefined) return true;
  if (selector.field === 'metadata.name') return object.meta.name === selector.value;
  return object.resource === 'pods' && (object as Pod).nodeName === selector.value;
}

/** kubernetes/pkg/registry/core/pod/strategy.go CheckGracefulDelete. */
function graceOf(object: KubeObject, asked: number | undefined): number {
  if (object.resource !== 'pods') return 0;
  const pod = object as Pod;
  if (pod.nodeName === '' || isTerminal(pod)) return 0;
  return asked ?? pod.spec.terminationGraceNs;
}

function graceIsOver(object: KubeObject): boolean {
  return graceOf(object, object.meta.deletionGraceNs) === 0;
}

function ok(object: KubeObject | null, resourceVersion: number): ApiResult {
  return {
    code: 200,
    reason: '',
    object,
    items: null,
    count: 0,
    continueAt: 0,
    resourceVersion,
    retryAfterS: 0,
    bytes: object === null ? STATUS_BYTES : object.bytes,
  };
}

export function status(code: number, reason: string, retryAfterS = 0): ApiResult {
  return { ...ok(null, 0), code, reason, retryAfterS };
}

function event(type: WatchEvent['type'], object: KubeObject, resourceVersion: number): WatchEvent {
  return { type, object, resourceVersion, initialEventsEnd: false, reason: '' };
}

function bookmark(resourceVersion: number, initialEventsEnd: boolean): WatchEvent {
  return { type: 'BOOKMARK', object: null, resourceVersion, initialEventsEnd, reason: '' };
}
