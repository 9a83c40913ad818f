/**
 * Reads nodes of the YAML tree by the field table: every value checked, every default filled
 * in.
 */

import type { ProblemCode } from './codes.ts';
import { distributionValue, type FileReader, type Profiles } from './distribution.ts';
import {
  type ListNode,
  type MapNode,
  type Node,
  parseTree,
  plainOf,
  type ScalarNode,
} from './document.ts';
import type { DistributionValue, Field, Fields, Group, ValueOf } from './field.ts';
import { nearestName } from './nearest.ts';
import type { ProblemDetails, ProblemList, Span } from './problem.ts';
import { parseUnit, type UnitKind, unitNames } from './units.ts';
import { describeNode, headSpan, typeWords } from './words.ts';

export interface ReadOptions {
  readonly problems: ProblemList;
  readonly profiles: Profiles;
  readonly reader: FileReader;
  /** Distributions that were read already. */
  readonly distributions: Map<Node, DistributionValue>;
}

const NAMES_SHOWN = 14;

export class Reader {
  readonly options: ReadOptions;
  /** Inside a distribution values keep fractions of a ns; elsewhere times are whole. */
  #exact = false;
  readonly #unreadable = new Set<Node>();

  constructor(options: ReadOptions) {
    this.options = options;
  }

  problem(code: ProblemCode, path: string, span: Span | null, message: string, d?: ProblemDetails) {
    this.options.problems.add(code, path, span, message, d);
  }

  /** A mapping by its group. Without a node every field has its default. */
  group<F extends Fields>(group: Group<F>, node: Node | undefined, path: string): ValueOf<F> {
    const map = this.#mapOf(group, node, path);
    const values: Record<string, unknown> = {};
    if (map !== undefined) this.#checkKeys(group, map, path);
    for (const [name, field] of Object.entries(group.fields)) {
      const entry = map?.entries.find((e) => e.key === name);
      const inner = path === '' ? name : `${path}.${name}`;
      if (entry === undefined && field.required === true && map !== undefined) {
        this.problem('WT1003', inner, headSpan(map), `\`${name}\` is missing`, {
          expected: typeWords(field),
          hint: field.example === undefined ? '' : `for example ${name}: ${field.example}`,
        });
      }
      values[name] = this.value(field, entry?.value, inner);
    }
    // The loop has filled in one property for each field, of the field's type.
    return values as ValueOf<F>;
  }

  #mapOf(group: Group, node: Node | undefined, path: string): MapNode | undefined {
    if (node === undefined || node.kind === 'map') return node;
    if (node.kind === 'scalar' && node.isNull) return undefined;
    const wrapped = wrapShorthand(group, node);
    if (wrapped !== null) return wrapped;
    const fields = Object.keys(group.fields).slice(0, 3).join(', ');
    this.problem('WT1004', path, node.span, 'a mapping is expected here', {
      expected: `a mapping with fields such as ${fields}`,
      found: describeNode(node),
    });
    return undefined;
  }

  #checkKeys(group: Group, map: MapNode, path: string): void {
    const names = Object.keys(group.fields);
    for (const entry of map.entries) {
      if (Object.hasOwn(group.fields, entry.key)) continue;
      const inner = path === '' ? entry.key : `${path}.${entry.key}`;
      const nearest = nearestName(entry.key, names);
      const shown = names.slice(0, NAMES_SHOWN).join(', ');
      this.problem('WT1002', inner, entry.keySpan, `there is no field \`${entry.key}\` here`, {
        expected: `one of ${shown}${names.length > NAMES_SHOWN ? ', …' : ''}`,
        nearest,
        hint: `wavetank explain ${path === '' ? group.name : path.replace(/\[\d+\]/g, '')}`,
      });
    }
    if (group.choose === undefined) return;
    const { among, required, code = 'WT1009' } = group.choose;
    const given = map.entries.filter((e) => among.includes(e.key));
    if (given.length > 1) {
      const keys = given.map((e) => e.key);
      const last = given[given.length - 1];
      this.problem(code, path, last.keySpan, `${keys.join(' and ')} exclude each other`, {
        expected: `one of ${among.join(', ')}`,
        hint: `keep one of ${keys.join(', ')}`,
      });
    } else if (given.length === 0 && required) {
      const unknown = map.entries.some((e) => !Object.hasOwn(group.fields, e.key));
      // The unknown key is reported already, and is what was meant.
      if (!unknown) {
        this.problem(
          code,
          path,
          headSpan(map),
          among.length < 4 ? `${among.join(' or ')} is missing` : 'one of these fields is needed',
          {
            expected: `one of ${among.join(', ')}`,
          },
        );
      }
    }
  }

  /**
   * The value of a field, or its default; undefined where there is neither or it cannot be
   * read.
   */
  value(field: Field, node: Node | undefined, path: string): unknown {
    switch (field.type) {
      case 'group':
        if (field.deferred === true) return undefined;
        if (node === undefined && field.optional === true) return undefined;
        return this.group(groupOf(field), node, path);
      case 'list':
        return this.#list(field, node, path);
      case 'map':
        return this.#map(field, node, path);
      case 'flags':
        return this.#flags(node, path);
      case 'constants':
        return this.#constants(node, path);
      case 'overrides':
        return undefined;
      case 'any':
        return node === undefined ? undefined : plainOf(node);
      default:
        break;
    }
    const value = node === undefined ? undefined : this.#single(field, node, path);
    if (value !== undefined || field.default === undefined) return value ?? placeholder(field);
    return this.#single(field, this.#defaultNode(field, path), path);
  }

  #defaultNode(field: Field, path: string): Node {
    const text = field.default ?? '';
    const source = { file: `default of ${path}`, text };
    const plain: ScalarNode = {
      kind: 'scalar',
      text,
      quoted: true,
      isNull: false,
      span: { source, start: 0, end: text.length },
    };
    if (!text.startsWith('{')) return plain;
    return parseTree(source, this.options.problems) ?? plain;
  }

  #single(field: Field, node: Node, path: string): unknown {
    if (node.kind === 'scalar' && node.isNull && field.type !== 'any') {
      this.problem('WT1003', path, node.span, `\`${path}\` has no value`, {
        expected: typeWords(field),
        hint: field.default === undefined ? '' : `leave it out for the default, ${field.default}`,
      });
      return undefined;
    }
    switch (field.type) {
      case 'distribution': {
        return this.#distribution(field.unit ?? 'duration', node, path);
      }
      case 'pair': {
        const names = this.names(node, path, field);
        if (names === undefined || names.length === 2) return names;
        this.problem('WT1004', path, node.span, `two names are expected, not ${names.length}`, {
          expected: typeWords(field),
        });
        return undefined;
      }
      case 'groups':
        return this.#groups(field, node, path);
      default:
        return this.#scalar(field, node, path);
    }
  }

  /**
   * Members and points share the nodes of a scenario: each is read once, with the files it
   * names.
   */
  #distribution(unit: 'duration' | 'bytes', node: Node, path: string): unknown {
    const known = this.options.distributions.get(node);
    if (known !== undefined || this.#unreadable.has(node)) return known;
    const before = this.#exact;
    this.#exact = true;
    const value = distributionValue(this, unit, node, path);
    this.#exact = before;
    if (value === undefined) this.#unreadable.add(node);
    else this.options.distributions.set(node, value);
    return value;
  }

  #scalar(field: Field, node: Node, path: string): unknown {
    if (node.kind !== 'scalar') {
      this.problem('WT1004', path, headSpan(node), 'a single value is expected here', {
        expected: typeWords(field),
        found: describeNode(node),
      });
      return undefined;
    }
    switch (field.type) {
      case 'string':
        return node.text;
      case 'boolean':
        return this.#boolean(field, node, path);
      case 'enum':
        return this.#enum(field, node, path);
      case 'integer':
        return this.number(field, 'number', node, path, true);
      default:
        // Every type that is left is a kind of unit.
        return this.number(field, field.type as UnitKind, node, path, false);
    }
  }

  #boolean(field: Field, node: ScalarNode, path: string): boolean | undefined {
    if (node.text === 'true' || node.text === 'false') return node.text === 'true';
    this.problem('WT1006', path, node.span, 'neither true nor false', {
      expected: typeWords(field),
      found: describeNode(node),
    });
    return undefined;
  }

  #enum(field: Field, node: ScalarNode, path: string): string | undefined {
    const values = field.values ?? [];
    if (values.includes(node.text)) return node.text;
    this.problem('WT1008', path, node.span, `\`${node.text}\` is not one of the choices`, {
      expected: typeWords(field),
      nearest: nearestName(node.text, values),
    });
    return undefined;
  }

  /** A number with a unit, in base units and between its bounds. */
  number(field: Field, kind: UnitKind, node: ScalarNode, path: string, whole: boolean) {
    if (field.infinite !== undefined && node.text === field.infinite)
      return Number.POSITIVE_INFINITY;
    const parsed = parseUnit(kind, node.text);
    if ('error' in parsed) {
      this.#unitProblem(field, kind, node, path, parsed.error, parsed.unit);
      return undefined;
    }
    let { value } = parsed;
    if (whole && !Number.isInteger(value)) {
      this.problem('WT1006', path, node.span, 'not a whole number', {
        expected: typeWords(field),
        found: node.text,
      });
      return undefined;
    }
    if (!this.#exact && (kind === 'duration' || kind === 'bytes')) value = Math.round(value);
    return this.#inBounds(field, kind, value, node, path) ? value : undefined;
  }

  #unitProblem(
    field: Field,
    kind: UnitKind,
    node: ScalarNode,
    path: string,
    error: 'missing-unit' | 'unknown-unit' | 'unreadable',
    unit: string,
  ): void {
    const details = { expected: typeWords(field), found: node.text };
    if (error === 'missing-unit') {
      const hint = kind === 'duration' ? `${node.text}ms, perhaps?` : '';
      this.problem('WT1005', path, node.span, `${node.text} has no unit`, { ...details, hint });
    } else if (error === 'unknown-unit') {
      const nearest = nearestName(unit, unitNames(kind));
      this.problem('WT1006', path, node.span, `\`${unit}\` is not a unit here`, {
        ...details,
        nearest: nearest === unit ? '' : nearest,
      });
    } else {
      this.problem('WT1006', path, node.span, `\`${node.text}\` cannot be read`, details);
    }
  }

  #inBounds(field: Field, kind: UnitKind, value: number, node: ScalarNode, path: string): boolean {
    for (const [bound, sign, word] of [
      [field.min, 1, 'at least'],
      [field.max, -1, 'at most'],
    ] as const) {
      if (bound === undefined) continue;
      const limit = parseUnit(kind, bound);
      if (!('value' in limit) || (value - limit.value) * sign >= 0) continue;
      const message =
        value < 0 && sign === 1 && limit.value === 0
          ? `${node.text} is negative`
          : `${node.text} is too ${sign === 1 ? 'small' : 'large'}`;
      this.problem('WT1007', path, node.span, message, { expected: `${word} ${bound}` });
      return false;
    }
    return true;
  }

  #list(field: Field, node: Node | undefined, path: string): unknown[] {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return [];
    if (node.kind !== 'list') {
      this.problem('WT1004', path, headSpan(node), 'a list is expected here', {
        expected: 'a list: lines that begin with `-`, or [a, b]',
        found: describeNode(node),
      });
      return [];
    }
    const item = field.item as Field;
    const values: unknown[] = [];
    node.items.forEach((child, i) => {
      const value =
        child.kind === 'scalar' && child.isNull && item.type === 'group'
          ? this.#emptyItem(child, `${path}[${i}]`)
          : this.value(item, child, `${path}[${i}]`);
      if (value !== undefined) values.push(value);
    });
    return values;
  }

  #emptyItem(node: ScalarNode, path: string): undefined {
    this.problem('WT1003', path, node.span, 'the item of the list is empty', {
      hint: 'remove the dash, or write the fields behind it',
    });
  }

  #map(field: Field, node: Node | undefined, path: string): Record<string, unknown> {
    const map = this.#plainMap(field, node, path);
    const values: Record<string, unknown> = {};
    for (const entry of map?.entries ?? []) {
      const value = this.value(field.item as Field, entry.value, `${path}.${entry.key}`);
      if (value !== undefined) values[entry.key] = value;
    }
    return values;
  }

  #plainMap(field: Field, node: Node | undefined, path: string): MapNode | undefined {
    if (node === undefined || node.kind === 'map') return node;
    if (node.kind === 'scalar' && node.isNull) return undefined;
    this.problem('WT1004', path, node.span, 'a mapping is expected here', {
      expected: typeWords(field),
      found: describeNode(node),
    });
    return undefined;
  }

  #flags(node: Node | undefined, path: string): Record<string, string> {
    const map = this.#plainMap({ type: 'flags', description: '' }, node, path);
    const values: Record<string, string> = {};
    for (const { key, value } of map?.entries ?? []) {
      if (value.kind === 'scalar' && !value.isNull) values[key] = value.text;
      else {
        this.problem('WT1004', `${path}.${key}`, headSpan(value), 'a flag takes a single value', {
          found: describeNode(value),
          hint: value.kind === 'list' ? 'write it as etcd takes it: a,b,c' : '',
        });
      }
    }
    return values;
  }

  #constants(node: Node | undefined, path: string) {
    const map = this.#plainMap({ type: 'constants', description: '' }, node, path);
    const values: Record<string, { value: number; kind: UnitKind }> = {};
    for (const { key, value } of map?.entries ?? []) {
      const kinds = ['number', 'duration', 'bytes', 'bandwidth', 'rate', 'ratio'] as const;
      let found = false;
      for (const kind of kinds) {
        const parsed = value.kind === 'scalar' ? parseUnit(kind, value.text) : { error: '' };
        if (!('value' in parsed)) continue;
        values[key] = { value: parsed.value, kind };
        found = true;
        break;
      }
      if (found) continue;
      this.problem('WT1006', `${path}.${key}`, headSpan(value), 'not a number with a unit', {
        expected: 'a number with the unit of the constant, such as 20us',
        found: describeNode(value),
      });
    }
    return values;
  }

  /** A list of names. */
  names(node: Node, path: string, field: Field): string[] | undefined {
    const list: ListNode | undefined = node.kind === 'list' ? node : undefined;
    if (list?.items.every((item) => item.kind === 'scalar' && !item.isNull)) {
      return list.items.map((item) => (item.kind === 'scalar' ? item.text : ''));
    }
    this.problem('WT1004', path, headSpan(node), 'a list of names is expected here', {
      expected: typeWords(field),
      found: describeNode(node),
    });
    return undefined;
  }

  #groups(field: Field, node: Node, path: string): string[][] | undefined {
    if (node.kind === 'scalar') return [[node.text]];
    if (node.kind === 'map') {
      this.names(node, path, field);
      return undefined;
    }
    const groups: string[][] = [];
    for (const [i, item] of node.items.entries()) {
      if (item.kind === 'scalar' && !item.isNull) groups.push([item.text]);
      else {
        const names = this.names(item, `${path}[${i}]`, field);
        if (names === undefined) return undefined;
        groups.push(names);
      }
    }
    return groups;
  }
}

/**
 * A value in place of a mapping as the mapping that it stands for; null where it stands for
 * none.
 */
export function wrapShorthand(group: Group, node: Node): MapNode | null {
  const key = node.kind === 'list' ? group.listShorthand : group.shorthand;
  if (key === undefined || node.kind === 'map' || (node.kind === 'scalar' && node.isNull))
    return null;
  return { kind: 'map', entries: [{ key, keySpan: node.span, value: node }], span: node.span };
}

export function groupOf(field: Field): Group {
  if (field.group === undefined) throw new TypeError('the field is not a group');
  return field.group();
}

/**
 * What a required value counts as where it is missing or wrong; the problem is reported
 * already.
 */
function placeholder(field: Field): unknown {
  if (field.required !== true && field.default === undefined) return undefined;
  switch (field.type) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'enum':
      return field.values?.[0];
    case 'distribution':
      return { spec: { kind: 'constant', value: 0 }, profile: null };
    case 'pair':
      return ['', ''];
    case 'groups':
      return [];
    default:
      return 0;
  }
}
