// Runs before `npm start` and `npm test`: on a fresh clone nothing is installed or built yet.
// Plain JavaScript without dependencies, because nothing else can be counted on here.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const NODE_MAJOR_MIN = 20;
const BUILT = ['cli.mjs', 'worker.mjs', 'index.mjs', 'browser.mjs'];
const SOURCES = ['src', 'models', 'scripts/build.mjs', 'package-lock.json'];

function mtimeMs(path) {
  return statSync(join(ROOT, path)).mtimeMs;
}

/** Newest modification below a file or folder. */
function newestMs(path) {
  const stat = statSync(join(ROOT, path));
  if (!stat.isDirectory()) return stat.mtimeMs;
  let newest = stat.mtimeMs;
  for (const name of readdirSync(join(ROOT, path))) {
    newest = Math.max(newest, newestMs(join(path, name)));
  }
  return newest;
}

/**
 * npm lists in node_modules/.package-lock.json what it installed. Contents are compared, not times:
 * a checkout touches files. Optional packages (other platforms' binaries) may be absent.
 */
export function needsInstall() {
  const stamp = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(stamp)) return true;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(stamp, 'utf8')).packages;
  return Object.entries(wanted).some(([path, entry]) => {
    if (path === '' || entry.link || (entry.optional && !installed[path])) return false;
    return installed[path]?.version !== entry.version;
  });
}

export function needsBuild() {
  if (BUILT.some((file) => !existsSync(join(ROOT, 'build', file)))) return true;
  const built = Math.min(...BUILT.map((file) => mtimeMs(join('build', file))));
  return SOURCES.some((source) => existsSync(join(ROOT, source)) && newestMs(source) > built);
}

function run(what, command, args, hint) {
  process.stderr.write(`wavetank: ${what} ...\n`);
  // What a child prints is talk, not a result: it goes to stderr.
  const done = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (done.status === 0) return;
  const reason = done.error ? done.error.message : `it ended with ${done.status ?? done.signal}`;
  process.stderr.write(`wavetank: ${what} failed: ${reason}\n  ${hint}\n`);
  process.exit(1);
}

function main() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN) {
    process.stderr.write(
      `wavetank: needs Node ${NODE_MAJOR_MIN} or later, this is ${process.versions.node}.\n`,
    );
    process.exit(1);
  }
  if (needsInstall()) {
    const npm = process.env.npm_execpath;
    const isScript = npm && /\.[cm]?js$/.test(npm);
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--ignore-scripts'];
    run(
      'installing what package-lock.json lists (once)',
      isScript ? process.execPath : 'npm',
      isScript ? [npm, ...args] : args,
      'Check the network and the npm registry (npm ping), then try again.',
    );
  }
  if (needsBuild()) {
    run(
      'building build/ from the sources',
      process.execPath,
      [join(ROOT, 'scripts', 'build.mjs')],
      'The messages above name the file and line.',
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
