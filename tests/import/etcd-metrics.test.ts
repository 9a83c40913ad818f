import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mean } from '../../src/dist/index.ts';
import { calibrate } from '../../src/import/index.ts';
import {
  COMMIT,
  codesOf,
  example,
  histogramText,
  idsOf,
  profileOf,
  testdata,
  text,
  WAL,
} from './support.ts';

const test = suite('calibrate: metrics of etcd');

/** Mean 1.75 ms: 500 up to 1 ms, 400 up to 2 ms, 90 up to 4 ms, 10 up to 16 ms. */
const COUNTS = [500, 400, 90, 0, 10];
const scrape = (counts: readonly number[], sum: number, more = ''): string =>
  histogramText(WAL, counts, { sum }) + more;

test('one scrape is a response profile with the buckets in ns and the recorded mean', () => {
  const { calibration, profile } = profileOf([text('prod.txt', scrape(COUNTS, 1.25))]);
  assert.is(calibration.format, 'prometheus');
  assert.is(profile.kind, 'response');
  assert.is(profile.stallsAssumed, true);
  assert.is(profile.observedFsyncsPerSecond, null);
  assert.equal(profile.fsync, {
    kind: 'histogram',
    bounds: [1e6, 2e6, 4e6, 8e6, 16e6],
    counts: [500, 400, 90, 0, 10],
    sum: 1.25e9,
  });
  assert.ok(Math.abs(mean(profile.fsync) - 1.25e6) < 1e-3);
  assert.equal(idsOf(calibration), ['no-commit', 'since-start', 'elapsed-unknown']);
});

test('two scrapes of a real etcd 3.4.23: the difference, its mean and its rate', () => {
  const before = example('etcd-before.txt');
  const after = example('etcd-after.txt');
  const { calibration, profile } = profileOf([before, after], { elapsedSeconds: 60 });
  // 8295 - 2106 fsyncs; 8018 - 2065 of them up to 1 ms; 3.080354162 - 0.72995854 s.
  assert.is(calibration.summary?.count, 6189);
  assert.equal(profile.fsync, {
    kind: 'histogram',
    bounds: [1e6, 2e6, 4e6, 8e6, 16e6],
    counts: [5953, 64, 124, 45, 3],
    sum: 2_350_395_622,
  });
  assert.is(profile.observedFsyncsPerSecond, 6189 / 60);
  assert.ok(profile.source.includes('etcd 3.4.23, difference of two scrapes over 60 s'));
  assert.is(calibration.commit?.count, 590);
  assert.ok(idsOf(calibration).includes('first-bucket'));
});

test('18.8 million fsyncs in scientific notation, nine of them beyond the last bucket', () => {
  const { calibration, profile } = profileOf([testdata('etcd-7312.txt')]);
  assert.is(calibration.summary?.count, 18_823_948);
  if (profile.fsync.kind !== 'histogram') throw new Error('not a histogram');
  assert.is(profile.fsync.bounds.at(-1), Number.POSITIVE_INFINITY);
  assert.is(profile.fsync.counts.at(-1), 9);
  // 85016.595 s / 18823948 = 4.516406 ms.
  assert.ok(Math.abs(mean(profile.fsync) - 4_516_406.19) < 0.01);
  assert.ok(idsOf(calibration).includes('beyond-last-bucket'));
});

test('most fsyncs in the first bucket: said so, with what the sum tells of their mean', () => {
  const { calibration } = profileOf([testdata('etcd-12405.txt')]);
  const finding = calibration.findings.find((one) => one.id === 'first-bucket');
  // 637196 of 760277 = 83.8 %. All others at their upper edges sum to 882.8 s, at their lower edges
  // to 441.4 s, so of 1050.985 s the first bucket has 168.2 to 609.6 s: 264 to 957 µs each.
  assert.match(finding?.message ?? '', /83\.8 %.*264 µs to 957 µs/);
});

test('time stamps, the process start, Go’s garbage collector or an option give the rate', () => {
  const stamped = (ms: number, counts: readonly number[], sum: number): string =>
    scrape(counts, sum)
      .split('\n')
      .map((line) => (line === '' || line.startsWith('#') ? line : `${line} ${ms}`))
      .join('\n');
  const two = profileOf([
    text('a.txt', stamped(1_700_000_000_000, COUNTS, 1.25)),
    text('b.txt', stamped(1_700_000_100_000, [1000, 800, 180, 0, 20], 2.5)),
  ]);
  assert.is(two.profile.observedFsyncsPerSecond, 10);
  const start = 'process_start_time_seconds 1.6999999e+09\n';
  const one = profileOf([text('a.txt', stamped(1_700_000_000_000, COUNTS, 1.25) + start)]);
  assert.is(one.profile.observedFsyncsPerSecond, 10);
  const collected = `${start}go_memstats_last_gc_time_seconds 1.6999999e+09\n`.replace(
    'seconds 1.6999999e+09\ngo',
    'seconds 1.6999899e+09\ngo',
  );
  const gc = profileOf([text('a.txt', scrape(COUNTS, 1.25, collected))]);
  assert.is(gc.profile.observedFsyncsPerSecond, 0.1);
  assert.ok(idsOf(gc.calibration).includes('elapsed-by-gc'));
  const told = profileOf([text('a.txt', scrape(COUNTS, 1.25))], { elapsedSeconds: 50 });
  assert.is(told.profile.observedFsyncsPerSecond, 20);
});

test('without _sum there is a profile, and the mean is not claimed', () => {
  const { calibration, profile } = profileOf([text('a.txt', histogramText(WAL, COUNTS))]);
  assert.is(calibration.summary?.meanNs, null);
  assert.is(profile.fsync.kind === 'histogram' && profile.fsync.sum, undefined);
  assert.ok(idsOf(calibration).includes('no-sum'));
});

test('a missing +Inf bucket is made up for by _count', () => {
  const cut = scrape(COUNTS, 1.25).replace(/^.*le="\+Inf".*\n/m, '');
  const { calibration } = profileOf([text('a.txt', cut)]);
  assert.is(calibration.summary?.count, 1000);
  assert.ok(idsOf(calibration).includes('no-inf'));
});

test('labels pick one of several etcds; without them it is a problem that lists them', () => {
  const both =
    histogramText(WAL, COUNTS, { sum: 1.25, labels: 'instance="a:2379"' }) +
    histogramText(WAL, [0, 0, 0, 0, 1000], { sum: 12, labels: 'instance="b:2379"' });
  assert.equal(codesOf([text('fed.txt', both)]), ['WT6021']);
  const { profile } = profileOf([text('fed.txt', both)], { labels: { instance: 'b:2379' } });
  assert.ok(Math.abs(mean(profile.fsync) - 12e6) < 1e-3);
  assert.equal(codesOf([text('fed.txt', both)], { labels: { instance: 'c' } }), ['WT6020']);
});

test('exemplars, CRLF and the name of etcd before 3.1 are read', () => {
  const old = histogramText('etcd_wal_fsync_durations_seconds', COUNTS, { sum: 1.25 })
    .replace(' 500\n', ' 500 # {trace_id="}"} 0.0005\n')
    .replaceAll('\n', '\r\n');
  assert.is(profileOf([text('old.txt', old)]).calibration.summary?.count, 1000);
});

test('backend commits are judged beside, and not part of the profile', () => {
  const commits = histogramText(COMMIT, [0, 0, 0, 0, 0, 2000], { sum: 50 });
  const { calibration } = profileOf([text('a.txt', scrape(COUNTS, 1.25, commits))]);
  assert.is(calibration.commit?.count, 2000);
  const rule = calibration.verdict?.rules[2];
  // All within 16 to 32 ms: the limit of 25 ms lies inside.
  assert.is(rule?.level, 'uncertain');
  assert.is(rule?.lowNs, 16e6);
  assert.is(rule?.highNs, 32e6);
});

test('scrapes that cannot be right are problems with codes', () => {
  const good = scrape(COUNTS, 1.25);
  const start = (seconds: number): string => `process_start_time_seconds ${seconds}\n`;
  const more = [1000, 800, 180, 0, 20];
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[good.replace('le="0.004"} 990', 'le="0.004"} 800')], 'WT6022'],
    [[good.replace(/^.*(\+Inf|_count).*\n/gm, '')], 'WT6023'],
    [[good.slice(0, 300)], 'WT6023'],
    [[good.replace('} 500', '} NaN')], 'WT6027'],
    [[good.replace('} 500', '} -500')], 'WT6027'],
    [[good.replace('} 500', '} many')], 'WT6027'],
    [[good.replace('} 500', '} 1e300')], 'WT6027'],
    [[good.replace('le="0.001"', 'le="1e300"')], 'WT6027'],
    [[good.replace('le="0.001"', 'le="fast"')], 'WT6027'],
    // A sum in ms: a mean of 1.25 s, where the buckets allow 2.3 ms at most.
    [[good.replace('_sum 1.25', '_sum 1250')], 'WT6026'],
    [[scrape([], 0)], 'WT6025'],
    [[good, good], 'WT6025'],
    [[scrape(more, 2.5), good], 'WT6024'],
    [[good + start(1e9), scrape(more, 2.5) + start(1.1e9)], 'WT6024'],
    // The counts grow, but 100 that were above 1 ms would have become fast.
    [[good, scrape([1100, 300, 90, 0, 10], 2)], 'WT6022'],
    [[good, scrape(more, 2.5).replace('le="0.002"', 'le="0.003"')], 'WT6028'],
    [[good + good], 'WT6021'],
    [['# TYPE x counter\nx_total{a="b"} 1\n'], 'WT6020'],
    [[histogramText('etcd_disk_wal_write_duration_seconds', COUNTS, { sum: 1.25 })], 'WT6020'],
    [[histogramText('apiserver_request_duration_seconds', COUNTS, { sum: 1.25 })], 'WT6020'],
  ];
  for (const [contents, code] of cases) {
    const inputs = contents.map((content, i) => text(`${'abc'[i]}.txt`, content));
    assert.is(codesOf(inputs)[0], code, `${code}: ${contents.join('---').slice(0, 200)}`);
  }
});

test('scrapes in the wrong order are told from a restart', () => {
  const late = text('late.txt', scrape([1000, 800, 180, 0, 20], 2.5));
  const { problems } = calibrate([late, text('early.txt', scrape(COUNTS, 1.25))]);
  assert.match(problems[0].hint, /earlier scrape first/);
});

test('options that cannot be are problems', () => {
  const input = text('a.txt', scrape(COUNTS, 1.25));
  assert.equal(codesOf([input], { elapsedSeconds: 0 }), ['WT6006']);
  assert.equal(codesOf([input], { elapsedSeconds: Number.NaN }), ['WT6006']);
});

test.run();
