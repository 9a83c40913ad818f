/**
 * Axes of the command line:
 *
 *     path=a,b,c                    each value in turn
 *     path=lin(a,b,n), log(a,b,n)   n values from a to b
 *     path=lin(a,b), log(a,b), a..b a range, for --sample
 *     zip(p=a,b,q=c,d)              axes that advance together
 */
import { type MapNode, type Node, parseTree, type ScalarNode } from './document.ts';
import type { ProblemList, Source, Span } from './problem.ts';
import { numberAt, type Range, readRange, type Scale, valueText } from './range.ts';

export interface TextAxis {
  readonly path: string;
  readonly span: Span;
  readonly values: readonly Node[];
  /** Where it was written as a range; `values` are then those of its steps, if it has steps. */
  readonly range: Range | null;
}

/** One option: one axis, or those of a zip. */
export interface AxisGroup {
  readonly axes: readonly TextAxis[];
  readonly zip: boolean;
  readonly span: Span;
}

const AXIS_HINT =
  'an axis reads like -s etcd.members=1,3,5 or -s etcd.disk.fsync.constant=log(1ms,100ms,7)';
const STEPS_MAX = 10_000;

interface Piece {
  readonly text: string;
  readonly start: number;
}

/** Splits at commas that are inside of no bracket and no quotes; null where they do not close. */
function splitTop(text: string, from: number, to: number): Piece[] | null {
  const pieces: Piece[] = [];
  let depth = 0;
  let quote = '';
  let start = from;
  for (let i = from; i < to; i++) {
    const c = text[i];
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    else if (c === ',' && depth === 0) {
      pieces.push({ text: text.slice(start, i), start });
      start = i + 1;
    }
  }
  pieces.push({ text: text.slice(start, to), start });
  return depth === 0 && quote === '' ? pieces : null;
}

/** Null where it cannot be read; the problem is reported. */
export function parseAxisText(text: string, problems: ProblemList): AxisGroup | null {
  const source: Source = { file: `-s ${text}`, text };
  const whole: Span = { source, start: 0, end: text.length };
  const zip = /^\s*zip\((.*)\)\s*$/s.exec(text);
  if (zip === null) {
    const axis = parseOne(source, 0, text.length, problems);
    return axis === null ? null : { axes: [axis], zip: false, span: whole };
  }
  const open = text.indexOf('(') + 1;
  const pieces = splitTop(text, open, text.lastIndexOf(')'));
  if (pieces === null) return bad(whole, 'a bracket or quote is not closed', problems);
  const starts = pieces.filter((p) => /^\s*[A-Za-z][^\s=(]*=/.test(p.text)).map((p) => p.start);
  if (starts.length === 0 || starts[0] !== open) {
    return bad(whole, 'zip(...) holds no axis', problems);
  }
  const axes: TextAxis[] = [];
  for (const [i, start] of starts.entries()) {
    const end = i + 1 < starts.length ? starts[i + 1] - 1 : text.lastIndexOf(')');
    const axis = parseOne(source, start, end, problems);
    if (axis === null) return null;
    axes.push(axis);
  }
  return { axes, zip: true, span: whole };
}

function bad(span: Span, message: string, problems: ProblemList): null {
  problems.add('WT1501', '', span, message, { expected: 'path=a,b,c', hint: AXIS_HINT });
  return null;
}

function parseOne(
  source: Source,
  from: number,
  to: number,
  problems: ProblemList,
): TextAxis | null {
  const { text } = source;
  const equals = text.slice(0, to).indexOf('=', from);
  if (equals <= from) return bad({ source, start: from, end: to }, 'the `=` is missing', problems);
  const path = text.slice(from, equals).trim();
  const span: Span = { source, start: from, end: equals };
  const value: Span = { source, start: equals + 1, end: to };
  const written = text.slice(equals + 1, to).trim();
  const scaled = /^(lin|log)\(([^()]*)\)$/.exec(written);
  const dots = /^([^.\s](?:.*?[^.])?)\.\.([^.].*)$/.exec(written);
  if (scaled !== null || dots !== null) {
    const parts = scaled === null ? [dots![1], dots![2]] : scaled[2].split(',');
    // The first group is one of these two words.
    const scale = (scaled?.[1] ?? 'lin') as Scale;
    return rangeAxis({ path, span, value, scale, parts }, problems);
  }
  const pieces = splitTop(text, equals + 1, to);
  if (pieces === null) return bad(value, 'a bracket or quote is not closed', problems);
  const values: Node[] = [];
  for (const piece of pieces) {
    if (piece.text.trim() === '') return bad(value, 'a value is missing', problems);
    // What stands before it becomes blanks, so that places stay places in the option.
    const padded = { file: source.file, text: ' '.repeat(piece.start) + piece.text };
    const node = parseTree(padded, problems, source);
    if (node === null) return null;
    values.push(node);
  }
  return { path, span, values, range: null };
}

interface RangeText {
  readonly path: string;
  readonly span: Span;
  readonly value: Span;
  readonly scale: Scale;
  readonly parts: readonly string[];
}

function rangeAxis(given: RangeText, problems: ProblemList): TextAxis | null {
  const { path, span, value, scale, parts } = given;
  const steps = parts.length === 3 ? Number(parts[2]) : 0;
  const good = parts.length === 2 || (Number.isInteger(steps) && steps >= 2);
  if (!good) return bad(value, `${scale}(...) takes two ends and a number of values`, problems);
  if (steps > STEPS_MAX) {
    problems.add('WT1602', path, value, `the axis has ${steps} values`, {
      expected: `at most ${STEPS_MAX}`,
    });
    return null;
  }
  const range = readRange(scale, parts[0], parts[1]);
  if (typeof range === 'string') return bad(value, range, problems);
  const texts = new Set<string>();
  for (let i = 0; i < steps; i++) texts.add(valueText(range, numberAt(range, i / (steps - 1))));
  return { path, span, values: [...texts].map((text) => scalar(text, value)), range };
}

export function scalar(text: string, span: Span): ScalarNode {
  return { kind: 'scalar', text, quoted: false, isNull: false, span };
}

export function mapNode(entries: readonly (readonly [string, Node])[], span: Span): MapNode {
  return {
    kind: 'map',
    entries: entries.map(([key, value]) => ({ key, keySpan: span, value })),
    span,
  };
}
