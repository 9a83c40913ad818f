/** Fields of a Kubernetes cluster: its control plane, nodes, objects and load. */

import { resourceNames } from '../../../models/objects/index.ts';
import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { agentGroup, loadGroup, objectSetGroup } from './kubernetes-load.ts';
import { nodeGroupGroup } from './kubernetes-nodes.ts';

const extraArgs = (component: string, example: string) =>
  field.flags({
    description:
      `Flags of ${component} as on its command line, without the dashes and in their own ` +
      'units, as in a kubeadm ClusterConfiguration.',
    example,
  });

const process = {
  cpuWeight: field.integer({
    description: 'Share of the CPU against the other processes of the host.',
    default: '250',
    min: '1',
    max: '10000',
    flag: 'cgroup cpu.weight; kubeadm requests 250m for kube-apiserver',
  }),
  cpuQuota: field.number({
    description: 'Most cores that a replica may use.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '0.01',
    flag: 'cgroup cpu.max; a CPU limit of the pod',
  }),
  memoryLimit: field.bytes({
    description: 'Memory at which a replica is killed; unlimited: that of its host.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '16MiB',
    flag: 'cgroup memory.max; a memory limit of the pod',
  }),
};

export const webhookFields = {
  name: field.string({ description: 'Name of the webhook.', required: true, example: 'policy' }),
  kind: field.choice(['mutating', 'validating', 'conversion'], {
    description: 'mutating: one after the other; validating: all at once; conversion: of CRDs.',
    default: 'validating',
  }),
  resources: field.list(
    field.choice([...resourceNames, '*'], { description: 'A resource, or `*`.', example: 'pods' }),
    {
      description: 'Resources it is called for; none: all but leases.',
      example: '[pods]',
    },
  ),
  verbs: field.list(
    field.choice(['create', 'update', 'delete', '*'], {
      description: 'An operation.',
      example: 'create',
    }),
    {
      description: 'Operations it is called for; none: create and update.',
      example: '[create]',
    },
  ),
  latency: field.distribution('duration', {
    description: 'Time of one call, connection included.',
    default: '{ lognormal: { p50: 5ms, p99: 50ms } }',
    example: '20ms',
  }),
  timeout: field.duration({
    description: 'When a call is given up.',
    default: '10s',
    min: '1s',
    max: '30s',
    flag: 'timeoutSeconds',
  }),
  failurePolicy: field.choice(['Fail', 'Ignore'], {
    description: 'What becomes of a request whose call fails.',
    default: 'Fail',
  }),
  reinvocation: field.boolean({
    description: 'mutating: called again where a later one changed the object.',
    default: 'false',
    flag: 'reinvocationPolicy: IfNeeded',
  }),
};

export const webhookGroup: Group<typeof webhookFields> = {
  name: 'webhook',
  description: 'An admission or conversion webhook, somewhere outside of the control plane.',
  fields: webhookFields,
};

const texts = (description: string, example: string) =>
  field.list(field.string({ description, example }), { description, example: `[${example}]` });

const priorityLevelFields = {
  name: field.string({ description: 'Name.', required: true, example: 'batch' }),
  shares: field.integer({
    description: 'Its share of the seats.',
    default: '30',
    min: '0',
    flag: 'nominalConcurrencyShares',
  }),
  lendablePercent: field.integer({
    description: 'Part of its seats that others may use, in percent.',
    default: '0',
    min: '0',
    max: '100',
  }),
  borrowingLimitPercent: field.number({
    description: 'Most seats that it may borrow, in percent of its own.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '0',
  }),
  limitResponse: field.choice(['Queue', 'Reject'], {
    description: 'What becomes of requests beyond its seats.',
    default: 'Queue',
    flag: 'limitResponse.type',
  }),
  queues: field.integer({ description: 'Queues.', default: '64', min: '1' }),
  handSize: field.integer({ description: 'Queues that a flow may use.', default: '8', min: '1' }),
  queueLengthLimit: field.integer({ description: 'Places of a queue.', default: '50', min: '1' }),
};

const flowSchemaFields = {
  name: field.string({ description: 'Name.', required: true, example: 'batch' }),
  priorityLevel: field.string({
    description: 'The priority level of its requests.',
    required: true,
    example: 'batch',
  }),
  precedence: field.integer({
    description: 'Of the schemas that match, the one with the lowest counts.',
    default: '1000',
    min: '1',
    max: '10000',
    flag: 'matchingPrecedence',
  }),
  distinguisher: field.choice(['none', 'user', 'namespace'], {
    description: 'What tells flows apart.',
    default: 'none',
    flag: 'distinguisherMethod',
  }),
  users: texts('A user, or `*`.', 'system:serviceaccount:jobs:runner'),
  groups: texts('A group, or `*`.', 'system:serviceaccounts:jobs'),
  verbs: texts('A verb, or `*`.', 'list'),
  resources: texts('A resource by its plural name, or `*`.', 'pods'),
};

export const apiServerFields = {
  replicas: field.integer({
    description: 'kube-apiservers: one on each host of the control plane.',
    defaultNote: 'controlPlane.replicas',
    min: '1',
    max: '20',
  }),
  extraArgs: extraArgs('kube-apiserver', '{ max-requests-inflight: "800" }'),
  loadBalancer: field.choice(['none', 'loadBalancer', 'clientList'], {
    description:
      'How clients reach the replicas: a load balancer with health checks, or a list at each ' +
      'client; none: there is one replica.',
    defaultNote: 'loadBalancer; none with one replica',
  }),
  healthInterval: field.duration({
    description: 'Time between health checks of the load balancer.',
    default: '5s',
    min: '100ms',
    max: '10m',
  }),
  healthThreshold: field.integer({
    description: 'Failed checks after which a replica gets no more connections.',
    default: '2',
    min: '1',
    max: '100',
  }),
  eventsEtcd: field.boolean({
    description: 'Events in an etcd of their own, of as many members.',
    default: 'false',
    flag: '--etcd-servers-overrides=/events#...',
  }),
  encryption: field.choice(['none', 'aescbc', 'aesgcm', 'secretbox', 'kmsv1', 'kmsv2'], {
    description: 'Encryption of Secrets at rest.',
    default: 'none',
    flag: '--encryption-provider-config',
  }),
  audit: field.choice(['off', 'log-blocking', 'log-batch', 'webhook-batch'], {
    description: 'Audit backend and its mode.',
    default: 'off',
    flag: '--audit-log-mode, --audit-webhook-mode',
  }),
  tls: field.boolean({
    description: 'TLS between components: handshakes and encryption cost CPU.',
    default: 'true',
  }),
  ...process,
  webhooks: field.list(
    field.group(() => webhookGroup, { description: 'One webhook.' }),
    { description: 'Webhooks that requests pass.' },
  ),
  priorityLevels: field.list(
    field.group(
      () => ({
        name: 'priorityLevel',
        description: 'A PriorityLevelConfiguration.',
        fields: priorityLevelFields,
      }),
      { description: 'A PriorityLevelConfiguration.' },
    ),
    { description: 'Priority levels beside, or in place of, those that the API server makes.' },
  ),
  flowSchemas: field.list(
    field.group(
      () => ({ name: 'flowSchema', description: 'A FlowSchema.', fields: flowSchemaFields }),
      { description: 'A FlowSchema.' },
    ),
    { description: 'Flow schemas beside, or in place of, those that the API server makes.' },
  ),
};

const schedulerConfigFields = {
  clientConnection: field.group(
    () => ({
      name: 'clientConnection',
      description: 'Rate of its calls.',
      fields: {
        qps: field.number({ description: 'Calls a second.', default: '50', min: '0.1' }),
        burst: field.integer({ description: 'Calls at once.', default: '100', min: '1' }),
      },
    }),
    { description: 'Rate of its calls.' },
  ),
  percentageOfNodesToScore: field.integer({
    description: 'Part of the nodes that is examined, in percent; 0: by the size of the cluster.',
    default: '0',
    min: '0',
    max: '100',
  }),
  parallelism: field.integer({
    description: 'Goroutines that filter and score.',
    default: '16',
    min: '1',
    max: '1000',
  }),
  podInitialBackoffSeconds: field.number({
    description: 'First pause of a pod that did not fit.',
    default: '1',
    min: '0',
  }),
  podMaxBackoffSeconds: field.number({
    description: 'Longest pause of a pod that did not fit.',
    default: '10',
    min: '0',
  }),
  profiles: field.list(
    field.group(
      () => ({
        name: 'profile',
        description: 'One scheduler by name.',
        fields: {
          schedulerName: field.string({
            description: 'Pods choose it by spec.schedulerName.',
            default: 'default-scheduler',
          }),
          weights: field.map(
            field.number({ description: 'Weight of a score plugin.', min: '0', example: '3' }),
            {
              description: 'Weights of score plugins that differ from the defaults.',
              keys: 'plugin',
              example: '{ ImageLocality: 3 }',
            },
          ),
          disabled: field.list(
            field.string({ description: 'A plugin.', example: 'ImageLocality' }),
            {
              description: 'Plugins that are off.',
              example: '[ImageLocality]',
            },
          ),
          scoringStrategy: field.choice(['LeastAllocated', 'MostAllocated'], {
            description: 'Score of NodeResourcesFit.',
            default: 'LeastAllocated',
          }),
        },
      }),
      { description: 'One profile.' },
    ),
    { description: 'Profiles; none: default-scheduler.' },
  ),
};

export const schedulerFields = {
  replicas: field.integer({
    description: 'kube-schedulers, of which one leads.',
    defaultNote: 'controlPlane.replicas',
    min: '1',
    max: '20',
  }),
  extraArgs: extraArgs('kube-scheduler', '{ leader-elect-lease-duration: 15s }'),
  config: field.group(
    () => ({
      name: 'schedulerConfig',
      description: 'KubeSchedulerConfiguration, in its own names.',
      fields: schedulerConfigFields,
    }),
    { description: 'KubeSchedulerConfiguration, in its own names.', flag: '--config' },
  ),
};

export const controllerManagerFields = {
  replicas: field.integer({
    description: 'kube-controller-managers, of which one leads.',
    defaultNote: 'controlPlane.replicas',
    min: '1',
    max: '20',
  }),
  extraArgs: extraArgs('kube-controller-manager', '{ node-monitor-grace-period: 40s }'),
};

export const cloudFields = {
  extraArgs: extraArgs('cloud-controller-manager', '{ concurrent-service-syncs: "5" }'),
  routes: field.boolean({ description: 'It makes a route for each node.', default: 'true' }),
  apiQps: field.number({
    description: 'Calls a second that the cloud allows for each kind of call.',
    default: '20',
    min: '0.01',
  }),
  apiBurst: field.integer({ description: 'Calls at once.', default: '100', min: '1' }),
  describe: field.distribution('duration', {
    description: 'Time of a call that reads.',
    default: '{ lognormal: { p50: 100ms, p99: 400ms } }',
  }),
  route: field.distribution('duration', {
    description: 'Time to make a route.',
    default: '{ lognormal: { p50: 3s, p99: 12s } }',
  }),
  loadBalancer: field.distribution('duration', {
    description: 'Time to make a load balancer.',
    default: '{ lognormal: { p50: 40s, p99: 180s } }',
  }),
  boot: field.distribution('duration', {
    description: 'From the order of an instance to its kubelet.',
    default: '{ lognormal: { p50: 50s, p99: 120s } }',
  }),
  provision: field.distribution('duration', {
    description: 'Time to make a volume.',
    default: '{ lognormal: { p50: 3s, p99: 15s } }',
  }),
  attach: field.distribution('duration', {
    description: 'Time to attach a volume.',
    default: '{ lognormal: { p50: 6s, p99: 30s } }',
  }),
  attachQps: field.number({
    description: 'Volumes attached or detached a second.',
    default: '10',
    min: '0.01',
  }),
};

export const autoscalerFields = {
  groups: field.list(
    field.group(
      () => ({
        name: 'autoscaled',
        description: 'One node group.',
        fields: {
          group: field.string({ description: 'Name of the node group.', required: true }),
          min: field.integer({ description: 'Fewest nodes.', default: '0', min: '0' }),
          max: field.integer({ description: 'Most nodes.', required: true, min: '1' }),
        },
      }),
      { description: 'A node group with its limits.' },
    ),
    { description: 'Node groups that it may grow and shrink.' },
  ),
  scanInterval: field.duration({
    description: 'Time between two looks at the cluster.',
    default: '10s',
    min: '1s',
    flag: '--scan-interval',
  }),
  scaleDownUnneeded: field.duration({
    description: 'A node goes after being unneeded for so long.',
    default: '10m',
    min: '0s',
    flag: '--scale-down-unneeded-time',
  }),
  scaleDownUtilization: field.ratio({
    description: 'A node is unneeded below this share of its requests.',
    default: '50%',
    min: '0',
    max: '1',
    flag: '--scale-down-utilization-threshold',
  }),
};

export const controlPlaneFields = {
  replicas: field.integer({
    description: 'Hosts of the control plane: control-plane/0, control-plane/1 and so on.',
    default: '1',
    min: '1',
    max: '20',
    example: '3',
  }),
  cores: field.integer({
    description: 'Cores of each.',
    default: '8',
    min: '1',
    max: '1024',
  }),
  memory: field.bytes({ description: 'Memory of each.', default: '32GiB', min: '1GiB' }),
  topology: field.choice(['stacked', 'external'], {
    description:
      'stacked: etcd on the same hosts, and each kube-apiserver talks to the member of its own; ' +
      'external: members on hosts of their own, and every kube-apiserver talks to all.',
    default: 'stacked',
  }),
  supervisor: field.choice(['kubelet', 'systemd'], {
    description: 'Who restarts processes: static pods of a kubelet, or units of systemd.',
    default: 'kubelet',
  }),
  zones: field.list(field.string({ description: 'A zone.', example: 'a' }), {
    description: 'Zones that the hosts are spread over; none: one zone, `a`.',
    example: '[a, b, c]',
  }),
};

export const kubernetesFields = {
  version: field.string({
    description: 'Minor version of Kubernetes, 1.28 to 1.37: selects defaults and mechanisms.',
    default: '1.35',
    example: '"1.32"',
  }),
  controlPlane: field.group(
    () => ({ name: 'controlPlane', description: 'Its hosts.', fields: controlPlaneFields }),
    { description: 'Hosts of the control plane.' },
  ),
  kubeAPIServer: field.group(
    () => ({ name: 'kubeAPIServer', description: 'API servers.', fields: apiServerFields }),
    { description: 'The API servers.' },
  ),
  kubeScheduler: field.group(
    () => ({ name: 'kubeScheduler', description: 'Schedulers.', fields: schedulerFields }),
    { description: 'The schedulers.' },
  ),
  kubeControllerManager: field.group(
    () => ({
      name: 'kubeControllerManager',
      description: 'Controller managers.',
      fields: controllerManagerFields,
    }),
    { description: 'The controller managers.' },
  ),
  cloudControllerManager: field.optionalGroup(
    () => ({ name: 'cloudControllerManager', description: 'A cloud.', fields: cloudFields }),
    { description: 'The cloud and its controller manager; absent on bare metal.' },
  ),
  clusterAutoscaler: field.optionalGroup(
    () => ({ name: 'clusterAutoscaler', description: 'Autoscaler.', fields: autoscalerFields }),
    { description: 'The cluster autoscaler.' },
  ),
  nodeGroups: field.list(
    field.group(() => nodeGroupGroup, { description: 'One group of equal nodes.' }),
    { description: 'Groups of equal nodes.' },
  ),
  objects: field.list(
    field.group(() => objectSetGroup, { description: 'Objects of one kind.' }),
    { description: 'What exists, and runs, at the start.' },
  ),
  initialPlacement: field.choice(['even', 'afterChurn'], {
    description:
      'How pods of the start lie on nodes: in turn, or as if as many again had been there and ' +
      'been deleted at random.',
    default: 'even',
  }),
  load: field.list(
    field.group(() => loadGroup, { description: 'One load.' }),
    { description: 'What happens to the cluster.' },
  ),
  agents: field.list(
    field.group(() => agentGroup, { description: 'One kind of agent.' }),
    { description: 'What lists and watches beside the control plane.' },
  ),
};

export const kubernetesGroup: Group<typeof kubernetesFields> = {
  name: 'kubernetes',
  description: 'A Kubernetes cluster on the etcd of the scenario.',
  fields: kubernetesFields,
};

export type KubernetesValue = ValueOf<typeof kubernetesFields>;
export type WebhookValue = ValueOf<typeof webhookFields>;
