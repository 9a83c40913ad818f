import * as assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { EXPERIMENT, GOOD, withThreshold } from './scenarios.ts';
import { call, type Printed, temporaryFolder } from './support.ts';

const test = suite('cli: capacity');
const { path: folder, remove } = temporaryFolder();

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text.replace('3s', '600ms').replace('warmup: 1s', 'warmup: 100ms'));
  return file;
}

const file = write('small.yaml', withThreshold('p50 < 10ms'));

function capacity(from: string, vary: string, ...more: string[]): Promise<Printed> {
  const argv = ['capacity', from, '--vary', vary, '--out', join(folder, 'out'), '--jobs', '1'];
  return call([...argv, ...more]);
}

const csv = () =>
  readFileSync(join(folder, 'out', 'capacity.csv'), 'utf8')
    .trimEnd()
    .split('\n');

test.after(remove);

test('the slowest disk that holds a median: between the two sides, with margins and headroom', async () => {
  const argv = ['--uncertainty', '2', '--tolerance', '20', '--seeds-max', '4'];
  const printed = await capacity(file, 'etcd.disk.fsync.constant=log(1ms,30ms)', ...argv);
  assert.equal(printed.code, 0, printed.err);
  const [, good, bad] = /holds up to (\S+)ms; one fails at (\S+)ms/.exec(printed.out) ?? [];
  // A put waits for one sync of the leader and one of a follower that follows it, or two syncs.
  assert.ok(Number(good) >= 2 && Number(good) < 10, printed.out);
  assert.ok(Number(bad) > Number(good) && Number(bad) < 12);
  assert.match(printed.out, /\(2 samples\): \S+ms \.\. \S+ms/);
  assert.match(printed.out, /resource +used +headroom/);
  assert.equal(csv().length, 2);
});

test('a second parameter gives a row each: a frontier', async () => {
  const argv = ['--vary-also', 'network.peerRtt=0.1ms,6ms', '--uncertainty', '0'];
  const wide = [...argv, '--tolerance', '50', '--seeds-max', '2'];
  const printed = await capacity(file, 'etcd.disk.fsync.constant=log(0.5ms,30ms)', ...wide);
  assert.equal(printed.code, 0, printed.err);
  const goods = csv()
    .slice(1)
    .map((line) => Number.parseFloat(line.split(',')[2]));
  assert.equal(goods.length, 2);
  assert.ok(goods[1] < goods[0], 'a longer way leaves less for the disk');
});

test('what capacity cannot search is told: no thresholds, an experiment, bad ranges', async () => {
  const cases: [string, string, number, RegExp][] = [
    [write('bare.yaml', GOOD), 'etcd.members=1..3', 2, /WT8040/],
    [write('experiment.yaml', EXPERIMENT), 'network.peerRtt=1ms..3ms', 2, /WT8042/],
    [file, 'etcd.members', 2, /WT8041/],
    [file, 'etcd.members=5..3', 2, /WT8041 .*not below/],
    [file, 'etcd.members=1..99', 104, /99 is too large/],
    [file, 'etcd.member=1..5', 104, /did you mean members/],
  ];
  for (const [from, vary, code, expected] of cases) {
    const printed = await capacity(from, vary);
    assert.equal(printed.code, code, vary);
    assert.match(printed.err, expected);
  }
});

test.run();
