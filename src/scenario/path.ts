/** Paths of fields, as in `-s etcd.disk.fsync.constant=25ms`, and setting the value at one. */
import { entryOf, type ListNode, type MapNode, type Node, parseTree } from './document.ts';
import type { Field, Group } from './field.ts';
import { distributionGroup } from './fields/distribution.ts';
import { nearestName } from './nearest.ts';
import type { ProblemList, Source, Span } from './problem.ts';
import { groupOf, wrapShorthand } from './read.ts';

/** One step of a path, with the rest of the path from it on: some keys hold dots themselves. */
interface Step {
  readonly name: string;
  readonly rest: string;
}

const STEPS_MAX = 50;

/** `a.b[0].c["d.e"]` to its steps; null where it cannot be read. */
export function splitPath(path: string): readonly Step[] | null {
  const steps: Step[] = [];
  const step = /\[\s*(?:"([^"]*)"|'([^']*)'|([^\]"']+))\s*\]|([^.[\]]+)/y;
  let at = 0;
  while (at < path.length) {
    if (steps.length > 0 && path[at] === '.') at++;
    step.lastIndex = at;
    const match = step.exec(path);
    if (match === null || steps.length >= STEPS_MAX) return null;
    const name = match[1] ?? match[2] ?? match[3] ?? match[4];
    const bracketed = match[4] === undefined;
    steps.push({
      name: name.trim(),
      rest: bracketed && step.lastIndex === path.length ? name : path.slice(at),
    });
    at = step.lastIndex;
  }
  return steps.length === 0 ? null : steps;
}

/** Why a path leads nowhere. */
export interface PathError {
  readonly message: string;
  readonly expected: string;
  readonly nearest: string;
}

export type SetResult = { readonly root: MapNode } | { readonly error: PathError };

/**
 * The tree with another value at the path; the tree that is given stays as it is and shares what
 * did not
 * change. A field that excludes others (constant, lognormal; rate, clients) takes their place.
 */
export function setAtPath(
  root: MapNode,
  group: Group,
  path: string,
  value: Node,
  span: Span,
): SetResult {
  const steps = splitPath(path);
  if (steps === null) {
    const expected = 'names with dots between them, such as etcd.disk.fsync.constant';
    return { error: { message: `\`${path}\` is not a path`, expected, nearest: '' } };
  }
  const result = setInGroup(root, group, steps, { value, span });
  if ('error' in result) return result;
  // A group is set in a mapping and gives one.
  return { root: result.node as MapNode };
}

interface Target {
  readonly value: Node;
  readonly span: Span;
}
type Changed = { readonly node: Node } | { readonly error: PathError };

function setInGroup(
  node: Node | undefined,
  group: Group,
  steps: readonly Step[],
  target: Target,
): Changed {
  const [step, ...rest] = steps;
  const field = group.fields[step.name];
  if (!Object.hasOwn(group.fields, step.name)) return noField(step.name, group);
  const map = asMap(node, group, target.span);
  const old = entryOf(map, step.name);
  const changed = setInField(old?.value, field, rest, target);
  if ('error' in changed) return changed;
  const among = group.choose?.among ?? [];
  const excluded = among.includes(step.name) ? among.filter((name) => name !== step.name) : [];
  const entry = { key: step.name, keySpan: target.span, value: changed.node };
  const kept = map.entries.filter((e) => !excluded.includes(e.key));
  const entries = kept.some((e) => e.key === step.name)
    ? kept.map((e) => (e.key === step.name ? { ...e, value: changed.node } : e))
    : [...kept, entry];
  return { node: { ...map, entries } };
}

function noField(name: string, group: Group): { readonly error: PathError } {
  const names = Object.keys(group.fields);
  return {
    error: {
      message: `there is no field \`${name}\` in ${group.name}`,
      expected: `one of ${names.slice(0, 14).join(', ')}${names.length > 14 ? ', …' : ''}`,
      nearest: nearestName(name, names),
    },
  };
}

function asMap(node: Node | undefined, group: Group | null, span: Span): MapNode {
  if (node?.kind === 'map') return node;
  const wrapped = node === undefined || group === null ? null : wrapShorthand(group, node);
  return wrapped ?? { kind: 'map', entries: [], span: node?.span ?? span };
}

function setInField(
  node: Node | undefined,
  field: Field,
  steps: readonly Step[],
  target: Target,
): Changed {
  if (steps.length === 0) return { node: target.value };
  const [step, ...rest] = steps;
  switch (field.type) {
    case 'group':
      return setInGroup(node, groupOf(field), steps, target);
    case 'distribution':
      return setInGroup(node, distributionGroup(field.unit ?? 'duration'), steps, target);
    case 'list':
      return setInList(node, field, steps, target);
    case 'map': {
      const item = field.item as Field;
      const map = asMap(node, null, target.span);
      const changed = setInField(entryOf(map, step.name)?.value, item, rest, target);
      return 'error' in changed
        ? changed
        : { node: withEntry(map, step.name, changed.node, target) };
    }
    case 'flags':
    case 'constants':
      // Their keys may hold dots: all that is left of the path is the key.
      return { node: withEntry(asMap(node, null, target.span), step.rest, target.value, target) };
    default: {
      const message = `\`${step.name}\` is inside a single value`;
      return { error: { message, expected: 'a path that ends at the field', nearest: '' } };
    }
  }
}

function withEntry(map: MapNode, key: string, value: Node, target: Target): MapNode {
  const entries = map.entries.some((e) => e.key === key)
    ? map.entries.map((e) => (e.key === key ? { ...e, value } : e))
    : [...map.entries, { key, keySpan: target.span, value }];
  return { ...map, entries };
}

/** An item by its index, or by its name. The index after the last one appends. */
function setInList(
  node: Node | undefined,
  field: Field,
  steps: readonly Step[],
  target: Target,
): Changed {
  const [step, ...rest] = steps;
  const list: ListNode =
    node?.kind === 'list' ? node : { kind: 'list', items: [], span: node?.span ?? target.span };
  const names = list.items.map(nameOf);
  let index = names.indexOf(step.name);
  if (index < 0 && /^\d{1,6}$/.test(step.name) && Number(step.name) <= names.length) {
    index = Number(step.name);
  }
  if (index < 0) {
    const known = names.filter((name) => name !== '');
    return {
      error: {
        message: `the list has no item \`${step.name}\``,
        expected: [...known, `an index up to ${names.length}`].join(', '),
        nearest: nearestName(step.name, known),
      },
    };
  }
  const changed = setInField(list.items[index], field.item as Field, rest, target);
  if ('error' in changed) return changed;
  const items = [...list.items];
  items[index] = changed.node;
  return { node: { ...list, items } };
}

/** The name of an item; of a fault without one, its verb stays out of it. */
function nameOf(item: Node): string {
  const name = item.kind === 'map' ? entryOf(item, 'name')?.value : undefined;
  return name?.kind === 'scalar' ? name.text : '';
}

/** An override of the command line. */
export interface Override {
  readonly path: string;
  readonly value: Node;
  readonly pathSpan: Span;
}

const OVERRIDE_HINT = 'an override reads like -s etcd.disk.fsync.constant=25ms';

/** `path=value` of the command line; the value is YAML. Null where it cannot be read. */
export function parseOverride(text: string, problems: ProblemList): Override | null {
  const source: Source = { file: `-s ${text}`, text };
  const equals = text.indexOf('=');
  if (equals <= 0) {
    problems.add('WT1501', '', { source, start: 0, end: text.length }, 'the `=` is missing', {
      expected: 'path=value',
      hint: OVERRIDE_HINT,
    });
    return null;
  }
  const path = text.slice(0, equals).trim();
  const pathSpan = { source, start: 0, end: equals };
  if (text.slice(equals + 1).trim() === '') {
    problems.add(
      'WT1501',
      path,
      { source, start: equals, end: text.length },
      'the value is missing',
      {
        expected: 'path=value',
        hint: OVERRIDE_HINT,
      },
    );
    return null;
  }
  // The path becomes blanks, so that places in the value are places in the override.
  const padded = { file: source.file, text: ' '.repeat(equals + 1) + text.slice(equals + 1) };
  const value = parseTree(padded, problems, source);
  return value === null ? null : { path, value, pathSpan };
}
