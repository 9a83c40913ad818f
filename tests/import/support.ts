/** Inputs for the tests of calibration: files of the repository, and texts built in place. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { checkDistribution } from '../../src/dist/index.ts';
import {
  type CalibrateInput,
  type CalibrateOptions,
  type Calibration,
  calibrate,
} from '../../src/import/index.ts';
import type { DiskProfile } from '../../src/scenario/index.ts';

const root = new URL('../../', import.meta.url);

/** A file of the repository under its base name, as a user would have it in the current folder. */
export function file(path: string): CalibrateInput {
  return { name: path.split('/').at(-1) ?? path, text: readFileSync(new URL(path, root), 'utf8') };
}

export const example = (name: string): CalibrateInput => file(`examples/calibrate/${name}`);
export const testdata = (name: string): CalibrateInput => file(`tests/testdata/calibrate/${name}`);

export function text(name: string, value: string): CalibrateInput {
  return { name, text: value };
}

/** The profile, which there must be, and which the simulator must be able to draw from. */
export function profileOf(
  inputs: readonly CalibrateInput[],
  options?: CalibrateOptions,
): { readonly calibration: Calibration; readonly profile: DiskProfile } {
  const calibration = calibrate(inputs, options);
  assert.equal(calibration.problems, []);
  const { profile } = calibration;
  if (profile === null) throw new Error('no profile and no problem');
  assert.is(checkDistribution(profile.fsync), null);
  return { calibration, profile };
}

/** Codes of the problems; there must be no profile beside them, and each must help. */
export function codesOf(
  inputs: readonly CalibrateInput[],
  options?: CalibrateOptions,
): readonly string[] {
  const calibration = calibrate(inputs, options);
  assert.is(calibration.profile, null);
  assert.is(calibration.verdict, null);
  for (const problem of calibration.problems) {
    assert.ok(problem.message !== '' && problem.expected !== '' && problem.hint !== '');
  }
  return calibration.problems.map((problem) => problem.code);
}

export const idsOf = (calibration: Calibration): readonly string[] =>
  calibration.findings.map((finding) => finding.id);

export const BOUNDS: readonly string[] = [
  '0.001',
  '0.002',
  '0.004',
  '0.008',
  '0.016',
  '0.032',
  '0.064',
  '0.128',
  '0.256',
  '0.512',
  '1.024',
  '2.048',
  '4.096',
  '8.192',
  '+Inf',
];

/** The text of a histogram with etcd's buckets; counts of each bucket, not cumulative. */
export function histogramText(
  name: string,
  counts: readonly number[],
  o: { sum?: number | null; labels?: string } = {},
): string {
  const labels = o.labels === undefined ? '' : `${o.labels},`;
  const bare = o.labels === undefined ? '' : `{${o.labels}}`;
  let seen = 0;
  const lines = BOUNDS.map((bound, i) => {
    seen += counts[i] ?? 0;
    return `${name}_bucket{${labels}le="${bound}"} ${seen}`;
  });
  if (o.sum !== null && o.sum !== undefined) lines.push(`${name}_sum${bare} ${o.sum}`);
  lines.push(`${name}_count${bare} ${seen}`);
  return `# TYPE ${name} histogram\n${lines.join('\n')}\n`;
}

export const WAL = 'etcd_disk_wal_fsync_duration_seconds';
export const COMMIT = 'etcd_disk_backend_commit_duration_seconds';
