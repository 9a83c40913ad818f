/**
 * What follows from the pods of a settled cluster: slices and Endpoints of services, statuses of
 * budgets, quotas and autoscalers, and what each namespace has.
 */
import {
  type Deployment,
  type EndpointSlice,
  type HorizontalPodAutoscaler,
  type KubeObject,
  type LabelSelector,
  matches,
  type Pod,
  type PodDisruptionBudget,
  type ResourceQuota,
  type Service,
} from '../objects/index.ts';
import { budgetStatus } from './disruption.ts';
import { contentsOf, endpointsBytes, endpointsOf } from './endpoints.ts';
import { endpointOf, sliceOf } from './endpointslice.ts';
import { usageOf } from './resource-quota.ts';
import { bucketOf, bucketsOf, isOneLabel } from './selected-pods.ts';
import { publishedObject } from './serviceaccount.ts';
import type { SettleOptions } from './settled.ts';

const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export function settledPolicies(
  given: readonly KubeObject[],
  podsIn: ReadonlyMap<string, readonly Pod[]>,
  o: SettleOptions,
): KubeObject[] {
  const objects: KubeObject[] = [];
  const deployments = new Map<string, Deployment>();
  const namespaces = new Set(o.namespaces ?? SYSTEM_NAMESPACES);
  for (const object of given) {
    const { meta, resource } = object;
    if (o.namespaces === undefined && meta.namespace !== '') namespaces.add(meta.namespace);
    if (resource === 'deployments') deployments.set(meta.path, object as Deployment);
  }
  const byLabel = podsByLabel(podsIn);
  const selected = (owner: Service | PodDisruptionBudget, selector: LabelSelector) => {
    const pods = isOneLabel(selector)
      ? byLabel.get(bucketOf(owner))
      : podsIn.get(owner.meta.namespace);
    return (pods ?? []).filter((pod) => matches(selector, pod.meta.labels));
  };
  // Each object is of the type that its resource names: see ObjectTypes.
  for (const object of given) {
    if (object.resource === 'services') {
      const service = object as Service;
      const { selector } = service.spec;
      const pods = selector === null ? null : selected(service, selector);
      objects.push(...settledService(service, pods, o));
    } else if (object.resource === 'poddisruptionbudgets') {
      const budget = object as PodDisruptionBudget;
      objects.push(settledBudget(budget, selected(budget, budget.spec.selector)));
    } else if (object.resource === 'resourcequotas') {
      objects.push(settledQuota(object as ResourceQuota, podsIn.get(object.meta.namespace) ?? []));
    } else if (object.resource === 'horizontalpodautoscalers') {
      objects.push(settledScaler(object as HorizontalPodAutoscaler, deployments));
    }
  }
  for (const namespace of namespaces) {
    objects.push(publishedObject(o.uids, 0, 'serviceaccounts', namespace));
    objects.push(publishedObject(o.uids, 0, 'configmaps', namespace));
  }
  return objects;
}

/** Pods by namespace and each `key=value` of theirs: thousands of services select by one. */
function podsByLabel(podsIn: ReadonlyMap<string, readonly Pod[]>): Map<string, Pod[]> {
  const byLabel = new Map<string, Pod[]>();
  for (const pods of podsIn.values()) {
    for (const pod of pods) {
      for (const label of bucketsOf(pod)) {
        const found = byLabel.get(label);
        if (found === undefined) byLabel.set(label, [pod]);
        else found.push(pod);
      }
    }
  }
  return byLabel;
}

/** The service, its slices, full ones first, and its Endpoints. `pods` null: it selects nothing. */
function settledService(
  given: Service,
  pods: readonly Pod[] | null,
  o: SettleOptions,
): KubeObject[] {
  const loadBalancerReady = given.spec.type === 'LoadBalancer';
  const service: Service = { ...given, status: { loadBalancerReady } };
  const objects: KubeObject[] = [service];
  if (pods === null || given.spec.type === 'ExternalName') return objects;
  const endpoints = pods.flatMap((pod) => endpointOf(pod) ?? []);
  const step = o.maxEndpointsPerSlice;
  for (let i = 0; i < Math.max(1, endpoints.length); i += step) {
    const slice: EndpointSlice = sliceOf(o.uids, 0, service, endpoints.slice(i, i + step));
    objects.push(slice);
  }
  if (o.endpoints ?? true) {
    const { size, data } = contentsOf(pods);
    objects.push(endpointsOf(o.uids, 0, service, endpointsBytes(size), data));
  }
  return objects;
}

/** All its pods run, so as many are expected as are there. */
function settledBudget(budget: PodDisruptionBudget, pods: readonly Pod[]): PodDisruptionBudget {
  const byOwner = new Map<number, number>();
  const ownerOf = (pod: Pod) => pod.meta.owners[0]?.uid ?? -1;
  for (const pod of pods) byOwner.set(ownerOf(pod), (byOwner.get(ownerOf(pod)) ?? 0) + 1);
  const scaleOf = (pod: Pod) => ({
    uid: ownerOf(pod),
    replicas: byOwner.get(ownerOf(pod)) ?? 0,
  });
  const status = budgetStatus(budget, pods, scaleOf, 0);
  return { ...budget, status };
}

function settledQuota(quota: ResourceQuota, pods: readonly Pod[]): ResourceQuota {
  return { ...quota, used: usageOf(pods) };
}

function settledScaler(
  scaler: HorizontalPodAutoscaler,
  deployments: ReadonlyMap<string, Deployment>,
): HorizontalPodAutoscaler {
  const replicas = deployments.get(scaler.spec.target.path)?.spec.replicas;
  if (replicas === undefined) return scaler;
  return { ...scaler, status: { currentReplicas: replicas, desiredReplicas: replicas } };
}
