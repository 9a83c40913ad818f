import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDistribution } from '../../src/dist/index.ts';
import { calibrate, calibrateCodes, calibrationText } from '../../src/import/index.ts';
import { codesOf, example, histogramText, profileOf, testdata, text, WAL } from './support.ts';

const test = suite('calibrate');

const csv = text('x.csv', `latency_ms\n${Array(50).fill('1\n2').join('\n')}\n`);

test('what is not a measurement is told by what it is', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['<!DOCTYPE html><html></html>', /web page/],
    ['Client sent an HTTP request to an HTTPS server.\n', /https/],
    ['404 page not found\n', /404/],
    ['curl: (7) Failed to connect to 127.0.0.1 port 2379', /error of curl/],
    ['wal: (groupid=0, jobs=1): err= 0: pid=1\n  sync (usec): min=534', /for people/],
    ['3;fio-3.33;wal;0;0;0;0', /terse/],
    ['apiVersion: wavetank/v1alpha1\nkind: DiskProfile\n', /wavetank itself/],
    ['nothing of use here\n', /no latencies/],
  ];
  for (const [content, message] of cases) {
    const { problems, format } = calibrate([text('in', content)]);
    assert.is(format, 'unknown');
    assert.is(problems[0].code, 'WT6003', content);
    assert.match(problems[0].message, message);
  }
});

test('empty, binary, mixed and missing inputs are problems with codes', () => {
  const prometheus = text('a.txt', histogramText(WAL, [2000], { sum: 1 }));
  assert.equal(codesOf([text('a', '')]), ['WT6001']);
  assert.equal(codesOf([text('a', ' \n\n')]), ['WT6001']);
  assert.equal(codesOf([text('a', 'PK\u0003\u0004\u0000\u0000')]), ['WT6002']);
  assert.equal(codesOf([text('a', '\ufffd\ufffd\u0001\u0002 abc')]), ['WT6002']);
  assert.equal(codesOf([]), ['WT6005']);
  assert.equal(codesOf([csv, prometheus]), ['WT6004']);
  assert.equal(codesOf([csv, csv]), ['WT6004']);
  assert.equal(codesOf([text('a', ''), text('b', '<html>')]), ['WT6001', 'WT6003']);
});

test('no text throws, however it is cut', () => {
  const whole = [
    example('fio-disk.json'),
    example('fio-stalls_clat.1.log'),
    example('etcd-after.txt'),
    example('latencies.csv'),
  ];
  for (const input of whole) {
    for (let cut = 0; cut < 40; cut++) {
      const length = Math.floor((input.text.length * cut) / 40);
      const { profile, problems } = calibrate([text(input.name, input.text.slice(0, length))]);
      assert.is(profile === null, problems.length > 0, `${input.name} cut at ${length}`);
    }
  }
});

test('a text with random damage gives a usable profile or a problem, never an exception', () => {
  const damage = [
    '',
    '-1',
    'NaN',
    '1e308',
    '1e400',
    ',',
    '"',
    '{',
    '}',
    '\n',
    'null',
    '9e18',
    'ms',
  ];
  const texts = ['fio-disk.json', 'fio-stalls_clat.1.log', 'etcd-after.txt', 'latencies.csv'];
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 8 }),
      fc.constantFrom(...damage),
      (name, where, length, insert) => {
        const whole = example(name).text.slice(0, 9000);
        const at = Math.floor(where * whole.length);
        const damaged = whole.slice(0, at) + insert + whole.slice(at + length);
        const { profile, problems } = calibrate([text(name, damaged)]);
        assert.is(profile === null, problems.length > 0);
        if (profile !== null) assert.is(checkDistribution(profile.fsync), null);
      },
    ),
    { numRuns: 200 },
  );
});

test('the verdict is bad, good or undecided by the interval, not by the figure in it', () => {
  const level = (counts: readonly number[]): string | undefined =>
    profileOf([text('a.txt', histogramText(WAL, counts))]).calibration.verdict?.level;
  assert.is(level([5000, 4999, 0, 1]), 'good');
  assert.is(level([0, 0, 0, 0, 0, 9000]), 'bad');
  // The p99 is between 8 and 16 ms: interpolated near 9 ms, but nobody knows.
  assert.is(level([0, 0, 0, 9880, 120]), 'uncertain');
  assert.is(level([0, 0, 0, 500]), 'unknown');
});

test('one fsync in 10,000 above 200 ms is the maintainers’ limit, if enough were seen', () => {
  const rare = (counts: readonly number[]): string | undefined => {
    const { verdict } = profileOf([text('a.txt', histogramText(WAL, counts))]).calibration;
    const rule = verdict?.rules[1];
    assert.is(rule?.rule, 'wal-fsync-p99.99');
    if (rule?.level === 'bad') assert.is(verdict?.level, 'bad');
    return rule?.level;
  };
  // 9 of 900,009 above 256 ms: a tenth of what is allowed.
  assert.is(rare([900_000, 0, 0, 0, 0, 0, 0, 0, 0, 9]), 'good');
  // 400 of 1 M: four times as many.
  assert.is(rare([999_600, 0, 0, 0, 0, 0, 0, 0, 0, 400]), 'bad');
  // 100 of 1 M: just what is allowed, within the error.
  assert.is(rare([999_900, 0, 0, 0, 0, 0, 0, 0, 0, 100]), 'uncertain');
  // 6 of 2000 are thirty times too many; none of 2000 says nothing.
  assert.is(rare([1994, 0, 0, 0, 0, 0, 0, 0, 0, 6]), 'bad');
  assert.is(rare([2000]), 'unknown');
});

test('the sampling error widens the interval: 12 of 1000 above 16 ms could be under 1 %', () => {
  const { calibration } = profileOf([text('a.txt', histogramText(WAL, [0, 988, 0, 0, 0, 12]))]);
  // Ranks 1000 * 0.99 ± 1.96 sqrt(9.9), so 983 to 998 of 1000: the 2-ms and the 32-ms bucket.
  const rule = calibration.verdict?.rules[0];
  assert.is(rule?.lowNs, 1e6);
  assert.is(rule?.highNs, 32e6);
  assert.is(rule?.level, 'uncertain');
});

test('the remarks count what costs heartbeats and elections', () => {
  const remarks = profileOf([testdata('etcd-7312.txt')], { elapsedSeconds: 1e6 }).calibration
    .verdict?.remarks;
  const all = (remarks ?? []).join('\n');
  // 100 ms lies in (64, 128] ms: of 18823948, above 128 ms are 15849, above 64 ms 26448.
  assert.match(all, /15,849 to 26,448 of 18,823,948 .* took longer than 100 ms/);
  // 0.9 s lies in (512, 1024] ms: 117 to 3571; in 1e6 s that is 0.421 to 12.9 an hour.
  assert.match(all, /117 to 3,571 .*, 0\.421 to 12\.9 an hour\) took longer than 900 ms/);
});

test('assumed stalls are added on request, to idle disks only', () => {
  const idle = profileOf([example('fio-disk.json')], { assumeStalls: true });
  assert.is(idle.profile.fsync.kind, 'mixture');
  assert.is(idle.profile.stallsAssumed, true);
  const busy = profileOf([testdata('etcd-12405.txt')], { assumeStalls: true });
  assert.is(busy.profile.fsync.kind, 'histogram');
});

test('the name comes from the first file, or from the option', () => {
  assert.is(profileOf([{ ...csv, name: 'runs/My disk (2).csv' }]).profile.name, 'my-disk-2');
  assert.is(profileOf([{ ...csv, name: '...' }]).profile.name, 'disk');
  assert.is(profileOf([csv], { name: 'rack-7' }).profile.name, 'rack-7');
});

test('the same input gives the same calibration, to the byte', () => {
  const once = JSON.stringify(calibrate([example('fio-disk.json')]));
  assert.is(JSON.stringify(calibrate([example('fio-disk.json')])), once);
});

test('the report names verdict, quantiles, findings and problems', () => {
  const good = calibrationText(calibrate([testdata('etcd-12405.txt')]));
  assert.match(good, /^Read as Prometheus text of an etcd\./);
  assert.match(good, /p50 below 1 ms, p90 1\.64 ms, p99 17\.4 ms/);
  assert.match(good, /Verdict: bad\n {2}WAL fsync p99 is between 16 ms and 32 ms/);
  assert.match(good, /warning: etcd-12405\.txt: 83\.8 %/);
  const bad = calibrationText(calibrate([text('x.csv', 'latency_ms\n1\n-2\n')]));
  assert.match(
    bad,
    /^WT6032 column 'latency_ms' has '-2' at x\.csv:3\n {2}expected: .*\n {2}hint: /,
  );
});

test('every code has a title and a text', () => {
  for (const [code, entry] of Object.entries(calibrateCodes)) {
    assert.match(code, /^WT60\d\d$/);
    assert.match(entry.title, /^\w/);
    assert.match(entry.text, /[.?]$/);
  }
});

test.run();
