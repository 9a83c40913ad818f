import * as assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import pc from 'picocolors';
import { suite } from 'uvu';
import { type Summary, summarize } from '../../src/analyze/index.ts';
import {
  formatBytes,
  formatCount,
  formatPercent,
  formatSeconds,
  formatShare,
  formatValue,
} from '../../src/output/format.ts';
import { renderJson, renderMarkdown, renderText } from '../../src/output/index.ts';
import { plot } from '../../src/output/plot.ts';
import { textTable } from '../../src/output/text-table.ts';
import { matchesGolden } from '../support/golden.ts';
import {
  buildRun,
  MS,
  makeScenario,
  S,
  type Script,
  stallRun,
  stallScenario,
  workload,
} from '../support/run-result.ts';

const test = suite('rendering');

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), 'golden');
const OPTIONS = { version: '0.1.0', modelRevision: 1, command: 'npx wavetank run stall.yaml' };
const FILES = { folder: 'results/stall', files: ['runs.csv', 'metrics.csv', 'manifest.json'] };

function single(): Summary {
  const base = stallScenario();
  const closed = workload({ ratePerSecond: 0, clients: 8 });
  const etcd = { ...base.etcd, flagsWithoutEffect: ['log-level'] };
  const scenario = { ...base, etcd, workload: [closed] };
  return summarize(
    [0, 1, 2].map((r) => stallRun(scenario, r)),
    [{ scenario }],
    OPTIONS,
  );
}

function experiment(): Summary {
  const scenario = stallScenario({ name: 'fsync', replications: 2, seriesIntervalNs: 5 * S });
  const slower = [1, 2, 4, 8, 10];
  const points = slower.map((factor) => ({ scenario, axes: { 'etcd.disk.fsync': `${factor}ms` } }));
  const runs = slower.flatMap((factor, p) => [0, 1].map((r) => stallRun(scenario, r, p, factor)));
  return summarize(runs, points, { ...OPTIONS, command: '' });
}

test('the summary of a scenario is as committed, in plain text', () => {
  matchesGolden(join(GOLDEN, 'scenario.txt'), renderText(single(), FILES));
});

test('the summary of a scenario is as committed, in Markdown', () => {
  matchesGolden(join(GOLDEN, 'scenario.md'), renderMarkdown(single(), FILES));
});

test('the summary of an experiment is as committed, in plain text and in Markdown', () => {
  matchesGolden(join(GOLDEN, 'experiment.txt'), renderText(experiment()));
  matchesGolden(join(GOLDEN, 'experiment.md'), renderMarkdown(experiment()));
});

test('the JSON document is as committed, and holds what the summary holds', () => {
  const summary = single();
  const text = renderJson({
    ...summary,
    points: summary.points.map((point) => ({ ...point, metrics: point.metrics.slice(0, 1) })),
  });
  matchesGolden(join(GOLDEN, 'scenario.json'), text);
  const read = JSON.parse(renderJson(summary));
  assert.equal(read.points[0].thresholds[0].verdict, 'pass');
  assert.equal(read.points[0].metrics.length, summary.points[0].metrics.length);
});

test('no line ends in a space, and all of them end in LF', () => {
  for (const text of [renderText(single(), FILES), renderText(experiment())]) {
    assert.doesNotMatch(text, / \n/);
    assert.ok(text.endsWith('\n') && !text.includes('\r'));
  }
});

test('colours change nothing but the colours', () => {
  const coloured = renderText(single(), { ...FILES, colors: pc.createColors(true) });
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
  assert.ok(coloured.length > renderText(single(), FILES).length);
  const plain = coloured.replace(escapes, '').replace(/ +\n/g, '\n');
  assert.equal(plain, renderText(single(), FILES));
});

test('an experiment without a point that ran is a report without points', () => {
  const scenario = stallScenario();
  const summary = summarize([], [{ scenario }], OPTIONS);
  assert.match(renderText(summary), /^stall\n/);
  assert.doesNotMatch(renderText(summary), /undefined|NaN/);
});

test('percentiles of an overloaded workload are not printed as numbers', () => {
  const scenario = makeScenario({ workload: [workload()] });
  const script: Script = (m, advanceTo) => {
    for (let i = 0; i < 10_000; i++) {
      advanceTo(i * MS);
      for (const op of ['put', 'range']) {
        const tally = m.tally('wavetank_client_request_duration_seconds', { op, workload: 'w' });
        tally.record(op === 'put' ? i * MS : MS);
      }
    }
  };
  const text = renderText(summarize([buildRun(scenario, { script })], [{ scenario }], OPTIONS));
  assert.match(text, /put \(w\) +1000\/s +– +– +– +– +– +10.0 s/);
  assert.match(text, /range \(w\) +1000\/s +– +1.00 ms +1.00 ms +1.00 ms +– +1.00 ms/);
  assert.match(text, /Overloaded: requests in flight \(op=put workload=w\) still grows/);
});

test('durations have three digits and the unit that keeps them short', () => {
  const expected: readonly (readonly [number, string])[] = [
    [0, '0 s'],
    [250e-9, '250 ns'],
    [1.5e-6, '1.50 µs'],
    [999.6e-6, '1.00 ms'],
    [8.314e-3, '8.31 ms'],
    [99.96e-3, '100 ms'],
    [1.0249, '1.02 s'],
    [60, '60.0 s'],
    [600, '10.0 min'],
    [86400, '24.0 h'],
  ];
  for (const [value, text] of expected) assert.equal(formatSeconds(value), text);
});

test('sizes, counts, shares and availabilities read as people write them', () => {
  assert.equal(formatBytes(512), '512 B');
  assert.equal(formatBytes(2 * 1048576), '2.00 MiB');
  assert.equal(formatBytes(8 * 1073741824), '8.00 GiB');
  assert.equal(formatCount(1234), '1234');
  assert.equal(formatCount(0.5), '0.500');
  assert.equal(formatCount(120_003), '120 k');
  assert.equal(formatCount(2.5e6), '2.50 M');
  assert.equal(formatShare(0.4667), '46.7 %');
  assert.equal(formatShare(1), '100 %');
  assert.equal(formatPercent(1), '100 %');
  assert.equal(formatPercent(0.9978), '99.78 %');
  assert.equal(formatPercent(0.99998), '99.998 %');
  assert.equal(formatPercent(0.999999), '99.9999 %');
  assert.equal(formatValue(null, 's'), '–');
  assert.equal(formatValue(Number.NaN, 'ratio'), '–');
  assert.equal(formatValue(250, '1/s'), '250/s');
});

test('a formatted duration is within half a percent of the value', () => {
  const units = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 };
  fc.assert(
    fc.property(fc.double({ min: 1e-8, max: 1e6, noNaN: true }), (value) => {
      const [number, unit] = formatSeconds(value).split(' ');
      const back = Number(number) * units[unit as keyof typeof units];
      assert.ok(Math.abs(back - value) <= 0.0051 * value, `${value} as ${number} ${unit}`);
    }),
  );
});

test('an availability below one never reads as 100 %', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 1 - 1e-6, noNaN: true }), (ratio) => {
      assert.notEqual(formatPercent(ratio), '100 %');
    }),
  );
});

test('columns align whatever is in them', () => {
  const rows = [
    ['a', '1'],
    ['µµµ', '22'],
  ];
  const columns = [
    { head: 'x', align: 'left' },
    { head: 'n', align: 'right' },
  ] as const;
  assert.deepEqual(
    textTable(columns, rows, (text) => text, ''),
    ['x     n', 'a     1', 'µµµ  22'],
  );
});

test('a curve has its largest value on top, its points in order and its labels below', () => {
  const drawn = plot({
    title: 'p99',
    labels: ['1', '2', '3'],
    values: [1, 2, 4],
    axis: 'rate',
    format: (value) => String(value),
    height: 5,
    width: 9,
  });
  assert.deepEqual(drawn, [
    'p99',
    '         4 ┤       ·●',
    '           ┤     ··',
    '         2 ┤  ··●',
    '           ┤●·',
    '         0 ┤',
    '           └─────────',
    '            1   2   3',
    '            rate',
  ]);
});

test('a curve of fewer than two values is none', () => {
  const base = { title: '', labels: ['a', 'b'], axis: '', format: String };
  assert.deepEqual(plot({ ...base, values: [null, 3] }), []);
  assert.deepEqual(plot({ ...base, values: [0, 0] }), []);
});

test.run();
