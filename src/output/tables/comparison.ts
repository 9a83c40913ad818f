/** comparison.csv and stage-comparison.csv: what changed between two settings, seed by seed. */
import type { MetricComparison, PairedComparison, StageComparison } from '../../analyze/index.ts';
import { type Column, column, csvChunks, type Table } from '../csv.ts';

export interface ComparedRow {
  readonly against: string;
  readonly axes: string;
  readonly paired: PairedComparison;
}
export type MetricComparisonRow = MetricComparison & ComparedRow;
export type StageComparisonRow = StageComparison & ComparedRow;

function sides<Row extends ComparedRow>(): Column<Row>[] {
  return [
    column('against', '', 'What was compared with the first setting.', (r) => r.against),
    column('axes', '', 'Axes of the point; empty for a single scenario.', (r) => r.axes),
  ];
}

function figures<Row extends ComparedRow>(): Column<Row>[] {
  return [
    column('pairs', '', 'Seeds with a value on both sides.', (r) => r.paired.pairs),
    column('before', 'unit', 'Mean of the first setting.', (r) => r.paired.before.mean),
    column('after', 'unit', 'Mean of the other one.', (r) => r.paired.after.mean),
    column('difference', 'unit', 'Mean of after - before.', (r) => r.paired.difference.mean),
    column('low', 'unit', 'Lower end of its 95 % interval.', (r) => r.paired.difference.low),
    column('high', 'unit', 'Upper end of it.', (r) => r.paired.difference.high),
    column('relative', 'ratio', 'difference / before.', (r) => r.paired.relativeChange),
    column(
      'verdict',
      '',
      '`higher`, `lower`, `same` (every pair is equal), `undecided` (the interval covers zero).',
      (r) => r.paired.verdict,
    ),
  ];
}

export const comparisonTable: Table<MetricComparisonRow> = {
  file: 'comparison.csv',
  description:
    'Written by `wavetank compare`: every figure of every metric that both settings have, paired by seed.',
  order: 'against, point, metric, labels, figure',
  columns: [
    ...sides<MetricComparisonRow>(),
    column('metric', '', 'Name of the metric.', (r) => r.metric),
    column('labels', '', 'Labels, `name=value` separated by spaces.', (r) => r.labels),
    column('figure', '', '`rate`, `mean`, `p50`, `p99`, `max`.', (r) => r.figure),
    column('unit', '', 'Unit of the figures.', (r) => r.unit),
    ...figures<MetricComparisonRow>(),
  ],
};

export const stageComparisonTable: Table<StageComparisonRow> = {
  file: 'stage-comparison.csv',
  description:
    'Written by `wavetank compare`: time that a request spends in each stage, in seconds, stages that it skips as zero. Differences of stages add up to that of the request.',
  order: 'against, point, op, then the stages that changed most first',
  columns: [
    ...sides<StageComparisonRow>(),
    column('op', '', 'Operation.', (r) => r.op),
    column('stage', '', 'Stage of the request.', (r) => r.stage),
    ...figures<StageComparisonRow>(),
    column(
      'share_of_change',
      'ratio',
      'Of the change of the whole request.',
      (r) => r.shareOfChange,
    ),
  ],
};

export function comparisonCsv(rows: readonly MetricComparisonRow[]): Iterable<string> {
  return csvChunks(comparisonTable, rows);
}

export function stageComparisonCsv(rows: readonly StageComparisonRow[]): Iterable<string> {
  return csvChunks(stageComparisonTable, rows);
}
