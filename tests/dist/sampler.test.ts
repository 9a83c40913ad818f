import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Simulation, type Stream } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec, mean, quantile } from '../../src/dist/index.ts';

const test = suite('dist/sampler');

function stream(seed: string, name = 'draws'): Stream {
  return new Simulation({ seed, horizonNs: 1e9 }).stream(name);
}

const SPECS: Record<string, DistributionSpec> = {
  uniform: { kind: 'uniform', min: 1e6, max: 3e6 },
  exponential: { kind: 'exponential', mean: 1e6 },
  lognormal: { kind: 'lognormal', p50: 1e6, p99: 4e6 },
  'gamma below 1': { kind: 'gamma', mean: 1e6, shape: 0.4 },
  'gamma above 1': { kind: 'gamma', mean: 1e6, shape: 7 },
  pareto: { kind: 'pareto', scale: 1e6, shape: 3.5 },
  'pareto bounded': { kind: 'pareto', scale: 1e5, shape: 0.8, max: 1e8 },
  samples: { kind: 'samples', values: [1e6, 2e6, 5e6, 50e6] },
  histogram: {
    kind: 'histogram',
    bounds: [1e6, 2e6, 4e6, 8e6],
    counts: [50, 30, 15, 5],
    sum: 150e6,
  },
  'histogram open': {
    kind: 'histogram',
    bounds: [1e6, 2e6, Number.POSITIVE_INFINITY],
    counts: [60, 38, 2],
    sum: 110e6,
  },
  nested: {
    kind: 'shifted',
    by: 2e5,
    of: { kind: 'scaled', by: 0.5, of: { kind: 'exponential', mean: 1e6 } },
  },
};

/**
 * Kolmogorov-Smirnov: with n = 20,000 draws the largest distance between empirical and true CDF
 * is above 1.95 / sqrt(n) = 0.0138 in one of 1000 tests. Seeds are fixed, so the result is too.
 */
function largestDistance(spec: DistributionSpec, draws: readonly number[]): number {
  const sorted = [...draws].sort((a, b) => a - b);
  let largest = 0;
  for (let k = 1; k < 400; k += 1) {
    const p = k / 400;
    const at = quantile(spec, p);
    let from = 0;
    let to = sorted.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sorted[middle] <= at) from = middle + 1;
      else to = middle;
    }
    largest = Math.max(largest, Math.abs(from / sorted.length - p));
  }
  return largest;
}

for (const [name, spec] of Object.entries(SPECS)) {
  for (const inversion of [true, false]) {
    const how = inversion ? 'by inversion' : 'by its fast method';
    test(`Draws of ${name} ${how} follow its quantiles.`, () => {
      const sampler = createSampler(spec, stream(`ks ${name}`), { inversion });
      const draws = Array.from({ length: 20_000 }, () => sampler.next(0));
      assert.ok(draws.every((draw) => Number.isSafeInteger(draw) && draw >= 0));
      const distance = largestDistance(spec, draws);
      assert.ok(distance < 0.0138, `distance ${distance}`);
    });

    test(`The mean of draws of ${name} ${how} is its mean.`, () => {
      const sampler = createSampler(spec, stream(`mean ${name}`), { inversion });
      const n = 20_000;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < n; i += 1) {
        const draw = sampler.next(0);
        sum += draw;
        squares += draw * draw;
      }
      const error = Math.sqrt((squares / n - (sum / n) ** 2) / n);
      const off = Math.abs(sum / n - mean(spec)) / error;
      assert.ok(off < 3.5, `${off} standard errors`);
    });
  }
}

/** Counts the uniforms that are taken from a stream. */
class CountingStream implements Stream {
  count = 0;
  readonly #of: Stream;

  constructor(of: Stream) {
    this.#of = of;
  }

  uniform(): number {
    this.count += 1;
    return this.#of.uniform();
  }

  u32(): number {
    assert.fail('inversion takes uniforms only');
  }

  below(): number {
    return this.u32();
  }

  exponential(): number {
    return this.u32();
  }

  normal(): number {
    return this.u32();
  }

  exponentialInverse(): number {
    this.count += 1;
    return this.#of.exponentialInverse();
  }

  normalInverse(): number {
    this.count += 1;
    return this.#of.normalInverse();
  }
}

test('Inversion takes one uniform a draw and rises with it.', () => {
  for (const [name, spec] of Object.entries(SPECS)) {
    const counting = new CountingStream(stream('inversion'));
    const sampler = createSampler(spec, counting, { inversion: true });
    const uniforms = stream('inversion');
    const pairs = Array.from({ length: 200 }, () => [uniforms.uniform(), sampler.next(0)]);
    assert.equal(counting.count, 200, name);
    pairs.sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < pairs.length; i += 1) assert.ok(pairs[i][1] >= pairs[i - 1][1], name);
  }
});

test('Draws are rounded once: 2.4 + 2.4 shifted and scaled is 5, not 4.', () => {
  const of: DistributionSpec = { kind: 'shifted', by: 2.4, of: { kind: 'constant', value: 2.4 } };
  assert.equal(createSampler(of, stream('r')).next(0), 5);
  const rounded = (value: number) =>
    createSampler({ kind: 'constant', value }, stream('c')).next(0);
  assert.deepEqual([4.49, 4.5, 0.4].map(rounded), [4, 5, 0]);
});

test('The same seed and name give the same draws.', () => {
  const draws = () => {
    const sampler = createSampler(SPECS.lognormal, stream('same'));
    return Array.from({ length: 50 }, () => sampler.next(0));
  };
  assert.deepEqual(draws(), draws());
});

test('A tail that would leave the range of simulated time ends at the limit.', () => {
  const sampler = createSampler({ kind: 'pareto', scale: 1e6, shape: 0.05 }, stream('tail'));
  const draws = Array.from({ length: 1000 }, () => sampler.next(0));
  assert.equal(Math.max(...draws), 2 ** 52);
});

test.run();
