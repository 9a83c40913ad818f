/**
 * estimates.csv: each figure of each metric over the replications of a point, with its interval.
 */
import type { Estimate, FigureName, MetricSummary } from '../../analyze/index.ts';
import { column, type Table } from '../csv.ts';
import { axesText, type OfPoint, type OutputInput, pointColumns } from './shared.ts';

interface Row extends OfPoint {
  readonly metric: MetricSummary;
  readonly figure: FigureName;
  readonly estimate: Estimate;
}

/** Figures by which a metric is compared; all others are in metrics.csv, run by run. */
const FIGURES: Readonly<Record<MetricSummary['kind'], readonly FigureName[]>> = {
  counter: ['count', 'rate'],
  level: ['max', 'mean'],
  tally: ['count', 'max', 'mean', 'p50', 'p90', 'p99', 'p999', 'rate'],
};

export const estimatesTable: Table<Row> = {
  file: 'estimates.csv',
  description:
    'Each figure of each metric over the replications of a point: mean and 95 % Student interval, whole measured time.',
  order: 'point, metric, labels, figure',
  columns: [
    ...pointColumns<Row>(),
    column('metric', '', 'Name of the metric.', (r) => r.metric.name),
    column('labels', '', 'Labels, `name=value` separated by spaces.', (r) => r.metric.labelText),
    column('figure', '', 'Column of metrics.csv that it is about.', (r) => figureName(r.figure)),
    column('unit', '', 'Unit: `s`, `bytes`, `1` or `1/s`.', (r) => {
      if (r.figure === 'rate') return '1/s';
      return r.figure === 'count' ? '1' : r.metric.unit;
    }),
    column('replications', '', 'Replications that had a value.', (r) => r.estimate.n),
    column('mean', 'unit', 'Mean over the replications.', (r) => r.estimate.mean),
    column('low', 'unit', 'Lower bound of the 95 % interval; empty for one replication.', (r) => {
      return r.estimate.low;
    }),
    column('high', 'unit', 'Upper bound of it.', (r) => r.estimate.high),
    column('min', 'unit', 'Lowest of the replications.', (r) => r.estimate.min),
    column('max', 'unit', 'Highest of the replications.', (r) => r.estimate.max),
  ],
};

/** As the columns of metrics.csv are called. */
export function figureName(figure: FigureName): string {
  return figure === 'p999' ? 'p99.9' : figure;
}

export function* estimatesRows(input: OutputInput): Generator<Row> {
  for (const { point, axes, metrics } of input.summary.points) {
    const text = axesText(axes);
    for (const metric of metrics) {
      for (const figure of FIGURES[metric.kind]) {
        const estimate = metric.estimates[figure];
        if (estimate !== undefined) yield { point, axes: text, metric, figure, estimate };
      }
    }
  }
}
