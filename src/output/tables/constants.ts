/** constants.csv: every cost that the models were given, and where it comes from. */
import { compareText } from '../../analyze/index.ts';
import type { ConstantEntry } from '../../core/index.ts';
import { column, type Table } from '../csv.ts';
import type { OutputInput } from './shared.ts';

interface Row {
  /** null: all points have the same. */
  readonly point: number | null;
  readonly constant: ConstantEntry;
  readonly overridden: boolean;
}

export const constantsTable: Table<Row> = {
  file: 'constants.csv',
  description: 'Every cost that the models were given, with its bounds and its source.',
  order: 'name, point',
  columns: [
    column('point', '', 'Point that it holds for; empty where it holds for all.', (r) => r.point),
    column('name', '', 'Name, as `constants:` of the scenario takes it.', (r) => r.constant.name),
    column('value', 'unit', 'Value that was used.', (r) => r.constant.value),
    column('unit', '', '`ns`, `bytes`, `count`, `ratio` or `bytesPerSecond`.', (r) => {
      return r.constant.unit;
    }),
    column('low', 'unit', 'Lowest plausible value.', (r) => r.constant.low),
    column('high', 'unit', 'Highest plausible value.', (r) => r.constant.high),
    column(
      'mark',
      '',
      'How well it is known: `code`, `docs`, `blog`, `issue`, `estimate`, `fitted`, `measured`.',
      (r) => r.constant.mark,
    ),
    column('overridden', '', '`true` where the scenario set it.', (r) => r.overridden),
    column('source', '', 'Where it comes from.', (r) => r.constant.source),
  ],
};

export function* constantsRows(input: OutputInput): Generator<Row> {
  // Replications of a point share their constants: the first one stands for all.
  const ofPoints = input.results.filter((run) => run.replication === 0);
  const byName = new Map<string, Row[]>();
  for (const run of ofPoints) {
    const overrides = input.points[run.point].scenario.constants;
    for (const constant of run.constants) {
      const rows = byName.get(constant.name) ?? [];
      byName.set(constant.name, rows);
      const overridden = overrides[constant.name] !== undefined;
      rows.push({ point: run.point, constant, overridden });
    }
  }
  for (const name of [...byName.keys()].sort(compareText)) {
    const rows = byName.get(name)!;
    const [first] = rows;
    const same = rows.every(
      (row) => row.constant.value === first.constant.value && row.overridden === first.overridden,
    );
    if (same) yield { ...first, point: null };
    else yield* rows;
  }
}
