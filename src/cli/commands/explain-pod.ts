/** `wavetank explain-pod RUN POD`: why this node, or why still Pending, and where the time went. */
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { DATA_BYTES_MAX, readTextFile, UserError } from '../../host/index.ts';
import { PART_SEPARATOR } from '../../output/index.ts';
import { nearestName } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

type PodRow = Readonly<Record<string, string>>;

/** Columns of pods.csv that hold the time of a stage, in causal order. */
const STAGE_COLUMN = /^(\w+)_s$/;

export interface ExplainPodOptions {
  readonly point?: number;
  readonly replication?: number;
}

export async function explainPodCommand(
  folder: string,
  pod: string,
  options: ExplainPodOptions,
  io: Io,
): Promise<number> {
  const file = join(folder, 'pods.csv');
  const rows = readRows(file);
  const point = String(options.point ?? 0);
  const replication = String(options.replication ?? 0);
  const ofRun = rows.filter((r) => r.point === point && r.replication === replication);
  if (ofRun.length === 0) {
    io.err(`${file} has no pods of point ${point}, replication ${replication}\n`);
    return EXIT.usage;
  }
  const found = ofRun.filter((row) => matchesName(row.pod, pod));
  if (found.length === 0) {
    io.err(`no pod called '${pod}' was created in this run\n`);
    const nearest = nearestName(
      pod,
      ofRun.map((row) => row.pod),
    );
    const example = nearest === '' ? ofRun[0].pod : nearest;
    io.err(`  ${ofRun.length} pods are in ${file}, for example ${example}\n`);
    return EXIT.usage;
  }
  found.forEach((row, i) => {
    if (i > 0) io.out('\n');
    io.out(explainRow(row, io));
  });
  return EXIT.good;
}

function readRows(file: string): PodRow[] {
  const text = readTextFile(file, { bytesMax: DATA_BYTES_MAX, what: 'table of pods' });
  const rows = parse(text, { columns: true, skip_empty_lines: true }) as PodRow[];
  if (rows.length > 0 && !('removed' in rows[0])) {
    throw new UserError({
      code: 'WT8004',
      message: `'${file}' is not a pods.csv of wavetank`,
      path: file,
      hint: 'Name the folder of a run whose scenario has Kubernetes.',
    });
  }
  return rows;
}

/** With or without its namespace. */
function matchesName(path: string, asked: string): boolean {
  return path === asked || path.slice(path.indexOf('/') + 1) === asked;
}

function explainRow(row: PodRow, io: Io): string {
  const { bold, dim } = io.outColors;
  const lines = [bold(row.pod)];
  if (row.node !== '') lines.push(`  runs on ${row.node}`);
  else lines.push('  is Pending: no node was found');
  const attempts = Number(row.attempts);
  if (row.attempt_s !== '') {
    const times = attempts === 1 ? 'one attempt' : `${attempts} attempts, the last`;
    lines.push(
      `  ${times} at ${row.attempt_s} s: ${row.examined} of ${row.nodes} nodes examined, ` +
        `${row.feasible} feasible`,
    );
    for (const part of parts(row.removed)) lines.push(`    removed  ${part} nodes`);
    for (const part of parts(row.top)) lines.push(`    score    ${part}`);
    if (row.preemption !== '') lines.push(`    preemption: ${row.preemption}`);
  } else lines.push('  no scheduling attempt was made');
  lines.push('', ...stageLines(row, dim));
  return `${lines.join('\n')}\n`;
}

function parts(text: string): string[] {
  return text === '' ? [] : text.split(PART_SEPARATOR);
}

function stageLines(row: PodRow, dim: (text: string) => string): string[] {
  const lines: string[] = [];
  let before = Number.NaN;
  for (const [name, cell] of Object.entries(row)) {
    const stage = STAGE_COLUMN.exec(name)?.[1];
    if (stage === undefined || stage === 'attempt' || cell === '') continue;
    const at = Number(cell);
    const took = Number.isNaN(before) ? '' : `+${((at - before) * 1000).toFixed(1)} ms`;
    lines.push(`  ${stage.padEnd(18)} ${at.toFixed(4).padStart(10)} s  ${dim(took)}`);
    before = at;
  }
  return lines;
}
