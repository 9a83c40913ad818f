import assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { DistributionSpec } from '../../src/dist/index.ts';
import type { ResourceResult } from '../../src/metrics/index.ts';
import { BatchServer, ServerPool } from '../../src/resource/index.ts';
import { arrivals, assertLaw, MS, runToEnd, S, testBed } from './bed.ts';

const test = suite('resource/laws');

/** Every law: 12 independent seeds of about 10,000 jobs each, the first tenth is warm-up. */
const SEEDS = 12;

const exponential = (mean: number): DistributionSpec => ({ kind: 'exponential', mean });

function pool(
  servers: number,
  ratePerSecond: number,
  service: DistributionSpec,
): readonly ResourceResult[] {
  return Array.from({ length: SEEDS }, (_, i) => {
    const warmupNs = Math.round((1000 / ratePerSecond) * S);
    const ctx = testBed(10 * warmupNs, `${servers} servers, seed ${i}`, warmupNs);
    const station = new ServerPool(ctx, 'station', { servers });
    const noted = ctx.sim.eventType('test/done', () => {});
    arrivals(ctx, exponential(S / ratePerSecond), service, (serviceNs) =>
      assert.ok(station.request(serviceNs, noted, 0, 0)),
    );
    return runToEnd(ctx).resources[0];
  });
}

test('M/M/1 at 70 %: the mean wait is rho / (mu - lambda) = 0.7 / 300 s.', () => {
  const runs = pool(1, 700, exponential(MS));
  const waits = runs.map((run) => run.waitNsMean);
  assertLaw('wait', waits, (0.7 / 300) * S, 0.25);
  // Lq = lambda Wq = 700 x 0.7 / 300.
  const queues = runs.map((run) => run.queueMean);
  assertLaw('queue', queues, (700 * 0.7) / 300, 0.25);
});

test('M/M/3 at 80 %: the mean wait is C / (c mu - lambda), C = 0.6471910 by Erlang.', () => {
  // a = 2.4: a^3 / 3! / (1 - 0.8) = 11.52; 11.52 / (1 + 2.4 + 2.88 + 11.52) = 0.6471910.
  const waits = pool(3, 2400, exponential(MS)).map((run) => run.waitNsMean);
  assertLaw('wait', waits, (11.52 / 17.8 / 600) * S, 0.3);
});

test('M/G/1 at 60 %, gamma of shape 1/2: rho / (1 - rho) x (1 + scv) / 2 = 2.25 services.', () => {
  // Pollaczek-Khinchine with scv = 1 / shape = 2: 1.5 x 1.5 x 1 ms.
  const runs = pool(1, 600, { kind: 'gamma', mean: MS, shape: 0.5 });
  const waits = runs.map((run) => run.waitNsMean);
  assertLaw('wait', waits, 2.25 * MS, 0.25);
});

test('M/D/1 at 80 %: rho / (1 - rho) / 2 = 2 services.', () => {
  const waits = pool(1, 800, { kind: 'constant', value: MS }).map((run) => run.waitNsMean);
  assertLaw('wait', waits, 2 * MS, 0.25);
});

test('Utilization law: utilization is lambda E[S] / c, whatever the distributions.', () => {
  const cases: [number, number, DistributionSpec, number][] = [
    [1, 700, exponential(MS), 0.7],
    [4, 1200, { kind: 'gamma', mean: 2 * MS, shape: 0.5 }, 0.6],
    [2, 900, { kind: 'uniform', min: 0, max: 2 * MS }, 0.45],
  ];
  for (const [servers, rate, service, expected] of cases) {
    const values = pool(servers, rate, service).map((run) => run.utilization);
    assertLaw('utilization', values, expected, 0.05);
  }
});

test('A server that takes all that wait, mu = lambda / 2: busy 6/7, wait 6/7 of a service.', () => {
  // Exponential batches of any size. With r = lambda / (lambda + mu) = 2/3, n wait behind a busy
  // server with probability p0 r^n, it is idle with p0 mu / lambda: p0 (1/2 + 3) = 1, p0 = 2/7.
  // P(busy) = p0 / (1 - r) = 6/7; Lq = p0 r / (1 - r)^2 = 12/7; Wq = Lq / lambda = 6/7 ms.
  const runs = Array.from({ length: SEEDS }, (_, i) => {
    const ctx = testBed(5 * S, `batch ${i}`, S / 2);
    let nextNs = 0;
    const server = new BatchServer(ctx, 'wal', { serviceNs: () => nextNs });
    const noted = ctx.sim.eventType('test/done', () => {});
    arrivals(ctx, exponential(S / 2000), exponential(MS), (serviceNs) => {
      // The next batch takes a service time that no batch before has seen.
      nextNs = serviceNs;
      server.request(noted, 0, 0);
    });
    return runToEnd(ctx).resources[0];
  });
  const busy = runs.map((run) => run.utilization);
  assertLaw('utilization', busy, 6 / 7, 0.1);
  const waits = runs.map((run) => run.waitNsMean);
  assertLaw('wait', waits, (6 / 7) * MS, 0.1);
});

test('A loss system of 2 servers and 1 erlang turns away 1/5 of the arrivals.', () => {
  // Erlang B: (1 / 2) / (1 + 1 + 1 / 2).
  const lost = Array.from({ length: SEEDS }, (_, i) => {
    const ctx = testBed(10 * S, `loss ${i}`);
    const station = new ServerPool(ctx, 'station', { servers: 2, queueLimit: 0 });
    const noted = ctx.sim.eventType('test/done', () => {});
    let offered = 0;
    let refused = 0;
    arrivals(ctx, exponential(MS), exponential(MS), (serviceNs) => {
      offered += 1;
      if (!station.request(serviceNs, noted, 0, 0)) refused += 1;
    });
    const result = runToEnd(ctx);
    const rejected = result.counters.find((c) => c.name === 'wavetank_resource_rejected_total');
    assert.deepEqual(rejected?.perSegment, [refused]);
    assert.equal(result.resources[0].arrivals, offered - refused);
    return refused / offered;
  });
  assertLaw('loss', lost, 0.2, 0.1);
});

test('A queue that is not stable grows from quarter to quarter.', () => {
  const ctx = testBed(4 * S, 'unstable');
  const station = new ServerPool(ctx, 'station', { servers: 1 });
  const noted = ctx.sim.eventType('test/done', () => {});
  arrivals(ctx, exponential(S / 1200), exponential(MS), (serviceNs) =>
    station.request(serviceNs, noted, 0, 0),
  );
  const [a, b, c, d] = runToEnd(ctx).resources[0].queueAtQuarters;
  assert.ok(a < b && b < c && c < d, `${a} ${b} ${c} ${d}`);
  // 200 more a second than are served; standard deviation sqrt(4 x 2200) = 94.
  assert.ok(Math.abs(d - 800) < 300, `${d}`);
});

test.run();
