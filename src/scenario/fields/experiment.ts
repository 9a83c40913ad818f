/** Fields of an experiment: a base scenario, what is varied, and how often. */

import type { Group, ValueOf } from '../field.ts';
import * as field from '../field.ts';
import { baseGroup, headFields, thresholdFields } from './scenario.ts';

export const axisFields = {
  path: field.any({
    description:
      'Path of the field that the axis sets, or a list of paths that get the same value.',
    example: 'etcd.disk.fsync.constant',
  }),
  values: field.any({
    description: 'The values, in the grammar of the field.',
    example: '[1ms, 10ms, 25ms]',
  }),
  labels: field.any({
    description: 'What results call the values, one label each.',
    defaultNote: 'the values as written',
    example: '[fast, usual, slow]',
  }),
  name: field.string({
    description: 'Name of the axis: a column of runs.csv.',
    defaultNote: 'the path',
    example: 'disk',
  }),
  points: field.any({
    description:
      'Named points in place of path and values: a mapping of names to overrides, each a ' +
      'mapping of paths to values.',
    example: '{ healthy: {}, slow: { etcd.disk.fsync.constant: 25ms } }',
  }),
  zip: field.any({
    description: 'Axes that advance together, in place of path and values: a list of axes.',
    example: '[{ path: a, values: [1, 2] }, { path: b, values: [3, 4] }]',
  }),
};

export const axisGroup: Group<typeof axisFields> = {
  name: 'axis',
  description: 'One axis of the sweep; axes multiply.',
  fields: axisFields,
  choose: { among: ['path', 'points', 'zip'], required: true },
};

const sweep = field.list(
  field.group(() => axisGroup, { description: 'One axis.' }),
  {
    description: 'What is varied. The points of the sweep are all combinations of the axes.',
    example: '[{ path: etcd.members, values: [1, 3, 5] }]',
  },
);

const set = field.overrides({
  description: 'Paths and their values, over the base.',
  example: '{ horizon: 20s }',
});

export const quickFields = {
  set,
  sweep: field.list(
    field.group(() => axisGroup, { description: 'One axis.' }),
    {
      description: 'Axes in place of those of the experiment.',
    },
  ),
  seeds: field.integer({
    description: 'Seeds of the quick form.',
    defaultNote: 'those of the experiment',
    min: '1',
    max: '10000',
    example: '2',
  }),
};

export const quickGroup: Group<typeof quickFields> = {
  name: 'quick',
  description: 'A smaller form of the experiment, for continuous integration.',
  fields: quickFields,
};

export const verdictFields = {
  good: field.string({
    description: 'What it means when all thresholds hold.',
    default: '',
    example: 'etcd keeps its leader through stalls shorter than the election timeout.',
  }),
  bad: field.string({
    description: 'What it means when one does not.',
    default: '',
    example: 'A shorter stall than expected cost the leadership.',
  }),
};

export const VERDICTS = ['true', 'true only if', 'false', 'undecided'] as const;

export const claimFields = {
  name: field.string({
    description: 'Name of the claim, unique; thresholds refer to it.',
    required: true,
    example: 'offset',
  }),
  claim: field.string({
    description: 'What is claimed, in one sentence.',
    required: true,
    example: 'Clock skew of more than 500 ms kills etcd clusters.',
  }),
  verdict: field.choice(VERDICTS, {
    description:
      'What holds where all thresholds of the claim hold; where one does not, nothing is shown.',
    required: true,
    example: 'false',
  }),
  condition: field.string({
    description: 'What it depends on: the condition, or the input that is not known.',
    default: '',
    example: 'the clock steps by more than a minute, and tokens are checked elsewhere',
  }),
};

export const claimGroup: Group<typeof claimFields> = {
  name: 'experimentClaim',
  description: 'A claim about control planes, and what the experiment says of it.',
  fields: claimFields,
};

export const symptomFields = {
  name: field.string({
    description: 'Name of the symptom, unique; thresholds refer to it.',
    required: true,
    example: 'pending',
  }),
  symptom: field.string({
    description: 'What somebody sees.',
    required: true,
    example: 'A pod stays Pending.',
  }),
};

export const symptomGroup: Group<typeof symptomFields> = {
  name: 'experimentSymptom',
  description: 'What somebody sees, and the experiment shows causes of.',
  fields: symptomFields,
};

export const experimentThresholdFields = {
  ...thresholdFields,
  claim: field.string({
    description: 'Name of the claim that it decides.',
    default: '',
    defaultNote: 'none',
    example: 'offset',
  }),
  shows: field.string({
    description: 'What its figure is, in words, for the page of claims.',
    default: '',
    defaultNote: 'the metric',
    example: 'leader changes with offsets up to 10 s',
  }),
  symptom: field.string({
    description: 'Name of the symptom of which it tells a cause from others.',
    default: '',
    defaultNote: 'none',
    example: 'pending',
  }),
  cause: field.string({
    description: 'That cause, in words, for the page of symptoms.',
    default: '',
    defaultNote: 'the values of `where`',
    example: 'no node has the label that it asks for',
  }),
  where: field.any({
    description:
      'Only at these points: axes with a value, or a list of values, in the words of the results.',
    defaultNote: 'at every point',
    example: '{ disk: [fast, usual] }',
  }),
};

export const experimentFields = {
  apiVersion: headFields.apiVersion,
  kind: field.choice(['Experiment'], {
    description: 'Experiment: a sweep over scenarios.',
    required: true,
    example: 'Experiment',
  }),
  metadata: headFields.metadata,
  question: field.string({
    description: 'The question that it answers, in one sentence.',
    required: true,
    example: 'What does an fsync of 25 ms cost?',
  }),
  base: field.group(() => baseGroup, {
    description: 'Fields of a scenario that all points share.',
    required: true,
    deferred: true,
  }),
  sweep,
  seeds: field.integer({
    description: 'Seeds that every point runs with: its replications.',
    defaultNote: 'replications of the base',
    min: '1',
    max: '10000',
    example: '5',
  }),
  claims: field.list(
    field.group(() => claimGroup, { description: 'One claim.' }),
    { description: 'Claims that the experiment decides, by thresholds that name them.' },
  ),
  symptoms: field.list(
    field.group(() => symptomGroup, { description: 'One symptom.' }),
    { description: 'Symptoms whose causes it tells apart, by thresholds that name them.' },
  ),
  thresholds: field.list(
    field.group(
      () => ({
        name: 'experimentThreshold',
        description: 'A threshold of some or all points.',
        fields: experimentThresholdFields,
      }),
      { description: 'One threshold.' },
    ),
    { description: 'Thresholds that hold at some of the points; those of the base hold at all.' },
  ),
  quick: field.group(() => quickGroup, {
    description: 'A smaller form of the experiment, for continuous integration.',
  }),
  verdict: field.group(
    () => ({ name: 'verdict', description: 'What the result means.', fields: verdictFields }),
    { description: 'What the result means, in words.' },
  ),
};

export const experimentGroup: Group<typeof experimentFields> = {
  name: 'experiment',
  description: 'A question, answered by a sweep over scenarios.',
  fields: experimentFields,
};

export type ExperimentValue = ValueOf<typeof experimentFields>;
