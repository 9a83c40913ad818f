/**
 * Two settings, seed by seed: what changed in every figure, where in a request the change came
 * from, and gates on the change.
 */
import { type Labels, parseSelector, SelectorError } from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';
import { parseUnitValue } from '../scenario/index.ts';
import { type Estimate, estimate } from './estimate.ts';
import { compareText } from './labels.ts';
import {
  type ExportedUnit,
  type FigureName,
  type MetricKind,
  type MetricRow,
  metricRows,
} from './metric-row.ts';
import { comparePaired, type PairedComparison } from './paired.ts';
import { latencyByStage } from './stages.ts';
import { figureValues, judge, type ThresholdResult, type Verdict } from './thresholds.ts';
import { selectSegments } from './window.ts';

/** Runs of one seed on both sides. */
export interface RunPair {
  readonly before: RunResult;
  readonly after: RunResult;
}

export function pairBySeed(before: readonly RunResult[], after: readonly RunResult[]): RunPair[] {
  const bySeed = new Map(after.map((run) => [run.seed, run]));
  return before.flatMap((run) => {
    const other = bySeed.get(run.seed);
    return other === undefined ? [] : [{ before: run, after: other }];
  });
}

export interface MetricComparison {
  readonly metric: string;
  readonly labels: string;
  readonly figure: FigureName;
  readonly unit: ExportedUnit | '1/s';
  readonly paired: PairedComparison;
}

const FIGURES: Readonly<Record<MetricKind, readonly FigureName[]>> = {
  counter: ['rate'],
  level: ['mean', 'max'],
  tally: ['rate', 'mean', 'p50', 'p99', 'max'],
};
/** They are too many, and ranked elsewhere. */
const LEFT_OUT = 'wavetank_resource_';

/** Every figure of every metric that both sides have, sorted by metric, labels and figure. */
export function compareMetrics(pairs: readonly RunPair[]): MetricComparison[] {
  const groups = new Map<
    string,
    { row: MetricRow; x: (MetricRow | null)[]; y: (MetricRow | null)[] }
  >();
  const nothing = () => new Array<MetricRow | null>(pairs.length).fill(null);
  pairs.forEach((pair, i) => {
    for (const side of ['before', 'after'] as const) {
      const { metrics } = pair[side];
      for (const row of metricRows(metrics, selectSegments(metrics.segments))) {
        if (row.name.startsWith(LEFT_OUT)) continue;
        const key = `${row.name} ${row.labelText}`;
        const group = groups.get(key) ?? { row, x: nothing(), y: nothing() };
        groups.set(key, group);
        (side === 'before' ? group.x : group.y)[i] = row;
      }
    }
  });
  const found: MetricComparison[] = [];
  for (const { row, x, y } of groups.values()) {
    for (const figure of FIGURES[row.kind]) {
      const values = (rows: readonly (MetricRow | null)[]) => rows.map((r) => r?.[figure] ?? null);
      const paired = comparePaired(values(x), values(y));
      if (paired === null) continue;
      const unit = figure === 'rate' ? '1/s' : row.unit;
      found.push({ metric: row.name, labels: row.labelText, figure, unit, paired });
    }
  }
  return found.sort(
    (a, b) =>
      compareText(a.metric, b.metric) ||
      compareText(a.labels, b.labels) ||
      compareText(a.figure, b.figure),
  );
}

export interface StageComparison {
  readonly op: string;
  readonly stage: string;
  /** Seconds that a request of the operation spends in the stage, skipped stages as zero. */
  readonly paired: PairedComparison;
  /** Of the change of the whole request; null where that does not change. */
  readonly shareOfChange: number | null;
}

/** Seconds a request by `op stage`; the stage that most requests pass counts the requests. */
function stageTimes(run: RunResult): Map<string, number> {
  const times = new Map<string, number>();
  for (const { op, rows } of latencyByStage([run.metrics])) {
    const requests = rows.reduce((most, row) => Math.max(most, row.count), 0);
    for (const row of rows) times.set(`${op}\n${row.stage}`, (row.mean * row.count) / requests);
  }
  return times;
}

/** By operation, then the stages that changed most first. */
export function compareStages(pairs: readonly RunPair[]): StageComparison[] {
  const before = pairs.map((pair) => stageTimes(pair.before));
  const after = pairs.map((pair) => stageTimes(pair.after));
  const keys = new Set([...before, ...after].flatMap((times) => [...times.keys()]));
  const rows: StageComparison[] = [];
  const totals = new Map<string, number>();
  for (const key of keys) {
    const [op, stage] = key.split('\n');
    const values = (all: readonly Map<string, number>[]) => all.map((times) => times.get(key) ?? 0);
    const paired = comparePaired(values(before), values(after));
    if (paired === null) continue;
    rows.push({ op, stage, paired, shareOfChange: null });
    totals.set(op, (totals.get(op) ?? 0) + paired.difference.mean);
  }
  const size = (row: StageComparison) => Math.abs(row.paired.difference.mean);
  return rows
    .map((row) => {
      const total = totals.get(row.op) ?? 0;
      return { ...row, shareOfChange: total === 0 ? null : row.paired.difference.mean / total };
    })
    .sort((a, b) => compareText(a.op, b.op) || size(b) - size(a) || compareText(a.stage, b.stage));
}

/** `METRIC{labels} p99 < +5%`: what a change may be. */
export interface Gate {
  readonly text: string;
  readonly metric: string;
  readonly word: string;
  readonly operator: '<' | '<=' | '>' | '>=';
  /** A ratio to the value before where `relative`, else a difference in exported units. */
  readonly limit: number;
  readonly relative: boolean;
}

const GATE = /^(.*\S)\s+([a-z][\w.]*)\s*(<=|>=|<|>)\s*([+-]?\d+(?:\.\d+)?)\s*(%|[A-Za-zµμ/]+|)$/s;

/** Null where it cannot be read. */
export function parseGate(text: string): Gate | null {
  const match = GATE.exec(text.trim());
  if (match === null) return null;
  const [, metric, word, operator, number, unit] = match;
  // The pattern admits these four only.
  const head = { text, metric, word, operator: operator as Gate['operator'] };
  if (unit === '%') return { ...head, limit: Number(number) / 100, relative: true };
  const size = number.replace(/^[+-]/, '');
  const values = parseUnitValue([`${size}${unit}`]);
  if (values === null) return null;
  const scale = /^(ns|us|µs|μs|ms|s|m|h|d)$/.test(unit) ? 1e9 : 1;
  const sign = number.startsWith('-') ? -1 : 1;
  return { ...head, limit: (sign * values[0]) / scale, relative: false };
}

export interface GateResult {
  readonly gate: Gate;
  readonly verdict: Verdict;
  readonly unit: ThresholdResult['unit'];
  readonly before: number | null;
  readonly after: number | null;
  /** Of after - before. */
  readonly difference: Estimate | null;
  readonly note: string;
}

/**
 * Relative: the mean of after - (1 + limit) before against zero, by its Student interval, so that
 * the spread of both sides counts and no ratio of means is needed. One pair has no interval and is
 * judged by its value.
 */
export function evaluateGate(gate: Gate, pairs: readonly RunPair[]): GateResult {
  const of = (side: 'before' | 'after') =>
    figureValues(
      gate.metric,
      gate.word,
      pairs.map((pair) => pair[side]),
    );
  const before = of('before');
  const after = of('after');
  const differences: number[] = [];
  const beyond: number[] = [];
  before.values.forEach((a, i) => {
    const b = after.values[i];
    if (a === null || b === null) return;
    differences.push(b - a);
    beyond.push(gate.relative ? b - (1 + gate.limit) * a : b - a - gate.limit);
  });
  const e = estimate(beyond);
  const result = {
    gate,
    unit: before.unit,
    before: estimate(before.values)?.mean ?? null,
    after: estimate(after.values)?.mean ?? null,
    difference: estimate(differences),
  };
  if (e === null) return { ...result, verdict: 'no-data', note: `no pair has ${gate.word}` };
  const verdict = judge(e.low ?? e.mean, e.high ?? e.mean, gate.operator, 0);
  const notes = {
    pass: e.low === null ? 'one seed: no interval' : '',
    fail: e.low === null ? 'one seed: no interval' : '',
    inconclusive: 'the interval does not clear the limit, more seeds narrow it',
  };
  return { ...result, verdict, note: notes[verdict] };
}

/** Metric and labels as the table shows them. */
export function comparedName({ metric, labels }: MetricComparison): string {
  return labels === '' ? metric : `${metric}{${labels}}`;
}

/** Whether a selector means a row; null where the text is no selector. */
export function parseSelectorOrNull(
  text: string,
): ((name: string, labels: string) => boolean) | null {
  try {
    const selector = parseSelector(text);
    return (name, labels) => selector.matches({ name, labels: readLogfmt(labels) });
  } catch (error) {
    if (error instanceof SelectorError) return null;
    throw error;
  }
}

/** The labels of logfmt text. */
function readLogfmt(text: string): Labels {
  const labels: Record<string, string> = {};
  for (const [, name, quoted, plain] of text.matchAll(/(\w+)=(?:("(?:[^"\\]|\\.)*")|(\S*))/g)) {
    labels[name] = quoted === undefined ? plain : (JSON.parse(quoted) as string);
  }
  return labels;
}
