/** Fields of hosts, their disks and clocks, and of the network between them. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';

export const clockFields = {
  shape: field.choice(['ideal', 'linear', 'periodic', 'noisy', 'step'], {
    description:
      'How the wall clock errs: not at all; by a steady drift; to and fro; at random; by one jump.',
    default: 'ideal',
    example: 'linear',
  }),
  offset: field.duration({
    description: 'Error of the wall clock at the start; negative is slow.',
    default: '0s',
    min: '-100d',
    max: '100d',
    example: '600ms',
  }),
  drift: field.ppm({
    description:
      'Rate error of the monotonic clock, and so of the wall clock. Real clocks: below 100ppm.',
    default: '0ppm',
    min: '-500000ppm',
    max: '1000000ppm',
    example: '50ppm',
  }),
  amplitude: field.duration({
    description: 'periodic: largest offset; noisy: standard deviation that one second adds.',
    default: '0s',
    min: '0s',
    max: '100d',
    example: '20ms',
  }),
  period: field.duration({
    description: 'periodic: time of one swing.',
    default: '60s',
    min: '1ms',
    max: '100d',
    example: '10m',
  }),
  stepAt: field.duration({
    description: 'step: when the wall clock jumps.',
    default: '0s',
    min: '0s',
    max: '100d',
    example: '30s',
  }),
  step: field.duration({
    description: 'step: by how much it jumps; negative goes back.',
    default: '0s',
    min: '-100d',
    max: '100d',
    example: '-2s',
  }),
  ntp: field.choice(['none', 'slew', 'step'], {
    description: 'How NTP corrects the wall clock: not at all, by a changed rate, or by jumps.',
    default: 'none',
    flag: 'chronyd makestep',
    example: 'slew',
  }),
  ntpPoll: field.duration({
    description: 'Time between two corrections.',
    default: '64s',
    min: '1s',
    max: '10d',
    flag: 'chronyd minpoll',
  }),
  ntpMaxSlew: field.ppm({
    description: 'Fastest correction by slewing.',
    default: '500ppm',
    min: '0ppm',
    max: '1000000ppm',
    flag: 'chronyd maxslewrate',
  }),
};

export const clockGroup: Group<typeof clockFields> = {
  name: 'clock',
  description: 'The clock of a host: a monotonic one, which timers use, and a wall clock.',
  fields: clockFields,
  shorthand: 'shape',
};

const deviceFields = {
  fsync: field.distribution('duration', {
    description: 'Time of one fdatasync: a distribution, or a disk profile.',
    default: '{ lognormal: { p50: 0.5ms, p99: 2ms } }',
    example: '{ lognormal: { p50: 1ms, p99: 4ms } }',
  }),
  fsyncKind: field.choice(['service', 'response'], {
    description:
      'service: latency of an idle disk; response: a production histogram that has contention' +
      ' in it, to which the disk then adds none.',
    defaultNote: 'that of the profile, else service',
    example: 'service',
  }),
  profileName: field.string({
    description: 'Where the fsync times come from, as reports print it; filled in by `profile`.',
    defaultNote: 'the name of the profile',
    example: 'hdd',
  }),
  assumedStalls: field.boolean({
    description:
      'Whether the stalls of a profile that were assumed, not measured, happen; false leaves' +
      ' them out, and the latencies that were measured as they are.',
    default: 'true',
    example: 'false',
  }),
  queueDepth: field.integer({
    description:
      'Syncs in service at once; unlimited: they overlap freely; 1: the device serialises.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '1',
    example: '1',
  }),
  iops: field.rate({
    description: 'Operations per second that the volume allows.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '0.1/s',
    example: '3000/s',
  }),
  iopsBurst: field.number({
    description: 'Operations that can be saved up for a burst.',
    default: '1',
    infinite: 'unlimited',
    min: '1',
    example: '5400000',
  }),
  bandwidth: field.bandwidth({
    description: 'Bytes per second that the volume allows.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '1B/s',
    example: '125MB/s',
  }),
  bandwidthBurst: field.bytes({
    description: 'Bytes that can be saved up for a burst.',
    default: '1MiB',
    infinite: 'unlimited',
    min: '1B',
    example: '64MiB',
  }),
  capacity: field.bytes({
    description: 'Size of the volume; writes fail when it is full.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '1MiB',
    example: '20GiB',
  }),
};

export const diskFields = {
  use: field.string({
    description: 'Name of a disk of the host, which is then shared, in place of a disk of its own.',
    example: 'data',
  }),
  ...deviceFields,
};

export const diskGroup: Group<typeof diskFields> = {
  name: 'disk',
  description:
    'A disk: how long an fdatasync takes, how many run at once, and the limits of the volume.',
  fields: diskFields,
  shorthand: 'use',
};

export const hostDiskFields = {
  name: field.string({
    description: 'Name of the disk, unique on its host.',
    required: true,
    example: 'data',
  }),
  ...deviceFields,
};

export const hostFields = {
  name: field.string({
    description: 'Name of the host; that of a member (etcd/0) describes the host of that member.',
    required: true,
    example: 'etcd/0',
  }),
  cores: field.number({
    description: 'CPU cores.',
    default: '4',
    min: '0.01',
    max: '4096',
    example: '8',
  }),
  memory: field.bytes({
    description: 'Memory.',
    default: '16GiB',
    min: '1MiB',
    example: '16GiB',
  }),
  zone: field.string({
    description: 'Failure zone, for latencies between zones.',
    default: 'a',
    example: 'b',
  }),
  clock: field.group(() => clockGroup, { description: 'The clock of the host.' }),
  disks: field.list(
    field.group(
      () => ({ name: 'hostDisk', description: 'A disk of a host.', fields: hostDiskFields }),
      { description: 'One disk.' },
    ),
    { description: 'Disks of the host that members may share by name.' },
  ),
};

export const hostGroup: Group<typeof hostFields> = {
  name: 'host',
  description: 'A machine: cores, memory, disks and a clock.',
  fields: hostFields,
};

export const pairFields = {
  between: field.pair({
    description: 'Two hosts, members or zones; `client` is the host of the clients.',
    required: true,
    example: '[etcd/0, etcd/2]',
  }),
  rtt: field.distribution('duration', {
    description: 'Round-trip time between them.',
    defaultNote: 'peerRtt, or clientRtt where one end is a client',
    example: '40ms',
  }),
  bandwidth: field.bandwidth({
    description: 'Bandwidth between them.',
    defaultNote: 'that of the network',
    infinite: 'unlimited',
    min: '1B/s',
    example: '1Gbit/s',
  }),
  loss: field.ratio({
    description: 'Probability that a segment is lost between them.',
    defaultNote: 'that of the network',
    min: '0',
    max: '90%',
    example: '0.1%',
  }),
};

export const networkFields = {
  peerRtt: field.distribution('duration', {
    description: 'Round-trip time between the hosts of members.',
    default: '0.3ms',
    example: '1ms',
  }),
  clientRtt: field.distribution('duration', {
    description: 'Round-trip time between clients and members.',
    default: '0.3ms',
    example: '0.2ms',
  }),
  bandwidth: field.bandwidth({
    description: 'Bandwidth of the network card of a host.',
    default: '10Gbit/s',
    infinite: 'unlimited',
    min: '1B/s',
    example: '1Gbit/s',
  }),
  loss: field.ratio({
    description: 'Probability that a segment is lost; it is paid as a retransmission delay.',
    default: '0',
    min: '0',
    max: '90%',
    example: '0.01%',
  }),
  pairs: field.list(
    field.group(
      () => ({
        name: 'networkPair',
        description: 'What differs between two hosts or zones.',
        fields: pairFields,
      }),
      { description: 'One pair.' },
    ),
    {
      description: 'Latency, bandwidth and loss between two hosts or zones, over the general ones.',
    },
  ),
};

export const networkGroup: Group<typeof networkFields> = {
  name: 'network',
  description: 'Latency, bandwidth and loss between hosts.',
  fields: networkFields,
};

export type DiskValue = ValueOf<typeof diskFields>;
export type HostDiskValue = ValueOf<typeof hostDiskFields>;
export type ClockValue = ValueOf<typeof clockFields>;
export type HostValue = ValueOf<typeof hostFields>;
export type NetworkValue = ValueOf<typeof networkFields>;
