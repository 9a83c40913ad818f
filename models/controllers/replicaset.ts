/**
 * The ReplicaSet controller, and the ReplicationController's, which is the same one on another
 * resource: keeps as many pods as are asked for.
 *
 * Follows kubernetes/pkg/controller/replicaset/{replica_set.go,replica_set_utils.go}. The one idea:
 * expectations: after asking for pods, wait until the cache shows them.
 * Left out: adoption and release of pods by labels, conditions.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import { controllerOf, isBeingDeleted, type Pod, type ReplicaSet } from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  getCall,
  INDEX_OWNER,
  type Steps,
  type Sync,
  send,
  statusCall,
  withStatus,
} from './environment.ts';
import { Expectations } from './expectations.ts';
import { createPods, deletePods, podOf } from './pod-control.ts';
import { isActive, isAvailable, podsToDelete } from './pod-ranking.ts';

/** BurstReplicas: creates or deletes of one sync. */
export const BURST_REPLICAS = 500;

export type ReplicaSetResource = 'replicasets' | 'replicationcontrollers';

export class ReplicaSetController implements Controller {
  readonly name: string;
  readonly #env: ControllerEnvironment;
  readonly #resource: ReplicaSetResource;
  readonly #client: ApiClient;
  readonly #sets: Informer<ReplicaSetResource>;
  readonly #queue: WorkQueue;
  readonly #recorder: EventRecorder;
  readonly #expectations = new Expectations();

  constructor(env: ControllerEnvironment, resource: ReplicaSetResource) {
    this.#env = env;
    this.#resource = resource;
    this.name = resource === 'replicasets' ? 'replicaset' : 'replicationcontroller';
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#sets = env.informer(resource);
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    this.#sets.addHandlers({
      onAdd: (set) => this.#queue.add(set.meta.path),
      onUpdate: (set) => this.#queue.add(set.meta.path),
      onDelete: (set) => {
        this.#expectations.forget(set.meta.path);
        this.#queue.add(set.meta.path);
      },
    });
    env.pods.addHandlers({
      onAdd: (pod) => this.#onPodAdd(pod),
      onUpdate: (pod, old) => this.#onPodUpdate(pod, old),
      onDelete: (pod) => this.#onPodDelete(pod),
    });
  }

  #onPodAdd(pod: Pod): void {
    if (isBeingDeleted(pod)) {
      this.#onPodDelete(pod);
      return;
    }
    const key = this.#ownerKey(pod);
    if (key === '') return;
    this.#expectations.creationObserved(key);
    this.#queue.add(key);
  }

  #onPodUpdate(pod: Pod, old: Pod): void {
    if (isBeingDeleted(pod)) {
      this.#onPodDelete(pod);
      return;
    }
    const key = this.#ownerKey(pod);
    if (key === '') return;
    this.#queue.add(key);
    const minReadyNs = this.#sets.get(key)?.spec.minReadyNs ?? 0;
    if (!old.status.ready && pod.status.ready && minReadyNs > 0) {
      // A second later than it seems: readiness is stamped in whole seconds.
      this.#queue.addAfter(key, minReadyNs + 1e9);
    }
  }

  #onPodDelete(pod: Pod): void {
    const key = this.#ownerKey(pod);
    if (key === '') return;
    this.#expectations.deletionObserved(key, pod.meta.uid);
    this.#queue.add(key);
  }

  /** resolveControllerRef: '' where another controller or nobody owns it. */
  #ownerKey(pod: Pod): string {
    const owner = controllerOf(pod);
    if (owner === null || owner.resource !== this.#resource) return '';
    return this.#sets.get(owner.path)?.meta.uid === owner.uid ? owner.path : '';
  }

  *#sync(key: string): Sync {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      return '';
    }
    const { nowNs } = this.#env.sim;
    const needsSync = this.#expectations.satisfied(key, nowNs);
    const active: Pod[] = [];
    for (const pod of this.#env.pods.byIndex(INDEX_OWNER, String(set.meta.uid))) {
      if (isActive(pod)) active.push(pod);
    }
    let error = '';
    if (needsSync && !isBeingDeleted(set)) error = yield* this.#manage(key, set, active);
    const status = this.#statusOf(set, active);
    const written = yield* this.#writeStatus(set, status);
    if (written !== '') return written;
    if (error !== '') return error;
    const { minReadyNs, replicas } = set.spec;
    const waits = status.readyReplicas === replicas && status.availableReplicas !== replicas;
    if (minReadyNs > 0 && waits) this.#queue.addAfter(key, minReadyNs);
    return '';
  }

  /** manageReplicas. */
  *#manage(key: string, set: ReplicaSet, active: readonly Pod[]): Sync {
    const { sim } = this.#env;
    const missing = Math.min(set.spec.replicas - active.length, BURST_REPLICAS);
    if (missing > 0) {
      this.#expectations.expectCreations(key, missing, sim.nowNs);
      const pods: Pod[] = [];
      for (let i = 0; i < missing; i++) pods.push(this.#newPod(set));
      const outcome = yield* createPods(this.#client, this.#recorder, set, pods);
      for (let i = outcome.created; i < missing; i++) this.#expectations.creationObserved(key);
      return outcome.error === 'NamespaceTerminating' ? '' : outcome.error;
    }
    const excess = Math.min(active.length - set.spec.replicas, BURST_REPLICAS);
    if (excess <= 0) return '';
    const chosen = podsToDelete(active, this.#related(set), excess, sim.nowNs);
    this.#expectations.expectDeletions(
      key,
      chosen.map((pod) => pod.meta.uid),
      sim.nowNs,
    );
    return yield* deletePods(this.#client, this.#recorder, set, chosen, (pod) =>
      this.#expectations.deletionObserved(key, pod.meta.uid),
    );
  }

  #newPod(set: ReplicaSet): Pod {
    const { sim, uids, observer } = this.#env;
    const pod = podOf(uids, sim.nowNs, set, set.spec.template);
    // The first pods of a set were asked for when it was made.
    const first = set.status.observedGeneration === 0;
    observer.podStage(pod.meta.uid, 'requested', first ? set.meta.createdNs : sim.nowNs);
    return pod;
  }

  /** getIndirectlyRelatedPods: those of all sets of the same owner. */
  *#related(set: ReplicaSet): Iterable<Pod> {
    const owner = controllerOf(set);
    if (owner === null) {
      yield* this.#env.pods.byIndex(INDEX_OWNER, String(set.meta.uid));
      return;
    }
    for (const sibling of this.#sets.byIndex(INDEX_OWNER, String(owner.uid))) {
      yield* this.#env.pods.byIndex(INDEX_OWNER, String(sibling.meta.uid));
    }
  }

  #statusOf(set: ReplicaSet, active: readonly Pod[]): ReplicaSet['status'] {
    let readyReplicas = 0;
    let availableReplicas = 0;
    for (const pod of active) {
      if (!pod.status.ready) continue;
      readyReplicas++;
      if (isAvailable(pod, set.spec.minReadyNs, this.#env.sim.nowNs)) availableReplicas++;
    }
    const observedGeneration = set.meta.generation;
    return { observedGeneration, replicas: active.length, readyReplicas, availableReplicas };
  }

  /** updateReplicaSetStatus: one retry, from a fresh GET. */
  *#writeStatus(set: ReplicaSet, status: ReplicaSet['status']): Steps<string> {
    const old = set.status;
    if (
      old.replicas === status.replicas &&
      old.readyReplicas === status.readyReplicas &&
      old.availableReplicas === status.availableReplicas &&
      old.observedGeneration === set.meta.generation
    ) {
      return '';
    }
    const first = yield* send(this.#client, statusCall(withStatus(set, status), set));
    const error = errorOf(first);
    if (error === '') return '';
    const latest = yield* send(this.#client, getCall(this.#resource, set.meta.path));
    if (latest.object === null || errorOf(latest) !== '') return errorOf(latest);
    const current = latest.object as ReplicaSet; // What was asked for.
    const again = yield* send(this.#client, statusCall(withStatus(current, status), current));
    return errorOf(again);
  }
}
