/** A calibration as people read it: plain text without colour, for a terminal to wrap. */
import type { Calibration, Finding, Problem, QuantileRow } from './types.ts';
import { formatCount, formatNs } from './units.ts';

const FORMAT_NAMES = {
  'fio-json': 'fio JSON',
  'fio-log': 'fio latency log',
  prometheus: 'Prometheus text of an etcd',
  csv: 'CSV of latencies',
  unknown: 'unknown format',
} as const;

/** 0.999 -> 'p99.9'. */
export function quantileName(p: number): string {
  return `p${Number((p * 100).toFixed(3))}`;
}

/** The figure of dashboards, but nothing below the first bucket, of which they know no more. */
export function quantileText(row: QuantileRow): string {
  if (row.lowNs === null || row.highNs === null) return '–';
  if (row.lowNs === 0) return `below ${formatNs(row.highNs)}`;
  if (row.estimateNs === null) return `${formatNs(row.lowNs)} to ${formatNs(row.highNs)}`;
  return formatNs(row.estimateNs);
}

/** Everything that `wavetank calibrate` has to say, problems included. */
export function calibrationText(calibration: Calibration): string {
  const { summary, commit, verdict, findings, problems } = calibration;
  const lines: string[] = [];
  if (summary !== null) {
    lines.push(`Read as ${FORMAT_NAMES[calibration.format]}.`, '');
    lines.push(summaryLine('fsync ', summary));
    if (commit !== null) lines.push(summaryLine('commit', commit));
    lines.push('');
  }
  if (verdict !== null) {
    lines.push(`Verdict: ${verdict.level}`);
    for (const rule of verdict.rules) lines.push(`  ${rule.text}`);
    for (const remark of verdict.remarks) lines.push(`  ${remark}`);
    lines.push('');
  }
  for (const finding of findings) lines.push(...findingLines(finding));
  for (const problem of problems) lines.push(problemText(problem));
  return `${lines.join('\n').trimEnd()}\n`;
}

function summaryLine(name: string, summary: NonNullable<Calibration['summary']>): string {
  const mean = summary.meanNs === null ? '–' : formatNs(summary.meanNs);
  const quantiles = summary.quantiles
    .filter((row) => row.lowNs !== null)
    .map((row) => `${quantileName(row.p)} ${quantileText(row)}`);
  const max = summary.maxNs === null ? [] : [`max ${formatNs(summary.maxNs)}`];
  return [
    `${name} ${formatCount(summary.count)} samples`,
    `mean ${mean}`,
    ...quantiles,
    ...max,
  ].join(', ');
}

function findingLines(finding: Finding): string[] {
  const mark = finding.level === 'warning' ? 'warning' : 'note';
  const lines = [`${mark}: ${finding.input}: ${finding.message}`];
  if (finding.hint !== '') lines.push(`  hint: ${finding.hint}`);
  return lines;
}

/** A problem in the form that scenario mistakes have. */
export function problemText(problem: Problem): string {
  const line = problem.line === null ? '' : `:${problem.line}`;
  const where = problem.input === '' ? '' : ` at ${problem.input}${line}`;
  const lines = [`${problem.code} ${problem.message}${where}`];
  if (problem.expected !== '') lines.push(`  expected: ${problem.expected}`);
  if (problem.hint !== '') lines.push(`  hint: ${problem.hint}`);
  return lines.join('\n');
}
