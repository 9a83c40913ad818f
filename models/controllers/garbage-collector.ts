/**
 * The garbage collector: deletes what lost its owners, and carries out foreground deletion and
 * orphaning. Two calls for each object: a GET, as its cache may be behind, and a DELETE.
 *
 * Follows kubernetes/pkg/controller/garbagecollector/garbagecollector.go; the graph is in
 * gc-graph.ts.
 * Left out: resources that come and go (discovery every 30 s), the sync of monitors.
 */
import type { ApiClient, WorkQueue } from '../client-go/index.ts';
import {
  type ApiCall,
  type KubeObject,
  type OwnerReference,
  type ResourceName,
  resourceNames,
  withMeta,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  deleteCall,
  errorOf,
  getCall,
  patchCall,
  perform,
  type Steps,
  type Sync,
  send,
  sendAll,
} from './environment.ts';
import { FINALIZER_FOREGROUND, FINALIZER_ORPHAN, GcGraph, type GcNode } from './gc-graph.ts';

/** A patch of owner references or finalizers. */
const PATCH_BYTES = 200;

interface Owners {
  readonly solid: OwnerReference[];
  readonly dangling: OwnerReference[];
  readonly waiting: OwnerReference[];
  readonly error: string;
}

export class GarbageCollector implements Controller {
  readonly name = 'garbagecollector';
  readonly graph: GcGraph;
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #toDelete: WorkQueue;
  readonly #toOrphan: WorkQueue;
  /** What is in the queues, by its uid: a node may have left the graph meanwhile. */
  readonly #pending = new Map<string, GcNode>();

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    // QPS doubled, as each object takes two calls (kubernetes/cmd/kube-controller-manager core.go).
    this.#client = env.client('generic-garbage-collector', 2);
    const workers = env.workers('gc', 20);
    const syncNs = cost(env, 'controllers.syncNs');
    const queue = (name: string, sync: (key: string) => Sync) =>
      env.queue({ name, workers, syncNs, sync });
    this.#toDelete = queue('garbage_collector_attempt_to_delete', (key) => this.#delete(key));
    this.#toOrphan = queue('garbage_collector_attempt_to_orphan', (key) => this.#orphan(key));
    this.graph = new GcGraph({
      attemptToDelete: (node) => this.#enqueue(this.#toDelete, node),
      attemptToOrphan: (node) => this.#enqueue(this.#toOrphan, node),
    });
    for (const resource of resourceNames) {
      if (resource !== 'events') this.#watch(resource);
    }
  }

  /** Every deletable resource is watched; events are ignored (DefaultIgnoredResources). */
  #watch(resource: ResourceName): void {
    this.#env.informer(resource).addHandlers({
      onAdd: (object) => this.graph.observe(object, null),
      onUpdate: (object, old) => {
        // Most updates (a lease's, a status) move nothing in the graph.
        if (object.meta !== old.meta) this.graph.observe(object, old);
      },
      onDelete: (object) => this.graph.remove(object.meta.uid),
    });
  }

  #enqueue(queue: WorkQueue, node: GcNode): void {
    // A cluster that has been running knows its owners: all caches fill within the first instant.
    if (node.virtual && this.#env.sim.nowNs === 0) return;
    const key = String(node.uid);
    this.#pending.set(key, node);
    queue.add(key);
  }

  /** attemptToDeleteWorker. */
  *#delete(key: string): Sync {
    const node = this.#pending.get(key);
    if (node === undefined) return '';
    if (node.virtual && this.graph.get(node.uid) !== node) {
      this.#pending.delete(key);
      return '';
    }
    const error = yield* this.#attempt(node);
    if (error !== '') return error;
    // Not yet seen by its informer: look again later.
    if (node.virtual && this.graph.get(node.uid) === node) return 'NotObserved';
    this.#pending.delete(key);
    return '';
  }

  /** attemptToDeleteItem. */
  *#attempt(node: GcNode): Sync {
    if (node.beingDeleted && !node.deletingDependents) return '';
    const result = yield* send(this.#client, getCall(node.resource, node.path));
    const error = errorOf(result);
    const latest = result.object;
    if (error !== '' && error !== 'NotFound') return error;
    if (latest === null || error === 'NotFound' || latest.meta.uid !== node.uid) {
      // enqueueVirtualDeleteEvent.
      this.graph.remove(node.uid);
      return '';
    }
    if (node.deletingDependents) return yield* this.#finishForeground(node, latest);
    const { owners } = latest.meta;
    if (owners.length === 0) return '';
    return yield* this.#judge(node, latest, yield* this.#classify(latest));
  }

  /** classifyReferences, each owner by a GET unless it is known to be absent. */
  *#classify(object: KubeObject): Steps<Owners> {
    const owners: Owners = { solid: [], dangling: [], waiting: [], error: '' };
    for (const owner of object.meta.owners) {
      if (this.graph.isAbsent(owner.uid)) {
        owners.dangling.push(owner);
        continue;
      }
      const result = yield* send(this.#client, getCall(owner.resource, owner.path));
      const error = errorOf(result);
      if (error !== '' && error !== 'NotFound') return { ...owners, error };
      const found = error === '' ? result.object : null;
      if (found === null || found.meta.uid !== owner.uid) {
        this.graph.markAbsent(owner.uid);
        owners.dangling.push(owner);
      } else if (isWaiting(found)) owners.waiting.push(owner);
      else owners.solid.push(owner);
    }
    return owners;
  }

  *#judge(node: GcNode, latest: KubeObject, owners: Owners): Sync {
    const { solid, dangling, waiting, error } = owners;
    if (error !== '') return error;
    if (solid.length > 0) {
      if (dangling.length + waiting.length === 0) return '';
      const gone = new Set([...dangling, ...waiting].map((owner) => owner.uid));
      return yield* this.#patchOwners(latest, (o) => (gone.has(o.uid) ? null : o));
    }
    const dependents = node.dependents?.size ?? 0;
    if (waiting.length > 0 && dependents > 0) {
      for (const dependent of node.dependents!.values()) {
        if (!dependent.deletingDependents) continue;
        // A circle of owners that all wait for each other: let go of it here.
        const unblocked = yield* this.#patchOwners(latest, (o) => ({
          ...o,
          blockOwnerDeletion: false,
        }));
        if (unblocked !== '') return unblocked;
        break;
      }
      return yield* this.#remove(latest, 'Foreground');
    }
    if (latest.meta.finalizers.includes(FINALIZER_ORPHAN))
      return yield* this.#remove(latest, 'Orphan');
    const foreground = latest.meta.finalizers.includes(FINALIZER_FOREGROUND);
    return yield* this.#remove(latest, foreground ? 'Foreground' : 'Background');
  }

  *#remove(object: KubeObject, propagation: ApiCall['propagation']): Sync {
    const call: ApiCall = { ...deleteCall(object), uid: object.meta.uid, propagation };
    const error = yield* perform(this.#client, call);
    return error === 'NotFound' ? '' : error;
  }

  /** processDeletingDependentsItem: its dependents go first. */
  *#finishForeground(node: GcNode, latest: KubeObject): Sync {
    const blocking = this.graph.blockingDependents(node);
    if (blocking.length === 0) return yield* this.#dropFinalizer(latest, FINALIZER_FOREGROUND);
    for (const dependent of blocking) {
      if (!dependent.deletingDependents) this.#enqueue(this.#toDelete, dependent);
    }
    return '';
  }

  /** attemptToOrphanWorker: dependents lose their owner, then it may go. */
  *#orphan(key: string): Sync {
    const node = this.#pending.get(key);
    if (node === undefined) return '';
    const calls: ApiCall[] = [];
    for (const dependent of node.dependents?.values() ?? []) {
      calls.push({
        ...getCall(dependent.resource, dependent.path),
        verb: 'patch',
        uid: dependent.uid,
        bodyBytes: PATCH_BYTES,
        mutate: (object) => withoutOwner(object, node.uid),
      });
    }
    for (const result of yield* sendAll(this.#client, calls)) {
      const error = errorOf(result);
      if (error !== '' && error !== 'NotFound') return error;
    }
    const latest = yield* send(this.#client, getCall(node.resource, node.path));
    if (errorOf(latest) === 'NotFound') return '';
    if (latest.object === null) return errorOf(latest);
    const error = yield* this.#dropFinalizer(latest.object, FINALIZER_ORPHAN);
    if (error === '') this.#pending.delete(key);
    return error;
  }

  *#dropFinalizer(object: KubeObject, finalizer: string): Sync {
    const call = patchCall(object, PATCH_BYTES, (current) => {
      const finalizers = current.meta.finalizers.filter((f) => f !== finalizer);
      return withMeta(current, { finalizers });
    });
    const error = yield* perform(this.#client, { ...call, uid: object.meta.uid });
    return error === 'NotFound' ? '' : error;
  }

  *#patchOwners(
    object: KubeObject,
    change: (owner: OwnerReference) => OwnerReference | null,
  ): Sync {
    const call = patchCall(object, PATCH_BYTES, (current) => {
      const owners: OwnerReference[] = [];
      for (const owner of current.meta.owners) {
        const kept = change(owner);
        if (kept !== null) owners.push(kept);
      }
      return withMeta(current, { owners });
    });
    return yield* perform(this.#client, { ...call, uid: object.meta.uid });
  }
}

/** It is in foreground deletion: its dependents are to go before it. */
function isWaiting(owner: KubeObject): boolean {
  const { meta } = owner;
  return !Number.isNaN(meta.deletedNs) && meta.finalizers.includes(FINALIZER_FOREGROUND);
}

function withoutOwner(object: KubeObject, uid: number): KubeObject {
  return withMeta(object, { owners: object.meta.owners.filter((owner) => owner.uid !== uid) });
}
