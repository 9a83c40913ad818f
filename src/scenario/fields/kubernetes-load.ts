/** Fields of objects and of load: what is in a cluster, and what happens to it. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { imageGroup } from './kubernetes-nodes.ts';

const labels = (description: string, example: string) =>
  field.map(field.string({ description: 'Value.', example: 'web' }), {
    description,
    keys: 'label',
    example,
  });

const tolerationFields = {
  key: field.string({ description: 'Key; none: every taint.', default: '' }),
  operator: field.choice(['Equal', 'Exists'], { description: 'Operator.', default: 'Equal' }),
  value: field.string({ description: 'Value.', default: '' }),
  effect: field.string({ description: 'Effect; none: every effect.', default: '' }),
};

export const templateFields = {
  labels: labels('Labels of the pods.', '{ app: web }'),
  cpu: field.cpu({ description: 'Requested CPU.', default: '100m', min: '0', example: '250m' }),
  memory: field.bytes({ description: 'Requested memory.', default: '128MiB', min: '0' }),
  extended: field.map(field.number({ description: 'Amount.', min: '0', example: '1' }), {
    description: 'Other requested resources.',
    keys: 'resource',
    example: '{ nvidia.com/gpu: 1 }',
  }),
  image: field.optionalGroup(() => imageGroup, { description: 'Image of its container.' }),
  pullPolicy: field.choice(['Always', 'IfNotPresent', 'Never'], {
    description: 'When it is pulled.',
    default: 'IfNotPresent',
  }),
  imagePresent: field.boolean({
    description: 'The image is on every node already.',
    default: 'true',
  }),
  readyAfter: field.duration({
    description: 'From start of the process to readiness.',
    default: '0s',
    min: '0s',
  }),
  readinessProbe: field.duration({
    description: 'Period of its readiness probe; 0s: it has none.',
    default: '0s',
    min: '0s',
    example: '10s',
  }),
  runsFor: field.duration({
    description: 'Time after which it ends by itself.',
    default: 'forever',
    infinite: 'forever',
    min: '0s',
    example: '5m',
  }),
  exitCode: field.integer({ description: 'Its exit code then.', default: '0', min: '0' }),
  stopsAfter: field.duration({
    description: 'From SIGTERM to its end.',
    default: '1s',
    min: '0s',
  }),
  terminationGracePeriodSeconds: field.integer({
    description: 'Time from SIGTERM to SIGKILL.',
    default: '30',
    min: '0',
  }),
  restartPolicy: field.choice(['Always', 'OnFailure', 'Never'], {
    description: 'What happens when it ends.',
    defaultNote: 'Always; Never for Jobs',
  }),
  nodeSelector: labels('Labels that its node must have.', '{ disk: ssd }'),
  tolerations: field.list(
    field.group(
      () => ({ name: 'toleration', description: 'A toleration.', fields: tolerationFields }),
      { description: 'A toleration.' },
    ),
    { description: 'Tolerations.' },
  ),
  spreadOver: field.choice(['none', 'zone', 'hostname'], {
    description: 'Topology spread constraint with maxSkew 1 over its own labels.',
    default: 'none',
  }),
  antiAffinity: field.choice(['none', 'zone', 'hostname'], {
    description: 'Required anti-affinity to pods with its own labels.',
    default: 'none',
  }),
  affinity: field.choice(['none', 'zone', 'hostname'], {
    description: 'Required affinity to pods with its own labels.',
    default: 'none',
  }),
  secrets: field.integer({ description: 'Secrets it mounts.', default: '0', min: '0', max: '100' }),
  configMaps: field.integer({
    description: 'ConfigMaps it mounts, the root certificate apart.',
    default: '0',
    min: '0',
    max: '100',
  }),
  priority: field.integer({ description: 'Priority.', default: '0' }),
  schedulerName: field.string({
    description: 'Its scheduler.',
    default: 'default-scheduler',
  }),
  size: field.bytes({ description: 'Bytes of the Pod object.', default: '5KB', min: '500' }),
  spec: field.any({
    description:
      'PodSpec in the syntax of Kubernetes, in place of the fields above; labels, size, images ' +
      'and how the containers behave stand beside it.',
    example: '{ containers: [{ name: app, resources: { requests: { cpu: 250m } } }] }',
  }),
  images: field.list(
    field.group(() => imageGroup, { description: 'An image.' }),
    { description: 'Sizes of images that spec names; others have the default size.' },
  ),
};

export const templateGroup: Group<typeof templateFields> = {
  name: 'template',
  description: 'A pod template.',
  fields: templateFields,
  // What a manifest says nothing of.
  instead: {
    field: 'spec',
    beside: [
      'labels',
      'images',
      'imagePresent',
      'readyAfter',
      'runsFor',
      'exitCode',
      'stopsAfter',
      'size',
    ],
  },
};

const kinds = [
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Pod',
  'Service',
  'ConfigMap',
  'Secret',
  'CustomResource',
  'Namespace',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'ResourceQuota',
] as const;

const claimFields = {
  name: field.string({ description: 'Name of the volume.', required: true, example: 'data' }),
  storageClass: field.string({ description: 'Storage class.', default: 'standard' }),
  size: field.bytes({ description: 'Size.', default: '10GiB', min: '1' }),
};

export const objectSetFields = {
  kind: field.choice(kinds, {
    description: 'Kind of object.',
    default: 'Deployment',
  }),
  name: field.string({
    description: 'Name; with several copies NAME-0, NAME-1 and so on.',
    defaultNote: 'the kind in lower case',
    example: 'web',
  }),
  copies: field.integer({
    description: 'Objects of the kind.',
    default: '1',
    min: '0',
    max: '10000000',
  }),
  namespace: field.string({ description: 'Namespace.', default: 'default' }),
  namespaces: field.integer({
    description: 'Namespaces that the copies are spread over: NAMESPACE-0 and so on.',
    default: '1',
    min: '1',
    max: '100000',
  }),
  replicas: field.integer({ description: 'Pods of each.', default: '1', min: '0', max: '1000000' }),
  template: field.group(() => templateGroup, { description: 'Its pods.' }),
  size: field.bytes({
    description: 'Bytes of the object itself.',
    defaultNote: 'typical of its kind',
    min: '100',
  }),
  selector: labels(
    'Service, PodDisruptionBudget: labels that it selects; none: those of the object set ' +
      'of the same name.',
    '{ app: web }',
  ),
  service: field.choice(['none', 'ClusterIP', 'NodePort', 'LoadBalancer', 'Headless'], {
    description: 'Workloads: a service of this type in front of each copy.',
    default: 'none',
  }),
  nodes: field.list(field.string({ description: 'Name of a node.', example: 'worker-0' }), {
    description:
      'Nodes that the pods run on at the start, in their order, copy by copy; none: where there ' +
      'is room.',
    example: '[worker-0, worker-1]',
  }),
  claims: field.list(
    field.group(
      () => ({ name: 'claim', description: 'A volume claim template.', fields: claimFields }),
      { description: 'A volume claim template.' },
    ),
    { description: 'StatefulSet: volume claim templates.' },
  ),
  value: field.integer({ description: 'PriorityClass: its value.', default: '0' }),
  strategy: field.choice(['RollingUpdate', 'Recreate'], {
    description: 'Deployment: how it is updated.',
    default: 'RollingUpdate',
  }),
  maxSurge: field.string({ description: 'Pods above the replicas.', default: '25%' }),
  maxUnavailable: field.string({ description: 'Pods that may be missing.', default: '25%' }),
  minAvailable: field.string({
    description: 'PodDisruptionBudget: pods that must stay.',
    example: '80%',
  }),
  podManagementPolicy: field.choice(['OrderedReady', 'Parallel'], {
    description: 'StatefulSet: one after the other, or all at once.',
    default: 'OrderedReady',
  }),
  completions: field.integer({
    description: 'Job: pods that must succeed.',
    defaultNote: 'replicas',
    min: '1',
  }),
  parallelism: field.integer({
    description: 'Job: pods at once.',
    defaultNote: 'replicas',
    min: '1',
  }),
  every: field.duration({
    description: 'CronJob: time between two jobs.',
    default: '1m',
    min: '1s',
  }),
  target: field.string({
    description: 'HorizontalPodAutoscaler: name of the object set that it scales.',
    example: 'web',
  }),
  maxReplicas: field.integer({
    description: 'HorizontalPodAutoscaler: most replicas.',
    default: '10',
    min: '1',
  }),
  targetCpuUtilization: field.ratio({
    description: 'HorizontalPodAutoscaler: used CPU over requested CPU.',
    default: '80%',
    min: '0.01',
    max: '10',
  }),
};

export const objectSetGroup: Group<typeof objectSetFields> = {
  name: 'objects',
  description: 'Objects of one kind.',
  fields: objectSetFields,
};

const churnFields = {
  pods: field.rate({
    description: 'Pods created a second (as many are deleted once the first have lived).',
    required: true,
    min: '0.0001/s',
    example: '20/s',
  }),
  replicas: field.integer({
    description: 'Pods of each Deployment that comes and goes.',
    default: '10',
    min: '1',
  }),
  lifetime: field.duration({
    description: 'From creation of a Deployment to its deletion.',
    default: '60s',
    min: '1s',
  }),
  namespaces: field.integer({ description: 'Namespaces used.', default: '10', min: '1' }),
  arrivals: field.choice(['poisson', 'constant'], {
    description: 'Gaps between Deployments.',
    default: 'constant',
  }),
  template: field.group(() => templateGroup, { description: 'Its pods.' }),
};

const requestFields = {
  verb: field.choice(
    ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
    { description: 'Verb.', required: true, example: 'list' },
  ),
  resource: field.string({
    description: 'Resource by its plural name.',
    required: true,
    example: 'pods',
  }),
  scope: field.choice(['resource', 'namespace', 'cluster'], {
    description: 'list: what it covers.',
    default: 'cluster',
  }),
  consistency: field.choice(['any', 'consistent'], {
    description: 'any: resourceVersion 0, from the watch cache; consistent: none given.',
    default: 'consistent',
  }),
  limit: field.integer({ description: 'Page size; 0: everything.', default: '0', min: '0' }),
  selects: field.ratio({
    description: 'Part of the objects that a selector leaves.',
    default: '100%',
    min: '0',
    max: '1',
  }),
  rate: field.rate({
    description: 'Open loop: requests a second.',
    min: '0.000001/s',
    example: '10/s',
  }),
  clients: field.integer({
    description: 'Closed loop: clients.',
    min: '1',
    max: '1000000',
    example: '4',
  }),
  size: field.bytes({ description: 'Bytes of what is written.', default: '1KB', min: '1' }),
};

const scaleFields = {
  target: field.string({
    description: 'Name of an object set or of a create load.',
    required: true,
    example: 'web',
  }),
  replicas: field.integer({ description: 'Pods from then on.', default: '1', min: '0' }),
  replicasMax: field.integer({
    description: 'Each workload gets a number of its own, from replicas to this one.',
    min: '0',
    example: '375',
  }),
};

const targetFields = { target: scaleFields.target };

const rolloutFields = {
  ...targetFields,
  template: field.optionalGroup(() => templateGroup, {
    description: 'Its pods from then on; absent: as before, but restarted.',
  }),
};

const group = <F extends Record<string, field.Field>>(
  name: string,
  description: string,
  fields: F,
) => field.optionalGroup(() => ({ name, description, fields }), { description });

export const loadVerbs = {
  create: field.optionalGroup(() => objectSetGroup, {
    description: 'Creates objects, as `kubectl apply` does.',
  }),
  churn: group('churn', 'Pods come and go.', churnFields),
  requests: group('requests', 'Calls of the API as such.', requestFields),
  scale: group('scale', 'Scales workloads.', scaleFields),
  rollout: group('rollout', 'Changes the template of workloads.', rolloutFields),
  delete: group('delete', 'Deletes workloads.', targetFields),
  kubectl: field.string({
    description: 'A command of kubectl, as its requests: get, describe, top, drain and others.',
    example: 'get pods -A',
  }),
};

export const loadFields = {
  name: field.string({
    description: 'Name of the load, unique; metrics carry it.',
    required: true,
    example: 'churn',
  }),
  start: field.duration({ description: 'When it begins.', default: '0s', min: '0s' }),
  stop: field.duration({
    description: 'When it ends.',
    default: 'forever',
    infinite: 'forever',
    min: '0s',
  }),
  ...loadVerbs,
  rate: field.rate({
    description: 'create: objects a second.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '0.0001/s',
    only: ['create'],
  }),
  over: field.duration({
    description:
      'scale, rollout, delete: each workload somewhere in so long, at random; 0s: at once.',
    default: '0s',
    min: '0s',
    only: ['scale', 'rollout', 'delete'],
  }),
  every: field.duration({
    description: 'kubectl: again and again; 0s: once.',
    default: '0s',
    min: '0s',
    only: ['kubectl'],
  }),
  user: field.string({
    description: 'Who does it: decides its flow schema.',
    default: 'kubernetes-admin',
    example: 'system:serviceaccount:default:agent',
  }),
  qps: field.number({
    description: 'Calls a second that its client allows itself.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '0.1',
  }),
  burst: field.integer({ description: 'Calls at once.', default: '100', min: '1' }),
};

export const loadGroup: Group<typeof loadFields> = {
  name: 'load',
  description: 'Something that happens to the cluster.',
  fields: loadFields,
  choose: { among: Object.keys(loadVerbs), required: true },
};

export const agentFields = {
  name: field.string({ description: 'Name.', required: true, example: 'log-agent' }),
  kind: field.choice(['daemon', 'deployment'], {
    description: 'daemon: one on each node; deployment: `count` of them.',
    default: 'daemon',
  }),
  count: field.integer({ description: 'deployment: how many.', default: '1', min: '1' }),
  lists: field.list(field.string({ description: 'A resource.', example: 'pods' }), {
    description: 'Resources that it lists.',
    example: '[pods]',
  }),
  watches: field.boolean({ description: 'It watches them afterwards.', default: 'true' }),
  relist: field.duration({
    description: 'It lists them again this often; 0s: once.',
    default: '0s',
    min: '0s',
  }),
  consistency: field.choice(['any', 'consistent'], {
    description: 'any: resourceVersion 0; consistent: none given.',
    default: 'any',
  }),
  ownNodeOnly: field.boolean({
    description: 'Only what is on its own node (field selector).',
    default: 'false',
  }),
  user: field.string({
    description: 'Its service account.',
    default: 'system:serviceaccount:kube-system:agent',
  }),
};

export const agentGroup: Group<typeof agentFields> = {
  name: 'agent',
  description: 'An agent that lists and watches.',
  fields: agentFields,
};

export type TemplateValue = ValueOf<typeof templateFields>;
export type ObjectSetValue = ValueOf<typeof objectSetFields>;
export type LoadValue = ValueOf<typeof loadFields>;
export type AgentValue = ValueOf<typeof agentFields>;
