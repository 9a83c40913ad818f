/**
 * Pods that Deployments, ReplicaSets and StatefulSets ask for and that are not there: no controller
 * has come to create them, or the API refused them. Looked at once, at the end of a run.
 *
 * *Left out:* Jobs, which may have fewer pods than they allow, and DaemonSets.
 */
import type { EtcdCluster } from '../../models/etcd/index.ts';
import {
  controllerOf,
  type Deployment,
  isBeingDeleted,
  isTerminal,
  type KubeObject,
  type Pod,
  type ResourceName,
} from '../../models/objects/index.ts';

export function podsNotCreated({ shared: { contents } }: EtcdCluster): number {
  const all = (resource: ResourceName): KubeObject[] => {
    const group = contents.groups.findIndex(({ name }) => name === resource);
    // What is stored in its group are objects of this resource.
    return group < 0 ? [] : (contents.valuesOf(group) as KubeObject[]);
  };
  const active = new Map<number, number>();
  const add = (object: KubeObject, pods: number) => {
    const owner = controllerOf(object);
    if (owner !== null) active.set(owner.uid, (active.get(owner.uid) ?? 0) + pods);
    return owner !== null;
  };
  for (const pod of all('pods') as Pod[]) {
    if (!isBeingDeleted(pod) && !isTerminal(pod)) add(pod, 1);
  }
  let missing = 0;
  const miss = (object: KubeObject) => {
    if (isBeingDeleted(object)) return;
    // The three have their number in the same place.
    const { replicas } = (object as Deployment).spec;
    missing += Math.max(0, replicas - (active.get(object.meta.uid) ?? 0));
  };
  for (const set of all('replicasets')) {
    if (!add(set, active.get(set.meta.uid) ?? 0)) miss(set);
  }
  for (const object of [...all('deployments'), ...all('statefulsets')]) miss(object);
  return missing;
}
