/** One mistake in a scenario: where, what, what was expected, and what to do. */
import { type ProblemCode, problemCodes } from './codes.ts';

/** A text with a name: a file, or an override of the command line. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Offsets into the text of a source, [start, end). */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export interface Problem {
  readonly code: ProblemCode;
  /** Path of the field, e.g. 'etcd.disk.fsync'; '' where the whole file is meant. */
  readonly path: string;
  /** Name of the file, or the override as written, e.g. '-s etcd.members=x'. */
  readonly file: string;
  /** From 1; 0 where there is no place to show. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  /** The nearest name there is, or ''. */
  readonly nearest: string;
  readonly hint: string;
  /** The line of the source with a caret line under it, or ''. */
  readonly excerpt: string;
}

export interface ProblemDetails {
  readonly expected?: string;
  readonly found?: string;
  readonly nearest?: string;
  readonly hint?: string;
}

const COLUMNS_SHOWN = 90;
const FOUND_MAX = 60;
const PROBLEMS_MAX = 100;

/** Tabs and other controls as blanks: they would move the caret. */
function oneColumnEach(line: string): string {
  return Array.from(line, (c) => (c < ' ' || c === '\u007f' ? ' ' : c)).join('');
}

/** The line of the span, cut to a window around it, and carets under the span. */
function excerptOf(span: Span, lineStart: number, column: number): string {
  const text = span.source.text;
  let lineEnd = text.indexOf('\n', lineStart);
  if (lineEnd < 0) lineEnd = text.length;
  let line = oneColumnEach(text.slice(lineStart, lineEnd)).trimEnd();
  let caret = column - 1;
  if (line.length > COLUMNS_SHOWN) {
    const from = Math.max(0, Math.min(caret - 40, line.length - COLUMNS_SHOWN + 1));
    const cut = line.slice(from, from + COLUMNS_SHOWN - (from > 0 ? 1 : 0));
    line = (from > 0 ? '…' : '') + cut + (from + cut.length < line.length ? '…' : '');
    caret -= from - (from > 0 ? 1 : 0);
  }
  const width = Math.min(span.end, lineEnd) - span.start;
  const carets = Math.max(1, Math.min(width, line.length - caret));
  return `${line}\n${' '.repeat(caret)}${'^'.repeat(carets)}`;
}

/** Line and column of an offset, both from 1. */
export function positionOf(source: Source, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = source.text.indexOf('\n'); at >= 0 && at < offset; ) {
    line++;
    lineStart = at + 1;
    at = source.text.indexOf('\n', lineStart);
  }
  return { line, column: offset - lineStart + 1 };
}

/** Equal for two reports of one mistake; the path counts only where there is no place. */
export function problemKey(
  problem: Pick<Problem, 'code' | 'file' | 'line' | 'column' | 'message'>,
  path: string,
): string {
  const { code, file, line, column, message } = problem;
  return [code, file, line, column, path, message].join(' ');
}

/** Collects problems; a repetition of one at the same place is dropped. */
export class ProblemList {
  readonly problems: Problem[] = [];
  readonly #seen = new Set<string>();
  #dropped = 0;

  add(
    code: ProblemCode,
    path: string,
    span: Span | null,
    message: string,
    details: ProblemDetails = {},
  ): void {
    const at = span === null ? { line: 0, column: 0 } : positionOf(span.source, span.start);
    const file = span?.source.file ?? '';
    const key = problemKey({ code, file, ...at, message }, span === null ? path : '');
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.problems.length >= PROBLEMS_MAX) {
      this.#dropped++;
      return;
    }
    const found = details.found ?? '';
    this.problems.push({
      code,
      path,
      file,
      ...at,
      message,
      expected: details.expected ?? '',
      found: found.length > FOUND_MAX ? `${found.slice(0, FOUND_MAX)}…` : found,
      nearest: details.nearest ?? '',
      hint: details.hint ?? '',
      excerpt: span === null ? '' : excerptOf(span, span.start - (at.column - 1), at.column),
    });
  }

  /** A problem found elsewhere, e.g. in a file that the scenario names. */
  take(problem: Problem): void {
    const key = problemKey(problem, '');
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.problems.length >= PROBLEMS_MAX) this.#dropped++;
    else this.problems.push(problem);
  }

  get any(): boolean {
    return this.problems.length > 0;
  }

  /**
   * True where this path, or a part of it, already has a problem: what follows from it is not
   * news.
   */
  touches(path: string): boolean {
    return this.problems.some(
      (p) =>
        p.path === path ||
        p.path.startsWith(`${path}.`) ||
        p.path.startsWith(`${path}[`) ||
        (p.path !== '' && path.startsWith(`${p.path}.`)),
    );
  }

  /** In the order of the file, with a last line where some were left out. */
  finish(): readonly Problem[] {
    const sorted = this.problems
      .map((problem, index) => ({ problem, index }))
      .sort(
        (x, y) =>
          compareText(x.problem.file, y.problem.file) ||
          x.problem.line - y.problem.line ||
          x.problem.column - y.problem.column ||
          x.index - y.index,
      )
      .map((x) => x.problem);
    if (this.#dropped === 0) return sorted;
    const message = `${this.#dropped} more mistakes are not shown`;
    return [...sorted, { ...NOWHERE, code: 'WT1019', message, file: sorted[0].file }];
  }
}

const NOWHERE = {
  path: '',
  line: 0,
  column: 0,
  expected: '',
  found: '',
  nearest: '',
  hint: '',
  excerpt: '',
} as const;

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A problem as people read it: code, path and place; the line with carets; what to do. No
 * colour.
 */
export function renderProblem(problem: Problem): string {
  const line = problem.line > 0 && !problem.file.startsWith('-s ');
  const at = `at ${problem.file}${line ? `:${problem.line}:${problem.column}` : ''}`;
  const where = problem.file === '' ? '' : ` ${problem.line > 0 ? at : `in ${problem.file}`}`;
  const path = problem.path === '' ? '' : ` ${problem.path}:`;
  const lines = [`${problem.code}${path} ${problem.message}${where}`];
  if (problem.excerpt !== '') {
    lines.push('', ...problem.excerpt.split('\n').map((text) => `    ${text}`));
  }
  const details = [
    ['expected: ', problem.expected, ''],
    ['found: ', problem.found, ''],
    ['did you mean ', problem.nearest, '?'],
    ['hint: ', problem.hint, ''],
  ].filter(([, text]) => text !== '');
  if (details.length > 0) lines.push('', ...details.map((parts) => `  ${parts.join('')}`));
  return lines.join('\n');
}

export { problemCodes };
