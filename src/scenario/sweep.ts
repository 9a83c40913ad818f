/** Axes of a sweep: read from the file, and multiplied to points. */
import { entryOf, type ListNode, type MapNode, type Node } from './document.ts';
import type { Span } from './problem.ts';
import type { Reader } from './read.ts';
import { describeNode, headSpan } from './words.ts';

export interface Setting {
  readonly path: string;
  readonly value: Node;
  readonly span: Span;
}

/** One step of an axis: what results call it, by column, and what it sets. */
export interface AxisStep {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly settings: readonly Setting[];
}

export interface Axis {
  readonly columns: readonly string[];
  readonly steps: readonly AxisStep[];
}

/** Points of one sweep; each is a whole scenario with its replications. */
export const POINTS_MAX = 5000;
const LABEL_LENGTH_MAX = 40;

/** The axes of a `sweep` list; null for those that cannot be read, with the problem reported. */
export function readAxes(list: ListNode, path: string, reader: Reader): (Axis | null)[] {
  return list.items.map((item, i) =>
    item.kind === 'map' ? readAxis(item, `${path}[${i}]`, reader) : null,
  );
}

function readAxis(map: MapNode, path: string, reader: Reader): Axis | null {
  const name = scalarText(entryOf(map, 'name')?.value);
  const zip = entryOf(map, 'zip');
  if (zip !== undefined) return readZip(zip.value, `${path}.zip`, reader);
  const points = entryOf(map, 'points');
  if (points !== undefined)
    return readPoints(points.value, name ?? 'point', `${path}.points`, reader);
  return readValues(map, name, path, reader);
}

function scalarText(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && !node.isNull ? node.text : undefined;
}

function readValues(
  map: MapNode,
  name: string | undefined,
  path: string,
  reader: Reader,
): Axis | null {
  const pathEntry = entryOf(map, 'path');
  const pathNode = pathEntry?.value;
  if (pathNode === undefined) return null;
  const paths = pathNode.kind === 'list' ? pathNode.items.map(scalarText) : [scalarText(pathNode)];
  if (paths.length === 0 || paths.some((p) => p === undefined)) {
    reader.problem('WT1004', `${path}.path`, headSpan(pathNode), 'not a path', {
      expected: 'a path such as etcd.members, or a list of paths',
      found: describeNode(pathNode),
    });
    return null;
  }
  const values = entryOf(map, 'values')?.value;
  if (values?.kind !== 'list' || values.items.length === 0) {
    reader.problem('WT1601', `${path}.values`, headSpan(values ?? map), 'the axis has no values', {
      expected: 'values: a list with at least one value',
    });
    return null;
  }
  const column = name ?? paths[0] ?? '';
  const labels = labelsOf(map, values, path, reader);
  if (labels === null) return null;
  const steps = values.items.map((value, i) => ({
    labels: { [column]: labels[i] },
    settings: paths.map((p) => ({ path: p ?? '', value, span: pathNode.span })),
  }));
  return { columns: [column], steps };
}

function labelsOf(
  map: MapNode,
  values: ListNode,
  path: string,
  reader: Reader,
): (string | number)[] | null {
  const given = entryOf(map, 'labels')?.value;
  const items = given?.kind === 'list' ? given.items : [];
  if (given !== undefined && items.length !== values.items.length) {
    const message = `${items.length} labels for ${values.items.length} values`;
    reader.problem('WT1603', `${path}.labels`, headSpan(given), message, {
      expected: 'a list with one label for each value',
    });
    return null;
  }
  const labels = values.items.map((value, i) => labelOf(given === undefined ? value : items[i], i));
  const twice = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (twice < 0) return labels;
  const span = headSpan((given === undefined ? values.items : items)[twice]);
  reader.problem('WT1011', path, span, `the axis has \`${labels[twice]}\` twice`, {
    hint: 'leave one out, or give labels',
  });
  return null;
}

/** A number where the value is a bare one, else the text as written. */
function labelOf(node: Node, index: number): string | number {
  if (node.kind === 'scalar') {
    const plain = !node.quoted && /^[+-]?\d+(\.\d+)?$/.test(node.text);
    return plain ? Number(node.text) : node.text;
  }
  const { source, start, end } = node.span;
  const text = source.text.slice(start, end).replace(/\s+/g, ' ').trim();
  return text.length <= LABEL_LENGTH_MAX && text !== '' ? text : `#${index + 1}`;
}

function readPoints(node: Node, column: string, path: string, reader: Reader): Axis | null {
  if (node.kind !== 'map' || node.entries.length === 0) {
    reader.problem('WT1601', path, headSpan(node), 'the axis has no points', {
      expected: 'a mapping of names to overrides',
      found: describeNode(node),
    });
    return null;
  }
  const steps: AxisStep[] = [];
  for (const { key, value } of node.entries) {
    const settings = readSettings(value, `${path}.${key}`, reader);
    if (settings === null) return null;
    steps.push({ labels: { [column]: key }, settings });
  }
  return { columns: [column], steps };
}

/** A mapping of paths to values. */
export function readSettings(node: Node, path: string, reader: Reader): Setting[] | null {
  if (node.kind === 'scalar' && node.isNull) return [];
  if (node.kind === 'map') {
    return node.entries.map((e) => ({ path: e.key, value: e.value, span: e.keySpan }));
  }
  reader.problem('WT1004', path, headSpan(node), 'a mapping of paths to values is expected', {
    expected: '{ etcd.members: 5, horizon: 20s }',
    found: describeNode(node),
  });
  return null;
}

function readZip(node: Node, path: string, reader: Reader): Axis | null {
  if (node.kind !== 'list' || node.items.length === 0) {
    reader.problem('WT1601', path, headSpan(node), 'the zip has no axes', {
      expected: 'a list of axes with path and values',
      found: describeNode(node),
    });
    return null;
  }
  const axes: Axis[] = [];
  for (const [i, item] of node.items.entries()) {
    if (item.kind !== 'map' || entryOf(item, 'path') === undefined) {
      reader.problem('WT1004', `${path}[${i}]`, headSpan(item), 'not an axis with path and values');
      return null;
    }
    const axis = readValues(
      item,
      scalarText(entryOf(item, 'name')?.value),
      `${path}[${i}]`,
      reader,
    );
    if (axis === null) return null;
    if (axes.length > 0 && axis.steps.length !== axes[0].steps.length) {
      const message = `${axis.steps.length} values, and ${axes[0].steps.length} in the first axis`;
      reader.problem('WT1603', `${path}[${i}]`, headSpan(item), message);
      return null;
    }
    axes.push(axis);
  }
  const steps = axes[0].steps.map((_, i) => ({
    labels: Object.assign({}, ...axes.map((axis) => axis.steps[i].labels)) as AxisStep['labels'],
    settings: axes.flatMap((axis) => axis.steps[i].settings),
  }));
  return { columns: axes.flatMap((axis) => axis.columns), steps };
}

/** Number of points without making them. */
export function pointCount(axes: readonly Axis[]): number {
  return axes.reduce((product, axis) => product * axis.steps.length, 1);
}

/** All combinations; the last axis varies fastest. */
export function multiply(axes: readonly Axis[]): AxisStep[] {
  let points: AxisStep[] = [{ labels: {}, settings: [] }];
  for (const axis of axes) {
    points = points.flatMap((point) =>
      axis.steps.map((step) => ({
        labels: { ...point.labels, ...step.labels },
        settings: [...point.settings, ...step.settings],
      })),
    );
  }
  return points;
}
