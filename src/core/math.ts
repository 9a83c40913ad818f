/**
 * Engine-independent mathematics. `Math.log`, `exp`, `pow` and their like are
 * implementation-approximated by the ECMAScript standard and do differ in the last bits between
 * processors and Node versions; these are built from + - * / and bit access.
 */
export { cbrt, exp, expm1, log, log1p } from './math/elementary.ts';
export { pow } from './math/pow.ts';
export {
  erfc,
  gammaLn,
  incompleteBeta,
  normalCdf,
  normalQuantile,
  studentTCdf,
  studentTQuantile,
} from './math/special.ts';
