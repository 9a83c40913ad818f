/**
 * The Kubernetes part of a validated scenario: plain data, units resolved, defaults of the version
 * filled in. `Scenario.kubernetes` is null where a scenario has etcd alone.
 */
import type {
  ClaimTemplate,
  ContainerImage,
  IntOrFraction,
  Labels,
  PodSpec,
  ResourceList,
  ResourceName,
  Subresource,
  Taint,
  User,
  Verb,
} from '../../models/objects/index.ts';
import type { DistributionSpec } from '../dist/index.ts';

/** A value of the scenario file, defaults filled in. */
export type WrittenValue =
  | string
  | number
  | boolean
  | null
  | readonly WrittenValue[]
  | { readonly [key: string]: WrittenValue | undefined };

export interface KubernetesScenario {
  /** Minor version, '1.28' to '1.37'; selects defaults and mechanisms. */
  readonly version: string;
  readonly apiServer: ApiServerScenario;
  readonly scheduler: SchedulerScenario;
  readonly controllerManager: ControllerManagerScenario;
  /** null on bare metal. */
  readonly cloud: CloudScenario | null;
  readonly autoscaler: AutoscalerScenario | null;
  readonly nodeGroups: readonly NodeGroupScenario[];
  /** What exists at the start, and runs where the cluster's own rules put it. */
  readonly objects: readonly ObjectSetScenario[];
  /** In turn, or as if half of all pods ever placed in turn had been deleted at random. */
  readonly initialPlacement: 'even' | 'afterChurn';
  readonly load: readonly LoadScenario[];
  /** Agents that list and watch, scrapes, TLS, DNS: see each. */
  readonly agents: readonly AgentScenario[];
  /** Flags that were given, are known and have no effect here. */
  readonly flagsWithoutEffect: readonly string[];
  /** The section of the file that all of this follows from: no model reads it. */
  readonly written: Readonly<Record<string, WrittenValue>>;
}

/** A process of the control plane: on a host of `Scenario.hosts`, under a supervisor. */
export interface ComponentScenario {
  /** 'kube-apiserver/0'. */
  readonly name: string;
  readonly host: string;
  readonly cpuWeight: number;
  readonly cpuQuotaCores: number;
  /** cgroup memory.max; Infinity = that of the host. */
  readonly memoryLimitBytes: number;
  readonly supervisor: 'kubelet' | 'systemd';
}

export interface ApiServerScenario {
  readonly replicas: readonly (ComponentScenario & {
    /** Members of etcd that it talks to, in the order of --etcd-servers. */
    readonly etcdMembers: readonly string[];
  })[];
  /** How clients reach it. 'none': one replica, or each component its own host's. */
  readonly loadBalancer: 'none' | 'loadBalancer' | 'clientList';
  readonly loadBalancerHealthIntervalNs: number;
  readonly loadBalancerHealthThreshold: number;
  /** Events in an etcd of their own (--etcd-servers-overrides). */
  readonly eventsEtcd: boolean;
  readonly priorityAndFairness: boolean;
  readonly maxRequestsInFlight: number;
  readonly maxMutatingRequestsInFlight: number;
  readonly requestTimeoutNs: number;
  readonly minRequestTimeoutNs: number;
  readonly shutdownDelayNs: number;
  readonly goawayChance: number;
  readonly watchCache: boolean;
  readonly eventTtlNs: number;
  /** 0 = off. */
  readonly etcdCompactionIntervalNs: number;
  readonly encryption: 'none' | 'aescbc' | 'aesgcm' | 'secretbox' | 'kmsv1' | 'kmsv2';
  readonly audit: 'off' | 'log-blocking' | 'log-batch' | 'webhook-batch';
  readonly tls: boolean;
  readonly webhooks: readonly WebhookScenario[];
  readonly priorityLevels: readonly PriorityLevelScenario[];
  readonly flowSchemas: readonly FlowSchemaScenario[];
  readonly admissionPlugins: readonly string[];
}

export interface WebhookScenario {
  readonly name: string;
  readonly kind: 'mutating' | 'validating' | 'conversion';
  readonly resources: readonly (ResourceName | '*')[];
  readonly verbs: readonly ('create' | 'update' | 'delete' | '*')[];
  readonly latency: DistributionSpec;
  readonly timeoutNs: number;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly reinvocation: boolean;
}

/** Over or beside those of the bootstrap configuration. */
export interface PriorityLevelScenario {
  readonly name: string;
  readonly shares: number;
  readonly lendablePercent: number;
  readonly borrowingLimitPercent: number;
  readonly limitResponse: 'Queue' | 'Reject';
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export interface FlowSchemaScenario {
  readonly name: string;
  readonly priorityLevel: string;
  readonly precedence: number;
  readonly distinguisher: 'user' | 'namespace' | 'none';
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly verbs: readonly (Verb | '*')[];
  readonly resources: readonly (ResourceName | '*')[];
}

export interface LeaderElectionScenario {
  readonly enabled: boolean;
  readonly leaseDurationNs: number;
  readonly renewDeadlineNs: number;
  readonly retryPeriodNs: number;
  readonly releaseOnExit: boolean;
}

export interface SchedulerScenario {
  readonly replicas: readonly ComponentScenario[];
  readonly leaderElection: LeaderElectionScenario;
  readonly qps: number;
  readonly burst: number;
  /** 0 = adaptive. */
  readonly percentageOfNodesToScore: number;
  readonly parallelism: number;
  readonly podInitialBackoffNs: number;
  readonly podMaxBackoffNs: number;
  readonly profiles: readonly SchedulerProfileScenario[];
}

export interface SchedulerProfileScenario {
  readonly schedulerName: string;
  /** Weights of score plugins that differ from the defaults. */
  readonly weights: Readonly<Record<string, number>>;
  readonly disabled: readonly string[];
  readonly scoringStrategy: 'LeastAllocated' | 'MostAllocated';
  readonly defaultSpread: boolean;
}

export interface ControllerManagerScenario {
  readonly replicas: readonly ComponentScenario[];
  readonly leaderElection: LeaderElectionScenario;
  readonly qps: number;
  readonly burst: number;
  /** Workers by controller ('deployment', 'replicaset', ...); those of the version where absent. */
  readonly concurrentSyncs: Readonly<Record<string, number>>;
  readonly disabledControllers: readonly string[];
  readonly nodeMonitorPeriodNs: number;
  readonly nodeMonitorGracePeriodNs: number;
  readonly nodeStartupGracePeriodNs: number;
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly largeClusterSizeThreshold: number;
  readonly unhealthyZoneThreshold: number;
  readonly terminatedPodGcThreshold: number;
  readonly endpointUpdatesBatchPeriodNs: number;
  readonly maxEndpointsPerSlice: number;
  readonly hpaSyncPeriodNs: number;
  readonly hpaTolerance: number;
  readonly hpaDownscaleStabilizationNs: number;
}

export interface CloudScenario {
  readonly replicas: readonly ComponentScenario[];
  readonly leaderElection: LeaderElectionScenario;
  readonly qps: number;
  readonly burst: number;
  readonly routes: boolean;
  readonly routeReconcilePeriodNs: number;
  readonly nodeSyncPeriodNs: number;
  readonly concurrentServiceSyncs: number;
  /** Per call type. */
  readonly apiQps: number;
  readonly apiBurst: number;
  readonly describeLatency: DistributionSpec;
  readonly routeLatency: DistributionSpec;
  readonly loadBalancerLatency: DistributionSpec;
  readonly instanceBoot: DistributionSpec;
  readonly volumeProvision: DistributionSpec;
  readonly volumeAttach: DistributionSpec;
  readonly volumeAttachQps: number;
}

export interface AutoscalerScenario {
  readonly scanIntervalNs: number;
  /** Node groups that it may grow, by name, with their limits. */
  readonly groups: readonly {
    readonly group: string;
    readonly min: number;
    readonly max: number;
  }[];
  readonly scaleDownUnneededNs: number;
  readonly scaleDownUtilization: number;
}

export interface NodeGroupScenario {
  readonly name: string;
  /** Nodes that are registered and ready at the start. */
  readonly count: number;
  /** Nodes that join later, at `joinRate` per second from `joinAtNs`. */
  readonly joining: number;
  readonly joinAtNs: number;
  readonly joinRatePerSecond: number;
  readonly zones: readonly string[];
  readonly capacity: ResourceList;
  readonly allocatable: ResourceList;
  readonly labels: Labels;
  readonly taints: readonly Taint[];
  /** Exact names where nodes were imported; else `NAME-0`, `NAME-1`, ... */
  readonly names: readonly string[];
  /** Bytes of the Node object, images apart. */
  readonly objectBytes: number;
  readonly images: readonly ContainerImage[];
  readonly kubelet: KubeletScenario;
  readonly runtime: RuntimeScenario;
  readonly kubeProxy: KubeProxyScenario;
}

export interface KubeletScenario {
  readonly qps: number;
  readonly burst: number;
  readonly eventQps: number;
  readonly eventBurst: number;
  readonly maxPods: number;
  readonly leaseDurationNs: number;
  readonly nodeStatusUpdateNs: number;
  readonly nodeStatusReportNs: number;
  readonly syncFrequencyNs: number;
  readonly serializeImagePulls: boolean;
  /** 0 = no limit. */
  readonly maxParallelImagePulls: number;
  readonly registryQps: number;
  readonly registryBurst: number;
  readonly eventedPleg: boolean;
  readonly runtimeTimeoutNs: number;
  readonly evictionHardMemoryBytes: number;
  readonly configMapStrategy: 'Watch' | 'Cache' | 'Get';
}

export interface RuntimeScenario {
  readonly kind: 'containerd' | 'cri-o';
  /** Sandbox operations, and so on, at once; 0 = no limit. */
  readonly parallelism: number;
  readonly sandbox: DistributionSpec;
  readonly cni: DistributionSpec;
  readonly create: DistributionSpec;
  readonly start: DistributionSpec;
  readonly stop: DistributionSpec;
  readonly registryLatency: DistributionSpec;
  readonly layerBytesPerSecond: number;
  readonly nodeBytesPerSecond: number;
  /** Shared by all nodes; Infinity = none. */
  readonly registryBytesPerSecond: number;
  readonly unpackBytesPerSecond: number;
}

export interface KubeProxyScenario {
  readonly mode: 'iptables' | 'ipvs' | 'nftables' | 'ebpf' | 'none';
  readonly minSyncPeriodNs: number;
  readonly syncPeriodNs: number;
  readonly qps: number;
  readonly burst: number;
}

/** Objects of the cluster: `copies` of one that differ in name. */
export interface ObjectSetScenario {
  readonly kind:
    | 'Deployment'
    | 'ReplicaSet'
    | 'StatefulSet'
    | 'DaemonSet'
    | 'Job'
    | 'CronJob'
    | 'Pod'
    | 'Service'
    | 'ConfigMap'
    | 'Secret'
    | 'CustomResource'
    | 'Namespace'
    | 'PodDisruptionBudget'
    | 'HorizontalPodAutoscaler'
    | 'PersistentVolumeClaim'
    | 'PersistentVolume'
    | 'StorageClass'
    | 'PriorityClass'
    | 'ResourceQuota';
  readonly name: string;
  readonly copies: number;
  /** `namespaces` of them, in turn: 'load-0', ...; a single one keeps its name. */
  readonly namespace: string;
  readonly namespaces: number;
  readonly replicas: number;
  readonly template: PodTemplateScenario | null;
  readonly labels: Labels;
  readonly bytes: number;
  /** Labels that a Service, PodDisruptionBudget or ReplicaSet selects by. */
  readonly selector: Labels;
  /** A service in front of each copy of a workload; a Service's own type. */
  readonly service: {
    readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
    readonly headless: boolean;
  } | null;
  readonly strategy: 'RollingUpdate' | 'Recreate';
  readonly maxSurge: IntOrFraction;
  readonly maxUnavailable: IntOrFraction;
  readonly minAvailable: IntOrFraction | null;
  readonly podManagementPolicy: 'OrderedReady' | 'Parallel';
  readonly claims: readonly ClaimTemplate[];
  readonly completions: number;
  readonly parallelism: number;
  readonly everyNs: number;
  readonly hpa: {
    readonly target: string;
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly targetCpuUtilization: number;
  } | null;
  /** Pods run on these nodes (imported); in the order of the pods. Empty = placed at the start. */
  readonly nodes: readonly string[];
}

export interface PodTemplateScenario {
  readonly labels: Labels;
  readonly spec: PodSpec;
  readonly bytes: number;
  /** Its images are on every node already. */
  readonly imagePresent: boolean;
}

/** What happens to the cluster from outside, as it runs. */
export type LoadScenario = {
  readonly name: string;
  readonly startNs: number;
  readonly stopNs: number;
  /** Who does it. */
  readonly user: User;
  readonly qps: number;
  readonly burst: number;
} & (
  | {
      /** Creates object sets: `kubectl apply`, a load test. */
      readonly kind: 'create';
      readonly set: ObjectSetScenario;
      /** Objects (not pods) a second; Infinity = as fast as the client may. */
      readonly ratePerSecond: number;
    }
  | {
      /** Pods come and go: deployments of `replicas` pods are created, and deleted later. */
      readonly kind: 'churn';
      readonly template: PodTemplateScenario;
      readonly podsPerSecond: number;
      readonly replicas: number;
      readonly lifetimeNs: number;
      readonly namespaces: number;
      readonly arrivals: 'poisson' | 'constant';
    }
  | {
      readonly kind: 'scale' | 'rollout' | 'delete';
      /** Name of an object set or of a create load. */
      readonly target: string;
      readonly replicas: number;
      /** Each workload draws its own number from replicas to this. */
      readonly replicasMax: number;
      /** rollout: what its pods are from then on; null = as before, in a new revision. */
      readonly template: PodTemplateScenario | null;
      /** Each workload somewhere in this time, drawn; 0 = all at once. */
      readonly overNs: number;
    }
  | {
      /** Calls of the API as such: open loop by rate, or closed loop by clients. */
      readonly kind: 'requests';
      readonly verb: Verb;
      readonly resource: ResourceName;
      readonly subresource: Subresource;
      readonly scope: 'resource' | 'namespace' | 'cluster';
      readonly consistency: 'any' | 'consistent';
      readonly limit: number;
      readonly selects: number;
      readonly ratePerSecond: number;
      readonly clients: number;
      readonly arrivals: 'poisson' | 'constant';
      readonly bytes: number;
    }
  | {
      /** A command of an operator, as a macro of its requests: 'get pods -A', 'drain node-3'. */
      readonly kind: 'kubectl';
      readonly command: readonly string[];
      readonly everyNs: number;
    }
  | {
      /** Arrivals from a trace. */
      readonly kind: 'replay';
      readonly pods: readonly TracePod[];
    }
);

export interface TracePod {
  readonly atNs: number;
  readonly name: string;
  readonly namespace: string;
  readonly template: PodTemplateScenario;
  /** Runs so long once started; Infinity = to the end. */
  readonly runsForNs: number;
}

/** What lists and watches beside the control plane. */
export interface AgentScenario {
  readonly name: string;
  readonly kind: 'daemon' | 'deployment';
  /** daemon: one on every node; deployment: so many. */
  readonly count: number;
  readonly lists: readonly ResourceName[];
  readonly watches: boolean;
  /** Lists again every so often; 0 = once. */
  readonly relistNs: number;
  readonly consistency: 'any' | 'consistent';
  readonly ownNodeOnly: boolean;
  readonly user: User;
}
