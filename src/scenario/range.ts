/** Ranges of values with units, `1ms..100ms`, linear or logarithmic, and the points in them. */
import { exp, log } from '../core/index.ts';
import { formatUnit, parseUnit, type UnitKind } from './units.ts';

export type Scale = 'lin' | 'log';

export interface Range {
  readonly scale: Scale;
  readonly low: number;
  readonly high: number;
  /** Both ends are whole numbers without a unit: so is everything between them. */
  readonly whole: boolean;
  /** Behind the number, where both ends have the same; else low is in base units. */
  readonly suffix: string;
  readonly kind: UnitKind | null;
}

const PARTS = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*)$/;
const KINDS: readonly UnitKind[] = ['duration', 'bytes', 'rate', 'bandwidth', 'ratio', 'cpu'];
/** Significant digits of values between the ends. */
const DIGITS = 6;

/** Null with the reason where there is no such range. */
export function readRange(scale: Scale, low: string, high: string): Range | string {
  const a = PARTS.exec(low.trim());
  const b = PARTS.exec(high.trim());
  if (a === null || b === null) return `\`${(a === null ? low : high).trim()}\` is not a number`;
  if (a[2] === b[2]) {
    const whole = a[2] === '' && /^[+-]?\d+$/.test(a[1]) && /^[+-]?\d+$/.test(b[1]);
    return checked({
      scale,
      low: Number(a[1]),
      high: Number(b[1]),
      whole,
      suffix: a[2],
      kind: null,
    });
  }
  for (const kind of KINDS) {
    const from = parseUnit(kind, low);
    const to = parseUnit(kind, high);
    if (!('value' in from) || !('value' in to)) continue;
    return checked({ scale, low: from.value, high: to.value, whole: false, suffix: '', kind });
  }
  return `\`${low.trim()}\` and \`${high.trim()}\` are not of one kind`;
}

function checked(range: Range): Range | string {
  if (!(range.low < range.high)) return 'the first end is not below the second';
  if (range.scale === 'log' && range.low <= 0) return 'a logarithmic scale begins above zero';
  return range;
}

/** The number at a fraction 0..1 of the way; the ends are exact. */
export function numberAt(range: Range, fraction: number): number {
  if (fraction <= 0) return range.low;
  if (fraction >= 1) return range.high;
  const { low, high } = range;
  const x =
    range.scale === 'lin'
      ? low + (high - low) * fraction
      : exp(log(low) + (log(high) - log(low)) * fraction);
  return range.whole ? Math.round(x) : Number(x.toPrecision(DIGITS));
}

/** As a scenario has it. */
export function valueText(range: Range, value: number): string {
  if (range.kind === null) return `${value}${range.suffix}`;
  // Durations and sizes are whole in their base unit.
  const fine = range.kind === 'duration' || range.kind === 'bytes' ? Math.round(value) : value;
  return formatUnit(range.kind, fine);
}

/** Values in base units where one kind reads them all, else null. */
export function parseUnitValue(texts: readonly string[]): number[] | null {
  for (const kind of ['number', ...KINDS] as const) {
    const values = texts.map((text) => parseUnit(kind, text));
    const numbers = values.flatMap((v) => ('value' in v ? [v.value] : []));
    if (numbers.length === texts.length) return numbers;
  }
  return null;
}
