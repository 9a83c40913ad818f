/**
 * YAML text to a tree of our own: mappings, lists and scalars that know their place in the text.
 * Aliases and merge keys are expanded here, under a limit, so that nobody after this meets them.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml';
import type { WrittenValue } from './kubernetes-types.ts';
import { nearestName } from './nearest.ts';
import type { ProblemList, Source, Span } from './problem.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  /** As written, quotes resolved; 'null' and '' both have isNull. */
  readonly text: string;
  readonly quoted: boolean;
  readonly isNull: boolean;
  readonly span: Span;
}
export interface ListNode {
  readonly kind: 'list';
  readonly items: Node[];
  readonly span: Span;
}
export interface MapEntry {
  readonly key: string;
  readonly keySpan: Span;
  value: Node;
}
export interface MapNode {
  readonly kind: 'map';
  readonly entries: MapEntry[];
  readonly span: Span;
}
export type Node = ScalarNode | ListNode | MapNode;

/** Characters of one scenario or profile; larger files are refused before they are parsed. */
export const TEXT_LENGTH_MAX = 8 * 1024 * 1024;
/** Values of one document after aliases are expanded. */
export const NODES_MAX = 500_000;
/** Mappings and lists inside each other. */
export const DEPTH_MAX = 100;

export function entryOf(node: MapNode, key: string): MapEntry | undefined {
  return node.entries.find((entry) => entry.key === key);
}

/** What was written, without its places; reads back to the same texts. */
export function plainOf(node: Node): WrittenValue {
  if (node.kind === 'list') return node.items.map(plainOf);
  if (node.kind === 'map') {
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]));
  }
  const { text, quoted } = node;
  if (quoted) return text;
  if (node.isNull) return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return String(Number(text)) === text ? Number(text) : text;
}

/**
 * Parses one document; null where there is nothing that could be read on. `shown` is what problems
 * quote where it is not the text itself: it must have the same length.
 */
export function parseTree(source: Source, problems: ProblemList, shown = source): Node | null {
  if (!readable(source, problems)) return null;
  // A byte order mark is allowed and skipped; offsets stay those of the text without it.
  const marked = source.text.startsWith('\uFEFF');
  const text = marked ? source.text.slice(1) : source.text;
  const clean: Source = marked ? { file: source.file, text } : shown;
  const deep = tooDeepAt(text);
  if (deep >= 0) {
    const span = { source: clean, start: deep, end: deep + 1 };
    problems.add('WT1014', '', span, `nested deeper than ${DEPTH_MAX} levels`);
    return null;
  }
  const document = parseDocument(text, {
    uniqueKeys: false, // checked below, in linear time
    merge: false, // done below, with places and limits
    prettyErrors: false,
    logLevel: 'error', // 'silent' would hide further documents
    stringKeys: false,
  }) as Document.Parsed;
  // Tags that YAML does not know are warnings to the parser; here they mean nothing.
  const errors = [...document.errors, ...document.warnings];
  for (const error of errors) addSyntaxProblem(error, clean, problems);
  if (document.contents === null) {
    if (!problems.any) emptyProblem(clean, problems);
    return null;
  }
  const converter = new Converter(clean, problems);
  const tree = converter.convert(document.contents, 0);
  // What a broken text still holds would only give mistakes that are none.
  return errors.length > 0 || converter.broken ? null : tree;
}

/** Columns of indentation, and dashes at the start of one line, that nobody writes. */
const INDENT_MAX = 300;
const DASHES_MAX = 50;

/**
 * Where the text nests so deeply that a recursive parser would run out of stack, or -1. It counts
 * brackets in comments and quotes, too: it need only be right about texts that people write.
 */
function tooDeepAt(text: string): number {
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '[' || c === '{') open++;
    else if ((c === ']' || c === '}') && open > 0) open--;
    if (open > DEPTH_MAX + 1) return i;
  }
  const line = new RegExp(`^(?: {${INDENT_MAX},}|[ \\t]*(?:[-?][ \\t]+){${DASHES_MAX},})`, 'm');
  return text.search(line);
}

/** Text that no YAML parser should be given: too large, binary, not UTF-8. */
function readable(source: Source, problems: ProblemList): boolean {
  const { text } = source;
  if (text.length > TEXT_LENGTH_MAX) {
    const megabytes = Math.round(text.length / 1e6);
    problems.add(
      'WT1013',
      '',
      { source: { file: source.file, text: '' }, start: 0, end: 0 },
      `the file has ${megabytes} MB`,
      {
        expected: `at most ${Math.round(TEXT_LENGTH_MAX / 1e6)} MB`,
        hint: 'large data belongs in a file of samples that the scenario names',
      },
    );
    return false;
  }
  const nul = text.indexOf('\0');
  const replaced = text.indexOf('\uFFFD');
  const at = nul >= 0 ? nul : replaced;
  if (at < 0) return true;
  const what = nul >= 0 ? 'has a NUL byte' : 'has bytes that are not UTF-8';
  problems.add('WT1012', '', { source, start: at, end: at + 1 }, `the file ${what}`, {
    expected: 'UTF-8 text',
    hint: 'is it compressed, binary or UTF-16? `iconv -t UTF-8` converts text',
  });
  return false;
}

function emptyProblem(source: Source, problems: ProblemList): void {
  problems.add('WT1015', '', { source, start: 0, end: 0 }, 'the file is empty', {
    expected: 'a YAML mapping with apiVersion and kind',
    hint: '`wavetank init` writes a scenario to start from',
  });
}

function addSyntaxProblem(error: YAMLError, source: Source, problems: ProblemList): void {
  if (error.code === 'MULTIPLE_DOCS') {
    const span = { source, start: error.pos[0], end: error.pos[0] + 3 };
    problems.add('WT1017', '', span, 'the file has more than one document', {
      hint: 'put each scenario in a file of its own',
    });
    return;
  }
  const last = source.text.trimEnd().length;
  const atEnd = error.pos[0] >= last;
  const start = Math.min(error.pos[0], last);
  const message = error.message.split('\n')[0];
  const lower = message.charAt(0).toLowerCase() + message.slice(1);
  const hint =
    error.code === 'TAB_AS_INDENT'
      ? 'YAML is indented with spaces, never with tabs'
      : atEnd && !source.file.startsWith('-s ')
        ? 'the text ends here: is the file cut off?'
        : '';
  problems.add('WT1001', '', { source, start, end: Math.max(start + 1, error.pos[1]) }, lower, {
    hint,
  });
}

class Converter {
  readonly #anchors = new Map<string, ParsedNode>();
  #expanding = 0;
  readonly #source: Source;
  readonly #problems: ProblemList;
  #count = 0;
  #stopped = false;
  /** An alias without its anchor, or too many values: the tree is not what was meant. */
  broken = false;

  constructor(source: Source, problems: ProblemList) {
    this.#source = source;
    this.#problems = problems;
  }

  #span(node: { range?: readonly number[] | null }): Span {
    const [start, end] = node.range ?? [0, 0];
    return { source: this.#source, start, end };
  }

  convert(node: ParsedNode, depth: number): Node {
    this.#count++;
    if (this.#count > NODES_MAX || depth > DEPTH_MAX) return this.#stop(node, depth);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) return this.#noAnchor(node);
      this.#expanding++;
      const copy = this.convert(target, depth + 1);
      this.#expanding--;
      return copy;
    }
    // As in YAML, an alias means the last anchor of that name before it.
    if (node.anchor !== undefined && this.#expanding === 0) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#map(node, depth);
    if (isSeq(node)) {
      const items: Node[] = [];
      for (const item of node.items) {
        if (this.#stopped) break;
        items.push(this.convert(item as ParsedNode, depth + 1));
      }
      return { kind: 'list', items, span: this.#span(node) };
    }
    return this.#scalar(node as Scalar.Parsed);
  }

  #scalar(node: Scalar.Parsed): ScalarNode {
    const quoted = node.type !== 'PLAIN';
    const text = node.source ?? String(node.value ?? '');
    return { kind: 'scalar', text, quoted, isNull: node.value === null, span: this.#span(node) };
  }

  #null(node: { range?: readonly number[] | null }): ScalarNode {
    return { kind: 'scalar', text: '', quoted: false, isNull: true, span: this.#span(node) };
  }

  #map(node: ParsedNode & { items: { key: unknown; value: unknown }[] }, depth: number): MapNode {
    const own = new Map<string, MapEntry>();
    const merged: MapEntry[] = [];
    for (const pair of node.items) {
      if (this.#stopped) break;
      // Keys of a parsed document are parsed nodes; a missing value is null.
      const keyNode = pair.key as ParsedNode;
      const keySpan = this.#span(keyNode);
      if (!isScalar(keyNode)) {
        this.#problems.add('WT1004', '', keySpan, 'a key must be a single word');
        continue;
      }
      const key = this.#scalar(keyNode as Scalar.Parsed).text;
      const valueNode = pair.value as ParsedNode | null;
      const value = valueNode === null ? this.#null(keyNode) : this.convert(valueNode, depth + 1);
      if (key === '<<' && keyNode.type === 'PLAIN') this.#merge(value, merged);
      else if (own.has(key)) {
        this.#problems.add('WT1010', key, keySpan, `\`${key}\` stands twice in this mapping`, {
          hint: 'keep one of them',
        });
      } else own.set(key, { key, keySpan, value });
    }
    // A key of the mapping itself wins over merged ones, and the first merged one over the next.
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return { kind: 'map', entries: [...own.values()], span: this.#span(node) };
  }

  #noAnchor(node: Alias.Parsed): Node {
    this.broken = true;
    const names = [...this.#anchors.keys()];
    this.#problems.add('WT1001', '', this.#span(node), `there is no anchor &${node.source}`, {
      expected: 'an anchor that stands before the alias',
      nearest: nearestName(node.source, names),
      hint: 'a text that begins with * needs quotes',
    });
    return this.#null(node);
  }

  #merge(value: Node, merged: MapEntry[]): void {
    const maps = value.kind === 'list' ? value.items : [value];
    for (const map of maps) {
      if (map.kind === 'map') merged.push(...map.entries);
      else this.#problems.add('WT1004', '', map.span, 'a merge key (<<) takes a mapping');
    }
  }

  #stop(node: { range?: readonly number[] | null }, depth: number): Node {
    if (!this.#stopped) {
      const message =
        depth > DEPTH_MAX
          ? `nested deeper than ${DEPTH_MAX} levels`
          : `more than ${NODES_MAX} values, aliases expanded`;
      this.#problems.add('WT1014', '', this.#span(node), message, {
        hint: 'aliases of aliases multiply; write the values out, or name a file of samples',
      });
    }
    this.#stopped = true;
    this.broken = true;
    return this.#null(node);
  }
}
