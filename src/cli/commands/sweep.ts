/** `wavetank sweep`: combinations of axes, or a sample; what is finished is kept and reused. */
import { latinHypercube, sobol } from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { checkWritable, UserError } from '../../host/index.ts';
import { planRuns } from '../../run/index.ts';
import { quoteCommand } from '../errors.ts';
import { execute } from '../execute.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type Loaded, loadScenario } from '../load.ts';
import { defaultFolder } from '../results.ts';
import { lockFolder } from '../workbench/folder-lock.ts';
import { FolderStore } from '../workbench/run-store.ts';
import { finishSweep } from '../workbench/sweep-results.ts';
import { type Until, untilDecided } from '../workbench/until.ts';
import { checkFileNames } from './run.ts';

export interface Sample {
  readonly kind: 'lhs' | 'sobol';
  readonly points: number;
}

export interface SweepCommandOptions {
  readonly set: readonly string[];
  readonly seeds?: number;
  readonly seed?: string;
  readonly sample?: Sample;
  readonly out?: string;
  readonly files?: readonly string[];
  readonly jobs?: number;
  readonly executor?: ExecutorName;
  readonly quick: boolean;
  readonly until?: Until;
  readonly seedsMax: number;
}

const DIMENSIONS = { lhs: 1000, sobol: 21 } as const;

function sampler({ kind, points }: Sample, seed: string) {
  return (dimensions: number): number[][] => {
    if (dimensions > DIMENSIONS[kind]) {
      throw new UserError({
        code: 'WT8032',
        message: `--sample ${kind}: ${dimensions} axes, and at most ${DIMENSIONS[kind]} can be sampled`,
        path: '',
        hint: '--sample lhs takes more axes',
      });
    }
    return kind === 'lhs'
      ? latinHypercube(points, dimensions, seed)
      : sobol(points, dimensions, seed);
  };
}

/** What decides the numbers; it stands in manifest.json. */
function repeatCommand(file: string, options: SweepCommandOptions): string {
  const argv = ['sweep', file];
  for (const axis of options.set) argv.push('-s', axis);
  if (options.seeds !== undefined) argv.push('--seeds', `${options.seeds}`);
  if (options.seed !== undefined) argv.push('--seed', options.seed);
  const { sample, until } = options;
  if (sample !== undefined) argv.push('--sample', `${sample.kind}:${sample.points}`);
  if (until !== undefined) argv.push('--until', until.text);
  if (options.quick) argv.push('--quick');
  return quoteCommand(argv);
}

async function simulate(
  loaded: Loaded,
  folder: string,
  command: string,
  options: SweepCommandOptions,
  signal: AbortSignal,
  io: Io,
): Promise<number> {
  const store = new FolderStore(folder);
  const plans = planRuns(loaded.points.map((point) => point.scenario));
  const shared = { ...options, label: loaded.name, store };
  const ran = await execute(plans, { ...shared, onResult: () => undefined }, signal, io);
  let points = loaded.points;
  let reused = ran.reused;
  let interrupted = ran.interrupted;
  if (!interrupted && options.until !== undefined) {
    const more = await untilDecided(
      loaded,
      options.until,
      { ...shared, io, signal },
      options.seedsMax,
    );
    points = more.points;
    reused = ran.reused;
    interrupted = more.interrupted;
    io.err(more.text);
  }
  if (reused > 0) io.err(`wavetank: ${reused} of ${plans.length} runs were there already\n`);
  const given = { loaded: { ...loaded, points }, folder, store, command, interrupted };
  const code = finishSweep({ ...given, files: options.files, wallMs: ran.wallMs }, io);
  if (!interrupted) return code;
  io.err(`wavetank: interrupted after ${ran.finished} of ${plans.length} runs; `);
  io.err('they are kept, and the same command goes on from there\n');
  return EXIT.interrupted;
}

export async function sweepCommand(
  file: string,
  options: SweepCommandOptions,
  io: Io,
): Promise<number> {
  checkFileNames(options.files ?? []);
  const sample = options.sample && sampler(options.sample, options.seed ?? 'sample');
  const sweep = { axes: options.set, sample };
  const load = { set: [], seed: options.seed, replications: options.seeds, quick: options.quick };
  const loaded = loadScenario(file, { ...load, sweep }, io);
  if (loaded === null) return EXIT.invalidScenario;
  const folder = options.out ?? defaultFolder(`${loaded.name}-sweep`);
  checkWritable(folder);
  const unlock = lockFolder(folder);
  const interrupts = io.interrupts(() => undefined);
  try {
    const command = repeatCommand(file, options);
    return await simulate(loaded, folder, command, options, interrupts.signal, io);
  } finally {
    interrupts.dispose();
    unlock();
  }
}
