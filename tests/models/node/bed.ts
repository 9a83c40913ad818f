/** Kubelets, runtimes and node groups as a scenario resolves them, for tests. */
import {
  bandwidthDefaults,
  Nodes,
  nodeConstants,
  runtimeDefaults,
} from '../../../models/node/index.ts';
import {
  type ClusterObserver,
  type Container,
  type ContainerImage,
  IDLE_BEHAVIOUR,
  type KubeObject,
  metaOf,
  NO_RESOURCES,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type PodSpec,
  type PodStage,
  type PodStatus,
  silentObserver,
} from '../../../models/objects/index.ts';
import type {
  KubeletScenario,
  KubeProxyScenario,
  NodeGroupScenario,
  RuntimeScenario,
} from '../../../src/scenario/types.ts';
import {
  type FakeCluster,
  type FakeClusterOptions,
  fakeCluster,
} from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const S = 1e9;
const GB = 1e9;

export function kubelet(o: Partial<KubeletScenario> = {}): KubeletScenario {
  return {
    qps: 50,
    burst: 100,
    eventQps: 50,
    eventBurst: 100,
    maxPods: 110,
    leaseDurationNs: 40 * S,
    nodeStatusUpdateNs: 10 * S,
    nodeStatusReportNs: 300 * S,
    syncFrequencyNs: 60 * S,
    serializeImagePulls: true,
    maxParallelImagePulls: 0,
    registryQps: 5,
    registryBurst: 10,
    eventedPleg: false,
    runtimeTimeoutNs: 120 * S,
    evictionHardMemoryBytes: 100 * 2 ** 20,
    configMapStrategy: 'Watch',
    ...o,
  };
}

export function runtime(o: Partial<RuntimeScenario> = {}): RuntimeScenario {
  return {
    kind: 'containerd',
    parallelism: 0,
    sandbox: runtimeDefaults.sandbox.distribution,
    cni: runtimeDefaults.cni.distribution,
    create: runtimeDefaults.create.distribution,
    start: runtimeDefaults.start.distribution,
    stop: runtimeDefaults.stop.distribution,
    registryLatency: runtimeDefaults.registryLatency.distribution,
    ...bandwidthDefaults,
    ...o,
  };
}

export function kubeProxy(o: Partial<KubeProxyScenario> = {}): KubeProxyScenario {
  return { mode: 'none', minSyncPeriodNs: S, syncPeriodNs: 30 * S, qps: 5, burst: 10, ...o };
}

export function nodeGroup(o: Partial<NodeGroupScenario> = {}): NodeGroupScenario {
  const capacity = { cpuMilli: 4000, memoryBytes: 16 * GB, ephemeralBytes: 100 * GB, extended: {} };
  return {
    name: 'workers',
    count: 1,
    joining: 0,
    joinAtNs: 0,
    joinRatePerSecond: 1,
    zones: ['a'],
    capacity,
    allocatable: capacity,
    labels: {},
    taints: [],
    names: [],
    objectBytes: 15_000,
    images: [],
    kubelet: kubelet(),
    runtime: runtime(),
    kubeProxy: kubeProxy(),
    ...o,
  };
}

export interface NodeBed {
  readonly cluster: FakeCluster;
  readonly nodes: Nodes;
  /** Stages of pods: uid to stage to time. */
  readonly stages: ReadonlyMap<number, ReadonlyMap<PodStage, number>>;
  /** Binds a new pod to a node at that time, as scheduler and API server do. */
  bind(atNs: number, pod: Pod): void;
  /** Calls that arrived, by verb, resource and subresource. */
  calls(): Record<string, number>;
}

export interface NodeBedOptions extends FakeClusterOptions {
  readonly groups?: readonly NodeGroupScenario[];
  /** False: nodes register themselves. */
  readonly preloaded?: boolean;
  readonly cloud?: boolean;
  /** Pods that run at the start. */
  readonly running?: (bed: FakeCluster) => readonly KubeObject[];
}

/** Kubelets over an API server in memory. */
export function nodeBed(o: NodeBedOptions = {}): NodeBed {
  const stages = new Map<number, Map<PodStage, number>>();
  const groups = o.groups ?? [nodeGroup()];
  const zones = new Set(groups.flatMap((group) => group.zones));
  const cluster = fakeCluster({
    networkHosts: [...zones].map((zone) => `nodes@${zone}`),
    constants: nodeConstants,
    ...o,
  });
  const observer: ClusterObserver = {
    ...silentObserver,
    podStage: (uid, stage, atNs) => {
      let known = stages.get(uid);
      if (known === undefined) {
        known = new Map();
        stages.set(uid, known);
      }
      if (!known.has(stage)) known.set(stage, atNs);
    },
  };
  // Tokens are served without being stored; the store in memory does not know them.
  for (const endpoint of cluster.endpoints) {
    endpoint.intercept = ({ call }) => (call.subresource === 'token' ? status(201, '') : null);
  }
  const { library, uids, ctx, store } = cluster;
  const nodes = new Nodes(ctx, groups, {
    library,
    uids,
    observer,
    version: o.version ?? '1.35',
    servers: cluster.endpoints.map(({ name }) => name),
    cloud: o.cloud ?? false,
  });
  const preloaded = o.preloaded ?? true;
  if (preloaded) store.preload(nodes.initialObjects());
  store.preload(o.running?.(cluster) ?? []);
  nodes.start(preloaded);
  return {
    cluster,
    nodes,
    stages,
    bind: (atNs, pod) => {
      cluster.at(atNs, () =>
        cluster.endpoint.now({ verb: 'create', resource: 'pods', object: pod }),
      );
    },
    calls: () => {
      const found: Record<string, number> = {};
      for (const { verb, resource, subresource = '' } of cluster.endpoint.calls) {
        const key = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
        found[key] = (found[key] ?? 0) + 1;
      }
      return found;
    },
  };
}

export const APP: ContainerImage = { name: 'app:1', layers: [{ id: 'app', bytes: 50e6 }] };

export function container(o: Partial<Container> = {}): Container {
  return {
    name: 'app',
    image: APP,
    imagePullPolicy: 'IfNotPresent',
    requests: NO_RESOURCES,
    limits: null,
    readinessProbe: null,
    livenessProbe: null,
    startupProbe: null,
    hostPorts: [],
    ...o,
    behaviour: {
      ...IDLE_BEHAVIOUR,
      ...o.behaviour,
    },
  };
}

export function podSpec(o: Partial<PodSpec> = {}): PodSpec {
  return {
    ...PLAIN_POD_SPEC,
    containers: [container()],
    serviceAccount: '',
    ...o,
  };
}

/** A pod that the scheduler has put on a node. */
export function boundPod(
  { uids, sim }: FakeCluster,
  name: string,
  nodeName: string,
  o: { readonly spec?: Partial<PodSpec>; readonly status?: Partial<PodStatus> } = {},
): Pod {
  return {
    resource: 'pods',
    meta: metaOf(uids, sim.nowNs, { name, namespace: 'default' }),
    bytes: 5000,
    resourceVersion: 0,
    spec: podSpec(o.spec),
    nodeName,
    status: { ...PENDING, scheduled: 'True', ...o.status },
  };
}

/** Operations of the runtime that take as long as said, in ms, and nothing by chance. */
export function steadyRuntime(
  ms: Partial<Record<'sandbox' | 'cni' | 'create' | 'start' | 'stop', number>> = {},
): RuntimeScenario {
  const constant = (value = 100) => ({ kind: 'constant', value: value * 1e6 }) as const;
  return runtime({
    sandbox: constant(ms.sandbox),
    cni: constant(ms.cni),
    create: constant(ms.create),
    start: constant(ms.start),
    stop: constant(ms.stop),
    registryLatency: constant(),
  });
}
