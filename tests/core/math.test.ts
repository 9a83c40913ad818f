import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  cbrt,
  erfc,
  exp,
  expm1,
  gammaLn,
  incompleteBeta,
  log,
  log1p,
  normalCdf,
  normalQuantile,
  pow,
  studentTCdf,
  studentTQuantile,
} from '../../src/core/index.ts';
import { Sfc32 } from '../../src/core/stream.ts';

const test = suite('core/math');
const floats = new Float64Array(2);
const bits = new BigInt64Array(floats.buffer);

/** Distance in units in the last place; 0 for equal values and for two NaN. */
function ulps(x: number, y: number): number {
  if (Object.is(x, y)) return 0;
  floats[0] = x;
  floats[1] = y;
  const distance = bits[0] - bits[1];
  return Number(distance < 0n ? -distance : distance);
}

/** The largest distance to the engine's function over many arguments. */
function worst(
  ours: (x: number) => number,
  theirs: (x: number) => number,
  draw: (u: number) => number,
): number {
  const random = new Sfc32(1, 2, 3, 4);
  let most = 0;
  for (let i = 0; i < 60_000; i++) {
    const x = draw(random.uniform());
    most = Math.max(most, ulps(ours(x), theirs(x)));
  }
  return most;
}

function relative(actual: number, expected: number, tolerance: number): void {
  const error = Math.abs(actual / expected - 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected}: relative error ${error}`);
}

test('log, log1p, exp and expm1 are within 1 unit in the last place of the engine', () => {
  assert.ok(worst(log, Math.log, (u) => Math.exp(u * 1400 - 700)) <= 1);
  assert.ok(worst(log, Math.log, (u) => 0.9 + 0.2 * u) <= 1);
  assert.ok(worst(log, Math.log, (u) => u * 2 ** -1040) <= 1);
  assert.ok(worst(log1p, Math.log1p, (u) => (u < 0.5 ? -1 : 1) * 10 ** (-u * 20)) <= 1);
  assert.ok(worst(log1p, Math.log1p, (u) => 10 ** (u * 300)) <= 1);
  assert.ok(worst(log1p, Math.log1p, (u) => u - 1) <= 1);
  assert.ok(worst(exp, Math.exp, (u) => u * 1460 - 748) <= 1);
  assert.ok(worst(exp, Math.exp, (u) => u * 4 - 2) <= 1);
  assert.ok(worst(expm1, Math.expm1, (u) => u * 800 - 90) <= 1);
  assert.ok(worst(expm1, Math.expm1, (u) => (u < 0.5 ? -1 : 1) * 10 ** (-u * 20)) <= 1);
  assert.ok(worst(cbrt, Math.cbrt, (u) => (u - 0.5) * 10 ** (u * 600 - 300)) <= 1);
  assert.ok(worst(cbrt, Math.cbrt, (u) => u * 2 ** -1040) <= 1);
});

test('pow is within 2 units in the last place of the engine, whose pow varies', () => {
  const random = new Sfc32(4, 3, 2, 1);
  let most = 0;
  for (let i = 0; i < 60_000; i++) {
    const x = Math.exp(random.uniform() * 40 - 20);
    const y = random.uniform() * 80 - 40;
    most = Math.max(most, ulps(pow(x, y), x ** y));
    const near = 1 + (random.uniform() - 0.5) * 2 ** -21;
    const large = (random.uniform() - 0.5) * 2 ** 34;
    most = Math.max(most, ulps(pow(near, large), near ** large));
    // Subnormal arguments and results.
    most = Math.max(most, ulps(pow(x * 2 ** -1040, 0.3), (x * 2 ** -1040) ** 0.3));
    most = Math.max(most, ulps(pow(2 + x, -1000 - y), (2 + x) ** (-1000 - y)));
  }
  assert.ok(most <= 2, `${most}`);
});

test('pow of small integers is exact', () => {
  for (let x = 1; x <= 30; x++) {
    let power = 1;
    for (let y = 0; power < 2 ** 53; y++, power *= x) {
      assert.equal(pow(x, y), power, `${x}^${y}`);
      assert.equal(pow(-x, y), y % 2 === 0 ? power : -power, `(-${x})^${y}`);
      if (x === 1 && y > 60) break;
    }
  }
  for (let n = -1074; n <= 1023; n++) assert.equal(pow(2, n), 2 ** n, `2^${n}`);
});

test('special arguments give what the engine gives', () => {
  const specials = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e300, -1e300, 5e-324, 2 ** 53, 2 ** 31];
  specials.push(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 709.8, -745.2, 710);
  const pairs: [(x: number) => number, (x: number) => number][] = [
    [log, Math.log],
    [log1p, Math.log1p],
    [exp, Math.exp],
    [expm1, Math.expm1],
    [cbrt, Math.cbrt],
  ];
  for (const x of specials) {
    for (const [ours, theirs] of pairs) {
      assert.ok(ulps(ours(x), theirs(x)) <= 1, `${theirs.name}(${x}): ${ours(x)}, ${theirs(x)}`);
    }
    for (const y of specials) {
      assert.ok(ulps(pow(x, y), x ** y) <= 1, `${x} ** ${y}: ${pow(x, y)}, ${x ** y}`);
    }
  }
});

test('the bits of a long walk through all functions have not changed', () => {
  const random = new Sfc32(5, 6, 7, 8);
  const words = new Int32Array(floats.buffer);
  let hash = 0x811c9dc5;
  const fold = (x: number) => {
    floats[0] = x;
    hash = Math.imul(hash ^ words[0], 0x01000193);
    hash = Math.imul(hash ^ words[1], 0x01000193);
  };
  for (let i = 0; i < 20_000; i++) {
    const u = random.uniform();
    const x = u * 20 - 10;
    for (const f of [exp, expm1, cbrt, normalCdf, erfc]) fold(f(x));
    for (const f of [log, log1p, gammaLn, normalQuantile]) fold(f(u));
    fold(pow(u + 0.5, x));
  }
  assert.equal((hash >>> 0).toString(16), '7cb80a4');
});

test('normal probabilities agree with published tables', () => {
  // Abramowitz and Stegun, table 26.1, 15 digits.
  const table: [number, number][] = [
    [0, 0.5],
    [0.5, 0.691462461274013],
    [1, 0.841344746068543],
    [1.5, 0.933192798731142],
    [2, 0.977249868051821],
    [3, 0.99865010196837],
    [4, 0.999968328758167],
  ];
  for (const [x, p] of table) {
    assert.ok(Math.abs(normalCdf(x) - p) < 6e-16, `${x}: ${normalCdf(x)}`);
    assert.ok(Math.abs(normalCdf(-x) - (1 - p)) < 6e-16, `${-x}`);
  }
  // The far tails: 26.2, -log10 of Q(x): 5 is 6.54265, 10 is 23.11805, 20 is 88.56010.
  for (const [x, digits] of [
    [5, 6.54265],
    [10, 23.11805],
    [20, 88.5601],
  ]) {
    assert.ok(Math.abs(-Math.log10(normalCdf(-x)) - digits) < 6e-6, `${x}`);
  }
});

test('erfc agrees with its Taylor series where that converges well', () => {
  for (let x = -2.5; x <= 2.5; x += 0.01) {
    let term = x;
    let sum = 0;
    for (let n = 0; n < 60; n++) {
      sum += term / (2 * n + 1);
      term *= (-x * x) / (n + 1);
    }
    const expected = 1 - (2 / Math.sqrt(Math.PI)) * sum;
    assert.ok(Math.abs(erfc(x) - expected) < 1e-13, `${x}`);
  }
});

test('normal quantiles agree with published values', () => {
  // Wichura 1988, section 5, checks of PPND16: p of 0.25, 0.001 and 1e-20.
  relative(normalQuantile(0.25), -0.6744897501960817, 4e-16);
  relative(normalQuantile(0.001), -3.090232306167814, 4e-16);
  relative(normalQuantile(1e-20), -9.2623400897984, 1e-14);
  relative(normalQuantile(0.975), 1.959963984540054, 4e-16);
  assert.equal(normalQuantile(0.5), 0);
  assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
  assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(normalQuantile(-0.1)) && Number.isNaN(normalQuantile(Number.NaN)));
});

test('the normal quantile undoes the normal distribution function and is symmetric', () => {
  fc.assert(
    fc.property(fc.double({ min: -8, max: 8, noNaN: true }), (x) => {
      const p = normalCdf(x);
      const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
      // What is left is the rounding of p.
      const tolerance = 4e-16 + 2 ** -53 * (p / density) + Math.abs(x) * 1e-15;
      assert.ok(Math.abs(normalQuantile(p) - x) <= tolerance, `${x}`);
    }),
    { seed: 4 },
  );
  for (let k = 1; k < 512; k++) {
    // 1 - p is exact for these.
    assert.equal(normalQuantile(k / 1024), -normalQuantile(1 - k / 1024));
  }
});

test('gammaLn agrees with factorials and half-integers', () => {
  let factorial = 1;
  for (let n = 1; n <= 170; n++) {
    factorial *= n;
    const expected = Math.log(factorial);
    assert.ok(Math.abs(gammaLn(n + 1) - expected) <= 1e-14 + 1e-14 * expected, `${n}!`);
  }
  // gamma(n + 1/2) = sqrt(pi) (1/2)(3/2)...
  let product = Math.sqrt(Math.PI);
  for (let n = 0; n < 50; n++) {
    const expected = Math.log(product);
    assert.ok(Math.abs(gammaLn(n + 0.5) - expected) <= 1e-14 + 1e-14 * Math.abs(expected), `${n}`);
    product *= n + 0.5;
  }
  relative(gammaLn(1e-10), 23.0258509298827, 1e-14);
  relative(gammaLn(1e10), 220258509288.8113, 1e-14);
  assert.ok(Number.isNaN(gammaLn(-1)));
});

test('the incomplete beta function agrees with binomial tails', () => {
  // I_p(k, n - k + 1) = P(at least k successes in n trials), summed here term by term.
  for (const n of [1, 5, 20, 60]) {
    for (let k = 1; k <= n; k++) {
      for (const p of [0.01, 0.3, 0.5, 0.9]) {
        let tail = 0;
        for (let j = k; j <= n; j++) {
          let term = 1;
          for (let i = 0; i < j; i++) term *= ((n - i) / (j - i)) * p;
          tail += term * (1 - p) ** (n - j);
        }
        assert.ok(Math.abs(incompleteBeta(p, k, n - k + 1) - tail) < 2e-13, `${n} ${k} ${p}`);
      }
    }
  }
});

test('Student quantiles agree with published tables and closed forms', () => {
  // Abramowitz and Stegun, table 26.10: two-sided 95 % and 99 %.
  const table: [number, number, number][] = [
    [1, 12.706, 63.657],
    [2, 4.303, 9.925],
    [3, 3.182, 5.841],
    [4, 2.776, 4.604],
    [9, 2.262, 3.25],
    [19, 2.093, 2.861],
    [29, 2.045, 2.756],
    [120, 1.98, 2.617],
  ];
  for (const [df, t95, t99] of table) {
    assert.equal(Math.round(studentTQuantile(0.975, df) * 1000) / 1000, t95, `df ${df}`);
    assert.equal(Math.round(studentTQuantile(0.995, df) * 1000) / 1000, t99, `df ${df}`);
  }
  for (const p of [0.001, 0.025, 0.2, 0.6, 0.95, 0.9995]) {
    // df 1 is Cauchy's distribution; df 2 has a closed form; many degrees of freedom are normal.
    relative(studentTQuantile(p, 1), Math.tan(Math.PI * (p - 0.5)), 1e-11);
    relative(studentTQuantile(p, 2), (2 * p - 1) / Math.sqrt(2 * p * (1 - p)), 1e-11);
    relative(studentTQuantile(p, 1e8), normalQuantile(p), 1e-7);
    for (const df of [3, 7.5, 30]) {
      relative(studentTCdf(studentTQuantile(p, df), df), p, 1e-11);
    }
  }
  assert.equal(studentTQuantile(0.5, 3), 0);
  assert.ok(Number.isNaN(studentTQuantile(0, 3)) && Number.isNaN(studentTQuantile(0.5, 0)));
});

test.run();
