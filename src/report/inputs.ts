/** What a report is made of, and small questions to it that several pictures share. */
import {
  type Axes,
  type PointSummary,
  REQUEST_METRIC,
  type ScenarioPoint,
  type Summary,
} from '../analyze/index.ts';
import type { Labels } from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';
import type { Scenario } from '../scenario/index.ts';

export interface ReportInput {
  readonly summary: Summary;
  /** Sorted by point and replication. */
  readonly results: readonly RunResult[];
  readonly points: readonly ScenarioPoint[];
  /** The first scenario with every default, as YAML. */
  readonly scenarioText: string;
}

/** One point with everything about it. */
export interface ReportPoint {
  readonly name: string;
  readonly summary: PointSummary;
  readonly scenario: Scenario;
  readonly runs: readonly RunResult[];
}

/** Points that have results, in their order. */
export function reportPoints(input: ReportInput): ReportPoint[] {
  return input.summary.points.map((summary) => ({
    name: axesName(summary.axes),
    summary,
    scenario: input.points[summary.point].scenario,
    runs: input.results.filter((run) => run.point === summary.point),
  }));
}

/** 'members 3, fsync 1ms': axes by the last part of their path that says something. */
export function axesName(axes: Axes): string {
  return Object.entries(axes)
    .map(([axis, value]) => `${axisName(axis)} ${value}`)
    .join(', ');
}

/** The last parts of a path: 'etcd.disk.fsync.constant' is 'fsync'. */
export function axisName(axis: string): string {
  const parts = axis.split('.').filter((part) => !/^(constant|value|p50|mean)$/.test(part));
  return parts.at(-1) ?? axis;
}

/** 'put (writers)', or the labels that there are. */
export function kindName(labels: Labels): string {
  const { op, workload, ...others } = labels;
  const rest = Object.values(others).filter((value) => value !== '');
  const request = op === undefined ? [] : [workload === undefined ? op : `${op} (${workload})`];
  return [...request, ...rest].join(' ');
}

/** Kinds of requests that the clients of etcd sent, at any point. */
export function requestLabels(points: readonly ReportPoint[]): Labels[] {
  const kinds = new Map<string, Labels>();
  for (const { summary } of points) {
    for (const metric of summary.metrics) {
      if (metric.name !== REQUEST_METRIC || (metric.pooled.count ?? 0) === 0) continue;
      kinds.set(metric.labelText, metric.labels);
    }
  }
  return [...kinds.values()];
}
