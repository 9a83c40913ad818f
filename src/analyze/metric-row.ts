/** One metric of one run in one window, as figures in exported units: a row of metrics.csv. */
import {
  type CounterResult,
  type HistogramData,
  type Labels,
  type LevelResult,
  type MetricsResult,
  meanOf,
  mergeHistograms,
  quantileOf,
  sumOf,
  type TallyResult,
} from '../metrics/index.ts';
import { compareText, labelText } from './labels.ts';
import type { WindowSelection } from './window.ts';

export type MetricKind = 'counter' | 'level' | 'tally';
/** 's' = seconds: durations are recorded in ns and exported in seconds. '1' = a plain number. */
export type ExportedUnit = 's' | 'bytes' | '1';

/** The figures of a row; null = does not apply, or too few samples for a quantile. */
export interface MetricFigures {
  /** Increments of a counter, observations of a tally. */
  readonly count: number | null;
  /** count per second of the window. */
  readonly rate: number | null;
  readonly sum: number | null;
  /** Of a level: weighted by time. */
  readonly mean: number | null;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  /** Value of a level at the end of the window. */
  readonly last: number | null;
}

export type FigureName = keyof MetricFigures;

export interface MetricRow extends MetricFigures {
  readonly name: string;
  readonly labels: Labels;
  /** labelText(labels): the key for sorting and joining. */
  readonly labelText: string;
  readonly kind: MetricKind;
  readonly unit: ExportedUnit;
}

const NS_PER_S = 1e9;

export const NO_FIGURES: MetricFigures = {
  count: null,
  rate: null,
  sum: null,
  mean: null,
  min: null,
  p50: null,
  p90: null,
  p99: null,
  p999: null,
  max: null,
  last: null,
};

/** All metrics of a run in a window, sorted by name and labels. */
export function metricRows(metrics: MetricsResult, window: WindowSelection): MetricRow[] {
  const rows: MetricRow[] = [];
  for (const counter of metrics.counters) rows.push(counterRow(counter, window));
  for (const level of metrics.levels) rows.push(levelRow(level, window));
  for (const tally of metrics.tallies) rows.push(tallyRow(tally, window));
  return rows.sort(compareRows);
}

export function compareRows(
  a: { readonly name: string; readonly labelText: string },
  b: { readonly name: string; readonly labelText: string },
): number {
  return compareText(a.name, b.name) || compareText(a.labelText, b.labelText);
}

export function counterRow(counter: CounterResult, window: WindowSelection): MetricRow {
  const count = counterSum(counter, window);
  return {
    ...identity(counter.name, counter.labels, 'counter', unitOfName(counter.name)),
    ...NO_FIGURES,
    count,
    rate: perSecond(count, window),
  };
}

export function counterSum(counter: CounterResult, window: WindowSelection): number {
  let count = 0;
  for (const segment of window.segments) count += counter.perSegment[segment] ?? 0;
  return count;
}

export function levelRow(level: LevelResult, window: WindowSelection): MetricRow {
  let integral = 0;
  let min = Infinity;
  let max = -Infinity;
  let last: number | null = null;
  for (const index of window.segments) {
    const segment = level.perSegment[index];
    if (segment === undefined) continue;
    integral += segment.integral;
    min = Math.min(min, segment.min);
    max = Math.max(max, segment.max);
    last = segment.last;
  }
  const known = last !== null && window.durationNs > 0;
  return {
    ...identity(level.name, level.labels, 'level', unitOfName(level.name)),
    ...NO_FIGURES,
    mean: known ? integral / window.durationNs : null,
    min: known ? min : null,
    max: known ? max : null,
    last: known ? last : null,
  };
}

export function tallyRow(tally: TallyResult, window: WindowSelection): MetricRow {
  const data = tallyData(tally, window);
  return {
    ...identity(tally.name, tally.labels, 'tally', tally.unit === 'ns' ? 's' : tally.unit),
    ...histogramFigures(data, scaleOf(tally.unit)),
    rate: perSecond(data.total, window),
  };
}

export function tallyData(tally: TallyResult, window: WindowSelection): HistogramData {
  const parts: HistogramData[] = [];
  for (const segment of window.segments) {
    const part = tally.perSegment[segment];
    if (part !== undefined) parts.push(part);
  }
  return mergeHistograms(parts);
}

/** What a recorded value is divided by to be exported. */
export function scaleOf(unit: TallyResult['unit']): number {
  return unit === 'ns' ? NS_PER_S : 1;
}

/** Figures of a histogram, divided by `scale`. */
export function histogramFigures(data: HistogramData, scale: number): MetricFigures {
  if (data.total === 0) return { ...NO_FIGURES, count: 0, sum: 0 };
  const quantile = (p: number): number | null => {
    const value = quantileOf(data, p);
    return value === null ? null : value / scale;
  };
  return {
    count: data.total,
    rate: null,
    sum: sumOf(data) / scale,
    mean: meanOf(data) / scale,
    min: data.min / scale,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    max: data.max / scale,
    last: null,
  };
}

function identity(
  name: string,
  labels: Labels,
  kind: MetricKind,
  unit: ExportedUnit,
): Pick<MetricRow, 'name' | 'labels' | 'labelText' | 'kind' | 'unit'> {
  return { name, labels, labelText: labelText(labels), kind, unit };
}

/** Counters and levels carry their unit in their name, as Prometheus asks for. */
export function unitOfName(name: string): ExportedUnit {
  if (/_seconds(_total)?$/.test(name)) return 's';
  return /_bytes(_total)?$/.test(name) ? 'bytes' : '1';
}

function perSecond(count: number, window: WindowSelection): number | null {
  return window.durationNs > 0 ? (count * NS_PER_S) / window.durationNs : null;
}
