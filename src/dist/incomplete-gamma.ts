/**
 * Regularized lower incomplete gamma function P(a, x), the CDF of a gamma variate of shape a,
 * scale 1, and its inverse.
 *
 * Series for x < a + 1, Lentz's continued fraction above: Numerical Recipes, 3rd ed., section
 * 6.2; NIST DLMF 8.11.4 and 8.9.2. Inverse by safeguarded Newton steps from the Wilson-Hilferty
 * guess (Abramowitz & Stegun 26.4.17).
 */
import { exp, gammaLn, log, normalQuantile } from '../core/index.ts';

const TERMS_MAX = 10_000;
const PRECISION = 1e-15;
const TINY = 1e-300;
const STEPS_MAX = 200;

export function gammaCdf(a: number, x: number): number {
  if (!(x > 0)) return 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  const front = exp(a * log(x) - x - gammaLn(a));
  return x < a + 1 ? front * series(a, x) : 1 - front * fraction(a, x);
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS_MAX; n += 1) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * PRECISION) break;
  }
  return sum;
}

function fraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n < TERMS_MAX; n += 1) {
    const an = -n * (n - a);
    b += 2;
    d = nonZero(an * d + b);
    c = nonZero(b + an / c);
    d = 1 / d;
    const factor = d * c;
    result *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return result;
}

function nonZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}

/** x with P(a, x) = p, 0 < p < 1. */
export function gammaQuantile(a: number, p: number): number {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let x = guess(a, p);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const error = gammaCdf(a, x) - p;
    if (error === 0) return x;
    if (error > 0) high = x;
    else low = x;
    const density = exp((a - 1) * log(x) - x - gammaLn(a));
    let next = x - error / density;
    if (!(next > low && next < high)) {
      next = high === Number.POSITIVE_INFINITY ? 2 * x : (low + high) / 2;
    }
    if (Math.abs(next - x) <= 1e-14 * x || next === 0) return next;
    x = next;
  }
  return x;
}

function guess(a: number, p: number): number {
  const c = 1 / (9 * a);
  const root = 1 - c + normalQuantile(p) * Math.sqrt(c);
  if (a > 0.5 && root > 0.1) return a * root * root * root;
  // Near zero P(a, x) is about x^a / Gamma(a + 1).
  return Math.max(TINY, exp((log(p) + gammaLn(a + 1)) / a));
}
