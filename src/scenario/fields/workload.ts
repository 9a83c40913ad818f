/** Fields of workloads: who asks etcd for what, and how often. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';

const ops = [
  'put',
  'delete',
  'range',
  'txn',
  'watch',
  'lease-grant',
  'lease-keepalive',
  'lease-revoke',
  'compact',
] as const;

const leaseOps = ['lease-grant', 'lease-keepalive', 'lease-revoke'];

export const workloadFields = {
  name: field.string({
    description: 'Name of the workload, unique; metrics carry it.',
    required: true,
    example: 'writers',
  }),
  op: field.choice(ops, {
    description: 'The request. `lease-keepalive` grants leases at the start and renews them.',
    required: true,
    example: 'put',
  }),
  rate: field.rate({
    description:
      'Open loop: requests per second, whatever the answers do. Latency counts from the ' +
      'planned arrival.',
    example: '1000/s',
    min: '0.000001/s',
    max: '10000000/s',
  }),
  arrivals: field.choice(['poisson', 'constant'], {
    description: 'Open loop: gaps between arrivals at random (exponential), or all equal.',
    default: 'poisson',
  }),
  clients: field.integer({
    description:
      'Closed loop: clients that wait for each answer before they go on. watch: number of ' +
      'watchers.',
    min: '1',
    max: '1000000',
    example: '16',
  }),
  thinkTime: field.distribution('duration', {
    description: 'Closed loop: pause of a client between an answer and its next request.',
    default: '0s',
    example: '10ms',
  }),
  connections: field.integer({
    description: 'gRPC connections that the clients share; 0: one for each client.',
    default: '1',
    min: '0',
    max: '1000000',
  }),
  target: field.string({
    description:
      'Member that is asked: leader, follower, all (round robin), random, or the name of a member.',
    default: 'leader',
    example: 'etcd/1',
  }),
  consistency: field.choice(['linearizable', 'serializable'], {
    description: 'range: whether a read waits for a quorum, or is answered by the member alone.',
    default: 'linearizable',
  }),
  keySize: field.bytes({
    description: 'Bytes of a key, prefix included.',
    default: '64',
    min: '1',
    max: '64KiB',
  }),
  valueSize: field.distribution('bytes', {
    description: 'Bytes of a value.',
    default: '256',
    example: '{ lognormal: { p50: 1KiB, p99: 16KiB } }',
  }),
  keySpace: field.integer({
    description: 'Distinct keys, drawn uniformly.',
    default: '10000',
    min: '1',
    max: '1000000000',
    example: '2000',
  }),
  prefix: field.string({
    description: 'Prefix of the keys; workloads with the same prefix meet on the same keys.',
    defaultNote: '/ and the name of the workload',
    example: '/registry/pods',
  }),
  keysPerRequest: field.integer({
    description: 'range: keys that one request returns; txn: operations that one carries.',
    default: '1',
    min: '1',
    max: '1000000',
    example: '500',
  }),
  compareFailure: field.ratio({
    description: 'txn: probability that the compare fails.',
    default: '0',
    min: '0',
    max: '1',
    example: '5%',
    only: ['txn'],
  }),
  streams: field.integer({
    description: 'watch: streams that the watchers share; 0: one for each watcher.',
    default: '0',
    min: '0',
    max: '1000000',
    only: ['watch'],
  }),
  ttl: field.duration({
    description: 'Time to live of the leases.',
    default: '60s',
    min: '1s',
    max: '100d',
    flag: 'etcdctl lease grant TTL',
    only: leaseOps,
  }),
  lease: field.string({
    description:
      'Name of a workload of leases: each key written attaches to a lease of one of its clients.',
    defaultNote: 'no lease',
    example: 'agents',
    only: ['put', 'txn'],
  }),
  deadline: field.duration({
    description: 'When a client gives a request up.',
    default: '10s',
    min: '1ms',
    max: '1d',
    infinite: 'forever',
    flag: 'etcdctl --command-timeout',
  }),
  retries: field.integer({
    description: 'Attempts after the first one that a client makes, within the deadline.',
    default: '0',
    min: '0',
    max: '1000',
  }),
  retryBackoff: field.duration({
    description: 'Pause before an attempt.',
    default: '25ms',
    min: '0s',
    max: '1d',
    flag: 'clientv3 backoffWaitBetween',
  }),
  start: field.duration({
    description: 'When the workload begins.',
    default: '0s',
    min: '0s',
    max: '100d',
    example: '5s',
  }),
  stop: field.duration({
    description: 'When it ends.',
    default: 'forever',
    defaultNote: 'the horizon',
    infinite: 'forever',
    min: '0s',
    example: '50s',
  }),
  host: field.string({
    description: 'Host of the clients.',
    defaultNote: 'client, a host of 64 cores; host/0 with etcd.placement shared',
    example: 'node-a',
  }),
  maxInFlight: field.integer({
    description: 'Open loop: requests in flight beyond which arrivals are dropped, and counted.',
    default: '10000',
    min: '1',
    max: '1000000',
  }),
};

export const workloadGroup: Group<typeof workloadFields> = {
  name: 'workload',
  description: 'One kind of request, from open or closed loops of clients.',
  fields: workloadFields,
  choose: { among: ['rate', 'clients'], required: true, code: 'WT1105' },
};

export type WorkloadValue = ValueOf<typeof workloadFields>;
