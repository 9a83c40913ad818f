/**
 * Thresholds: what a scenario expects of its figures, judged over the replications.
 *
 * A figure passes where its whole 95 % interval is on the good side of the limit, fails where all
 * of it is on the bad side, and is inconclusive where the interval straddles the limit: more
 * replications or a longer horizon decide. One replication has no interval and is judged by its
 * value.
 */
import {
  countBelow,
  type HistogramData,
  type Labels,
  type MetricsResult,
  mergeHistograms,
  parseSelector,
  quantileOf,
  type Selector,
} from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';
import type { ThresholdScenario } from '../scenario/index.ts';
import { type JudgedSeries, seriesByLabels, worstSeries } from './each.ts';
import { estimate } from './estimate.ts';
import { type Expectation, isUpper, type Operator, readExpectation } from './expectation.ts';
import { labelText } from './labels.ts';
import {
  counterSum,
  type ExportedUnit,
  histogramFigures,
  levelRow,
  scaleOf,
  tallyData,
  unitOfName,
} from './metric-row.ts';
import { isAvailable, REQUEST_METRIC, tellsOutcome } from './outcome.ts';
import { type Overload, overloadedSince } from './overload.ts';
import { selectSegments, WHOLE_RUN, type WindowSelection } from './window.ts';

const NS_PER_S = 1e9;

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'no-data' | 'overloaded';

export interface ThresholdResult {
  readonly metric: string;
  readonly expect: string;
  readonly window: string;
  readonly fromNs: number;
  readonly toNs: number;
  /** 'p99', 'mean', 'availability', ... */
  readonly statistic: string;
  readonly operator: Operator;
  /** Limit, value and interval are in this unit. */
  readonly unit: ExportedUnit | '1/s' | 'ratio';
  readonly limit: number;
  readonly verdict: Verdict;
  /** Mean over replications (availability, p99, ...); null where there is none. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Replications with a value. */
  readonly replications: number;
  /** Why the verdict is what it is, where that is not plain from the figures; else ''. */
  readonly note: string;
}

type Belongs = (series: { readonly name: string; readonly labels: Labels }) => boolean;

/** Judges one threshold over the replications of one point. */
export function evaluateThreshold(
  threshold: ThresholdScenario,
  runs: readonly RunResult[],
  overload: Overload,
): ThresholdResult {
  const selector = parseSelector(threshold.metric);
  const judgeSeries = (belongs: Belongs, labels: string): JudgedSeries => {
    const matched = runs.map((run) => match(run.metrics, belongs, threshold));
    const result = evaluateMatched(threshold, selector, matched, overload);
    return { labels, result, thin: isThin(matched, readExpectation(threshold.expect), result) };
  };
  if (threshold.each === undefined) return judgeSeries(selector.matches, '').result;
  const groups = seriesByLabels(runs, selector, threshold.each);
  const metric = `${threshold.metric} each(${threshold.each.join(', ')})`;
  const judged = groups.map(([labels, series]) => judgeSeries((s) => series.has(s), labels));
  const result = worstSeries(judged) ?? judgeSeries(selector.matches, '').result;
  if (result.verdict !== 'no-data' || !hasMetric(runs, selector.name)) return { ...result, metric };
  return { ...result, metric, verdict: 'pass', note: 'nothing of the kind happened' };
}

export interface FigureValues {
  readonly values: (number | null)[];
  /** A quantile of the samples of all runs together, which may be enough where each has too few. */
  readonly pooled: number | null;
  readonly unit: ThresholdResult['unit'];
}

/**
 * One figure (`p99`, `mean`, `rate`, `availability`, ...) of what a selector matches, of each run
 * in the whole measured time, in exported units; null where a run cannot say.
 */
export function figureValues(
  metric: string,
  word: string,
  runs: readonly RunResult[],
): FigureValues {
  const expect = `${word} < 0`;
  const window = { text: WHOLE_RUN, fromNs: 0, toNs: Infinity };
  const expectation = readExpectation(expect);
  const selector = parseSelector(metric);
  const threshold = { metric, expect, window };
  const matched = runs.map((run) => match(run.metrics, selector.matches, threshold));
  const tallies = matched.flatMap((m) => (m.kind === 'tally' ? [m] : []));
  const all = mergeHistograms(tallies.map((tally) => tally.data));
  const p = expectation.quantile;
  const pooled = p === null || all.total === 0 ? null : quantileOf(all, p);
  return {
    values: matched.map((m) => valueIn(m, expectation)),
    pooled: pooled === null ? null : pooled / scaleOf(tallies[0].unit),
    unit: unitOf(expectation, matched, selector),
  };
}

/** Whether a metric is one that the runs know, whatever its labels. */
function hasMetric(runs: readonly RunResult[], name: string): boolean {
  return runs.some(({ metrics: { tallies, counters, levels } }) =>
    [tallies, counters, levels].some((list) => list.some((series) => series.name === name)),
  );
}

function evaluateMatched(
  threshold: ThresholdScenario,
  selector: Selector,
  matched: readonly Matched[],
  overload: Overload,
): ThresholdResult {
  const expectation = readExpectation(threshold.expect);
  const unit = unitOf(expectation, matched, selector);
  const base = expectedOf(threshold, expectation, unit);
  if (matched.every((m) => m.kind === 'none')) {
    return { ...base, ...NO_DATA, note: 'no metric matches' };
  }
  if (isLatency(matched, expectation) && base.toNs > overloadSince(matched, overload)) {
    const note = `${overload.growing[0].name} still grows`;
    return { ...base, ...NO_DATA, verdict: 'overloaded', note };
  }
  const values = matched.map((m) => valueIn(m, expectation));
  if (expectation.quantile !== null && values.some((value) => value === null)) {
    return { ...base, ...judgeByShare(matched, expectation) };
  }
  return { ...base, ...judgeByValues(values, expectation, base.limit) };
}

type Expected = Omit<ThresholdResult, keyof Judgement>;

/** What a threshold asks for, before anything is judged; `unit` is that of the figure. */
export function expectedOf(
  threshold: ThresholdScenario,
  expectation: Expectation,
  unit: ThresholdResult['unit'],
): Expected {
  const { metric, expect, window } = threshold;
  const { word: statistic, operator, duration, limit } = expectation;
  const { text, fromNs, toNs } = window;
  return {
    metric,
    expect,
    window: text,
    fromNs,
    toNs,
    statistic,
    operator,
    unit,
    // A plain number is in exported units already: 0.05 is 50 ms.
    limit: unit === 's' && duration ? limit / NS_PER_S : limit,
  };
}

type Judgement = Pick<
  ThresholdResult,
  'verdict' | 'value' | 'low' | 'high' | 'replications' | 'note'
>;

export const NO_DATA: Judgement = {
  verdict: 'no-data',
  value: null,
  low: null,
  high: null,
  replications: 0,
  note: '',
};

/** What a selector matches in one run, inside the window. */
type Matched =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'tally';
      readonly data: HistogramData;
      readonly unit: 'ns' | 'bytes' | '1';
      /** Labels of the kinds of requests that it is the latency of; empty for other metrics. */
      readonly requestKinds: readonly string[];
      readonly window: WindowSelection;
    }
  | {
      readonly kind: 'counter';
      readonly total: number;
      readonly good: number;
      readonly hasOutcome: boolean;
      readonly window: WindowSelection;
    }
  | {
      readonly kind: 'level';
      readonly rows: readonly ReturnType<typeof levelRow>[];
      readonly window: WindowSelection;
    };

function match(metrics: MetricsResult, belongs: Belongs, threshold: ThresholdScenario): Matched {
  const { fromNs, toNs } = threshold.window;
  const window = selectSegments(metrics.segments, fromNs, toNs);
  const tallies = metrics.tallies.filter(belongs);
  if (tallies.length > 0) {
    const data = mergeHistograms(tallies.map((tally) => tallyData(tally, window)));
    const requests = tallies.filter((tally) => tally.name === REQUEST_METRIC);
    const requestKinds = requests.map((tally) => labelText(tally.labels));
    return { kind: 'tally', data, unit: tallies[0].unit, requestKinds, window };
  }
  const counters = metrics.counters.filter(belongs);
  if (counters.length > 0) {
    let total = 0;
    let good = 0;
    let hasOutcome = false;
    for (const counter of counters) {
      const count = counterSum(counter, window);
      total += count;
      if (isAvailable(counter.labels)) good += count;
      hasOutcome ||= tellsOutcome(counter.labels);
    }
    return { kind: 'counter', total, good, hasOutcome, window };
  }
  const levels = metrics.levels.filter(belongs);
  if (levels.length === 0) return { kind: 'none' };
  return { kind: 'level', rows: levels.map((level) => levelRow(level, window)), window };
}

function unitOf(
  expectation: Expectation,
  matched: readonly Matched[],
  selector: Selector,
): ThresholdResult['unit'] {
  if (expectation.statistic === 'availability') return 'ratio';
  if (expectation.statistic === 'rate') return '1/s';
  if (expectation.statistic === 'count') return '1';
  for (const m of matched) {
    if (m.kind === 'tally') return m.unit === 'ns' ? 's' : m.unit;
  }
  return unitOfName(selector.name);
}

function isLatency(matched: readonly Matched[], expectation: Expectation): boolean {
  const counts = ['count', 'rate', 'availability', 'min'].includes(expectation.statistic);
  return !counts && matched.some((m) => m.kind === 'tally' && m.unit === 'ns');
}

/** Earliest overload of the requests that are matched; of another metric, of anything. */
function overloadSince(matched: readonly Matched[], overload: Overload): number {
  let since = Infinity;
  for (const m of matched) {
    if (m.kind !== 'tally') continue;
    for (const kind of m.requestKinds) since = Math.min(since, overloadedSince(overload, kind));
    if (m.requestKinds.length === 0) since = Math.min(since, overload.sinceNs);
  }
  return since;
}

/** In exported units; null = the run cannot say. */
function valueIn(m: Matched, expectation: Expectation): number | null {
  switch (m.kind) {
    case 'none':
      return null;
    case 'tally':
      return tallyValue(m.data, scaleOf(m.unit), m.window, expectation);
    case 'counter':
      return counterValue(m.total, m.good, m.hasOutcome, m.window, expectation);
    case 'level': {
      // Each series for itself; the worst one counts.
      const statistic = expectation.statistic;
      if (statistic !== 'mean' && statistic !== 'max' && statistic !== 'min') return null;
      const values = m.rows.map((row) => row[statistic]).filter((value) => value !== null);
      if (values.length === 0) return null;
      const upper = isUpper(expectation.operator);
      return values.reduce((a, b) => (upper ? Math.max(a, b) : Math.min(a, b)));
    }
  }
}

function tallyValue(
  data: HistogramData,
  scale: number,
  window: WindowSelection,
  expectation: Expectation,
): number | null {
  if (expectation.quantile !== null) {
    const value = quantileOf(data, expectation.quantile);
    return value === null ? null : value / scale;
  }
  switch (expectation.statistic) {
    case 'count':
      return data.total;
    case 'rate':
      return window.durationNs > 0 ? (data.total * NS_PER_S) / window.durationNs : null;
    case 'mean':
    case 'min':
    case 'max':
      return histogramFigures(data, scale)[expectation.statistic];
    default:
      return null;
  }
}

function counterValue(
  total: number,
  good: number,
  hasOutcome: boolean,
  window: WindowSelection,
  expectation: Expectation,
): number | null {
  switch (expectation.statistic) {
    case 'count':
      return total;
    case 'rate':
      return window.durationNs > 0 ? (total * NS_PER_S) / window.durationNs : null;
    case 'availability':
      return hasOutcome && total > 0 ? good / total : null;
    default:
      return null;
  }
}

/** One value a replication against the limit. */
export function judgeByValues(
  values: readonly (number | null)[],
  expectation: Expectation,
  limit: number,
): Judgement {
  const e = estimate(values);
  if (e === null) {
    return { ...NO_DATA, note: `no value of ${expectation.word} in the window` };
  }
  const { mean, low, high, n } = e;
  const verdict = judge(low ?? mean, high ?? mean, expectation.operator, limit);
  const notes: string[] = [];
  if (verdict === 'inconclusive') notes.push(whyInconclusive(values, expectation.operator, limit));
  if (n < values.length) notes.push(`${values.length - n} replications without a value`);
  const note = notes.join('; ');
  return { verdict, value: mean, low, high, replications: n, note };
}

/** Two groups of replications: this many times as far apart as either is wide. */
const GROUP_GAP_MIN = 2;

/**
 * More replications narrow an interval around one value. Where each replication goes one of two
 * ways (the leader is lost or not), its width is no lack of them.
 */
function whyInconclusive(
  values: readonly (number | null)[],
  operator: Operator,
  limit: number,
): string {
  const good: number[] = [];
  const bad: number[] = [];
  for (const value of values) {
    if (value === null) continue;
    (judge(value, value, operator, limit) === 'pass' ? good : bad).push(value);
  }
  if (good.length >= 2 && bad.length >= 2) {
    const gap = Math.max(
      Math.min(...bad) - Math.max(...good),
      Math.min(...good) - Math.max(...bad),
    );
    const width = (of: readonly number[]) => Math.max(...of) - Math.min(...of);
    if (gap > GROUP_GAP_MIN * Math.max(width(good), width(bad))) {
      return (
        `replications go one of two ways, ${good.length} within the limit and ${bad.length} ` +
        'beyond it; more of them tell how often, not which'
      );
    }
  }
  return 'the interval straddles the limit, more replications narrow it';
}

/** The interval low..high against the limit. */
export function judge(
  low: number,
  high: number,
  operator: Operator,
  limit: number,
): 'pass' | 'fail' | 'inconclusive' {
  switch (operator) {
    case '<':
      return high < limit ? 'pass' : low >= limit ? 'fail' : 'inconclusive';
    case '<=':
      return high <= limit ? 'pass' : low > limit ? 'fail' : 'inconclusive';
    case '>':
      return low > limit ? 'pass' : high <= limit ? 'fail' : 'inconclusive';
    case '>=':
      return low >= limit ? 'pass' : high < limit ? 'fail' : 'inconclusive';
    case '==':
      if (low === limit && high === limit) return 'pass';
      return low > limit || high < limit ? 'fail' : 'inconclusive';
    case '!=':
      if (low === limit && high === limit) return 'fail';
      return low > limit || high < limit ? 'pass' : 'inconclusive';
  }
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * A quantile that some replication has too few samples for is judged by the share of samples below
 * the limit, all replications together: p99 < 50 ms is the same as "at least 99 % are below 50 ms".
 * Wilson's score interval of that share; it takes samples as independent, and says so in the note.
 */
function judgeByShare(matched: readonly Matched[], expectation: Expectation): Judgement {
  const parts: HistogramData[] = [];
  let scale = 1;
  const comparable = expectation.operator !== '==' && expectation.operator !== '!=';
  for (const m of matched) {
    if (m.kind !== 'tally' || !comparable) continue;
    parts.push(m.data);
    scale = scaleOf(m.unit);
  }
  const data = mergeHistograms(parts);
  const p = expectation.quantile;
  if (data.total === 0 || p === null) return { ...NO_DATA, note: 'no samples in the window' };
  const n = data.total;
  // Values are integers: below `limit` and at most `limit` differ by the limit itself.
  const inclusive = expectation.operator === '<=' || expectation.operator === '>';
  const limit = expectation.duration ? expectation.limit : expectation.limit * scale;
  const below = countBelow(data, inclusive ? limit + 1 : limit) / n;
  const centre = (below + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const spread = Z * Math.sqrt((below * (1 - below)) / n + (Z * Z) / (4 * n * n));
  const half = spread / (1 + (Z * Z) / n);
  const upper = isUpper(expectation.operator);
  const share = judge(centre - half, centre + half, upper ? '>=' : '<', p);
  const pooled = quantileOf(data, p);
  return {
    ...NO_DATA,
    verdict: share,
    value: pooled === null ? null : pooled / scale,
    replications: parts.length,
    note: `${n} samples are too few for ${expectation.word} in each replication: judged by the share below the limit`,
  };
}

/** Whether few samples leave it open, and none of them is beyond the limit. */
function isThin(
  matched: readonly Matched[],
  { limit, quantile, operator, duration }: Expectation,
  { verdict }: ThresholdResult,
): boolean {
  if (verdict !== 'inconclusive' || quantile === null) return false;
  const upper = isUpper(operator);
  return matched.every((m) => {
    if (m.kind !== 'tally') return m.kind === 'none';
    if (m.data.total === 0) return true;
    const scaled = duration ? limit : limit * scaleOf(m.unit);
    return upper ? m.data.max <= scaled : m.data.min >= scaled;
  });
}

export type ExitStatus = 0 | 98 | 99;

/** 99: a threshold is crossed; 98: one is undecided (inconclusive, no data, overloaded); else 0. */
export function exitStatusOf(verdicts: readonly Verdict[]): ExitStatus {
  if (verdicts.includes('fail')) return 99;
  return verdicts.every((verdict) => verdict === 'pass') ? 0 : 98;
}
