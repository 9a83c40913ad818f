/** Fields of a distribution. `value` below has the unit of the field that it stands in. */

import type { Field, Fields, Group } from '../field.ts';
import * as field from '../field.ts';

type DistributionUnit = 'duration' | 'bytes';

const numberOf = {
  duration: <const O extends Parameters<typeof field.duration>[0]>(o: O) => field.duration(o),
  bytes: <const O extends Parameters<typeof field.duration>[0]>(o: O) => field.bytes(o),
};

/** Example values in each unit. */
const examples = {
  duration: { small: '1ms', large: '4ms', tail: '2s' },
  bytes: { small: '256', large: '4KiB', tail: '1MiB' },
};

function inner<F extends Fields>(
  name: string,
  description: string,
  fields: F,
  more: Pick<Group, 'shorthand' | 'listShorthand' | 'choose'> = {},
) {
  const group: Group<F> = { name, description, fields, ...more };
  return field.optionalGroup(() => group, { description });
}

const stallDescription =
  'Rare, long values that come in runs: how often they start, how long one is, and how likely' +
  ' the next is one too.';

export const stallFields = {
  startPerSecond: field.number({
    description: 'Runs of stalls that start in one second, on average.',
    min: '0',
    example: '0.01',
  }),
  startProbability: field.ratio({
    description: 'Probability that one value starts a run of stalls, in place of startPerSecond.',
    min: '0',
    max: '1',
    example: '0.01%',
  }),
  length: field.distribution('duration', {
    description: 'Length of one stall.',
    required: true,
    example: '{ lognormal: { p50: 200ms, p99: 2s } }',
  }),
  correlation: field.ratio({
    description: 'Probability that a stall is followed by another one at once.',
    default: '0',
    min: '0',
    max: '0.999',
  }),
};

/** Forms of sizes are other definitions of the JSON Schema than those of durations. */
function called(unit: DistributionUnit, form: string): string {
  return unit === 'duration' ? form : `${form}OfSizes`;
}

/** Forms by their parameters. */
function lawFields(unit: DistributionUnit) {
  const value = numberOf[unit];
  const { small, large, tail } = examples[unit];
  const positive = { min: '0' };
  const mean = value({ description: 'Mean.', required: true, example: small, ...positive });
  return {
    constant: value({ description: 'Always this value.', example: small, ...positive }),
    uniform: inner(called(unit, 'uniform'), 'Every value between two bounds is equally likely.', {
      min: value({ description: 'Lower bound.', required: true, example: small, ...positive }),
      max: value({ description: 'Upper bound.', required: true, example: large, ...positive }),
    }),
    exponential: inner(
      called(unit, 'exponential'),
      'Exponential, by its mean.',
      { mean },
      { shorthand: 'mean' },
    ),
    lognormal: inner(
      called(unit, 'lognormal'),
      'Lognormal, by p99 and either p50 or mean.',
      {
        p50: value({ description: 'Median.', example: small, ...positive }),
        mean: value({ description: 'Mean, in place of p50.', example: small, ...positive }),
        p99: value({
          description: '99th percentile.',
          required: true,
          example: large,
          ...positive,
        }),
      },
      { choose: { among: ['p50', 'mean'], required: true } },
    ),
    gamma: inner(called(unit, 'gamma'), 'Gamma, by mean and shape; shape 1 is exponential.', {
      mean,
      shape: field.number({ description: 'Shape.', required: true, min: '0.001', example: '4' }),
    }),
    pareto: inner(called(unit, 'pareto'), 'Pareto: no value below scale, heavy tail above it.', {
      scale: value({ description: 'Smallest value.', required: true, example: small, ...positive }),
      shape: field.number({
        description: 'Tail index; the mean is infinite at 1 and below unless `max` is given.',
        required: true,
        min: '0.01',
        example: '1.5',
      }),
      max: value({
        description: 'Largest value; draws beyond it are cut.',
        example: tail,
        ...positive,
      }),
    }),
  };
}

/** Forms by measured values. */
function measuredFields(unit: DistributionUnit) {
  const value = numberOf[unit];
  const { small, large, tail } = examples[unit];
  const positive = { min: '0' };
  return {
    samples: inner(
      called(unit, 'samples'),
      'Values drawn from a list, or from a column of a CSV file.',
      {
        values: field.list(value({ description: 'One value.', ...positive }), {
          description: 'The values.',
          example: `[${small}, ${large}]`,
        }),
        file: field.string({
          description: 'CSV file, in place of values.',
          example: './fsync.csv',
        }),
        column: field.string({
          description: 'Name of the column.',
          defaultNote: 'the first column that holds numbers',
          example: 'latency',
        }),
        unit: field.choice(['ns', 'us', 'ms', 's', 'B', 'KiB', 'MiB'], {
          description: 'Unit of the column.',
          example: 'ms',
        }),
      },
      {
        shorthand: 'file',
        listShorthand: 'values',
        choose: { among: ['values', 'file'], required: true },
      },
    ),
    histogram: inner(
      called(unit, 'histogram'),
      'Counts between bounds, such as Prometheus buckets.',
      {
        bounds: field.list(
          value({ description: 'One bound.', infinite: 'unlimited', ...positive }),
          {
            description: 'Upper edges, rising; the last may be `unlimited`.',
            required: true,
            example: `[${small}, ${large}, unlimited]`,
          },
        ),
        counts: field.list(field.number({ description: 'One count.', min: '0' }), {
          description: 'Values in each bucket, not cumulative.',
          required: true,
          example: '[900, 95, 5]',
        }),
        sum: value({
          description: 'Sum of all values, so that the mean is exact.',
          example: tail,
          ...positive,
        }),
      },
    ),
  };
}

/** Forms made of others. */
function compoundFields(unit: DistributionUnit) {
  const value = numberOf[unit];
  const { small } = examples[unit];
  const positive = { min: '0' };
  return {
    mixture: inner(called(unit, 'mixture'), 'A body, and rare stalls that come in runs.', {
      body: field.distribution(unit, {
        description: 'What is usual.',
        required: true,
        example: small,
      }),
      stall: field.group(
        () => ({
          name: called(unit, 'stall'),
          description: stallDescription,
          fields: stallFields,
          choose: { among: ['startPerSecond', 'startProbability'], required: true },
        }),
        { description: stallDescription, required: true },
      ),
    }),
    scaled: inner(called(unit, 'scaled'), 'Another distribution times a factor.', {
      by: field.number({ description: 'Factor.', required: true, min: '0', example: '2' }),
      of: field.distribution(unit, {
        description: 'The other one.',
        required: true,
        example: small,
      }),
    }),
    shifted: inner(called(unit, 'shifted'), 'Another distribution plus a constant.', {
      by: value({ description: 'What is added.', required: true, example: small, ...positive }),
      of: field.distribution(unit, {
        description: 'The other one.',
        required: true,
        example: small,
      }),
    }),
    profile: field.string({
      description:
        'A disk profile by name (`wavetank list` shows them), or a file: ./my-disk.yaml.',
      example: 'hdd',
    }) as Field<string | undefined>,
  };
}

/** The order is that of the reference. */
function distributionFields(unit: DistributionUnit) {
  return { ...lawFields(unit), ...measuredFields(unit), ...compoundFields(unit) };
}

const durationFields = distributionFields('duration');
const bytesFields = distributionFields('bytes');

/** Laws of times between faults: without what measures latencies. */
export const timesLaws = {
  exponential: durationFields.exponential,
  constant: durationFields.constant,
  uniform: durationFields.uniform,
  lognormal: durationFields.lognormal,
  gamma: durationFields.gamma,
};

export type DistributionFields = typeof durationFields;

function groupOf(name: string, fields: DistributionFields): Group<DistributionFields> {
  return {
    name,
    description:
      'How a value varies: one of the forms below, or a single value, which then is constant.',
    fields,
    choose: { among: Object.keys(fields), required: true },
    shorthand: 'constant',
  };
}

const groups = {
  duration: groupOf('distribution', durationFields),
  bytes: groupOf('sizeDistribution', bytesFields),
};

/** The forms that a distribution of this unit takes. */
export function distributionGroup(unit: DistributionUnit): Group<DistributionFields> {
  return groups[unit];
}
