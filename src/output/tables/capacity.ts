/** capacity.csv: the capacity at each value of the second parameter, with both of its intervals. */
import { column, csvChunks, type Table } from '../csv.ts';

export interface CapacityRow {
  /** `path=value` of the second parameter; '' without one. */
  readonly also: string;
  readonly path: string;
  /** In the units of the parameter, as written; '' where there is none. */
  readonly good: string;
  readonly bad: string;
  /** Over samples of the constants; '' where they were not sampled. */
  readonly low: string;
  readonly high: string;
  readonly samples: number;
  readonly bottleneck: string;
  readonly next: string;
}

export const capacityTable: Table<CapacityRow> = {
  file: 'capacity.csv',
  description:
    'Written by `wavetank capacity`: how far a parameter can go before a threshold fails; one row for each value of `--vary-also` (a frontier).',
  order: 'also as given',
  columns: [
    column('also', '', '`path=value` of the second parameter.', (r) => r.also),
    column('path', '', 'The parameter.', (r) => r.path),
    column('good', '', 'Last value at which every threshold holds; empty: none.', (r) => r.good),
    column('bad', '', 'First value at which one fails; empty: none in the range.', (r) => r.bad),
    column(
      'low',
      '',
      'Smallest `good` over samples of the constants; empty: some have none.',
      (r) => r.low,
    ),
    column('high', '', 'Largest `bad` over them.', (r) => r.high),
    column('samples', '', 'Samples of the constants.', (r) => r.samples),
    column('bottleneck', '', 'Busiest resource at `bad`, or at `good`.', (r) => r.bottleneck),
    column('next', '', 'The next busiest one.', (r) => r.next),
  ],
};

export function capacityCsv(rows: readonly CapacityRow[]): Iterable<string> {
  return csvChunks(capacityTable, rows);
}
