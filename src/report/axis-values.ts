/** Values of a swept axis as numbers, where they are some: '250us', '5000/s', '3'. */
import { parseUnit } from '../scenario/index.ts';

const NS_PER_S = 1e9;
/** What units a scenario may write; the first that all values of an axis can be read as. */
const KINDS = ['number', 'duration', 'rate', 'ratio', 'bytes', 'bandwidth', 'cpu'] as const;
const LOG_FROM_RATIO = 15;

export interface AxisValues {
  /** Places of the values: numbers, or 0, 1, 2, ... where they are names. */
  readonly at: ReadonlyMap<string, number>;
  readonly kind: 'linear' | 'log';
  readonly named: boolean;
}

export function axisValues(values: readonly (string | number)[]): AxisValues {
  const texts = [...new Set(values.map(String))];
  const numbers = KINDS.map((kind) => readAll(kind, texts)).find((read) => read !== null);
  if (numbers === undefined) {
    return { at: new Map(texts.map((text, i) => [text, i])), kind: 'linear', named: true };
  }
  const low = Math.min(...numbers);
  const kind = low > 0 && Math.max(...numbers) / low >= LOG_FROM_RATIO ? 'log' : 'linear';
  return { at: new Map(texts.map((text, i) => [text, numbers[i]])), kind, named: false };
}

/** In base units, durations in s; null where one is of another kind. */
function readAll(kind: (typeof KINDS)[number], texts: readonly string[]): number[] | null {
  const values: number[] = [];
  for (const text of texts) {
    const read = parseUnit(kind, text);
    if (!('value' in read)) return null;
    values.push(kind === 'duration' ? read.value / NS_PER_S : read.value);
  }
  return values;
}
