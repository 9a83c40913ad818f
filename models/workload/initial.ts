/** What a cluster that has been running holds: nodes, workloads that have settled, their pods. */
import type { KubernetesScenario, ObjectSetScenario } from '../../src/scenario/types.ts';
import {
  type KubeObject,
  type Lease,
  metaOf,
  type Namespace,
  type Node,
  type Pod,
  type PodSpec,
  type Uids,
} from '../objects/index.ts';
import { copyNamespace, objectsOf } from './objects.ts';
import { Placement } from './placement.ts';

/** What controllers have made of objects by the time that they have settled. */
export type Settle = (
  given: readonly KubeObject[],
  nodes: {
    /** Name of a node with room; '' none. */
    place(spec: PodSpec): string;
    /** Names of nodes on which a DaemonSet's pod runs. */
    eligible(spec: PodSpec): readonly string[];
  },
  namespaces: readonly string[],
) => readonly KubeObject[];

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export class InitialState {
  readonly objects: KubeObject[] = [];
  readonly sets: ReadonlyMap<string, ObjectSetScenario>;
  readonly #uids: Uids;

  constructor(
    kubernetes: KubernetesScenario,
    uids: Uids,
    ofNodes: readonly KubeObject[],
    settle: Settle,
    seed = 0,
  ) {
    this.#uids = uids;
    const creates = kubernetes.load.flatMap((load) => (load.kind === 'create' ? [load.set] : []));
    this.sets = new Map([...creates, ...kubernetes.objects].map((set) => [set.name, set]));
    const namespaces = [...namespacesOf(kubernetes)];
    for (const name of namespaces) this.objects.push(this.#namespace(name));
    for (const object of ofNodes) this.objects.push(object);
    // By its resource a node.
    const nodes = ofNodes.filter((object) => object.resource === 'nodes') as Node[];
    const isChurned = kubernetes.initialPlacement === 'afterChurn';
    const placement = new Placement(nodes, isChurned ? seed : null);
    const given: KubeObject[] = [];
    for (const set of kubernetes.objects) {
      for (let copy = 0; copy < set.copies; copy++) given.push(...objectsOf(set, copy, uids, 0));
    }
    const places = new KnownPlaces(kubernetes.objects, nodes, placement);
    for (const object of settle(given, places, namespaces)) this.objects.push(object);
  }

  /** Of a component that leads from the start. */
  addLease(lease: Lease): void {
    const taken = this.objects.some(
      (o) => o.resource === 'leases' && o.meta.path === lease.meta.path,
    );
    if (!taken) this.objects.push(lease);
  }

  /** Pods that found no node. */
  get unplaced(): number {
    let count = 0;
    for (const object of this.objects) {
      if (object.resource === 'pods' && (object as Pod).nodeName === '') count++;
    }
    return count;
  }

  #namespace(name: string): Namespace {
    return {
      resource: 'namespaces',
      meta: metaOf(this.#uids, 0, { name, finalizers: ['kubernetes'] }),
      bytes: 600,
      resourceVersion: 0,
      phase: 'Active',
    };
  }
}

/** Pods of imported sets run where they ran, in their order; others where there is room. */
class KnownPlaces {
  readonly #placement: Placement;
  readonly #index: ReadonlyMap<string, number>;
  /** By the spec that all pods of a set share: the nodes that are left. */
  readonly #left = new Map<PodSpec, { readonly names: readonly string[]; next: number }>();

  constructor(sets: readonly ObjectSetScenario[], nodes: readonly Node[], placement: Placement) {
    this.#placement = placement;
    this.#index = new Map(nodes.map((node, i) => [node.meta.name, i]));
    for (const { template, nodes: names } of sets) {
      if (template !== null && names.length > 0) this.#left.set(template.spec, { names, next: 0 });
    }
  }

  place(spec: PodSpec): string {
    const left = this.#left.get(spec);
    if (left === undefined || left.next === left.names.length) return this.#placement.place(spec);
    const name = left.names[left.next++];
    const at = this.#index.get(name);
    if (at === undefined) return this.#placement.place(spec);
    this.#placement.take(at, spec);
    return name;
  }

  eligible(spec: PodSpec): readonly string[] {
    return this.#placement.eligible(spec);
  }
}

function namespacesOf(kubernetes: KubernetesScenario): Set<string> {
  const names = new Set(NAMESPACES);
  const addSet = (set: ObjectSetScenario) => {
    if (set.kind === 'Namespace') return;
    for (let copy = 0; copy < Math.min(set.copies, set.namespaces); copy++) {
      names.add(copyNamespace(set, copy));
    }
  };
  for (const set of kubernetes.objects) addSet(set);
  for (const load of kubernetes.load) {
    if (load.kind === 'create') addSet(load.set);
    else if (load.kind === 'churn') {
      for (let i = 0; i < load.namespaces; i++) names.add(`${load.name}-${i}`);
    } else if (load.kind === 'replay') for (const pod of load.pods) names.add(pod.namespace);
  }
  return names;
}
