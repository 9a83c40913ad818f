import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codesOf, example, idsOf, profileOf, testdata, text } from './support.ts';

const test = suite('calibrate: fio latency logs');

/** Durable writes one after the other: completion time in ms, latency in ns. */
function log(latenciesMs: readonly number[]): string {
  let now = 0;
  return latenciesMs
    .map((latency) => {
      now += latency;
      return `${Math.round(now)}, ${Math.round(latency * 1e6)}, 1, 2300, 0\n`;
    })
    .join('');
}

test('the six freezes of a real run are found at their times and lengths', () => {
  // The file system was frozen for 0.35, 0.12, 0.8, 0.25, 1.3 and 0.18 s while fio wrote.
  const { calibration, profile } = profileOf([
    example('fio-stalls.json'),
    example('fio-stalls_clat.1.log'),
  ]);
  const { stalls } = calibration;
  assert.is(stalls?.thresholdNs, 20e6);
  assert.equal(
    stalls?.episodes.map((episode) => Math.round(episode.lengthNs / 1e6)),
    [373, 153, 841, 283, 1337, 213],
  );
  assert.equal(
    stalls?.episodes.map((episode) => Math.round(episode.startNs / 1e8) / 10),
    [1.7, 5.1, 7.2, 12.1, 15.4, 18.8],
  );
  assert.is(stalls?.correlation, 0);
  assert.is(profile.stallsAssumed, false);
  // 6 starts in 24.999 s less 3.2 s of stalls: 0.2752 a second.
  if (profile.fsync.kind !== 'mixture') throw new Error('no stalls in the profile');
  assert.is(profile.fsync.stall.startPerSecond, 0.2752);
  const { body } = profile.fsync;
  if (body.kind !== 'histogram') throw new Error('the body is no histogram');
  assert.is(
    body.counts.reduce((sum, count) => sum + count, 0),
    1990 - 6,
  );
  assert.ok(body.bounds.every((bound) => bound <= 20e6));
  assert.ok(idsOf(calibration).includes('few-stalls'));
});

test('a log of its own gives the distribution too', () => {
  const latencies = [...Array(500).fill(1.5), 300, ...Array(499).fill(2.5)];
  const { calibration, profile } = profileOf([text('disk_clat.1.log', log(latencies))]);
  assert.is(calibration.format, 'fio-log');
  assert.is(calibration.summary?.count, 1000);
  // Median 1.5 or 2.5 ms: ten of them are above 20 ms, so the threshold is 25 ms at the most.
  assert.is(calibration.stalls?.stalledFsyncs, 1);
  assert.equal(profile.fsync.kind === 'mixture' && profile.fsync.stall.length, {
    kind: 'constant',
    value: 300e6,
  });
  assert.is(profile.name, 'disk');
});

test('with --fdatasync=1 the log holds page-cache writes: stalls come from the gaps', () => {
  const { calibration, profile } = profileOf([
    testdata('fio-gaps.json'),
    testdata('fio-gaps_clat.1.log'),
  ]);
  assert.ok(idsOf(calibration).includes('gaps'));
  assert.is(calibration.stalls?.resolutionNs, 1e6);
  assert.equal(
    calibration.stalls?.episodes.map((episode) => episode.lengthNs),
    [438e6],
  );
  // The distribution is that of the JSON, whose longest sync took 3.3 ms.
  assert.is(calibration.summary?.count, 6115);
  assert.is(profile.fsync.kind, 'mixture');
});

test('without the JSON it cannot be known whether such a log holds syncs', () => {
  assert.equal(codesOf([testdata('fio-gaps_clat.1.log')]), ['WT6042']);
});

test('a paced run has gaps that are not syncs: the log is left out', () => {
  const run = JSON.parse(testdata('fio-gaps.json').text);
  run.jobs[0]['job options'].thinktime = '5ms';
  const { calibration, profile } = profileOf([
    text('fio-gaps.json', JSON.stringify(run)),
    testdata('fio-gaps_clat.1.log'),
  ]);
  assert.ok(idsOf(calibration).includes('paced-log'));
  assert.is(calibration.stalls, null);
  assert.is(profile.stallsAssumed, true);
});

test('_lat beside _clat is the same I/Os and counts once', () => {
  const content = log(Array(100).fill(2));
  const { calibration } = profileOf([
    text('disk_clat.1.log', content),
    text('disk_lat.1.log', content),
  ]);
  assert.is(calibration.summary?.count, 100);
  assert.ok(idsOf(calibration).includes('duplicate-log'));
});

test('times of day (--log_unix_epoch) count from the first line', () => {
  const plain = log([2, 2, 300, 2, 2, 2, 2, 2, 2, 2, 2]);
  const dated = plain.replace(/^\d+/gm, (ms) => String(1_700_000_000_000 + Number(ms)));
  const [a, b] = [plain, dated].map(
    (content) => profileOf([text('disk_clat.1.log', content)]).calibration.stalls,
  );
  assert.is(b?.episodes.length, 1);
  assert.equal(a, b);
});

test('values of fio 2 are µs: as ns they would fill nothing of the run', () => {
  // 1000 writes of 1500 µs in 1.5 s.
  const lines = Array.from(
    { length: 1000 },
    (_, i) => `${Math.round(1.5 * (i + 1))}, 1500, 1, 2300`,
  );
  const { calibration } = profileOf([text('disk_lat.log', lines.join('\n'))]);
  assert.ok(idsOf(calibration).includes('log-unit'));
  assert.is(calibration.summary?.meanNs, 1_500_000);
  const forced = profileOf([text('disk_lat.log', lines.join('\n'))], { unit: 'us' });
  assert.is(forced.calibration.summary?.meanNs, 1_500_000);
});

test('a short series without a stall does not show that there are none; a long one does', () => {
  const short = profileOf([text('disk_clat.1.log', log(Array(1000).fill(2)))]);
  assert.is(short.profile.stallsAssumed, true);
  assert.ok(idsOf(short.calibration).includes('no-stall-seen'));
  // 4000 syncs of 160 ms are 640 s; ten medians are 1.6 s.
  const long = profileOf([text('disk_clat.1.log', log(Array(4000).fill(160)))]);
  assert.is(long.profile.stallsAssumed, false);
  assert.equal(long.profile.fsync, { kind: 'constant', value: 160e6 });
});

test('wrong kinds of logs are problems with codes', () => {
  const good = log(Array(50).fill(2));
  const averaged = Array.from({ length: 30 }, (_, i) => `${(i + 1) * 1000}, 150000, 1, 0, 0`);
  const cases: readonly (readonly [string, string, string])[] = [
    ['disk_bw.1.log', good, 'WT6040'],
    ['disk_slat.1.log', good, 'WT6040'],
    ['disk_clat.1.log', `${good}100, x, 1, 2300, 0\n`, 'WT6041'],
    ['disk_clat.1.log', `${good}100, 5000\n`, 'WT6041'],
    ['disk_clat.1.log', `${good}100, -5, 1, 2300, 0\n`, 'WT6041'],
    ['disk_clat.1.log', `${good}100, 1e999, 1, 2300, 0\n`, 'WT6041'],
    // An hour and a nanosecond.
    ['disk_clat.1.log', `${good}100, 3600000000001, 1, 2300, 0\n`, 'WT6041'],
    ['disk_clat.1.log', good.replaceAll(', 1, 2300', ', 0, 2300'), 'WT6042'],
    ['disk_clat.1.log', averaged.join('\n'), 'WT6043'],
  ];
  for (const [name, content, code] of cases) {
    assert.equal(codesOf([text(name, content)]), [code], name);
  }
});

test('the first twenty bad lines are told, and how many more there are', () => {
  const bad = Array.from({ length: 50 }, () => '1, -1, 1, 2300, 0').join('\n');
  const codes = codesOf([text('disk_clat.1.log', bad)]);
  assert.equal(codes, Array(21).fill('WT6041'));
});

test.run();
