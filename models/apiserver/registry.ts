/**
 * The verbs: what each does to storage, step by step, and how its end is told (kubernetes/apiserver
 * pkg/registry/generic/registry/store.go, pkg/endpoints/handlers; kubernetes pkg/registry/core/pod
 * for binding, eviction and pkg/registry/core/serviceaccount for tokens).
 *
 * A delete reads first, linearizably (`Store.Delete`); an update begins with the cached version; a
 * collection is deleted one object after the other (--delete-collection-workers 1).
 *
 * Left out: dry runs, field validation, managed fields, conversion between versions, aggregation.
 */
import type { Simulation } from '../../src/core/index.ts';
import {
  type ClusterObserver,
  isBeingDeleted,
  type KubeObject,
  type Namespace,
  type Pod,
} from '../objects/index.ts';
import type { Defaulting } from './defaulting.ts';
import { isReleased, REMOVE } from './deletion.ts';
import { Removal } from './removal.ts';
import type { Request } from './request.ts';
import { statusOf } from './storage/status.ts';
import type { ReplicaStorage, ResourceStorage, StoreResult } from './storage/types.ts';

/** An apply that finds its object gone, there, and gone again gives up. */
const APPLY_TRIES = 5;
/** Linearizable reads of a token: service account, pod, node. */
const TOKEN_READS = 3;

/** How the path hears of the end of a verb. */
export interface RegistryOwner {
  onDone(request: Request, code: number, reason: string, result: StoreResult | null): void;
  /** A request of its own, without a client, for one object of a collection. */
  child(parent: Request, object: KubeObject): Request;
}

export interface RegistryLinks {
  readonly sim: Simulation;
  readonly storage: ReplicaStorage;
  readonly defaulting: Defaulting;
  readonly observer: ClusterObserver;
  readonly eventTtlNs: number;
}

export class Registry {
  readonly #links: RegistryLinks;
  readonly #owner: RegistryOwner;
  readonly #removal: Removal;

  constructor(links: RegistryLinks, owner: RegistryOwner) {
    this.#links = links;
    this.#owner = owner;
    this.#removal = new Removal(links.sim, links.storage, {
      finish: (request, result) => this.#done(request, result),
      onDone: owner.onDone,
    });
  }

  /** The first call of storage. Watches are not served here. */
  start(request: Request): void {
    const { call, kind } = request;
    const storage = this.#links.storage.of(call.resource);
    request.step = 0;
    switch (kind.verb) {
      case 'get':
        request.consistency = call.consistency ?? 'consistent';
        storage.get(request.path, request, request.onStored);
        return;
      case 'list':
      case 'deletecollection':
        this.#list(request, storage);
        return;
      case 'create':
        this.#create(request, storage);
        return;
      case 'update':
      case 'patch':
      case 'apply':
        if (call.path === undefined && call.object !== undefined) {
          request.path = call.object.meta.path;
        }
        storage.update(request.path, request, request.update, request, request.onStored);
        return;
      case 'delete':
        this.#removal.start(request);
        return;
      case 'watch':
        throw new Error('watches are served by the table of watches');
    }
  }

  /** Storage has answered. */
  stored(request: Request, result: StoreResult): void {
    const { kind } = request;
    if (kind.verb === 'delete' || kind.subresource === 'eviction') {
      this.#removal.stored(request, result);
    } else if (kind.verb === 'deletecollection') {
      this.#collectionStep(request, result);
    } else if (kind.subresource === 'token') {
      this.#tokenStep(request);
    } else if (result.code === 'refused' && result.reason === REMOVE) {
      this.#removal.remove(request, true);
    } else if (kind.verb === 'apply' && this.#applyStep(request, result)) {
      return;
    } else {
      this.#done(request, result);
    }
  }

  /** `GuaranteedUpdate`'s function for whatever the request is doing. */
  update(request: Request, current: KubeObject): KubeObject | null | string {
    const { call, kind } = request;
    if (kind.verb === 'delete' || kind.subresource === 'eviction') {
      return this.#removal.update(request, current);
    }
    if (kind.subresource === 'binding') {
      const pod = current as Pod; // Only pods are bound.
      if (pod.nodeName !== '') return `pod ${pod.meta.name} is already assigned to a node`;
      if (isBeingDeleted(pod)) return `pod ${pod.meta.name} is being deleted`;
    }
    const after = call.mutate === undefined ? (call.object ?? null) : call.mutate(current);
    if (after === null || typeof after === 'string' || after === current) return after;
    if (isReleased(current, after)) return REMOVE;
    return newVersion(current, after, kind.subresource);
  }

  /** The next object of a collection has been deleted. */
  childDone(parent: Request): void {
    this.#nextOfCollection(parent);
  }

  #list(request: Request, storage: ResourceStorage): void {
    const { call } = request;
    request.consistency = call.consistency ?? 'consistent';
    request.namespace = call.namespace ?? '';
    request.labelSelector = call.labelSelector ?? null;
    request.fieldSelector = call.fieldSelector ?? null;
    request.limit = call.limit ?? 0;
    request.continueAt = call.continueAt ?? 0;
    request.wantItems = call.wantItems ?? true;
    if (request.kind.verb === 'deletecollection') {
      request.consistency = 'consistent';
      request.wantItems = true;
      request.limit = 0;
    }
    storage.list(request, request.onStored);
  }

  #create(request: Request, storage: ResourceStorage): void {
    const { call, kind } = request;
    if (kind.subresource === 'binding') {
      storage.update(request.path, request, request.update, request, request.onStored);
      return;
    }
    if (kind.subresource === 'eviction') {
      this.#removal.start(request);
      return;
    }
    if (kind.subresource === 'token') {
      request.consistency = 'consistent';
      storage.get(request.path, request, request.onStored);
      return;
    }
    const { object } = call;
    if (object === undefined) {
      this.#owner.onDone(request, 400, 'BadRequest', null);
      return;
    }
    if (this.#isTerminating(object.meta.namespace)) {
      this.#owner.onDone(request, 403, 'NamespaceTerminating', null);
      return;
    }
    request.ttlNs = object.resource === 'events' ? this.#links.eventTtlNs : 0;
    const unstored = object.resourceVersion === 0 ? object : { ...object, resourceVersion: 0 };
    const created = this.#links.defaulting.created(unstored);
    storage.create(created, request, request.onStored);
  }

  /** NamespaceLifecycle: nothing is created in a namespace that is going. */
  #isTerminating(namespace: string): boolean {
    if (namespace === '') return false;
    const cacher = this.#links.storage.of('namespaces').cacher;
    const found = cacher?.get(namespace) as Namespace | undefined; // By its resource.
    return found !== undefined && isBeingDeleted(found);
  }

  /** The service account, then its pod, then its node; the answers do not matter here. */
  #tokenStep(request: Request): void {
    if (request.step >= TOKEN_READS - 1) {
      this.#owner.onDone(request, 201, '', null);
      return;
    }
    request.step++;
    const resource = request.step === 1 ? 'pods' : 'nodes';
    this.#links.storage.of(resource).get(request.path, request, request.onStored);
  }

  #collectionStep(request: Request, result: StoreResult): void {
    if (result.code !== 'ok') {
      this.#done(request, result);
      return;
    }
    request.answer = result;
    request.rest = result.items ?? [];
    request.next = 0;
    this.#nextOfCollection(request);
  }

  #nextOfCollection(parent: Request): void {
    const rest = parent.rest!;
    if (parent.next >= rest.length || this.#links.sim.nowNs > parent.deadlineNs) {
      const timedOut = parent.next < rest.length;
      this.#owner.onDone(parent, timedOut ? 504 : 200, timedOut ? 'Timeout' : '', parent.answer);
      return;
    }
    const child = this.#owner.child(parent, rest[parent.next++]);
    this.#removal.start(child);
  }

  /** Apply creates what is not there; true where it goes on. */
  #applyStep(request: Request, result: StoreResult): boolean {
    if (++request.step > APPLY_TRIES) return false;
    const { object } = request.call;
    const storage = this.#links.storage.of(request.call.resource);
    if (result.code === 'notFound' && object !== undefined) {
      this.#create(request, storage);
      return true;
    }
    if (result.code !== 'keyExists') return false;
    storage.update(request.path, request, request.update, request, request.onStored);
    return true;
  }

  #done(request: Request, result: StoreResult): void {
    const { kind } = request;
    if (result.code === 'ok') {
      if (kind.mutating) this.#observe(request, result);
      this.#owner.onDone(request, kind.verb === 'create' ? 201 : 200, '', result);
      return;
    }
    const status = statusOf(result.code);
    request.retryAfterS = result.retryAfterS;
    if (result.code === 'refused') {
      const code = kind.subresource === 'binding' ? 409 : status.code;
      this.#owner.onDone(request, code, result.reason, result);
    } else {
      this.#owner.onDone(request, status.code, status.reason, result);
    }
  }

  #observe(request: Request, result: StoreResult): void {
    const { kind } = request;
    const { object } = result;
    if (object === null) return;
    const { observer, sim } = this.#links;
    if (kind.verb === 'create' && kind.subresource === '') observer.created(object, sim.nowNs);
    if (object.resource !== 'pods') return;
    const pod = object as Pod; // By its resource.
    if (kind.subresource === 'binding') {
      observer.podStage(pod.meta.uid, 'bound', sim.nowNs);
    } else if (pod.status.ready && pod.status.phase === 'Running') {
      observer.podStage(pod.meta.uid, 'reported', sim.nowNs);
    }
  }
}

/** A version of its own, with its generation raised where its spec has changed. */
function newVersion(before: KubeObject, after: KubeObject, subresource: string): KubeObject {
  const changed =
    (subresource === '' || subresource === 'scale') &&
    specOf(after) !== specOf(before) &&
    after.meta.generation === before.meta.generation;
  if (changed) {
    const meta = { ...after.meta, generation: after.meta.generation + 1 };
    return { ...after, resourceVersion: 0, meta };
  }
  return after.resourceVersion === 0 ? after : { ...after, resourceVersion: 0 };
}

/** Some resources have one; it is compared by identity, as versions share what did not change. */
function specOf(object: KubeObject): unknown {
  return (object as { spec?: unknown }).spec;
}
