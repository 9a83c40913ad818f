/** thresholds.csv: what was expected and what came out, one row a threshold and point. */
import type { PointSummary, ThresholdResult } from '../../analyze/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { axesText, type OfPoint, pointColumns } from './shared.ts';

interface Row extends OfPoint {
  readonly threshold: ThresholdResult;
}

export const thresholdsTable: Table<Row> = {
  file: 'thresholds.csv',
  description: 'What each threshold expects and what came out, over the replications of a point.',
  order: 'point, then as in the scenario',
  columns: [
    ...pointColumns<Row>(),
    column('metric', '', 'Metric, as the threshold has it.', (r) => r.threshold.metric),
    column('expect', '', 'Expectation, as the threshold has it.', (r) => r.threshold.expect),
    column('window', '', 'Window, as the threshold has it.', (r) => r.threshold.window),
    column('from_s', 's', 'Start of the window.', (r) => seconds(r.threshold.fromNs)),
    column('to_s', 's', 'End of the window.', (r) => seconds(r.threshold.toNs)),
    column('statistic', '', '`p99`, `mean`, `availability`, ...', (r) => r.threshold.statistic),
    column(
      'unit',
      '',
      'Unit of limit, value and interval: `s`, `bytes`, `1/s`, `ratio`, `1`.',
      (r) => {
        return r.threshold.unit;
      },
    ),
    column('limit', 'unit', 'What it is compared with.', (r) => r.threshold.limit),
    column(
      'verdict',
      '',
      '`pass`; `fail`; `inconclusive` (the interval straddles the limit); `no-data`; `overloaded` (queues still grow at the horizon).',
      (r) => r.threshold.verdict,
    ),
    column('value', 'unit', 'Mean over the replications.', (r) => r.threshold.value),
    column('low', 'unit', 'Lower bound of the 95 % interval; empty for one replication.', (r) => {
      return r.threshold.low;
    }),
    column('high', 'unit', 'Upper bound of it.', (r) => r.threshold.high),
    column('replications', '', 'Replications that had a value.', (r) => r.threshold.replications),
    column('note', '', 'Why, where the figures alone do not say.', (r) => r.threshold.note),
  ],
};

export type JudgedPoint = Pick<PointSummary, 'point' | 'axes' | 'thresholds'>;

export function* thresholdsRows(points: readonly JudgedPoint[]): Generator<Row> {
  for (const { point, axes, thresholds } of points) {
    for (const threshold of thresholds) yield { point, axes: axesText(axes), threshold };
  }
}
