/** The error table, and the report as CSV files. */
import { type ErrorRow, errorFactor, errorTable, isClose } from '../analyze/index.ts';
import type { ConstantEntry } from '../core/index.ts';
import { csvOf } from '../output/index.ts';
import type { ComparedRow } from './compare.ts';
import { median } from './compare.ts';
import type { PublishedFigure } from './published.ts';
import type { EventComparison, Goal, ValidationReport } from './report.ts';
import { groupBy, type ProblemRow } from './rows.ts';

export interface ErrorLine {
  readonly experiment: string;
  readonly column: string;
  readonly counted: number;
  readonly medianError: number;
  readonly medianRatio: number;
  readonly worstRatio: number;
  readonly worstSetting: string;
  readonly excluded: number;
  readonly excludedMedianRatio: number;
}

/** One line an experiment and figure, and one for all experiments together. */
export function errorLines(report: ValidationReport): ErrorLine[] {
  const all = report.rows.filter((row) => Number.isFinite(row.ratio));
  const columns = [
    'throughput_ops',
    'mean_ms',
    'p50_ms',
    'p90_ms',
    'p99_ms',
    'put_p50_ms',
    'put_p99_ms',
    'get_p50_ms',
    'get_p99_ms',
    'fromstart_p50_ms',
    'fromstart_p99_ms',
  ];
  const lines: ErrorLine[] = [];
  for (const group of groupBy(all, (row) => `${row.file} ${row.experiment}`)) {
    for (const column of columns)
      push(lines, `${group[0].file} ${group[0].experiment}`, column, group);
  }
  for (const column of columns) push(lines, 'all', column, all);
  return lines;
}

function push(
  lines: ErrorLine[],
  experiment: string,
  column: string,
  group: readonly ComparedRow[],
): void {
  const rows = group.filter((row) => row.column === column);
  const counted = rows.filter((row) => row.counted);
  const excluded = rows.filter((row) => !row.counted);
  if (rows.length === 0) return;
  let worst = counted[0] ?? excluded[0];
  for (const row of counted) if (errorFactor(row.ratio) > errorFactor(worst.ratio)) worst = row;
  lines.push({
    experiment,
    column,
    counted: counted.length,
    medianError: median(counted.map((row) => Math.abs(row.ratio - 1))),
    medianRatio: median(counted.map((row) => row.ratio)),
    worstRatio: worst.ratio,
    worstSetting: worst.setting,
    excluded: excluded.length,
    excludedMedianRatio: median(excluded.map((row) => row.ratio)),
  });
}

/** One line a group of published results and one for all: the figures that count. */
export function publishedErrors(published: readonly PublishedFigure[]): ErrorRow[] {
  const counted = published.filter((f) => f.counted);
  const rows = counted.map(({ experiment, setting, column, measured, simulated }) => ({
    experiment,
    setting: `${setting} ${column}`,
    metric: '',
    measured,
    simulated,
  }));
  return errorTable([...rows, ...rows.map((row) => ({ ...row, experiment: 'all' }))]);
}

type Column<Row> = readonly [name: string, cell: (row: Row) => string | number];

const loadColumns: readonly Column<ComparedRow>[] = [
  ['file', (r) => r.file],
  ['experiment', (r) => r.experiment],
  ['setting', (r) => r.setting],
  ['figure', (r) => r.column],
  ['repetitions', (r) => r.repetitions],
  ['measured', (r) => r.measured],
  ['simulated', (r) => short(r.simulated)],
  ['ratio', (r) => short(r.ratio)],
  ['counted', (r) => yesNo(r.counted)],
  ['reason', (r) => r.reason],
];

const publishedColumns: readonly Column<PublishedFigure>[] = [
  ['group', (f) => f.experiment],
  ['setting', (f) => f.setting],
  ['figure', (f) => f.column],
  ['published', (f) => f.measured],
  ['simulated', (f) => short(f.simulated)],
  ['ratio', (f) => short(f.ratio)],
  ['counted', (f) => yesNo(f.counted)],
  ['close', (f) => (Number.isFinite(f.ratio) ? yesNo(isClose(f.ratio)) : '')],
  ['reason', (f) => (f.counted ? f.likely : f.reason)],
  ['source', (f) => f.source],
];

const eventColumns: readonly Column<EventComparison>[] = [
  ['file', (e) => e.file],
  ['experiment', (e) => e.experiment],
  ['setting', (e) => e.setting],
  ['figure', (e) => e.column],
  ['measured_n', (e) => e.measuredN],
  ['simulated_n', (e) => e.simulatedN],
  ['measured_p5', (e) => short(e.measured[0])],
  ['measured_p50', (e) => short(e.measured[1])],
  ['measured_p95', (e) => short(e.measured[2])],
  ['simulated_p5', (e) => short(e.simulated[0])],
  ['simulated_p50', (e) => short(e.simulated[1])],
  ['simulated_p95', (e) => short(e.simulated[2])],
  ['ks_distance', (e) => short(e.distance)],
  ['bound', (e) => short(e.bound)],
  ['rule', (e) => e.rule],
  ['within', (e) => yesNo(e.within)],
];

const errorColumns: readonly Column<ErrorLine>[] = [
  ['experiment', (l) => l.experiment],
  ['figure', (l) => l.column],
  ['counted', (l) => l.counted],
  ['median_error', (l) => short(l.medianError)],
  ['median_ratio', (l) => short(l.medianRatio)],
  ['worst_ratio', (l) => short(l.worstRatio)],
  ['worst_setting', (l) => l.worstSetting],
  ['excluded', (l) => l.excluded],
  ['excluded_median_ratio', (l) => short(l.excludedMedianRatio)],
];

const goalColumns: readonly Column<Goal>[] = [
  ['goal', (g) => g.name],
  ['value', (g) => short(g.value)],
  ['limit', (g) => g.limit],
  ['met', (g) => yesNo(g.met)],
  ['n', (g) => g.n],
];

const problemColumns: readonly Column<ProblemRow>[] = [
  ['file', (p) => p.file],
  ['line', (p) => p.line],
  ['experiment', (p) => p.experiment],
  ['reason', (p) => p.reason],
];

const constantColumns: readonly Column<ConstantEntry>[] = [
  ['name', (c) => c.name],
  ['value', (c) => c.value],
  ['unit', (c) => c.unit],
  ['low', (c) => c.low],
  ['high', (c) => c.high],
  ['mark', (c) => c.mark],
  ['source', (c) => c.source],
];

export function validationCsv(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
): { name: string; text: string }[] {
  return [
    { name: 'load.csv', text: csv(loadColumns, report.rows) },
    ...(report.published.length === 0
      ? []
      : [{ name: 'published.csv', text: csv(publishedColumns, report.published) }]),
    { name: 'events.csv', text: csv(eventColumns, report.events) },
    { name: 'errors.csv', text: csv(errorColumns, errorLines(report)) },
    { name: 'goals.csv', text: csv(goalColumns, report.goals) },
    { name: 'not-simulated.csv', text: csv(problemColumns, report.problems) },
    { name: 'constants.csv', text: csv(constantColumns, constants) },
  ];
}

function csv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return csvOf(
    columns.map(([name]) => name),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
  );
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** Six significant digits: what a comparison is good for; '' for what is not there. */
function short(value: number): number | string {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : '';
}
