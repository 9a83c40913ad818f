/**
 * A sweep of the command line over a file: a scenario becomes the base of an experiment whose axes
 * are those that were given; an experiment gets them beside its own.
 */
import { type AxisGroup, mapNode, parseAxisText, scalar, type TextAxis } from './axis-text.ts';
import { entryOf, type ListNode, type MapNode, type Node } from './document.ts';
import { type Experiment, parseExperiment } from './experiment.ts';
import type { ParseOptions } from './index.ts';
import { type Override, parseOverride } from './path.ts';
import type { ProblemList, Span } from './problem.ts';
import { numberAt, valueText } from './range.ts';
import type { Reader } from './read.ts';

export interface SweepOptions {
  /** `path=a,b,c` and its like; one with a single value is an override. */
  readonly axes: readonly string[];
  /**
   * Points of a sample: a row for each point, in it a number of 0..1 for each axis. Not given:
   * every combination.
   */
  readonly sample?: (dimensions: number) => readonly (readonly number[])[];
}

const HEAD = ['apiVersion', 'kind', 'metadata'];

/** Texts of axes; what has one value goes to the overrides. */
function readSweepAxes(
  texts: readonly string[],
  problems: ProblemList,
): { groups: AxisGroup[]; overrides: Override[] } {
  const groups: AxisGroup[] = [];
  const overrides: Override[] = [];
  for (const text of texts) {
    const group = parseAxisText(text, problems);
    if (group === null) continue;
    const [axis] = group.axes;
    const single = !group.zip && axis.range === null && axis.values.length === 1;
    const override = single ? parseOverride(text, problems) : null;
    if (override !== null) overrides.push(override);
    else groups.push(group);
  }
  return { groups, overrides };
}

/** Null where there are problems, which were reported. */
export function parseSweep(
  root: MapNode,
  options: ParseOptions & { readonly sweep: SweepOptions },
  reader: Reader,
): Experiment | null {
  const { problems } = reader.options;
  const { groups, overrides } = readSweepAxes(options.sweep.axes, problems);
  if (problems.any) return null;
  const { sample } = options.sweep;
  if (sample !== undefined) return parseSample(root, groups, overrides, reader, options, sample);
  for (const { axes, span } of groups) {
    const bare = axes.find((axis) => axis.values.length === 0);
    if (bare === undefined) continue;
    problems.add('WT1601', bare.path, span, `the range of ${bare.path} has no steps`, {
      expected: 'lin(a,b,n) or log(a,b,n), or --sample',
    });
    return null;
  }
  const items = groups.map(({ axes, zip, span }) =>
    zip ? mapNode([['zip', listNode(axes.map(axisNode), span)]], span) : axisNode(axes[0]),
  );
  return parseExperiment(asExperiment(root, items, sweptPaths(groups)), overrides, reader, options);
}

function sweptPaths(groups: readonly AxisGroup[]): string[] {
  return groups.flatMap(({ axes }) => axes.map(({ path }) => path));
}

function parseSample(
  root: MapNode,
  groups: readonly AxisGroup[],
  overrides: readonly Override[],
  reader: Reader,
  options: ParseOptions,
  sample: (dimensions: number) => readonly (readonly number[])[],
): Experiment | null {
  if (groups.length === 0) {
    reader.problem('WT1601', '', null, 'a sample needs an axis', {
      expected: '-s path=lin(a,b), -s path=log(a,b) or -s path=a,b,c',
    });
    return null;
  }
  const points = sample(groups.length).map((row) =>
    groups.flatMap((group, g) => group.axes.map((axis) => [axis, nodeAt(axis, row[g])] as const)),
  );
  const { span } = groups[0];
  const entries = points.map((values): [string, Node] => [
    values.map(([axis, value]) => `${axis.path}=${textOf(value)}`).join(', '),
    mapNode(
      values.map(([axis, value]) => [axis.path, value]),
      span,
    ),
  ]);
  const item = mapNode(
    [
      ['name', scalar('sample', span)],
      ['points', mapNode(entries, span)],
    ],
    span,
  );
  const tree = asExperiment(root, [item], sweptPaths(groups), true);
  const experiment = parseExperiment(tree, overrides, reader, options);
  if (experiment === null) return null;
  const named = experiment.points.map((point) => ({
    ...point,
    axes: Object.fromEntries(
      points[point.index].map(([axis, value]) => [axis.path, labelOf(textOf(value))]),
    ),
  }));
  return { ...experiment, axes: sweptPaths(groups), points: named };
}

function nodeAt(axis: TextAxis, fraction: number): Node {
  if (axis.range !== null) {
    return scalar(valueText(axis.range, numberAt(axis.range, fraction)), axis.span);
  }
  const n = axis.values.length;
  return axis.values[Math.min(n - 1, Math.floor(fraction * n))];
}

function textOf(node: Node): string {
  if (node.kind === 'scalar') return node.text;
  return node.span.source.text.slice(node.span.start, node.span.end).trim();
}

function labelOf(text: string): string | number {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function axisNode(axis: TextAxis): MapNode {
  return mapNode(
    [
      ['path', scalar(axis.path, axis.span)],
      ['values', listNode([...axis.values], axis.span)],
    ],
    axis.span,
  );
}

function listNode(items: readonly Node[], span: Span): ListNode {
  return { kind: 'list', items: [...items], span };
}

/** Axes of the file over the same path give way; all of them to a sample. */
function asExperiment(
  root: MapNode,
  added: readonly MapNode[],
  paths: readonly string[],
  alone = false,
): MapNode {
  const kind = entryOf(root, 'kind');
  const { span } = root;
  const isExperiment = kind?.value.kind === 'scalar' && kind.value.text === 'Experiment';
  if (!isExperiment) {
    const head = root.entries.filter(({ key }) => HEAD.includes(key) && key !== 'kind');
    const rest = root.entries.filter(({ key }) => !HEAD.includes(key));
    const base: MapNode = { kind: 'map', entries: rest, span };
    const entries = mapNode(
      [
        ['kind', scalar('Experiment', kind?.value.span ?? span)],
        ['question', scalar('What does each axis change?', span)],
        ['base', base],
        ['sweep', listNode(added, span)],
      ],
      span,
    ).entries;
    return { kind: 'map', entries: [...head, ...entries], span };
  }
  const own = entryOf(root, 'sweep')?.value;
  const kept = own?.kind === 'list' && !alone ? own.items.filter((i) => !sets(i, paths)) : [];
  const entries = root.entries.filter(({ key }) => key !== 'sweep');
  const sweep = { key: 'sweep', keySpan: span, value: listNode([...kept, ...added], span) };
  return { ...root, entries: [...entries, sweep] };
}

function sets(item: Node, paths: readonly string[]): boolean {
  const path = item.kind === 'map' ? entryOf(item, 'path')?.value : undefined;
  return path?.kind === 'scalar' && paths.includes(path.text);
}
