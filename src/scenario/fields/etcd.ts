/** Fields of the etcd cluster. Its real settings are flags, in extraArgs. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { clockGroup, diskGroup } from './machine.ts';

const cpuWeight = {
  description: 'Share of the CPU against the other processes of the host.',
  flag: 'cgroup cpu.weight; kubeadm requests 100m for etcd',
  min: '1',
  max: '10000',
  example: '100',
} as const;

const cpuQuota = {
  description: 'Most cores that a member may use.',
  flag: 'cgroup cpu.max; a CPU limit of the pod',
  infinite: 'unlimited',
  min: '0.01',
  example: '2',
} as const;

const walDisk = 'Disk of the write-ahead log; over `disk`.';
const backendDisk = 'Disk of the database file; over `disk`.';

export const memberFields = {
  host: field.string({
    description: 'Host that it runs on.',
    defaultNote: 'a host of its own with the name of the member',
    example: 'node-b',
  }),
  disk: field.optionalGroup(() => diskGroup, {
    description: 'What differs in its disk; fields that are not given stay those of etcd.disk.',
  }),
  walDisk: field.optionalGroup(() => diskGroup, { description: walDisk, flag: '--wal-dir' }),
  backendDisk: field.optionalGroup(() => diskGroup, {
    description: backendDisk,
    flag: '--data-dir',
  }),
  clock: field.optionalGroup(() => clockGroup, { description: 'The clock of its host.' }),
  cpuWeight: field.integer({ ...cpuWeight, defaultNote: 'etcd.cpuWeight' }),
  cpuQuota: field.number({ ...cpuQuota, defaultNote: 'etcd.cpuQuota' }),
};

export const preloadFields = {
  keys: field.integer({
    description: 'Keys that are in the store at the start.',
    default: '0',
    min: '0',
    max: '100000000',
    example: '100000',
  }),
  keySize: field.bytes({
    description: 'Bytes of each key.',
    default: '64',
    min: '1',
    max: '64KiB',
  }),
  valueSize: field.bytes({
    description: 'Bytes of each value.',
    default: '1KiB',
    min: '0',
    max: '1GiB',
  }),
};

export const etcdFields = {
  version: field.string({
    description: 'Version of etcd, with or without a patch number: 3.4, 3.5, 3.6 or 3.7.',
    default: '3.6',
    example: '"3.5.21"',
  }),
  members: field.integer({
    description: 'Voting members: etcd/0, etcd/1 and so on.',
    default: '3',
    min: '1',
    max: '7',
    example: '5',
  }),
  learners: field.integer({
    description: 'Members that do not vote; their names follow those of the voters.',
    default: '0',
    min: '0',
    max: '3',
    flag: '--max-learners',
    example: '1',
  }),
  placement: field.choice(['separate', 'shared'], {
    description:
      'separate: every member on a host of its own; shared: all members and the clients on host/0.',
    default: 'separate',
    example: 'shared',
  }),
  extraArgs: field.flags({
    description: 'Flags of etcd as on its command line, without the dashes and in their own units.',
    example: '{ heartbeat-interval: "100", election-timeout: "1000" }',
  }),
  disk: field.group(() => diskGroup, {
    description:
      'Disk of every member, for the log and the database. Each member has one of its own.',
  }),
  walDisk: field.optionalGroup(() => diskGroup, { description: walDisk, flag: '--wal-dir' }),
  backendDisk: field.optionalGroup(() => diskGroup, {
    description: backendDisk,
    flag: '--data-dir',
  }),
  cpuWeight: field.integer({ ...cpuWeight, default: '100' }),
  cpuQuota: field.number({ ...cpuQuota, default: 'unlimited' }),
  overrides: field.map(
    field.group(
      () => ({
        name: 'member',
        description: 'What differs in one member.',
        fields: memberFields,
      }),
      { description: 'What differs in this member.' },
    ),
    {
      description: 'What differs in single members, by their name.',
      keys: 'member',
      example: '{ etcd/2: { disk: { fsync: 25ms } } }',
    },
  ),
  timers: field.choice(['monotonic', 'wall'], {
    description:
      'Clock of the election timers. etcd uses the monotonic one; `wall` shows software that ' +
      'does not.',
    default: 'monotonic',
  }),
  preload: field.group(
    () => ({
      name: 'preload',
      description: 'What is in the store at the start.',
      fields: preloadFields,
    }),
    { description: 'What is in the store at the start.' },
  ),
};

export const etcdGroup: Group<typeof etcdFields> = {
  name: 'etcd',
  description: 'The etcd cluster.',
  fields: etcdFields,
};

export type EtcdValue = ValueOf<typeof etcdFields>;
export type MemberValue = ValueOf<typeof memberFields>;
