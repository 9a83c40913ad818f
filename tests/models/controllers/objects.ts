/** Objects by hand, for tests of controllers. */
import {
  type Deployment,
  type EndpointSlice,
  type KubeObject,
  type Labels,
  type Lease,
  metaOf,
  NO_RESOURCES,
  type Node,
  type ObjectMeta,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type PodSpec,
  type PodStatus,
  type PodTemplate,
  type ReplicaSet,
  type Service,
  selectorOf,
  Uids,
} from '../../../models/objects/index.ts';
import { newDeployment } from '../../../models/workload/objects.ts';

export const S = 1e9;
export const uids = () => new Uids();

export const NODE_TOLERATIONS: PodSpec['tolerations'] = [
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
].map((key) => ({
  key,
  operator: 'Exists',
  value: '',
  effect: 'NoExecute',
  tolerationNs: 300 * S,
}));

export const podSpec = (spec: Partial<PodSpec> = {}): PodSpec => ({
  ...PLAIN_POD_SPEC,
  requests: { ...NO_RESOURCES, cpuMilli: 100 },
  tolerations: NODE_TOLERATIONS,
  ...spec,
});

export const template = (
  labels: Labels,
  hash = 'h1',
  spec: Partial<PodSpec> = {},
): PodTemplate => ({
  labels,
  spec: podSpec(spec),
  bytes: 5000,
  hash,
});

export const RUNNING: PodStatus = {
  ...PENDING,
  phase: 'Running',
  scheduled: 'True',
  ready: true,
  readySinceNs: 0,
  hasIP: true,
  startNs: 0,
};

let count = 0;

export interface PodParts {
  readonly uid?: number;
  readonly name?: string;
  readonly nodeName?: string;
  readonly status?: Partial<PodStatus>;
  readonly meta?: Partial<ObjectMeta>;
  readonly spec?: Partial<PodSpec>;
}

/** A running, ready pod on node n0, unless told. */
export function pod(o: PodParts = {}): Pod {
  const name = o.name ?? `pod-${count++}`;
  const base = metaOf(new Uids(), 0, { name, namespace: 'default' });
  return {
    resource: 'pods',
    meta: { ...base, uid: o.uid ?? 1, ...o.meta },
    bytes: 5000,
    resourceVersion: 0,
    spec: podSpec(o.spec),
    nodeName: o.nodeName ?? 'n0',
    status: { ...RUNNING, ...o.status },
  };
}

export function node(u: Uids, name: string, zone = 'a'): Node {
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone };
  const all = 'False' as const;
  return {
    resource: 'nodes',
    meta: metaOf(u, 0, { name, labels }),
    bytes: 15_000,
    resourceVersion: 0,
    spec: { unschedulable: false, taints: [], podCIDR: '10.0.0.0/24', providerID: '' },
    status: {
      capacity: { ...NO_RESOURCES, cpuMilli: 4000 },
      allocatable: { ...NO_RESOURCES, cpuMilli: 4000 },
      maxPods: 110,
      conditions: {
        ready: 'True',
        memoryPressure: all,
        diskPressure: all,
        pidPressure: all,
        networkUnavailable: all,
      },
      images: {},
      volumesAttached: [],
    },
  };
}

export function lease(u: Uids, name: string, renewNs: number): Lease {
  return {
    resource: 'leases',
    meta: metaOf(u, 0, { name, namespace: 'kube-node-lease' }),
    bytes: 300,
    resourceVersion: 0,
    holder: name,
    durationNs: 40 * S,
    renewNs,
    transitions: 0,
  };
}

export function deployment(
  u: Uids,
  name: string,
  replicas: number,
  spec: Partial<Deployment['spec']> = {},
): Deployment {
  const labels = { app: name };
  return newDeployment(metaOf(u, 0, { name, namespace: 'default', labels }), 3000, {
    replicas,
    selector: selectorOf(labels),
    template: template(labels),
    ...spec,
  });
}

export function replicaSet(
  u: Uids,
  name: string,
  replicas: number,
  status: Partial<ReplicaSet['status']> = {},
  labels: Labels = { app: name },
): ReplicaSet {
  return {
    resource: 'replicasets',
    meta: metaOf(u, 0, { name, namespace: 'default', labels }),
    bytes: 2500,
    resourceVersion: 0,
    spec: {
      replicas,
      selector: selectorOf(labels),
      template: template(labels, name),
      minReadyNs: 0,
    },
    status: {
      observedGeneration: 0,
      replicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      ...status,
    },
  };
}

export function service(u: Uids, name: string, selects: Labels): Service {
  return {
    resource: 'services',
    meta: metaOf(u, 0, { name, namespace: 'default' }),
    bytes: 1500,
    resourceVersion: 0,
    spec: { type: 'ClusterIP', selector: selectorOf(selects), ports: 1, headless: false },
    status: { loadBalancerReady: false },
  };
}

export function slice(u: Uids, service: string, podUids: readonly number[]): EndpointSlice {
  return {
    resource: 'endpointslices',
    meta: metaOf(u, 0, { name: `${service}-${count++}`, namespace: 'default' }),
    bytes: 1000,
    resourceVersion: 0,
    service: `default/${service}`,
    endpoints: podUids.map((podUid) => ({
      podUid,
      nodeName: 'n0',
      ready: true,
      terminating: false,
    })),
  };
}

export function withOwner<T extends KubeObject>(object: T, owner: KubeObject): T {
  const { resource, meta } = owner;
  const { uid, path } = meta;
  const owners = [{ resource, path, uid, controller: true, blockOwnerDeletion: true }];
  return { ...object, meta: { ...object.meta, owners } };
}
