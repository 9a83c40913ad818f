/**
 * How far simulated figures are from measured ones: the table that validation prints and commits.
 */
import { medianOf } from './samples.ts';

/** SIG Scalability's rule for "close enough": the ratio of a metric lies within these bounds ... */
export const RATIO_LOW = 0.66;
export const RATIO_HIGH = 1.5;
/**
 * ... for at least this share of the metrics (kubernetes/perf-tests, docs of the benchmark
 * comparison).
 */
export const RATIO_SHARE = 0.9;

export interface Comparison {
  readonly experiment: string;
  /** The setting, e.g. 'fsync=2ms rtt=1ms concurrency=16'. */
  readonly setting: string;
  /** e.g. 'p50'. */
  readonly metric: string;
  readonly measured: number;
  readonly simulated: number;
}

export interface ErrorRow {
  readonly experiment: string;
  readonly metric: string;
  readonly n: number;
  /** Median of simulated / measured. */
  readonly medianRatio: number;
  /** Median of max(ratio, 1 / ratio): 1 = exact. */
  readonly medianFactor: number;
  readonly worstRatio: number;
  readonly worstSetting: string;
  /** Share of rows whose ratio is within RATIO_LOW..RATIO_HIGH. */
  readonly withinShare: number;
}

/** Close enough, by SIG Scalability's rule. */
export function isClose(ratio: number): boolean {
  return ratio >= RATIO_LOW && ratio <= RATIO_HIGH;
}

/** max(ratio, 1/ratio): how many times too high or too low. */
export function errorFactor(ratio: number): number {
  return ratio >= 1 ? ratio : 1 / ratio;
}

/**
 * One row for each experiment and metric, in order of first appearance. Rows without a positive
 * measurement and a positive simulated value have no ratio; they count as outside of the bounds.
 */
export function errorTable(rows: readonly Comparison[]): ErrorRow[] {
  const groups = new Map<string, Comparison[]>();
  for (const row of rows) {
    const key = `${row.experiment}\u0000${row.metric}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map(errorRow);
}

function errorRow(group: readonly Comparison[]): ErrorRow {
  const ratios: number[] = [];
  let worst = 1;
  let worstRatio = Number.NaN;
  let worstSetting = '';
  let within = 0;
  for (const row of group) {
    const ratio = row.simulated / row.measured;
    if (!(row.measured > 0 && row.simulated > 0)) {
      // Nothing to compare with is the worst that a model can do: it is named first.
      worst = Infinity;
      worstRatio = ratio;
      worstSetting = row.setting;
      continue;
    }
    ratios.push(ratio);
    if (isClose(ratio)) within++;
    if (errorFactor(ratio) >= worst) {
      worst = errorFactor(ratio);
      worstRatio = ratio;
      worstSetting = row.setting;
    }
  }
  return {
    experiment: group[0].experiment,
    metric: group[0].metric,
    n: group.length,
    medianRatio: medianOf(ratios) ?? Number.NaN,
    medianFactor: medianOf(ratios.map(errorFactor)) ?? Number.NaN,
    worstRatio,
    worstSetting,
    withinShare: within / group.length,
  };
}
