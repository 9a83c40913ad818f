/**
 * Disk profiles: measured fsync latencies under a name, built in or written by `wavetank
 * calibrate`.
 */
import type { DistributionSpec } from '../dist/index.ts';
import type { FileReader } from './distribution.ts';
import { parseTree } from './document.ts';
import type { Group } from './field.ts';
import * as field from './field.ts';
import { API_VERSION, headFields } from './fields/scenario.ts';
import { distributionNode } from './print-distribution.ts';
import { printYaml, type YamlValue } from './print-yaml.ts';
import { type Problem, ProblemList } from './problem.ts';
import { Reader } from './read.ts';

export interface DiskProfile {
  readonly name: string;
  readonly description: string;
  /**
   * 'service': latency of an idle disk; 'response': a production histogram, contention
   * included.
   */
  readonly kind: 'service' | 'response';
  /** In ns. */
  readonly fsync: DistributionSpec;
  /** Where the figures come from: a public address, or the file that was calibrated. */
  readonly source: string;
  /** True where there was no series to fit stall length and correlation from. */
  readonly stallsAssumed: boolean;
  /** The load under which a 'response' profile was seen; null where it is not known. */
  readonly observedFsyncsPerSecond: number | null;
}

/** Follows the name of a profile whose assumed stalls were left out. */
export const WITHOUT_STALLS = ', without stalls';

export const profileFields = {
  apiVersion: headFields.apiVersion,
  kind: field.choice(['DiskProfile'], {
    description: 'Kind of the file.',
    required: true,
    example: 'DiskProfile',
  }),
  metadata: headFields.metadata,
  fsyncKind: field.choice(['service', 'response'], {
    description: 'service: latency of an idle disk; response: contention is in it.',
    default: 'service',
  }),
  fsync: field.distribution('duration', {
    description: 'Time of one fdatasync.',
    required: true,
    example: '{ lognormal: { p50: 1ms, p99: 4ms } }',
  }),
  source: field.string({
    description: 'Where the figures come from.',
    default: '',
    example: 'fio 3.33, 2300-byte writes with fdatasync',
  }),
  stallsAssumed: field.boolean({
    description: 'Whether stalls were assumed because the measurement has no series.',
    default: 'false',
  }),
  observedFsyncsPerSecond: field.number({
    description: 'response: the load under which it was seen.',
    min: '0',
    example: '120',
  }),
};

export const profileGroup: Group<typeof profileFields> = {
  name: 'diskProfile',
  description: 'Measured fsync times of a disk, under a name that scenarios can use.',
  fields: profileFields,
};

/** Reads a profile file. The reader is for files of samples that it names. */
export function parseDiskProfile(
  text: string,
  options: { readonly file: string; readonly reader?: FileReader },
): { readonly profile: DiskProfile | null; readonly problems: readonly Problem[] } {
  const problems = new ProblemList();
  const root = parseTree({ file: options.file, text }, problems);
  if (root === null) return { profile: null, problems: problems.finish() };
  const noReader: FileReader = () => ({ error: 'files cannot be read here' });
  // A profile may not name another profile: there are none in this reader.
  const reader = new Reader({
    problems,
    profiles: {},
    distributions: new Map(),
    reader: options.reader ?? noReader,
  });
  const value = reader.group(profileGroup, root, '');
  if (problems.any) return { profile: null, problems: problems.finish() };
  const profile: DiskProfile = {
    name: value.metadata.name,
    description: value.metadata.description,
    kind: value.fsyncKind,
    fsync: value.fsync.spec,
    source: value.source,
    stallsAssumed: value.stallsAssumed,
    observedFsyncsPerSecond: value.observedFsyncsPerSecond ?? null,
  };
  return { profile, problems: [] };
}

/** A profile as the file that `parseDiskProfile` reads; nothing is lost between the two. */
export function printDiskProfile(profile: DiskProfile): string {
  const observed = profile.observedFsyncsPerSecond;
  const value: YamlValue = {
    apiVersion: API_VERSION,
    kind: 'DiskProfile',
    metadata: { name: profile.name, description: profile.description },
    source: profile.source,
    fsyncKind: profile.kind,
    stallsAssumed: profile.stallsAssumed,
    ...(observed === null ? {} : { observedFsyncsPerSecond: observed }),
    fsync: distributionNode(profile.fsync, 'duration'),
  };
  return printYaml(value);
}
