/** Kubelets, runtimes and node groups as a scenario resolves them, for tests. */
import { bandwidthDefaults, runtimeDefaults } from '../../../models/node/defaults.ts';
import type {
  KubeletScenario,
  KubeProxyScenario,
  NodeGroupScenario,
  RuntimeScenario,
} from '../../../src/scenario/kubernetes-types.ts';

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
