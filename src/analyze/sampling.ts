/**
 * Points in the unit cube for sweeps over many axes: Latin hypercubes and Sobol sequences. The same
 * seed gives the same points on every machine.
 */
import { assert, hashText, mixUniform } from '../core/index.ts';

/** Sobol's direction numbers below are for this many dimensions. */
export const SOBOL_DIMENSIONS_MAX = 21;
const SOBOL_BITS = 30;
const TWO_30 = 1073741824;

/**
 * Primitive polynomials and initial direction numbers of dimensions 2 to 21: degree s, inner
 * coefficients a, m_1..m_s. Joe and Kuo, "Constructing Sobol sequences with better two-dimensional
 * projections", SIAM J. Sci. Comput. 30 (2008), file new-joe-kuo-6.21201.
 */
const JOE_KUO: ReadonlyArray<readonly [s: number, a: number, m: readonly number[]]> = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
  [5, 14, [1, 3, 5, 5, 31]],
  [6, 1, [1, 3, 3, 9, 7, 49]],
  [6, 13, [1, 1, 1, 15, 21, 21]],
  [6, 16, [1, 3, 1, 13, 27, 49]],
  [6, 19, [1, 1, 1, 15, 7, 5]],
  [6, 22, [1, 3, 1, 15, 13, 25]],
  [6, 25, [1, 1, 5, 5, 19, 61]],
  [7, 1, [1, 3, 7, 11, 23, 15, 103]],
  [7, 4, [1, 3, 7, 13, 13, 15, 69]],
];

/** Random numbers of 0..1 by hashing a seed: one sequence for each name. */
function uniforms(seed: string, name: string): (i: number) => number {
  const state = Number.parseInt(hashText(`${seed} ${name}`).slice(0, 8), 16) | 0;
  return (i) => mixUniform(state, i, 0);
}

/** A permutation of 0..n-1 by Fisher and Yates. */
export function permutation(n: number, draw: (i: number) => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw(i) * (i + 1));
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}

/**
 * Latin hypercube: in every dimension each of the n intervals of length 1/n holds exactly one
 * point, at a random place in it. McKay, Beckman and Conover, Technometrics 21 (1979).
 */
export function latinHypercube(n: number, dimensions: number, seed: string): number[][] {
  assert(n >= 1 && dimensions >= 1, 'a sample has a point and a dimension');
  const points = Array.from({ length: n }, () => new Array<number>(dimensions).fill(0));
  for (let d = 0; d < dimensions; d++) {
    const order = permutation(n, uniforms(seed, `lhs order ${d}`));
    const place = uniforms(seed, `lhs place ${d}`);
    for (let i = 0; i < n; i++) points[i][d] = (order[i] + place(i)) / n;
  }
  return points;
}

/** n from 0 to 30. */
function powerOf2(n: number): number {
  return 1 << n;
}

/** Direction numbers of a dimension (0 = the first), as integers below 2^30. */
function directions(dimension: number): number[] {
  const v: number[] = [];
  if (dimension === 0) {
    for (let i = 1; i <= SOBOL_BITS; i++) v.push(powerOf2(SOBOL_BITS - i));
    return v;
  }
  const [s, a, m] = JOE_KUO[dimension - 1];
  for (let i = 0; i < SOBOL_BITS; i++) {
    if (i < s) {
      v.push(m[i] * powerOf2(SOBOL_BITS - 1 - i));
      continue;
    }
    let next = v[i - s] ^ (v[i - s] >>> s);
    for (let k = 1; k < s; k++) if ((a >>> (s - 1 - k)) & 1) next ^= v[i - k];
    v.push(next);
  }
  return v;
}

/**
 * The first n points of Sobol's sequence with a random digital shift of each dimension, which keeps
 * its evenness and takes it off the origin. Most even where n is a power of two.
 */
export function sobol(n: number, dimensions: number, seed: string): number[][] {
  assert(n >= 1 && n <= TWO_30, 'a sample has 1 to 2^30 points');
  assert(dimensions >= 1 && dimensions <= SOBOL_DIMENSIONS_MAX, 'Sobol has 1 to 21 dimensions');
  const shift = uniforms(seed, 'sobol shift');
  const points = Array.from({ length: n }, () => new Array<number>(dimensions).fill(0));
  for (let d = 0; d < dimensions; d++) {
    const v = directions(d);
    let x = Math.floor(shift(d) * TWO_30);
    for (let i = 0; i < n; i++) {
      points[i][d] = (x + 0.5) / TWO_30;
      // Gray code: the lowest zero bit of i tells which direction comes next.
      let bit = 0;
      while ((i >>> bit) & 1) bit++;
      x ^= v[bit];
    }
  }
  return points;
}
