/**
 * What a threshold expects, as the scenario's grammar reads it, in the terms in which it is judged.
 */
import { assert } from '../core/index.ts';
import { type Operator, parseExpectation } from '../scenario/index.ts';

export type { Operator };

export type Statistic = 'quantile' | 'mean' | 'max' | 'min' | 'rate' | 'count' | 'availability';

export interface Expectation {
  readonly statistic: Statistic;
  /** As written: 'p99', 'mean', 'availability'. */
  readonly word: string;
  /** 0..1 where the statistic is a quantile, else null. */
  readonly quantile: number | null;
  readonly operator: Operator;
  /** In base units (ns, bytes, per second, a ratio), or a plain number. */
  readonly limit: number;
  /** Whether the limit was written as a duration. */
  readonly duration: boolean;
}

/** Whether small figures are good: the limit is an upper one. */
export function isUpper(operator: Operator): boolean {
  return operator === '<' || operator === '<=';
}

/** The scenario was validated: its expectations parse. */
export function readExpectation(text: string): Expectation {
  const parsed = parseExpectation(text);
  assert('value' in parsed, `a validated scenario has an expectation that parses: ${text}`);
  const { aggregate, operator, value, unit } = parsed.value;
  return {
    statistic: aggregate.kind,
    word: /^\s*([\w.]+)/.exec(text)?.[1] ?? aggregate.kind,
    quantile: aggregate.kind === 'quantile' ? aggregate.p : null,
    operator,
    limit: value,
    duration: unit === 'ns',
  };
}
