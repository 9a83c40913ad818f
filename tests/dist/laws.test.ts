import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { limitedMeanOf } from '../../src/dist/continuous-laws.ts';
import {
  checkDistribution,
  type DistributionSpec,
  describe,
  isRandom,
  mean,
  quantile,
} from '../../src/dist/index.ts';
import type { Law } from '../../src/dist/law.ts';

const test = suite('dist/laws');

function near(actual: number, expected: number, relative = 1e-9): void {
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.abs(expected),
    `${actual} is not ${expected}`,
  );
}

test('A constant has its value as mean and every quantile, and is not random.', () => {
  const spec: DistributionSpec = { kind: 'constant', value: 25e6 };
  assert.deepEqual([mean(spec), quantile(spec, 0.99), isRandom(spec)], [25e6, 25e6, false]);
});

test('Uniform from 10 to 30 has mean 20 and quartiles 15 and 25.', () => {
  const spec: DistributionSpec = { kind: 'uniform', min: 10, max: 30 };
  assert.deepEqual([mean(spec), quantile(spec, 0.25), quantile(spec, 0.75)], [20, 15, 25]);
});

test('Exponential: the median is ln 2 and the p99 ln 100 times the mean.', () => {
  const spec: DistributionSpec = { kind: 'exponential', mean: 1000 };
  near(quantile(spec, 0.5), 693.147180559945);
  near(quantile(spec, 0.99), 4605.170185988091);
});

test('Lognormal by p50 and p99 has exactly these, and the mean p50 e^(sigma^2 / 2).', () => {
  const spec: DistributionSpec = { kind: 'lognormal', p50: 1e6, p99: 4e6 };
  near(quantile(spec, 0.5), 1e6);
  near(quantile(spec, 0.99), 4e6);
  // sigma = ln 4 / 2.3263478740408408 = 0.5959102; sigma^2 / 2 = 0.1775545.
  near(mean(spec), 1e6 * 1.194293, 1e-6);
});

test('Lognormal by mean and p99 has exactly these: the smaller of the two sigmas.', () => {
  const ratio = fc.double({ min: 1.0001, max: 14.9, noNaN: true });
  fc.assert(
    fc.property(ratio, (times) => {
      const spec: DistributionSpec = { kind: 'lognormal', mean: 1e6, p99: times * 1e6 };
      near(mean(spec), 1e6);
      near(quantile(spec, 0.99), times * 1e6, 1e-8);
      // The larger sigma is above z = 2.326, where p50 < mean / e^(z^2 / 2) = mean / 14.97.
      assert.ok(quantile(spec, 0.5) > 1e6 / 14.98);
    }),
  );
});

test('A p99 of 15 times the mean, or below it, belongs to no lognormal: a coded error.', () => {
  // e^(2.3263478740408408^2 / 2) = 14.968.
  for (const times of [14.97, 15, 0.99]) {
    const spec: DistributionSpec = { kind: 'lognormal', mean: 1e6, p99: times * 1e6 };
    const problem = checkDistribution(spec);
    assert.equal(problem?.code, 'WT2102');
    assert.deepEqual(problem?.path, ['p99']);
    assert.throws(() => mean(spec), /WT2102/);
  }
  assert.equal(checkDistribution({ kind: 'lognormal', mean: 1e6, p99: 14.96e6 }), null);
});

test('Gamma of shape 1 is exponential, of shape 2 it has P(X <= x) = 1 - (1 + x) e^-x.', () => {
  const gamma: DistributionSpec = { kind: 'gamma', mean: 1000, shape: 1 };
  const exponential: DistributionSpec = { kind: 'exponential', mean: 1000 };
  for (const p of [1e-6, 0.01, 0.5, 0.9, 0.999]) {
    near(quantile(gamma, p), quantile(exponential, p), 1e-9);
  }
  // Mean 2 and shape 2: scale 1. At x = 3, p = 1 - 4 e^-3 = 0.8008517265285442.
  near(quantile({ kind: 'gamma', mean: 2, shape: 2 }, 0.8008517265285442), 3);
});

test('Gamma of shape 1/2 is a squared normal: its p95 is 3.841458820694124 for mean 1.', () => {
  near(quantile({ kind: 'gamma', mean: 1, shape: 0.5 }, 0.95), 3.841458820694124);
});

test('Pareto of scale 10 and shape 2 has mean 20, median 10 sqrt 2; of shape 1 no mean.', () => {
  const spec: DistributionSpec = { kind: 'pareto', scale: 10, shape: 2 };
  near(mean(spec), 20);
  near(quantile(spec, 0.5), 14.142135623730951);
  near(quantile(spec, 0.99), 100);
  assert.equal(mean({ kind: 'pareto', scale: 10, shape: 1 }), Number.POSITIVE_INFINITY);
});

test('Pareto bounded at 40, shape 1: mean 10 ln 4 / (1 - 1/4), median 16.', () => {
  // F(x) = (1 - 10/x) / (3/4); F(16) = (6/16) / (3/4) = 1/2.
  const spec: DistributionSpec = { kind: 'pareto', scale: 10, shape: 1, max: 40 };
  near(mean(spec), (10 * 1.3862943611198906) / 0.75);
  near(quantile(spec, 0.5), 16);
  assert.ok(quantile(spec, 1 - 1e-15) <= 40);
});

test('Pareto bounded at 40, shape 2: mean 2 x 10 (1 - 1/4) / (1 - 1/16) = 16.', () => {
  near(mean({ kind: 'pareto', scale: 10, shape: 2, max: 40 }), 16);
});

test('Samples 1, 2, 4: quantiles are interpolated; the mean is of the line through them.', () => {
  const spec: DistributionSpec = { kind: 'samples', values: [4, 1, 2] };
  assert.deepEqual(
    [0.25, 0.5, 0.75].map((p) => quantile(spec, p)),
    [1.5, 2, 3],
  );
  // (1.5 + 3) / 2.
  assert.equal(mean(spec), 2.25);
  assert.equal(isRandom({ kind: 'samples', values: [7, 7] }), false);
});

test('Histogram without a sum: linear inside the buckets.', () => {
  const spec: DistributionSpec = { kind: 'histogram', bounds: [10, 20, 40], counts: [1, 2, 1] };
  // Mean (5 + 2 x 15 + 30) / 4.
  assert.equal(mean(spec), 16.25);
  assert.deepEqual(
    [0.25, 0.5, 0.875].map((p) => quantile(spec, p)),
    [10, 15, 30],
  );
});

test('A histogram keeps its recorded sum, and each bucket its share.', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 5, maxLength: 5 });
  const position = fc.double({ min: 0.05, max: 0.95, noNaN: true });
  fc.assert(
    fc.property(counts, position, (some, at) => {
      const full = [...some, 1];
      const bounds = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6];
      let sum = 0;
      full.forEach((count, i) => {
        const lower = i === 0 ? 0 : bounds[i - 1];
        sum += count * (lower + at * (bounds[i] - lower));
      });
      const spec: DistributionSpec = { kind: 'histogram', bounds, counts: full, sum };
      const total = full.reduce((a, b) => a + b);
      near(mean(spec), sum / total);
      let below = 0;
      for (let i = 0; i < 5; i += 1) {
        below += full[i];
        if (below > 0) near(quantile(spec, below / total), boundOf(bounds, full, i));
      }
    }),
  );
});

/** The bound at which the counts up to bucket i end: that of the last bucket that is not empty. */
function boundOf(bounds: readonly number[], counts: readonly number[], i: number): number {
  let last = i;
  while (counts[last] === 0) last -= 1;
  return bounds[last];
}

test('An open last bucket ends at twice its lower edge where the sum allows it.', () => {
  const open = { bounds: [10, 20, Number.POSITIVE_INFINITY], counts: [0, 1, 1] };
  assert.equal(mean({ kind: 'histogram', ...open }), (15 + 30) / 2);
  // Lower edges 10 + 20, widths 10 + 20; 39 = 30 + 0.3 x 30.
  const spec: DistributionSpec = { kind: 'histogram', ...open, sum: 39 };
  near(mean(spec), 19.5);
  assert.ok(quantile(spec, 0.999999) < 40);
});

test('An open last bucket has an exponential tail where the sum lies beyond that.', () => {
  const bounds = [10, 20, Number.POSITIVE_INFINITY];
  const spec: DistributionSpec = { kind: 'histogram', bounds, counts: [0, 1, 1], sum: 115 };
  // 15 in the closed bucket, so 100 = 20 + 80 in the open one; its median is 20 + 80 ln 2.
  near(mean(spec), 57.5);
  near(quantile(spec, 0.75), 20 + 80 * Math.LN2);
});

test('A sum that no values in the buckets have is a coded error.', () => {
  const closed = { kind: 'histogram', bounds: [10, 20], counts: [1, 1] } as const;
  // The least is 0 + 10, the most 10 + 20.
  for (const sum of [10, 9, 30, 31]) {
    assert.equal(checkDistribution({ ...closed, sum })?.code, 'WT2103');
  }
  assert.equal(checkDistribution({ ...closed, sum: 29.9 }), null);
});

test('Scaled and shifted move mean and quantiles; a shift below zero stops there.', () => {
  const of: DistributionSpec = { kind: 'uniform', min: 10, max: 30 };
  assert.equal(mean({ kind: 'scaled', by: 3, of }), 60);
  assert.equal(quantile({ kind: 'shifted', by: 5, of }, 0.25), 20);
  // max(0, X - 20): 0 for half, uniform on 0..10 for the other half, mean 2.5.
  near(mean({ kind: 'shifted', by: -20, of }), 2.5, 1e-5);
  assert.equal(isRandom({ kind: 'scaled', by: 0, of }), false);
});

test('Quantiles rise with p, and stay what they are under nesting.', () => {
  const specs: DistributionSpec[] = [
    { kind: 'lognormal', mean: 1e6, p99: 3e6 },
    { kind: 'gamma', mean: 1e6, shape: 0.3 },
    { kind: 'pareto', scale: 1e5, shape: 1.2, max: 1e9 },
    { kind: 'samples', values: [3, 9, 27, 81] },
    {
      kind: 'histogram',
      bounds: [1, 2, 4, Number.POSITIVE_INFINITY],
      counts: [1, 0, 5, 2],
      sum: 25,
    },
  ];
  const p = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(...specs), p, p, (spec, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      assert.ok(quantile(spec, low) <= quantile(spec, high));
      const doubled: DistributionSpec = { kind: 'scaled', by: 2, of: spec };
      near(quantile(doubled, low), 2 * quantile(spec, low));
    }),
  );
});

test('What is no distribution is told with code, place and hint.', () => {
  const body: DistributionSpec = { kind: 'constant', value: 1 };
  const stall = { startPerSecond: 1, length: body };
  const mistakes: [DistributionSpec, string, string][] = [
    [{ kind: 'constant', value: -1 }, 'WT2101', 'value'],
    [{ kind: 'uniform', min: 3, max: 2 }, 'WT2101', 'max'],
    [{ kind: 'gamma', mean: 1, shape: 0 }, 'WT2101', 'shape'],
    [{ kind: 'pareto', scale: 5, shape: 1, max: 4 }, 'WT2101', 'max'],
    [{ kind: 'samples', values: [] }, 'WT2101', 'values'],
    [{ kind: 'samples', values: [1, Number.NaN] }, 'WT2101', 'values.1'],
    [{ kind: 'histogram', bounds: [1, 2], counts: [1] }, 'WT2103', 'counts'],
    [{ kind: 'histogram', bounds: [2, 2], counts: [1, 1] }, 'WT2103', 'bounds'],
    [{ kind: 'histogram', bounds: [1, 2], counts: [0, 0] }, 'WT2103', 'counts'],
    [{ kind: 'scaled', by: 2, of: { kind: 'exponential', mean: -1 } }, 'WT2101', 'of.mean'],
    [{ kind: 'mixture', body, stall: { length: body } }, 'WT2104', 'stall'],
    [{ kind: 'mixture', body, stall: { ...stall, startProbability: 0.1 } }, 'WT2104', 'stall'],
    [{ kind: 'mixture', body, stall: { ...stall, correlation: 1 } }, 'WT2104', 'stall.correlation'],
    [
      { kind: 'mixture', body, stall: { ...stall, length: { kind: 'mixture', body, stall } } },
      'WT2104',
      'stall.length',
    ],
  ];
  for (const [spec, code, path] of mistakes) {
    const problem = checkDistribution(spec);
    assert.deepEqual([problem?.code, problem?.path.join('.')], [code, path], JSON.stringify(spec));
    assert.ok((problem?.hint.length ?? 0) > 0);
  }
});

test('A description names kind and parameters in the unit of the caller.', () => {
  const ms = (ns: number) => `${ns / 1e6}ms`;
  const body: DistributionSpec = { kind: 'lognormal', p50: 1e6, p99: 4e6 };
  assert.equal(describe(body, ms), 'lognormal p50 1ms, p99 4ms');
  assert.equal(
    describe(
      {
        kind: 'mixture',
        body,
        stall: { startPerSecond: 0.1, length: { kind: 'constant', value: 2e8 } },
      },
      ms,
    ),
    'lognormal p50 1ms, p99 4ms, with stalls 0.1 a second, length constant 200ms',
  );
});

test('Quantiles of a mixture follow its closed form, with stalls whose lengths are exponential.', () => {
  // Stalls of mean m with gaps of 1 / rate: a share pi = m / (1 / rate + m) of the draws meets one,
  // and waits for its residual, which is exponential with mean m too. So P(X > x) = pi e^(-x / m),
  // and the p-quantile is m ln(pi / (1 - p)) where p > 1 - pi.
  const spec: DistributionSpec = {
    kind: 'mixture',
    body: { kind: 'constant', value: 1000 },
    stall: { startPerSecond: 0.5, length: { kind: 'exponential', mean: 500e6 } },
  };
  const share = 0.5 / 2.5;
  for (const p of [0.85, 0.9, 0.99, 0.999]) {
    near(quantile(spec, p), 500e6 * Math.log(share / (1 - p)), 0.02);
  }
  assert.equal(quantile(spec, 0.5), 1000);
});

test('E[min(X, x)] asks for the quantiles once, however often it is asked.', () => {
  let asked = 0;
  const uniform: Law = {
    random: true,
    mean: 0.5,
    secondMoment: 1 / 3,
    quantile: (p) => {
      asked += 1;
      return p;
    },
    cdf: (x) => x,
  };
  const limitedMean = limitedMeanOf(uniform);
  const before = asked;
  // E[min(U, x)] = x - x^2 / 2.
  for (let x = 0; x <= 1; x += 1 / 64) near(limitedMean(x) + x * x, x + (x * x) / 2, 1e-5);
  assert.equal(limitedMean(7), 0.5);
  assert.equal(asked, before);
});

test.run();
