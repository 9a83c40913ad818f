/** Nodes and pods by hand, for tests of the scheduler. */
import {
  type Container,
  HEALTHY,
  IDLE_BEHAVIOUR,
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type LabelSelector,
  type Labels,
  metaOf,
  NO_AFFINITY,
  NO_RESOURCES,
  type Node,
  type OwnerReference,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type PodAffinityTerm,
  type PodSpec,
  type PodStatus,
  type ResourceList,
  selectorOf,
  type Taint,
  type TopologySpreadConstraint,
  type Uids,
} from '../../../models/objects/index.ts';

export const S = 1e9;
export const MI = 1024 * 1024;
export const GI = 1024 * MI;

export interface NodeParts {
  readonly zone?: string;
  readonly labels?: Labels;
  readonly taints?: readonly Taint[];
  readonly cpuMilli?: number;
  readonly memoryBytes?: number;
  readonly maxPods?: number;
  readonly extended?: ResourceList['extended'];
  readonly images?: Node['status']['images'];
  readonly unschedulable?: boolean;
}

/** As scheduler_perf's node-default: 4 CPU, 32 Gi, 110 pods. */
export function nodeOf(uids: Uids, name: string, o: NodeParts = {}): Node {
  const labels: Record<string, string> = { [LABEL_HOSTNAME]: name, ...o.labels };
  if (o.zone !== undefined) labels[LABEL_ZONE] = o.zone;
  const allocatable: ResourceList = {
    cpuMilli: o.cpuMilli ?? 4000,
    memoryBytes: o.memoryBytes ?? 32 * GI,
    ephemeralBytes: 100 * GI,
    extended: o.extended ?? {},
  };
  return {
    resource: 'nodes',
    meta: metaOf(uids, 0, { name, labels }),
    bytes: 15_000,
    resourceVersion: 0,
    spec: {
      unschedulable: o.unschedulable ?? false,
      taints: o.taints ?? [],
      podCIDR: '',
      providerID: '',
    },
    status: {
      capacity: allocatable,
      allocatable,
      maxPods: o.maxPods ?? 110,
      conditions: HEALTHY,
      images: o.images ?? {},
      volumesAttached: [],
    },
  };
}

export function containerOf(o: Partial<Container> = {}): Container {
  return {
    name: 'c',
    image: { name: 'pause:1', layers: [] },
    imagePullPolicy: 'IfNotPresent',
    requests: NO_RESOURCES,
    limits: null,
    readinessProbe: null,
    livenessProbe: null,
    startupProbe: null,
    hostPorts: [],
    behaviour: IDLE_BEHAVIOUR,
    ...o,
  };
}

/** As scheduler_perf's pod-default: 100m, 500 Mi. */
export function specOf(spec: Partial<PodSpec> = {}): PodSpec {
  const requests = spec.requests ?? { ...NO_RESOURCES, cpuMilli: 100, memoryBytes: 500 * MI };
  return {
    ...PLAIN_POD_SPEC,
    requests,
    containers: [containerOf({ requests })],
    ...spec,
  };
}

export interface PodParts {
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly nodeName?: string;
  readonly owner?: OwnerReference;
  readonly status?: Partial<PodStatus>;
}

export function podOf(uids: Uids, name: string, spec: PodSpec, o: PodParts = {}): Pod {
  const { labels, owner } = o;
  const nodeName = o.nodeName ?? '';
  const running: Partial<PodStatus> =
    nodeName === '' ? {} : { phase: 'Running', scheduled: 'True', startNs: 0 };
  return {
    resource: 'pods',
    meta: metaOf(uids, 0, { name, namespace: o.namespace ?? 'default', labels, owner }),
    bytes: 5000,
    resourceVersion: 0,
    spec,
    nodeName,
    status: { ...PENDING, ...running, ...o.status },
  };
}

export function termOf(labels: Labels, topologyKey: string): PodAffinityTerm {
  const labelSelector: LabelSelector = selectorOf(labels);
  return { labelSelector, topologyKey, namespaces: [], namespaceSelector: null };
}

export function affinityOf(
  o: Partial<NonNullable<PodSpec['affinity']>>,
): NonNullable<PodSpec['affinity']> {
  return { ...NO_AFFINITY, ...o };
}

export function spreadOf(
  labels: Labels,
  topologyKey: string,
  o: Partial<TopologySpreadConstraint> = {},
): TopologySpreadConstraint {
  return {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: selectorOf(labels),
    minDomains: 1,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
    ...o,
  };
}
