/**
 * Runs the experiments and compares the main part of their CSV with the committed one, byte by
 * byte.
 *
 *   npm run golden                    full size against results/golden/<name>/
 *   npm run golden -- --quick         quick form against results/golden/<name>/quick/
 *   npm run golden -- --update        rewrites what is compared (with or without --quick)
 *   npm run golden -- NAME...         only these experiments
 *   npm run golden -- --jobs=N        as of wavetank run
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { EXIT } from '../src/cli/exit-codes.ts';
import { type Io, nodeIo } from '../src/cli/io.ts';
import { main } from '../src/cli/main.ts';

/** Of what a run writes, these are kept; the digests in runs.csv vouch for the rest. */
const WHOLE_FILES: readonly string[] = [
  'thresholds.csv',
  'stages.csv',
  'outages.csv',
  'events.csv',
  'pods.csv',
  'sequence.mmd',
  'availability-estimates.csv',
  'windows.csv',
];
/** What clients and pods felt: kept of estimates.csv, and of runs.csv. */
const KEPT_LATENCIES: readonly string[] = [
  'wavetank_client_request_duration_seconds',
  'wavetank_pod_startup_duration_seconds',
  'kubeproxy_network_programming_duration_seconds',
];
/** Of runs.csv the keys, the axes and these metrics are kept. */
const KEPT_METRICS: readonly string[] = [
  ...KEPT_LATENCIES,
  'wavetank_client_requests',
  'etcd_server_leader_changes_seen_total',
];
/** Calls of the API whose latencies are kept: heartbeats, and what makes pods. */
const KEPT_CALLS =
  /resource=(leases|pods) scope=\w+ subresource=(""|)(|\/?binding) verb=(GET|PUT|POST|PATCH|LIST)$/;
const KEPT_FIGURES: readonly string[] = ['mean', 'p50', 'p99'];
/** A larger file is not committed. */
const GOLDEN_BYTES_MAX = 130_000;
/** Exit codes of an experiment that ran to its end; a threshold may well be meant to fail. */
const RAN: readonly number[] = [EXIT.good, EXIT.inconclusive, EXIT.thresholdFailed];

export interface Difference {
  readonly file: string;
  /** 1-based; 0 where a file is missing on one side. */
  readonly line: number;
  readonly golden: string;
  readonly now: string;
}

/** First differing line of two texts, or null where the bytes are equal. */
export function firstDifference(file: string, golden: string, now: string): Difference | null {
  if (golden === now) return null;
  const goldenLines = golden.split('\n');
  const nowLines = now.split('\n');
  for (let i = 0; ; i++) {
    if (goldenLines[i] === nowLines[i]) continue;
    return {
      file,
      line: i + 1,
      golden: goldenLines[i] ?? '(end of file)',
      now: nowLines[i] ?? '(end of file)',
    };
  }
}

/** Tables and diagrams. */
function keptFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.csv') || name.endsWith('.mmd'))
    .sort();
}

function isKept(column: string): boolean {
  return KEPT_METRICS.some((name) => column === name || column.startsWith(`${name}{`));
}

/** Without the columns of other metrics: a metric's column ends in a colon and a figure. */
export function reduceRuns(text: string): string {
  const rows: string[][] = parse(text);
  const kept = (rows[0] ?? []).map((column) => {
    const figure = column.lastIndexOf(':');
    return figure < 0 || isKept(column.slice(0, figure));
  });
  return stringify(rows.map((row) => row.filter((_, i) => kept[i])));
}

function isKeptEstimate(metric: string, labels: string): boolean {
  if (metric === 'apiserver_request_duration_seconds') return KEPT_CALLS.test(labels);
  return KEPT_LATENCIES.includes(metric);
}

/** Latencies that clients and pods felt: the figures that READMEs quote. */
export function reduceEstimates(text: string): string {
  const rows: string[][] = parse(text);
  const metric = (rows[0] ?? []).indexOf('metric');
  const labels = (rows[0] ?? []).indexOf('labels');
  const figure = (rows[0] ?? []).indexOf('figure');
  return stringify(
    rows.filter(
      (row, i) =>
        i === 0 || (isKeptEstimate(row[metric], row[labels]) && KEPT_FIGURES.includes(row[figure])),
    ),
  );
}

/** What of a result folder is committed, by file name. */
export function goldenTexts(folder: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const file of keptFiles(folder)) {
    const text = () => readFileSync(join(folder, file), 'utf8');
    if (WHOLE_FILES.includes(file)) texts.set(file, text());
    if (file === 'runs.csv') texts.set(file, reduceRuns(text()));
    if (file === 'estimates.csv') texts.set(file, reduceEstimates(text()));
  }
  for (const [file, text] of texts) if (text.length > GOLDEN_BYTES_MAX) texts.delete(file);
  return texts;
}

/** Compares every committed file; a new one is a difference too. */
export function compareFolders(goldenFolder: string, nowFolder: string): Difference[] {
  const differences: Difference[] = [];
  const now = goldenTexts(nowFolder);
  const golden = keptFiles(goldenFolder);
  for (const file of golden) {
    const text = now.get(file);
    if (text === undefined) {
      differences.push({ file, line: 0, golden: 'there', now: 'missing' });
      continue;
    }
    const difference = firstDifference(file, readFileSync(join(goldenFolder, file), 'utf8'), text);
    if (difference !== null) differences.push(difference);
  }
  for (const file of now.keys()) {
    if (!golden.includes(file)) {
      differences.push({ file, line: 0, golden: 'missing', now: 'there' });
    }
  }
  return differences;
}

function update(goldenFolder: string, nowFolder: string): number {
  mkdirSync(goldenFolder, { recursive: true });
  for (const file of keptFiles(goldenFolder)) rmSync(join(goldenFolder, file));
  const texts = goldenTexts(nowFolder);
  for (const [file, text] of texts) writeFileSync(join(goldenFolder, file), text);
  return texts.size;
}

interface Options {
  readonly quick: boolean;
  readonly update: boolean;
  readonly names: readonly string[];
  /** '' = as many as there are cores. */
  readonly jobs: string;
}

/** True where the experiment ran and is as it was (or was updated). */
async function golden(name: string, root: string, options: Options): Promise<boolean> {
  const out = mkdtempSync(join(tmpdir(), `wavetank-golden-${name}-`));
  const io: Io = { ...nodeIo(), out: () => undefined };
  try {
    const file = join(root, 'experiments', name, 'experiment.yaml');
    const argv = ['run', file, '--out', out];
    if (options.jobs !== '') argv.push('--jobs', options.jobs);
    if (options.quick) argv.push('--quick');
    const code = await main(argv, io);
    if (!RAN.includes(code)) {
      console.error(`${name}: did not run to its end (exit code ${code})`);
      return false;
    }
    const folder = join(root, 'results', 'golden', name, options.quick ? 'quick' : '');
    if (options.update) {
      console.log(`${name}: ${update(folder, out)} files written to ${folder}`);
      return true;
    }
    const differences = compareFolders(folder, out);
    for (const d of differences) {
      console.error(`${name}/${d.file}${d.line > 0 ? `:${d.line}` : ''} differs`);
      console.error(`  golden: ${d.golden.slice(0, 300)}\n  now:    ${d.now.slice(0, 300)}`);
    }
    const compared = keptFiles(folder).length;
    if (compared === 0) console.error(`${name}: nothing to compare with in ${folder}`);
    if (differences.length === 0) console.log(`${name}: ${compared} files equal (exit ${code})`);
    return differences.length === 0 && compared > 0;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

export async function goldenMain(argv: readonly string[]): Promise<number> {
  const root = nodeIo().packageRoot;
  const known = readdirSync(join(root, 'experiments'))
    .filter((name) => existsSync(join(root, 'experiments', name, 'experiment.yaml')))
    .sort();
  const names = argv.filter((word) => !word.startsWith('--'));
  const odd = argv.find((word) =>
    word.startsWith('--') ? !/^--(quick|update|jobs=\d+)$/.test(word) : !known.includes(word),
  );
  if (odd !== undefined) {
    console.error(
      `golden: what is '${odd}'? Options: --quick, --update, --jobs=N. Experiments: ${known.join(', ')}`,
    );
    return EXIT.usage;
  }
  const options: Options = {
    quick: argv.includes('--quick'),
    update: argv.includes('--update'),
    names,
    jobs: argv.find((word) => word.startsWith('--jobs='))?.slice('--jobs='.length) ?? '',
  };
  let good = known.length > 0;
  for (const name of names.length > 0 ? names : known) {
    good = (await golden(name, root, options)) && good;
  }
  return good ? EXIT.good : EXIT.thresholdFailed;
}

if (process.argv[1]?.endsWith('golden.ts')) {
  process.exitCode = await goldenMain(process.argv.slice(2));
}
