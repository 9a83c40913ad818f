/**
 * Runs the tests: every tests/**\/*.test.ts in a process of its own, a few at a time.
 *
 *   npm test                 everything
 *   npm test -- raft cli/    only files whose path contains one of the words
 *
 * A test that needs what this machine does not have is skipped, listed and counted; CI=true forbids
 * it. uvu is silent about a suite whose `.run()` was forgotten, about a process that hangs and
 * about an empty run. Here each of them is a failure.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/** A file that takes longer hangs. Generous: CI machines are shared. */
const HANG_MS = 180_000;

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the file as a whole is red; '' where its tests speak for themselves. */
  readonly problem: string;
}

function count(text: string, word: string): number {
  let sum = 0;
  for (const match of text.matchAll(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'gm'))) {
    sum += Number(match[1]);
  }
  return sum;
}

/** Suites of a file that are never run: as many `.run()` as suites are needed. */
export function forgottenRuns(source: string): number {
  const suites = source.match(/^(?:const|let)\s+\w+\s*=\s*suite(?:<[^;]*?>)?\(/gm)?.length ?? 0;
  const runs = source.match(/^\s*\w+\.run\(\);?\s*$/gm)?.length ?? 0;
  return Math.max(0, suites - runs);
}

/** What a process said and how it ended, as counts. */
export function judge(
  output: string,
  exitCode: number | null,
  source: string,
  maySkip = true,
): Outcome {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of colours.
  const text = output.replace(/\u001b\[[0-9;]*m/g, '');
  const total = count(text, 'Total');
  const passed = count(text, 'Passed');
  const skipped = count(text, 'Skipped');
  const counts = { passed, failed: total - passed, skipped };
  const forgotten = forgottenRuns(source);
  if (exitCode === null) return { ...counts, problem: `hangs: ended after ${HANG_MS / 1000} s` };
  if (forgotten > 0) return { ...counts, problem: `${forgotten} suite(s) without .run()` };
  if (skipped > 0 && !maySkip) {
    return { ...counts, problem: `${skipped} skipped: with CI=true every test must run` };
  }
  if (total + skipped === 0)
    return { ...counts, problem: `no test was run (exit code ${exitCode})` };
  if (exitCode !== 0 && counts.failed === 0) {
    return { ...counts, problem: `all tests passed, but the exit code is ${exitCode}` };
  }
  return { ...counts, problem: '' };
}

/** What tests that cannot run here say, and how they could: lines from 'skipped:' on, indented. */
function skipLines(output: string): string[] {
  return [...output.matchAll(/^skipped: .*(?:\n {2}.*)*/gm)].map(([lines]) => lines);
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith('.test.ts') ? [path] : [];
    })
    .sort();
}

function runFile(file: string): Promise<{ output: string; exitCode: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, HANG_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ output, exitCode: hung ? null : (code ?? 1) });
    });
  });
}

async function main(words: readonly string[]): Promise<number> {
  const files = testFiles(join(ROOT, 'tests')).filter((file) => {
    const path = relative(ROOT, file).split(sep).join('/');
    return words.length === 0 || words.some((word) => path.includes(word));
  });
  if (files.length === 0) {
    console.error(`no test file matches ${words.join(' ')}`);
    return 2;
  }
  const startMs = Date.now();
  const maySkip = process.env.CI !== 'true';
  const sum = { passed: 0, failed: 0, skipped: 0, broken: 0 };
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) {
      const fileMs = Date.now();
      const { output, exitCode } = await runFile(file);
      const outcome = judge(output, exitCode, readFileSync(file, 'utf8'), maySkip);
      sum.passed += outcome.passed;
      sum.failed += outcome.failed;
      sum.skipped += outcome.skipped;
      const red = outcome.problem !== '' || outcome.failed > 0;
      if (outcome.problem !== '') sum.broken++;
      const seconds = ((Date.now() - fileMs) / 1000).toFixed(1);
      const name = relative(ROOT, file);
      console.log(`${red ? 'FAIL' : ' ok '} ${name}  ${outcome.passed} tests, ${seconds} s`);
      if (!red) for (const lines of skipLines(output)) console.log(lines);
      if (red) console.log(`${output.trimEnd()}\n${outcome.problem}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane));
  const seconds = ((Date.now() - startMs) / 1000).toFixed(0);
  const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : '';
  console.log(`\n${files.length} files, ${seconds} s`);
  // A file that is red as a whole counts as one failure: the last line must not look green.
  console.log(`${sum.passed} passed, ${sum.failed + sum.broken} failed${skipped}`);
  return sum.failed + sum.broken === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith(`scripts${sep}test.ts`)) {
  process.exitCode = await main(process.argv.slice(2));
}
