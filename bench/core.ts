/**
 * Speed of the event loop, against `fastpriorityqueue` in the same run: `npx tsx bench/core.ts
 * [--quick]`. Each case runs in fresh processes, in turns, from a bundle as it is shipped. CPU time
 * is told, garbage collection included, of the best round and of the median one. The ratio is the
 * result; absolute values belong to the machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { markdownTable } from '../src/output/index.ts';
import type { BenchCase } from './core/case.ts';

export interface BenchRow {
  readonly bench: string;
  readonly variant: string;
  /** Events pending, or nodes. */
  readonly pending: number;
  /** CPU nanoseconds of the best round, per event or per unit of the bench. */
  readonly nsBest: number;
  readonly nsMedian: number;
  /** Of the best round. */
  readonly millionPerSecond: number;
  /**
   * How many times as fast as fastpriorityqueue in the same run; null where that was not measured.
   */
  readonly ratio: number | null;
}

export interface BenchOptions {
  /** A minute instead of several: fewer sizes, fewer rounds. */
  readonly quick: boolean;
}

interface Entry {
  readonly bench: string;
  readonly variant: string;
  readonly pending: number;
  readonly run: BenchCase;
  readonly digest: boolean;
}

const REFERENCE = 'fastpriorityqueue';

function entriesOf(quick: boolean): readonly Entry[] {
  const entries: Entry[] = [];
  const add = (bench: string, variant: string, pending: number, run: BenchCase, digest = true) =>
    entries.push({ bench, variant, pending, run, digest });
  for (const increments of ['exponential', 'ties', 'constant'] as const) {
    const full = increments === 'exponential' ? [1e2, 1e3, 1e4, 1e5, 1e6] : [1e2, 1e4, 1e6];
    for (const pending of quick ? [1e4] : full) {
      const bench = `hold ${increments}`;
      add(bench, 'two-tier', pending, { kind: 'hold', queue: 'two-tier', pending, increments });
      add(bench, REFERENCE, pending, { kind: 'hold', queue: REFERENCE, pending, increments });
    }
  }
  for (const pending of quick ? [10_240] : [10_240, 102_400]) {
    add('phold', 'two-tier', pending, { kind: 'phold', queue: 'two-tier', pending });
    const without: BenchCase = { kind: 'phold', queue: 'two-tier', pending };
    add('phold', 'two-tier, no digest', pending, without, false);
    add('phold', 'two-tier, generators', pending, {
      kind: 'phold-generators',
      queue: 'two-tier',
      pending,
    });
    add('phold', REFERENCE, pending, { kind: 'phold', queue: 'fast-priority-queue', pending });
  }
  add('network 5 x M/M/4', 'two-tier', 0, { kind: 'network', queue: 'two-tier' });
  add('network 5 x M/M/4', REFERENCE, 0, { kind: 'network', queue: 'fast-priority-queue' });
  for (const pending of quick ? [1e4] : [1e4, 1e5]) {
    add('heartbeats', 'cancel and schedule', pending, {
      kind: 'heartbeats',
      timers: 'cancelled',
      pending,
    });
    add('heartbeats', 'watchdog', pending, { kind: 'heartbeats', timers: 'lazy', pending });
  }
  return entries;
}

/**
 * The lines of the event loop that keep the digest; without them the compiler drops the rest of it.
 */
const DIGEST_LINES = /^ *digest\.(first|second) = .*\n/gm;

/** Bundles the case runner as it is shipped, and once more with the digest cut out. */
function bundle(directory: string): (digest: boolean) => string {
  const source = fileURLToPath(new URL('core/case.ts', import.meta.url));
  const shipped = join(directory, 'shipped.mjs');
  const bare = join(directory, 'bare.mjs');
  buildSync({
    entryPoints: [source],
    outfile: shipped,
    bundle: true,
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    logLevel: 'warning',
  });
  const text = readFileSync(shipped, 'utf8');
  if (text.match(DIGEST_LINES)?.length !== 2) throw new Error('the digest was not found');
  writeFileSync(bare, text.replace(DIGEST_LINES, ''));
  return (digest) => (digest ? shipped : bare);
}

function measure(file: string, run: BenchCase, quick: boolean): number[] {
  const rounds = quick ? 10 : 20;
  const count = quick ? 100_000 : 200_000;
  const args = [file, JSON.stringify(run), String(rounds), String(count)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as number[];
}

/** Runs all cases; several minutes, or one when `quick`. */
export function runCoreBench(options: BenchOptions): BenchRow[] {
  const { quick } = options;
  const directory = mkdtempSync(join(tmpdir(), 'wavetank-bench-'));
  try {
    const fileOf = bundle(directory);
    const entries = entriesOf(quick);
    const samples: number[][] = entries.map(() => []);
    for (let turn = 0; turn < (quick ? 1 : 3); turn++) {
      entries.forEach((entry, i) => {
        samples[i].push(...measure(fileOf(entry.digest), entry.run, quick));
      });
    }
    return rowsOf(entries, samples);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function rowsOf(entries: readonly Entry[], samples: readonly number[][]): BenchRow[] {
  const sorted = samples.map((values) => [...values].sort((x, y) => x - y));
  return entries.map(({ bench, variant, pending }, i) => {
    const reference = entries.findIndex(
      (other) => other.bench === bench && other.pending === pending && other.variant === REFERENCE,
    );
    const nsBest = sorted[i][0];
    return {
      bench,
      variant,
      pending,
      nsBest,
      nsMedian: sorted[i][sorted[i].length >> 1],
      millionPerSecond: 1000 / nsBest,
      ratio: reference < 0 ? null : sorted[reference][0] / nsBest,
    };
  });
}

export function renderTable(rows: readonly BenchRow[]): string {
  const heads = ['bench', 'variant', 'pending', 'ns best', 'ns median', 'million/s'];
  const cells = rows.map((row) => [
    row.bench,
    row.variant,
    row.pending,
    row.nsBest.toFixed(1),
    row.nsMedian.toFixed(1),
    row.millionPerSecond.toFixed(1),
    row.ratio === null ? '' : row.ratio.toFixed(1),
  ]);
  return markdownTable([...heads, 'x fastpriorityqueue'], cells).join('\n');
}

export function renderCsv(rows: readonly BenchRow[]): string {
  const lines = ['bench,variant,pending,nsBest,nsMedian,millionPerSecond,ratio'];
  for (const row of rows) {
    const variant = row.variant.includes(',') ? `"${row.variant}"` : row.variant;
    const numbers = [row.nsBest, row.nsMedian, row.millionPerSecond].map((x) => x.toFixed(3));
    lines.push(
      [row.bench, variant, row.pending, ...numbers, row.ratio?.toFixed(3) ?? ''].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = runCoreBench({ quick: process.argv.includes('--quick') });
  console.log(renderTable(rows));
  const directory = fileURLToPath(new URL('../results/bench/', import.meta.url));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'core.csv'), renderCsv(rows));
}
