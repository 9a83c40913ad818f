/** Values of a swept axis as numbers, where they are some: '250us', '5000/s', '3'. */

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  '/s': 1,
  '/m': 1 / 60,
  '%': 0.01,
  B: 1,
  KiB: 1024,
  MiB: 1048576,
  GiB: 1073741824,
  k: 1e3,
  M: 1e6,
};
const KINDS: readonly (readonly string[])[] = [
  [''],
  ['ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'd'],
  ['/s', '/m'],
  ['%'],
  ['B', 'KiB', 'MiB', 'GiB'],
  ['k', 'M'],
];
const LOG_FROM_RATIO = 15;

export interface AxisValues {
  /** Places of the values: numbers, or 0, 1, 2, ... where they are names. */
  readonly at: ReadonlyMap<string, number>;
  readonly kind: 'linear' | 'log';
  readonly named: boolean;
}

export function axisValues(values: readonly (string | number)[]): AxisValues {
  const texts = [...new Set(values.map(String))];
  const read = texts.map((text) => /^(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([^\d\s]*)$/i.exec(text));
  const kinds = new Set(read.map((m) => KINDS.findIndex((kind) => kind.includes(m?.[2] ?? '?'))));
  if (read.includes(null) || kinds.size !== 1 || kinds.has(-1)) {
    return { at: new Map(texts.map((text, i) => [text, i])), kind: 'linear', named: true };
  }
  const numbers = read.map((match) => Number(match?.[1]) * UNITS[match?.[2] ?? '']);
  const low = Math.min(...numbers);
  const kind = low > 0 && Math.max(...numbers) / low >= LOG_FROM_RATIO ? 'log' : 'linear';
  return { at: new Map(texts.map((text, i) => [text, numbers[i]])), kind, named: false };
}
