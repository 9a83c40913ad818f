import * as assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { withThreshold } from './scenarios.ts';
import { call, type Printed, temporaryFolder } from './support.ts';

const test = suite('cli: sweep');
const { path: folder, remove } = temporaryFolder();
const file = join(folder, 'small.yaml');
writeFileSync(
  file,
  withThreshold('p50 < 20ms')
    .replace('horizon: 3s', 'horizon: 400ms')
    .replace('warmup: 1s', 'warmup: 100ms'),
);

const AXES = ['-s', 'etcd.members=1,3', '-s', 'network.peerRtt=log(0.1ms,10ms,3)'];

function sweep(out: string, ...more: string[]): Promise<Printed> {
  return call(['sweep', file, '--jobs', '1', '--out', join(folder, out), ...more]);
}

function csv(out: string, name: string): string {
  return readFileSync(join(folder, out, `${name}.csv`), 'utf8');
}

test.after(remove);

test('every combination of the axes is run with every seed, in one runs.csv and metrics.csv', async () => {
  const printed = await sweep('a', ...AXES, '--seeds', '2');
  assert.equal(printed.code, 0, printed.err);
  const lines = csv('a', 'runs').trimEnd().split('\n');
  assert.equal(lines.length, 1 + 2 * 3 * 2);
  assert.match(lines[0], /,etcd\.members,network\.peerRtt,/);
  assert.equal(csv('a', 'metrics').match(/^point,/gm)?.length, 1);
  assert.match(printed.out, /What moves it/);
  assert.match(csv('a', 'sensitivity'), /p50,network\.peerRtt,6,/);
});

test('finished runs are reused: the same bytes, nothing simulated again', async () => {
  const before = csv('a', 'runs') + csv('a', 'metrics');
  const printed = await sweep('a', ...AXES, '--seeds', '2');
  assert.match(printed.err, /12 of 12 runs were there already/);
  assert.equal(csv('a', 'runs') + csv('a', 'metrics'), before);
});

test('half a file is not taken for a run, and more values only add runs', async () => {
  const runs = readdirSync(join(folder, 'a', 'runs'));
  truncateSync(join(folder, 'a', 'runs', runs[0]), 100);
  const before = csv('a', 'runs');
  assert.match((await sweep('a', ...AXES, '--seeds', '2')).err, /11 of 12 runs/);
  assert.equal(csv('a', 'runs'), before);
  assert.match((await sweep('a', ...AXES, '--seeds', '3')).err, /12 of 18 runs/);
});

test('Ctrl-C keeps what is finished; the same command goes on, with the bytes of one go', async () => {
  const whole = await sweep('whole', ...AXES, '--seeds', '1');
  assert.equal(whole.code, 0);
  let looks = 0;
  const argv = ['sweep', file, '--jobs', '1', '--out', join(folder, 'b'), ...AXES, '--seeds', '1'];
  const options = {
    nowMs: () => looks++ * 3000,
    interruptWhen: (err: string) => err.includes('2/6'),
  };
  const cut = await call(argv, options);
  assert.equal(cut.code, 105);
  const again = await call(argv);
  assert.equal(again.code, 0);
  assert.match(again.err, /[2-5] of 6 runs were there already/);
  assert.equal(csv('b', 'metrics'), csv('whole', 'metrics'));
});

test('two sweeps in one folder: the second is refused, a lock that was left behind is not in the way', async () => {
  mkdirSync(join(folder, 'c'), { recursive: true });
  const lock = join(folder, 'c', '.wavetank.lock');
  writeFileSync(lock, `${process.pid} ${hostname()}\n`);
  const refused = await sweep('c', '-s', 'etcd.members=1,3', '--seeds', '1');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /WT8031 another sweep writes to/);
  // No process has this number: it is above the largest of Linux.
  writeFileSync(lock, `4194305 ${hostname()}\n`);
  assert.equal((await sweep('c', '-s', 'etcd.members=1,3', '--seeds', '1')).code, 0);
  rmSync(lock, { force: true });
});

test('ten million points are refused with the count', async () => {
  const printed = await sweep(
    'd',
    '-s',
    'etcd.disk.fsync.constant=lin(1ms,9ms,4000)',
    '-s',
    'network.peerRtt=log(0.1ms,10ms,2500)',
  );
  assert.equal(printed.code, 104);
  assert.match(printed.err, /WT1602 .*10000000 points/);
});

test('a path that is no field, a value out of range, a bad zip and a bad range say what and where', async () => {
  const cases: [string, RegExp][] = [
    ['etcd.member=1,3', /WT1502 [\s\S]*did you mean members\?/],
    ['etcd.members=1,99', /99 is too large \(at etcd\.members=99\)/],
    ['zip(etcd.members=1,3,network.peerRtt=1ms,2ms,3ms)', /WT1603 .*3 values, and 2/],
    ['network.peerRtt=log(1ms,2,3)', /`1ms` and `2` are not of one kind/],
    ['network.peerRtt=log(0ms,2ms,3)', /begins above zero/],
    ['network.peerRtt=lin(1ms,9ms)', /WT1601 .*no steps/],
    ['etcd.members', /WT1501 .*the `=` is missing/],
    ['etcd.members=1,,3', /a value is missing/],
  ];
  for (const [axis, expected] of cases) {
    const printed = await sweep('e', '-s', axis);
    assert.equal(printed.code, 104, axis);
    assert.match(printed.err, expected);
  }
});

test('a zip advances together; one value is a setting; a list value stays whole', async () => {
  const axes = ['-s', 'zip(etcd.members=1,3,network.peerRtt=1ms,2ms)', '-s', 'horizon=300ms'];
  assert.equal((await sweep('f', ...axes, '--seeds', '1')).code, 0);
  const points = JSON.parse(readFileSync(join(folder, 'f', 'manifest.json'), 'utf8')).points;
  assert.deepEqual(
    points.map((p: { axes: object }) => p.axes),
    [
      { 'etcd.members': 1, 'network.peerRtt': '1ms' },
      { 'etcd.members': 3, 'network.peerRtt': '2ms' },
    ],
  );
});

test('a Latin hypercube over a list and a range has its number of points', async () => {
  const axes = ['-s', 'etcd.members=1,3', '-s', 'network.peerRtt=log(0.1ms,10ms)'];
  const printed = await sweep('g', ...axes, '--sample', 'lhs:4', '--seeds', '1');
  assert.equal(printed.code, 0, printed.err);
  const points = JSON.parse(readFileSync(join(folder, 'g', 'manifest.json'), 'utf8')).points;
  const members = points.map((p: { axes: Record<string, number> }) => p.axes['etcd.members']);
  assert.deepEqual([...members].sort(), [1, 1, 3, 3]);
});

test('--until adds seeds at the points that need them, and says how it ended', async () => {
  const axes = [
    '-s',
    'etcd.members=1,3',
    '--seeds',
    '2',
    '--until',
    'p50 ±20%',
    '--seeds-max',
    '8',
  ];
  const printed = await sweep('h', ...axes);
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.err, /p50 ±20 % holds at [0-2] of 2 points, with up to [2-8] seeds/);
});

test.run();
