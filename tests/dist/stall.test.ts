import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Simulation, type Stream } from '../../src/core/index.ts';
import {
  createSampler,
  type DistributionSpec,
  type MixtureSpec,
  mean,
  quantile,
  type StallSpec,
} from '../../src/dist/index.ts';

const test = suite('dist/stall');
const MS = 1e6;
const S = 1e9;
const BODY: DistributionSpec = { kind: 'constant', value: MS };

function stream(name: string): Stream {
  return new Simulation({ seed: 'stall', horizonNs: S }).stream(name);
}

function mixture(stall: StallSpec, body = BODY): MixtureSpec {
  return { kind: 'mixture', body, stall };
}

/** Draws at fixed instants, as of many independent callers. */
function drawsEvery(spec: DistributionSpec, everyNs: number, n: number, name: string): number[] {
  const sampler = createSampler(spec, stream(name), { inversion: true });
  return Array.from({ length: n }, (_, i) => sampler.next(i * everyNs));
}

/** Draws one after the other, as of a loop that syncs without pause. */
function drawsInSequence(spec: DistributionSpec, n: number, name: string): number[] {
  const sampler = createSampler(spec, stream(name), { inversion: true });
  let nowNs = 0;
  return Array.from({ length: n }, () => {
    const draw = sampler.next(nowNs);
    nowNs += draw;
    return draw;
  });
}

test('All draws that overlap a stall end with it, and the others do not notice.', () => {
  const spec = mixture({ startPerSecond: 0.5, length: { kind: 'constant', value: 500 * MS } });
  const draws = drawsEvery(spec, MS / 4, 80_000, 'ends');
  const ends = new Map<number, number>();
  draws.forEach((draw, i) => {
    if (draw === MS) return;
    assert.ok(draw > MS && draw <= 501 * MS);
    const end = i * (MS / 4) + draw;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  });
  // 4 draws run into a stall; those that begin in its first 499 ms, 1996, wait for its end; the
  // last 4 end after it by themselves. The last stall may be cut off.
  const sizes = [...ends.values()];
  assert.ok(sizes.length >= 4 && sizes.length <= 16, `${sizes.length} stalls in 20 s`);
  for (const size of sizes.slice(0, -1)) assert.ok(size >= 1999 && size <= 2001, `${size}`);
});

test('The share of time in stalls is rate x length / (1 + rate x length).', () => {
  // Gaps of 1 s and stalls of 250 ms: a fifth of the time. 400 s hold about 320 stalls.
  const spec = mixture({ startPerSecond: 1, length: { kind: 'constant', value: 250 * MS } });
  const draws = drawsEvery(spec, 10 * MS, 40_000, 'share');
  const stalled = draws.filter((draw) => draw > MS).length / draws.length;
  // A draw also meets the stalls that begin within its 1 ms: 0.2 + 0.8 x 0.001.
  assert.ok(Math.abs(stalled - 0.2008) < 0.025, `${stalled}`);
});

test('Neighbouring draws are stalled together, distant ones are not.', () => {
  const spec = mixture({ startPerSecond: 1, length: { kind: 'constant', value: 250 * MS } });
  const draws = drawsEvery(spec, 10 * MS, 40_000, 'correlation');
  const stalled = draws.map((draw) => (draw > MS ? 1 : 0));
  // An episode of 25 draws goes on to the next draw in 24 of 25 cases: (0.96 - 0.2) / 0.8 = 0.95.
  const lag1 = autocorrelation(stalled, 1);
  assert.ok(Math.abs(lag1 - 0.95) < 0.02, `lag 1: ${lag1}`);
  const lag500 = autocorrelation(stalled, 500);
  assert.ok(Math.abs(lag500) < 0.1, `lag 500: ${lag500}`);
});

function autocorrelation(values: readonly number[], lag: number): number {
  const average = values.reduce((a, b) => a + b) / values.length;
  let top = 0;
  let bottom = 0;
  values.forEach((value, i) => {
    bottom += (value - average) ** 2;
    if (i >= lag) top += (value - average) * (values[i - lag] - average);
  });
  return top / bottom;
}

test('A loop that syncs without pause meets every stall once, for its whole length.', () => {
  const spec = mixture({ startPerSecond: 1, length: { kind: 'constant', value: 250 * MS } });
  const draws = drawsInSequence(spec, 200_000, 'loop').filter((draw) => draw > MS);
  // A sync that is cut into lasts from its start to the end of the stall: 250 ms and up to 1 ms.
  assert.ok(draws.length > 100);
  for (const draw of draws) assert.ok(draw > 250 * MS && draw <= 251 * MS, `${draw}`);
});

test('The mean of draws at random instants is the mean of the mixture.', () => {
  // Share 0.2; the residual of a uniform 0..500 ms is E[L^2] / (2 E[L]) = 500 / 3 ms = 166.67 ms.
  const length: DistributionSpec = { kind: 'uniform', min: 0, max: 500 * MS };
  const spec = mixture({ startPerSecond: 1, length });
  assert.ok(Math.abs(mean(spec) - (0.8 * MS + (0.2 * 500 * MS) / 3)) < 0.001 * mean(spec));
  const draws = drawsEvery(spec, 20 * MS, 150_000, 'mean');
  const average = draws.reduce((a, b) => a + b) / draws.length;
  // 3000 s hold 2400 stalls; the sum of squares of their lengths varies by 2 % or so.
  assert.ok(Math.abs(average / mean(spec) - 1) < 0.06, `${average} for ${mean(spec)}`);
});

test('The quantiles of a mixture jump to the stalls at their share.', () => {
  const spec = mixture({ startPerSecond: 1, length: { kind: 'constant', value: 250 * MS } });
  assert.ok(Math.abs(quantile(spec, 0.7) - MS) < 1);
  // 80 % are body; the residual of a constant length is uniform: p90 lies at half of 250 ms.
  assert.ok(Math.abs(quantile(spec, 0.9) - 125 * MS) < MS);
});

test('Stalls by draw begin with their probability and hold whoever comes before they end.', () => {
  const spec = mixture({ startProbability: 0.01, length: { kind: 'constant', value: 100 * MS } });
  const draws = drawsInSequence(spec, 50_000, 'by draw');
  const stalled = draws.filter((draw) => draw > MS);
  assert.ok(stalled.every((draw) => draw === 100 * MS));
  // 500 expected, standard deviation 22.
  assert.ok(Math.abs(stalled.length - 500) < 78, `${stalled.length}`);
  assert.ok(Math.abs(mean(spec) - (0.99 * MS + 0.01 * 100 * MS)) < 1);
  const parallel = createSampler(spec, stream('parallel'), { inversion: true });
  let nowNs = 0;
  while (parallel.next(nowNs) === MS) nowNs += MS;
  // 40 ms later the stall has 60 ms left; at its end a draw takes 1 ms again, or stalls anew.
  assert.equal(parallel.next(nowNs + 40 * MS), 60 * MS);
});

test('Correlated stalls come in trains: one follows another with that probability.', () => {
  const length: DistributionSpec = { kind: 'constant', value: 100 * MS };
  const spec = mixture({ startProbability: 0.01, length, correlation: 0.75 });
  const stalled = drawsInSequence(spec, 100_000, 'train').map((draw) => (draw > MS ? 1 : 0));
  let after = 0;
  let both = 0;
  for (let i = 1; i < stalled.length; i += 1) {
    after += stalled[i - 1];
    both += stalled[i - 1] * stalled[i];
  }
  // 0.75 + 0.25 x 0.01.
  assert.ok(Math.abs(both / after - 0.7525) < 0.03, `${both / after}`);
  // p / (1 - q + p) = 0.01 / (1 - 0.7525 + 0.01) = 0.038835; mean = 1 + 99 x that, in ms.
  assert.ok(Math.abs(after / stalled.length - 0.038835) < 0.005, `${after / stalled.length}`);
  assert.ok(Math.abs(mean(spec) - (1 + 99 * 0.0388349) * MS) < MS / 1000);
});

test('Trains of stalls by rate are longer by 1 / (1 - correlation).', () => {
  const length: DistributionSpec = { kind: 'constant', value: 50 * MS };
  const spec = mixture({ startPerSecond: 1, length, correlation: 0.8 });
  // Trains of 250 ms on average in gaps of 1 s: a fifth of the time again.
  const draws = drawsEvery(spec, 10 * MS, 60_000, 'trains');
  const stalled = draws.filter((draw) => draw > MS).length / draws.length;
  assert.ok(Math.abs(stalled - 0.2) < 0.04, `${stalled}`);
});

test('A stream of their own keeps stalls from moving the draws of the body.', () => {
  const body: DistributionSpec = { kind: 'exponential', mean: MS };
  const stall: StallSpec = { startProbability: 0.05, length: { kind: 'constant', value: 20 * MS } };
  const plain = createSampler(body, stream('body'), { inversion: true });
  const mixed = createSampler(mixture(stall, body), stream('body'), {
    inversion: true,
    stallStream: stream('stalls'),
  });
  let stalled = 0;
  for (let i = 0; i < 2000; i += 1) {
    const expected = plain.next(i * 100 * MS);
    const actual = mixed.next(i * 100 * MS);
    if (actual === expected) continue;
    stalled += 1;
    assert.equal(actual, 20 * MS);
  }
  assert.ok(stalled > 50 && stalled < 150);
});

test('Scaling a mixture scales body and stalls; a stall still ends for all at once.', () => {
  const stall: StallSpec = { startProbability: 1, length: { kind: 'constant', value: 100 * MS } };
  const of = mixture(stall);
  const sampler = createSampler({ kind: 'scaled', by: 3, of }, stream('scaled'));
  assert.equal(sampler.next(0), 300 * MS);
  assert.equal(sampler.next(200 * MS), 100 * MS);
  const shifted = createSampler({ kind: 'shifted', by: 7 * MS, of }, stream('shifted'));
  assert.equal(shifted.next(0), 100 * MS);
  assert.equal(shifted.next(99 * MS), 8 * MS);
});

test('Without stalls a mixture is its body.', () => {
  const length: DistributionSpec = { kind: 'constant', value: 100 * MS };
  for (const stall of [
    { startPerSecond: 0, length },
    { startProbability: 0, length },
  ]) {
    assert.equal(mean(mixture(stall)), MS);
    assert.deepEqual(
      drawsEvery(mixture(stall), MS, 10, `none ${stall.startPerSecond}`),
      Array(10).fill(MS),
    );
  }
});

test.run();
