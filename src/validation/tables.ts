/** The report as CSV files and as Markdown. */
import { stringify } from 'csv-stringify/browser/esm/sync';
import type { ConstantEntry } from '../core/index.ts';
import type { ComparedRow } from './compare.ts';
import { median } from './compare.ts';
import type { ValidationReport } from './report.ts';
import { groupBy } from './rows.ts';

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
  for (const row of counted) if (distance(row.ratio) > distance(worst.ratio)) worst = row;
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

function distance(ratio: number): number {
  return ratio >= 1 ? ratio : 1 / ratio;
}

export function validationCsv(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
): { name: string; text: string }[] {
  return [
    {
      name: 'load.csv',
      text: csvText(
        [
          'file',
          'experiment',
          'setting',
          'figure',
          'repetitions',
          'measured',
          'simulated',
          'ratio',
          'counted',
          'reason',
        ],
        report.rows.map((r) => [
          r.file,
          r.experiment,
          r.setting,
          r.column,
          r.repetitions,
          r.measured,
          short(r.simulated),
          short(r.ratio),
          r.counted ? 'yes' : 'no',
          r.reason,
        ]),
      ),
    },
    {
      name: 'events.csv',
      text: csvText(
        [
          'file',
          'experiment',
          'setting',
          'figure',
          'measured_n',
          'simulated_n',
          'measured_p5',
          'measured_p50',
          'measured_p95',
          'simulated_p5',
          'simulated_p50',
          'simulated_p95',
          'ks_distance',
          'bound',
          'rule',
          'within',
        ],
        report.events.map((e) => [
          e.file,
          e.experiment,
          e.setting,
          e.column,
          e.measuredN,
          e.simulatedN,
          ...e.measured.map(short),
          ...e.simulated.map(short),
          short(e.distance),
          short(e.bound),
          e.rule,
          e.within ? 'yes' : 'no',
        ]),
      ),
    },
    {
      name: 'errors.csv',
      text: csvText(
        [
          'experiment',
          'figure',
          'counted',
          'median_error',
          'median_ratio',
          'worst_ratio',
          'worst_setting',
          'excluded',
          'excluded_median_ratio',
        ],
        errorLines(report).map((l) => [
          l.experiment,
          l.column,
          l.counted,
          short(l.medianError),
          short(l.medianRatio),
          short(l.worstRatio),
          l.worstSetting,
          l.excluded,
          short(l.excludedMedianRatio),
        ]),
      ),
    },
    {
      name: 'goals.csv',
      text: csvText(
        ['goal', 'value', 'limit', 'met', 'n'],
        report.goals.map((g) => [g.name, short(g.value), g.limit, g.met ? 'yes' : 'no', g.n]),
      ),
    },
    {
      name: 'not-simulated.csv',
      text: csvText(
        ['file', 'line', 'experiment', 'reason'],
        report.problems.map((p) => [p.file, p.line, p.experiment, p.reason]),
      ),
    },
    {
      name: 'constants.csv',
      text: csvText(
        ['name', 'value', 'unit', 'low', 'high', 'mark', 'source'],
        constants.map((c) => [c.name, c.value, c.unit, c.low, c.high, c.mark, c.source]),
      ),
    },
  ];
}

function csvText(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return stringify([header, ...rows]);
}

/** Six significant digits: what a comparison is good for; '' for what is not there. */
function short(value: number): number | string {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : '';
}

const percent = (value: number): string =>
  Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : '–';
const ratio = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '–');
const ms = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : '–';

export function validationMarkdown(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
  conditions: string,
): string {
  const fitted = constants.filter((c) => c.mark === 'fitted' || c.mark === 'measured');
  return [
    '# Validation against a real etcd',
    '',
    `Written by \`npm run validate\`. ${conditions}`,
    '',
    '## Goals',
    '',
    ...table(
      ['goal', 'value', 'limit', 'met', 'n'],
      report.goals.map((g) => [
        g.name,
        percent(g.value),
        percent(g.limit),
        g.met ? 'yes' : '**no**',
        String(g.n),
      ]),
    ),
    '',
    '## Errors by experiment',
    '',
    'Counted are settings in which etcd and its client used at most one core together (for p99 the machine at most 1.5); the others measure the machine.',
    '',
    ...table(
      [
        'experiment',
        'figure',
        'counted',
        'median error',
        'median ratio',
        'worst ratio',
        'worst setting',
        'excluded',
        'their median ratio',
      ],
      errorLines(report).map((l) => [
        l.experiment,
        l.column,
        String(l.counted),
        percent(l.medianError),
        ratio(l.medianRatio),
        l.counted > 0 ? ratio(l.worstRatio) : '–',
        l.counted > 0 ? l.worstSetting : '–',
        String(l.excluded),
        ratio(l.excludedMedianRatio),
      ]),
    ),
    '',
    '## Events',
    '',
    'Measured and simulated 5th percentile, median and 95th percentile.',
    '',
    ...table(
      [
        'experiment',
        'setting',
        'figure',
        'n',
        'measured',
        'simulated',
        'KS distance',
        'bound',
        'within',
      ],
      report.events.map((e) => [
        e.experiment,
        e.setting,
        e.column,
        String(e.measuredN),
        e.measured.map(ms).join(' / '),
        e.simulated.map(ms).join(' / '),
        ratio(e.distance),
        e.rule === 'KS' ? ratio(e.bound) : '5–95 %',
        e.within ? 'yes' : '**no**',
      ]),
    ),
    '',
    '## Rows that were not simulated',
    '',
    ...table(
      ['file', 'reason', 'rows'],
      groupBy(report.problems, (p) => `${p.file}|${p.reason}`).map((g) => [
        g[0].file,
        g[0].reason,
        String(g.length),
      ]),
    ),
    '',
    '## Constants fitted or measured, and on which rows',
    '',
    ...table(
      ['constant', 'value', 'low', 'high', 'mark', 'source'],
      fitted.map((c) => [
        c.name,
        `${c.value} ${c.unit}`,
        String(c.low),
        String(c.high),
        c.mark,
        c.source,
      ]),
    ),
    '',
  ].join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}
