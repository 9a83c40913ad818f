import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mean } from '../../src/dist/index.ts';
import { calibrate } from '../../src/import/index.ts';
import { codesOf, example, idsOf, profileOf, text } from './support.ts';

const test = suite('calibrate: CSV');

/** Rows 1.0, 1.1, ... 2.9: 20 latencies, mean 1.95. */
const VALUES = Array.from({ length: 20 }, (_, i) => (1 + i / 10).toFixed(1));
const column = (header: string, cells: readonly string[] = VALUES): string =>
  [header, ...cells].filter((line) => line !== '').join('\n');
const meanOf = (content: string, options = {}): number | null | undefined =>
  profileOf([text('x.csv', content)], options).calibration.summary?.meanNs;

test('the unit stands in the header, in every cell, or is an option', () => {
  assert.is(meanOf(column('latency_ms')), 1.95e6);
  assert.is(meanOf(column('fsync latency (µs)')), 1950);
  assert.is(meanOf(column('duration_seconds')), 1.95e9);
  assert.is(meanOf(column('ms')), 1.95e6);
  assert.is(
    meanOf(
      column(
        '',
        VALUES.map((value) => `${value}ms`),
      ),
    ),
    1.95e6,
  );
  assert.is(meanOf(column(''), { unit: 'us' }), 1950);
  assert.is(meanOf(column('latency'), { unit: 'ms' }), 1.95e6);
  // Go prints a duration in the unit that suits it: 980µs and 1.02ms are one column.
  assert.is(meanOf(column('fsync', [...VALUES.map((v) => `${v}ms`), '1950µs'])), 1.95e6);
});

test('the latency is found among other columns, whatever the delimiter', () => {
  const rows = VALUES.map((value, i) => `${i};"a;b";${value}`);
  assert.is(meanOf(['id;note;wal_fsync_ms', ...rows].join('\r\n')), 1.95e6);
  const tabs = VALUES.map((value, i) => `${i}\t${value}`);
  assert.is(meanOf(['# strace of etcd', 'id\tfdatasync_us', ...tabs].join('\n')), 1950);
});

test('a bad cell is told with its line, comments and blank lines counted', () => {
  const content = `# strace\n\n${column('latency_ms', [...VALUES, 'x'])}`;
  // Two lines, the header, twenty rows: the bad one is line 24.
  assert.is(calibrate([text('x.csv', content)]).problems[0].line, 24);
});

test('the draws have the mean that was measured', () => {
  const { profile } = profileOf([text('x.csv', column('latency_ms'))]);
  assert.ok(Math.abs(mean(profile.fsync) - 1.95e6) < 1);
});

test('one value again and again is a constant', () => {
  const { profile } = profileOf([text('x.csv', column('latency_ms', Array(50).fill('25')))]);
  assert.equal(profile.fsync, { kind: 'constant', value: 25e6 });
});

test('a time column gives the series: the first freeze of the real run', () => {
  const { calibration, profile } = profileOf([example('latencies.csv')]);
  assert.is(calibration.format, 'csv');
  assert.is(calibration.stalls?.episodes.length, 1);
  assert.is(Math.round((calibration.stalls?.episodes[0].lengthNs ?? 0) / 1e6), 373);
  assert.is(profile.stallsAssumed, false);
  assert.is(profile.observedFsyncsPerSecond, null);
});

test('a CSV of a disk in use is a response profile with its load', () => {
  // 20 rows, one a second, the last 2.9 ms long: 20 in 19.0029 s.
  const rows = VALUES.map((value, i) => `${i},${value}`);
  const content = ['time_s,latency_ms', ...rows].join('\n');
  const { profile } = profileOf([text('x.csv', content)], { kind: 'response' });
  assert.is(profile.kind, 'response');
  assert.is(profile.observedFsyncsPerSecond, 20 / 19.0029);
});

test('times that go back are sorted, and times that are no numbers are left out', () => {
  const rows = VALUES.map((value, i) => `${20 - i},${value}`);
  const back = profileOf([text('x.csv', ['t_s,ms', ...rows].join('\n'))]);
  assert.ok(idsOf(back.calibration).includes('time-sorted'));
  const dated = VALUES.map((value, i) => `2024-05-01T10:00:${10 + i}Z,${value}`);
  const dates = profileOf([text('x.csv', ['time,latency_ms', ...dated].join('\n'))]);
  assert.ok(idsOf(dates.calibration).includes('time-not-numeric'));
  assert.is(dates.calibration.stalls, null);
});

test('CSVs that cannot be right are problems with codes', () => {
  const cases: readonly (readonly [string, string])[] = [
    [column('latency'), 'WT6031'],
    [column(''), 'WT6031'],
    [
      column(
        'size,colour',
        VALUES.map((v) => `${v},red`),
      ),
      'WT6030',
    ],
    [
      column(
        '',
        VALUES.map((v) => `${v},${v}`),
      ),
      'WT6030',
    ],
    [column('latency_ms', [...VALUES, 'NaN']), 'WT6032'],
    [column('latency_ms', [...VALUES, '-1']), 'WT6032'],
    [column('latency_ms', [...VALUES, 'timeout']), 'WT6032'],
    [column('latency_ms', [...VALUES, '1e999']), 'WT6032'],
    [column('latency_s', [...VALUES, '3601']), 'WT6032'],
    [column('a,latency_ms', [...VALUES.map((v) => `1,${v}`), '1']), 'WT6032'],
    [column('latency_ms', [...VALUES, '20us']), 'WT6033'],
    [column('latency', [...VALUES, '20us']), 'WT6033'],
    [column('latency_ms', ['1', '2']), 'WT6034'],
    [column('latency_ms', []), 'WT6003'],
    [column('latency_ms', [...VALUES, '"1.0']), 'WT6035'],
  ];
  for (const [content, code] of cases) {
    assert.equal(codesOf([text('x.csv', content)]), [code], content.slice(-60));
  }
});

test.run();
