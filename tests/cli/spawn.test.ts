import * as assert from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { browserOptions, build, externalImports } from '../../scripts/build.mjs';
import { GOOD, withThreshold } from './scenarios.ts';
import { ROOT, temporaryFolder } from './support.ts';

interface Context {
  /** The command, bundled from these sources and not from those of the last build. */
  readonly bundle: string;
  readonly cli: string;
  folder: string;
  remove: () => void;
}

const test = suite<Context>('cli/spawn');

test.before(async (context) => {
  // Below the project, so that the packages left out of the bundle are found.
  const bundle = join(ROOT, 'build', `test-${process.pid}`);
  await build({ outdir: bundle, only: 'node' });
  Object.assign(context, { bundle, cli: join(bundle, 'cli.mjs') });
});
test.after(({ bundle }) => rmSync(bundle, { recursive: true, force: true }));
test.before.each((context) => {
  const { path, remove } = temporaryFolder();
  context.folder = path;
  context.remove = remove;
});
test.after.each(({ remove }) => remove());

function run(cli: string, argv: readonly string[], cwd: string) {
  return spawnSync(process.execPath, [cli, ...argv], { cwd, encoding: 'utf8', timeout: 60_000 });
}

test('the process ends with the code of the table', ({ cli, folder }) => {
  writeFileSync(join(folder, 'good.yaml'), GOOD);
  writeFileSync(join(folder, 'red.yaml'), withThreshold('p50 < 100us'));
  writeFileSync(join(folder, 'bad.yaml'), GOOD.replace('warmup', 'warmpu'));
  const cases: [argv: string[], code: number][] = [
    [['--version'], 0],
    [['rum'], 2],
    [['run', 'good.yaml', '--jobs', '1'], 0],
    [['run', 'red.yaml', '--jobs', '1'], 99],
    [['run', 'bad.yaml'], 104],
    [['run', 'none.yaml'], 2],
  ];
  for (const [argv, code] of cases) {
    const { status, stderr } = run(cli, argv, folder);
    assert.strictEqual(status, code, `${argv.join(' ')}\n${stderr}`);
    assert.ok(!/^ {4}at /m.test(stderr), stderr);
  }
  assert.ok(existsSync(join(folder, 'results', 'small', 'manifest.json')));
});

test('threads and one process write the same bytes', ({ cli, folder }) => {
  writeFileSync(join(folder, 's.yaml'), GOOD);
  const csv = (name: string, ...argv: string[]) => {
    const out = join(folder, name);
    const { status, stderr } = run(cli, ['run', 's.yaml', '--out', out, ...argv], folder);
    assert.strictEqual(status, 0, stderr);
    const names = readdirSync(out).filter((file) => file.endsWith('.csv'));
    return names.map((file) => [file, readFileSync(join(out, file), 'utf8')]);
  };
  const alone = csv('alone', '--jobs', '1');
  assert.strictEqual(alone.length, 11);
  assert.deepStrictEqual(csv('threads', '--executor', 'threads', '--jobs', '2'), alone);
});

/** Resolves when the process has ended. */
function interrupted(cli: string, argv: string[], cwd: string, signal: NodeJS.Signals) {
  return new Promise<{ code: number | null; err: string }>((resolve) => {
    const child = spawn(process.execPath, [cli, ...argv], { cwd });
    let err = '';
    let sent = false;
    child.stderr.on('data', (data) => {
      err += data;
      // The first progress line says that the runs are on their way.
      if (sent || !err.includes('runs,')) return;
      sent = true;
      child.kill(signal);
    });
    child.stdout.resume();
    child.on('close', (code) => resolve({ code, err }));
  });
}

test('Ctrl-C ends threads with 105, what there is is whole and marked', async ({ cli, folder }) => {
  writeFileSync(join(folder, 's.yaml'), GOOD.replace('horizon: 3s', 'horizon: 10h'));
  const out = join(folder, 'out');
  const argv = ['run', 's.yaml', '--out', out, '--executor', 'threads', '--jobs', '2'];
  const { code, err } = await interrupted(cli, argv, folder, 'SIGINT');
  assert.strictEqual(code, 105, err);
  assert.ok(!/^ {4}at /m.test(err), err);
  const files = readdirSync(out);
  assert.ok(!files.some((name) => name.endsWith('.part')), files.join(' '));
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  assert.strictEqual(manifest.interrupted, true);
  for (const { name, characters } of manifest.files) {
    assert.strictEqual(readFileSync(join(out, name), 'utf8').length, characters, name);
  }
});

test('before the first build the command says how to build', ({ cli, folder }) => {
  const command = (name: string) => {
    mkdirSync(join(folder, name, 'bin'), { recursive: true });
    copyFileSync(join(ROOT, 'bin/wavetank.mjs'), join(folder, name, 'bin/wavetank.mjs'));
    return join(folder, name, 'bin/wavetank.mjs');
  };
  const { status, stdout, stderr } = run(command('fresh'), ['--version'], folder);
  assert.strictEqual(status, 2);
  assert.strictEqual(stdout, '');
  assert.match(stderr, /build\/ is missing.*npm run build/s);
  // With a build beside it, it is the command.
  const built = command('built');
  mkdirSync(join(folder, 'built/build'));
  writeFileSync(join(folder, 'built/build/cli.mjs'), `import ${JSON.stringify(cli)};`);
  const version = run(built, ['--version'], folder);
  assert.strictEqual(version.stderr, '');
  assert.strictEqual(version.stdout, run(cli, ['--version'], folder).stdout);
});

test('npx may prepare a clone in which nothing is installed', ({ folder }) => {
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(join(ROOT, 'scripts/build.mjs'), join(folder, 'scripts/build.mjs'));
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.strictEqual(scripts.prepare, 'node scripts/build.mjs --if-installed');
  const argv = ['scripts/build.mjs', '--if-installed'];
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  assert.strictEqual(stderr, '');
  assert.strictEqual(status, 0);
});

test('npm links a file that is there before the build', () => {
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  assert.deepStrictEqual(bin, { wavetank: 'bin/wavetank.mjs' });
  accessSync(join(ROOT, bin.wavetank), constants.X_OK);
});

test('a reader that closes our output is no error', ({ cli, folder }) => {
  const shell = `"${process.execPath}" "${cli}" schema | head -c 10; exit "\${PIPESTATUS[0]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', shell], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.strictEqual(stderr, '');
  assert.strictEqual(stdout.length, 10);
  assert.strictEqual(status, 0);
});

test('the library is one bundle for browsers without anything of Node', async () => {
  const { build: bundleOf } = await import('esbuild');
  const { metafile } = await bundleOf({ ...browserOptions('/unused'), write: false });
  assert.deepStrictEqual(externalImports(metafile), []);
});

test('a module of Node fails the build for browsers', async () => {
  const { build: bundleOf } = await import('esbuild');
  const options = browserOptions('/unused');
  const stdin = { contents: "import { readFileSync } from 'node:fs'; readFileSync;" };
  await assert.rejects(
    bundleOf({ ...options, entryPoints: undefined, stdin, write: false, logLevel: 'silent' }),
    /node:fs/,
  );
});

test.run();
