import * as assert from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import {
  compareFolders,
  firstDifference,
  reduceEstimates,
  reduceRuns,
} from '../../scripts/golden.ts';

const test = suite<{ golden: string; now: string; root: string }>('scripts/golden');
test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'wavetank-golden-test-'));
  context.golden = join(context.root, 'golden');
  context.now = join(context.root, 'now');
  mkdirSync(context.golden);
  mkdirSync(context.now);
});
test.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

test('the first line that differs is named, a shorter text ends there', () => {
  assert.strictEqual(firstDifference('a', 'x\ny\n', 'x\ny\n'), null);
  assert.deepStrictEqual(firstDifference('a', 'x\ny\n', 'x\nz\n'), {
    file: 'a',
    line: 2,
    golden: 'y',
    now: 'z',
  });
  assert.strictEqual(firstDifference('a', 'x\ny', 'x')?.now, '(end of file)');
});

test('missing and new files are differences; equal bytes, giants and other files are none', ({
  golden,
  now,
}) => {
  writeFileSync(join(golden, 'events.csv'), 'a\n1\n');
  writeFileSync(join(now, 'events.csv'), 'a\n1\n');
  writeFileSync(join(golden, 'stages.csv'), 'a\n');
  writeFileSync(join(now, 'thresholds.csv'), 'a\n');
  writeFileSync(join(now, 'outages.csv'), 'a'.repeat(2_000_000));
  writeFileSync(join(now, 'histograms.csv'), 'a\n');
  writeFileSync(join(now, 'manifest.json'), '{}');
  assert.deepStrictEqual(
    compareFolders(golden, now).map(({ file, now: state }) => [file, state]),
    [
      ['stages.csv', 'missing'],
      ['thresholds.csv', 'there'],
    ],
  );
});

test('of runs.csv the keys, the axes and the metrics of clients are kept', () => {
  const runs = [
    'point,digest,disk,etcd_x:count,"wavetank_client_requests{op=put,workload=w}:count"',
    '0,f3,"slow, old",7,12',
    '',
  ].join('\n');
  assert.strictEqual(
    reduceRuns(runs),
    'point,digest,disk,"wavetank_client_requests{op=put,workload=w}:count"\n0,f3,"slow, old",12\n',
  );
});

test('of estimates.csv the latencies of clients are kept, by three figures', () => {
  const rows = [
    'point,metric,figure,mean',
    '0,wavetank_client_request_duration_seconds,p99,1',
    '0,wavetank_client_request_duration_seconds,max,2',
    '0,wavetank_client_requests,p99,3',
    '',
  ];
  assert.strictEqual(reduceEstimates(rows.join('\n')), `${rows.slice(0, 2).join('\n')}\n`);
});

test('of the calls of the API, heartbeats and what makes pods are kept', () => {
  const call = (resource: string, subresource: string, verb: string) =>
    `0,apiserver_request_duration_seconds,resource=${resource} scope=resource ` +
    `subresource=${subresource} verb=${verb},p50,1`;
  const rows = [
    'point,metric,labels,figure,mean',
    call('leases', '', 'PUT'),
    call('pods', '/binding', 'POST'),
    call('events', '', 'POST'),
    call('pods', '/status', 'PATCH'),
    '',
  ];
  assert.strictEqual(reduceEstimates(rows.join('\n')), `${rows.slice(0, 3).join('\n')}\n`);
});

test.run();
