/**
 * Deletes and evictions, step by step (kubernetes/apiserver pkg/registry/generic/registry/store.go
 * `Delete`; kubernetes pkg/registry/core/pod/storage/eviction.go): the object is read
 * linearizably, then marked or removed; an eviction first takes from a disruption budget.
 */
import type { Simulation } from '../../src/core/index.ts';
import {
  isBeingDeleted,
  isTerminal,
  type KubeObject,
  matches,
  type Pod,
  type PodDisruptionBudget,
} from '../objects/index.ts';
import { markDeleted, REMOVE } from './deletion.ts';
import type { Request } from './request.ts';
import type { ReplicaStorage, StoreResult } from './storage/types.ts';

const BUDGET_SPENT = 'wavetank: no disruption allowed';
const STEP_READ = 1;
const STEP_BUDGET = 2;
const STEP_MARK = 3;
const STEP_REMOVE = 4;

export interface RemovalOwner {
  /** The verb ends as storage says. */
  finish(request: Request, result: StoreResult): void;
  onDone(request: Request, code: number, reason: string, result: StoreResult | null): void;
}

export class Removal {
  readonly #sim: Simulation;
  readonly #storage: ReplicaStorage;
  readonly #owner: RemovalOwner;

  constructor(sim: Simulation, storage: ReplicaStorage, owner: RemovalOwner) {
    this.#sim = sim;
    this.#storage = storage;
    this.#owner = owner;
  }

  /** Of the object at the request's path. */
  start(request: Request): void {
    request.step = STEP_READ;
    request.consistency = 'consistent';
    request.resourceVersion = 0;
    const storage = this.#storage.of(request.call.resource);
    storage.get(request.path, request, request.onStored);
  }

  /** Removes it now. `released`: the request itself took away the last finalizer. */
  remove(request: Request, released: boolean): void {
    request.step = STEP_REMOVE;
    request.resourceVersion = 0;
    const storage = this.#storage.of(request.call.resource);
    const validate = released ? null : heldByFinalizers;
    storage.delete(request.path, request, validate, request, request.onStored);
  }

  update(request: Request, current: KubeObject): KubeObject | string {
    if (request.step === STEP_BUDGET) return spend(current, request, this.#sim.nowNs);
    return markDeleted(current, request.call, this.#sim.nowNs);
  }

  stored(request: Request, result: StoreResult): void {
    switch (request.step) {
      case STEP_READ:
        this.#read(request, result);
        break;
      case STEP_BUDGET:
        this.#spent(request, result);
        break;
      case STEP_MARK:
        if (result.code === 'refused' && result.reason === REMOVE) this.remove(request, false);
        else this.#owner.finish(request, result);
        break;
      default:
        // It got a finalizer meanwhile.
        if (result.code === 'refused') this.#mark(request);
        else this.#owner.finish(request, result);
    }
  }

  #read(request: Request, result: StoreResult): void {
    const { object } = result;
    if (result.code !== 'ok' || object === null) {
      this.#owner.finish(request, result);
    } else if (request.uid !== 0 && object.meta.uid !== request.uid) {
      this.#owner.onDone(request, 409, 'Conflict', result);
    } else {
      request.object = object;
      request.uid = object.meta.uid;
      if (request.kind.subresource === 'eviction') this.#evict(request);
      else this.#delete(request, object);
    }
  }

  #delete(request: Request, object: KubeObject): void {
    const after = markDeleted(object, request.call, this.#sim.nowNs);
    if (after === REMOVE) this.remove(request, false);
    else this.#mark(request);
  }

  #mark(request: Request): void {
    request.step = STEP_MARK;
    request.resourceVersion = 0;
    const storage = this.#storage.of(request.call.resource);
    storage.update(request.path, request, request.update, request, request.onStored);
  }

  #evict(request: Request): void {
    const pod = request.object as Pod; // Only pods are evicted.
    const budgets = this.#budgetsOf(pod);
    if (budgets.length === 0) {
      this.#delete(request, pod);
    } else if (budgets.length > 1) {
      this.#owner.onDone(request, 500, 'InternalError', null);
    } else {
      request.step = STEP_BUDGET;
      request.path = budgets[0].meta.path;
      request.uid = 0;
      const storage = this.#storage.of('poddisruptionbudgets');
      storage.update(request.path, request, request.update, request, request.onStored);
    }
  }

  #budgetsOf(pod: Pod): PodDisruptionBudget[] {
    const { cacher } = this.#storage.of('poddisruptionbudgets');
    const budgets: PodDisruptionBudget[] = [];
    // eviction.go `canIgnorePDB`.
    const isPending = pod.status.phase === 'Pending';
    const needsNone = isPending || isTerminal(pod) || isBeingDeleted(pod);
    if (needsNone || cacher === null) return budgets;
    for (const object of cacher.values()) {
      const budget = object as PodDisruptionBudget; // By its resource.
      if (budget.meta.namespace !== pod.meta.namespace) continue;
      if (matches(budget.spec.selector, pod.meta.labels)) budgets.push(budget);
    }
    return budgets;
  }

  #spent(request: Request, result: StoreResult): void {
    if (result.code === 'refused') {
      this.#owner.onDone(request, 429, 'TooManyRequests', null);
    } else if (result.code !== 'ok') {
      this.#owner.finish(request, result);
    } else {
      const pod = request.object!;
      request.path = pod.meta.path;
      request.uid = pod.meta.uid;
      this.#delete(request, pod);
    }
  }
}

function heldByFinalizers(current: KubeObject): string | null {
  return current.meta.finalizers.length > 0 ? 'it has finalizers' : null;
}

/** One disruption less, and the pod remembered (eviction.go `checkAndDecrement`). */
function spend(current: KubeObject, request: Request, nowNs: number): KubeObject | string {
  const budget = current as PodDisruptionBudget; // By its resource.
  const { status } = budget;
  if (status.disruptionsAllowed < 1) return BUDGET_SPENT;
  const after: PodDisruptionBudget = {
    ...budget,
    resourceVersion: 0,
    status: {
      ...status,
      disruptionsAllowed: status.disruptionsAllowed - 1,
      disruptedPods: { ...status.disruptedPods, [request.object!.meta.name]: nowNs },
    },
  };
  return after;
}
