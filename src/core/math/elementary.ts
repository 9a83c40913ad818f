/**
 * log, log1p, exp, expm1 after fdlibm
 * (e_log.c, s_log1p.c, e_exp.c, s_expm1.c; https://www.netlib.org/fdlibm/,
 * Copyright 1993 Sun Microsystems, freely usable with this notice). Errors below 1 unit in the last
 * place.
 */
import { highWord, powerOfTwo, scale, withHighWord } from './bits.ts';

/** ln 2 in two parts; the first has 32 trailing zero bits, so that k * LN2_HIGH is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
// biome-ignore lint/suspicious/noApproximativeNumericConstant: operations only from Math
const LOG2_E = 1.4426950408889634;

/** Natural logarithm. */
export function log(x: number): number {
  let high = highWord(x);
  let k = 0;
  let m = x;
  if (high < 0x00100000) {
    if (x === 0) return Number.NEGATIVE_INFINITY;
    if (high < 0) return Number.NaN;
    k = -54;
    m = x * 2 ** 54;
    high = highWord(m);
  }
  if (high >= 0x7ff00000) return x;
  k += (high >> 20) - 1023;
  high &= 0x000fffff;
  // Reduce to sqrt(2)/2 < 1 + f < sqrt(2).
  const carry = (high + 0x95f64) & 0x100000;
  const f = withHighWord(m, high | (carry ^ 0x3ff00000)) - 1;
  k += carry >> 20;
  if ((0x000fffff & (2 + high)) < 3) return logNearOne(f, k);
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z *
    (0.6666666666666735 +
      w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const r = odd + even;
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    const half = 0.5 * f * f;
    return k === 0
      ? f - (half - s * (half + r))
      : k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f);
  }
  return k === 0 ? f - s * (f - r) : k * LN2_HIGH - (s * (f - r) - k * LN2_LOW - f);
}

/** k ln 2 + log(1 + f), |f| < 2^-20. */
function logNearOne(f: number, k: number): number {
  if (f === 0) return k === 0 ? 0 : k * LN2_HIGH + k * LN2_LOW;
  const r = f * f * (0.5 - 0.3333333333333333 * f);
  return k === 0 ? f - r : k * LN2_HIGH - (r - k * LN2_LOW - f);
}

/** log(1 + x), exact to the last place for small x too. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const size = Math.abs(x);
  if (size < 2 ** -29) return size < 2 ** -54 ? x : x - x * x * 0.5;
  let k = 0;
  let f = x;
  let correction = 0;
  let high = 1;
  if (x <= -0.2928934097290039 || x >= 0.41421356) {
    const u = x < 2 ** 53 ? 1 + x : x;
    high = highWord(u);
    k = (high >> 20) - 1023;
    if (x < 2 ** 53) correction = (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
    high &= 0x000fffff;
    if (high < 0x6a09e) {
      f = withHighWord(u, high | 0x3ff00000) - 1;
    } else {
      k++;
      f = withHighWord(u, high | 0x3fe00000) - 1;
      high = (0x00100000 - high) >> 2;
    }
  }
  const half = 0.5 * f * f;
  const low = k * LN2_LOW + correction;
  if (high === 0) {
    if (f === 0) return k * LN2_HIGH + low;
    const r = half * (1 - 0.6666666666666666 * f);
    return k === 0 ? f - r : k * LN2_HIGH - (r - low - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const r = z * log1pSeries(z);
  return k === 0 ? f - (half - s * (half + r)) : k * LN2_HIGH - (half - (s * (half + r) + low) - f);
}

function log1pSeries(z: number): number {
  let r = 0.1818357216161805 + z * (0.15313837699209373 + z * 0.14798198605116586);
  r = 0.2857142874366239 + z * (0.22222198432149784 + z * r);
  return 0.6666666666666735 + z * (0.3999999999940942 + z * r);
}

/** e^x. */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < -745.1332191019411) return 0;
  const size = Math.abs(x);
  if (size < 2 ** -28) return 1 + x;
  let k = 0;
  let high = x;
  let low = 0;
  if (size > 0.34657359027997264) {
    k =
      size < 1.0397207708399179 ? (x < 0 ? -1 : 1) : Math.trunc(LOG2_E * x + (x < 0 ? -0.5 : 0.5));
    high = x - k * LN2_HIGH;
    low = k * LN2_LOW;
  }
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t *
              (0.00006613756321437934 +
                t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))));
  if (k === 0) return 1 - ((r * c) / (c - 2) - r);
  return scale(1 - (low - (r * c) / (2 - c) - high), k);
}

/** e^x - 1, exact to the last place for small x too. */
export function expm1(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (x < -38.81624) return -1;
  const size = Math.abs(x);
  if (size < 2 ** -54) return x;
  let k = 0;
  let r = x;
  let c = 0;
  if (size > 0.34657359027997264) {
    k =
      size < 1.0397207708399179 ? (x < 0 ? -1 : 1) : Math.trunc(LOG2_E * x + (x < 0 ? -0.5 : 0.5));
    const high = x - k * LN2_HIGH;
    const low = k * LN2_LOW;
    r = high - low;
    c = high - r - low;
  }
  const half = 0.5 * r;
  const z = r * half;
  const series =
    1 +
    z *
      (-0.03333333333333313 +
        z *
          (0.0015873015872548146 +
            z *
              (-0.0000793650757867488 +
                z * (0.000004008217827329362 + z * -2.0109921818362437e-7))));
  const t = 3 - series * half;
  const e = z * ((series - t) / (6 - r * t));
  if (k === 0) return r - (r * e - z);
  return expm1Scaled(r, r * (e - c) - c - z, k);
}

/** 2^k (1 + r - e) - 1 without cancellation. */
function expm1Scaled(r: number, e: number, k: number): number {
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k <= -2 || k > 56) return scale(1 - (e - r), k) - 1;
  if (k < 20) return (1 - powerOfTwo(-k) - (e - r)) * powerOfTwo(k);
  return (r - (e + powerOfTwo(-k)) + 1) * powerOfTwo(k);
}

/**
 * Cube root: an estimate from the exponent, then Halley's iteration. Error within 1 unit in the
 * last place.
 */
export function cbrt(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  // Brought to a size whose cube neither overflows nor loses bits.
  const exponent = Math.abs(x) < 2 ** -500 ? 600 : Math.abs(x) > 2 ** 500 ? -600 : 0;
  const size = Math.abs(x) * powerOfTwo(exponent);
  // 715094163 is (1023 - 1023/3 - 0.0331) * 2^20, as in FreeBSD's s_cbrt.c: right to 5 bits.
  let t = withHighWord(0, Math.trunc(highWord(size) / 3) + 715094163);
  for (let i = 0; i < 4; i++) {
    const cube = t * t * t;
    t -= (t * (cube - size)) / (2 * cube + size);
  }
  t *= powerOfTwo(-exponent / 3);
  return x < 0 ? -t : t;
}
