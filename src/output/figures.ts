/** Figures of metrics as spans: the value, and how sure it is. */
import {
  type Estimate,
  type FigureName,
  isSuccess,
  type MetricSummary,
  overloadedSince,
  type PointSummary,
} from '../analyze/index.ts';
import { type FormatUnit, formatValue, NONE } from './format.ts';
import { type Span, span } from './report.ts';

/**
 * Mean over replications where all of them have the figure; else that of all samples together,
 * since a percentile may need the samples of several replications.
 */
export function figureValue(
  metric: MetricSummary,
  figure: FigureName,
  runs: number,
): number | null {
  const estimate = metric.estimates[figure];
  if (estimate !== undefined && estimate.n === runs) return estimate.mean;
  return metric.pooled[figure];
}

/** The largest of all replications is the maximum; of anything else the mean. */
export function figureSpan(metric: MetricSummary, figure: FigureName, runs: number): Span {
  const unit: FormatUnit = figure === 'rate' ? '1/s' : metric.unit;
  const value = figure === 'max' ? metric.pooled.max : figureValue(metric, figure, runs);
  const text = formatValue(value, unit);
  return span(text, text === NONE ? 'dim' : 'plain');
}

const PERCENTILES: readonly FigureName[] = ['p50', 'p90', 'p99', 'p999'];

/**
 * Of requests whose queue still grows a percentile is no number: it depends on how long the run
 * was.
 */
export function requestSpan(point: PointSummary, metric: MetricSummary, figure: FigureName): Span {
  const overloaded = overloadedSince(point.overload, metric.labelText) < Infinity;
  if (overloaded && PERCENTILES.includes(figure)) return span(NONE, 'dim');
  return figureSpan(metric, figure, point.runs.length);
}

/** '± 1.4 %': half of the 95 % interval relative to the mean; '' where there is none. */
export function spread(estimate: Estimate | undefined | null, runs: number): string {
  if (!estimate || estimate.n !== runs) return '';
  const { mean, low, high } = estimate;
  return relativeSpread(mean, low, high);
}

export function relativeSpread(
  mean: number | null,
  low: number | null,
  high: number | null,
): string {
  if (mean === null || mean === 0 || low === null || high === null) return '';
  const share = (high - low) / 2 / Math.abs(mean);
  if (share < 0.0005) return '± 0 %';
  const percent = share * 100;
  return `± ${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

export function metricsNamed(point: PointSummary, name: string): MetricSummary[] {
  return point.metrics.filter((metric) => metric.name === name);
}

/** Share of requests that were answered, with this operation and workload; null without any. */
export function availabilityOf(
  point: PointSummary,
  requestsMetric: string,
  labels: Readonly<Record<string, string>>,
): number | null {
  let total = 0;
  let good = 0;
  for (const metric of metricsNamed(point, requestsMetric)) {
    const { op, workload } = metric.labels;
    if (op !== labels.op || workload !== labels.workload) continue;
    const count = metric.estimates.count?.mean ?? 0;
    total += count;
    if (isSuccess(metric.labels)) good += count;
  }
  return total === 0 ? null : good / total;
}
