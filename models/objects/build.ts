/** Making objects and new versions of them. */
import type {
  KubeObject,
  Labels,
  ObjectMeta,
  OwnerReference,
  Pod,
  PodStatus,
  ResourceList,
} from './types.ts';

/** Numbers for objects; one instance per run. */
export class Uids {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

export interface MetaOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly owner?: OwnerReference;
  readonly finalizers?: readonly string[];
}

const NO_LABELS: Labels = Object.freeze({});
const NONE: readonly never[] = Object.freeze([]);

export function metaOf(uids: Uids, nowNs: number, o: MetaOptions): ObjectMeta {
  const namespace = o.namespace ?? '';
  return {
    uid: uids.next(),
    name: o.name,
    namespace,
    path: pathOf(namespace, o.name),
    labels: o.labels ?? NO_LABELS,
    owners: o.owner === undefined ? NONE : [o.owner],
    finalizers: o.finalizers ?? NONE,
    createdNs: nowNs,
    deletedNs: Number.NaN,
    deletionGraceNs: 0,
    generation: 1,
  };
}

export function pathOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The controller among the owners; null where there is none. */
export function controllerOf(object: KubeObject): OwnerReference | null {
  for (const owner of object.meta.owners) if (owner.controller) return owner;
  return null;
}

export function ownedBy(owner: KubeObject): OwnerReference {
  return {
    resource: owner.resource,
    path: owner.meta.path,
    uid: owner.meta.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isBeingDeleted(object: KubeObject): boolean {
  return !Number.isNaN(object.meta.deletedNs);
}

/** Succeeded or Failed: no longer counts against its node. */
export function isTerminal(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

export const PENDING: PodStatus = {
  phase: 'Pending',
  scheduled: '',
  ready: false,
  readySinceNs: Number.NaN,
  hasIP: false,
  startNs: Number.NaN,
  nominatedNodeName: '',
  restarts: 0,
  reason: '',
};

/** A version of a pod with another status; resourceVersion is not known yet. */
export function withPodStatus(pod: Pod, status: Partial<PodStatus>): Pod {
  return { ...pod, resourceVersion: 0, status: { ...pod.status, ...status } };
}

export function withMeta<T extends KubeObject>(object: T, meta: Partial<ObjectMeta>): T {
  return { ...object, resourceVersion: 0, meta: { ...object.meta, ...meta } };
}

export const NO_RESOURCES: ResourceList = {
  cpuMilli: 0,
  memoryBytes: 0,
  ephemeralBytes: 0,
  extended: {},
};

export function addResources(a: ResourceList, b: ResourceList): ResourceList {
  return combine(a, b, (x, y) => x + y);
}

export function maxResources(a: ResourceList, b: ResourceList): ResourceList {
  return combine(a, b, (x, y) => Math.max(x, y));
}

function combine(
  a: ResourceList,
  b: ResourceList,
  f: (x: number, y: number) => number,
): ResourceList {
  const extended: Record<string, number> = { ...a.extended };
  for (const [name, amount] of Object.entries(b.extended)) {
    extended[name] = f(extended[name] ?? 0, amount);
  }
  return {
    cpuMilli: f(a.cpuMilli, b.cpuMilli),
    memoryBytes: f(a.memoryBytes, b.memoryBytes),
    ephemeralBytes: f(a.ephemeralBytes, b.ephemeralBytes),
    extended,
  };
}
