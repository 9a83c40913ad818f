/**
 * Access to the two 32-bit halves of a double; the buffer is scratch, nothing is kept in it between
 * calls.
 */
const float = new Float64Array(1);
const words = new Int32Array(float.buffer);
/** Index of the half with sign and exponent: 1 on little-endian machines. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0];
const LOW = 1 - HIGH;

/** Sign, exponent and the upper 20 bits of the mantissa, as a signed integer. */
export function highWord(x: number): number {
  float[0] = x;
  return words[HIGH];
}

/** `x` with its high word replaced. */
export function withHighWord(x: number, high: number): number {
  float[0] = x;
  words[HIGH] = high;
  return float[0];
}

/** `x` with its low word cleared: the leading 21 bits of the mantissa. */
export function withoutLowWord(x: number): number {
  float[0] = x;
  words[LOW] = 0;
  return float[0];
}

/** The double with this high word and a low word of 0. */
export function fromHighWord(high: number): number {
  words[LOW] = 0;
  words[HIGH] = high;
  return float[0];
}

/** x * 2^n for x in [0.5, 2] or so; rounds once where the result is subnormal. */
export function scale(x: number, n: number): number {
  if (n > 1023) return x * fromHighWord(0x7fe00000) * powerOfTwo(n - 1023);
  if (n < -1022) return x * powerOfTwo(n + 1000) * 2 ** -1000;
  return x * powerOfTwo(n);
}

/** 2^n, -1022 <= n <= 1023. */
export function powerOfTwo(n: number): number {
  return fromHighWord((n + 1023) << 20);
}
