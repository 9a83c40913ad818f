/**
 * Nodes and pods of scheduler_perf's templates
 * (kubernetes/test/integration/scheduler_perf/templates).
 */
import {
  type Affinity,
  type Container,
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type Labels,
  metaOf,
  NO_RESOURCES,
  type Node,
  PENDING,
  type Pod,
  type PodAffinityTerm,
  type PodSpec,
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
      conditions: {
        ready: 'True',
        memoryPressure: 'False',
        diskPressure: 'False',
        pidPressure: 'False',
        networkUnavailable: 'False',
      },
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
    behaviour: {
      readyAfterNs: 0,
      runsForNs: Number.POSITIVE_INFINITY,
      exitCode: 0,
      stopsAfterNs: 0,
      cpuUseMilli: 0,
      memoryUseBytes: 0,
    },
  };
  return {
    schedulerName: 'default-scheduler',
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    requests,
    containers: [container],
    initContainers: [],
    nodeSelector: {},
    affinity: null,
    tolerations: [],
    topologySpread: [],
    volumes: [],
    schedulingGates: [],
    terminationGraceNs: 0,
    restartPolicy: 'Always',
    hostNetwork: false,
    serviceAccount: 'default',
    ...o,
  };
}

export function perfPod(
  uids: Uids,
  spec: PodSpec,
  o: { readonly namespace: string; readonly labels: Labels },
): Pod {
  const meta = metaOf(uids, 0, { name: '', namespace: o.namespace, labels: o.labels });
  const name = `pod-${meta.uid}`;
  return {
    resource: 'pods',
    meta: { ...meta, name, path: `${o.namespace}/${name}` },
    bytes: 5000,
    resourceVersion: 1,
    spec,
    nodeName: '',
    status: PENDING,
  };
}

export function affinity(o: Partial<Affinity>): Affinity {
  return {
    nodeRequired: null,
    nodePreferred: [],
    podRequired: [],
    podPreferred: [],
    antiRequired: [],
    antiPreferred: [],
    ...o,
  };
}

export function podTerm(
  labels: Labels,
  topologyKey: string,
  o: Partial<PodAffinityTerm> = {},
): PodAffinityTerm {
  const labelSelector = selectorOf(labels);
  return { labelSelector, topologyKey, namespaces: [], namespaceSelector: null, ...o };
}
