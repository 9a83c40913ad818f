/**
 * Reports problems that show only when fields are seen together, at the place where they were
 * written.
 */
import type { ProblemCode } from './codes.ts';
import type { MapEntry, MapNode, Node } from './document.ts';
import { nearestName } from './nearest.ts';
import type { ProblemDetails, Span } from './problem.ts';
import type { Reader } from './read.ts';
import type { UnitKind } from './units.ts';
import { headSpan } from './words.ts';

/** What is known of the models' constants: names and units. */
export type KnownConstants = Readonly<Record<string, { readonly unit: string }>>;

interface Place {
  readonly node: Node;
  readonly keySpan: Span;
}

/** The entry at a path such as `faults[0].for`, or the nearest one above it. */
function locate(root: MapNode, path: string): Place {
  let node: Node = root;
  let keySpan = headSpan(root);
  let rest = path;
  while (rest !== '') {
    const index = /^\[(\d+)\]/.exec(rest);
    if (index !== null) {
      const item: Node | undefined =
        node.kind === 'list' ? node.items[Number(index[1])] : undefined;
      if (item === undefined) break;
      node = item;
      keySpan = headSpan(item);
      rest = rest.slice(index[0].length).replace(/^\./, '');
      continue;
    }
    if (node.kind !== 'map') break;
    // Keys may hold dots themselves: the longest one that fits is meant.
    const fits: MapEntry[] = node.entries.filter(
      (e) => rest === e.key || rest.startsWith(`${e.key}.`) || rest.startsWith(`${e.key}[`),
    );
    if (fits.length === 0) break;
    const entry: MapEntry = fits.reduce((a, b) => (b.key.length > a.key.length ? b : a));
    node = entry.value;
    keySpan = entry.keySpan;
    rest = rest.slice(entry.key.length).replace(/^\./, '');
  }
  return { node, keySpan };
}

export class Checker {
  readonly reader: Reader;
  readonly #root: MapNode;
  readonly #constants: KnownConstants | null;

  constructor(root: MapNode, reader: Reader, constants: KnownConstants | null) {
    this.#root = root;
    this.reader = reader;
    this.#constants = constants;
  }

  /** A problem with the value at a path; with its key where the key is what is wrong. */
  at(path: string, code: ProblemCode, message: string, details: ProblemDetails = {}): void {
    if (this.reader.options.problems.touches(path)) return;
    const { node, keySpan } = locate(this.#root, path);
    const onKey = code === 'WT1201' || code === 'WT1202' || node.kind !== 'scalar';
    this.reader.problem(code, path, onKey ? keySpan : node.span, message, details);
  }

  /** A problem with a part of the text at a path. */
  within(
    path: string,
    start: number,
    end: number,
    code: ProblemCode,
    message: string,
    details: ProblemDetails = {},
  ): void {
    const { node } = locate(this.#root, path);
    if (this.reader.options.problems.touches(path)) return;
    if (node.kind !== 'scalar') {
      this.at(path, code, message, details);
      return;
    }
    const { source } = node.span;
    const quote = node.quoted ? 1 : 0;
    const from = node.span.start + quote + start;
    const span = { source, start: from, end: node.span.start + quote + end };
    // Escapes in quotes move the text; then the whole value is shown.
    const same = source.text.slice(node.span.start + quote).startsWith(node.text);
    this.reader.problem(code, path, same ? span : node.span, message, details);
  }

  /**
   * True where the value at a path is wrong already, so that nothing should be concluded from
   * it.
   */
  bad(path: string): boolean {
    return this.reader.options.problems.touches(path);
  }

  /** What was written at a path; undefined where nothing was. */
  nodeAt(path: string): Node | undefined {
    const end = path.lastIndexOf('.');
    const { node } = locate(this.#root, path.slice(0, end));
    const key = path.slice(end + 1);
    return node.kind === 'map' ? node.entries.find((e) => e.key === key)?.value : undefined;
  }

  /** The keys that were given in the mapping at a path. */
  keysAt(path: string): readonly string[] {
    const { node } = locate(this.#root, path);
    return node.kind === 'map' ? node.entries.map((entry) => entry.key) : [];
  }

  /** A name that is not there. */
  unknown(path: string, message: string, name: string, names: readonly string[], hint = ''): void {
    if (this.reader.options.problems.touches(path)) return;
    const { node, keySpan } = locate(this.#root, path);
    const item = findScalar(node, name);
    const shown = [...new Set(names)].slice(0, 12);
    const span = item?.span ?? (node.kind === 'scalar' ? node.span : keySpan);
    const more = new Set(names).size > shown.length ? ', …' : '';
    const nearest = nearestName(name, names);
    const withoutNumber = (text: string) => text.replace(/\d+/g, '');
    this.reader.problem('WT1101', path, span, message, {
      expected: shown.length === 0 ? '' : `one of ${shown.join(', ')}${more}`,
      // etcd/3 on three members is no slip of the pen.
      nearest: withoutNumber(nearest) === withoutNumber(name) ? '' : nearest,
      hint,
    });
  }

  /** Names that occur twice in a list of mappings. */
  duplicates(path: string, names: readonly string[], what: string): void {
    for (const [i, name] of names.entries()) {
      if (name === '' || names.indexOf(name) === i) continue;
      this.at(`${path}[${i}].name`, 'WT1011', `there are two ${what}s called ${name}`, {
        hint: 'give each a name of its own',
      });
    }
  }

  /** An override of a constant: known, and in a unit that fits. */
  constant(name: string, kind: UnitKind, value: number): void {
    const path = `constants.${name}`;
    if (value < 0) this.at(path, 'WT1007', 'a cost is not negative', { expected: 'at least 0' });
    if (this.#constants === null) return;
    const known = this.#constants[name];
    if (known === undefined) {
      const nearest = nearestName(name, Object.keys(this.#constants));
      this.at(path, 'WT1111', `there is no constant ${name}`, {
        nearest,
        hint: 'constants.csv of any run lists them',
      });
      return;
    }
    const kinds: Readonly<Record<string, readonly UnitKind[]>> = {
      ns: ['duration'],
      bytes: ['bytes', 'number'],
      count: ['number'],
      ratio: ['ratio', 'number'],
      bytesPerSecond: ['bandwidth'],
    };
    const fitting = kinds[known.unit] ?? ['number'];
    if (fitting.includes(kind)) return;
    this.at(path, kind === 'number' ? 'WT1005' : 'WT1006', `${name} is in ${known.unit}`, {
      expected: fitting[0] === 'duration' ? 'a duration such as 20us' : `a ${fitting[0]}`,
    });
  }
}

function findScalar(node: Node, text: string): Node | undefined {
  if (node.kind === 'scalar') return node.text === text ? node : undefined;
  if (node.kind !== 'list') return undefined;
  for (const item of node.items) {
    const found = findScalar(item, text);
    if (found !== undefined) return found;
  }
  return undefined;
}
