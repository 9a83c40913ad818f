/**
 * Selectors of metrics, in Prometheus' notation: `name`, `name{op="put"}`,
 * `name{op!="put",code=~"5.."}`. A selector matches every label set whose labels satisfy all
 * matchers; a missing label is ''.
 */
import type { Labels } from './result.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

export interface Selector {
  readonly name: string;
  readonly matchers: readonly LabelMatcher[];
  matches(metric: { readonly name: string; readonly labels: Labels }): boolean;
}

/** The text is no selector; `position` counts characters from 0. */
export class SelectorError extends Error {
  readonly code = 'WT2203';
  readonly position: number;
  readonly expected: string;

  constructor(text: string, position: number, expected: string) {
    super(`expected ${expected} at character ${position + 1} of ${text}`);
    this.name = 'SelectorError';
    this.position = position;
    this.expected = expected;
  }
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y;
const SPACE = /\s*/y;

class Reader {
  position = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  skipSpace(): void {
    SPACE.lastIndex = this.position;
    this.position += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  /** Reads what matches, or fails naming what was expected. */
  take(pattern: RegExp, expected: string): RegExpExecArray {
    this.skipSpace();
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) throw new SelectorError(this.text, this.position, expected);
    this.position += match[0].length;
    return match;
  }

  takeCharacter(character: string): boolean {
    this.skipSpace();
    if (this.text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  get atEnd(): boolean {
    this.skipSpace();
    return this.position >= this.text.length;
  }
}

function readMatchers(reader: Reader): LabelMatcher[] {
  const matchers: LabelMatcher[] = [];
  if (!reader.takeCharacter('{')) return matchers;
  while (!reader.takeCharacter('}')) {
    const label = reader.take(LABEL, 'a label name or }')[0];
    // The pattern admits these four operators only.
    const operator = reader.take(OPERATOR, '=, !=, =~ or !~')[0] as MatchOperator;
    const at = reader.position;
    const quoted = reader.take(QUOTED, 'a quoted value');
    const value = (quoted[1] ?? quoted[2]).replace(/\\(.)/g, '$1');
    if (operator === '=~' || operator === '!~') checkPattern(reader.text, at, value);
    matchers.push({ label, operator, value });
    if (reader.takeCharacter(',')) continue;
    if (reader.takeCharacter('}')) break;
    throw new SelectorError(reader.text, reader.position, ', or }');
  }
  return matchers;
}

function checkPattern(text: string, position: number, value: string): void {
  try {
    new RegExp(`^(?:${value})$`);
  } catch {
    throw new SelectorError(text, position, 'a regular expression');
  }
}

function satisfied(matcher: LabelMatcher, labels: Labels): boolean {
  const actual = labels[matcher.label] ?? '';
  switch (matcher.operator) {
    case '=':
      return actual === matcher.value;
    case '!=':
      return actual !== matcher.value;
    case '=~':
      return new RegExp(`^(?:${matcher.value})$`).test(actual);
    case '!~':
      return !new RegExp(`^(?:${matcher.value})$`).test(actual);
  }
}

/** Throws a SelectorError where the text is no selector. */
export function parseSelector(text: string): Selector {
  const reader = new Reader(text);
  const name = reader.take(NAME, 'a metric name')[0];
  const matchers = readMatchers(reader);
  if (!reader.atEnd) throw new SelectorError(text, reader.position, 'the end, or {');
  return {
    name,
    matchers,
    matches: (metric) =>
      metric.name === name && matchers.every((matcher) => satisfied(matcher, metric.labels)),
  };
}

/** Identity of a metric as text, labels sorted by name: `name{a="x",b="y"}`; sorts and compares. */
export function metricText(name: string, labels: Labels): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return name;
  const pairs = names.map((label) => `${label}="${labels[label].replace(/["\\]/g, '\\$&')}"`);
  return `${name}{${pairs.join(',')}}`;
}
