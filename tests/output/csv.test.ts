import * as assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { suite } from 'uvu';
import { sortRuns, summarize } from '../../src/analyze/index.ts';
import { hashText } from '../../src/core/index.ts';
import { cellText, column, csvChunks } from '../../src/output/csv.ts';
import {
  csvFiles,
  csvText,
  fileEntry,
  manifest,
  type OutputInput,
  runsCsv,
} from '../../src/output/index.ts';
import type { RunResult } from '../../src/run/result.ts';
import { matchesGolden } from '../support/golden.ts';
import { buildRun, MS, S, type Script, stallRun, stallScenario } from '../support/run-result.ts';

const test = suite('CSV files');

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), 'golden');

/** 3200 requests in each run with latencies from four values, so that the files stay readable. */
function smallRun(
  scenario: ReturnType<typeof stallScenario>,
  point: number,
  replication: number,
): RunResult {
  const script: Script = (m, advanceTo) => {
    const labels = { op: 'put', workload: 'the writers' };
    const latency = m.tally('wavetank_client_request_duration_seconds', labels);
    const ok = m.counter('wavetank_client_requests', { ...labels, outcome: 'ok' });
    const fsync = m.tally(
      'etcd_disk_wal_fsync_duration_seconds',
      { member: 'etcd/0' },
      {
        buckets: [0.001, 0.002, 0.004],
      },
    );
    const stage = m.tally('wavetank_request_stage_duration_seconds', {
      op: 'put',
      stage: 'WAL fsync',
    });
    const size = m.tally('etcd_snap_size_bytes', { member: 'etcd/0' });
    const level = m.level('etcd_server_proposals_pending', { member: 'etcd/0' });
    const disk = m.resource('etcd/0/disk', 'disk', 1);
    for (let i = 0; i < 3200; i++) {
      const now = Math.floor((i * 10 * S) / 3200);
      advanceTo(now);
      const ns = [1, 2, 3, 5][i % 4] * MS * (point + 1) + replication * 1000;
      latency.record(ns);
      fsync.record(ns - MS / 2);
      stage.record(ns - MS / 2);
      level.set(now, i % 3);
      disk.arrive();
      disk.wait(1000);
      disk.busy(now, 0.25);
      ok.add();
    }
    size.record(4096);
    m.event(6 * S, 'fault', 'etcd/0', 'stall, "hard"');
  };
  const { outages, constants } = stallRun(scenario, 0);
  return buildRun(scenario, { point, replication, script, outages, constants });
}

function input(): OutputInput {
  const scenario = stallScenario({ replications: 2, seriesIntervalNs: 5 * S });
  const other = { ...scenario, constants: { 'client.sendNs': 1 } };
  const points = [
    { scenario, axes: { 'etcd.members': 3, disk: 'fast, new' } },
    { scenario: other, axes: { 'etcd.members': 5, disk: 'slow' } },
  ];
  const results = sortRuns([
    smallRun(other, 1, 1),
    smallRun(scenario, 0, 1),
    smallRun(other, 1, 0),
    smallRun(scenario, 0, 0),
  ]);
  const summary = summarize(results, points, {
    version: '0.1.0',
    modelRevision: 1,
    command: 'npx wavetank run stall.yaml',
  });
  return { summary, results, points };
}

const files = csvFiles(input()).map((file) => ({ name: file.name, text: csvText(file) }));

for (const { name, text } of files) {
  test(`${name} is as committed`, () => matchesGolden(join(GOLDEN, name), text));

  test(`${name} reads back with as many fields in every row as its header has`, () => {
    const rows: string[][] = parse(text, { relax_column_count: false });
    assert.ok(rows.length > 1, 'no rows');
    assert.ok(text.endsWith('\n') && !text.includes('\r'));
    for (const row of rows)
      for (const cell of row) assert.doesNotMatch(cell, /NaN|undefined|null|Infinity/);
  });
}

test('a manifest is as committed', () => {
  const text = manifest({
    summary: input().summary,
    scenario: 'kind: Scenario\n',
    profiles: { 'b.yaml': 'b', 'a.yaml': 'a' },
    files: files.map((file) => fileEntry(file.name, [file.text])),
    volatile: { wallSeconds: 1.5 },
  });
  matchesGolden(join(GOLDEN, 'manifest.json'), text);
  const read = JSON.parse(text);
  assert.equal(read.files[0].hash, hashText(files[0].text));
  assert.deepEqual(read.volatile, { wallSeconds: 1.5 });
});

test('runs.csv on its own is the file', () => {
  assert.equal(runsCsv(input()), files[0].text);
});

test('a scenario whose runs recorded nothing has all files, with headers', () => {
  const scenario = stallScenario({ thresholds: [] });
  const results = [buildRun(scenario)];
  const points = [{ scenario }];
  const summary = summarize(results, points, { version: '', modelRevision: 1 });
  const names = csvFiles({ summary, results, points }).map((file) => {
    assert.match(csvText(file), /^[a-z_,.\d]+\n/);
    return file.name;
  });
  assert.deepEqual(
    names,
    files.map((file) => file.name),
  );
});

test('numbers read back to the same double, and what is no number is empty', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(Number(cellText(value)) + 0, value + 0);
    }),
  );
  assert.equal(cellText(Number.NaN), '');
  assert.equal(cellText(null), '');
  assert.equal(cellText(-0), '0');
  assert.equal(cellText(Infinity), '+Inf');
  assert.equal(cellText(true), 'true');
});

test('any text survives, and batches join without a seam', () => {
  const table = {
    file: 'x.csv',
    description: '',
    order: '',
    columns: [
      column<string>('text', '', '', (text) => text),
      column<string>('length', '', '', (text) => text.length),
    ],
  };
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
      const csv = [...csvChunks(table, texts)].join('');
      const read: string[][] = parse(csv, { record_delimiter: '\n' });
      assert.deepEqual(
        read.slice(1),
        texts.map((text) => [text, String(text.length)]),
      );
    }),
  );
  const many = Array.from({ length: 4500 }, (_, i) => `row ${i}`);
  const chunks = [...csvChunks(table, many)];
  assert.equal(chunks.length, 4);
  assert.equal(chunks.join('').split('\n').length, 4502);
});

test.run();
