/**
 * Nodes and pods of scheduler_perf's templates
 * (kubernetes/test/integration/scheduler_perf/templates).
 */
import {
  type Affinity,
  type Container,
  HEALTHY,
  IDLE_BEHAVIOUR,
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type Labels,
  metaOf,
  NO_AFFINITY,
  NO_RESOURCES,
  type Node,
  PLAIN_POD_SPEC,
  type Pod,
  type PodAffinityTerm,
  type PodSpec,
  pendingPod,
  type ResourceList,
  selectorOf,
  type Uids,
} from '../../objects/index.ts';

const MI = 1024 * 1024;

export interface NodeShape {
  readonly zones: readonly string[];
  readonly maxPods: number;
}

/** node-default.yaml: 4 CPU, 32 Gi, 110 pods. */
export function perfNode(uids: Uids, name: string, zone: string, maxPods: number): Node {
  const allocatable: ResourceList = {
    cpuMilli: maxPods > 110 ? 4000 * maxPods : 4000,
    memoryBytes: maxPods > 110 ? 32 * 1024 * MI * maxPods : 32 * 1024 * MI,
    ephemeralBytes: 100 * 1024 * MI,
    extended: {},
  };
  const labels: Labels = { [LABEL_HOSTNAME]: name, [LABEL_ZONE]: zone };
  return {
    resource: 'nodes',
    meta: metaOf(uids, 0, { name, labels }),
    bytes: 15_000,
    resourceVersion: 1,
    spec: { unschedulable: false, taints: [], podCIDR: '', providerID: '' },
    status: {
      capacity: allocatable,
      allocatable,
      maxPods,
      conditions: HEALTHY,
      images: {},
      volumesAttached: [],
    },
  };
}

/** pod-default.yaml asks 100m and 500 Mi. */
export function perfSpec(o: Partial<PodSpec> = {}, cpuMilli = 100): PodSpec {
  const requests: ResourceList = { ...NO_RESOURCES, cpuMilli, memoryBytes: 500 * MI };
  const container: Container = {
    name: 'pause',
    image: { name: 'registry.k8s.io/pause:3.10', layers: [] },
    imagePullPolicy: 'IfNotPresent',
    requests,
    limits: null,
    readinessProbe: null,
    livenessProbe: null,
    startupProbe: null,
    hostPorts: [],
    behaviour: IDLE_BEHAVIOUR,
  };
  return { ...PLAIN_POD_SPEC, requests, containers: [container], terminationGraceNs: 0, ...o };
}

export function perfPod(
  uids: Uids,
  spec: PodSpec,
  o: { readonly namespace: string; readonly labels: Labels },
): Pod {
  const meta = metaOf(uids, 0, { name: '', namespace: o.namespace, labels: o.labels });
  const name = `pod-${meta.uid}`;
  const named = { ...meta, name, path: `${o.namespace}/${name}` };
  return { ...pendingPod(named, { spec, bytes: 5000 }), resourceVersion: 1 };
}

export function affinity(o: Partial<Affinity>): Affinity {
  return { ...NO_AFFINITY, ...o };
}

export function podTerm(
  labels: Labels,
  topologyKey: string,
  o: Partial<PodAffinityTerm> = {},
): PodAffinityTerm {
  const labelSelector = selectorOf(labels);
  return { labelSelector, topologyKey, namespaces: [], namespaceSelector: null, ...o };
}
