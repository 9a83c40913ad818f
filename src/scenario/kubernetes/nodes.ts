/** Node groups as read to what the models take. */

import { minorVersion } from '../../../models/objects/index.ts';
import type { Checker } from '../checker.ts';
import type { NodeGroupValue } from '../fields/kubernetes-nodes.ts';
import type { KubeletScenario, NodeGroupScenario, RuntimeScenario } from '../kubernetes-types.ts';
import { imageOf } from './pods.ts';

const S = 1e9;
/** kubelet's default hard eviction threshold, memory.available<100Mi. */
const EVICTION_MEMORY_BYTES = 100 * 1024 * 1024;

export function nodeGroupOf(
  value: NodeGroupValue,
  version: string,
  path: string,
  checker: Checker,
): NodeGroupScenario {
  const capacity = {
    cpuMilli: value.cpu,
    memoryBytes: value.memory,
    ephemeralBytes: value.ephemeralStorage,
    extended: value.extended,
  };
  if (value.reservedCpu >= value.cpu || value.reservedMemory >= value.memory) {
    checker.at(path, 'WT1109', 'nothing of the node is left for pods', {
      expected: 'reservedCpu below cpu, and reservedMemory below memory',
    });
  }
  if (value.names.length > 0 && value.names.length !== value.count) {
    checker.at(`${path}.names`, 'WT1109', `${value.names.length} names for ${value.count} nodes`);
  }
  return {
    name: value.name,
    count: value.count,
    joining: value.joining,
    joinAtNs: value.joinAt,
    joinRatePerSecond: value.joinRate,
    zones: value.zones.length === 0 ? ['a'] : value.zones,
    capacity,
    allocatable: {
      ...capacity,
      cpuMilli: capacity.cpuMilli - value.reservedCpu,
      memoryBytes: capacity.memoryBytes - value.reservedMemory,
    },
    labels: value.labels,
    taints: value.taints.map((taint) => ({ ...taint, addedNs: 0 })),
    names: value.names,
    objectBytes: value.objectSize,
    images: value.images.map(imageOf),
    kubelet: kubeletOf(value.kubelet, minorVersion(version)),
    runtime: runtimeOf(value),
    kubeProxy: {
      mode: value.kubeProxy.mode,
      minSyncPeriodNs: value.kubeProxy.minSyncPeriod,
      syncPeriodNs: value.kubeProxy.syncPeriod,
      qps: value.kubeProxy.qps,
      burst: value.kubeProxy.burst,
    },
  };
}

/** kubernetes#116121: 50/100 since 1.27, 5/10 before. */
function kubeletOf(value: NodeGroupValue['kubelet'], minor: number): KubeletScenario {
  const [qps, burst] = minor >= 27 ? [50, 100] : [5, 10];
  return {
    qps: value.kubeAPIQPS ?? qps,
    burst: value.kubeAPIBurst ?? burst,
    eventQps: value.eventRecordQPS ?? qps,
    eventBurst: value.eventBurst ?? burst,
    maxPods: value.maxPods,
    leaseDurationNs: value.nodeLeaseDurationSeconds * S,
    nodeStatusUpdateNs: value.nodeStatusUpdateFrequency,
    nodeStatusReportNs: value.nodeStatusReportFrequency,
    syncFrequencyNs: value.syncFrequency,
    serializeImagePulls: value.serializeImagePulls,
    maxParallelImagePulls: value.maxParallelImagePulls,
    registryQps: value.registryPullQPS,
    registryBurst: value.registryBurst,
    eventedPleg: value.eventedPLEG,
    runtimeTimeoutNs: value.runtimeRequestTimeout,
    evictionHardMemoryBytes: EVICTION_MEMORY_BYTES,
    configMapStrategy: value.configMapAndSecretChangeDetectionStrategy,
  };
}

function runtimeOf({ runtime }: NodeGroupValue): RuntimeScenario {
  return {
    kind: runtime.kind,
    parallelism: runtime.parallelism,
    sandbox: runtime.sandbox.spec,
    cni: runtime.cni.spec,
    create: runtime.create.spec,
    start: runtime.start.spec,
    stop: runtime.stop.spec,
    registryLatency: runtime.registryLatency.spec,
    layerBytesPerSecond: runtime.layerBandwidth,
    nodeBytesPerSecond: runtime.nodeBandwidth,
    registryBytesPerSecond: runtime.registryBandwidth,
    unpackBytesPerSecond: runtime.unpackBandwidth,
  };
}
