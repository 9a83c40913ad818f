/**
 * What the cache keeps of a pod on a node, and what a pod's spec asks of one.
 * Sources: kubernetes/pkg/scheduler/util/pod_resources.go, framework/types.go.
 */
import type { Container, Pod, PodSpec } from '../../objects/index.ts';
import type { NodeTable } from './node-table.ts';
import type { AffinityGroup, PodGroup } from './pod-groups.ts';

/** util/pod_resources.go: what a container that requests none is taken to use, for scores. */
const DEFAULT_CPU_MILLI = 100;
const DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024;

export interface PodRequest {
  readonly cpu: number;
  readonly memory: number;
  readonly ephemeral: number;
  readonly nonZeroCpu: number;
  readonly nonZeroMemory: number;
  readonly extended: readonly { readonly index: number; readonly amount: number }[];
  readonly ports: readonly { readonly protocol: string; readonly port: number }[];
  readonly claims: readonly string[];
}

/** A pod that is bound to a node, or assumed to be. */
export interface PodEntry {
  pod: Pod;
  readonly row: number;
  /** Place in the list of its node. */
  slot: number;
  group: PodGroup;
  readonly affinity: AffinityGroup | null;
  readonly request: PodRequest;
  assumed: boolean;
}

const NO_PORTS: PodRequest['ports'] = Object.freeze([]);
const NO_CLAIMS: readonly string[] = Object.freeze([]);
const NO_EXTENDED: PodRequest['extended'] = Object.freeze([]);

export function requestOf(spec: PodSpec, table: NodeTable): PodRequest {
  const { cpuMilli, memoryBytes, ephemeralBytes } = spec.requests;
  const cpu = effective(spec, (c) => c.requests.cpuMilli);
  const memory = effective(spec, (c) => c.requests.memoryBytes);
  const nonZeroCpu = effective(spec, (c) => c.requests.cpuMilli || DEFAULT_CPU_MILLI);
  const nonZeroMemory = effective(spec, (c) => c.requests.memoryBytes || DEFAULT_MEMORY_BYTES);
  const names = Object.keys(spec.requests.extended);
  const ports = spec.containers.flatMap((c) => c.hostPorts);
  const claims: string[] = [];
  for (const volume of spec.volumes) {
    if (volume.kind === 'persistentVolumeClaim') claims.push(volume.claimName);
  }
  return {
    cpu: cpuMilli,
    memory: memoryBytes,
    ephemeral: ephemeralBytes,
    // What the spec asks beyond its containers is overhead.
    nonZeroCpu: nonZeroCpu + Math.max(0, cpuMilli - cpu),
    nonZeroMemory: nonZeroMemory + Math.max(0, memoryBytes - memory),
    extended:
      names.length === 0
        ? NO_EXTENDED
        : names
            .map((name) => ({
              index: table.extendedIndex(name),
              amount: spec.requests.extended[name],
            }))
            .filter(({ amount }) => amount > 0),
    ports: ports.length === 0 ? NO_PORTS : ports,
    claims: claims.length === 0 ? NO_CLAIMS : claims,
  };
}

/** Sum over containers, or the largest init container where that is more. */
function effective(spec: PodSpec, amount: (container: Container) => number): number {
  let sum = 0;
  for (const container of spec.containers) sum += amount(container);
  for (const container of spec.initContainers) sum = Math.max(sum, amount(container));
  return sum;
}

/** True where a container asks for a port that one of these has (same protocol and port). */
export function portsConflict(a: PodRequest['ports'], b: PodRequest['ports']): boolean {
  for (const x of a) {
    for (const y of b) if (x.port === y.port && x.protocol === y.protocol) return true;
  }
  return false;
}
