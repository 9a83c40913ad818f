/**
 * Summary: what the results of a scenario or an experiment say. Plain data that every renderer
 * shares.
 */
import { type HistogramData, type Labels, mergeHistograms } from '../metrics/index.ts';
import type { OutageResult, RunResult } from '../run/index.ts';
import type { DiskProfile, Scenario } from '../scenario/index.ts';
import { backWithin } from './back-within.ts';
import { type Bottlenecks, rankBottlenecks } from './bottlenecks.ts';
import { conditionsOf } from './conditions.ts';
import { type Estimate, Estimator } from './estimate.ts';
import { compareText, labelText } from './labels.ts';
import {
  compareRows,
  type ExportedUnit,
  type FigureName,
  histogramFigures,
  type MetricFigures,
  type MetricKind,
  type MetricRow,
  metricRows,
  NO_FIGURES,
  scaleOf,
} from './metric-row.ts';
import { findOverload, type Overload } from './overload.ts';
import { type PodSummary, podsOf } from './pods.ts';
import { latencyByStage, type OperationStages } from './stages.ts';
import {
  type ExitStatus,
  evaluateThreshold,
  exitStatusOf,
  type ThresholdResult,
} from './thresholds.ts';
import { type SummaryWarning, warningsOf } from './warnings.ts';
import { selectSegments } from './window.ts';

/** Value of each axis at a point. */
export type Axes = Readonly<Record<string, string | number>>;

/** One point of a sweep (a single scenario is one point without axes). */
export interface ScenarioPoint {
  readonly scenario: Scenario;
  /** Value of each axis as written, e.g. { 'etcd.disk.fsync': '5ms' }. */
  readonly axes?: Axes;
}

export interface SummaryOptions {
  readonly version: string;
  readonly modelRevision: number;
  /** Command that repeats the run; '' where there is none. */
  readonly command?: string;
  /** Name and description of the experiment; those of the first scenario where not given. */
  readonly name?: string;
  readonly description?: string;
  /** Profiles that the scenario's disks name: for warnings about what they assume. */
  readonly profiles?: readonly DiskProfile[];
}

export interface RunSummary {
  readonly replication: number;
  readonly seed: string;
  readonly key: string;
  readonly digest: string;
  readonly eventCount: number;
  readonly simulatedNs: number;
  readonly interrupted: boolean;
}

/** A metric over the replications of a point, in the whole measured time. */
export interface MetricSummary {
  readonly name: string;
  readonly labels: Labels;
  readonly labelText: string;
  readonly kind: MetricKind;
  readonly unit: ExportedUnit;
  /** Over replications; figures that no replication has are left out. */
  readonly estimates: Readonly<Partial<Record<FigureName, Estimate>>>;
  /** Tallies: of the samples of all replications together; else all null. */
  readonly pooled: MetricFigures;
}

export interface PointOutage extends OutageResult {
  readonly replication: number;
  /**
   * See back-within.ts; NaN where it did not happen, null where no threshold says what would be.
   */
  readonly backWithinNs: number | null;
}

export interface PointSummary {
  readonly point: number;
  readonly axes: Axes;
  readonly runs: readonly RunSummary[];
  /** Sorted by name and labels. */
  readonly metrics: readonly MetricSummary[];
  readonly thresholds: readonly ThresholdResult[];
  readonly stages: readonly OperationStages[];
  readonly bottlenecks: Bottlenecks;
  readonly overload: Overload;
  /** By replication, then by time. */
  readonly outages: readonly PointOutage[];
  /**
   * Elections won in the measured time, mean of a replication. The counter of the real component
   * also counts the first leader that a member sees after it started or joined.
   */
  readonly leaderChanges: number;
  /** Only where there is Kubernetes. */
  readonly pods?: PodSummary;
}

export interface Summary {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly modelRevision: number;
  readonly command: string;
  readonly seed: string;
  readonly replications: number;
  readonly horizonNs: number;
  readonly warmupNs: number;
  readonly eventCount: number;
  readonly interrupted: boolean;
  /** Names of the axes in their order; empty for a single scenario. */
  readonly axes: readonly string[];
  readonly points: readonly PointSummary[];
  readonly warnings: readonly SummaryWarning[];
  /** What differs from the conditions under which the models were validated, a sentence each. */
  readonly conditions: readonly string[];
  readonly exitStatus: ExitStatus;
}

const FIGURES = Object.keys(NO_FIGURES) as FigureName[];

/** `results` in any order; points without a result (interrupted) are left out. */
export function summarize(
  results: readonly RunResult[],
  points: readonly ScenarioPoint[],
  options: SummaryOptions,
): Summary {
  const ordered = sortRuns(results);
  const summaries: PointSummary[] = [];
  points.forEach((point, index) => {
    const runs = ordered.filter((run) => run.point === index);
    if (runs.length > 0) summaries.push(summarizePoint(index, point, runs));
  });
  const first = points[0].scenario;
  const verdicts = summaries.flatMap((p) => p.thresholds.map((threshold) => threshold.verdict));
  let eventCount = 0;
  for (const run of ordered) eventCount += run.eventCount;
  return {
    name: options.name ?? first.name,
    description: options.description ?? first.description,
    version: options.version,
    modelRevision: options.modelRevision,
    command: options.command ?? '',
    seed: first.seed,
    replications: first.replications,
    horizonNs: first.horizonNs,
    warmupNs: first.warmupNs,
    eventCount,
    interrupted: ordered.some((run) => run.interrupted),
    axes: axisNames(points),
    points: summaries,
    warnings: warningsOf(summaries, points, ordered, options.profiles ?? []),
    conditions: conditionsOf(points.map((point) => point.scenario)),
    exitStatus: exitStatusOf(verdicts),
  };
}

/** By point, then by replication: the order of every file, whatever the order of completion. */
export function sortRuns(results: readonly RunResult[]): RunResult[] {
  return [...results].sort((a, b) => a.point - b.point || a.replication - b.replication);
}

/** In the order in which the points have them. */
export function axisNames(points: readonly ScenarioPoint[]): string[] {
  const names = new Set<string>();
  for (const point of points) for (const name of Object.keys(point.axes ?? {})) names.add(name);
  return [...names];
}

function summarizePoint(
  index: number,
  point: ScenarioPoint,
  runs: readonly RunResult[],
): PointSummary {
  const overload = findOverload(runs);
  const pods = podsOf(runs);
  return {
    point: index,
    axes: point.axes ?? {},
    runs: runs.map((run) => ({
      replication: run.replication,
      seed: run.seed,
      key: run.key,
      digest: run.digest,
      eventCount: run.eventCount,
      simulatedNs: run.simulatedNs,
      interrupted: run.interrupted,
    })),
    metrics: summarizeMetrics(runs),
    thresholds: point.scenario.thresholds.map((t) => evaluateThreshold(t, runs, overload)),
    stages: latencyByStage(runs.map((run) => run.metrics)),
    bottlenecks: rankBottlenecks(runs.map((run) => run.metrics.resources)),
    overload,
    outages: runs.flatMap((run) => outagesOf(run, point.scenario)),
    leaderChanges: electionsOf(runs, point.scenario.warmupNs) / runs.length,
    ...(pods === null ? {} : { pods }),
  };
}

function electionsOf(runs: readonly RunResult[], fromNs: number): number {
  let elections = 0;
  for (const { metrics } of runs) {
    for (const event of metrics.events) {
      if (event.kind === 'elected' && event.timeNs >= fromNs) elections++;
    }
  }
  return elections;
}

function outagesOf(run: RunResult, scenario: Scenario): PointOutage[] {
  const back = run.outages.length === 0 ? null : backWithin(run.metrics, scenario.thresholds);
  const outages = [...run.outages].sort((a, b) => a.atNs - b.atNs || compareText(a.fault, b.fault));
  return outages.map((outage) => {
    const next = outages.find((other) => other.atNs > outage.atNs)?.atNs ?? Infinity;
    const backWithinNs = back === null ? null : back.backNs(outage.atNs, next);
    return { ...outage, replication: run.replication, backWithinNs };
  });
}

function summarizeMetrics(runs: readonly RunResult[]): MetricSummary[] {
  const groups = new Map<string, (MetricRow | null)[]>();
  runs.forEach((run, r) => {
    for (const row of metricRows(run.metrics, selectSegments(run.metrics.segments))) {
      const key = metricKey(row);
      const rows = groups.get(key) ?? new Array<MetricRow | null>(runs.length).fill(null);
      rows[r] = row;
      groups.set(key, rows);
    }
  });
  const pooled = poolTallies(runs);
  const estimator = new Estimator();
  const summaries: MetricSummary[] = [];
  for (const [key, rows] of groups) {
    const row = rows.find((candidate) => candidate !== null)!;
    const estimates: Partial<Record<FigureName, Estimate>> = {};
    for (const figure of FIGURES) {
      const e = estimator.estimate(rows.map((r) => r?.[figure] ?? null));
      if (e !== null) estimates[figure] = e;
    }
    const { name, labels, labelText, kind, unit } = row;
    const figures = pooled.get(key) ?? NO_FIGURES;
    summaries.push({ name, labels, labelText, kind, unit, estimates, pooled: figures });
  }
  return summaries.sort(compareRows);
}

function poolTallies(runs: readonly RunResult[]): Map<string, MetricFigures> {
  const groups = new Map<string, { scale: number; parts: HistogramData[] }>();
  for (const run of runs) {
    const whole = selectSegments(run.metrics.segments);
    for (const tally of run.metrics.tallies) {
      const key = metricKey({ name: tally.name, labelText: labelText(tally.labels) });
      const group = groups.get(key) ?? { scale: scaleOf(tally.unit), parts: [] };
      groups.set(key, group);
      for (const segment of whole.segments) group.parts.push(tally.perSegment[segment]);
    }
  }
  const pooled = new Map<string, MetricFigures>();
  for (const [key, { scale, parts }] of groups) {
    pooled.set(key, histogramFigures(mergeHistograms(parts), scale));
  }
  return pooled;
}

function metricKey(row: { readonly name: string; readonly labelText: string }): string {
  return `${row.name} ${row.labelText}`;
}
