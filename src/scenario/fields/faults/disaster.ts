/** Faults of memory and neighbours; restores, replacements and upgrades of etcd. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const disasterVerbs = {
  restoreSnapshot: field.string({
    description:
      'Stop all members, and start them as a new cluster from a snapshot, as `etcdutl snapshot restore` on each (etcd/all, etcd-events/all).',
    example: 'etcd/all',
  }),
  replaceMember: field.string({
    description: 'Remove a member, and add it anew with an empty disk.',
    example: 'etcd/2',
  }),
  upgradeEtcd: field.string({
    description: 'Stop the members of etcd one after the other, and start each with this version.',
    example: '3.6',
  }),
  noisyNeighbour: field.string({
    description: 'Let other work run on a host, such as pods of users on the control plane.',
    example: 'control-plane/0',
  }),
  leakMemory: verb('Let a process leak memory', 'kube-apiserver/0'),
  oomKill: verb('Kill the process for lack of memory', 'kube-apiserver/0'),
};

export const disasterLasting: readonly string[] = ['noisyNeighbour', 'leakMemory'];
export const disasterPartial: readonly string[] = Object.freeze([]);

export const disasterOptions = {
  age: field.duration({
    description: 'How old the snapshot is when it is restored.',
    defaultNote: 'the last one that a `snapshotSave` has saved',
    min: '0s',
    example: '10m',
    only: ['restoreSnapshot'],
  }),
  speed: field.bandwidth({
    description: 'At which the files of a member are made from the snapshot.',
    default: '100MB/s',
    min: '1kB/s',
    only: ['restoreSnapshot'],
  }),
  bumpRevision: field.integer({
    description:
      'Added to the revision of the store, and all before marked as compacted, so that every watch begins anew; 0: neither.',
    default: '0',
    min: '0',
    example: '1000000000',
    flag: 'etcdutl snapshot restore --bump-revision --mark-compacted',
    only: ['restoreSnapshot'],
  }),
  restarts: field.choice(['none', 'apiServers', 'controlPlane'], {
    description:
      'What operators stop before the restore and start after it: nothing, the API servers, or the scheduler and the controller managers too.',
    default: 'controlPlane',
    only: ['restoreSnapshot'],
  }),
  stoppedFor: field.duration({
    description: 'How long each member is down.',
    default: '5s',
    min: '100ms',
    only: ['upgradeEtcd'],
  }),
  cores: field.number({
    description: 'Cores that the neighbour would use, had it the machine to itself.',
    default: '0',
    min: '0',
    example: '4',
    only: ['noisyNeighbour'],
  }),
  weight: field.number({
    description: 'CPU weight of its cgroup, where 100 is that of a process without one.',
    default: '100',
    min: '1',
    max: '10000',
    only: ['noisyNeighbour'],
  }),
  memory: field.bytes({
    description: 'Memory that it holds.',
    default: '0B',
    min: '0B',
    example: '8GiB',
    only: ['noisyNeighbour'],
  }),
  disk: field.string({
    description: 'The disk of the host that it writes to.',
    defaultNote: 'the first one',
    example: 'disk',
    only: ['noisyNeighbour'],
  }),
  fsyncRate: field.rate({
    description: 'Syncs of that disk that it asks for.',
    default: '0/s',
    min: '0/s',
    example: '200/s',
    only: ['noisyNeighbour'],
  }),
  diskBandwidth: field.bandwidth({
    description: 'Bytes that it writes, with its syncs, or with ten a second where it has none.',
    default: '0B/s',
    min: '0B/s',
    example: '50MB/s',
    only: ['noisyNeighbour'],
  }),
  growth: field.bandwidth({
    description: 'At which what it has leaked grows.',
    default: '10MB/s',
    min: '1B/s',
    only: ['leakMemory'],
  }),
};
