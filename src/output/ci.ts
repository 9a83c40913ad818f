/**
 * Verdicts for the tools around: JUnit XML, a Markdown summary, github-action-benchmark and Bencher
 * Metric Format. Pure functions of checked thresholds.
 */
import { isUpper, type ThresholdResult } from '../analyze/index.ts';
import { formatValue } from './format.ts';
import { markdownTable } from './markdown-table.ts';

export interface Checked {
  /** Axes of the point; '' for a single scenario. */
  readonly axes: string;
  readonly threshold: ThresholdResult;
}

/** A change against a baseline, judged. */
export interface CheckedChange {
  readonly axes: string;
  readonly text: string;
  readonly verdict: ThresholdResult['verdict'];
  readonly before: number | null;
  readonly after: number | null;
  readonly unit: ThresholdResult['unit'];
  readonly note: string;
}

export interface CheckReport {
  readonly name: string;
  readonly thresholds: readonly Checked[];
  readonly changes: readonly CheckedChange[];
}

/** Characters that XML 1.0 cannot hold become U+FFFD; the five that mean something are escaped. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return clean
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;');
}

function thresholdName({ metric, expect, window }: ThresholdResult): string {
  return `${metric} ${expect}${window === 'all' ? '' : ` in ${window}`}`;
}

function found({ value, low, high, unit, note, verdict }: ThresholdResult): string {
  const interval =
    low === null || high === null || low === high
      ? ''
      : ` (${formatValue(low, unit)} .. ${formatValue(high, unit)})`;
  return `${verdict}: ${formatValue(value, unit)}${interval}${note === '' ? '' : `, ${note}`}`;
}

function changeFound(change: CheckedChange): string {
  const { verdict, before, after, unit, note } = change;
  const text = `${verdict}: ${formatValue(before, unit)} before, ${formatValue(after, unit)} now`;
  return note === '' ? text : `${text}, ${note}`;
}

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly verdict: string;
  readonly message: string;
}

function casesOf({ name, thresholds, changes }: CheckReport): Case[] {
  const suite = (axes: string, kind: string) => `${name}${axes === '' ? '' : ` ${axes}`}${kind}`;
  return [
    ...thresholds.map(({ axes, threshold }) => ({
      suite: suite(axes, ''),
      name: thresholdName(threshold),
      verdict: threshold.verdict,
      message: found(threshold),
    })),
    ...changes.map((change) => ({
      suite: suite(change.axes, ' against the baseline'),
      name: change.text,
      verdict: change.verdict,
      message: changeFound(change),
    })),
  ];
}

/** What failed is a failure, what is undecided an error: neither is green. */
export function junitXml(report: CheckReport): string {
  const cases = casesOf(report);
  const failed = (of: readonly Case[]) => of.filter((c) => c.verdict === 'fail').length;
  const undecided = (of: readonly Case[]) =>
    of.filter((c) => c.verdict !== 'fail' && c.verdict !== 'pass').length;
  const counts = (of: readonly Case[]) =>
    `tests="${of.length}" failures="${failed(of)}" errors="${undecided(of)}"`;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(`<testsuites name="wavetank" ${counts(cases)}>`);
  for (const suite of new Set(cases.map((c) => c.suite))) {
    const own = cases.filter((c) => c.suite === suite);
    lines.push(`  <testsuite name="${xml(suite)}" ${counts(own)}>`);
    for (const { name, verdict, message } of own) {
      const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}"`;
      if (verdict === 'pass') {
        lines.push(`${head}/>`);
        continue;
      }
      const tag = verdict === 'fail' ? 'failure' : 'error';
      const text = `message="${xml(message)}" type="${xml(verdict)}"`;
      lines.push(`${head}>`, `      <${tag} ${text}/>`, '    </testcase>');
    }
    lines.push('  </testsuite>');
  }
  lines.push('</testsuites>');
  return `${lines.join('\n')}\n`;
}

/** Text of a scenario is data: nothing of it becomes Markdown or HTML. */
function plain(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/([\\`*_[\]|~#])/g, '\\$1');
}

/** For a pull request or GITHUB_STEP_SUMMARY. */
export function checkMarkdown(report: CheckReport): string {
  const cases = casesOf(report);
  const rows = cases.map((c) => [
    plain(c.verdict),
    plain(c.suite),
    plain(c.name),
    plain(c.message),
  ]);
  const columns = ['verdict', 'of', 'expected', 'found'];
  const bad = cases.filter((c) => c.verdict !== 'pass').length;
  const head = bad === 0 ? 'every threshold holds' : `${bad} of ${cases.length} do not hold`;
  const table = rows.length === 0 ? ['No thresholds.'] : markdownTable(columns, rows);
  return [`### wavetank: ${plain(report.name)}: ${head}`, '', ...table, '', ''].join('\n');
}

function benchmarkName({ axes, threshold }: Checked): string {
  const { metric, statistic, window } = threshold;
  const where = window === 'all' ? '' : ` in ${window}`;
  return `${axes === '' ? '' : `${axes} `}${metric} ${statistic}${where}`;
}

/** Whether a threshold wants the figure small. */
function wantsSmall({ threshold }: Checked): boolean {
  return isUpper(threshold.operator);
}

/**
 * Input of github-action-benchmark (tool `customSmallerIsBetter` or `customBiggerIsBetter`): an
 * array of { name, unit, value, range, extra }.
 */
export function githubBenchmark(report: CheckReport, smallerIsBetter: boolean): string {
  const seen = new Set<string>();
  const entries = report.thresholds.flatMap((checked) => {
    const { value, low, high, unit, expect, verdict } = checked.threshold;
    const name = benchmarkName(checked);
    if (value === null || wantsSmall(checked) !== smallerIsBetter || seen.has(name)) return [];
    seen.add(name);
    const range = low === null || high === null ? {} : { range: `± ${(high - low) / 2}` };
    return [{ name, unit, value, ...range, extra: `${expect}: ${verdict}` }];
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Slugs of measures: Bencher knows latency and throughput; others it makes. */
function measureOf({ unit, statistic }: ThresholdResult): string {
  if (unit === 's') return 'latency';
  if (unit === '1/s') return 'throughput';
  return statistic.replace(/[^A-Za-z0-9]+/g, '-');
}

/** Bencher Metric Format, latency in ns: { name: { measure: { value, bounds } } }. */
export function bencherJson(report: CheckReport): string {
  const result: Record<string, Record<string, object>> = {};
  for (const checked of report.thresholds) {
    const { value, low, high, unit } = checked.threshold;
    if (value === null) continue;
    const scale = unit === 's' ? 1e9 : 1;
    const bounds =
      low === null || high === null ? {} : { lower_value: low * scale, upper_value: high * scale };
    const metric = { value: value * scale, ...bounds };
    result[benchmarkName(checked)] = { [measureOf(checked.threshold)]: metric };
  }
  return `${JSON.stringify(result, null, 2)}\n`;
}
