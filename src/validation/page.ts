/** The report as a page of Markdown: docs/validation.md. */
import type { ConstantEntry } from '../core/index.ts';
import type { EventComparison, ValidationReport } from './report.ts';
import { groupBy } from './rows.ts';
import { type ErrorLine, errorLines } from './tables.ts';

const COUNTED = `Counted are settings in which etcd and its client used at most one core together (for
p99 the machine at most one and a half); the others measure the machine.`;
const EVENTS = `Measured and simulated 5th percentile, median and 95th percentile. With 20 trials or more
the Kolmogorov-Smirnov distance is held against its bound, with fewer every measured point against
the simulated 5 to 95 % range, which n points of a perfect model all meet with probability 0.9^n.`;

export function validationMarkdown(
  report: ValidationReport,
  constants: readonly ConstantEntry[],
  conditions: string,
): string {
  return [
    `# Validation against a real etcd\n\nWritten by \`npm run validate\`. ${conditions}`,
    `## Goals\n\n${goals(report)}`,
    `## Errors by experiment\n\n${COUNTED}\n\n${errors(errorLines(report))}`,
    `## Events\n\n${EVENTS}\n\n${events(report.events)}`,
    `## Rows that were not simulated\n\n${problems(report)}`,
    `## Constants fitted or measured, and on which rows\n\n${fitted(constants)}`,
    '',
  ].join('\n\n');
}

function goals(report: ValidationReport): string {
  return table(
    ['goal', 'value', 'limit', 'met', 'n'],
    report.goals.map((g) => [g.name, percent(g.value), percent(g.limit), mark(g.met), `${g.n}`]),
  );
}

function errors(lines: readonly ErrorLine[]): string {
  const header = ['experiment', 'figure', 'counted', 'median error', 'median ratio', 'worst ratio'];
  return table(
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

function events(rows: readonly EventComparison[]): string {
  const header = ['experiment', 'setting', 'figure', 'n', 'measured', 'simulated'];
  return table(
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

function problems(report: ValidationReport): string {
  const groups = groupBy(report.problems, (p) => `${p.file}|${p.reason}`);
  const rows = groups.map((g) => [g[0].file, g[0].reason, `${g.length}`]);
  return table(['file', 'reason', 'rows'], rows);
}

function fitted(constants: readonly ConstantEntry[]): string {
  return table(
    ['constant', 'value', 'low', 'high', 'mark', 'source'],
    constants
      .filter((c) => c.mark === 'fitted' || c.mark === 'measured')
      .map((c) => [c.name, `${c.value} ${c.unit}`, `${c.low}`, `${c.high}`, c.mark, c.source]),
  );
}

function mark(met: boolean): string {
  return met ? 'yes' : '**no**';
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

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
