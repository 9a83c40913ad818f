import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Simulation } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec } from '../../src/dist/index.ts';
import { fitStalls, type LatencySeries, stallThresholdNs } from '../../src/import/stalls.ts';

const test = suite('calibrate: stalls');

/** Syncs one after the other, with the pause before each. */
function series(latenciesMs: readonly number[], pauseMs = 0): LatencySeries {
  const startsNs: number[] = [];
  let now = 0;
  for (const latency of latenciesMs) {
    now += pauseMs;
    startsNs.push(now * 1e6);
    now += latency;
  }
  return {
    startsNs: Float64Array.from(startsNs),
    latenciesNs: Float64Array.from(latenciesMs, (latency) => latency * 1e6),
    resolutionNs: 0,
  };
}

test('the threshold is ten medians, and 20 ms on fast disks', () => {
  assert.is(stallThresholdNs([series([1, 1, 1, 500])]), 20e6);
  assert.is(stallThresholdNs([series([25, 25, 25, 500])]), 250e6);
});

test('stalls in a row are one start, and each but the last is followed by another', () => {
  // Two runs: 100 + 200 + 300 ms and 400 ms. Calm time 6 x 1 ms, so 2 starts in 0.006 s.
  const { fit, stall } = fitStalls([series([1, 1, 100, 200, 300, 1, 1, 400, 1, 1])]);
  assert.equal(
    fit.episodes.map((episode) => [episode.lengthNs / 1e6, episode.fsyncs]),
    [
      [600, 3],
      [400, 1],
    ],
  );
  assert.is(fit.stalledFsyncs, 4);
  // Of 4 ends of stalls, 2 were followed by another.
  assert.is(fit.correlation, 0.5);
  assert.is(stall?.startPerSecond, 333.3);
  assert.is(stall?.correlation, 0.5);
  assert.equal(stall?.length, { kind: 'samples', values: [100e6, 200e6, 300e6, 400e6] });
});

test('a pause as long as the threshold ends a run of stalls', () => {
  const { fit } = fitStalls([series([100, 200], 30)], 20e6);
  assert.is(fit.episodes.length, 2);
  assert.is(fit.correlation, 0);
});

test('the rate has a 95 % interval: k + 2 ± 2 sqrt(k + 1) starts in the calm time', () => {
  // k = 3: 5 ± 4, so 1 to 9 starts; calm time 7 x 1 ms.
  const { fit } = fitStalls([series([1, 50, 1, 1, 50, 1, 1, 50, 1, 1])]);
  assert.ok(Math.abs(fit.startPerSecondLow - 1 / 0.007) < 1e-6);
  assert.ok(Math.abs(fit.startPerSecondHigh - 9 / 0.007) < 1e-6);
  // k = 0: at most 4 starts (the exact bound is 3.7).
  const none = fitStalls([series([1, 1])]);
  assert.is(none.stall, null);
  assert.is(none.fit.startPerSecondLow, 0);
  assert.ok(Math.abs(none.fit.startPerSecondHigh - 4 / 0.002) < 1e-6);
});

test('several logs add up', () => {
  const one = fitStalls([series([1, 100, 1])]);
  const two = fitStalls([series([1, 100, 1]), series([1, 100, 1])]);
  assert.is(two.fit.episodes.length, 2);
  assert.ok(Math.abs(two.fit.startPerSecond - one.fit.startPerSecond) < 1e-9);
});

test('every fsync is either stalled or in the body, and the time of episodes is theirs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(1, 2, 30, 100, 500), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0, 5, 40),
      (latencies, pause) => {
        const { fit, body } = fitStalls([series(latencies, pause)], 20e6);
        const stalled = latencies.filter((latency) => latency >= 20);
        assert.is(fit.stalledFsyncs, stalled.length);
        assert.is(body?.count ?? 0, latencies.length - stalled.length);
        const inEpisodes = fit.episodes.reduce((sum, episode) => sum + episode.fsyncs, 0);
        assert.is(inEpisodes, stalled.length);
        assert.ok(fit.correlation >= 0 && fit.correlation < 1);
      },
    ),
  );
});

test('what the simulator draws from a fit is fitted again to the same figures', () => {
  // Syncs back to back for 4000 s, 4 ms each, with 0.5 starts a second of 100 ms, 40 % followed by
  // another: about 2000 runs, so 10 % is more than four standard errors of each figure.
  const spec: DistributionSpec = {
    kind: 'mixture',
    body: { kind: 'uniform', min: 3.2e6, max: 4.8e6 },
    stall: { startPerSecond: 0.5, length: { kind: 'constant', value: 100e6 }, correlation: 0.4 },
  };
  const sim = new Simulation({ seed: 'refit', horizonNs: 1 });
  const sampler = createSampler(spec, sim.stream('disk'));
  const startsNs: number[] = [];
  const latenciesNs: number[] = [];
  for (let now = 0; now < 4000e9; ) {
    const latency = sampler.next(now);
    startsNs.push(now);
    latenciesNs.push(latency);
    now += latency;
  }
  const { fit, stall } = fitStalls([
    {
      startsNs: Float64Array.from(startsNs),
      latenciesNs: Float64Array.from(latenciesNs),
      resolutionNs: 0,
    },
  ]);
  assert.ok(fit.startPerSecondLow < 0.5 && 0.5 < fit.startPerSecondHigh);
  assert.ok(Math.abs(fit.correlation - 0.4) < 0.04, String(fit.correlation));
  if (stall?.length.kind !== 'histogram') throw new Error('thousands of lengths are binned');
  assert.ok(stall.length.bounds.every((bound) => bound >= 99e6 && bound < 106e6));
});

test.run();
