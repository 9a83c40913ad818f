/** sensitivity.csv: which axis of a sweep moves which figure. */
import type { Interval, Sensitivity } from '../../analyze/index.ts';
import { type Column, column, csvChunks, type Table } from '../csv.ts';

export interface SensitivityRow extends Sensitivity {
  readonly metric: string;
  readonly figure: string;
}

type Of = 'src' | 'rank' | 'firstOrder';

function interval(of: Of, name: string, text: string): Column<SensitivityRow>[] {
  const part = (key: keyof Interval) => (row: SensitivityRow) => row[of]?.[key] ?? null;
  return [
    column(name, 'ratio', text, part('value')),
    column(`${name}_low`, 'ratio', 'Lower end of its 95 % bootstrap interval.', part('low')),
    column(`${name}_high`, 'ratio', 'Upper end of it.', part('high')),
  ];
}

export const sensitivityTable: Table<SensitivityRow> = {
  file: 'sensitivity.csv',
  description:
    'Written by `wavetank sweep`: which axis moves which figure, over the points (means of replications). Values of an axis that are no numbers count by their place in it.',
  order: 'metric, figure, then axes as given',
  columns: [
    column('metric', '', 'Selector of the metric.', (r) => r.metric),
    column('figure', '', '`p99`, `mean`, `rate`, ... of it.', (r) => r.figure),
    column('axis', '', 'Axis of the sweep.', (r) => r.name),
    column('points', '', 'Points with a value.', (r) => r.points),
    ...interval(
      'firstOrder',
      'first_order',
      'Share of the variance that the axis explains alone (first-order index).',
    ),
    ...interval('src', 'src', 'Standardised regression coefficient; its sign is the direction.'),
    ...interval('rank', 'rank', "Spearman's rank correlation."),
  ],
};

export function sensitivityCsv(rows: readonly SensitivityRow[]): Iterable<string> {
  return csvChunks(sensitivityTable, rows);
}
