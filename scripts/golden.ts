/**
 * Runs the experiments and compares their CSV with the committed ones, byte by byte.
 *
 *   npm run golden                    full size against results/golden/<name>/
 *   npm run golden -- --quick         quick form against results/golden/<name>/quick/
 *   npm run golden -- --update        rewrites what is compared (with or without --quick)
 *   npm run golden -- NAME...         only these experiments
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../src/cli/exit-codes.ts';
import { type Io, nodeIo } from '../src/cli/io.ts';
import { main } from '../src/cli/main.ts';

/** A larger file is not committed; the digest column of runs.csv vouches for what it would say. */
const GOLDEN_BYTES_MAX = 1_500_000;
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

function csvFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.csv'))
    .sort();
}

/** Compares every committed file; a new small file is a difference too. */
export function compareFolders(goldenFolder: string, nowFolder: string): Difference[] {
  const differences: Difference[] = [];
  const golden = csvFiles(goldenFolder);
  for (const file of golden) {
    const now = join(nowFolder, file);
    if (!existsSync(now)) {
      differences.push({ file, line: 0, golden: 'there', now: 'missing' });
      continue;
    }
    const difference = firstDifference(
      file,
      readFileSync(join(goldenFolder, file), 'utf8'),
      readFileSync(now, 'utf8'),
    );
    if (difference !== null) differences.push(difference);
  }
  for (const file of csvFiles(nowFolder)) {
    if (golden.includes(file) || statSync(join(nowFolder, file)).size > GOLDEN_BYTES_MAX) continue;
    differences.push({ file, line: 0, golden: 'missing', now: 'there' });
  }
  return differences;
}

function update(goldenFolder: string, nowFolder: string): number {
  mkdirSync(goldenFolder, { recursive: true });
  for (const file of csvFiles(goldenFolder)) rmSync(join(goldenFolder, file));
  const files = csvFiles(nowFolder).filter(
    (file) => statSync(join(nowFolder, file)).size <= GOLDEN_BYTES_MAX,
  );
  for (const file of files) cpSync(join(nowFolder, file), join(goldenFolder, file));
  return files.length;
}

interface Options {
  readonly quick: boolean;
  readonly update: boolean;
  readonly names: readonly string[];
}

/** True where the experiment ran and is as it was (or was updated). */
async function golden(name: string, root: string, options: Options): Promise<boolean> {
  const out = mkdtempSync(join(tmpdir(), `wavetank-golden-${name}-`));
  const io: Io = { ...nodeIo(), out: () => undefined };
  try {
    const file = join(root, 'experiments', name, 'experiment.yaml');
    const argv = ['run', file, '--out', out, ...(options.quick ? ['--quick'] : [])];
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
    const compared = csvFiles(folder).length;
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
    word.startsWith('--') ? !['--quick', '--update'].includes(word) : !known.includes(word),
  );
  if (odd !== undefined) {
    console.error(
      `golden: what is '${odd}'? Options: --quick, --update. Experiments: ${known.join(', ')}`,
    );
    return EXIT.usage;
  }
  const options = { quick: argv.includes('--quick'), update: argv.includes('--update'), names };
  let good = known.length > 0;
  for (const name of names.length > 0 ? names : known) {
    good = (await golden(name, root, options)) && good;
  }
  return good ? EXIT.good : EXIT.thresholdFailed;
}

if (process.argv[1]?.endsWith('golden.ts')) {
  process.exitCode = await goldenMain(process.argv.slice(2));
}
