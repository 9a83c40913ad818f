/**
 * Runs the reference scenarios with the bundled command on every supported Node and compares the
 * bytes of all CSV files: `node scripts/cross-version.mjs` (needs the network and a build).
 *
 * Other Nodes come from npm as aliases of node-<platform>-<arch>, into a temporary folder: neither
 * package.json nor the lockfile knows them.
 */
import { spawnSync } from 'node:child_process';
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
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const REFERENCES = join(ROOT, 'tests', 'testdata', 'reference');
const CLI = join(ROOT, 'build', 'cli.mjs');
const MAJORS = [20, 22, 24];
/** Exit codes of a run that came to its end; thresholds of the references may be meant to fail. */
const RAN = [0, 98, 99];

function fail(message) {
  console.error(`cross-version: ${message}`);
  process.exit(1);
}

/** Installs Node by its major version; returns the executables. */
function fetchNodes(majors, folder) {
  const source = `node-${process.platform}-${process.arch}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = majors.map((major) => `node${major}@npm:${source}@${major}`);
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  const { status, stderr, error } = spawnSync('npm', [...args, '--prefix', folder, ...packages], {
    encoding: 'utf8',
    cwd: folder,
  });
  if (status !== 0) fail(`npm install ${packages.join(' ')} failed: ${error?.message ?? stderr}`);
  return majors.map((major) => join(folder, 'node_modules', `node${major}`, 'bin', 'node'));
}

function versionOf(node) {
  const { status, stdout, error } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (status !== 0) fail(`${node} does not start: ${error?.message ?? status}`);
  return stdout.trim();
}

/** All CSV files of a scenario as one Node writes them, by name. */
function run(node, scenario, out) {
  const args = [CLI, 'run', scenario, '--jobs', '1', '--out', out];
  const { status, stderr } = spawnSync(node, args, { encoding: 'utf8' });
  if (!RAN.includes(status)) fail(`${node} ${scenario}: exit code ${status}\n${stderr}`);
  const names = readdirSync(out).filter((name) => name.endsWith('.csv'));
  return new Map(names.sort().map((name) => [name, readFileSync(join(out, name), 'utf8')]));
}

/** Where two runs first differ, for people; '' where they do not. */
export function difference(first, second) {
  const names = [...first.keys()].join(' ');
  if (names !== [...second.keys()].join(' ')) {
    return `files: ${names}\n   and: ${[...second.keys()].join(' ')}`;
  }
  for (const [name, text] of first) {
    const other = second.get(name);
    if (text === other) continue;
    const lines = text.split('\n');
    const otherLines = other.split('\n');
    const i = lines.findIndex((line, at) => line !== otherLines[at]);
    const at = i < 0 ? lines.length : i;
    return `${name}:${at + 1}\n  ${lines[at]}\n  ${otherLines[at]}`;
  }
  return '';
}

function main() {
  if (!existsSync(CLI)) fail('build/cli.mjs is missing: npm run build');
  const scenarios = readdirSync(REFERENCES).filter((name) => name.endsWith('.yaml'));
  if (scenarios.length === 0) fail(`nothing to run in ${REFERENCES}`);
  const folder = mkdtempSync(join(tmpdir(), 'wavetank-versions-'));
  let equal = true;
  try {
    const own = Number(process.versions.node.split('.')[0]);
    const others = MAJORS.filter((major) => major !== own);
    const nodes = [process.execPath, ...fetchNodes(others, join(folder, 'nodes'))];
    const versions = nodes.map(versionOf);
    for (const scenario of scenarios) {
      const name = basename(scenario, '.yaml');
      const file = join(REFERENCES, scenario);
      const [first, ...rest] = nodes.map((node, i) =>
        run(node, file, join(folder, `${name}-${i}`)),
      );
      rest.forEach((other, i) => {
        const found = difference(first, other);
        if (found === '') return;
        equal = false;
        console.error(`${name}: ${versions[0]} and ${versions[i + 1]} differ in ${found}`);
      });
      console.log(`${name}: ${first.size} files on ${versions.join(', ')}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(equal ? 'cross-version: all bytes are equal' : 'cross-version: bytes differ');
  process.exitCode = equal ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
