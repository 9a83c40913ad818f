/**
 * The one grammar of expectations, for thresholds, gates and stopping rules:
 *
 *     expectation  aggregate operator value         p99 < 50ms, availability > 99.5%, count == 0
 *     metric       name{label="value", ...}         wavetank_client_requests{op="put"}
 *     window       all | before(fault) | during(fault) | after(fault), each with +1s or -1s, |
 * 10s..40s | 10s..
 */
import type { ProblemCode } from './codes.ts';
import { nearestName } from './nearest.ts';
import { formatUnit, parseUnit, type UnitKind } from './units.ts';

export type Aggregate =
  | { readonly kind: 'quantile' /** 0 < p < 1 */; readonly p: number }
  | { readonly kind: 'mean' | 'max' | 'min' | 'rate' | 'count' | 'availability' };

export type Operator = '<' | '<=' | '>' | '>=' | '==' | '!=';

export interface Expectation {
  readonly text: string;
  readonly aggregate: Aggregate;
  readonly operator: Operator;
  /** In base units: ns, bytes, per second, a ratio, or a plain number. */
  readonly value: number;
  readonly unit: 'ns' | 'bytes' | 'perSecond' | 'ratio' | '1';
}

export interface MetricSelector {
  readonly text: string;
  readonly name: string;
  /** Those that are asked for by `=`. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A window before faults are looked up. Offsets are in ns and move the edge that the word
 * names.
 */
export type Window =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'range';
      readonly fromNs: number /** Infinity: to the horizon */;
      readonly toNs: number;
    }
  | {
      readonly kind: 'before' | 'during' | 'after';
      readonly fault: string;
      readonly offsetNs: number;
    };

export interface ExpressionError {
  readonly code: ProblemCode;
  readonly message: string;
  readonly expected: string;
  readonly nearest: string;
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
}

export type Parsed<T> = { readonly value: T } | { readonly error: ExpressionError };

const WORDS = ['p50', 'p90', 'p99', 'p99.9', 'mean', 'max', 'min', 'rate', 'count', 'availability'];
const PLAIN = ['mean', 'max', 'min', 'rate', 'count', 'availability'] as const;

function fail(
  code: ProblemCode,
  message: string,
  expected: string,
  start: number,
  end: number,
  nearest = '',
): { readonly error: ExpressionError } {
  return { error: { code, message, expected, nearest, start, end: Math.max(end, start + 1) } };
}

/** `p99 < 50ms` and its like. */
export function parseExpectation(text: string): Parsed<Expectation> {
  const match = /^(\s*)([A-Za-z][\w.]*)(\s*)([<>=!]*)(\s*)(.*?)\s*$/s.exec(text);
  const expected = 'an expectation such as p99 < 50ms';
  if (match === null) {
    return fail('WT1301', `\`${text.trim()}\` is not an expectation`, expected, 0, text.length);
  }
  const [, space, word, space2, operator, space3, value] = match;
  const wordEnd = space.length + word.length;
  const aggregate = aggregateOf(word);
  if (aggregate === null) {
    const nearest = nearestName(word, WORDS);
    const among = `one of ${WORDS.join(', ')}`;
    return fail('WT1301', `\`${word}\` is not measured`, among, space.length, wordEnd, nearest);
  }
  const operatorStart = wordEnd + space2.length;
  const valueStart = operatorStart + operator.length + space3.length;
  if (!isOperator(operator)) {
    const message = operator === '' ? 'the operator is missing' : `\`${operator}\` is no operator`;
    const end = operatorStart + operator.length;
    return fail('WT1301', message, 'one of <, <=, >, >=, ==, !=', operatorStart, end);
  }
  if (value === '')
    return fail('WT1301', 'the value is missing', expected, text.length, text.length);
  const amount = amountOf(aggregate, value);
  if ('message' in amount) {
    const { code, message, expected: what } = amount;
    return fail(code, message, what, valueStart, valueStart + value.length);
  }
  return { value: { text: text.trim(), aggregate, operator, ...amount } };
}

function isOperator(text: string): text is Operator {
  return ['<', '<=', '>', '>=', '==', '!='].includes(text);
}

function aggregateOf(word: string): Aggregate | null {
  const plain = PLAIN.find((name) => name === word);
  if (plain !== undefined) return { kind: plain };
  const match = /^p(\d{1,2}(?:\.\d{1,6})?)$/.exec(word);
  if (match === null) return null;
  // Shifted in the text, so that p99.9 is the double nearest to 0.999.
  const p = Number(`${match[1]}e-2`);
  return p > 0 ? { kind: 'quantile', p } : null;
}

interface Amount {
  readonly value: number;
  readonly unit: Expectation['unit'];
}
interface BadAmount {
  readonly code: ProblemCode;
  readonly message: string;
  readonly expected: string;
}

const unitOf = {
  duration: 'ns',
  bytes: 'bytes',
  rate: 'perSecond',
  ratio: 'ratio',
  number: '1',
} as const;

/** Units that each aggregate can be compared with, the plain number first. */
function kindsOf(aggregate: Aggregate): readonly (keyof typeof unitOf)[] {
  switch (aggregate.kind) {
    case 'rate':
      return ['rate'];
    case 'count':
      return ['number'];
    case 'availability':
      return ['ratio'];
    default:
      return ['number', 'duration', 'bytes', 'ratio', 'rate'];
  }
}

function amountOf(aggregate: Aggregate, text: string): Amount | BadAmount {
  const kinds = kindsOf(aggregate);
  for (const kind of kinds) {
    const parsed = parseUnit(kind, text);
    if ('value' in parsed)
      return checkAmount(aggregate, { value: parsed.value, unit: unitOf[kind] });
  }
  const words: Readonly<Record<string, string>> = {
    rate: 'a rate such as 1000/s',
    number: 'a plain number',
    ratio: 'a percentage such as 99.5%',
  };
  const expected = kinds.length > 1 ? 'a value such as 50ms, 4KiB or 12' : words[kinds[0]];
  const all: readonly UnitKind[] = ['number', 'duration', 'bytes', 'ratio', 'rate'];
  const readable = all.some((kind) => 'value' in parseUnit(kind, text));
  return readable
    ? { code: 'WT1302', message: `${aggregate.kind} cannot be compared with ${text}`, expected }
    : { code: 'WT1301', message: `\`${text}\` cannot be read`, expected };
}

function checkAmount(aggregate: Aggregate, amount: Amount): Amount | BadAmount {
  if (amount.value < 0) {
    const message = 'nothing that is measured is negative';
    return { code: 'WT1301', message, expected: 'a value of zero or more' };
  }
  if (aggregate.kind === 'availability' && amount.value > 1) {
    const message = `an availability of ${formatUnit('ratio', amount.value)} is above 100%`;
    return { code: 'WT1301', message, expected: 'a percentage such as 99.5%' };
  }
  return amount;
}

/** `name` or `name{label="value"}`, with =, !=, =~ and !~, as Prometheus writes it. */
export function parseMetric(text: string): Parsed<MetricSelector> {
  const expected = 'a metric such as wavetank_client_request_duration_seconds{op="put"}';
  const head = /^\s*([A-Za-z_:][\w:]*)\s*/.exec(text);
  if (head === null) return fail('WT1303', 'not a metric name', expected, 0, text.length);
  const labels: Record<string, string> = {};
  let at = head[0].length;
  if (at < text.length) {
    if (text[at] !== '{') return fail('WT1303', 'not a metric name', expected, at, text.length);
    at++;
    const label =
      /\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(,\s*|(?=\}))/y;
    while (at < text.length && !/^\s*\}/.test(text.slice(at))) {
      label.lastIndex = at;
      const match = label.exec(text);
      if (match === null) {
        return fail('WT1303', 'not a label', 'label="value", and a } at the end', at, text.length);
      }
      const [, name, operator, quoted] = match;
      const value = quoted.slice(1, -1).replace(/\\(.)/g, '$1');
      if (operator.endsWith('~') && !isPattern(value)) {
        const message = `\`${value}\` is not a regular expression`;
        return fail('WT1303', message, 'such as "GET|LIST"', at, label.lastIndex);
      }
      if (operator === '=') labels[name] = value;
      at = label.lastIndex;
    }
    if (!/^\s*\}\s*$/.test(text.slice(at))) {
      return fail('WT1303', 'the } is missing or not at the end', expected, at, text.length);
    }
  }
  return { value: { text: text.trim(), name: head[1], labels } };
}

function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`);
    return true;
  } catch {
    return false;
  }
}

/** `before(stall)`, `after(stall)+10s`, `10s..40s`, `all`. */
export function parseWindow(text: string): Parsed<Window> {
  const expected = 'before(fault), during(fault), after(fault)+10s, 10s..40s or all';
  const trimmed = text.trim();
  if (trimmed === 'all') return { value: { kind: 'all' } };
  const range = /^(.+?)\s*\.\.\s*(.*)$/s.exec(trimmed);
  if (range !== null) {
    const from = parseUnit('duration', range[1]);
    const to =
      range[2] === '' ? { value: Number.POSITIVE_INFINITY } : parseUnit('duration', range[2]);
    if ('value' in from && 'value' in to) {
      return {
        value: { kind: 'range', fromNs: Math.round(from.value), toNs: Math.round(to.value) },
      };
    }
    return fail('WT1304', `\`${trimmed}\` is not a range of times`, expected, 0, text.length);
  }
  const match = /^([A-Za-z]+)\s*\(\s*([^()]+?)\s*\)\s*(?:([+-])\s*(.+))?$/s.exec(trimmed);
  if (match === null) {
    return fail('WT1304', `\`${trimmed}\` is not a window`, expected, 0, text.length);
  }
  const [, word, fault, sign, offset] = match;
  const words = ['before', 'during', 'after'] as const;
  const kind = words.find((w) => w === word);
  if (kind === undefined) {
    const nearest = nearestName(word, words);
    return fail('WT1304', `\`${word}\` is not a window`, expected, 0, word.length, nearest);
  }
  if (offset === undefined) return { value: { kind, fault, offsetNs: 0 } };
  const parsed = parseUnit('duration', offset);
  if (!('value' in parsed)) {
    const start = text.lastIndexOf(offset);
    return fail(
      'WT1304',
      `\`${offset}\` is not a duration`,
      expected,
      start,
      start + offset.length,
    );
  }
  const offsetNs = Math.round(sign === '-' ? -parsed.value : parsed.value);
  return { value: { kind, fault, offsetNs } };
}
