/** `wavetank export`: one run of a folder of results, in formats that other tools read. */
import { join } from 'node:path';
import { UserError, writeFileAtomically } from '../../host/index.ts';
import { openMetrics, perfettoTrace } from '../../report/index.ts';
import type { RunResult } from '../../run/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { readResults } from '../workbench/result-set.ts';

export type ExportKind = 'openmetrics' | 'perfetto';

export interface Export {
  readonly kind: ExportKind;
  /** '' where none was given. */
  readonly path: string;
}

export interface ExportCommandOptions {
  readonly out: readonly Export[];
  readonly point: number;
  readonly replication: number;
  /** Unix time of the start of the run, s. */
  readonly start: number;
}

const FILES: Readonly<Record<ExportKind, string>> = {
  openmetrics: 'openmetrics.txt',
  perfetto: 'trace.json',
};

export function exportCommand(folder: string, options: ExportCommandOptions, io: Io): number {
  if (options.out.length === 0) {
    const hint = '--out openmetrics=FILE or --out perfetto=FILE; several may be given';
    throw new UserError({ code: 'WT8036', message: 'no format to write', path: folder, hint });
  }
  const run = runOf(folder, options);
  for (const { kind, path } of options.out) {
    const file = path === '' ? join(folder, FILES[kind]) : path;
    writeFileAtomically(file, textOf(kind, run, options));
    io.out(`${file}\n`);
  }
  return EXIT.good;
}

function textOf(kind: ExportKind, run: RunResult, { start }: ExportCommandOptions) {
  switch (kind) {
    case 'openmetrics':
      return openMetrics(run, { startSeconds: start });
    case 'perfetto':
      return perfettoTrace(run);
  }
}

function runOf(folder: string, { point, replication }: ExportCommandOptions): RunResult {
  const { points } = readResults(folder);
  const found = points[point]?.runs.find((run) => run.replication === replication);
  if (found !== undefined) return found;
  throw new UserError({
    code: 'WT8037',
    message: `'${folder}' has no point ${point}, replication ${replication}`,
    path: folder,
    hint: `Points are 0 to ${points.length - 1}; runs.csv lists all of them.`,
  });
}
