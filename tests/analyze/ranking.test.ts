import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { latencyByStage, rankBottlenecks } from '../../src/analyze/index.ts';
import type { ResourceResult } from '../../src/metrics/index.ts';
import { buildRun, MS, makeScenario, type Script } from '../support/run-result.ts';

const test = suite('bottlenecks and stages');

function resource(name: string, changes: Partial<ResourceResult>): ResourceResult {
  return {
    name,
    kind: 'server-pool',
    servers: 1,
    arrivals: 100,
    utilization: 0,
    queueMean: 0,
    queueMax: 0,
    waitNsMean: 0,
    waitNsMax: 0,
    serviceNsMean: 0,
    waitNsTotal: 0,
    queueAtQuarters: [],
    ...changes,
  };
}

test('resources are ranked by utilization over replications, with the next one', () => {
  const run = (disk: number, cpu: number) => [
    resource('cpu', { utilization: cpu, waitNsTotal: 3 * MS }),
    resource('disk', { utilization: disk, waitNsTotal: MS }),
    resource('idle', { arrivals: 0 }),
  ];
  const found = rankBottlenecks([run(0.9, 0.5), run(0.7, 0.7)]);
  assert.equal(found.busiest, 'disk');
  assert.equal(found.nextBusiest, 'cpu');
  assert.equal(found.mostWaiting, 'cpu');
  assert.equal(found.nextMostWaiting, 'disk');
  assert.deepEqual(
    found.ranking.map((rank) => [rank.name, rank.utilizationRank, rank.waitRank, rank.waitShare]),
    [
      ['disk', 1, 2, 0.25],
      ['cpu', 2, 1, 0.75],
    ],
  );
  assert.equal(found.ranking[0].utilization.mean, 0.8);
});

test('means over replications weigh every arrival alike', () => {
  // 100 arrivals wait 1 ms each, 300 wait 3 ms each: 1000 ms over 400.
  const found = rankBottlenecks([
    [
      resource('lock', {
        arrivals: 100,
        waitNsTotal: 100 * MS,
        waitNsMax: 2 * MS,
        utilization: 0.1,
      }),
    ],
    [
      resource('lock', {
        arrivals: 300,
        waitNsTotal: 900 * MS,
        waitNsMax: 5 * MS,
        utilization: 0.1,
      }),
    ],
  ]);
  assert.equal(found.ranking[0].waitMeanSeconds, 0.0025);
  assert.equal(found.ranking[0].waitMaxSeconds, 0.005);
  assert.equal(found.nextBusiest, '');
});

test('where nothing waits, nothing is most waiting', () => {
  const found = rankBottlenecks([[resource('a', { utilization: 0.1 })]]);
  assert.equal(found.mostWaiting, '');
  assert.deepEqual(rankBottlenecks([]).ranking, []);
});

/** 1000 requests: fsync 2 ms, apply 1 ms; each tenth is slow, with an fsync of 12 ms. */
const staged =
  (slowToo: boolean): Script =>
  (m) => {
    const tally = (name: string, stage: string) =>
      m.tally(`wavetank_request_${name}_duration_seconds`, { op: 'put', stage });
    for (let i = 0; i < 1000; i++) {
      const slow = i % 10 === 0;
      tally('stage', 'fsync').record((slow ? 12 : 2) * MS);
      tally('stage', 'apply').record(MS);
      if (!slow || !slowToo) continue;
      tally('slow_stage', 'fsync').record(12 * MS);
      tally('slow_stage', 'apply').record(MS);
    }
  };

test('stages have their share of the time, and of what slow requests take longer', () => {
  // fsync: mean (900 x 2 + 100 x 12) / 1000 = 3 ms of 4 ms. Slow: 12 of 13 ms; excess 9 ms, all of
  // it fsync.
  const scenario = makeScenario({ warmupNs: 0 });
  const [put] = latencyByStage([buildRun(scenario, { script: staged(true) }).metrics]);
  const [fsync, apply] = put.rows;
  assert.equal(put.op, 'put');
  assert.equal(fsync.stage, 'fsync');
  assert.equal(fsync.mean, 0.003);
  assert.equal(fsync.share, 0.75);
  assert.equal(fsync.slowMean, 0.012);
  assert.equal(fsync.slowShare, 12 / 13);
  assert.equal(fsync.excessShare, 1);
  assert.equal(apply.excessShare, 0);
  assert.deepEqual(put.slowBecauseOf, ['fsync']);
});

test('without records of slow requests the shares are there and the reasons are not', () => {
  const scenario = makeScenario({ warmupNs: 0 });
  const [put] = latencyByStage([buildRun(scenario, { script: staged(false) }).metrics]);
  assert.equal(put.rows[0].share, 0.75);
  assert.equal(put.rows[0].excessShare, null);
  assert.deepEqual(put.slowBecauseOf, []);
});

test('replications are pooled', () => {
  const scenario = makeScenario({ warmupNs: 0 });
  const runs = [0, 1].map(
    (r) => buildRun(scenario, { replication: r, script: staged(true) }).metrics,
  );
  assert.equal(latencyByStage(runs)[0].rows[0].count, 2000);
});

test.run();
