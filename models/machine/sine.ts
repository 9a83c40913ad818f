/** Sine of a full turn, the same bits on every engine (Math.sin is not). */

const HALF_PI = 1.5707963267948966;

/** sin(2 pi turns); absolute error below 1e-13. */
export function sineOfTurns(turns: number): number {
  let x = turns - Math.floor(turns);
  const sign = x >= 0.5 ? -1 : 1;
  if (x >= 0.5) x -= 0.5;
  if (x > 0.25) x = 0.5 - x;
  const angle = 4 * x * HALF_PI;
  const square = angle * angle;
  // Taylor series up to angle^17 / 17!, by Horner's rule; angle <= pi / 2.
  let sum = 1;
  for (let k = 16; k >= 2; k -= 2) sum = 1 - (sum * square) / (k * (k + 1));
  return sign * angle * sum;
}
