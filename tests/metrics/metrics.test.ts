import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  METRICS_MAX,
  Metrics,
  MetricsLimitError,
  type MetricsOptions,
  type MetricsResult,
  mergeHistograms,
  type SeriesResult,
} from '../../src/metrics/index.ts';
import { SortedSamples } from '../oracles/sorted-samples.ts';

const test = suite('metrics/metrics');

/** 10 s of warm-up, 100 s in all, cuts at 40 and 70 s, rows of 10 s; times in whole "ns". */
const OPTIONS: MetricsOptions = {
  warmupNs: 10,
  horizonNs: 100,
  cutsNs: [70, 40, 40, 5, 100],
  seriesIntervalNs: 10,
};

/** Calls `at(now)` at every instant 0..horizon - 1, with the cuts between, as a run does. */
function drive(metrics: Metrics, horizonNs: number, at: (nowNs: number) => void): MetricsResult {
  for (let nowNs = 0; nowNs < horizonNs; nowNs += 1) {
    if (metrics.nextCutNs() <= nowNs) metrics.cut(nowNs);
    at(nowNs);
  }
  return metrics.finish(horizonNs);
}

function column(result: MetricsResult, name: string, field: SeriesResult['field']): number[] {
  const found = result.series.find((series) => series.name === name && series.field === field);
  assert.ok(found !== undefined, `no column ${name} ${field}`);
  return [...found.values];
}

test('Segments begin at the end of warm-up and at cuts; cuts outside have no effect.', () => {
  const result = drive(new Metrics(OPTIONS), 100, () => {});
  assert.deepEqual(result.segments, [
    { fromNs: 10, toNs: 40 },
    { fromNs: 40, toNs: 70 },
    { fromNs: 70, toNs: 100 },
  ]);
});

test('A run without warm-up measures from the first instant.', () => {
  const metrics = new Metrics({ ...OPTIONS, warmupNs: 0, cutsNs: [] });
  const counter = metrics.counter('a_total');
  const result = drive(metrics, 100, () => counter.add());
  assert.deepEqual(result.segments, [{ fromNs: 0, toNs: 100 }]);
  assert.deepEqual(result.counters[0].perSegment, [100]);
});

test('A counter that grows by 2 each ns has 60 in each segment of 30 ns.', () => {
  const metrics = new Metrics(OPTIONS);
  const counter = metrics.counter('a_total');
  const result = drive(metrics, 100, () => counter.add(2));
  assert.deepEqual(result.counters[0].perSegment, [60, 60, 60]);
  // 20 in 10 ns are 2e9 a second; the value is what a scrape at the end of the row would show.
  assert.deepEqual(column(result, 'a_total', 'rate'), new Array(10).fill(2e9));
  assert.deepEqual(column(result, 'a_total', 'value').slice(0, 3), [20, 40, 60]);
});

test('A tally keeps every segment apart, and the segments of a run merge to the whole.', () => {
  const metrics = new Metrics(OPTIONS);
  const tally = metrics.tally('wait_seconds');
  const result = drive(metrics, 100, (nowNs) => tally.record(nowNs));
  const [a, b, c] = result.tallies[0].perSegment;
  assert.deepEqual([a.total, a.min, a.max], [30, 10, 39]);
  assert.deepEqual([b.total, b.min, b.max], [30, 40, 69]);
  assert.deepEqual([c.total, c.min, c.max], [30, 70, 99]);
  const whole = mergeHistograms([a, b, c]);
  // 10 + ... + 99 = 90 x 54.5.
  assert.equal(whole.sumHigh * 2 ** 32 + whole.sumLow, 4905);
});

test('Wherever warm-up, cuts and rows lie, a value is in the segment and row of its time.', () => {
  const time = fc.integer({ min: 0, max: 119 });
  // Half of them within 200 of the bound of the bucket, where a bin is divided.
  const value = fc.oneof(
    fc.integer({ min: 0, max: 100_000 }),
    fc.integer({ min: 49_800, max: 50_200 }),
  );
  const values = fc.array(fc.tuple(time, value), { maxLength: 60 });
  fc.assert(
    fc.property(
      time,
      fc.array(time, { maxLength: 4 }),
      fc.integer({ min: 1, max: 50 }),
      values,
      (warmupNs, cutsNs, seriesIntervalNs, list) => {
        const metrics = new Metrics({ warmupNs, horizonNs: 120, cutsNs, seriesIntervalNs });
        const tally = metrics.tally('t_seconds', {}, { buckets: [50e-6] });
        const counter = metrics.counter('c_total');
        const result = drive(metrics, 120, (nowNs) => {
          for (const [atNs, value] of list) {
            if (atNs !== nowNs) continue;
            tally.record(value);
            counter.add(value);
          }
        });
        const within = (fromNs: number, toNs: number) =>
          list.filter(([atNs]) => atNs >= fromNs && atNs < toNs).map(([, value]) => value);
        const starts = [...new Set([warmupNs, ...cutsNs.filter((cut) => cut > warmupNs)])];
        starts.sort((a, b) => a - b);
        assert.deepEqual(
          result.segments,
          starts.map((fromNs, i) => ({ fromNs, toNs: starts[i + 1] ?? 120 })),
        );
        result.segments.forEach(({ fromNs, toNs }, i) => {
          const oracle = new SortedSamples(within(fromNs, toNs));
          const segment = result.tallies[0].perSegment[i];
          assert.equal(segment.total, oracle.sorted.length);
          assert.equal(segment.sumLow, Number(oracle.sum()));
          assert.equal(result.counters[0].perSegment[i], Number(oracle.sum()));
          assert.equal(result.tallies[0].prometheus?.perSegment[i][0], oracle.countAtMost(50_000));
        });
        column(result, 't_seconds', 'count').forEach((count, row) => {
          const from = row * seriesIntervalNs;
          assert.equal(count, within(from, from + seriesIntervalNs).length);
        });
      },
    ),
  );
});

test('A row of the time series counts each value once, also across a cut inside it.', () => {
  const metrics = new Metrics({ warmupNs: 15, horizonNs: 100, cutsNs: [44], seriesIntervalNs: 20 });
  const tally = metrics.tally('size_bytes');
  const result = drive(metrics, 100, (nowNs) => tally.record(nowNs));
  assert.deepEqual(column(result, 'size_bytes', 'count'), [20, 20, 20, 20, 20]);
  assert.deepEqual(column(result, 'size_bytes', 'max'), [19, 39, 59, 79, 99]);
  assert.deepEqual(column(result, 'size_bytes', 'mean'), [9.5, 29.5, 49.5, 69.5, 89.5]);
  assert.ok(column(result, 'size_bytes', 'p50').every(Number.isNaN), '20 values have no p50');
  assert.deepEqual(
    result.tallies[0].perSegment.map((h) => [h.total, h.min, h.max]),
    [
      [29, 15, 43],
      [56, 44, 99],
    ],
  );
});

test('A level is weighed by time: 3 for 10 ns and 0 for 20 ns has the integral 30.', () => {
  const metrics = new Metrics(OPTIONS);
  const level = metrics.level('queue');
  const result = drive(metrics, 100, (nowNs) => {
    if (nowNs === 5) level.set(nowNs, 7);
    if (nowNs === 20) level.set(nowNs, 3);
    if (nowNs === 30) level.add(nowNs, -3);
    if (nowNs === 95) level.set(nowNs, -2);
  });
  // Warm-up ends at 10 with 7: 10 ns x 7 + 10 ns x 3 + 10 ns x 0 in the first segment.
  assert.deepEqual(result.levels[0].perSegment, [
    { integral: 100, min: 0, max: 7, last: 0 },
    { integral: 0, min: 0, max: 0, last: 0 },
    { integral: -10, min: -2, max: 0, last: -2 },
  ]);
  // The first row: 0 for 5 ns, 7 for 5 ns.
  assert.deepEqual(column(result, 'queue', 'mean').slice(0, 4), [3.5, 7, 3, 0]);
  assert.deepEqual(column(result, 'queue', 'max').slice(0, 4), [7, 7, 7, 3]);
  assert.equal(column(result, 'queue', 'value')[9], -2);
});

test('A level agrees with its value at every instant.', () => {
  const time = fc.integer({ min: 0, max: 119 });
  const sets = fc.array(fc.tuple(time, fc.integer({ min: -5, max: 50 })), { maxLength: 20 });
  fc.assert(
    fc.property(sets, fc.array(time, { maxLength: 3 }), (list, cutsNs) => {
      const metrics = new Metrics({ warmupNs: 0, horizonNs: 120, cutsNs, seriesIntervalNs: 40 });
      const level = metrics.level('queue');
      // What stands at an instant, and everything that it was during it.
      const held: number[] = [];
      const touched: number[][] = [];
      let value = 0;
      const result = drive(metrics, 120, (nowNs) => {
        touched[nowNs] = [value];
        for (const [atNs, to] of list) {
          if (atNs !== nowNs) continue;
          value = to;
          level.set(nowNs, to);
          touched[nowNs].push(to);
        }
        held[nowNs] = value;
      });
      result.segments.forEach(({ fromNs, toNs }, i) => {
        const seen = touched.slice(fromNs, toNs).flat();
        assert.deepEqual(result.levels[0].perSegment[i], {
          integral: held.slice(fromNs, toNs).reduce((a, b) => a + b),
          min: Math.min(...seen),
          max: Math.max(...seen),
          last: held[toNs - 1],
        });
      });
      column(result, 'queue', 'mean').forEach((mean, row) => {
        const part = held.slice(row * 40, row * 40 + 40);
        assert.equal(mean, part.reduce((a, b) => a + b) / 40);
      });
    }),
  );
});

test('A level that is set in the past is an invariant violation.', () => {
  const level = new Metrics(OPTIONS).level('queue');
  level.set(8, 1);
  assert.throws(() => level.set(7, 1), /before 8 ns/);
});

test('A metric that is registered late has empty segments and rows before.', () => {
  const metrics = new Metrics(OPTIONS);
  const result = drive(metrics, 100, (nowNs) => {
    if (nowNs < 50) return;
    metrics.counter('late_total').add();
    metrics.tally('late_seconds', {}, { buckets: [1e-8] }).record(nowNs);
  });
  assert.deepEqual(result.counters[0].perSegment, [0, 20, 30]);
  assert.deepEqual(
    result.tallies[0].perSegment.map((h) => h.total),
    [0, 20, 30],
  );
  assert.deepEqual(
    result.tallies[0].prometheus?.perSegment.map((counts) => [...counts]),
    [
      [0, 0],
      [0, 20],
      [0, 30],
    ],
  );
  assert.deepEqual(column(result, 'late_total', 'rate').slice(3, 6), [0, 0, 1e9]);
});

test('A run that is interrupted has a shorter last segment and a shorter last row.', () => {
  const metrics = new Metrics(OPTIONS);
  const counter = metrics.counter('a_total');
  const result = drive(metrics, 54, () => counter.add());
  assert.deepEqual(result.segments.at(-1), { fromNs: 40, toNs: 54 });
  assert.deepEqual(result.counters[0].perSegment, [30, 14]);
  // Row 6 is 4 ns long: 4 in 4 ns are 1e9 a second.
  assert.deepEqual(column(result, 'a_total', 'rate'), new Array(6).fill(1e9));
});

test('A run that is interrupted at a cut has no empty segment.', () => {
  const result = drive(new Metrics(OPTIONS), 40, () => {});
  assert.deepEqual(result.segments, [{ fromNs: 10, toNs: 40 }]);
});

test('A run that ends in warm-up has no segment.', () => {
  const metrics = new Metrics(OPTIONS);
  metrics.counter('a_total');
  const result = drive(metrics, 8, () => {});
  assert.deepEqual(result.segments, []);
  assert.deepEqual(result.counters[0].perSegment, []);
});

test('Prometheus buckets count exactly, bounds inclusive, whatever the fine bins are.', () => {
  const bound = fc.integer({ min: 1, max: 3_000_000 });
  const bounds = fc
    .uniqueArray(bound, { minLength: 1, maxLength: 20 })
    .map((list) => list.sort((x, y) => x - y));
  const values = fc.array(fc.integer({ min: 0, max: 4_000_000 }), { maxLength: 100 });
  fc.assert(
    fc.property(bounds, values, (boundsNs, some) => {
      const metrics = new Metrics({ ...OPTIONS, warmupNs: 0, cutsNs: [] });
      const tally = metrics.tally('t_seconds', {}, { buckets: boundsNs.map((ns) => ns / 1e9) });
      const all = [
        ...some,
        ...boundsNs,
        ...boundsNs.map((ns) => ns + 1),
        ...boundsNs.map((ns) => ns - 1),
      ];
      for (const value of all) tally.record(value);
      const prometheus = metrics.finish(100).tallies[0].prometheus;
      assert.ok(prometheus !== null);
      const oracle = new SortedSamples(all);
      let below = 0;
      boundsNs.forEach((ns, i) => {
        below += prometheus.perSegment[0][i];
        assert.equal(below, oracle.countAtMost(ns), `le ${ns} ns`);
      });
      assert.equal(below + prometheus.perSegment[0][boundsNs.length], all.length);
    }),
  );
});

test('The same name and labels are the same metric, in whatever order the labels come.', () => {
  const metrics = new Metrics(OPTIONS);
  const one = metrics.counter('a_total', { x: '1', y: '2' });
  assert.equal(metrics.counter('a_total', { y: '2', x: '1' }), one);
  assert.notEqual(metrics.counter('a_total', { y: '1', x: '2' }), one);
  assert.throws(() => metrics.level('a_total', { x: '1', y: '2' }), /is not a level/);
});

test('One label set more than the limit is a coded error.', () => {
  const metrics = new Metrics({ ...OPTIONS, seriesIntervalNs: 0 });
  for (let i = 0; i < METRICS_MAX; i += 1) metrics.counter('a_total', { pod: String(i) });
  metrics.counter('a_total', { pod: '7' });
  assert.throws(
    () => metrics.counter('a_total', { pod: 'x' }),
    (error) => error instanceof MetricsLimitError && error.code === 'WT2202',
  );
});

test('More rows of time series than the limit are a coded error.', () => {
  assert.throws(
    () => new Metrics({ ...OPTIONS, horizonNs: 1e9, seriesIntervalNs: 1 }),
    (error) => error instanceof MetricsLimitError && error.code === 'WT2201',
  );
  const metrics = new Metrics({ ...OPTIONS, horizonNs: 100_000, seriesIntervalNs: 1 });
  // 32e6 numbers hold 64 tallies of 5 columns and 100,000 rows.
  for (let i = 0; i < 64; i += 1) metrics.tally('t', { i: String(i) });
  assert.throws(() => metrics.tally('t', { i: 'x' }), MetricsLimitError);
});

test('Events come out in the order in which they were told.', () => {
  const metrics = new Metrics(OPTIONS);
  metrics.event(3, 'fault', 'etcd/0', 'stallDisk');
  metrics.event(4, 'leaderLost', 'etcd/0', '');
  assert.deepEqual(
    metrics.finish(10).events.map((row) => [row.timeNs, row.kind]),
    [
      [3, 'fault'],
      [4, 'leaderLost'],
    ],
  );
});

test('A probe reports arrivals, waiting and utilization of the measured time only.', () => {
  const metrics = new Metrics({ ...OPTIONS, cutsNs: [50] });
  const probe = metrics.resource('disk', 'server-pool', 2);
  const result = drive(metrics, 100, (nowNs) => {
    if (nowNs % 10 !== 5) return;
    probe.arrive();
    probe.queue(nowNs, nowNs === 95 ? 4 : 1);
    probe.busy(nowNs, 1);
    probe.wait(nowNs);
    probe.service(3);
  });
  const [resource] = result.resources;
  // Arrivals at 5, 15, ..., 95; the first is in warm-up. Queue and busy are 1 from 5 on.
  assert.equal(resource.arrivals, 9);
  assert.equal(resource.utilization, 0.5);
  // 85 ns of 1 and 5 ns of 4, over 90 ns.
  assert.equal(resource.queueMean, 105 / 90);
  assert.equal(resource.queueMax, 4);
  assert.deepEqual([resource.waitNsMean, resource.waitNsMax, resource.waitNsTotal], [55, 95, 495]);
  assert.equal(resource.serviceNsMean, 3);
  assert.deepEqual(resource.queueAtQuarters, [1, 1, 1, 4]);
});

test('Results are plain data that a worker can hand over.', () => {
  const metrics = new Metrics(OPTIONS);
  metrics.tally('t_seconds', { a: 'b' }, { buckets: [0.1] }).record(5);
  metrics.resource('lock', 'lock', 1);
  const result = metrics.finish(100);
  assert.deepEqual(structuredClone(result), result);
});

test.run();
