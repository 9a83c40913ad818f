/** Checks a specification; the scenario calls it to report a mistake where it was written. */

import { lognormalParameters } from './continuous-laws.ts';
import { histogramShape } from './empirical-laws.ts';
import type { DistributionErrorCode, DistributionProblem } from './errors.ts';
import type {
  DistributionSpec,
  HistogramSpec,
  LognormalSpec,
  ParetoSpec,
  StallSpec,
} from './spec.ts';

/** Scaled, shifted and mixed distributions may nest this deep. */
export const NESTING_MAX = 16;

/** The first problem of a specification, or null. */
export function checkDistribution(spec: DistributionSpec): DistributionProblem | null {
  return check(spec, [], 0);
}

function problem(
  path: readonly string[],
  message: string,
  hint: string,
  code: DistributionErrorCode = 'WT2101',
): DistributionProblem {
  return { code, path, message, hint };
}

function check(
  spec: DistributionSpec,
  path: readonly string[],
  depth: number,
): DistributionProblem | null {
  if (depth > NESTING_MAX) {
    return problem(path, `nested more than ${NESTING_MAX} deep`, 'write it flat');
  }
  switch (spec.kind) {
    case 'constant':
      return notNegative(spec.value, [...path, 'value']);
    case 'uniform':
      return (
        notNegative(spec.min, [...path, 'min']) ??
        notNegative(spec.max, [...path, 'max']) ??
        (spec.max >= spec.min ? null : problem([...path, 'max'], 'max < min', 'swap them'))
      );
    case 'exponential':
      return notNegative(spec.mean, [...path, 'mean']);
    case 'lognormal':
      return checkLognormal(spec, path);
    case 'gamma':
      return notNegative(spec.mean, [...path, 'mean']) ?? positive(spec.shape, [...path, 'shape']);
    case 'pareto':
      return checkPareto(spec, path);
    case 'mixture':
      return check(spec.body, [...path, 'body'], depth + 1) ?? checkStall(spec.stall, path, depth);
    case 'samples':
      return checkSamples(spec.values, [...path, 'values']);
    case 'histogram':
      return checkHistogram(spec, path);
    case 'scaled':
      return notNegative(spec.by, [...path, 'by']) ?? check(spec.of, [...path, 'of'], depth + 1);
    case 'shifted':
      return finite(spec.by, [...path, 'by']) ?? check(spec.of, [...path, 'of'], depth + 1);
  }
}

function finite(value: number, path: readonly string[]): DistributionProblem | null {
  return Number.isFinite(value) ? null : problem(path, `${value} is not finite`, 'give a number');
}

function notNegative(value: number, path: readonly string[]): DistributionProblem | null {
  if (Number.isFinite(value) && value >= 0) return null;
  return problem(path, `${value} is not a number >= 0`, 'durations and sizes are not negative');
}

function positive(value: number, path: readonly string[]): DistributionProblem | null {
  if (Number.isFinite(value) && value > 0) return null;
  return problem(path, `${value} is not a number > 0`, 'give a number above 0');
}

function checkLognormal(spec: LognormalSpec, path: readonly string[]): DistributionProblem | null {
  const [name, center] = 'p50' in spec ? ['p50', spec.p50] : ['mean', spec.mean];
  const bad = positive(center, [...path, name]) ?? positive(spec.p99, [...path, 'p99']);
  if (bad !== null) return bad;
  if (spec.p99 < center) {
    return problem([...path, 'p99'], `p99 is below the ${name}`, 'swap them', 'WT2102');
  }
  if (lognormalParameters(spec).sigma >= 0) return null;
  return problem(
    [...path, 'p99'],
    `no lognormal has a p99 of ${spec.p99 / center} times its mean; the most is 14.97`,
    'give p50 and p99, or add rare stalls by a mixture',
    'WT2102',
  );
}

function checkPareto(spec: ParetoSpec, path: readonly string[]): DistributionProblem | null {
  const { scale, shape, max } = spec;
  const bad = positive(scale, [...path, 'scale']) ?? positive(shape, [...path, 'shape']);
  if (bad !== null || max === undefined) return bad;
  if (Number.isFinite(max) && max >= scale) return null;
  return problem([...path, 'max'], `${max} is not >= scale`, 'leave max out for no bound');
}

function checkStall(
  stall: StallSpec,
  path: readonly string[],
  depth: number,
): DistributionProblem | null {
  const at = [...path, 'stall'];
  const { startPerSecond, startProbability, length, correlation } = stall;
  if ((startPerSecond === undefined) === (startProbability === undefined)) {
    const hint = 'per second of simulated time, or a probability for each draw';
    return problem(at, 'give either startPerSecond or startProbability', hint, 'WT2104');
  }
  if (startProbability !== undefined && !(startProbability >= 0 && startProbability <= 1)) {
    const where = [...at, 'startProbability'];
    return problem(where, `${startProbability} is no probability`, 'from 0 to 1', 'WT2104');
  }
  if (correlation !== undefined && !(correlation >= 0 && correlation < 1)) {
    const hint = 'from 0 to below 1';
    return problem([...at, 'correlation'], `${correlation} is out of range`, hint, 'WT2104');
  }
  if (hasStalls(length, 0)) {
    return problem([...at, 'length'], 'a stall within a stall', 'use a plain length', 'WT2104');
  }
  return (
    (startPerSecond === undefined
      ? null
      : notNegative(startPerSecond, [...at, 'startPerSecond'])) ??
    check(length, [...at, 'length'], depth + 1)
  );
}

function hasStalls(spec: DistributionSpec, depth: number): boolean {
  if (depth > NESTING_MAX) return false;
  if (spec.kind === 'scaled' || spec.kind === 'shifted') return hasStalls(spec.of, depth + 1);
  return spec.kind === 'mixture';
}

function checkSamples(
  values: readonly number[],
  path: readonly string[],
): DistributionProblem | null {
  if (values.length === 0) return problem(path, 'no samples', 'give at least one');
  for (let i = 0; i < values.length; i += 1) {
    const bad = notNegative(values[i], [...path, String(i)]);
    if (bad !== null) return bad;
  }
  return null;
}

function checkHistogram(spec: HistogramSpec, path: readonly string[]): DistributionProblem | null {
  const { bounds, counts, sum } = spec;
  const bad = (field: string, message: string, hint: string) =>
    problem([...path, field], message, hint, 'WT2103');
  if (bounds.length === 0 || bounds.length !== counts.length) {
    return bad('counts', `${counts.length} counts for ${bounds.length} bounds`, 'one for each');
  }
  if (!(bounds[0] > 0) || bounds[0] === Number.POSITIVE_INFINITY) {
    return bad('bounds', 'the first bound is not a finite number > 0', 'buckets begin at 0');
  }
  let total = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    if (i > 0 && !(bounds[i] > bounds[i - 1])) {
      return bad('bounds', `bound ${i} is not above the one before`, 'sort them');
    }
    if (!(counts[i] >= 0) || counts[i] === Number.POSITIVE_INFINITY) {
      return bad('counts', `count ${i} is ${counts[i]}`, 'counts of each bucket, not cumulative');
    }
    total += counts[i];
  }
  if (total === 0) return bad('counts', 'all counts are 0', 'a histogram needs values');
  if (sum !== undefined && histogramShape(spec) === null) {
    return bad('sum', `no values in these buckets add up to ${sum}`, 'check the unit of the sum');
  }
  return null;
}
