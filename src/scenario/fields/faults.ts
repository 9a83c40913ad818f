/** Fields of faults: when, how often, and one verb each. The verbs of a topic are in its file. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { clockLasting, clockOptions, clockPartial, clockVerbs } from './faults/clock.ts';
import {
  credentialLasting,
  credentialOptions,
  credentialPartial,
  credentialVerbs,
} from './faults/credentials.ts';
import {
  disasterLasting,
  disasterOptions,
  disasterPartial,
  disasterVerbs,
} from './faults/disaster.ts';
import { diskLasting, diskOptions, diskPartial, diskVerbs } from './faults/disk.ts';
import { etcdOptions, etcdVerbs } from './faults/etcd.ts';
import { networkLasting, networkOptions, networkPartial, networkVerbs } from './faults/network.ts';
import { processLasting, processOptions, processPartial, processVerbs } from './faults/process.ts';
import { worldLasting, worldOptions, worldPartial, worldVerbs } from './faults/world.ts';

export const faultVerbs = {
  ...processVerbs,
  ...diskVerbs,
  ...networkVerbs,
  ...clockVerbs,
  ...credentialVerbs,
  ...etcdVerbs,
  ...worldVerbs,
  ...disasterVerbs,
};

/** Verbs that last: `for` says how long. The others happen at one moment. */
export const lastingVerbs: readonly string[] = [
  ...processLasting,
  ...diskLasting,
  ...networkLasting,
  ...clockLasting,
  ...credentialLasting,
  ...worldLasting,
  ...disasterLasting,
];

/** Verbs whose target may be a part of many. */
const partialVerbs: readonly string[] = [
  ...processPartial,
  ...diskPartial,
  ...networkPartial,
  ...clockPartial,
  ...credentialPartial,
  ...worldPartial,
  ...disasterPartial,
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
    description: 'How long it lasts; what was killed is started again after it.',
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
  part: field.ratio({
    description: 'Of `nodes/GROUP` and `zone/NAME`: this part of them, the first ones in order.',
    default: '100%',
    min: '0.0001%',
    max: '100%',
    example: '60%',
    only: partialVerbs,
  }),
  ...processOptions,
  ...diskOptions,
  ...networkOptions,
  ...clockOptions,
  ...credentialOptions,
  ...etcdOptions,
  ...worldOptions,
  ...disasterOptions,
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
