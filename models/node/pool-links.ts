/** What the parts of a pool of kubelets know of each other. */
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { ClusterObserver, ContainerImage, Pod } from '../objects/index.ts';
import type { ImagePuller } from './image-puller.ts';
import type { NodeUsage } from './node-usage.ts';
import type { Pleg } from './pleg.ts';
import type { PodVolumes } from './pod-volumes.ts';
import type { PodWorker } from './pod-worker.ts';
import type { RuntimeServers } from './runtime-server.ts';
import type { StatusManager } from './status-manager.ts';

export interface PoolLinks {
  readonly group: NodeGroupScenario;
  readonly observer: ClusterObserver;
  readonly runtime: RuntimeServers;
  readonly images: ImagePuller;
  readonly pleg: Pleg;
  readonly status: StatusManager;
  readonly volumes: PodVolumes;
  readonly usage: NodeUsage;
  /** An event about the pod, by its kubelet; those of different containers differ. */
  readonly record: (worker: PodWorker, reason: string, container?: string) => void;
  /** Its network plugin works. */
  readonly hasNetwork: (member: number) => boolean;
  /** '', or why the eviction manager refuses a pod. */
  readonly evictionVerdict: (member: number, pod: Pod) => '' | 'Evicted';
  /** Memory in use has changed. */
  readonly memoryChanged: (member: number) => void;
  /** An image is on the node that was not there. */
  readonly pulledImage: (member: number, image: ContainerImage) => void;
  /** Uniform in (0, 1). */
  readonly draw: () => number;
}
