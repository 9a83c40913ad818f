/**
 * Simulated against measured, setting by setting: the goals, and which rows count for them.
 *
 * Measured figures are medians over the repetitions of a setting. Rows in which etcd and the client
 * used more than one core together measure the machine's CPU; their errors are printed, not
 * counted.
 */
import { medianOf } from '../analyze/index.ts';
import type { HistogramData, MetricsResult } from '../metrics/index.ts';
import { meanOf, mergeHistograms, quantileRank, sampleOfRank } from '../metrics/index.ts';
import type { Scenario } from '../scenario/types.ts';
import { cannotSimulate, loadScenario, settingKey, settingText } from './load.ts';
import { groupBy, numberOf, type ProblemRow, type Row } from './rows.ts';
import type { ValidationSetup } from './scenario.ts';
import { simulateRun } from './simulate.ts';

export const CPU_PCT_MAX = 100;
export const SYSTEM_CPU_PCT_MAX_FOR_P99 = 150;

/** Column of the measurements, and the histogram that it is compared with. */
interface Figure {
  readonly column: string;
  readonly workload: string | null;
  readonly p: number | 'mean' | 'throughput';
}

const FIGURES: readonly Figure[] = [
  { column: 'throughput_ops', workload: null, p: 'throughput' },
  { column: 'mean_ms', workload: null, p: 'mean' },
  { column: 'p10_ms', workload: null, p: 0.1 },
  { column: 'p50_ms', workload: null, p: 0.5 },
  { column: 'p90_ms', workload: null, p: 0.9 },
  { column: 'p99_ms', workload: null, p: 0.99 },
];
const SPLIT_FIGURES: readonly Figure[] = ['put', 'get'].flatMap((kind) => [
  { column: `${kind}_mean_ms`, workload: `${kind}s`, p: 'mean' as const },
  { column: `${kind}_p50_ms`, workload: `${kind}s`, p: 0.5 },
  { column: `${kind}_p99_ms`, workload: `${kind}s`, p: 0.99 },
]);
/**
 * Watch rows: from the start of the put to the event; the difference to the response can be
 * negative.
 */
const WATCH_FIGURES: readonly Figure[] = [
  { column: 'put_mean_ms', workload: 'puts', p: 'mean' },
  { column: 'put_p50_ms', workload: 'puts', p: 0.5 },
  { column: 'put_p99_ms', workload: 'puts', p: 0.99 },
  { column: 'fromstart_mean_ms', workload: 'watchers', p: 'mean' },
  { column: 'fromstart_p50_ms', workload: 'watchers', p: 0.5 },
  { column: 'fromstart_p99_ms', workload: 'watchers', p: 0.99 },
];

export interface ComparedRow {
  readonly file: string;
  readonly experiment: string;
  readonly setting: string;
  readonly column: string;
  readonly repetitions: number;
  readonly measured: number;
  readonly simulated: number;
  readonly ratio: number;
  /** Counts for the goals. */
  readonly counted: boolean;
  /** Why not. */
  readonly reason: string;
}

export interface LoadSetting {
  readonly file: string;
  readonly rows: readonly Row[];
}

/** Settings of a file's load rows, and the rows that cannot be simulated. */
export function loadSettings(
  file: string,
  rows: readonly Row[],
): { settings: LoadSetting[]; problems: ProblemRow[] } {
  const problems: ProblemRow[] = [];
  const usable: Row[] = [];
  rows.forEach((row, i) => {
    const reason = cannotSimulate(row);
    if (reason === null) usable.push(row);
    else problems.push({ file, line: i + 2, experiment: row.experiment ?? '', reason });
  });
  return {
    settings: groupBy(usable, settingKey).map((group) => ({ file, rows: group })),
    problems,
  };
}

export function compareSetting(
  setting: LoadSetting,
  setup: ValidationSetup,
  constants: Readonly<Record<string, number>>,
): ComparedRow[] {
  const [first] = setting.rows;
  const scenario = loadScenario(first, setup, constants, `${setting.file}/${settingText(first)}`);
  const { metrics } = simulateRun(scenario).result;
  const figures =
    first.op === 'mix50'
      ? [...FIGURES, ...SPLIT_FIGURES]
      : first.op === 'watch'
        ? WATCH_FIGURES
        : FIGURES;
  return figures.flatMap((figure) => {
    const compared = compareFigure(setting, figure, metrics, scenario);
    return compared === null ? [] : [compared];
  });
}

function compareFigure(
  setting: LoadSetting,
  figure: Figure,
  metrics: MetricsResult,
  scenario: Scenario,
): ComparedRow | null {
  const [first] = setting.rows;
  const tail = figure.p === 0.99;
  const quiet = setting.rows.filter((row) => isQuiet(row, tail));
  const counted = quiet.length > 0;
  const measured = median(
    (counted ? quiet : setting.rows).map((row) => numberOf(row, figure.column)),
  );
  if (!Number.isFinite(measured)) return null;
  const simulated = simulatedFigure(figure, metrics, scenario);
  return {
    file: setting.file,
    experiment: first.experiment ?? '',
    setting: settingText(first),
    column: figure.column,
    repetitions: counted ? quiet.length : setting.rows.length,
    measured,
    simulated,
    ratio: simulated / measured,
    counted,
    reason: counted
      ? ''
      : tail
        ? 'CPU of etcd and client above 100 %, or of the machine above 150 %'
        : 'CPU of etcd and client above 100 %',
  };
}

/**
 * Whether a row counts: etcd and client within one core, for the tail also the machine not full.
 */
export function isQuiet(row: Row, tail: boolean): boolean {
  const cpu = numberOf(row, 'etcd_cpu_pct', 0) + numberOf(row, 'client_cpu_pct', 0);
  return (
    cpu <= CPU_PCT_MAX && (!tail || numberOf(row, 'sys_cpu_pct', 0) <= SYSTEM_CPU_PCT_MAX_FOR_P99)
  );
}

function simulatedFigure(figure: Figure, metrics: MetricsResult, scenario: Scenario): number {
  const parts: HistogramData[] = metrics.tallies
    .filter(
      (t) =>
        t.name ===
        (figure.workload === 'watchers'
          ? 'wavetank_watch_event_seconds'
          : 'wavetank_client_request_duration_seconds'),
    )
    .filter(
      (t) =>
        figure.workload === null ||
        figure.workload === 'watchers' ||
        t.labels.workload === figure.workload,
    )
    .flatMap((t) => t.perSegment);
  const histogram = mergeHistograms(parts);
  if (histogram.total === 0) return Number.NaN;
  if (figure.p === 'throughput')
    return (histogram.total * 1e9) / (scenario.horizonNs - scenario.warmupNs);
  if (figure.p === 'mean') return meanOf(histogram) / 1e6;
  return sampleOfRank(histogram, quantileRank(histogram.total, figure.p)) / 1e6;
}

/** Of the finite values; NaN where there is none. */
export function median(values: readonly number[]): number {
  return medianOf(values.filter((v) => Number.isFinite(v))) ?? Number.NaN;
}
