import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { GOOD } from './scenarios.ts';
import { call, type Printed, temporaryFolder } from './support.ts';

const test = suite('cli: compare');
const { path: folder, remove } = temporaryFolder();
const file = join(folder, 'small.yaml');
writeFileSync(file, GOOD.replace('3s', '1s').replace('warmup: 1s', 'warmup: 200ms'));
const LATENCY = 'wavetank_client_request_duration_seconds{op="put"}';
const SLOW = `${file}@etcd.disk.fsync.constant=4ms`;

function compare(...argv: string[]): Promise<Printed> {
  return call(['compare', ...argv, '--jobs', '1', '--out', join(folder, 'out')]);
}

test.after(remove);

test('a slower disk: the difference, its interval, and the stages that it came from', async () => {
  const printed = await compare(file, SLOW, '--seeds', '3');
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /mean +\S+ ms +\S+ ms +\+\S+ ms +\+\S+ ms \.\. \+\S+ ms +\+\d/);
  assert.match(printed.out, /Where it came from[\s\S]*WAL fsync/);
  const stages = readFileSync(join(folder, 'out', 'stage-comparison.csv'), 'utf8');
  const rows = stages
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const share = rows.reduce((sum, row) => sum + Number(row[row.length - 1]), 0);
  assert.ok(Math.abs(share - 1) < 1e-9, `shares add up to ${share}`);
});

test('the same setting twice: every difference is zero', async () => {
  const printed = await compare(file, `${file}@metadata.name=other`, '--seeds', '2');
  assert.equal(printed.code, 0, printed.err);
  const rows = readFileSync(join(folder, 'out', 'comparison.csv'), 'utf8')
    .trimEnd()
    .split('\n');
  assert.ok(rows.length > 100);
  for (const row of rows.slice(1)) assert.match(row, /,same$/);
});

test('a gate fails only where its interval clears the limit; between it is undecided', async () => {
  const gate = (text: string) => compare(file, SLOW, '--seeds', '3', '--gate', text);
  assert.equal((await gate(`${LATENCY} mean < +5%`)).code, 99);
  assert.equal((await gate(`${LATENCY} mean < +900%`)).code, 0);
  assert.equal((await gate(`${LATENCY} mean < +50ms`)).code, 0);
  // The load is the same, but for chance.
  assert.equal((await gate('wavetank_client_requests{op="put"} rate < +0%')).code, 98);
  assert.equal((await gate('no_such_metric p99 < +5%')).code, 98);
});

test('folders of results are compared by the runs that they keep, without simulating', async () => {
  for (const [name, set] of [
    ['a', 'etcd.members=3'],
    ['b', 'etcd.members=1'],
  ]) {
    const argv = ['run', file, '-s', set, '--out', join(folder, name), '--jobs', '1'];
    assert.equal((await call(argv)).code, 0);
  }
  const printed = await compare(join(folder, 'a'), join(folder, 'b'));
  assert.equal(printed.code, 0, printed.err);
  assert.match(printed.out, /2 seeds/);
  assert.match(printed.out, /follower/);
});

test('results that lack a run, no results at all, other seeds, bad gates: what to do', async () => {
  const a = join(folder, 'a');
  const cases: [string[], RegExp][] = [
    [[a, folder], /WT8033 .*holds no results/],
    [[a], /WT8037/],
    [[a, file, '--gate', 'p99 < 5%'], /WT8038/],
    [[a, file, '--gate', `${LATENCY} p99 < much`], /WT8038/],
    [[a, file, '--metric', '{'], /WT8039/],
    [[a, file, '--seed', 'another'], /WT8036 .*no seed in common/],
  ];
  for (const [argv, expected] of cases) {
    const printed = await compare(...argv);
    assert.equal(printed.code, 2, argv.join(' '));
    assert.match(printed.err, expected);
  }
  const runs = join(a, 'runs');
  rmSync(join(runs, readdirSync(runs)[0]));
  assert.match((await compare(a, file)).err, /WT8035 .*lacks the run of point 0/);
});

test.run();
