/** What the pods of each node ask for and use; and what a kubelet says to one more pod. */
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { Pod, ResourceList } from '../objects/index.ts';

export class NodeUsage {
  /** Requests of pods that have not ended. */
  readonly cpuMilli: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly pods: Uint16Array;
  /** Memory that running containers use. */
  readonly usedBytes: Float64Array;

  constructor(nodes: number) {
    this.cpuMilli = new Float64Array(nodes);
    this.memoryBytes = new Float64Array(nodes);
    this.pods = new Uint16Array(nodes);
    this.usedBytes = new Float64Array(nodes);
  }

  admit(node: number, requests: ResourceList): void {
    this.cpuMilli[node] += requests.cpuMilli;
    this.memoryBytes[node] += requests.memoryBytes;
    this.pods[node]++;
  }

  leave(node: number, requests: ResourceList): void {
    this.cpuMilli[node] -= requests.cpuMilli;
    this.memoryBytes[node] -= requests.memoryBytes;
    this.pods[node]--;
  }

  use(node: number, bytes: number): void {
    this.usedBytes[node] += bytes;
  }

  clear(node: number): void {
    this.cpuMilli[node] = 0;
    this.memoryBytes[node] = 0;
    this.pods[node] = 0;
    this.usedBytes[node] = 0;
  }
}

/** '' or why the kubelet fails the pod (pkg/kubelet/lifecycle/predicate.go). */
export function admissionVerdict(
  usage: NodeUsage,
  group: NodeGroupScenario,
  node: number,
  pod: Pod,
): '' | 'OutOfpods' | 'OutOfcpu' | 'OutOfmemory' {
  const { requests } = pod.spec;
  const { allocatable, kubelet } = group;
  if (usage.pods[node] + 1 > kubelet.maxPods) return 'OutOfpods';
  if (usage.cpuMilli[node] + requests.cpuMilli > allocatable.cpuMilli) return 'OutOfcpu';
  if (usage.memoryBytes[node] + requests.memoryBytes > allocatable.memoryBytes) {
    return 'OutOfmemory';
  }
  return '';
}
