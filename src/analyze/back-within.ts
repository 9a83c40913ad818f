/**
 * When clients were back within their objectives after a fault, by the rows of the time series.
 *
 * Objectives are the scenario's thresholds on request latency with an upper limit. A row keeps them
 * where each request kind that they match does: by its own figure, where the series has it (mean,
 * max, p50); other percentiles by the row's p99, or by its largest latency where the row has too
 * few samples for one. A row without answers keeps them where the kind is rare (fewer than ten
 * answers a row on average: such a row says nothing), and does not where it is not.
 */
import { type MetricsResult, parseSelector, type SeriesResult } from '../metrics/index.ts';
import type { ThresholdScenario } from '../scenario/index.ts';
import { type Expectation, isUpper, readExpectation } from './expectation.ts';
import { labelText } from './labels.ts';
import { REQUEST_METRIC } from './outcome.ts';

type Fields = ReadonlyMap<SeriesResult['field'], Float64Array>;

/** One kind of request. */
interface Kind {
  readonly fields: Fields;
  readonly rare: boolean;
}

const RARE = 10;

interface Objective {
  readonly limitNs: number;
  readonly expectation: Expectation;
  readonly kinds: readonly Kind[];
}

/** Answers for one run; null where it has no objective on latency, or no time series. */
export interface BackWithin {
  /**
   * Start of the first row that keeps all objectives, after the first that did not between the
   * fault and `untilNs` (the next fault); the time of the fault where every row there keeps them;
   * NaN where none does again.
   */
  backNs(faultNs: number, untilNs: number): number;
}

export function backWithin(
  metrics: MetricsResult,
  thresholds: readonly ThresholdScenario[],
): BackWithin | null {
  const objectives: Objective[] = [];
  for (const threshold of thresholds) {
    const objective = objectiveOf(metrics, threshold);
    if (objective !== null) objectives.push(objective);
  }
  const rows = objectives[0]?.kinds[0]?.fields.get('count')?.length ?? 0;
  if (rows === 0) return null;
  const keeps: boolean[] = [];
  for (let row = 0; row < rows; row++) keeps.push(objectives.every((o) => keepsAt(o, row)));
  const stepNs = metrics.seriesIntervalNs;
  return {
    backNs: (faultNs, untilNs) => {
      const end = Math.min(rows, Math.ceil(untilNs / stepNs));
      let row = Math.floor(faultNs / stepNs);
      while (row < end && keeps[row]) row++;
      if (row >= end) return faultNs;
      while (row < rows && !keeps[row]) row++;
      return row >= rows ? Number.NaN : Math.max(faultNs, row * stepNs);
    },
  };
}

function objectiveOf(metrics: MetricsResult, threshold: ThresholdScenario): Objective | null {
  const selector = parseSelector(threshold.metric);
  const expectation = readExpectation(threshold.expect);
  const upper = isUpper(expectation.operator);
  const counts = ['rate', 'count', 'availability', 'min'].includes(expectation.statistic);
  if (selector.name !== REQUEST_METRIC || !upper || counts) return null;
  const kinds = new Map<string, Map<SeriesResult['field'], Float64Array>>();
  for (const series of metrics.series) {
    if (!selector.matches(series)) continue;
    const key = labelText(series.labels);
    const fields = kinds.get(key) ?? new Map<SeriesResult['field'], Float64Array>();
    kinds.set(key, fields);
    fields.set(series.field, series.values);
  }
  if (kinds.size === 0) return null;
  const limitNs = expectation.duration ? expectation.limit : expectation.limit * 1e9;
  return { limitNs, expectation, kinds: [...kinds.values()].map(kindOf) };
}

function kindOf(fields: Fields): Kind {
  const counts = fields.get('count') ?? new Float64Array(0);
  let total = 0;
  for (const count of counts) total += count;
  return { fields, rare: total < RARE * counts.length };
}

function keepsAt(objective: Objective, row: number): boolean {
  const { limitNs, expectation, kinds } = objective;
  return kinds.every(({ fields, rare }) => {
    if (!(fields.get('count')?.[row] ?? 0)) return rare;
    const value = figureAt(fields, expectation, row);
    return expectation.operator === '<' ? value < limitNs : value <= limitNs;
  });
}

function figureAt(fields: Fields, expectation: Expectation, row: number): number {
  const at = (field: SeriesResult['field']): number => fields.get(field)?.[row] ?? Number.NaN;
  if (expectation.statistic === 'mean') return at('mean');
  if (expectation.quantile === null) return at('max');
  const percentile = expectation.quantile <= 0.5 ? at('p50') : at('p99');
  return Number.isNaN(percentile) ? at('max') : percentile;
}
