/**
 * Values with units: text to numbers in base units (ns, bytes, per second, ratio, ppm) and back.
 * Powers of ten are shifted in the text before it is converted, so that 1.1ms is exactly 1100000
 * ns.
 */

export type UnitKind =
  | 'duration'
  | 'bytes'
  | 'rate'
  | 'ratio'
  | 'ppm'
  | 'bandwidth'
  | 'cpu'
  | 'number';

interface Unit {
  /** Power of ten of the unit in base units. */
  readonly exponent: number;
  /** Integer factor on top of it. */
  readonly factor: number;
}

const KIB = 1024;
const unit = (exponent: number, factor = 1): Unit => ({ exponent, factor });

const units: Readonly<Record<UnitKind, Readonly<Record<string, Unit>>>> = {
  duration: {
    ns: unit(0),
    us: unit(3),
    µs: unit(3), // U+00B5, as Go prints it
    μs: unit(3), // U+03BC, as keyboards write it
    ms: unit(6),
    s: unit(9),
    m: unit(9, 60),
    h: unit(9, 3600),
    d: unit(9, 86_400),
  },
  bytes: {
    '': unit(0),
    B: unit(0),
    KB: unit(3),
    kB: unit(3),
    MB: unit(6),
    GB: unit(9),
    TB: unit(12),
    KiB: unit(0, KIB),
    MiB: unit(0, KIB * KIB),
    GiB: unit(0, KIB * KIB * KIB),
    TiB: unit(0, KIB * KIB * KIB * KIB),
    Ki: unit(0, KIB),
    Mi: unit(0, KIB * KIB),
    Gi: unit(0, KIB * KIB * KIB),
  },
  rate: { '/s': unit(0), 'k/s': unit(3), '/min': unit(0), '/h': unit(0) },
  ratio: { '': unit(0), '%': unit(-2) },
  ppm: { ppm: unit(0), ppb: unit(-3), '%': unit(4) },
  bandwidth: {
    'B/s': unit(0),
    'KB/s': unit(3),
    'kB/s': unit(3),
    'MB/s': unit(6),
    'GB/s': unit(9),
    'KiB/s': unit(0, KIB),
    'MiB/s': unit(0, KIB * KIB),
    'GiB/s': unit(0, KIB * KIB * KIB),
    'bit/s': unit(0),
    'kbit/s': unit(3),
    'Mbit/s': unit(6),
    'Gbit/s': unit(9),
  },
  // In thousandths of a core, as Kubernetes writes them.
  cpu: { '': unit(3), m: unit(0) },
  number: { '': unit(0), k: unit(3), M: unit(6), G: unit(9) },
};

/** Units that stand for less than one base unit: the value is divided by this. */
const divisors: Readonly<Record<string, number>> = {
  '/min': 60,
  '/h': 3600,
  'bit/s': 8,
  'kbit/s': 8,
  'Mbit/s': 8,
  'Gbit/s': 8,
};

/** What to write, for messages and the reference. */
export const unitWords: Readonly<Record<UnitKind, string>> = {
  duration: 'a duration such as 25ms (ns, us, ms, s, m, h, d)',
  bytes: 'a size such as 256, 4KiB or 2GB (B, KB, MB, GB, KiB, MiB, GiB)',
  rate: 'a rate such as 1000/s (/s, k/s, /min, /h)',
  ratio: 'a ratio such as 1% or 0.01',
  ppm: 'a rate error such as 100ppm (ppm, ppb, %)',
  bandwidth: 'a bandwidth such as 125MB/s or 1Gbit/s',
  cpu: 'cores such as 2 or 0.5, or thousandths such as 250m',
  number: 'a number',
};

export type UnitResult =
  | { readonly value: number }
  | { readonly error: 'missing-unit' | 'unknown-unit' | 'unreadable'; readonly unit: string };

const NUMBER = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:[eE]([+-]?\d{1,3}))?/;
const COMPOUND = /^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h|d)){2,8}$/;

function convert(mantissa: string, exponent: string | undefined, name: string, u: Unit): number {
  const shifted = Number(`${mantissa}e${Number(exponent ?? '0') + u.exponent}`);
  return (shifted * u.factor) / (divisors[name] ?? 1);
}

/** One number with its unit; durations may be compound as in Go: 1m30s. */
export function parseUnit(kind: UnitKind, text: string): UnitResult {
  const trimmed = text.trim();
  if (kind === 'duration' && COMPOUND.test(trimmed)) return { value: parseCompound(trimmed) };
  const match = NUMBER.exec(trimmed);
  if (match === null) return { error: 'unreadable', unit: '' };
  const name = trimmed.slice(match[0].length).trim();
  const known = units[kind];
  // Nothing is nothing in any unit.
  if (name === '' && Number(match[0]) === 0) return { value: 0 };
  if (!Object.hasOwn(known, name)) {
    return { error: name === '' ? 'missing-unit' : 'unknown-unit', unit: name };
  }
  const value = convert(match[1], match[2], name, known[name]);
  return Number.isFinite(value) ? { value } : { error: 'unreadable', unit: name };
}

function parseCompound(text: string): number {
  let sum = 0;
  for (const [, mantissa, name] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)) {
    sum += convert(mantissa, undefined, name, units.duration[name]);
  }
  return text.startsWith('-') ? -sum : sum;
}

/** Names of the units of a kind, for the nearest name of a wrong one. */
export function unitNames(kind: UnitKind): readonly string[] {
  return Object.keys(units[kind]).filter((name) => name !== '');
}

/** The value in one of its units if that reads back to the very same number, else null. */
function tryUnit(kind: UnitKind, value: number, name: string): string | null {
  const u = units[kind][name];
  const scaled = (value * (divisors[name] ?? 1)) / u.factor;
  const text = shiftDecimal(scaled, -u.exponent);
  const back = parseUnit(kind, text + name);
  return 'value' in back && back.value === value && text.length <= 12 ? text + name : null;
}

/** Shortest decimal of value x 10^shift, without arithmetic on the value. */
function shiftDecimal(value: number, shift: number): string {
  const [mantissa, exponent = '0'] = String(value).split('e');
  return String(Number(`${mantissa}e${Number(exponent) + shift}`));
}

const preferred: Readonly<Record<UnitKind, readonly string[]>> = {
  duration: ['d', 's', 'ms', 'us', 'ns'],
  bytes: ['GiB', 'GB', 'MiB', 'MB', 'KiB', 'KB', 'B'],
  rate: ['/s'],
  ratio: ['%', ''],
  ppm: ['ppm'],
  bandwidth: ['GB/s', 'MB/s', 'KB/s', 'B/s'],
  cpu: ['', 'm'],
  number: [''],
};

/** Base units to the text that people would write; parses back to exactly the same number. */
export function formatUnit(kind: UnitKind, value: number): string {
  if (kind === 'duration' && value === 0) return '0s';
  for (const name of preferred[kind]) {
    const u = units[kind][name];
    const size = Math.abs(value) / (u.factor * Number(`1e${u.exponent}`));
    // Days and binary sizes only where they come out whole, e.g. 2GiB but 300MB.
    const whole = u.factor !== 1 && !Number.isInteger(size);
    const small = size < 1 && kind !== 'ratio';
    if (whole || small || (kind === 'bytes' && !Number.isInteger(size))) continue;
    const text = tryUnit(kind, value, name);
    if (text !== null) return text;
  }
  const base = preferred[kind][preferred[kind].length - 1];
  return String(value) + base;
}

/** Durations of etcd's flags, Go's time.ParseDuration: '100ms', '5m0s', '0'. In ns, or NaN. */
export function parseGoDuration(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const whole = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
  if (!whole.test(text)) return Number.NaN;
  let sum = 0;
  for (const [, mantissa, name] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)([a-zµμ]+)/g)) {
    sum += convert(mantissa, undefined, name, units.duration[name]);
  }
  return text.startsWith('-') ? -sum : sum;
}

/** A duration as Go's flags take it, exact to the ns. */
export function formatGoDuration(ns: number): string {
  const text = formatUnit('duration', ns);
  return text.endsWith('d') ? `${ns / 1e9}s` : text;
}
