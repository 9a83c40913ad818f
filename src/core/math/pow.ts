/**
 * x^y after fdlibm's e_pow.c (https://www.netlib.org/fdlibm/,
 * Copyright 1993 Sun Microsystems, freely usable with this notice):
 * log2(x) in two parts, times y in two parts, then 2^that. Error below 0.7 units in the last place.
 */
import { fromHighWord, highWord, scale, withHighWord, withoutLowWord } from './bits.ts';

/** 2 / (3 ln 2), and its two parts. */
const CP = 0.9617966939259756;
const CP_HIGH = 0.9617967009544373;
const CP_LOW = -7.028461650952758e-9;
/** log2(1.5) in two parts. */
const LOG2_15_HIGH = 0.5849624872207642;
const LOG2_15_LOW = 1.350039202129749e-8;
// biome-ignore lint/suspicious/noApproximativeNumericConstant: operations only from Math
const LN2 = 0.6931471805599453;
const LN2_HIGH = 0.6931471824645996;
const LN2_LOW = -1.904654299957768e-9;
// biome-ignore lint/suspicious/noApproximativeNumericConstant: operations only from Math
const LOG2_E = 1.4426950408889634;
const LOG2_E_HIGH = 1.4426950216293335;
const LOG2_E_LOW = 1.9259629911266175e-8;

/** The special cases are those of `Math.pow`. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const size = Math.abs(x);
  if (!Number.isFinite(y)) {
    if (size === 1) return Number.NaN;
    return size > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  const negative = x < 0 || Object.is(x, -0);
  const isInteger = Math.floor(y) === y;
  const odd = isInteger && Math.abs(y) < 2 ** 53 && Math.abs(y % 2) === 1;
  const sign = negative && odd ? -1 : 1;
  if (size === 0 || size === Number.POSITIVE_INFINITY) {
    return sign * ((size === 0) === y > 0 ? 0 : Number.POSITIVE_INFINITY);
  }
  if (negative && !isInteger) return Number.NaN;
  if (size === 1) return sign;
  return sign * powPositive(size, y);
}

/** x > 0 and finite, x not 1, y finite and not 0. */
function powPositive(x: number, y: number): number {
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === 0.5) return Math.sqrt(x);
  if (Math.abs(y) >= 2 ** 31) {
    if (x < 1 - 2 ** -20) return y < 0 ? Number.POSITIVE_INFINITY : 0;
    if (x >= 1 + 2 ** -20) return y > 0 ? Number.POSITIVE_INFINITY : 0;
    return powNearOne(x, y);
  }
  let n = 0;
  let m = x;
  if (m < 2 ** -1022) {
    m *= 2 ** 53;
    n = -53;
  }
  let high = highWord(m);
  n += (high >> 20) - 1023;
  const fraction = high & 0x000fffff;
  high = fraction | 0x3ff00000;
  // Split at sqrt(3/2) and sqrt(3): the base nearest to the mantissa is 1 or 1.5.
  let overBase = false;
  if (fraction > 0x3988e) {
    if (fraction < 0xbb67a) {
      overBase = true;
    } else {
      n++;
      high -= 0x00100000;
    }
  }
  m = withHighWord(m, high);
  const base = overBase ? 1.5 : 1;
  const u = m - base;
  const v = 1 / (m + base);
  const s = u * v;
  const sHigh = withoutLowWord(s);
  const sumHigh = fromHighWord(((high >> 1) | 0x20000000) + 0x00080000 + (overBase ? 1 << 18 : 0));
  const sumLow = m - (sumHigh - base);
  const sLow = v * (u - sHigh * sumHigh - sHigh * sumLow);
  const s2 = s * s;
  const r = s2 * s2 * logSeries(s2) + sLow * (sHigh + s);
  const sh2 = sHigh * sHigh;
  const tHigh = withoutLowWord(3 + sh2 + r);
  const tLow = r - (tHigh - 3 - sh2);
  const p = sHigh * tHigh;
  const q = sLow * tHigh + tLow * s;
  const pHigh = withoutLowWord(p + q);
  const pLow = q - (pHigh - p);
  const zHigh = CP_HIGH * pHigh;
  const zLow = CP_LOW * pHigh + pLow * CP + (overBase ? LOG2_15_LOW : 0);
  const dHigh = overBase ? LOG2_15_HIGH : 0;
  const t1 = withoutLowWord(zHigh + zLow + dHigh + n);
  const t2 = zLow - (t1 - n - dHigh - zHigh);
  return exp2Product(t1, t2, y);
}

function logSeries(z: number): number {
  const r = 0.272728123808534 + z * (0.23066074577556175 + z * 0.20697501780033842);
  return 0.5999999999999946 + z * (0.4285714285785502 + z * (0.33333332981837743 + z * r));
}

/** |x - 1| < 2^-20 and |y| >= 2^31: log2(x) by its series. */
function powNearOne(x: number, y: number): number {
  const t = x - 1;
  const w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
  const u = LOG2_E_HIGH * t;
  const v = t * LOG2_E_LOW - w * LOG2_E;
  const t1 = withoutLowWord(u + v);
  return exp2Product(t1, v - (t1 - u), y);
}

/** 2^((t1 + t2) y). */
function exp2Product(t1: number, t2: number, y: number): number {
  const yHigh = withoutLowWord(y);
  const low = (y - yHigh) * t1 + y * t2;
  let high = yHigh * t1;
  const total = low + high;
  if (total >= 1024) {
    // The constant is log2(overflow threshold) - 1024 + a little, as in e_pow.c.
    if (total > 1024 || low + 8.008566259537294e-17 > total - high) {
      return Number.POSITIVE_INFINITY;
    }
  } else if (total <= -1075) {
    if (total < -1075 || low <= total - high) return 0;
  }
  const n = Math.abs(total) > 0.5 ? Math.sign(total) * Math.floor(Math.abs(total) + 0.5) : 0;
  high -= n;
  const t = withoutLowWord(low + high);
  const u = t * LN2_HIGH;
  const v = (low - (t - high)) * LN2 + t * LN2_LOW;
  const z = u + v;
  const w = v - (z - u);
  const zz = z * z;
  const c =
    z -
    zz *
      (0.16666666666666602 +
        zz *
          (-0.0027777777777015593 +
            zz *
              (0.00006613756321437934 +
                zz * (-0.0000016533902205465252 + zz * 4.1381367970572385e-8))));
  const r = (z * c) / (c - 2) - (w + z * w);
  return scale(1 - (r - z), n);
}
