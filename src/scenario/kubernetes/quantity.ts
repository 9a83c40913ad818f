/**
 * Quantities of Kubernetes: '100m', '1.5', '1e3', '12Mi', '5n'.
 *
 * Grammar and rounding of apimachinery pkg/api/resource/quantity.go: decimal suffixes n u m k M G T
 * P E, binary ones Ki to Ei, or an exponent; finer than a billionth is rounded away from zero, more
 * than 2^63 - 1 is cut to that. Exact: a count of billionths.
 */

const GRAMMAR = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(.*)$/s;
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO_DIGITS = 9;
const NANO = 1_000_000_000n;
/** Beyond these an exponent makes every amount 0 or the largest there is. */
const EXPONENT_MAX = 60;
const DIGITS_MAX = 1000;
export const QUANTITY_MAX = (1n << 63n) - 1n;

/** In billionths; null where the text is no quantity. */
export function parseQuantity(text: string): bigint | null {
  const match = text.length > DIGITS_MAX ? null : GRAMMAR.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = match[4] ?? '', , suffix] = match;
  const scale = scaleOf(suffix);
  if (scale === null) return null;
  let amount = BigInt(whole + fraction) * scale.factor;
  const shift = scale.exponent + NANO_DIGITS - fraction.length;
  amount = shift >= 0 ? amount * powerOfTen(shift) : ceilDivide(amount, powerOfTen(-shift));
  if (amount > QUANTITY_MAX * NANO) amount = QUANTITY_MAX * NANO;
  return sign === '-' ? -amount : amount;
}

function scaleOf(suffix: string): { readonly factor: bigint; readonly exponent: number } | null {
  if (Object.hasOwn(DECIMAL, suffix)) return { factor: 1n, exponent: DECIMAL[suffix] };
  const power = BINARY.indexOf(suffix);
  if (power >= 0) return { factor: 1n << BigInt(10 * (power + 1)), exponent: 0 };
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (exponent === null) return null;
  const clamped = Math.max(-DIGITS_MAX, Math.min(DIGITS_MAX + EXPONENT_MAX, Number(exponent[1])));
  return { factor: 1n, exponent: clamped };
}

function powerOfTen(exponent: number): bigint {
  return BigInt(`1${'0'.repeat(exponent)}`);
}

/** Of amounts of at least 0. */
function ceilDivide(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

function roundedUp(nano: bigint, unit: bigint): number {
  const size = nano < 0n ? -nano : nano;
  const rounded = Number(ceilDivide(size, unit));
  return nano < 0n ? -rounded : rounded;
}

/** Whole units, rounded away from zero: `Quantity.Value()`. */
export function unitsOf(nano: bigint): number {
  return roundedUp(nano, NANO);
}

/** Thousandths, rounded away from zero: `Quantity.MilliValue()`. */
export function milliOf(nano: bigint): number {
  return roundedUp(nano, NANO / 1000n);
}
