/** The root of the table: fields of a scenario. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { etcdGroup } from './etcd.ts';
import { faultGroup } from './faults.ts';
import { kubernetesGroup } from './kubernetes.ts';
import { hostGroup, networkGroup } from './machine.ts';
import { availabilityGroup, randomFaultGroup } from './random-faults.ts';
import { workloadGroup } from './workload.ts';

export const sloProfiles = ['sig-scalability'] as const;

export const API_VERSION = 'wavetank/v1alpha1';

export const metadataFields = {
  name: field.string({
    description: 'Name, in lower case with dashes; results carry it.',
    required: true,
    example: 'slow-third-disk',
  }),
  description: field.string({
    description: 'A sentence for people.',
    default: '',
    example: 'What does a slow third disk cost?',
  }),
};

export const thresholdFields = {
  metric: field.string({
    description: 'Metric, with labels where it has several.',
    required: true,
    example: `'wavetank_client_request_duration_seconds{op="put"}'`,
  }),
  expect: field.string({
    description:
      'What must hold: p50, p99.9, mean, max, min, rate, count or availability, an operator ' +
      '(<, <=, >, >=, ==, !=) and a value.',
    required: true,
    example: 'p99 < 50ms',
  }),
  each: field.list(field.string({ description: 'Name of a label.', example: 'verb' }), {
    description:
      'Labels: every value of them is judged for itself, and the worst decides; none: all together.',
    example: '[resource, verb]',
  }),
  window: field.string({
    description:
      'When: before(fault), during(fault), after(fault), each with an offset such as +10s; or' +
      ' 10s..40s.',
    default: 'all',
    defaultNote: 'the whole run after warm-up',
    example: 'after(stall)+10s',
  }),
};

export const thresholdGroup: Group<typeof thresholdFields> = {
  name: 'threshold',
  description: 'A condition on a result; one that fails makes the run fail (exit code 99).',
  fields: thresholdFields,
};

/** What a scenario and the base of an experiment have in common. */
export const baseFields = {
  horizon: field.duration({
    description: 'Length of the run in simulated time, warm-up included.',
    default: '60s',
    min: '1ms',
    example: '60s',
  }),
  warmup: field.duration({
    description: 'Time at the start that no result counts.',
    defaultNote: '10s, or a sixth of the horizon where that is less',
    min: '0s',
    example: '10s',
  }),
  seed: field.string({
    description: 'Seed of all random streams: any text.',
    default: '1',
    example: '42',
  }),
  replications: field.integer({
    description: 'Runs with different seeds, for confidence intervals.',
    defaultNote: '5; 1 where nothing is random',
    min: '1',
    max: '10000',
    example: '5',
  }),
  seriesInterval: field.duration({
    description: 'Width of a row of timeseries.csv.',
    default: '1s',
    min: '1ms',
    example: '100ms',
  }),
  etcd: field.group(() => etcdGroup, { description: 'The etcd cluster.' }),
  hosts: field.list(
    field.group(() => hostGroup, { description: 'One host.' }),
    {
      description: 'Machines that differ from the default, or that members share.',
    },
  ),
  network: field.group(() => networkGroup, { description: 'The network between the hosts.' }),
  workload: field.list(
    field.group(() => workloadGroup, { description: 'One workload.' }),
    {
      description: 'What clients ask of the cluster.',
    },
  ),
  kubernetes: field.optionalGroup(() => kubernetesGroup, {
    description: 'A Kubernetes cluster on this etcd; without it there are only clients of etcd.',
  }),
  faults: field.list(
    field.group(() => faultGroup, { description: 'One fault.' }),
    {
      description: 'Disturbances and actions of operators.',
    },
  ),
  randomFaults: field.list(
    field.group(() => randomFaultGroup, { description: 'One entry.' }),
    {
      description:
        'Faults by chance, drawn when a run starts; the same seed draws the same ones whatever else ' +
        'changes.',
    },
  ),
  availability: field.optionalGroup(() => availabilityGroup, {
    description:
      'In place of one run from its start to its horizon: availability over a long time, of which ' +
      'only what surrounds faults is simulated.',
  }),
  thresholds: field.list(
    field.group(() => thresholdGroup, { description: 'One threshold.' }),
    {
      description: 'What must hold; decides the exit code.',
    },
  ),
  slos: field.list(field.choice(sloProfiles, { description: 'A profile.' }), {
    description:
      'Profiles of thresholds of a Kubernetes cluster. sig-scalability: the service levels that ' +
      'SIG Scalability defines for API calls and pod start-up, and the availability that its tests ask for.',
    example: '[sig-scalability]',
  }),
  constants: field.constants({
    description: 'Costs of the models by name, over the fitted ones; constants.csv lists them.',
    example: '{ etcd.applyNsPerEntry: 20us }',
  }),
};

const headFields = {
  apiVersion: field.choice([API_VERSION], {
    description: 'Version of the file format.',
    required: true,
    example: API_VERSION,
  }),
  metadata: field.group(
    () => ({ name: 'metadata', description: 'Name and description.', fields: metadataFields }),
    { description: 'Name and description.', required: true },
  ),
};

export const scenarioFields = {
  apiVersion: headFields.apiVersion,
  kind: field.choice(['Scenario'], {
    description: 'Scenario: one run. Experiment: a sweep over scenarios.',
    required: true,
    example: 'Scenario',
  }),
  metadata: headFields.metadata,
  ...baseFields,
};

export const scenarioGroup: Group<typeof scenarioFields> = {
  name: 'scenario',
  description: 'One cluster, its load and its faults: one run.',
  fields: scenarioFields,
};

export const baseGroup: Group<typeof baseFields> = {
  name: 'base',
  description: 'Fields of a scenario.',
  fields: baseFields,
};

export type BaseValue = ValueOf<typeof baseFields>;
export type ScenarioValue = ValueOf<typeof scenarioFields>;
export type ThresholdValue = ValueOf<typeof thresholdFields>;
export type MetadataValue = ValueOf<typeof metadataFields>;
export { headFields };
