/** `wavetank run`: simulate, write CSV, print a summary; the exit code is the verdict. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Summary, sortRuns, summarize } from '../../analyze/index.ts';
import type { ExecutorName } from '../../executor/index.ts';
import { checkWritable, type OutputFile, writeFilesAtomically } from '../../host/index.ts';
import {
  csvFiles,
  csvText,
  fileEntry,
  manifest,
  type OutputInput,
  renderJson,
  renderMarkdown,
  renderText,
  runsCsv,
} from '../../output/index.ts';
import {
  knownConstants,
  MODEL_REVISION,
  planRuns,
  type QueueName,
  VERSION,
} from '../../run/index.ts';
import { printConfig } from '../../scenario/index.ts';
import { quoteCommand } from '../errors.ts';
import { type Executed, execute } from '../execute.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { experimentNames } from '../library.ts';
import { type Loaded, loadScenario } from '../load.ts';

export interface RunCommandOptions {
  readonly set: readonly string[];
  readonly seed?: string;
  readonly replications?: number;
  readonly out?: string;
  readonly output: 'text' | 'json' | 'csv' | 'markdown';
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

/** What decides the numbers, and nothing of where they go: it stands in manifest.json. */
function repeatCommand(file: string, options: RunCommandOptions): string {
  const argv = ['run', file];
  for (const assignment of options.set) argv.push('-s', assignment);
  if (options.seed !== undefined) argv.push('--seed', options.seed);
  if (options.replications !== undefined) argv.push('--replications', `${options.replications}`);
  if (options.quick) argv.push('--quick');
  return quoteCommand(argv);
}

/** results/<name>, with nothing in it that a file system would mind. */
export function defaultFolder(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+|-+$/g, '');
  return join('results', safe === '' ? 'unnamed' : safe);
}

function outputFiles(input: OutputInput, loaded: Loaded, executed: Executed): OutputFile[] {
  const files = csvFiles(input).map((csv) => ({ name: csv.name, text: csvText(csv) }));
  const text = manifest({
    summary: input.summary,
    scenario: loaded.points
      .map((point) => printConfig(point.scenario, { constants: knownConstants() }))
      .join('---\n'),
    profiles: loaded.files,
    files: files.map((file) => fileEntry(file.name, file.text)),
    volatile: {
      finishedAt: new Date().toISOString(),
      wallSeconds: executed.wallMs / 1000,
      executor: executed.executor,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model ?? '',
      cores: cpus().length,
    },
  });
  return [...files, { name: 'manifest.json', text }];
}

function render(
  input: OutputInput,
  folder: string,
  names: readonly string[],
  o: RunCommandOptions,
  io: Io,
): string {
  switch (o.output) {
    case 'json':
      return renderJson(input.summary);
    case 'csv':
      return runsCsv(input);
    case 'markdown':
      return renderMarkdown(input.summary, { folder, files: names });
    case 'text':
      return renderText(input.summary, { folder, files: names, colors: io.outColors });
  }
}

function verdictLine(summary: Summary, loaded: Loaded): string {
  const verdict = loaded.experiment?.verdict;
  if (verdict === undefined || summary.interrupted) return '';
  const text = summary.exitStatus === EXIT.good ? verdict.good : verdict.bad;
  return text === '' ? '' : `\n${text}\n`;
}

export async function runCommand(
  file: string | undefined,
  options: RunCommandOptions,
  io: Io,
): Promise<number> {
  if (file === undefined) return withoutFile(io);
  const loaded = loadScenario(file, options, io);
  if (loaded === null) return EXIT.invalidScenario;
  if (options.printConfig) {
    io.out(
      loaded.points
        .map((point) => printConfig(point.scenario, { constants: knownConstants() }))
        .join('---\n'),
    );
    return EXIT.good;
  }
  const folder = options.out ?? defaultFolder(loaded.name);
  checkWritable(folder);
  const plans = planRuns(
    loaded.points.map((point) => point.scenario),
    options,
  );
  const executed = await execute(plans, { ...options, label: loaded.name }, io);
  if (executed.results.length === 0) {
    io.err('wavetank: interrupted before anything was measured; nothing was written\n');
    return EXIT.interrupted;
  }
  const results = sortRuns(executed.results);
  const whole = summarize(results, loaded.points, {
    version: VERSION,
    modelRevision: MODEL_REVISION,
    command: repeatCommand(file, options),
    name: loaded.name,
    description: loaded.description,
    profiles: loaded.profiles,
  });
  // Missing runs are an interruption too, even where each that is there is complete.
  const summary = executed.interrupted ? { ...whole, interrupted: true } : whole;
  const input: OutputInput = { summary, results, points: loaded.points };
  const files = outputFiles(input, loaded, executed);
  writeFilesAtomically(folder, files);
  const names = files.map((output) => output.name);
  io.out(render(input, folder, names, options, io));
  if (options.output === 'text') io.out(verdictLine(summary, loaded));
  if (executed.interrupted) {
    io.err(
      `wavetank: interrupted after ${results.length} of ${plans.length} runs; what there is was written to ${folder}\n`,
    );
    return EXIT.interrupted;
  }
  if (options.verify) io.err('wavetank: verified, every run twice: the digests are equal\n');
  return summary.exitStatus;
}
