import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { latinHypercube, sensitivities } from '../../src/analyze/index.ts';
import { firstOrder, rankCorrelation, ranks } from '../../src/analyze/sensitivity.ts';

const test = suite('analyze: sensitivity');

const NAMES = ['a', 'b', 'c'];
const x = latinHypercube(200, 3, 'sensitivity');

function of(y: readonly number[]) {
  return sensitivities({ names: NAMES, x, y });
}

test('a linear figure: coefficients are sqrt(w² / sum w²), squares are the first-order shares', () => {
  // y = 3 a - 4 b; uniform inputs of equal variance: shares 9/25 and 16/25, coefficients 0.6, -0.8.
  const [a, b, c] = of(x.map(([u, v]) => 3 * u - 4 * v));
  assert.ok(Math.abs(a.src!.value - 0.6) < 0.05);
  assert.ok(Math.abs(b.src!.value + 0.8) < 0.05);
  assert.ok(Math.abs(c.src!.value) < 1e-9);
  assert.ok(Math.abs(a.firstOrder!.value - 0.36) < 0.1);
  assert.ok(Math.abs(b.firstOrder!.value - 0.64) < 0.1);
  assert.ok(c.firstOrder!.value < 0.1);
  assert.ok(b.rank!.value < -0.7);
});

test('a parameter that acts by its square has no slope and yet explains everything', () => {
  const [a] = of(x.map(([u]) => (u - 0.5) * (u - 0.5)));
  assert.ok(Math.abs(a.src!.value) < 0.15);
  assert.ok(a.firstOrder!.value > 0.9);
});

test('a monotone figure has rank correlation 1', () => {
  assert.equal(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000]), 1);
  assert.deepEqual(ranks([10, 20, 20, 5]), [2, 3.5, 3.5, 1]);
});

test('intervals of the bootstrap hold the value and get narrower with points', () => {
  const noisy = x.map(([u], i) => u + ((i * 7919) % 200) / 200);
  const wide = sensitivities({ names: NAMES, x: x.slice(0, 20), y: noisy.slice(0, 20) })[0].src!;
  const narrow = of(noisy)[0].src!;
  assert.ok(narrow.low <= narrow.value && narrow.value <= narrow.high);
  assert.ok(narrow.high - narrow.low < wide.high - wide.low);
});

test('what cannot be told is null: an equal figure, a parameter that does not vary, two points', () => {
  assert.equal(of(x.map(() => 7))[0].src, null);
  assert.equal(firstOrder([1, 1, 1, 1], [1, 2, 3, 4]), null);
  assert.equal(sensitivities({ names: ['a'], x: [[1], [2]], y: [1, 2] })[0].rank, null);
});

test.run();
