/** What a threshold expects: `p99 < 50ms`, `availability > 99.5%`. */
import { parseUnit, type UnitKind } from '../scenario/units.ts';

export interface Expectation {
  readonly statistic: string;
  /** 0..1 where the statistic is a quantile, else null. */
  readonly quantile: number | null;
  readonly operator: '<' | '<=' | '>' | '>=';
  /** In recorded units: ns, bytes, per second, a ratio or a plain number. */
  readonly limit: number;
}

export function parseExpectation(text: string): Expectation {
  const match = /^\s*(p\d+(?:\.\d+)?|[a-z]+)\s*(<=|>=|<|>)\s*(.+?)\s*$/.exec(text);
  if (match === null) throw new RangeError(`not an expectation: ${text}`);
  const [, statistic, operator, limit] = match;
  const quantile = /^p\d/.test(statistic) ? Number(statistic.slice(1)) / 100 : null;
  const kinds: UnitKind[] = ['number', 'duration', 'bytes', 'ratio', 'rate'];
  for (const kind of kinds) {
    const read = parseUnit(kind, limit);
    // The pattern admits these four operators only.
    if ('value' in read) {
      return {
        statistic,
        quantile,
        operator: operator as Expectation['operator'],
        limit: read.value,
      };
    }
  }
  throw new RangeError(`not a limit: ${limit}`);
}
