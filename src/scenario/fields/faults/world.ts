/** Faults of what surrounds a control plane: webhooks, registries, clouds, runtimes, operators. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const worldVerbs = {
  webhook: field.string({
    description: 'An admission webhook is away (`outage`) or slow (`latency`), by its name.',
    example: 'policy',
  }),
  registry: field.choice(['down', 'slow'], {
    description: 'The image registry answers nothing, or gives no more than `bandwidth`.',
    example: 'down',
  }),
  cloudApi: field.choice(['down', 'throttled'], {
    description: 'Calls of the cloud fail, or those beyond `qps` do.',
    example: 'throttled',
  }),
  deadBackend: field.string({
    description:
      'An API server dies, and the load balancer goes on sending to it: its health check is off.',
    example: 'kube-apiserver/1',
  }),
  hangRuntime: verb('Let the container runtime of nodes answer nothing', 'node/worker-0'),
  cniDown: verb('Take the network plugin of nodes away', 'nodes/worker'),
  pressure: verb(
    'Let something else than pods take memory, disk or process ids of nodes (`of`, `takes`)',
    'node/worker-0',
  ),
  crashLoop: field.string({
    description: 'Containers of an object set, or of a load, exit soon after each start (`runs`).',
    example: 'web',
  }),
  eventStorm: verb('Let nodes or a component record events at `eventRate`', 'nodes/worker'),
  cordon: verb('Cordon nodes, as `kubectl cordon`', 'node/worker-0'),
  uncordon: verb('Make nodes schedulable, as `kubectl uncordon`', 'node/worker-0'),
  drain: verb('Cordon nodes and evict their pods, as `kubectl drain`', 'node/worker-0'),
};

export const worldLasting: readonly string[] = [
  'webhook',
  'registry',
  'cloudApi',
  'deadBackend',
  'hangRuntime',
  'cniDown',
  'pressure',
  'crashLoop',
  'eventStorm',
  'cordon',
  'drain',
];
export const worldPartial: readonly string[] = [
  'hangRuntime',
  'cniDown',
  'pressure',
  'eventStorm',
  'cordon',
  'uncordon',
  'drain',
];

const operatorOptions = {
  parallel: field.integer({
    description: 'Nodes at once; the next one begins when one is done.',
    default: '1',
    min: '1',
    example: '3',
    only: ['drain'],
  }),
  grace: field.duration({
    description: 'Time that pods are given to end, in place of their own.',
    min: '0s',
    example: '10s',
    flag: 'kubectl drain --grace-period',
    only: ['drain'],
  }),
  force: field.boolean({
    description: 'Pods without a controller go as well; else they end the command.',
    default: 'true',
    flag: 'kubectl drain --force',
    only: ['drain'],
  }),
  ignoreDaemonSets: field.boolean({
    description: 'Pods of DaemonSets stay; else they end the command.',
    default: 'true',
    flag: 'kubectl drain --ignore-daemonsets',
    only: ['drain'],
  }),
  disableEviction: field.boolean({
    description: 'Pods are deleted in place of evicted, budgets or not.',
    default: 'false',
    flag: 'kubectl drain --disable-eviction',
    only: ['drain'],
  }),
};

export const worldOptions = {
  outage: field.choice(['refused', 'timeout', 'error'], {
    description:
      'refused: nobody listens, known at once; timeout: a black hole; error: it answers with one.',
    example: 'timeout',
    only: ['webhook'],
  }),
  latency: field.distribution('duration', {
    description: 'The time of its calls while it lasts.',
    example: '{ constant: 5s }',
    only: ['webhook'],
  }),
  group: field.string({
    description: 'The node group whose pulls fail.',
    defaultNote: 'all of them',
    example: 'worker',
    only: ['registry'],
  }),
  bandwidth: field.bandwidth({
    description: 'What the registry gives to all nodes together.',
    min: '1kB/s',
    example: '10MB/s',
    only: ['registry'],
  }),
  qps: field.number({
    description: 'Calls of each kind that are served a second.',
    min: '0.001',
    example: '0.5',
    only: ['cloudApi'],
  }),
  hangs: field.choice(['everything', 'lists'], {
    description:
      'everything: its status call too, as of a process that is gone; lists: only what takes locks, such as lists of containers, for which the relist waits.',
    default: 'everything',
    only: ['hangRuntime'],
  }),
  of: field.choice(['memory', 'disk', 'pid'], {
    description: 'What is taken.',
    default: 'memory',
    only: ['pressure'],
  }),
  takes: field.ratio({
    description: 'The part of the node that is taken, of its whole memory, disk or process ids.',
    default: '95%',
    min: '0%',
    max: '100%',
    only: ['pressure'],
  }),
  runs: field.distribution('duration', {
    description: 'How long a container runs until it exits.',
    default: '2s',
    only: ['crashLoop'],
  }),
  eventRate: field.rate({
    description: 'Events that are recorded, by all of them together.',
    default: '100/s',
    min: '0.001/s',
    max: '100000/s',
    only: ['eventStorm'],
  }),
  about: field.integer({
    description: 'Objects that the events of each of them are about, in turn.',
    default: '1',
    min: '1',
    max: '100000',
    only: ['eventStorm'],
  }),
  ...operatorOptions,
};
