/**
 * API objects: every version is one immutable value; a write makes a new one and shares what did
 * not change (the spec of all pods of a template is one object).
 *
 * Field names follow kubernetes/api; units are ours (ns, bytes, milli-cores). Left out: whatever no
 * modelled component reads; its bytes count in `bytes`.
 */
import type { ResourceName } from './resources.ts';

export type Labels = Readonly<Record<string, string>>;

export interface OwnerReference {
  readonly resource: ResourceName;
  /** `meta.path` of the owner. */
  readonly path: string;
  readonly uid: number;
  readonly controller: boolean;
  readonly blockOwnerDeletion: boolean;
}

export interface ObjectMeta {
  /** Unique among all objects of a run, >= 1; `Uids.next()` gives it. */
  readonly uid: number;
  readonly name: string;
  /** '' for cluster-scoped resources. */
  readonly namespace: string;
  /** `namespace/name`, or the name alone: the key below its resource. */
  readonly path: string;
  readonly labels: Labels;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  /** Simulated time of creation. */
  readonly createdNs: number;
  /** When `deletionTimestamp` was set; NaN where the object is not being deleted. */
  readonly deletedNs: number;
  readonly deletionGraceNs: number;
  /** Raised by every change of the spec. */
  readonly generation: number;
}

/** Any object; `kind` by `resource`. */
export interface KubeObject {
  readonly resource: ResourceName;
  readonly meta: ObjectMeta;
  /** Bytes in etcd and on the wire (in the resource's encoding). */
  readonly bytes: number;
  /** etcd revision that wrote this version; 0 until it is stored. Set once, by the storage. */
  resourceVersion: number;
}

// --- Pods ------------------------------------------------------------

/** Amounts of resources; `extended` by name ('nvidia.com/gpu'). */
export interface ResourceList {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly ephemeralBytes: number;
  readonly extended: Readonly<Record<string, number>>;
}

export interface ContainerImage {
  readonly name: string;
  /** Compressed sizes of its layers; shared ones carry the same id. */
  readonly layers: readonly { readonly id: string; readonly bytes: number }[];
}

export interface Probe {
  readonly periodNs: number;
  readonly timeoutNs: number;
  readonly initialDelayNs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

/** What a container does; wavetank's own, as a manifest cannot say it. */
export interface ContainerBehaviour {
  /** From start of the process until its readiness probe would succeed. */
  readonly readyAfterNs: number;
  /** Ends by itself after so long; Infinity = serves for ever. */
  readonly runsForNs: number;
  /** Exit code when it ends by itself; other than 0 is a failure. */
  readonly exitCode: number;
  /** From SIGTERM to exit. */
  readonly stopsAfterNs: number;
  readonly cpuUseMilli: number;
  readonly memoryUseBytes: number;
}

export interface Container {
  readonly name: string;
  readonly image: ContainerImage;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly requests: ResourceList;
  readonly limits: ResourceList | null;
  readonly readinessProbe: Probe | null;
  readonly livenessProbe: Probe | null;
  readonly startupProbe: Probe | null;
  readonly hostPorts: readonly { readonly protocol: string; readonly port: number }[];
  readonly behaviour: ContainerBehaviour;
}

export interface Toleration {
  /** '' = every key. */
  readonly key: string;
  readonly operator: 'Equal' | 'Exists';
  readonly value: string;
  /** '' = every effect. */
  readonly effect: '' | TaintEffect;
  /** NoExecute: evicted after so long; Infinity = never. */
  readonly tolerationNs: number;
}

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: TaintEffect;
  /** When it was added; for NoExecute. */
  readonly addedNs: number;
}

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** All requirements hold; one without requirements matches everything. */
export interface LabelSelector {
  readonly requirements: readonly SelectorRequirement[];
}

/** Requirements on labels, and on fields (`metadata.name`). */
export interface NodeSelectorTerm {
  readonly matchExpressions: readonly SelectorRequirement[];
  readonly matchFields: readonly SelectorRequirement[];
}

export interface PodAffinityTerm {
  /** null matches nothing. */
  readonly labelSelector: LabelSelector | null;
  readonly topologyKey: string;
  /** Empty: the namespace of the pod, unless a selector is given. */
  readonly namespaces: readonly string[];
  readonly namespaceSelector: LabelSelector | null;
}

export interface Affinity {
  /** Terms are alternatives; null = none required. */
  readonly nodeRequired: readonly NodeSelectorTerm[] | null;
  readonly nodePreferred: readonly { readonly weight: number; readonly term: NodeSelectorTerm }[];
  readonly podRequired: readonly PodAffinityTerm[];
  readonly podPreferred: readonly { readonly weight: number; readonly term: PodAffinityTerm }[];
  readonly antiRequired: readonly PodAffinityTerm[];
  readonly antiPreferred: readonly { readonly weight: number; readonly term: PodAffinityTerm }[];
}

export interface TopologySpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  readonly labelSelector: LabelSelector;
  readonly minDomains: number;
  readonly nodeAffinityPolicy: 'Honor' | 'Ignore';
  readonly nodeTaintsPolicy: 'Honor' | 'Ignore';
}

export type PodVolume =
  | {
      readonly kind: 'persistentVolumeClaim';
      readonly claimName: string;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'configMap' | 'secret'; readonly name: string }
  | { readonly kind: 'emptyDir' | 'hostPath' | 'projected' };

/** Shared by all pods of one template: never copied, compared by identity. */
export interface PodSpec {
  readonly schedulerName: string;
  readonly priority: number;
  readonly preemptionPolicy: 'PreemptLowerPriority' | 'Never';
  /** Sum of the containers, or the largest init container where that is more, plus overhead. */
  readonly requests: ResourceList;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly nodeSelector: Labels;
  readonly affinity: Affinity | null;
  readonly tolerations: readonly Toleration[];
  readonly topologySpread: readonly TopologySpreadConstraint[];
  readonly volumes: readonly PodVolume[];
  readonly schedulingGates: readonly string[];
  readonly terminationGraceNs: number;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PodStatus {
  readonly phase: PodPhase;
  /** Condition PodScheduled: '' unknown yet, 'True', or the reason why not. */
  readonly scheduled: '' | 'True' | 'Unschedulable' | 'SchedulingGated';
  readonly ready: boolean;
  /** Condition Ready was last false until then; NaN never ready. */
  readonly readySinceNs: number;
  readonly hasIP: boolean;
  /** When the kubelet accepted it; NaN before. */
  readonly startNs: number;
  readonly nominatedNodeName: string;
  readonly restarts: number;
  /** 'CrashLoopBackOff', 'ImagePullBackOff', 'Evicted', 'NodeLost', ...; '' none. */
  readonly reason: string;
}

export interface Pod extends KubeObject {
  readonly resource: 'pods';
  readonly spec: PodSpec;
  /** `spec.nodeName`; '' = not bound. */
  readonly nodeName: string;
  readonly status: PodStatus;
}

// --- Nodes ------------------------------------------------------------

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface NodeConditions {
  readonly ready: ConditionStatus;
  readonly memoryPressure: ConditionStatus;
  readonly diskPressure: ConditionStatus;
  readonly pidPressure: ConditionStatus;
  readonly networkUnavailable: ConditionStatus;
}

export interface Node extends KubeObject {
  readonly resource: 'nodes';
  readonly spec: {
    readonly unschedulable: boolean;
    readonly taints: readonly Taint[];
    /** '' until the IPAM controller gave one. */
    readonly podCIDR: string;
    readonly providerID: string;
  };
  readonly status: {
    readonly capacity: ResourceList;
    readonly allocatable: ResourceList;
    readonly maxPods: number;
    readonly conditions: NodeConditions;
    /** Image name to bytes on disk; at most 50 are listed. */
    readonly images: Readonly<Record<string, number>>;
    readonly volumesAttached: readonly string[];
  };
  /** Annotation node.alpha.kubernetes.io/ttl, s: how old kubelets' Secrets may be. */
  readonly ttlS?: number;
}

/** Well-known labels (kubernetes/api core/v1 well_known_labels.go). */
export const LABEL_HOSTNAME = 'kubernetes.io/hostname';
export const LABEL_ZONE = 'topology.kubernetes.io/zone';
export const LABEL_REGION = 'topology.kubernetes.io/region';

export interface Lease extends KubeObject {
  readonly resource: 'leases';
  readonly holder: string;
  readonly durationNs: number;
  /** The holder's wall clock. Observers must not compare it with theirs. */
  readonly renewNs: number;
  readonly transitions: number;
}
