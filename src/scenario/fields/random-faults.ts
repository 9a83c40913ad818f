/** Fields of random faults, and of availability over a long time. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { timesLaws } from './distribution.ts';
import { faultFields, faultVerbs } from './faults.ts';

const timesGroup: Group<typeof timesLaws> = {
  name: 'times',
  description: 'How times vary; a single value is the mean of an exponential distribution.',
  fields: timesLaws,
  shorthand: 'exponential',
  choose: { among: Object.keys(timesLaws), required: true },
};

const times = (description: string, more: { readonly example: string; readonly required?: true }) =>
  field.optionalGroup(() => timesGroup, { description, ...more });

/** Of a fault without a time of its own. */
const {
  name: _name,
  at: _at,
  for: _for,
  every: _every,
  times: _times,
  restartAfter: _restartAfter,
  ...verbFields
} = faultFields;

export const randomFaultFields = {
  name: field.string({
    description:
      'Name, unique: its random streams and the rows of events.csv and outages.csv carry it.',
    required: true,
    example: 'crash',
  }),
  mtbf: times('Time from the start, or from the end of a fault, until the next one.', {
    required: true,
    example: '30d',
  }),
  mttr: times('How long each fault lasts; for verbs that last.', { example: '10m' }),
  units: field.choice(['separate', 'together'], {
    description:
      'separate: each member, replica or node that the target stands for fails by itself; ' +
      'together: the fault hits all of them.',
    default: 'separate',
  }),
  commonCause: field.ratio({
    description: 'Part of the failures that hit all units at once; the others come to each alone.',
    default: '0',
    min: '0',
    max: '1',
    example: '5%',
  }),
  ...verbFields,
};

export const randomFaultGroup: Group<typeof randomFaultFields> = {
  name: 'randomFault',
  description: 'Faults by chance: a verb with its target, and how often and how long.',
  fields: randomFaultFields,
  choose: { among: Object.keys(faultVerbs), required: true },
};

export const serviceFields = {
  name: field.string({ description: 'Name in the results.', required: true, example: 'writes' }),
  metric: field.string({
    description:
      'Counters of what clients got, with labels; where they tell the outcome, successes count.',
    required: true,
    example: `'wavetank_client_requests{op="put"}'`,
  }),
};

export const serviceGroup: Group<typeof serviceFields> = {
  name: 'service',
  description: 'Something that clients want: up in every row of the time series with a success.',
  fields: serviceFields,
};

export const availabilityFields = {
  period: field.duration({
    description: 'Time over which availability is asked for.',
    default: '365d',
    min: '1s',
    max: '36500d',
    example: '365d',
  }),
  lead: field.duration({
    description: 'What is simulated before the first fault of a window, besides the warm-up.',
    default: '10m',
    min: '0s',
    example: '1m',
  }),
  settle: field.duration({
    description:
      'How long every service has to be up after the last fault; until then the window goes on.',
    default: '1m',
    min: '1s',
    example: '30s',
  }),
  services: field.list(
    field.group(() => serviceGroup, { description: 'One service.' }),
    {
      description: 'What is up or down; none given: each operation of the workload.',
      example: `[{ name: writes, metric: 'wavetank_client_requests{op="put"}' }]`,
    },
  ),
  elasticities: field.boolean({
    description:
      'Whether all is drawn again with every MTBF, MTTR and common cause 10 % larger and smaller.',
    default: 'false',
  }),
};

export const availabilityGroup: Group<typeof availabilityFields> = {
  name: 'availability',
  description:
    'Availability over a long time of random faults. Only the time around faults is simulated, ' +
    'as windows; all other time counts as up. `horizon` then has no meaning.',
  fields: availabilityFields,
};

export type RandomFaultValue = ValueOf<typeof randomFaultFields>;
export type TimesValue = ValueOf<typeof timesLaws>;
export type AvailabilityValue = ValueOf<typeof availabilityFields>;
