/**
 * From informers to the scheduler's memory: pods to its cache or its queue, and every change that
 * may help a pod to the queue as an event.
 *
 * Left out: pods of other schedulers are not told apart in the cache (they count as any other).
 * Source: kubernetes/pkg/scheduler/eventhandlers.go.
 */

import type { InformerFactory } from '../client-go/index.ts';
import {
  isTerminal,
  type LabelSelector,
  type Node,
  type ObjectOf,
  type OwnerReference,
  type PersistentVolumeClaim,
  type Pod,
  type ResourceName,
} from '../objects/index.ts';
import { sameLabels, sameTaints } from './cache/node-table.ts';
import {
  NODE_ADD,
  NODE_ALLOCATABLE,
  NODE_DELETE,
  NODE_LABEL,
  NODE_TAINT,
  POD_ADD,
  POD_DELETE,
  POD_UPDATE,
  STORAGE,
} from './queue/events.ts';
import type { SchedulerState } from './state.ts';

export interface ViewListener {
  readonly nowNs: number;
  /** A pod has come into the queue for the first time. */
  onQueued(pod: Pod): void;
  /** The queue may have something to pop. */
  onChange(): void;
}

type Set<T> = (state: SchedulerState, object: T, old: T | null) => void;
type Gone<T> = (state: SchedulerState, object: T) => void;

export class ClusterView {
  readonly #factory: InformerFactory;
  readonly #listener: ViewListener;
  /** By resource, in the order in which a new memory is filled. */
  readonly #fills: ((state: SchedulerState) => void)[] = [];
  /** Null while it does not lead: informers fill, nothing else does. */
  #state: SchedulerState | null = null;

  constructor(factory: InformerFactory, listener: ViewListener) {
    this.#factory = factory;
    this.#listener = listener;
    this.#watchLookups();
    this.#watchStorage();
    this.#watch(
      'nodes',
      (state, node, old) => this.#setNode(state, node, old),
      (state, node) => {
        state.cache.removeNode(node.meta.name);
        this.#move(NODE_DELETE, node, null);
      },
    );
    // Last: what plugins look up and nodes come before the pods that are on them.
    this.#watch(
      'pods',
      (state, pod, old) => this.#setPod(state, pod, old),
      (state, pod) => this.#podGone(state, pod),
    );
  }

  /** Fills the memory of a scheduler that begins to lead. */
  attach(state: SchedulerState): void {
    this.#state = state;
    state.cache.ownerSelector = (owner) => this.#ownerSelector(owner);
    for (const fill of this.#fills) fill(state);
  }

  detach(): void {
    this.#state = null;
  }

  /** What the informer has of a pod now. */
  podNow(path: string): Pod | undefined {
    return this.#factory.informer('pods').get(path);
  }

  claimNow(path: string): PersistentVolumeClaim | undefined {
    return this.#factory.informer('persistentvolumeclaims').get(path);
  }

  #watch<R extends ResourceName>(
    resource: R,
    set: Set<ObjectOf<R>>,
    gone: Gone<ObjectOf<R>>,
  ): void {
    const informer = this.#factory.informer(resource);
    informer.addHandlers({
      onAdd: (object) => {
        if (this.#state !== null) set(this.#state, object, null);
      },
      onUpdate: (object, old) => {
        if (this.#state !== null) set(this.#state, object, old);
      },
      onDelete: (object) => {
        if (this.#state !== null) gone(this.#state, object);
      },
    });
    this.#fills.push((state) => {
      for (const object of informer.values()) set(state, object, null);
    });
  }

  #watchLookups(): void {
    this.#watch(
      'namespaces',
      ({ cache }, { meta }) => cache.setNamespace(meta.name, meta.labels),
      ({ cache }, { meta }) => cache.setNamespace(meta.name, null),
    );
    this.#watch(
      'services',
      ({ cache }, service) => cache.setService(service),
      ({ cache }, service) => cache.removeService(service),
    );
    this.#watch(
      'poddisruptionbudgets',
      ({ cache }, budget) => cache.budgets.set(budget.meta.path, budget),
      ({ cache }, { meta }) => cache.budgets.delete(meta.path),
    );
    // Read where they are, by the owners of pods.
    for (const resource of ['replicasets', 'replicationcontrollers', 'statefulsets'] as const) {
      this.#factory.informer(resource);
    }
  }

  #watchStorage(): void {
    const keep = <R extends ResourceName>(
      resource: R,
      mapOf: (state: SchedulerState) => Map<string, ObjectOf<R>>,
      onSet: (state: SchedulerState, object: ObjectOf<R>) => void = () => {},
    ) => {
      this.#watch(
        resource,
        (state, object) => {
          mapOf(state).set(object.meta.path, object);
          onSet(state, object);
          this.#move(STORAGE, null, null);
        },
        (state, object) => {
          mapOf(state).delete(object.meta.path);
          this.#move(STORAGE, null, null);
        },
      );
    };
    keep('storageclasses', ({ cache }) => cache.volumes.classes);
    keep('csinodes', ({ cache }) => cache.volumes.csiNodes);
    keep(
      'persistentvolumes',
      ({ cache }) => cache.volumes.volumes,
      ({ cache }, { meta, spec }) => {
        // What was assumed is seen, or it was somebody else's.
        if (spec.claim !== '') cache.volumes.assumed.delete(meta.path);
      },
    );
    keep('persistentvolumeclaims', ({ cache }) => cache.volumes.claims);
  }

  #setPod(state: SchedulerState, pod: Pod, old: Pod | null): void {
    if (old !== null && old.meta.uid !== pod.meta.uid) {
      this.#podGone(state, old);
      this.#setPod(state, pod, null);
      return;
    }
    // The informer's selector leaves out pods that have ended.
    if (isTerminal(pod)) this.#podGone(state, pod);
    else if (pod.nodeName !== '') this.#podOnNode(state, pod);
    else this.#podPending(state, pod);
  }

  #podOnNode(state: SchedulerState, pod: Pod): void {
    const { cache, nominator, queue } = state;
    const { uid } = pod.meta;
    const known = cache.podOf(uid);
    const isNew = known === undefined || known.assumed;
    const labels = known?.pod.meta.labels;
    if (isNew) {
      const queued = queue.get(uid);
      // While it is being bound its binding ends it.
      if (queued !== undefined && queued.queue !== 'none') queue.remove(uid);
      nominator.delete(uid);
    }
    cache.addPod(pod);
    if (isNew) this.#move(POD_ADD, null, pod);
    else if (labels !== pod.meta.labels) this.#move(POD_UPDATE, null, pod);
  }

  #podPending(state: SchedulerState, pod: Pod): void {
    const { cache, nominator, queue } = state;
    const { uid } = pod.meta;
    if (state.algorithmOf(pod) === undefined) return;
    if (cache.podOf(uid) !== undefined) return;
    const promised = pod.status.nominatedNodeName;
    if (promised !== '') nominator.set(pod, cache.table.rowFor(promised));
    if (queue.get(uid) !== undefined) {
      queue.update(pod, state.isGated(pod), this.#listener.nowNs);
    } else {
      queue.add(pod, this.#listener.nowNs, state.isGated(pod));
      this.#listener.onQueued(pod);
    }
    this.#listener.onChange();
  }

  #podGone(state: SchedulerState, pod: Pod): void {
    const { cache, nominator, queue } = state;
    const { uid } = pod.meta;
    nominator.delete(uid);
    if (pod.nodeName !== '') {
      if (cache.removePod(uid)) this.#move(POD_DELETE, null, pod);
      return;
    }
    queue.remove(uid);
  }

  #setNode(state: SchedulerState, node: Node, old: Node | null): void {
    const changed = state.cache.setNode(node);
    if (old === null) {
      this.#move(NODE_ADD, node, null);
      return;
    }
    if (!changed) return;
    let kinds = NODE_ALLOCATABLE;
    if (!sameLabels(node.meta.labels, old.meta.labels)) kinds |= NODE_LABEL;
    const { spec } = node;
    if (
      spec.unschedulable !== old.spec.unschedulable ||
      !sameTaints(spec.taints, old.spec.taints)
    ) {
      kinds |= NODE_TAINT;
    }
    this.#move(kinds, node, null);
  }

  #move(kinds: number, node: Node | null, pod: Pod | null): void {
    this.#state?.queue.move({ kinds, node, pod }, this.#listener.nowNs);
    this.#listener.onChange();
  }

  #ownerSelector(owner: OwnerReference): LabelSelector | null {
    switch (owner.resource) {
      case 'replicasets':
      case 'replicationcontrollers':
      case 'statefulsets':
        return this.#factory.informer(owner.resource).get(owner.path)?.spec.selector ?? null;
      default:
        return null;
    }
  }
}
