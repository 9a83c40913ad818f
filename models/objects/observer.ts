/**
 * Who watches a run from outside: nothing that a component does may depend on it.
 */

import type { KubeObject, Pod } from './types.ts';

/** Stages of a pod's start-up, in causal order; each is stamped once per pod. */
export const podStages = [
  /** The object that asks for it was created (Deployment, Job, ...), where one is known. */
  'requested',
  /** Its create was committed in etcd. */
  'created',
  /** The scheduler's informer has it. */
  'queued',
  /** Its (last) scheduling cycle began. */
  'popped',
  /** A node was chosen. */
  'scheduled',
  /** The binding was committed. */
  'bound',
  /** Its kubelet's watch has it. */
  'received',
  /** Its pod worker began. */
  'started',
  'volumesMounted',
  'sandboxReady',
  /** The last image is there: the kubelet pulls when the sandbox runs (kuberuntime SyncPod). */
  'imagesPulled',
  'containersStarted',
  /** The kubelet knows that all containers are ready. */
  'ready',
  /** Status Running and ready was committed. */
  'reported',
  /** A watcher (of the SLI) has seen that. */
  'observed',
] as const;
export type PodStage = (typeof podStages)[number];

export interface ClusterObserver {
  /** An object was created: the write that made it is committed. */
  created(object: KubeObject, atNs: number): void;
  /** The first stamp of a stage counts, but for 'popped', whose last one does. */
  podStage(uid: number, stage: PodStage, atNs: number): void;
  /** A message of a call or a watch about one object, for the sequence diagram. */
  message(from: string, to: string, text: string, atNs: number, aboutUid: number): void;
  /** True where somebody wants messages about this object: ask before building text. */
  wantsMessages(aboutUid: number): boolean;
  /** Why a scheduling attempt ended as it did; kept for the last attempt of each pod. */
  schedulingAttempt(uid: number, attempt: SchedulingAttempt): void;
}

/** Who is told what truly runs, whatever the API says; nothing may depend on it. */
export interface ClusterWitness {
  /** A machine died with all that ran there, or boots. */
  nodeLives(node: string, lives: boolean): void;
  /** The containers of a pod run and are ready, or do not; may be told again. */
  podServes(pod: Pod, serves: boolean): void;
  /** So many nodes more (fewer, where negative) know the pod as a ready endpoint of a service. */
  endpoint(podUid: number, nodes: number): void;
}

export interface SchedulingAttempt {
  readonly atNs: number;
  /** '' = unschedulable. */
  readonly nodeName: string;
  readonly nodesTotal: number;
  readonly nodesExamined: number;
  readonly nodesFeasible: number;
  /** Nodes removed, by filter plugin and reason. */
  readonly removed: readonly {
    readonly plugin: string;
    readonly reason: string;
    readonly nodes: number;
  }[];
  /** The best few, highest first. */
  readonly top: readonly { readonly nodeName: string; readonly score: number }[];
  readonly preemption: string;
}

export const silentWitness: ClusterWitness = {
  nodeLives: () => {},
  podServes: () => {},
  endpoint: () => {},
};

export const silentObserver: ClusterObserver = {
  created: () => {},
  podStage: () => {},
  message: () => {},
  wantsMessages: () => false,
  schedulingAttempt: () => {},
};
