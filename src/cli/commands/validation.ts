/** `wavetank validation`: every row of a folder of measurements, simulated. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Constants } from '../../core/index.ts';
import {
  DATA_BYTES_MAX,
  readTextFile,
  UserError,
  writeFileAtomically,
  writeFilesAtomically,
} from '../../host/index.ts';
import { columnsOf, textTable } from '../../output/index.ts';
import { etcdRunConstants } from '../../run/index.ts';
import {
  type DataFile,
  type ValidationReport,
  validateAgainst,
  validationCsv,
  validationMarkdown,
  validationSections,
} from '../../validation/index.ts';
import { reportError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';

export interface ValidationCommandOptions {
  readonly data?: string;
  readonly out?: string;
  readonly etcdVersion: string;
  readonly cores: number;
  /** ns. */
  readonly clientRtt: number;
  readonly quick: boolean;
}

export async function validationCommand(
  options: ValidationCommandOptions,
  io: Io,
): Promise<number> {
  try {
    return await validate(options, io);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return reportError(error, ['validation'], io);
  }
}

async function validate(options: ValidationCommandOptions, io: Io): Promise<number> {
  const own = options.data === undefined;
  const files = readFolder(
    options.data ?? join(io.packageRoot, 'experiments/validation-etcd/data'),
  );
  const setup = {
    version: options.etcdVersion,
    cores: options.cores,
    clientRttNs: options.clientRtt,
  };
  const steps = validateAgainst(files, {
    setup,
    constants: {},
    quick: options.quick,
    published: own,
  });
  const progress = new Progress(io, 'validation');
  let stopped = false;
  const interrupts = io.interrupts(() => {
    stopped = true;
  });
  let step = steps.next();
  try {
    while (!step.done) {
      progress.update(
        step.value.done / step.value.total,
        `${step.value.done}/${step.value.total} ${step.value.what}`,
      );
      // Lets Ctrl-C and the progress line through.
      await new Promise((resolve) => setImmediate(resolve));
      step = steps.next(stopped);
    }
  } finally {
    progress.stop();
    interrupts.dispose();
  }
  const report = step.value;
  print(report, io);
  if (report.interrupted !== null) return interruptedAfter(report, options, io);
  if (!options.quick) write(report, options, own, io);
  return report.goals.every((goal) => goal.met) ? EXIT.good : EXIT.thresholdFailed;
}

/** What is finished is kept, but never in place of a whole validation. */
function interruptedAfter(
  report: ValidationReport,
  options: ValidationCommandOptions,
  io: Io,
): number {
  const { done, total } = report.interrupted ?? { done: 0, total: 0 };
  const count = `${done} of ${total} settings`;
  if (done === 0) {
    io.err('wavetank: interrupted before anything was compared; nothing was written\n');
    return EXIT.interrupted;
  }
  const folder = options.out ?? 'results/validation-interrupted';
  writeReport(report, options, folder, join(folder, 'validation.md'), io);
  io.err(`wavetank: interrupted after ${count}; what there is was written to ${folder}\n`);
  return EXIT.interrupted;
}

function readFolder(folder: string): DataFile[] {
  let names: string[];
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.csv'))
      .sort();
  } catch {
    throw new UserError({
      code: 'WT8001',
      message: `cannot read the folder '${folder}'`,
      path: folder,
      hint: 'Name a folder of CSV files with --data.',
    });
  }
  if (names.length === 0) {
    throw new UserError({
      code: 'WT8001',
      message: `no CSV file in '${folder}'`,
      path: folder,
      hint: 'Names and columns are described in experiments/validation-etcd/README.md.',
    });
  }
  return names.map((name) => ({
    name: name.slice(0, -'.csv'.length),
    text: readTextFile(join(folder, name), { bytesMax: DATA_BYTES_MAX, what: 'measurements' }),
  }));
}

/** All tables, then what was left out, and last the goals, which decide. */
function print(report: ValidationReport, io: Io): void {
  for (const section of validationSections(report, etcdRunConstants())) {
    if (section.rows.length === 0 || section.title === 'Goals') continue;
    const columns = columnsOf('left', ...section.head);
    const lines = textTable(columns, section.rows, io.outColors.dim);
    io.out(`${section.title}\n${lines.join('\n')}\n\n`);
  }
  const excluded = report.rows.filter((row) => !row.counted);
  io.out(
    `${excluded.length} figures excluded from the goals (saturated CPU), ${report.problems.length} rows not simulated:\n`,
  );
  for (const p of report.problems)
    io.out(`  ${p.file}.csv:${p.line} ${p.experiment}: ${p.reason}\n`);
  io.out('\nGoals\n');
  for (const g of report.goals) {
    const [value, limit] = [g.value, g.limit].map((v) => `${(100 * v).toFixed(1)} %`);
    io.out(`  ${g.met ? 'met   ' : 'MISSED'} ${g.name}: ${value} (limit ${limit}, n = ${g.n})\n`);
  }
}

function write(
  report: ValidationReport,
  options: ValidationCommandOptions,
  own: boolean,
  io: Io,
): void {
  const folder =
    options.out ??
    (own ? join(io.packageRoot, 'results/golden/validation-etcd') : 'results/validation');
  const page =
    own && options.out === undefined
      ? join(io.packageRoot, 'docs/validation.md')
      : join(folder, 'validation.md');
  writeReport(report, options, folder, page, io);
}

function writeReport(
  report: ValidationReport,
  options: ValidationCommandOptions,
  folder: string,
  page: string,
  io: Io,
): void {
  const constants = new Constants(etcdRunConstants()).entries();
  writeFilesAtomically(folder, validationCsv(report, constants));
  const conditions = `etcd ${options.etcdVersion}, ${options.cores} cores shared by members and client, client round trip ${options.clientRtt / 1000} us, no TLS, injected sync and network delay.`;
  writeFileAtomically(page, validationMarkdown(report, constants, conditions));
  io.err(`written: ${relative('.', folder)}, ${relative('.', page)}\n`);
}
