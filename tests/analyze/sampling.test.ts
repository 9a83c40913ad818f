import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import { latinHypercube, SOBOL_DIMENSIONS_MAX, sobol } from '../../src/analyze/index.ts';

const test = suite('analyze: sampling');

/** How many points lie in each of n equal intervals. */
function counts(values: readonly number[], n: number): number[] {
  const bins = new Array<number>(n).fill(0);
  for (const value of values) bins[Math.floor(value * n)]++;
  return bins;
}

test('a Latin hypercube has one point in every interval of every dimension', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 8 }),
      (n, dimensions) => {
        const points = latinHypercube(n, dimensions, 'seed');
        for (let d = 0; d < dimensions; d++) {
          const bins = counts(
            points.map((p) => p[d]),
            n,
          );
          assert.deepEqual(bins, new Array(n).fill(1));
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('2^k points of Sobol lie one in every interval, in all 21 dimensions', () => {
  const n = 256;
  const points = sobol(n, SOBOL_DIMENSIONS_MAX, 'seed');
  for (let d = 0; d < SOBOL_DIMENSIONS_MAX; d++) {
    assert.deepEqual(
      counts(
        points.map((p) => p[d]),
        n,
      ),
      new Array(n).fill(1),
      `dimension ${d}`,
    );
  }
});

test('the first two dimensions of Sobol are a (0, 2)-sequence: one point in every elementary box', () => {
  const k = 6;
  const points = sobol(1 << k, 2, 'seed');
  for (let a = 0; a <= k; a++) {
    const [rows, columns] = [1 << a, 1 << (k - a)];
    const boxes = new Set(
      points.map(([x, y]) => `${Math.floor(x * rows)} ${Math.floor(y * columns)}`),
    );
    assert.equal(boxes.size, 1 << k, `${rows} by ${columns}`);
  }
});

test('without its shift Sobol begins as published: 0, 1/2, 3/4, 1/4 in the first dimension', () => {
  const points = sobol(8, 3, 'any');
  // The shift is an exclusive or: differences by xor to the first point are those of the sequence.
  const at = (i: number, d: number) => Math.floor(points[i][d] * 8) ^ Math.floor(points[0][d] * 8);
  const sequence = (d: number) => points.map((_, i) => at(i, d) / 8);
  assert.deepEqual(sequence(0), [0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125]);
  assert.deepEqual(sequence(1), [0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625]);
  assert.deepEqual(sequence(2), [0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375]);
});

test('samples depend on the seed and on nothing else', () => {
  assert.deepEqual(latinHypercube(8, 3, 'a'), latinHypercube(8, 3, 'a'));
  assert.notDeepEqual(latinHypercube(8, 3, 'a'), latinHypercube(8, 3, 'b'));
  assert.notDeepEqual(sobol(8, 3, 'a'), sobol(8, 3, 'b'));
});

test.run();
