import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mean, quantile } from '../../src/dist/index.ts';
import { codesOf, example, idsOf, profileOf, testdata, text } from './support.ts';

const test = suite('calibrate: fio JSON');

interface JobOptions {
  [name: string]: string;
}

/** A run of one job; `sync` and `write` as fio writes them. */
function fio(
  o: { options?: JobOptions; sync?: object; write?: object; error?: number; name?: string },
  more: object[] = [],
): string {
  const job = {
    jobname: o.name ?? 'wal',
    error: o.error ?? 0,
    'job options': o.options ?? { rw: 'write', fdatasync: '1', bs: '2300' },
    write: o.write ?? { total_ios: 0 },
    sync: o.sync ?? {},
  };
  return JSON.stringify({ 'fio version': 'fio-3.33', jobs: [job, ...more] });
}

/** 4000 syncs: 3960 in the bin [991232, 999424) ns around 995328, 40 around 2015232 ns. */
const TWO_BINS = {
  lat_ns: {
    min: 992_000,
    max: 2_020_000,
    mean: 1_005_000,
    N: 4000,
    bins: { '995328': 3960, '2015232': 40 },
  },
};

test('a real json+ run of fio 3.33 gives its mean exactly and its quantiles within a bin', () => {
  const { calibration, profile } = profileOf([example('fio-disk.json')]);
  assert.is(calibration.format, 'fio-json');
  assert.is(profile.kind, 'service');
  assert.is(profile.name, 'fio-disk');
  // fio itself: mean 155430.554592, p50 152576, p90 222208, p99 301056, all midpoints of bins.
  assert.ok(Math.abs(mean(profile.fsync) - 155_430.554592) < 0.01);
  const printed: readonly (readonly [number, number])[] = [
    [0.5, 152_576],
    [0.9, 222_208],
    [0.99, 301_056],
  ];
  for (const [p, ns] of printed) {
    assert.ok(Math.abs(quantile(profile.fsync, p) - ns) < ns * 0.02, `p${p}`);
  }
  assert.is(calibration.verdict?.level, 'good');
  assert.is(calibration.summary?.count, 10_029);
  assert.equal(idsOf(calibration), ['short-run']);
});

test('bins are named by their midpoints: the edges lie half a width to either side', () => {
  // 995328 is 2^19 .. 2^20: width 2^19 / 64 = 8192, so [991232, 999424); 2015232 has width 16384:
  // [2007040, 2023424). The recorded extremes cut the first to 992000 and the last to 2020000.
  const { profile } = profileOf([text('disk.json', fio({ sync: TWO_BINS }))]);
  assert.equal(profile.fsync, {
    kind: 'histogram',
    bounds: [992_000, 999_424, 2_007_040, 2_020_000],
    counts: [0, 3960, 0, 40],
    sum: 1_005_000 * 4000,
  });
});

test('percentiles without bins give the recorded mean and say what is lost', () => {
  const { calibration, profile } = profileOf([testdata('fio-percentiles.json')]);
  assert.ok(idsOf(calibration).includes('percentiles-only'));
  assert.ok(Math.abs(mean(profile.fsync) - 155_430.554592) < 0.01);
  // The 99th percentile of fio, 301056 ns, is an edge: exactly 1 % of 10029 lies above.
  assert.ok(Math.abs(quantile(profile.fsync, 0.99) - 301_056) < 100);
});

test('a RAM disk is told by its speed', () => {
  const { calibration } = profileOf([testdata('fio-tmpfs.json')]);
  assert.ok(idsOf(calibration).includes('no-device'));
});

test('µs of fio 2 and ms spelled out are read as what they are', () => {
  const stat = {
    min: 400,
    max: 900,
    mean: 500,
    percentile: { '50.000000': 480, '99.000000': 880 },
  };
  const options = { rw: 'write', sync: '1', bs: '2300' };
  const old = fio({ options, sync: {}, write: { total_ios: 5000, clat: stat } });
  // 50 % of 5000 up to 480 µs, 49 % up to 880 µs, the last 1 % up to the maximum of 900 µs.
  assert.equal(profileOf([text('old.json', old)]).profile.fsync, {
    kind: 'histogram',
    bounds: [400e3, 480e3, 880e3, 900e3],
    counts: [0, 2500, 2450, 50],
    sum: 500e3 * 5000,
  });
  const ms = fio({ options, sync: {}, write: { clat_ms: { ...stat, N: 5000 } } });
  assert.ok(Math.abs(mean(profileOf([text('ms.json', ms)]).profile.fsync) - 500e6) < 1);
});

test('jobs that synced are added up, bin by bin, and named as several', () => {
  const second = { jobname: 'b', error: 0, sync: TWO_BINS, write: {} };
  const { calibration, profile } = profileOf([
    text('disk.json', fio({ sync: TWO_BINS }, [second])),
  ]);
  assert.equal(profile.fsync.kind === 'histogram' && profile.fsync.counts, [0, 7920, 0, 80]);
  assert.ok(idsOf(calibration).includes('several-jobs'));
  const one = profileOf([text('disk.json', fio({ sync: TWO_BINS }, [second]))], { job: 'b' });
  assert.is(one.calibration.summary?.count, 4000);
  assert.equal(codesOf([text('disk.json', fio({ sync: TWO_BINS }))], { job: 'c' }), ['WT6014']);
});

test('a run without sync measured the page cache: a warning, and no verdict', () => {
  const write = { total_ios: 4000, clat_ns: TWO_BINS.lat_ns };
  const { calibration } = profileOf([
    text('disk.json', fio({ options: { rw: 'write', bs: '2300' }, write })),
  ]);
  assert.ok(idsOf(calibration).includes('no-fdatasync'));
  assert.is(calibration.verdict?.level, 'unknown');
});

test('options that etcd does not have are findings', () => {
  const cases: readonly (readonly [JobOptions, string])[] = [
    [{ rw: 'write', fdatasync: '1', bs: '64k' }, 'block-size'],
    [{ rw: 'randwrite', fdatasync: '1', bs: '2300' }, 'access-pattern'],
    [{ rw: 'write', fdatasync: '1', bs: '2300', direct: '1' }, 'direct'],
    [{ rw: 'write', fdatasync: '8', bs: '2300' }, 'several-writes-per-sync'],
    [{ rw: 'write', fsync: '1', bs: '2300' }, 'fsync-not-fdatasync'],
    [{ rw: 'write', fdatasync: '1', bs: '2300', iodepth: '8' }, 'iodepth'],
    [{ rw: 'write', fdatasync: '1', bs: '2300', numjobs: '4' }, 'several-jobs'],
  ];
  for (const [options, id] of cases) {
    const { calibration } = profileOf([text('disk.json', fio({ options, sync: TWO_BINS }))]);
    assert.ok(idsOf(calibration).includes(id), id);
  }
  const clean = profileOf([text('disk.json', fio({ sync: TWO_BINS }))]);
  assert.equal(idsOf(clean.calibration), []);
});

test('global options count for every job', () => {
  const run = JSON.parse(fio({ options: {}, sync: TWO_BINS }));
  run['global options'] = { rw: 'write', fdatasync: '1', bs: '128k' };
  const { calibration } = profileOf([text('disk.json', JSON.stringify(run))]);
  assert.equal(idsOf(calibration), ['block-size']);
});

test('warnings that fio prints before the JSON are passed over', () => {
  const warning = 'fio: this platform does not support process shared mutexes';
  const noisy = `${warning}\n${fio({ sync: TWO_BINS })}`;
  assert.is(profileOf([text('disk.json', noisy)]).calibration.summary?.count, 4000);
});

test('broken, foreign and empty runs are problems with codes', () => {
  const whole = fio({ sync: TWO_BINS });
  const wrong = (change: object): string =>
    fio({ sync: { lat_ns: { ...TWO_BINS.lat_ns, ...change } } });
  const cases: readonly (readonly [string, string])[] = [
    [whole.slice(0, -200), 'WT6010'],
    [whole.replace('"mean":1005000', '"mean":-nan'), 'WT6010'],
    ['{"jobs": [}', 'WT6010'],
    ['{"status":"success","data":{"result":[]}}', 'WT6011'],
    ['{"hello": 1}', 'WT6011'],
    ['[1, 2]', 'WT6011'],
    ['{"jobs": []}', 'WT6012'],
    [fio({}), 'WT6012'],
    [fio({ sync: TWO_BINS, error: 28 }), 'WT6012'],
    [wrong({ bins: { '995328': -1 } }), 'WT6013'],
    [wrong({ bins: { x: 1 } }), 'WT6013'],
    [wrong({ min: -5 }), 'WT6013'],
    [wrong({ bins: { 1e300: 5 } }), 'WT6013'],
    [wrong({ mean: 1e9 }), 'WT6013'],
    [wrong({ mean: null }), 'WT6013'],
    [wrong({ bins: {}, mean: 9e9, percentile: { '50.0': 1e6 } }), 'WT6013'],
  ];
  for (const [content, code] of cases) {
    assert.equal(codesOf([text('disk.json', content)]), [code], content.slice(0, 60));
  }
});

test.run();
