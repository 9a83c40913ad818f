/** `wavetank run`: simulate, write CSV, print a summary; the exit code is the verdict. */
import { sortRuns, summarize } from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { checkWritable, UserError, writeFilesAtomically } from '../../host/index.ts';
import { type OutputInput, tables } from '../../output/index.ts';
import {
  MODEL_REVISION,
  planRuns,
  type QueueName,
  type RunResult,
  VERSION,
} from '../../run/index.ts';
import { asksForAvailability, runAvailability } from '../availability.ts';
import { quoteCommand } from '../errors.ts';
import { execute } from '../execute.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { experimentNames } from '../library.ts';
import { type Loaded, loadScenario } from '../load.ts';
import {
  defaultFolder,
  type OutputFormat,
  outputFiles,
  printedConfig,
  render,
  verdictLine,
} from '../results.ts';
import { FolderStore } from '../workbench/run-store.ts';

export interface RunCommandOptions {
  readonly set: readonly string[];
  readonly seed?: string;
  readonly replications?: number;
  readonly out?: string;
  /** CSV files to write, without their ending; all where it is not there. */
  readonly files?: readonly string[];
  readonly output: OutputFormat;
  readonly verify: boolean;
  readonly printConfig: boolean;
  readonly queue: QueueName;
  readonly jobs?: number;
  readonly executor?: ExecutorName;
  readonly quick: boolean;
}

function withoutFile(io: Io): number {
  const [first] = experimentNames(io.packageRoot);
  io.err('wavetank run needs a file: a scenario, or an experiment.\n\n');
  io.err('  wavetank init scenario.yaml     write a scenario to start from\n');
  io.err('  wavetank run scenario.yaml      simulate it\n');
  if (first !== undefined) {
    io.err(`  wavetank run experiments/${first}/experiment.yaml\n`);
    io.err('  wavetank list experiments       the others\n');
  }
  return EXIT.usage;
}

/** Before anything runs: a name that is mistyped must not cost the result. */
export function checkFileNames(names: readonly string[]): void {
  const known = tables.map((table) => table.file.replace(/\.csv$/, ''));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError({
    code: 'WT8021',
    message: `--files: there is no CSV file ${unknown}`,
    path: '',
    hint: `the names are ${known.join(', ')}`,
  });
}

/** What decides the numbers, and nothing of where they go: it stands in manifest.json. */
function repeatCommand(file: string, options: RunCommandOptions): string {
  const argv = ['run', file];
  for (const assignment of options.set) argv.push('-s', assignment);
  if (options.seed !== undefined) argv.push('--seed', options.seed);
  if (options.replications !== undefined) argv.push('--replications', `${options.replications}`);
  if (options.quick) argv.push('--quick');
  return quoteCommand(argv);
}

/** Tables, and whole runs for what looks at them again (compare, check, report); all or nothing. */
function writeResults(
  folder: string,
  files: Parameters<typeof writeFilesAtomically>[1],
  results: readonly RunResult[],
): void {
  const store = new FolderStore(folder);
  const keys = results.map(({ key }) => key);
  const before = store.keys();
  try {
    for (const result of results) store.save(result);
    writeFilesAtomically(folder, files);
  } catch (error) {
    store.remove(keys.filter((key) => !before.includes(key)));
    throw error;
  }
  store.remove(before.filter((key) => !keys.includes(key)));
}

async function simulate(
  loaded: Loaded,
  folder: string,
  command: string,
  options: RunCommandOptions,
  signal: AbortSignal,
  io: Io,
): Promise<Ran> {
  const plans = planRuns(
    loaded.points.map((point) => point.scenario),
    options,
  );
  const executed = await execute(plans, { ...options, label: loaded.name }, signal, io);
  if (executed.results.length === 0) {
    io.err('wavetank: interrupted before anything was measured; nothing was written\n');
    return { code: EXIT.interrupted, results: [] };
  }
  const results = sortRuns(executed.results);
  const { name, description, profiles, points } = loaded;
  const whole = summarize(results, points, {
    version: VERSION,
    modelRevision: MODEL_REVISION,
    command,
    name,
    description,
    profiles,
  });
  // Missing runs are an interruption too, even where each that is there is complete.
  const summary = executed.interrupted ? { ...whole, interrupted: true } : whole;
  const input: OutputInput = { summary, results, points };
  const files = outputFiles(input, loaded, executed, options.files);
  writeResults(folder, files, options.files === undefined ? results : []);
  const names = files.map((output) => output.name);
  io.out(render(input, folder, names, options.output, io));
  if (options.output === 'text') io.out(verdictLine(summary, loaded));
  if (executed.interrupted) {
    const count = `${results.length} of ${plans.length} runs`;
    io.err(`wavetank: interrupted after ${count}; what there is was written to ${folder}\n`);
    return { code: EXIT.interrupted, results };
  }
  if (options.verify) io.err('wavetank: verified, every run twice: the digests are equal\n');
  return { code: summary.exitStatus, results };
}

export async function runCommand(
  file: string | undefined,
  options: RunCommandOptions,
  io: Io,
): Promise<number> {
  if (file === undefined) return withoutFile(io);
  checkFileNames(options.files ?? []);
  const loaded = loadScenario(file, options, io);
  if (loaded === null) return EXIT.invalidScenario;
  const command = repeatCommand(file, options);
  return (await runLoaded(loaded, command, options, io)).code;
}

export interface Ran {
  readonly code: number;
  readonly results: readonly RunResult[];
}

/** What was loaded is run, written and printed; `command` repeats it. */
export async function runLoaded(
  loaded: Loaded,
  command: string,
  options: RunCommandOptions,
  io: Io,
): Promise<Ran> {
  if (options.printConfig) {
    io.out(printedConfig(loaded));
    return { code: EXIT.good, results: [] };
  }
  const folder = options.out ?? defaultFolder(loaded.name);
  checkWritable(folder);
  // Until the files are written: a Ctrl-C in the middle of writing waits for the last rename.
  const interrupts = io.interrupts(() => undefined);
  try {
    if (asksForAvailability(loaded)) {
      const job = { loaded, folder, command, files: options.files };
      const code = await runAvailability(job, options, interrupts.signal, io);
      return { code, results: [] };
    }
    return await simulate(loaded, folder, command, options, interrupts.signal, io);
  } finally {
    interrupts.dispose();
  }
}
