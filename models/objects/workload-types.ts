/** API objects beside pods and nodes: workloads, services, storage, policy. */
import type { ResourceName } from './resources.ts';
import type {
  KubeObject,
  LabelSelector,
  Labels,
  Lease,
  Node,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  ResourceList,
} from './types.ts';

export interface PodTemplate {
  readonly labels: Labels;
  readonly spec: PodSpec;
  readonly bytes: number;
  /** `pod-template-hash`: equal templates have equal ones. */
  readonly hash: string;
}

/** An absolute number, or a fraction of the replicas. */
export type IntOrFraction =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'fraction'; readonly value: number };

export interface Deployment extends KubeObject {
  readonly resource: 'deployments';
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly strategy: 'RollingUpdate' | 'Recreate';
    readonly maxSurge: IntOrFraction;
    readonly maxUnavailable: IntOrFraction;
    readonly minReadyNs: number;
    readonly progressDeadlineNs: number;
    readonly revisionHistoryLimit: number;
    readonly paused: boolean;
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly updatedReplicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
  };
}

export interface ReplicaSet extends KubeObject {
  readonly resource: 'replicasets' | 'replicationcontrollers';
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly minReadyNs: number;
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
  };
  /** Annotations of the deployment controller; absent where none owns it. */
  readonly rollout?: {
    /** deployment.kubernetes.io/revision. */
    readonly revision: number;
    /** deployment.kubernetes.io/desired-replicas. */
    readonly desiredReplicas: number;
    /** deployment.kubernetes.io/max-replicas. */
    readonly maxReplicas: number;
  };
}

export interface StatefulSet extends KubeObject {
  readonly resource: 'statefulsets';
  readonly spec: {
    readonly replicas: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
    readonly partition: number;
    readonly minReadyNs: number;
    readonly volumeClaimTemplates: readonly ClaimTemplate[];
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly readyReplicas: number;
    readonly currentHash: string;
    readonly updateHash: string;
  };
}

export interface ClaimTemplate {
  readonly name: string;
  readonly storageClass: string;
  readonly bytes: number;
}

export interface DaemonSet extends KubeObject {
  readonly resource: 'daemonsets';
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly maxUnavailable: IntOrFraction;
    readonly minReadyNs: number;
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly desired: number;
    readonly current: number;
    readonly ready: number;
  };
}

export interface Job extends KubeObject {
  readonly resource: 'jobs';
  readonly spec: {
    readonly parallelism: number;
    readonly completions: number;
    readonly indexed: boolean;
    readonly backoffLimit: number;
    readonly activeDeadlineNs: number;
    readonly ttlAfterFinishedNs: number;
    readonly template: PodTemplate;
  };
  readonly status: {
    readonly active: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly ready: number;
    readonly finished: '' | 'Complete' | 'Failed';
    readonly finishedNs: number;
    /** Uids of ended pods that lose their finalizer and are not counted yet. */
    readonly uncounted?: {
      readonly succeeded: readonly number[];
      readonly failed: readonly number[];
    };
    /** Indexed jobs: indexes that have succeeded, in the order in which they did. */
    readonly completedIndexes?: readonly number[];
  };
}

export interface CronJob extends KubeObject {
  readonly resource: 'cronjobs';
  readonly spec: {
    /** Period and phase stand for the schedule: what cron expressions of such jobs are. */
    readonly everyNs: number;
    readonly phaseNs: number;
    readonly concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace';
    readonly suspend: boolean;
    readonly job: Job['spec'];
    readonly successfulJobsHistoryLimit: number;
    readonly failedJobsHistoryLimit: number;
  };
  readonly status: { readonly lastScheduleNs: number; readonly active: number };
}

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly resource: 'horizontalpodautoscalers';
  readonly spec: {
    readonly target: { readonly resource: ResourceName; readonly path: string };
    readonly minReplicas: number;
    readonly maxReplicas: number;
    /** Of the requested CPU. */
    readonly targetCpuUtilization: number;
  };
  readonly status: { readonly currentReplicas: number; readonly desiredReplicas: number };
}

export interface PodDisruptionBudget extends KubeObject {
  readonly resource: 'poddisruptionbudgets';
  readonly spec: {
    readonly selector: LabelSelector;
    readonly minAvailable: IntOrFraction | null;
    readonly maxUnavailable: IntOrFraction | null;
  };
  readonly status: {
    readonly disruptionsAllowed: number;
    readonly currentHealthy: number;
    readonly desiredHealthy: number;
    readonly expectedPods: number;
    readonly disruptedPods: Readonly<Record<string, number>>;
  };
}

// --- Services, storage, policy ------------------------------------------------------------------

export interface Service extends KubeObject {
  readonly resource: 'services';
  readonly spec: {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    /** null = no selector: endpoints are somebody else's. */
    readonly selector: LabelSelector | null;
    readonly ports: number;
    readonly headless: boolean;
  };
  readonly status: { readonly loadBalancerReady: boolean };
}

export interface EndpointSlice extends KubeObject {
  readonly resource: 'endpointslices';
  /** `meta.path` of the service. */
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
  /**
   * Annotation endpoints.kubernetes.io/last-change-trigger-time: when the (first) change happened
   * that this version reflects; absent where nobody knows.
   */
  readonly triggerNs?: number;
}

export interface Endpoint {
  readonly podUid: number;
  readonly nodeName: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

export interface PersistentVolumeClaim extends KubeObject {
  readonly resource: 'persistentvolumeclaims';
  readonly spec: {
    readonly storageClass: string;
    readonly bytes: number;
    readonly volumeName: string;
    readonly accessMode: 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';
  };
  /** Annotation `volume.kubernetes.io/selected-node`. */
  readonly selectedNode: string;
  readonly phase: 'Pending' | 'Bound' | 'Lost';
}

export interface PersistentVolume extends KubeObject {
  readonly resource: 'persistentvolumes';
  readonly spec: {
    readonly storageClass: string;
    readonly bytes: number;
    /** `meta.path` of the claim; '' none. */
    readonly claim: string;
    readonly nodeAffinity: readonly NodeSelectorTerm[] | null;
    /** CSI driver; '' = in-tree or local. */
    readonly driver: string;
  };
  readonly phase: 'Available' | 'Bound' | 'Released';
}

export interface StorageClass extends KubeObject {
  readonly resource: 'storageclasses';
  readonly provisioner: string;
  readonly bindingMode: 'Immediate' | 'WaitForFirstConsumer';
}

export interface VolumeAttachment extends KubeObject {
  readonly resource: 'volumeattachments';
  readonly spec: { readonly nodeName: string; readonly volumeName: string };
  readonly attached: boolean;
}

/** An Event of the API (a record of something that happened). */
export interface EventRecord extends KubeObject {
  readonly resource: 'events';
  readonly reason: string;
  readonly regarding: { readonly resource: ResourceName; readonly path: string };
  readonly count: number;
}

export interface Namespace extends KubeObject {
  readonly resource: 'namespaces';
  readonly phase: 'Active' | 'Terminating';
}

export interface ResourceQuota extends KubeObject {
  readonly resource: 'resourcequotas';
  readonly hardPods: number;
  readonly hardRequests: ResourceList | null;
  readonly used: { readonly pods: number; readonly requests: ResourceList };
}

/** What needs nothing but its size: ConfigMaps, Secrets, ServiceAccounts, CRs and so on. */
export interface OpaqueObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

export interface ObjectTypes {
  pods: Pod;
  nodes: Node;
  leases: Lease;
  events: EventRecord;
  namespaces: Namespace;
  services: Service;
  endpointslices: EndpointSlice;
  deployments: Deployment;
  replicasets: ReplicaSet;
  replicationcontrollers: ReplicaSet;
  statefulsets: StatefulSet;
  daemonsets: DaemonSet;
  jobs: Job;
  cronjobs: CronJob;
  horizontalpodautoscalers: HorizontalPodAutoscaler;
  poddisruptionbudgets: PodDisruptionBudget;
  persistentvolumes: PersistentVolume;
  persistentvolumeclaims: PersistentVolumeClaim;
  storageclasses: StorageClass;
  volumeattachments: VolumeAttachment;
  resourcequotas: ResourceQuota;
}
export type ObjectOf<R extends ResourceName> = R extends keyof ObjectTypes
  ? ObjectTypes[R]
  : OpaqueObject;
