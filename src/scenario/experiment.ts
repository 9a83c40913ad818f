/** Experiments: a base scenario and what is varied, expanded to one scenario a point. */
import { buildScenario } from './build.ts';
import { Checker } from './checker.ts';
import { type Claim, holdsAt, readClaims, readFigures, type Where } from './claims.ts';
import { entryOf, type ListNode, type MapNode, type Node } from './document.ts';
import { type ExperimentValue, experimentGroup } from './fields/experiment.ts';
import { baseGroup } from './fields/scenario.ts';
import type { ParseOptions } from './index.ts';
import { nearestName } from './nearest.ts';
import { type Override, setAtPath } from './path.ts';
import { type Problem, ProblemList, problemKey } from './problem.ts';
import { Reader } from './read.ts';
import {
  type Axis,
  type AxisStep,
  multiply,
  POINTS_MAX,
  pointCount,
  readAxes,
  readSettings,
  type Setting,
} from './sweep.ts';
import { readSymptoms, type Symptom } from './symptoms.ts';
import type { Scenario } from './types.ts';
import { describeNode, headSpan } from './words.ts';

export interface ExperimentPoint {
  readonly index: number;
  /** Value of each axis in this point, as results call it. */
  readonly axes: Readonly<Record<string, string | number>>;
  readonly scenario: Scenario;
}

export interface Experiment {
  readonly name: string;
  readonly description: string;
  readonly question: string;
  /** Names of the axes, in their order. */
  readonly axes: readonly string[];
  readonly points: readonly ExperimentPoint[];
  readonly verdict: { readonly good: string; readonly bad: string };
  readonly claims: readonly Claim[];
  readonly symptoms: readonly Symptom[];
  /** True where this is the quick form. */
  readonly quick: boolean;
}

/** The points of an experiment, in the order of the sweep: the last axis varies fastest. */
export function expandExperiment(experiment: Experiment): readonly ExperimentPoint[] {
  return experiment.points;
}

/** What thresholds of experiments have beyond those of scenarios. */
const OF_EXPERIMENTS: readonly string[] = ['where', 'claim', 'shows', 'symptom', 'cause'];

/** Where a threshold of the experiment holds. */
interface ConditionalThreshold {
  readonly node: MapNode;
  readonly where: Where;
}

interface Plan {
  readonly value: ExperimentValue;
  readonly base: MapNode;
  readonly axes: readonly Axis[];
  readonly before: readonly Setting[];
  readonly after: readonly Setting[];
  readonly thresholds: readonly ConditionalThreshold[];
  readonly seeds: number | undefined;
}

/** Reads an experiment and every point of it; the problems of all points are reported once. */
export function parseExperiment(
  root: MapNode,
  overrides: readonly Override[],
  reader: Reader,
  options: ParseOptions,
): Experiment | null {
  const value = reader.group(experimentGroup, root, '');
  const base = entryOf(root, 'base')?.value;
  if (base?.kind !== 'map') {
    if (base !== undefined) {
      reader.problem('WT1004', 'base', headSpan(base), 'the base is not a mapping', {
        expected: 'fields of a scenario',
        found: describeNode(base),
      });
    }
    return null;
  }
  const full = axesAt(entryOf(root, 'sweep')?.value, 'sweep', reader);
  const quickNode = entryOf(root, 'quick')?.value;
  const inQuick = (key: string) =>
    quickNode?.kind === 'map' ? entryOf(quickNode, key)?.value : undefined;
  const quickAxes = axesAt(inQuick('sweep'), 'quick.sweep', reader);
  const quickSet = readSettings(inQuick('set') ?? NOTHING, 'quick.set', reader) ?? [];
  const quick = options.quick === true;
  const axes = quick && quickAxes.axes.length > 0 ? quickAxes.axes : full.axes;
  const plan: Plan = {
    value,
    base,
    axes,
    before: quick ? quickSet : [],
    after: overrides.map((o) => ({ path: o.path, value: o.value, span: o.pathSpan })),
    thresholds: conditionalThresholds(root, [...full.axes, ...quickAxes.axes], reader),
    seeds: (quick ? value.quick.seeds : undefined) ?? value.seeds,
  };
  if (!checkAxes(plan, full.broken || quickAxes.broken, root, reader)) return null;
  const checker = new Checker(root, reader, options.constants ?? null);
  const wheres = plan.thresholds.map(({ where }) => where);
  const steps = multiply(axes);
  const figures = readFigures(value, wheres, steps);
  const claims = readClaims(value, figures, checker);
  const symptoms = readSymptoms(value, wheres, figures, checker);
  return {
    name: value.metadata.name,
    description: value.metadata.description,
    question: value.question,
    axes: axes.flatMap((axis) => axis.columns),
    points: readPoints(plan, steps, full.broken || quickAxes.broken, reader, options),
    verdict: value.verdict,
    claims,
    symptoms,
    quick,
  };
}

const NOTHING: Node = {
  kind: 'scalar',
  text: '',
  quoted: false,
  isNull: true,
  span: { source: { file: '', text: '' }, start: 0, end: 0 },
};

function axesAt(node: Node | undefined, path: string, reader: Reader) {
  if (node?.kind !== 'list') return { axes: [], broken: false };
  const axes = readAxes(node, path, reader);
  const good = axes.filter((axis) => axis !== null);
  return { axes: good, broken: good.length < axes.length };
}

/** Whether the points can be made at all. */
function checkAxes(plan: Plan, broken: boolean, root: MapNode, reader: Reader): boolean {
  const sweep = entryOf(root, 'sweep');
  const span = sweep?.keySpan ?? headSpan(root);
  if (plan.axes.length === 0 && !broken) {
    reader.problem('WT1601', 'sweep', span, 'the sweep has no axis', {
      expected: 'sweep: a list of axes',
      hint: 'a single run is of kind Scenario',
    });
    return false;
  }
  const columns = plan.axes.flatMap((axis) => axis.columns);
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) {
    reader.problem('WT1011', 'sweep', span, `two axes are called ${twice}`, {
      hint: 'give one of them another name',
    });
  }
  const count = pointCount(plan.axes);
  if (count > POINTS_MAX) {
    reader.problem('WT1602', 'sweep', span, `the axes multiply to ${count} points`, {
      expected: `at most ${POINTS_MAX}`,
      hint: 'leave values out, or let axes advance together with zip',
    });
    return false;
  }
  for (const { path, span: at } of plan.after) {
    const axis = plan.axes.find((a) =>
      a.steps.some((s) => s.settings.some((x) => meet(x.path, path))),
    );
    if (axis === undefined) continue;
    reader.problem('WT1109', path, at, `the sweep varies ${axis.columns.join(', ')} itself`, {
      hint: 'change the values of the axis, or run one point as a scenario',
    });
  }
  return true;
}

/** One path lies at or inside the other. */
function meet(a: string, b: string): boolean {
  const inside = (x: string, y: string) => x.startsWith(`${y}.`) || x.startsWith(`${y}[`);
  return a === b || inside(a, b) || inside(b, a);
}

function conditionalThresholds(
  root: MapNode,
  axes: readonly Axis[],
  reader: Reader,
): ConditionalThreshold[] {
  const list = entryOf(root, 'thresholds')?.value;
  if (list?.kind !== 'list') return [];
  const thresholds: ConditionalThreshold[] = [];
  for (const [i, item] of list.items.entries()) {
    if (item.kind !== 'map') continue;
    const where = entryOf(item, 'where');
    const entries = item.entries.filter(({ key }) => !OF_EXPERIMENTS.includes(key));
    thresholds.push({
      node: { ...item, entries },
      where:
        where === undefined ? [] : readWhere(where.value, `thresholds[${i}].where`, axes, reader),
    });
  }
  return thresholds;
}

function readWhere(
  node: Node,
  path: string,
  axes: readonly Axis[],
  reader: Reader,
): [string, string[]][] {
  if (node.kind !== 'map') {
    reader.problem('WT1004', path, headSpan(node), 'a mapping of axes to values is expected', {
      expected: '{ disk: [fast, usual] }',
      found: describeNode(node),
    });
    return [];
  }
  const columns = axes.flatMap((axis) => axis.columns);
  const conditions: [string, string[]][] = [];
  for (const { key, keySpan, value } of node.entries) {
    if (!columns.includes(key)) {
      reader.problem('WT1604', path, keySpan, `the sweep has no axis ${key}`, {
        expected: `one of ${columns.join(', ')}`,
        nearest: nearestName(key, columns),
      });
      continue;
    }
    const known = axes.flatMap((axis) => axis.steps.map((step) => String(step.labels[key])));
    const items = value.kind === 'list' ? value.items : [value];
    const labels: string[] = [];
    for (const item of items) {
      const text = item.kind === 'scalar' ? item.text : '';
      if (known.includes(text)) labels.push(text);
      else {
        reader.problem('WT1604', path, item.span, `the axis ${key} has no value ${text}`, {
          expected: `one of ${[...new Set(known)].join(', ')}`,
          nearest: nearestName(text, known),
        });
      }
    }
    conditions.push([key, labels]);
  }
  return conditions;
}

/** Problems that follow from values that a broken axis would have set. */
const MISSING = ['WT1003', 'WT1009', 'WT1105'];

function readPoints(
  plan: Plan,
  steps: readonly AxisStep[],
  broken: boolean,
  reader: Reader,
  options: ParseOptions,
): ExperimentPoint[] {
  const points: ExperimentPoint[] = [];
  const found = new Map<string, { problem: Problem; count: number; labels: string }>();
  for (const [index, step] of steps.entries()) {
    const problems = new ProblemList();
    const pointReader = new Reader({ ...reader.options, problems });
    const scenario = readPoint(plan, step, pointReader, options);
    if (scenario !== null) points.push({ index, axes: step.labels, scenario });
    for (const problem of problems.problems) {
      if (broken && MISSING.includes(problem.code)) continue;
      const key = problemKey(problem, '');
      const seen = found.get(key);
      if (seen === undefined) found.set(key, { problem, count: 1, labels: labelText(step) });
      else seen.count++;
    }
  }
  for (const { problem, count, labels } of found.values()) {
    // What is wrong at some points only is told with the first of them.
    const message = count === steps.length ? problem.message : `${problem.message} (at ${labels})`;
    reader.options.problems.take({ ...problem, message });
  }
  return points;
}

function labelText(step: AxisStep): string {
  return Object.entries(step.labels)
    .map(([column, label]) => `${column}=${label}`)
    .join(', ');
}

function readPoint(
  plan: Plan,
  step: AxisStep,
  reader: Reader,
  options: ParseOptions,
): Scenario | null {
  let tree = plan.base;
  for (const { path, value, span } of [...plan.before, ...step.settings, ...plan.after]) {
    const result = setAtPath(tree, baseGroup, path, value, span);
    if ('root' in result) tree = result.root;
    else reader.problem('WT1502', path, span, result.error.message, result.error);
  }
  if (reader.options.problems.any) return null;
  tree = withThresholds(tree, plan.thresholds, step);
  const base = reader.group(baseGroup, tree, '');
  const { name, description } = plan.value.metadata;
  const metadata = { name: `${name} ${labelText(step)}`, description };
  const checker = new Checker(tree, reader, options.constants ?? null);
  const scenario = buildScenario({ metadata, base, named: false, node: tree }, checker);
  return {
    ...scenario,
    seed: options.seed ?? scenario.seed,
    replications:
      options.replications ??
      (plan.seeds === undefined || scenario.replications === 1
        ? scenario.replications
        : plan.seeds),
  };
}

/** The thresholds of the base, and those of the experiment that hold at this point. */
function withThresholds(
  tree: MapNode,
  thresholds: readonly ConditionalThreshold[],
  step: AxisStep,
): MapNode {
  const here = thresholds.filter(({ where }) => holdsAt(where, step));
  if (here.length === 0) return tree;
  const own = entryOf(tree, 'thresholds');
  const items = own?.value.kind === 'list' ? own.value.items : [];
  const list: ListNode = {
    kind: 'list',
    items: [...items, ...here.map(({ node }) => node)],
    span: own?.value.span ?? here[0].node.span,
  };
  const entry = { key: 'thresholds', keySpan: own?.keySpan ?? list.span, value: list };
  return { ...tree, entries: [...tree.entries.filter((e) => e.key !== 'thresholds'), entry] };
}
