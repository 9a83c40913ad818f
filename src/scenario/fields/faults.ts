/** Fields of faults: when, how often, and one verb each. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';

const target = 'a member, etcd/leader, etcd/followers, etcd/all or a host';
const verb = (description: string, example = 'etcd/leader') =>
  field.string({ description: `${description} (${target})`, example });

export const faultVerbs = {
  kill: verb('Kill the process, as SIGKILL'),
  restart: verb('Stop the process and start it again', 'etcd/1'),
  pause: verb('Pause the process, as SIGSTOP'),
  stallDisk: verb('Let the disk answer nothing'),
  slowDisk: verb('Make the disk slower, by `factor` or with another `fsync`', 'etcd/2'),
  fullDisk: verb('Let the disk be full', 'etcd/1'),
  partition: field.groups({
    description:
      'Cut the network between groups of members or hosts. One member alone is cut off from ' +
      'all other members.',
    example: '[[etcd/0], [etcd/1, etcd/2]]',
  }),
  delay: field.pair({
    description: 'Add to the round-trip time between two members, hosts or zones (`add`).',
    example: '[etcd/0, etcd/1]',
  }),
  loss: field.pair({
    description: 'Lose segments between two members, hosts or zones (`probability`).',
    example: '[etcd/0, etcd/1]',
  }),
  clockStep: verb('Let the wall clock jump by `by`', 'etcd/1'),
  clockDrift: verb('Change the rate of the clock by `rate`', 'etcd/1'),
  fillQuota: field.ratio({
    description: 'Fill the store with other keys, up to this part of the backend quota.',
    min: '0',
    max: '2',
    example: '100%',
  }),
  compact: field.integer({
    description: 'Compact, as `etcdctl compact`, and keep this many revisions.',
    min: '0',
    example: '1000',
  }),
  defrag: verb('Defragment, as `etcdctl defrag`', 'etcd/0'),
  disarm: field.boolean({
    description: 'Clear the NOSPACE alarm, as `etcdctl alarm disarm`.',
    example: 'true',
  }),
  snapshotSave: verb('Save a snapshot, as `etcdctl snapshot save`', 'etcd/0'),
  moveLeader: field.string({
    description: 'Move the leadership to this member, as `etcdctl move-leader`.',
    example: 'etcd/1',
  }),
  addMember: field.string({
    description: 'Add a member with this new name, as `etcdctl member add`, and start it.',
    example: 'etcd/3',
  }),
  promoteMember: field.string({
    description: 'Make a learner a voter, as `etcdctl member promote`.',
    example: 'etcd/3',
  }),
  removeMember: field.string({
    description: 'Remove a member, as `etcdctl member remove`.',
    example: 'etcd/2',
  }),
};

/** Verbs that last: `for` says how long. The others happen at one moment. */
export const lastingVerbs: readonly string[] = [
  'kill',
  'pause',
  'stallDisk',
  'slowDisk',
  'fullDisk',
  'partition',
  'delay',
  'loss',
  'clockDrift',
];

export const faultFields = {
  name: field.string({
    description: 'Name of the fault, unique; windows of thresholds refer to it.',
    defaultNote: 'the verb, with a number where it is taken',
    example: 'stall',
  }),
  at: field.duration({
    description: 'When it happens, from the start of the run.',
    required: true,
    min: '0s',
    example: '30s',
  }),
  for: field.duration({
    description: 'How long it lasts; a killed process is started again after it.',
    default: 'forever',
    infinite: 'forever',
    min: '1ns',
    example: '2s',
    only: lastingVerbs,
  }),
  every: field.duration({
    description: 'Repeat it at this interval; 0s: once.',
    default: '0s',
    min: '0s',
    example: '10s',
  }),
  times: field.integer({
    description: 'How often it happens in all, where it repeats.',
    default: 'unlimited',
    infinite: 'unlimited',
    min: '1',
    example: '5',
  }),
  ...faultVerbs,
  restartAfter: field.duration({
    description: 'When the killed process is started again, in place of `for`.',
    min: '0s',
    example: '5s',
    only: ['kill'],
  }),
  loseData: field.boolean({
    description: 'Whether its data directory is lost as well.',
    default: 'false',
    only: ['kill'],
  }),
  graceful: field.boolean({
    description: 'SIGTERM, with leadership handed over, in place of SIGKILL.',
    default: 'true',
    only: ['restart'],
  }),
  factor: field.number({
    description: 'Factor on every latency of the disk.',
    default: '1',
    min: '0.001',
    max: '1000000',
    example: '10',
    only: ['slowDisk'],
  }),
  fsync: field.distribution('duration', {
    description: 'The fsync times while it lasts.',
    example: '{ constant: 25ms }',
    only: ['slowDisk'],
  }),
  oneWay: field.boolean({
    description: 'Cut only what the first group sends to the others.',
    default: 'false',
    only: ['partition'],
  }),
  mode: field.choice(['blackhole', 'reset'], {
    description:
      'blackhole: packets vanish, noticed by timeouts; reset: connections break at once.',
    default: 'blackhole',
    only: ['partition'],
  }),
  add: field.duration({
    description: 'What is added to the round-trip time.',
    min: '0s',
    example: '40ms',
    only: ['delay'],
  }),
  probability: field.ratio({
    description: 'Probability that a segment is lost.',
    min: '0',
    max: '90%',
    example: '1%',
    only: ['loss'],
  }),
  by: field.duration({
    description: 'How far the clock jumps; negative goes back.',
    min: '-100d',
    max: '100d',
    example: '-600ms',
    only: ['clockStep'],
  }),
  rate: field.ppm({
    description: 'Rate error while it lasts.',
    min: '-500000ppm',
    max: '1000000ppm',
    example: '200ppm',
    only: ['clockDrift'],
  }),
  learner: field.boolean({
    description: 'Add it as a learner first.',
    default: 'false',
    flag: 'etcdctl member add --learner',
    only: ['addMember'],
  }),
};

export const faultGroup: Group<typeof faultFields> = {
  name: 'fault',
  description: 'One disturbance, or one action of an operator: a verb with its target, and a time.',
  fields: faultFields,
  choose: { among: Object.keys(faultVerbs), required: true },
};

export type FaultValue = ValueOf<typeof faultFields>;
export type FaultVerb = keyof typeof faultVerbs;

/**
 * The verb of a fault, the first one where it has several; null where it has none that can be
 * read.
 */
export function verbOf(fault: FaultValue): FaultVerb | null {
  // The keys of the table of verbs are the verbs.
  const verbs = Object.keys(faultVerbs) as FaultVerb[];
  return verbs.find((verb) => fault[verb] !== undefined) ?? null;
}
