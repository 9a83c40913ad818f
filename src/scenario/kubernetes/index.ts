/** The Kubernetes part of a scenario: values as read to the control plane that the models take. */

import { type ContainerImage, minorVersion } from '../../../models/objects/index.ts';
import type { Checker } from '../checker.ts';
import { type KubernetesValue, kubernetesGroup, type WebhookValue } from '../fields/kubernetes.ts';
import type {
  ApiServerScenario,
  CloudScenario,
  ComponentScenario,
  ControllerManagerScenario,
  FlowSchemaScenario,
  KubernetesScenario,
  LeaderElectionScenario,
  NodeGroupScenario,
  SchedulerScenario,
  WebhookScenario,
} from '../kubernetes-types.ts';
import { groupNode } from '../print-fields.ts';
import { type ComponentName, FlagReader } from './flags.ts';
import { agentOf, loadOf } from './load.ts';
import { nodeGroupOf } from './nodes.ts';
import { objectSetOf } from './pods.ts';

const S = 1e9;
const FIRST_MINOR = 28;
const LAST_MINOR = 37;

/** kubernetes/pkg/kubeapiserver/options/plugins.go: those that cost or decide something. */
const ADMISSION_PLUGINS = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
];

export function controlPlaneHost(index: number): string {
  return `control-plane/${index}`;
}

export interface KubernetesContext {
  /** etcd members by name, in order. */
  readonly members: readonly { readonly name: string; readonly host: string }[];
}

export function kubernetesOf(
  value: KubernetesValue,
  context: KubernetesContext,
  checker: Checker,
): KubernetesScenario {
  const path = 'kubernetes';
  const minor = minorVersion(value.version);
  if (minor < FIRST_MINOR || minor > LAST_MINOR) {
    checker.at(`${path}.version`, 'WT1204', `Kubernetes ${value.version} is not modelled`, {
      expected: `one of 1.${FIRST_MINOR} to 1.${LAST_MINOR}`,
    });
  }
  const parts = new Parts(value, context, checker);
  checker.duplicates(
    `${path}.nodeGroups`,
    value.nodeGroups.map((g) => g.name),
    'node group',
  );
  checker.duplicates(
    `${path}.load`,
    value.load.map((l) => l.name),
    'load',
  );
  const priorities = new Map(
    value.objects.flatMap((set) =>
      set.kind === 'PriorityClass' && set.name !== undefined ? [[set.name, set.value]] : [],
    ),
  );
  const scenario: KubernetesScenario = {
    version: `1.${minor}`,
    apiServer: parts.apiServer(),
    scheduler: parts.scheduler(),
    controllerManager: parts.controllerManager(),
    cloud: parts.cloud(),
    autoscaler: autoscalerOf(value, checker),
    nodeGroups: value.nodeGroups.map((group, i) =>
      nodeGroupOf(group, value.version, `${path}.nodeGroups[${i}]`, checker),
    ),
    objects: value.objects.map((set, i) =>
      objectSetOf(set, `${path}.objects[${i}]`, checker, priorities),
    ),
    initialPlacement: value.initialPlacement,
    load: value.load.map((load, i) => loadOf(load, `${path}.load[${i}]`, checker, priorities)),
    agents: value.agents.map((agent, i) => agentOf(agent, `${path}.agents[${i}]`, checker)),
    flagsWithoutEffect: [],
    written: groupNode(kubernetesGroup, value),
  };
  checkTargets(scenario, checker);
  return {
    ...scenario,
    nodeGroups: withImages(scenario).map((group) => autoscaled(group, scenario)),
    flagsWithoutEffect: parts.withoutEffect,
  };
}

/** Images that templates say are on every node. */
function withImages({ nodeGroups, objects, load }: KubernetesScenario) {
  const templates = [
    ...objects.map((set) => set.template),
    ...load.map((l) => {
      if (l.kind === 'create') return l.set.template;
      return l.kind === 'churn' || l.kind === 'rollout' ? l.template : null;
    }),
  ];
  const images = new Map<string, ContainerImage>();
  for (const template of templates) {
    if (template?.imagePresent !== true) continue;
    const { containers, initContainers } = template.spec;
    for (const { image } of [...initContainers, ...containers]) images.set(image.name, image);
  }
  return nodeGroups.map((group) => {
    const own = new Map(group.images.map((image) => [image.name, image]));
    return { ...group, images: [...new Map([...images, ...own]).values()] };
  });
}

/** Nodes of an autoscaled group beyond those of the start come when they are ordered. */
function autoscaled(group: NodeGroupScenario, { autoscaler }: KubernetesScenario) {
  const limits = autoscaler?.groups.find((limit) => limit.group === group.name);
  if (limits === undefined) return group;
  return { ...group, joining: Math.max(0, limits.max - group.count), joinAtNs: Infinity };
}

/** scale, rollout, delete and autoscalers name an object set or a create load. */
function checkTargets(scenario: KubernetesScenario, checker: Checker): void {
  const names = scenario.objects.map((set) => set.name);
  for (const load of scenario.load) if (load.kind === 'create') names.push(load.set.name);
  scenario.load.forEach((load, i) => {
    if (!('target' in load) || names.includes(load.target)) return;
    const where = `kubernetes.load[${i}].${load.kind}.target`;
    checker.unknown(where, `there is no object set ${load.target}`, load.target, names, '');
  });
}

function autoscalerOf(value: KubernetesValue, checker: Checker) {
  const { clusterAutoscaler } = value;
  if (clusterAutoscaler === undefined) return null;
  if (value.cloudControllerManager === undefined) {
    checker.at('kubernetes.clusterAutoscaler', 'WT1109', 'there is no cloud to order nodes from', {
      hint: 'describe it: cloudControllerManager: {}; for machines of your own its boot time',
    });
  }
  const names = value.nodeGroups.map((g) => g.name);
  clusterAutoscaler.groups.forEach(({ group }, i) => {
    if (names.includes(group)) return;
    const where = `kubernetes.clusterAutoscaler.groups[${i}].group`;
    checker.unknown(where, `there is no node group ${group}`, group, names, '');
  });
  return {
    scanIntervalNs: clusterAutoscaler.scanInterval,
    groups: clusterAutoscaler.groups,
    scaleDownUnneededNs: clusterAutoscaler.scaleDownUnneeded,
    scaleDownUtilization: clusterAutoscaler.scaleDownUtilization,
  };
}

class Parts {
  readonly withoutEffect: string[] = [];
  readonly #value: KubernetesValue;
  readonly #context: KubernetesContext;
  readonly #checker: Checker;

  constructor(value: KubernetesValue, context: KubernetesContext, checker: Checker) {
    this.#value = value;
    this.#context = context;
    this.#checker = checker;
  }

  apiServer(): ApiServerScenario {
    const v = this.#value.kubeAPIServer;
    const flags = this.#flags('kube-apiserver', v.extraArgs, 'kubeAPIServer');
    const count = this.#replicas(v.replicas, 'kubeAPIServer');
    const limits = {
      cpuWeight: v.cpuWeight,
      cpuQuotaCores: v.cpuQuota,
      memoryLimitBytes: v.memoryLimit,
    };
    const off = flags.text('disable-admission-plugins', '').split(',');
    const more = flags.text('enable-admission-plugins', '').split(',').filter(Boolean);
    const plugins = [...ADMISSION_PLUGINS, ...more].filter((name) => !off.includes(name));
    const scenario: ApiServerScenario = {
      replicas: Array.from({ length: count }, (_, i) => {
        const host = controlPlaneHost(i);
        const all = this.#context.members.map((m) => m.name);
        const own = this.#context.members.filter((m) => m.host === host).map((m) => m.name);
        const stacked = this.#value.controlPlane.topology === 'stacked' && own.length > 0;
        const etcdMembers = stacked ? own : [...all.slice(i), ...all.slice(0, i)];
        return { ...this.#component('kube-apiserver', i, limits), etcdMembers };
      }),
      loadBalancer: v.loadBalancer ?? (count === 1 ? 'none' : 'loadBalancer'),
      loadBalancerHealthIntervalNs: v.healthInterval,
      loadBalancerHealthThreshold: v.healthThreshold,
      eventsEtcd: v.eventsEtcd,
      priorityAndFairness: flags.boolean('enable-priority-and-fairness', true),
      maxRequestsInFlight: flags.number('max-requests-inflight', 400),
      maxMutatingRequestsInFlight: flags.number('max-mutating-requests-inflight', 200),
      requestTimeoutNs: flags.durationNs('request-timeout', 60 * S),
      minRequestTimeoutNs: flags.number('min-request-timeout', 1800) * S,
      shutdownDelayNs: flags.durationNs('shutdown-delay-duration', 0),
      goawayChance: flags.number('goaway-chance', 0),
      watchCache: flags.boolean('watch-cache', true),
      eventTtlNs: flags.durationNs('event-ttl', 3600 * S),
      etcdCompactionIntervalNs: flags.durationNs('etcd-compaction-interval', 300 * S),
      encryption: v.encryption,
      audit: v.audit,
      tls: v.tls,
      webhooks: v.webhooks.map((webhook) => webhookOf(webhook)),
      priorityLevels: v.priorityLevels,
      flowSchemas: v.flowSchemas.map((schema) => ({
        ...schema,
        // Names that no model knows match nothing.
        verbs: schema.verbs as FlowSchemaScenario['verbs'],
        resources: schema.resources as FlowSchemaScenario['resources'],
      })),
      admissionPlugins: plugins,
    };
    this.withoutEffect.push(...flags.finish());
    return scenario;
  }

  scheduler(): SchedulerScenario {
    const v = this.#value.kubeScheduler;
    const flags = this.#flags('kube-scheduler', v.extraArgs, 'kubeScheduler');
    const { config } = v;
    const profiles = config.profiles.map((profile) => ({
      schedulerName: profile.schedulerName,
      weights: profile.weights,
      disabled: profile.disabled,
      scoringStrategy: profile.scoringStrategy,
      defaultSpread: true,
    }));
    const scenario: SchedulerScenario = {
      replicas: this.#components('kube-scheduler', v.replicas, 'kubeScheduler'),
      leaderElection: leaderElectionOf(flags),
      qps: flags.number('kube-api-qps', config.clientConnection.qps),
      burst: flags.number('kube-api-burst', config.clientConnection.burst),
      percentageOfNodesToScore: config.percentageOfNodesToScore,
      parallelism: config.parallelism,
      podInitialBackoffNs: Math.round(config.podInitialBackoffSeconds * S),
      podMaxBackoffNs: Math.round(config.podMaxBackoffSeconds * S),
      profiles:
        profiles.length > 0
          ? profiles
          : [
              {
                schedulerName: 'default-scheduler',
                weights: {},
                disabled: [],
                scoringStrategy: 'LeastAllocated',
                defaultSpread: true,
              },
            ],
    };
    this.withoutEffect.push(...flags.finish());
    return scenario;
  }

  controllerManager(): ControllerManagerScenario {
    const v = this.#value.kubeControllerManager;
    const flags = this.#flags('kube-controller-manager', v.extraArgs, 'kubeControllerManager');
    const minor = minorVersion(this.#value.version);
    const scenario: ControllerManagerScenario = {
      replicas: this.#components('kube-controller-manager', v.replicas, 'kubeControllerManager'),
      leaderElection: leaderElectionOf(flags),
      qps: flags.number('kube-api-qps', 20, 0.1),
      burst: flags.number('kube-api-burst', 30, 1),
      concurrentSyncs: concurrentSyncs(flags),
      disabledControllers: flags
        .text('controllers', '*')
        .split(',')
        .filter((name) => name.startsWith('-'))
        .map((name) => name.slice(1)),
      nodeMonitorPeriodNs: flags.durationNs('node-monitor-period', 5 * S),
      // kubernetes#126287: 50 s since 1.32.
      nodeMonitorGracePeriodNs: flags.durationNs(
        'node-monitor-grace-period',
        (minor >= 32 ? 50 : 40) * S,
      ),
      nodeStartupGracePeriodNs: flags.durationNs('node-startup-grace-period', 60 * S),
      nodeEvictionRate: flags.number('node-eviction-rate', 0.1),
      secondaryNodeEvictionRate: flags.number('secondary-node-eviction-rate', 0.01),
      largeClusterSizeThreshold: flags.number('large-cluster-size-threshold', 50),
      unhealthyZoneThreshold: flags.number('unhealthy-zone-threshold', 0.55),
      terminatedPodGcThreshold: flags.number('terminated-pod-gc-threshold', 12_500),
      endpointUpdatesBatchPeriodNs: flags.durationNs('endpointslice-updates-batch-period', 0),
      maxEndpointsPerSlice: flags.number('max-endpoints-per-slice', 100, 1),
      hpaSyncPeriodNs: flags.durationNs('horizontal-pod-autoscaler-sync-period', 15 * S),
      hpaTolerance: flags.number('horizontal-pod-autoscaler-tolerance', 0.1),
      hpaDownscaleStabilizationNs: flags.durationNs(
        'horizontal-pod-autoscaler-downscale-stabilization',
        300 * S,
      ),
    };
    this.withoutEffect.push(...flags.finish());
    return scenario;
  }

  cloud(): CloudScenario | null {
    const v = this.#value.cloudControllerManager;
    if (v === undefined) return null;
    const flags = this.#flags('cloud-controller-manager', v.extraArgs, 'cloudControllerManager');
    const scenario: CloudScenario = {
      replicas: this.#components('cloud-controller-manager', undefined, 'cloudControllerManager'),
      leaderElection: leaderElectionOf(flags),
      qps: flags.number('kube-api-qps', 20, 0.1),
      burst: flags.number('kube-api-burst', 30, 1),
      routes: flags.boolean('configure-cloud-routes', v.routes),
      routeReconcilePeriodNs: flags.durationNs('route-reconciliation-period', 10 * S),
      nodeSyncPeriodNs: flags.durationNs('node-status-update-frequency', 300 * S),
      concurrentServiceSyncs: flags.number('concurrent-service-syncs', 1, 1),
      apiQps: v.apiQps,
      apiBurst: v.apiBurst,
      describeLatency: v.describe.spec,
      routeLatency: v.route.spec,
      loadBalancerLatency: v.loadBalancer.spec,
      instanceBoot: v.boot.spec,
      volumeProvision: v.provision.spec,
      volumeAttach: v.attach.spec,
      volumeAttachQps: v.attachQps,
    };
    this.withoutEffect.push(...flags.finish());
    return scenario;
  }

  #flags(component: ComponentName, args: Readonly<Record<string, string>>, field: string) {
    const path = `kubernetes.${field}.extraArgs`;
    return new FlagReader(component, args, this.#value.version, (flag, ...rest) =>
      this.#checker.at(`${path}.${flag}`, ...rest),
    );
  }

  #replicas(count: number | undefined, field: string): number {
    const { replicas } = this.#value.controlPlane;
    if (count !== undefined && count > replicas) {
      this.#checker.at(`kubernetes.${field}.replicas`, 'WT1109', `${count} on ${replicas} hosts`, {
        hint: 'a host of the control plane runs one of each: raise controlPlane.replicas',
      });
    }
    return Math.min(count ?? replicas, replicas);
  }

  #components(name: string, count: number | undefined, field: string): ComponentScenario[] {
    const limits = { cpuWeight: 100, cpuQuotaCores: Infinity, memoryLimitBytes: Infinity };
    const replicas = this.#replicas(count, field);
    return Array.from({ length: replicas }, (_, i) => this.#component(name, i, limits));
  }

  #component(
    name: string,
    index: number,
    limits: Pick<ComponentScenario, 'cpuWeight' | 'cpuQuotaCores' | 'memoryLimitBytes'>,
  ): ComponentScenario {
    const { supervisor } = this.#value.controlPlane;
    return { name: `${name}/${index}`, host: controlPlaneHost(index), ...limits, supervisor };
  }
}

/** component-base config/v1alpha1 defaults.go `RecommendedDefaultLeaderElectionConfiguration`. */
function leaderElectionOf(flags: FlagReader): LeaderElectionScenario {
  return {
    enabled: flags.boolean('leader-elect', true),
    leaseDurationNs: flags.durationNs('leader-elect-lease-duration', 15 * S),
    renewDeadlineNs: flags.durationNs('leader-elect-renew-deadline', 10 * S),
    retryPeriodNs: flags.durationNs('leader-elect-retry-period', 2 * S),
    releaseOnExit: false,
  };
}

/** Flag to the name of the controller whose workers it counts. */
const SYNC_FLAGS: Readonly<Record<string, string>> = {
  deployment: 'concurrent-deployment-syncs',
  replicaset: 'concurrent-replicaset-syncs',
  replicationcontroller: 'concurrent-rc-syncs',
  statefulset: 'concurrent-statefulset-syncs',
  daemonset: 'concurrent-daemonset-syncs',
  job: 'concurrent-job-syncs',
  cronjob: 'concurrent-cron-job-syncs',
  endpointslice: 'concurrent-service-endpoint-syncs',
  endpoint: 'concurrent-endpoint-syncs',
  namespace: 'concurrent-namespace-syncs',
  garbagecollector: 'concurrent-gc-syncs',
  horizontalpodautoscaler: 'concurrent-horizontal-pod-autoscaler-syncs',
  serviceaccount: 'concurrent-serviceaccount-token-syncs',
  resourcequota: 'concurrent-resource-quota-syncs',
  ttlafterfinished: 'concurrent-ttl-after-finished-syncs',
};

function concurrentSyncs(flags: FlagReader): Record<string, number> {
  const syncs: Record<string, number> = {};
  for (const [controller, flag] of Object.entries(SYNC_FLAGS)) {
    if (flags.has(flag)) syncs[controller] = flags.number(flag, 5, 1);
  }
  return syncs;
}

function webhookOf(value: WebhookValue): WebhookScenario {
  const { resources, verbs } = value;
  return {
    name: value.name,
    kind: value.kind,
    resources: resources.length === 0 ? ['*'] : resources,
    verbs: verbs.length === 0 ? ['create', 'update'] : verbs,
    latency: value.latency.spec,
    timeoutNs: value.timeout,
    failurePolicy: value.failurePolicy,
    reinvocation: value.reinvocation,
  };
}
