/** Distributions of the scenario file to the plain data that src/dist samples from. */
import { checkDistribution, type DistributionSpec, type StallSpec } from '../dist/index.ts';
import { entryOf, type Node } from './document.ts';
import type { DistributionValue, ValueOf } from './field.ts';
import { type DistributionFields, distributionGroup } from './fields/distribution.ts';
import { nearestName } from './nearest.ts';
import { type DiskProfile, parseDiskProfile } from './profile.ts';
import type { Reader } from './read.ts';
import { readSamples } from './samples.ts';
import { formatUnit } from './units.ts';
import { headSpan } from './words.ts';

export type Profiles = Readonly<Record<string, DiskProfile>>;
/** Reads a file that the scenario names, relative to it. */
export type FileReader = (path: string) => { readonly text: string } | { readonly error: string };

type Value = ValueOf<DistributionFields>;
type Unit = 'duration' | 'bytes';

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
  if (!isUsable(reader, unit, spec, node, path)) return undefined;
  return { spec, profile: innerProfile(value) };
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
    // One of the two is there, or a problem was reported.
    return { kind: 'lognormal', mean: mean ?? 0, p99 };
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

/** Latencies above this are not measurements but slips of the unit. */
const DURATION_NS_MAX = 3600e9;

/** A profile that is scaled or shifted is still one of its kind. */
function innerProfile(value: Value): DiskProfile | null {
  const word = value.scaled === undefined ? 'shifted' : 'scaled';
  const profile = value[word]?.of.profile ?? null;
  return profile === null ? null : { ...profile, name: `${profile.name}, ${word}` };
}

/**
 * What the distribution itself allows, and the scenario does not. Nested ones were checked
 * before.
 */
function isUsable(
  reader: Reader,
  unit: Unit,
  spec: DistributionSpec,
  node: Node,
  path: string,
): boolean {
  const bad = checkDistribution(spec);
  if (bad !== null) {
    const inner = ['value', 'by', 'of'].includes(bad.path[0]) ? [] : bad.path;
    const place = deepest(node, [spec.kind, ...inner]);
    reader.problem(bad.code, path, headSpan(place), bad.message, { hint: bad.hint });
    return false;
  }
  const largest = largestOf(spec);
  if (unit === 'duration' && largest > DURATION_NS_MAX) {
    const message = `${formatUnit(unit, largest)} is too long for a latency`;
    reader.problem('WT1007', path, headSpan(node), message, { expected: 'at most 1h' });
    return false;
  }
  if (spec.kind === 'pareto' && spec.max === undefined && spec.shape <= 1) {
    const message = 'with a shape of 1 or less the mean is infinite';
    reader.problem('WT2101', path, headSpan(node), message, { hint: 'give a max' });
    return false;
  }
  return true;
}

/** The node at the end of a path of keys, or the last one there is. */
function deepest(node: Node, keys: readonly string[]): Node {
  let at = node;
  for (const key of keys) {
    const next = at.kind === 'map' ? entryOf(at, key)?.value : undefined;
    if (next === undefined) break;
    at = next;
  }
  return at;
}

/** Largest of the figures that a distribution is given by. */
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
