import * as assert from 'node:assert';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { defaultFolder } from '../../src/cli/results.ts';
import { EXPERIMENT, GOOD, withThreshold } from './scenarios.ts';
import { call, temporaryFolder } from './support.ts';

interface Context {
  folder: string;
  remove: () => void;
}

const test = suite<Context>('cli/run');
test.before.each((context) => {
  const { path, remove } = temporaryFolder();
  context.folder = path;
  context.remove = remove;
});
test.after.each(({ remove }) => remove());

function write(folder: string, text: string): { file: string; out: string } {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  return { file, out: join(folder, 'out') };
}

/** Every file of a result but the manifest, whose `volatile` part may differ. */
function csvOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return Object.fromEntries(names.sort().map((n) => [n, readFileSync(join(folder, n), 'utf8')]));
}

test('a run writes every CSV, its runs and the manifest, and nothing else', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  const { code, out: printed, err } = await call(['run', file, '--out', out, '--jobs', '1']);
  assert.strictEqual(err, '');
  assert.strictEqual(code, 0);
  assert.deepStrictEqual(readdirSync(out).sort(), [
    'constants.csv',
    'estimates.csv',
    'events.csv',
    'histograms.csv',
    'manifest.json',
    'metrics.csv',
    'outages.csv',
    'resources.csv',
    'runs',
    'runs.csv',
    'stages.csv',
    'thresholds.csv',
    'timeseries.csv',
  ]);
  assert.match(printed, /^small\n/);
  assert.ok(printed.includes(`npx wavetank run ${file}`), 'the repeat command');
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  assert.strictEqual(manifest.runs.length, 2);
  assert.strictEqual(manifest.files.length, 11);
});

test('the same scenario gives the same bytes, with another queue and verified too', async ({
  folder,
}) => {
  const { file } = write(folder, GOOD);
  const variants = [[], [], ['--queue', 'fast-priority-queue'], ['--verify']];
  const results: Record<string, string>[] = [];
  for (const [i, variant] of variants.entries()) {
    const out = join(folder, `out${i}`);
    const { code } = await call(['run', file, '--out', out, '--jobs', '1', ...variant]);
    assert.strictEqual(code, 0);
    results.push(csvOf(out));
  }
  for (const result of results) assert.deepStrictEqual(result, results[0]);
});

test('seed, replications and -s change what they say', async ({ folder }) => {
  const { file } = write(folder, GOOD);
  const digests = async (...argv: string[]): Promise<string[]> => {
    const out = join(folder, argv.join('_').replaceAll(/[^a-z0-9]/g, '-'));
    await call(['run', file, '--out', out, '--jobs', '1', ...argv]);
    const { runs } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    return runs.map((run: { digest: string }) => run.digest);
  };
  const two = await digests('--replications', '2');
  const three = await digests('--replications', '3');
  assert.deepStrictEqual(three.slice(0, 2), two, 'replications do not depend on their number');
  const other = await digests('--seed', 'other');
  assert.notDeepStrictEqual(other, two);
  assert.notDeepStrictEqual(await digests('-s', 'etcd.members=1'), two);
});

test('the printed configuration is a scenario that gives the same digests', async ({ folder }) => {
  const { file } = write(folder, GOOD);
  const printed = await call(['run', file, '--print-config', '-s', 'etcd.members=1']);
  assert.strictEqual(printed.code, 0);
  assert.ok(!existsSync(join('results', 'small', 'manifest.json')), 'nothing is run');
  const resolved = join(folder, 'resolved.yaml');
  writeFileSync(resolved, printed.out);
  const digests = async (argv: string[]): Promise<unknown> => {
    const out = join(folder, 'out');
    const { code, err } = await call(['run', ...argv, '--out', out, '--jobs', '1']);
    assert.strictEqual(code, 0, err);
    return JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).runs;
  };
  assert.deepStrictEqual(await digests([resolved]), await digests([file, '-s', 'etcd.members=1']));
});

test('thresholds decide the exit code', async ({ folder }) => {
  const cases: [text: string, code: number][] = [
    [withThreshold('p50 < 50ms'), 0],
    [withThreshold('p50 < 100us'), 99],
    // With 2 s of 100 puts a second nothing is known of the p99.99.
    [withThreshold('p99.99 < 1s'), 98],
  ];
  for (const [text, expected] of cases) {
    const { file, out } = write(folder, text);
    const { code, err } = await call(['run', file, '--out', out, '--jobs', '1']);
    assert.strictEqual(code, expected, `${text}${err}`);
  }
});

test('stdout is one document in the format that was asked for', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  const printed = async (format: string) =>
    (await call(['run', file, '--out', out, '--jobs', '1', '-o', format])).out;
  assert.strictEqual(JSON.parse(await printed('json')).name, 'small');
  assert.strictEqual(await printed('csv'), readFileSync(join(out, 'runs.csv'), 'utf8'));
  assert.match(await printed('markdown'), /^## small\n/);
});

test('an experiment runs every point, and fewer in its quick form', async ({ folder }) => {
  const { file, out } = write(folder, EXPERIMENT);
  const points = async (...argv: string[]) => {
    const { code, err } = await call(['run', file, '--out', out, '--jobs', '1', ...argv]);
    assert.strictEqual(code, 0, err);
    return JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).points;
  };
  assert.deepStrictEqual(
    (await points()).map((p: { axes: unknown }) => p.axes),
    [{ fsync: '1ms' }, { fsync: '4ms' }, { fsync: '9ms' }],
  );
  assert.strictEqual((await points('--quick')).length, 1);
});

test('Ctrl-C keeps what there is, marks it and ends with 105', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  // A clock that jumps makes the progress line appear; the first one presses Ctrl-C.
  let nowMs = 0;
  const nowMsOf = () => {
    nowMs += 3_000;
    return nowMs;
  };
  const argv = ['run', file, '--out', out, '--jobs', '1', '-s', 'horizon=1h'];
  const { code, err } = await call(argv, {
    interruptWhen: (text) => text.includes('runs,'),
    nowMs: nowMsOf,
  });
  assert.strictEqual(code, 105);
  assert.match(err, /stopping after the current slice/);
  assert.match(err, /interrupted after 1 of 2 runs/);
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  assert.strictEqual(manifest.interrupted, true);
  assert.strictEqual(manifest.runs.length, 1);
  assert.ok(!readdirSync(out).some((name) => name.endsWith('.part')));
  assert.match(readFileSync(join(out, 'runs.csv'), 'utf8'), /interrupted/);
});

test('--files writes those CSV files and the manifest, and no others', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  const argv = ['run', file, '--jobs', '1', '--replications', '1'];
  assert.strictEqual((await call([...argv, '--out', join(out, 'all')])).code, 0);
  const some = await call([...argv, '--out', join(out, 'some'), '--files', 'metrics.csv, runs']);
  assert.strictEqual(some.code, 0);
  const names = readdirSync(join(out, 'some')).sort();
  assert.deepStrictEqual(names, ['manifest.json', 'metrics.csv', 'runs.csv']);
  for (const name of ['metrics.csv', 'runs.csv']) {
    const text = (part: string) => readFileSync(join(out, part, name), 'utf8');
    assert.strictEqual(text('some'), text('all'));
  }
  const { files } = JSON.parse(readFileSync(join(out, 'some/manifest.json'), 'utf8'));
  assert.deepStrictEqual(files.map((entry: { name: string }) => entry.name).sort(), names.slice(1));
  assert.ok(!some.out.includes('histograms.csv'), some.out);
});

test('a CSV file that does not exist is named before anything runs', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  const { code, err } = await call(['run', file, '--out', out, '--files', 'runs,metric']);
  assert.strictEqual(code, 2);
  assert.match(err, /no CSV file metric\n.*the names are runs, .*histograms/s);
  assert.ok(!existsSync(join(out, 'runs.csv')));
});

test('Ctrl-C before the first slice writes nothing', async ({ folder }) => {
  const { file, out } = write(folder, GOOD);
  const { code, err } = await call(['run', file, '--out', out, '--jobs', '1'], {
    interruptWhen: () => true,
    interruptAtStart: true,
  });
  assert.strictEqual(code, 105);
  assert.match(err, /nothing was written/);
  assert.deepStrictEqual(readdirSync(out), []);
});

test('the folder of results is named after the scenario and stays below results', () => {
  assert.strictEqual(defaultFolder('slow-third-disk'), join('results', 'slow-third-disk'));
  assert.strictEqual(defaultFolder('../../etc/x y'), join('results', 'etc-x-y'));
  assert.strictEqual(defaultFolder('..'), join('results', 'unnamed'));
  assert.strictEqual(defaultFolder('Über'), join('results', 'ber'));
});

test.run();
