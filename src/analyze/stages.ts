/**
 * Where the time of a request went, and why its p99 is what it is.
 *
 * Each request adds its time in each stage to wavetank_request_stage_duration_seconds{op,stage};
 * those at or beyond the slow end add it to wavetank_request_slow_stage_duration_seconds{op,stage}
 * as well. Stages of one request follow each other, so means add up to the mean of the request, and
 * slow means to the mean of the slow requests; quantiles do not add up.
 */
import {
  type HistogramData,
  type MetricsResult,
  mergeHistograms,
  sumOf,
  type TallyResult,
} from '../metrics/index.ts';
import { compareText } from './labels.ts';
import { histogramFigures, tallyData } from './metric-row.ts';
import { selectSegments } from './window.ts';

export const STAGE_METRIC = 'wavetank_request_stage_duration_seconds';
export const SLOW_STAGE_METRIC = 'wavetank_request_slow_stage_duration_seconds';

const NS_PER_S = 1e9;

export interface StageRow {
  readonly op: string;
  readonly stage: string;
  readonly count: number;
  /** Seconds; per request that went through the stage. */
  readonly mean: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number;
  /** Of the time of all stages of the operation, 0..1. */
  readonly share: number;
  /** Of slow requests; null where the run recorded none. */
  readonly slowCount: number | null;
  readonly slowMean: number | null;
  readonly slowShare: number | null;
  /**
   * Share of this stage in what slow requests take longer than the mean request, 0..1; null as
   * above.
   */
  readonly excessShare: number | null;
}

export interface OperationStages {
  readonly op: string;
  /** In descending share of the time. */
  readonly rows: readonly StageRow[];
  /** Stages that make slow requests slow, those with the largest excess first; '' where unknown. */
  readonly slowBecauseOf: readonly string[];
}

/**
 * Label sets of several workloads or members of one op and stage are pooled, as are replications.
 */
export function latencyByStage(runs: readonly MetricsResult[]): OperationStages[] {
  const all = pooled(runs, STAGE_METRIC);
  const slow = pooled(runs, SLOW_STAGE_METRIC);
  return [...all.keys()].sort(compareText).map((op) => {
    const rows = stageRows(op, all.get(op)!, slow.get(op) ?? new Map());
    return { op, rows, slowBecauseOf: reasons(rows) };
  });
}

type ByStage = Map<string, HistogramData>;

function pooled(runs: readonly MetricsResult[], metric: string): Map<string, ByStage> {
  const parts = new Map<string, Map<string, HistogramData[]>>();
  for (const run of runs) {
    const whole = selectSegments(run.segments);
    for (const tally of run.tallies) {
      if (tally.name === metric) collect(parts, tally, tallyData(tally, whole));
    }
  }
  const merged = new Map<string, ByStage>();
  for (const [op, stages] of parts) {
    const byStage: ByStage = new Map();
    for (const [stage, data] of stages) byStage.set(stage, mergeHistograms(data));
    merged.set(op, byStage);
  }
  return merged;
}

function collect(
  parts: Map<string, Map<string, HistogramData[]>>,
  tally: TallyResult,
  data: HistogramData,
): void {
  const op = tally.labels.op ?? '';
  const stage = tally.labels.stage ?? '';
  const stages = parts.get(op) ?? new Map<string, HistogramData[]>();
  parts.set(op, stages);
  const list = stages.get(stage);
  if (list === undefined) stages.set(stage, [data]);
  else list.push(data);
}

function stageRows(op: string, all: ByStage, slow: ByStage): StageRow[] {
  // The stage that most requests pass counts the requests: rarer stages were skipped by the others.
  const requests = largestTotal(all);
  const slowRequests = largestTotal(slow);
  const totalNs = totalSum(all);
  const slowTotalNs = totalSum(slow);
  /** What a slow request spends in a stage beyond the mean request, ns. */
  const excessNs = (stage: string): number => {
    const usual = all.get(stage);
    const data = slow.get(stage);
    if (usual === undefined || data === undefined || slowRequests === 0) return 0;
    return sumOf(data) / slowRequests - sumOf(usual) / requests;
  };
  let excessTotalNs = 0;
  for (const stage of all.keys()) excessTotalNs += Math.max(0, excessNs(stage));
  const rows: StageRow[] = [];
  for (const [stage, data] of all) {
    if (data.total === 0) continue;
    const figures = histogramFigures(data, NS_PER_S);
    const slowData = slow.get(stage);
    const known = slowData !== undefined && slowRequests > 0;
    rows.push({
      op,
      stage,
      count: data.total,
      mean: figures.mean ?? 0,
      p50: figures.p50,
      p99: figures.p99,
      max: figures.max ?? 0,
      share: totalNs === 0 ? 0 : sumOf(data) / totalNs,
      slowCount: known ? slowData.total : null,
      slowMean: known && slowData.total > 0 ? sumOf(slowData) / slowData.total / NS_PER_S : null,
      slowShare: known && slowTotalNs > 0 ? sumOf(slowData) / slowTotalNs : null,
      excessShare: known && excessTotalNs > 0 ? Math.max(0, excessNs(stage)) / excessTotalNs : null,
    });
  }
  return rows.sort((a, b) => b.share - a.share || compareText(a.stage, b.stage));
}

/** The fewest stages that together make at least 80 % of the excess of slow requests. */
function reasons(rows: readonly StageRow[]): string[] {
  const byExcess = rows
    .filter((row) => row.excessShare !== null && row.excessShare > 0)
    .sort((a, b) => b.excessShare! - a.excessShare! || compareText(a.stage, b.stage));
  const names: string[] = [];
  let explained = 0;
  for (const row of byExcess) {
    if (explained >= 0.8) break;
    names.push(row.stage);
    explained += row.excessShare!;
  }
  return names;
}

function largestTotal(stages: ByStage): number {
  let largest = 0;
  for (const data of stages.values()) largest = Math.max(largest, data.total);
  return largest;
}

function totalSum(stages: ByStage): number {
  let total = 0;
  for (const data of stages.values()) total += sumOf(data);
  return total;
}
