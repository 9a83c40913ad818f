/** `wavetank calibrate`: measured latencies in, a disk profile and a verdict out. */
import { existsSync } from 'node:fs';
import {
  DATA_BYTES_MAX,
  readTextFile,
  SCENARIO_BYTES_MAX,
  UserError,
  writeFileAtomically,
} from '../../host/index.ts';
import {
  type CalibrateOptions,
  calibrate,
  calibrationText,
  profileYaml,
  type TimeUnit,
} from '../../import/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export interface CalibrateCommandOptions {
  readonly out?: string;
  readonly name?: string;
  readonly description?: string;
  readonly kind?: 'service' | 'response';
  readonly unit?: TimeUnit;
  readonly timeUnit?: TimeUnit;
  /** Seconds. */
  readonly elapsed?: number;
  readonly label: readonly string[];
  readonly job?: string;
  /** ns. */
  readonly stallThreshold?: number;
  readonly assumeStalls?: boolean;
  readonly output: 'text' | 'json';
}

function libraryOptions(options: CalibrateCommandOptions): CalibrateOptions {
  const labels = options.label.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return {
    name: options.name,
    description: options.description,
    kind: options.kind,
    unit: options.unit,
    timeUnit: options.timeUnit,
    elapsedSeconds: options.elapsed,
    labels: labels.length === 0 ? undefined : Object.fromEntries(labels),
    job: options.job,
    stallThresholdNs: options.stallThreshold,
    assumeStalls: options.assumeStalls,
  };
}

/**
 * A profile replaces a profile and nothing else: `--out fio.json` must not cost the measurement.
 */
function refuseOtherFiles(path: string): void {
  if (!existsSync(path)) return;
  const text = readTextFile(path, { bytesMax: SCENARIO_BYTES_MAX, what: 'disk profile' });
  if (/^kind:\s*DiskProfile\b/m.test(text)) return;
  throw new UserError({
    code: 'WT8013',
    message: `'${path}' is there and is not a disk profile`,
    path,
    hint: 'Choose another name with --out.',
  });
}

export async function calibrateCommand(
  files: readonly string[],
  options: CalibrateCommandOptions,
  io: Io,
): Promise<number> {
  const read = { bytesMax: DATA_BYTES_MAX, what: 'file of measurements' };
  const inputs = files.map((name) => ({ name, text: readTextFile(name, read) }));
  const calibration = calibrate(inputs, libraryOptions(options));
  const { profile } = calibration;
  if (profile === null) {
    if (options.output === 'json') io.out(`${JSON.stringify(calibration, null, 2)}\n`);
    io.err(calibrationText(calibration));
    return EXIT.invalidScenario;
  }
  const yaml = profileYaml(profile, calibration);
  if (options.out === '-') {
    // stdout is the profile, so what is said about it is talk.
    io.out(yaml);
    io.err(calibrationText(calibration));
    return EXIT.good;
  }
  const path = options.out ?? `${profile.name.replace(/[^A-Za-z0-9._-]+/g, '-')}.yaml`;
  refuseOtherFiles(path);
  writeFileAtomically(path, yaml);
  if (options.output === 'json') {
    io.out(`${JSON.stringify(calibration, null, 2)}\n`);
    return EXIT.good;
  }
  io.out(calibrationText(calibration));
  const named = /^[./]/.test(path) ? path : `./${path}`;
  io.out(`\n${path} is written. In a scenario: disk: { fsync: { profile: ${named} } }\n`);
  return EXIT.good;
}
