/** The comparison on the screen: gates, figures, and the stages that a change came from. */
import {
  API_REQUESTS_METRIC,
  comparedName,
  type GateResult,
  type PairedComparison,
  POD_STARTUP_METRIC,
  parseSelectorOrNull,
  REQUEST_METRIC,
} from '../../analyze/index.ts';
import {
  columnsOf,
  formatValue,
  type MetricComparisonRow,
  paintVerdict,
  type StageComparisonRow,
  textTable,
} from '../../output/index.ts';
import type { Colors } from '../io.ts';

export interface Rows {
  readonly metrics: readonly MetricComparisonRow[];
  readonly stages: readonly StageComparisonRow[];
  readonly gates: readonly GateResult[];
}

export interface TextOptions {
  readonly metric: readonly string[];
  readonly all: boolean;
  readonly colors: Colors;
}

type Unit = Parameters<typeof formatValue>[1];

const HEADLINES = [REQUEST_METRIC, API_REQUESTS_METRIC, POD_STARTUP_METRIC];
const HEADLINE_FIGURES = ['rate', 'mean', 'p50', 'p99'];
const ROWS_MAX = 60;
const STAGES_MAX = 6;

function signed(value: number | null, unit: Unit): string {
  if (value === null) return '–';
  return `${value > 0 ? '+' : ''}${formatValue(value, unit)}`;
}

/** `~` where the interval of the difference covers zero. */
function changeOf({ verdict, relativeChange }: PairedComparison): string {
  if (verdict === 'same') return '=';
  const percent =
    relativeChange === null
      ? ''
      : ` ${relativeChange > 0 ? '+' : ''}${(relativeChange * 100).toFixed(1)} %`;
  return `${verdict === 'undecided' ? '~' : ''}${percent}`.trim();
}

function cells(paired: PairedComparison, unit: Unit): string[] {
  const { before, after, difference } = paired;
  const interval =
    difference.low === null
      ? '–'
      : `${signed(difference.low, unit)} .. ${signed(difference.high, unit)}`;
  return [
    formatValue(before.mean, unit),
    formatValue(after.mean, unit),
    signed(difference.mean, unit),
    interval,
    changeOf(paired),
  ];
}

const HEADS = columnsOf('right', 'before', 'after', 'difference', '95 %', 'change');

function shown(rows: readonly MetricComparisonRow[], options: TextOptions): MetricComparisonRow[] {
  if (options.metric.length > 0) {
    const selectors = options.metric.flatMap((text) => parseSelectorOrNull(text) ?? []);
    return rows.filter((row) => selectors.some((s) => s(row.metric, row.labels)));
  }
  if (options.all) return rows.filter((row) => row.paired.verdict !== 'same');
  return rows.filter((r) => HEADLINES.includes(r.metric) && HEADLINE_FIGURES.includes(r.figure));
}

function gateLines(gates: readonly GateResult[], colors: Colors): string[] {
  if (gates.length === 0) return [];
  const rows = gates.map((gate) => [
    { text: gate.verdict, paint: paintVerdict(gate.verdict, colors) },
    gate.gate.text,
    signed(gate.difference?.mean ?? null, gate.unit),
    gate.note,
  ]);
  const columns = [
    ...columnsOf('left', 'gate', ''),
    ...columnsOf('right', 'difference'),
    ...columnsOf('left', ''),
  ];
  return [...textTable(columns, rows, colors.dim), ''];
}

export function comparisonText(first: string, rows: Rows, options: TextOptions): string {
  const { bold, dim } = options.colors;
  const lines: string[] = [...gateLines(rows.gates, options.colors)];
  const groups = new Map<string, { against: string; axes: string }>();
  for (const { against, axes } of rows.metrics) groups.set(`${against} ${axes}`, { against, axes });
  for (const { against, axes } of groups.values()) {
    const here = (row: { against: string; axes: string }) =>
      row.against === against && row.axes === axes;
    const metrics = shown(rows.metrics.filter(here), options);
    const seeds = metrics.reduce((most, row) => Math.max(most, row.paired.pairs), 0);
    lines.push(
      bold(`${first} → ${against}${axes === '' ? '' : ` (${axes})`}`) + dim(`  ${seeds} seeds`),
    );
    const table = metrics
      .slice(0, ROWS_MAX)
      .map((row) => [comparedName(row), row.figure, ...cells(row.paired, row.unit)]);
    lines.push(...textTable([...columnsOf('left', 'metric', ''), ...HEADS], table, dim));
    if (metrics.length > ROWS_MAX) lines.push(dim(`  and ${metrics.length - ROWS_MAX} more`));
    lines.push('', ...stageLines(rows.stages.filter(here), options.colors));
  }
  lines.push(
    dim('~ the 95 % interval of the difference covers zero; every metric is in comparison.csv'),
  );
  return `${lines.join('\n')}\n`;
}

function stageLines(stages: readonly StageComparisonRow[], { bold, dim }: Colors): string[] {
  const moved = stages.filter(({ paired }) => ['higher', 'lower'].includes(paired.verdict));
  if (moved.length === 0) return [];
  const ops = [...new Set(moved.map((row) => row.op))];
  const rows = ops.flatMap((op) => moved.filter((row) => row.op === op).slice(0, STAGES_MAX));
  const share = (value: number | null) => (value === null ? '' : `${(value * 100).toFixed(0)} %`);
  const table = rows.map((row) => [
    row.op,
    row.stage,
    ...cells(row.paired, 's').slice(0, 4),
    share(row.shareOfChange),
  ]);
  const heads = [...HEADS.slice(0, 4), ...columnsOf('right', 'of the change')];
  return [
    bold('Where it came from') + dim(' (mean time of a request in each stage)'),
    ...textTable([...columnsOf('left', 'op', 'stage'), ...heads], table, dim),
    '',
  ];
}
