/** Fields of nodes: kubelet, runtime, kube-proxy. Settings bear the names of their real kinds. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';

const kubeletFields = {
  kubeAPIQPS: field.number({
    description: 'Calls a second to the API.',
    defaultNote: '50; 5 before 1.27',
    min: '0.1',
  }),
  kubeAPIBurst: field.integer({
    description: 'Calls at once.',
    defaultNote: '100; 10 before 1.27',
    min: '1',
  }),
  eventRecordQPS: field.number({
    description: 'Events a second.',
    defaultNote: '50; 5 before 1.27',
    min: '0',
  }),
  eventBurst: field.integer({
    description: 'Events at once.',
    defaultNote: '100; 10 before 1.27',
    min: '1',
  }),
  maxPods: field.integer({ description: 'Most pods of a node.', default: '110', min: '1' }),
  nodeLeaseDurationSeconds: field.integer({
    description: 'Duration of the lease; it is renewed after a quarter of it.',
    default: '40',
    min: '4',
    max: '86400',
  }),
  nodeStatusUpdateFrequency: field.duration({
    description: 'How often the status is computed.',
    default: '10s',
    min: '1s',
  }),
  nodeStatusReportFrequency: field.duration({
    description: 'How often it is sent where nothing changed.',
    default: '5m',
    min: '1s',
  }),
  syncFrequency: field.duration({
    description:
      'How often every pod is looked at. Known, without effect here: nothing changes behind the' +
      " kubelet's back, and a look takes its node about a millisecond.",
    default: '1m',
    min: '1s',
  }),
  serializeImagePulls: field.boolean({
    description: 'One image at a time.',
    default: 'true',
  }),
  maxParallelImagePulls: field.integer({
    description: 'Images at a time where they are not serialised; 0: no limit.',
    default: '0',
    min: '0',
  }),
  registryPullQPS: field.number({
    description: 'Pulls a second; 0: no limit.',
    default: '5',
    min: '0',
  }),
  registryBurst: field.integer({ description: 'Pulls at once.', default: '10', min: '1' }),
  eventedPLEG: field.boolean({
    description: 'Container events in place of a relist each second.',
    default: 'false',
    flag: 'feature gate EventedPLEG',
  }),
  runtimeRequestTimeout: field.duration({
    description: 'Timeout of one call to the runtime; of a sandbox twice that.',
    default: '2m',
    min: '1s',
  }),
  configMapAndSecretChangeDetectionStrategy: field.choice(['Watch', 'Cache', 'Get'], {
    description: 'How ConfigMaps and Secrets of pods are followed.',
    default: 'Watch',
  }),
};

const runtimeFields = {
  kind: field.choice(['containerd', 'cri-o'], {
    description: 'The container runtime.',
    default: 'containerd',
  }),
  parallelism: field.integer({
    description: 'Operations at once; 0: no limit, they share the cores of the node.',
    default: '0',
    min: '0',
    max: '1000',
  }),
  sandbox: field.distribution('duration', {
    description: 'Time to make a sandbox on an idle node.',
    default: '{ lognormal: { p50: 200ms, p99: 600ms } }',
  }),
  cni: field.distribution('duration', {
    description: 'Time to set its network up.',
    default: '{ lognormal: { p50: 140ms, p99: 500ms } }',
  }),
  create: field.distribution('duration', {
    description: 'Time to create a container.',
    default: '{ lognormal: { p50: 110ms, p99: 400ms } }',
  }),
  start: field.distribution('duration', {
    description: 'Time to start a container.',
    default: '{ lognormal: { p50: 75ms, p99: 250ms } }',
  }),
  stop: field.distribution('duration', {
    description: 'Time to stop a container whose process has ended.',
    default: '{ lognormal: { p50: 120ms, p99: 500ms } }',
  }),
  registryLatency: field.distribution('duration', {
    description: 'Time of one request to the registry.',
    default: '{ lognormal: { p50: 60ms, p99: 600ms } }',
  }),
  layerBandwidth: field.bandwidth({
    description: 'Speed at which one layer is fetched.',
    default: '25MB/s',
    min: '1B/s',
  }),
  nodeBandwidth: field.bandwidth({
    description: 'Speed at which one node fetches.',
    default: '125MB/s',
    min: '1B/s',
  }),
  registryBandwidth: field.bandwidth({
    description: 'Speed of the registry, shared by all nodes.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '1B/s',
  }),
  unpackBandwidth: field.bandwidth({
    description: 'Speed at which one layer is unpacked, in compressed bytes.',
    default: '94MB/s',
    min: '1B/s',
  }),
};

const kubeProxyFields = {
  mode: field.choice(['iptables', 'ipvs', 'nftables', 'ebpf', 'none'], {
    description: 'How services are programmed; none: there is no kube-proxy.',
    default: 'iptables',
  }),
  minSyncPeriod: field.duration({
    description: 'Shortest time between two syncs.',
    default: '1s',
    min: '0s',
  }),
  syncPeriod: field.duration({
    description:
      'Longest time between two syncs with ipvs; the other modes look only whether somebody flushed' +
      ' their rules, which nobody does here.',
    default: '30s',
    min: '1s',
  }),
  qps: field.number({ description: 'Calls a second to the API.', default: '5', min: '0.1' }),
  burst: field.integer({ description: 'Calls at once.', default: '10', min: '1' }),
};

export const taintFields = {
  key: field.string({ description: 'Key.', required: true, example: 'dedicated' }),
  value: field.string({ description: 'Value.', default: '' }),
  effect: field.choice(['NoSchedule', 'PreferNoSchedule', 'NoExecute'], {
    description: 'What it does to pods that do not tolerate it.',
    default: 'NoSchedule',
  }),
};

export const imageFields = {
  name: field.string({ description: 'Name with its tag.', required: true, example: 'app:1' }),
  size: field.bytes({
    description: 'Compressed size, over all layers.',
    default: '50MB',
    min: '1B',
  }),
  layers: field.integer({ description: 'Number of layers.', default: '5', min: '1', max: '128' }),
  shared: field.string({
    description: 'Images with the same word here share their first layers (half of the bytes).',
    default: '',
    example: 'debian',
  }),
};

export const nodeGroupFields = {
  name: field.string({
    description: 'Name of the group; nodes are called NAME-0, NAME-1 and so on.',
    default: 'node',
    example: 'worker',
  }),
  count: field.integer({
    description: 'Nodes that are there at the start.',
    default: '0',
    min: '0',
    max: '1000000',
    example: '5000',
  }),
  joining: field.integer({
    description: 'Nodes that join as the run goes on.',
    default: '0',
    min: '0',
    max: '1000000',
  }),
  joinAt: field.duration({ description: 'When the first one joins.', default: '0s', min: '0s' }),
  joinRate: field.rate({
    description: 'Nodes that join a second.',
    default: '10/s',
    min: '0.0001/s',
  }),
  zones: field.list(field.string({ description: 'A zone.', example: 'a' }), {
    description: 'Zones that its nodes are spread over; none: one zone, `a`.',
    example: '[a, b, c]',
  }),
  cpu: field.cpu({ description: 'Cores of a node.', default: '8', min: '1m', example: '4' }),
  memory: field.bytes({ description: 'Memory of a node.', default: '32GiB', min: '1MiB' }),
  ephemeralStorage: field.bytes({
    description: 'Space for containers.',
    default: '100GiB',
    min: '0',
  }),
  extended: field.map(field.number({ description: 'Amount.', min: '0', example: '8' }), {
    description: 'Extended resources of a node.',
    keys: 'resource',
    example: '{ nvidia.com/gpu: 8 }',
  }),
  reservedCpu: field.cpu({
    description: 'Cores that pods cannot have.',
    default: '100m',
    min: '0',
    flag: 'kubeReserved, systemReserved',
  }),
  reservedMemory: field.bytes({
    description: 'Memory that pods cannot have, eviction threshold included.',
    default: '1GiB',
    min: '0',
    flag: 'kubeReserved, systemReserved, evictionHard',
  }),
  labels: field.map(field.string({ description: 'Value.', example: 'ssd' }), {
    description: 'Labels; those for host name, zone and region come by themselves.',
    keys: 'label',
    example: '{ disk: ssd }',
  }),
  taints: field.list(
    field.group(() => ({ name: 'taint', description: 'A taint.', fields: taintFields }), {
      description: 'A taint.',
    }),
    { description: 'Taints.' },
  ),
  names: field.list(field.string({ description: 'A name.', example: 'worker-a' }), {
    description: 'Names of the nodes where they are not numbered.',
    example: '[worker-a, worker-b]',
  }),
  objectSize: field.bytes({
    description: 'Bytes of a Node object, its images apart.',
    default: '10KB',
    min: '500',
  }),
  images: field.list(
    field.group(() => imageGroup, { description: 'An image.' }),
    { description: 'Images that are on the nodes already.' },
  ),
  kubelet: field.group(
    () => ({
      name: 'kubelet',
      description: 'KubeletConfiguration, in its own names.',
      fields: kubeletFields,
    }),
    { description: 'KubeletConfiguration, in its own names.' },
  ),
  runtime: field.group(
    () => ({ name: 'runtime', description: 'The container runtime.', fields: runtimeFields }),
    { description: 'The container runtime.' },
  ),
  kubeProxy: field.group(
    () => ({
      name: 'kubeProxy',
      description: 'KubeProxyConfiguration, in its own names.',
      fields: kubeProxyFields,
    }),
    { description: 'KubeProxyConfiguration, in its own names.' },
  ),
};

export const imageGroup: Group<typeof imageFields> = {
  name: 'image',
  description: 'A container image.',
  fields: imageFields,
  shorthand: 'name',
};

export const nodeGroupGroup: Group<typeof nodeGroupFields> = {
  name: 'nodeGroup',
  description: 'A group of equal nodes.',
  fields: nodeGroupFields,
};

export type NodeGroupValue = ValueOf<typeof nodeGroupFields>;
export type TaintValue = ValueOf<typeof taintFields>;
export type ImageValue = ValueOf<typeof imageFields>;
