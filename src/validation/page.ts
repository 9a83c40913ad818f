/** The report in tables of text, and as a page of Markdown: docs/validation.md. */
import { isClose } from '../analyze/index.ts';
import type { ConstantEntry } from '../core/index.ts';
import type { PublishedFigure } from './published.ts';
import type { EventComparison, ValidationReport } from './report.ts';
import { groupBy } from './rows.ts';
import { type ErrorLine, errorLines, publishedErrors } from './tables.ts';

const COUNTED = `Counted are settings in which etcd and its client used at most one core together (for
p99 the machine at most one and a half); the others measure the machine.`;
const EVENTS = `Measured and simulated 5th percentile, median and 95th percentile. With 20 trials or more
the Kolmogorov-Smirnov distance is held against its bound, with fewer every measured point against
the simulated 5 to 95 % range, which n points of a perfect model all meet with probability 0.9^n.`;

const PUBLISHED = `Results of others, on hardware of which little is known: "GCE 2017" costs, set by the rows
that say so, check the rest. Close is a ratio of simulated to published within 0.66 to 1.50 (SIG Scalability). The
reason says why a figure does not count, or what a missed one probably lacks.`;

const NO = 'no';

/** A table of text cells with its title. */
export interface Section {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function validationSections(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
): Section[] {
  return [
    { title: 'Goals', note: '', ...goals(report) },
    { title: 'Errors by experiment', note: COUNTED, ...errors(errorLines(report)) },
    { title: 'Events', note: EVENTS, ...events(report.events) },
    { title: 'Published results', note: PUBLISHED, ...published(report.published) },
    { title: 'Published results by group', note: '', ...publishedGroups(report.published) },
    { title: 'Rows that were not simulated', note: '', ...problems(report) },
    { title: 'Constants fitted or measured, and on which rows', note: '', ...fitted(constants) },
  ];
}

export function validationMarkdown(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
  conditions: string,
): string {
  const filled = validationSections(report, constants).filter((section) => section.rows.length > 0);
  const sections = filled.map((section) =>
    [`## ${section.title}`, ...(section.note === '' ? [] : [section.note]), markdown(section)].join(
      '\n\n',
    ),
  );
  return [
    `# Validation against a real etcd\n\nWritten by \`npm run validate\`. ${conditions}`,
    ...interruption(report),
    ...sections,
    '',
  ].join('\n\n');
}

function interruption({ interrupted }: ValidationReport): string[] {
  if (interrupted === null) return [];
  const { done, total } = interrupted;
  return [`**INTERRUPTED** after ${done} of ${total} settings: the rest is missing everywhere.`];
}

type Grid = Pick<Section, 'head' | 'rows'>;

function goals(report: ValidationReport): Grid {
  return grid(
    ['goal', 'value', 'limit', 'met', 'n'],
    report.goals.map((g) => [g.name, percent(g.value), percent(g.limit), mark(g.met), `${g.n}`]),
  );
}

function errors(lines: readonly ErrorLine[]): Grid {
  const header = ['experiment', 'figure', 'counted', 'median error', 'median ratio', 'worst ratio'];
  return grid(
    [...header, 'worst setting', 'excluded', 'their median ratio'],
    lines.map((l) => [
      l.experiment,
      l.column,
      `${l.counted}`,
      percent(l.medianError),
      ratio(l.medianRatio),
      l.counted > 0 ? ratio(l.worstRatio) : '–',
      l.counted > 0 ? l.worstSetting : '–',
      `${l.excluded}`,
      ratio(l.excludedMedianRatio),
    ]),
  );
}

function events(rows: readonly EventComparison[]): Grid {
  const header = ['experiment', 'setting', 'figure', 'n', 'measured', 'simulated'];
  return grid(
    [...header, 'KS distance', 'bound', 'within'],
    rows.map((e) => [
      e.experiment,
      e.setting,
      e.column,
      `${e.measuredN}`,
      e.measured.map(figure).join(' / '),
      e.simulated.map(figure).join(' / '),
      ratio(e.distance),
      e.rule === 'KS' ? ratio(e.bound) : '5–95 %',
      mark(e.within),
    ]),
  );
}

function published(figures: readonly PublishedFigure[]): Grid {
  return grid(
    [
      'group',
      'setting',
      'figure',
      'published',
      'simulated',
      'ratio',
      'counts',
      'close',
      'reason',
      'source',
    ],
    figures.map((f) => [
      f.experiment,
      f.setting,
      f.column,
      figure(f.measured),
      figure(f.simulated),
      ratio(f.ratio),
      f.counted ? 'yes' : '–',
      f.counted ? mark(isClose(f.ratio)) : '–',
      f.counted ? f.likely : f.reason,
      f.source,
    ]),
  );
}

function publishedGroups(figures: readonly PublishedFigure[]): Grid {
  return grid(
    ['group', 'figures that count', 'median ratio', 'close', 'worst ratio', 'worst figure'],
    publishedErrors(figures).map((row) => [
      row.experiment,
      `${row.n}`,
      ratio(row.medianRatio),
      percent(row.withinShare),
      ratio(row.worstRatio),
      row.worstSetting,
    ]),
  );
}

function problems(report: ValidationReport): Grid {
  const groups = groupBy(report.problems, (p) => `${p.file}|${p.reason}`);
  const rows = groups.map((g) => [g[0].file, g[0].reason, `${g.length}`]);
  return grid(['file', 'reason', 'rows'], rows);
}

function fitted(constants: readonly ConstantEntry[]): Grid {
  return grid(
    ['constant', 'value', 'low', 'high', 'mark', 'source'],
    constants
      .filter((c) => c.mark === 'fitted' || c.mark === 'measured')
      .map((c) => [c.name, `${c.value} ${c.unit}`, `${c.low}`, `${c.high}`, c.mark, c.source]),
  );
}

function mark(met: boolean): string {
  return met ? 'yes' : NO;
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : '–';
}

function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}

function figure(value: number): string {
  return Number.isFinite(value) ? `${Number(value.toPrecision(4))}` : '–';
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): Grid {
  return { head, rows };
}

function markdown({ head, rows }: Grid): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const loud = (cell: string): string => (cell === NO ? `**${NO}**` : cell);
  const body = rows.map((row) => line(row.map(loud)));
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...body].join('\n');
}
