/** Distributions of the scenario file to the plain data that src/dist samples from. */
import type { DistributionSpec, StallSpec } from '../dist/index.ts';
import type { Node } from './document.ts';
import type { DistributionValue, ValueOf } from './field.ts';
import { type DistributionFields, distributionGroup } from './fields/distribution.ts';
import { nearestName } from './nearest.ts';
import { type DiskProfile, parseDiskProfile } from './profile.ts';
import { headSpan, type Reader } from './read.ts';
import { readSamples } from './samples.ts';
import { formatUnit } from './units.ts';

export type Profiles = Readonly<Record<string, DiskProfile>>;
/** Reads a file that the scenario names, relative to it. */
export type FileReader = (path: string) => { readonly text: string } | { readonly error: string };

type Value = ValueOf<DistributionFields>;
type Unit = 'duration' | 'bytes';

/** Latencies above this are not measurements but slips of the unit. */
const DURATION_MAX = 3600e9;

/** One distribution; undefined where it cannot be read, with the problem reported. */
export function distributionValue(
  reader: Reader,
  unit: Unit,
  node: Node,
  path: string,
): DistributionValue | undefined {
  const before = reader.options.problems.problems.length;
  const value = reader.group(distributionGroup(unit), node, path);
  if (reader.options.problems.problems.length > before) return undefined;
  if (value.profile !== undefined) return profileValue(reader, value.profile, node, path);
  const spec = specOf(reader, unit, value, node, path);
  if (spec === null) return undefined;
  const contradiction = contradictionOf(spec, unit);
  if (contradiction !== null) {
    reader.problem('WT1405', path, headSpan(node), contradiction.message, contradiction);
    return undefined;
  }
  return { spec, profile: null };
}

function specOf(
  reader: Reader,
  unit: Unit,
  value: Value,
  node: Node,
  path: string,
): DistributionSpec | null {
  if (value.constant !== undefined) return { kind: 'constant', value: value.constant };
  if (value.uniform !== undefined) return { kind: 'uniform', ...value.uniform };
  if (value.exponential !== undefined) return { kind: 'exponential', ...value.exponential };
  if (value.lognormal !== undefined) {
    const { p50, mean, p99 } = value.lognormal;
    if (p50 !== undefined) return { kind: 'lognormal', p50, p99 };
    return { kind: 'lognormal', mean: mean ?? Number.NaN, p99 };
  }
  if (value.gamma !== undefined) return { kind: 'gamma', ...value.gamma };
  if (value.pareto !== undefined) {
    const { scale, shape, max } = value.pareto;
    return { kind: 'pareto', scale, shape, ...(max === undefined ? {} : { max }) };
  }
  if (value.mixture !== undefined) {
    const { body, stall } = value.mixture;
    return { kind: 'mixture', body: body.spec, stall: stallOf(stall) };
  }
  if (value.samples !== undefined) {
    const values = readSamples(reader, unit, value.samples, node, path);
    return values === null ? null : { kind: 'samples', values };
  }
  if (value.histogram !== undefined) {
    const { bounds, counts, sum } = value.histogram;
    return { kind: 'histogram', bounds, counts, ...(sum === undefined ? {} : { sum }) };
  }
  if (value.scaled !== undefined) {
    return { kind: 'scaled', by: value.scaled.by, of: value.scaled.of.spec };
  }
  if (value.shifted !== undefined) {
    return { kind: 'shifted', by: value.shifted.by, of: value.shifted.of.spec };
  }
  reader.problem('WT1003', path, headSpan(node), 'the distribution is empty');
  return null;
}

function stallOf(value: NonNullable<Value['mixture']>['stall']): StallSpec {
  return {
    ...(value.startPerSecond === undefined ? {} : { startPerSecond: value.startPerSecond }),
    ...(value.startProbability === undefined ? {} : { startProbability: value.startProbability }),
    length: value.length.spec,
    correlation: value.correlation,
  };
}

interface Contradiction {
  readonly message: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** Why the figures of a distribution cannot hold together, or null. Nested ones were checked before. */
function contradictionOf(spec: DistributionSpec, unit: Unit): Contradiction | null {
  const show = (value: number) => formatUnit(unit, value);
  const absurd = largestOf(spec);
  if (unit === 'duration' && absurd > DURATION_MAX) {
    return { message: `${show(absurd)} is too long for a latency`, expected: 'at most 1h' };
  }
  switch (spec.kind) {
    case 'uniform':
      if (spec.max >= spec.min) return null;
      return { message: `max ${show(spec.max)} is below min ${show(spec.min)}` };
    case 'lognormal': {
      const [name, low] =
        'p50' in spec ? (['p50', spec.p50] as const) : (['mean', spec.mean] as const);
      if (Number.isNaN(low)) return { message: 'p50 or mean is missing beside p99' };
      if (low > 0 && spec.p99 >= low) return lognormalMean(spec);
      if (low <= 0) return { message: `${name} must be above zero` };
      return { message: `p99 ${show(spec.p99)} is below ${name} ${show(low)}` };
    }
    case 'gamma':
    case 'exponential':
      return spec.mean > 0 ? null : { message: 'the mean must be above zero' };
    case 'pareto':
      if (spec.scale <= 0) return { message: 'scale must be above zero' };
      if (spec.max !== undefined && spec.max <= spec.scale) {
        return { message: `max ${show(spec.max)} is not above scale ${show(spec.scale)}` };
      }
      if (spec.max === undefined && spec.shape <= 1) {
        return { message: 'with a shape of 1 or less the mean is infinite', hint: 'give a max' };
      }
      return null;
    case 'samples':
      return spec.values.length > 0 ? null : { message: 'there are no samples' };
    case 'histogram':
      return histogramContradiction(spec, show);
    default:
      return null;
  }
}

/** With mean and p99 given, no lognormal has a p99 above 14.97 times its mean: exp(z99^2 / 2). */
const P99_OVER_MEAN_MAX = 14.96;

function lognormalMean(spec: DistributionSpec & { kind: 'lognormal' }): Contradiction | null {
  if ('p50' in spec || spec.p99 <= P99_OVER_MEAN_MAX * spec.mean) return null;
  return {
    message: `no lognormal has a p99 of more than ${P99_OVER_MEAN_MAX} times its mean`,
    hint: 'give p50 and p99, or a mixture of a body and rare stalls',
  };
}

function histogramContradiction(
  spec: DistributionSpec & { kind: 'histogram' },
  show: (value: number) => string,
): Contradiction | null {
  const { bounds, counts, sum } = spec;
  if (bounds.length === 0) return { message: 'the histogram has no bucket' };
  if (bounds.length !== counts.length) {
    return {
      message: `${bounds.length} bounds and ${counts.length} counts`,
      expected: 'one count for each upper bound',
    };
  }
  for (let i = 1; i < bounds.length; i++) {
    if (bounds[i] > bounds[i - 1]) continue;
    return {
      message: `the bounds go down: ${show(bounds[i])} after ${show(bounds[i - 1])}`,
      expected: 'rising upper bounds',
    };
  }
  if (!counts.some((count) => count > 0)) return { message: 'all counts are zero' };
  if (bounds.length === 1 && bounds[0] === Number.POSITIVE_INFINITY) {
    return { message: 'the only bucket has no upper bound' };
  }
  return sumContradiction(bounds, counts, sum, show);
}

function sumContradiction(
  bounds: readonly number[],
  counts: readonly number[],
  sum: number | undefined,
  show: (value: number) => string,
): Contradiction | null {
  if (sum === undefined) return null;
  let low = 0;
  let high = 0;
  for (let i = 0; i < bounds.length; i++) {
    low += counts[i] * (i === 0 ? 0 : bounds[i - 1]);
    high += counts[i] === 0 ? 0 : counts[i] * bounds[i];
  }
  // A sum is added up in floating point by whoever measured it.
  if (sum >= low * (1 - 1e-9) && sum <= high * (1 + 1e-9)) return null;
  return {
    message: `the sum ${show(sum)} does not fit the buckets`,
    expected: `${show(low)} to ${show(high)}`,
  };
}

/** Largest of the figures that a distribution is given by, for the check of absurd values. */
function largestOf(spec: DistributionSpec): number {
  switch (spec.kind) {
    case 'constant':
      return spec.value;
    case 'uniform':
      return spec.max;
    case 'exponential':
    case 'gamma':
      return spec.mean;
    case 'lognormal':
      return spec.p99;
    case 'pareto':
      return spec.scale;
    case 'shifted':
      return spec.by;
    default:
      return 0;
  }
}

function profileValue(
  reader: Reader,
  name: string,
  node: Node,
  path: string,
): DistributionValue | undefined {
  const { profiles, reader: read, problems } = reader.options;
  const span = headSpan(
    node.kind === 'map' ? (node.entries.find((e) => e.key === 'profile')?.value ?? node) : node,
  );
  if (Object.hasOwn(profiles, name)) return { spec: profiles[name].fsync, profile: profiles[name] };
  if (!/[./\\]/.test(name)) {
    const names = Object.keys(profiles);
    reader.problem('WT1402', path, span, `there is no disk profile \`${name}\``, {
      expected: names.length > 0 ? `one of ${names.join(', ')}` : 'a file such as ./my-disk.yaml',
      nearest: nearestName(name, names),
      hint: 'a file is named with its folder: ./my-disk.yaml',
    });
    return undefined;
  }
  const file = read(name);
  if ('error' in file) {
    reader.problem('WT1401', path, span, `${name}: ${file.error}`, {
      hint: 'paths are relative to the folder of the scenario',
    });
    return undefined;
  }
  const parsed = parseDiskProfile(file.text, { file: name, reader: read });
  for (const problem of parsed.problems) problems.take(problem);
  if (parsed.profile === null) {
    reader.problem('WT1403', path, span, `${name} is not a disk profile that can be used`, {
      hint: '`wavetank calibrate` writes one',
    });
    return undefined;
  }
  return { spec: parsed.profile.fsync, profile: parsed.profile };
}
