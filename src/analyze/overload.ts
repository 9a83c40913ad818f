/** Is a point overloaded: do its queues or its requests in flight still grow at the horizon? */

import type { MetricsResult, SeriesResult } from '../metrics/index.ts';
import type { RunResult } from '../run/result.ts';
import { queueGrowth } from './growth.ts';
import { compareText, labelText } from './labels.ts';
import { counterSum } from './metric-row.ts';
import { selectSegments } from './window.ts';

/** Level of the clients: requests sent and not yet answered, by workload. */
export const IN_FLIGHT_METRIC = 'wavetank_client_requests_in_flight';
/** Counter of the clients: open-loop arrivals that were not sent because of maxInFlight. */
export const DROPPED_METRIC = 'wavetank_client_requests_dropped_total';

export interface GrowingQueue {
  /** Name of the resource, or 'requests in flight (workload=writers)'. */
  readonly name: string;
  readonly sinceNs: number;
  readonly jobsPerSecond: number;
}

export interface Overload {
  readonly overloaded: boolean;
  /** Earliest moment from which something grew until the horizon; Infinity where nothing did. */
  readonly sinceNs: number;
  readonly growing: readonly GrowingQueue[];
  /** Arrivals that the clients dropped in the measured time, all replications. */
  readonly dropped: number;
}

/** `runs`: the replications of one point. */
export function findOverload(runs: readonly RunResult[]): Overload {
  const growing = [...growingResources(runs), ...growingInFlight(runs)].sort(
    (a, b) => b.jobsPerSecond - a.jobsPerSecond || compareText(a.name, b.name),
  );
  let dropped = 0;
  for (const run of runs) dropped += droppedOf(run.metrics);
  let sinceNs = Infinity;
  for (const queue of growing) sinceNs = Math.min(sinceNs, queue.sinceNs);
  return { overloaded: growing.length > 0, sinceNs, growing, dropped };
}

interface Measured {
  readonly fromNs: number;
  readonly durationNs: number;
}

/** First to last measured moment; quarters are of this stretch. */
function measuredTime(metrics: MetricsResult): Measured {
  const { segments } = metrics;
  if (segments.length === 0) return { fromNs: 0, durationNs: 0 };
  const fromNs = segments[0].fromNs;
  return { fromNs, durationNs: segments[segments.length - 1].toNs - fromNs };
}

function growingResources(runs: readonly RunResult[]): GrowingQueue[] {
  const groups = new Map<string, { quarters: (readonly number[])[]; arrivals: number }>();
  for (const run of runs) {
    for (const resource of run.metrics.resources) {
      const group = groups.get(resource.name) ?? { quarters: [], arrivals: 0 };
      groups.set(resource.name, group);
      group.quarters.push(resource.queueAtQuarters);
      group.arrivals += resource.arrivals;
    }
  }
  const found: GrowingQueue[] = [];
  for (const [name, group] of groups) {
    const queue = growingQueue(name, group.quarters, group.arrivals, runs);
    if (queue !== null) found.push(queue);
  }
  return found;
}

function growingInFlight(runs: readonly RunResult[]): GrowingQueue[] {
  const groups = new Map<string, (readonly number[])[]>();
  for (const run of runs) {
    for (const series of run.metrics.series) {
      if (series.name !== IN_FLIGHT_METRIC || series.field !== 'value') continue;
      const key = labelText(series.labels);
      const quarters = groups.get(key) ?? [];
      groups.set(key, quarters);
      quarters.push(seriesAtQuarters(series, run.metrics));
    }
  }
  const found: GrowingQueue[] = [];
  for (const [labels, quarters] of groups) {
    const name = labels === '' ? 'requests in flight' : `requests in flight (${labels})`;
    // Each arrival is at most one request, so that all requests bound the noise of any of them.
    const queue = growingQueue(name, quarters, requestCount(runs), runs);
    if (queue !== null) found.push(queue);
  }
  return found;
}

function growingQueue(
  name: string,
  quarters: readonly (readonly number[])[],
  arrivals: number,
  runs: readonly RunResult[],
): GrowingQueue | null {
  const { fromNs, durationNs } = measuredTime(runs[0].metrics);
  const growth = queueGrowth(quarters, arrivals, durationNs);
  if (!growth.growing) return null;
  const sinceNs = fromNs + Math.round((growth.sinceQuarter * durationNs) / 4);
  return { name, sinceNs, jobsPerSecond: growth.jobsPerSecond };
}

function seriesAtQuarters(series: SeriesResult, metrics: MetricsResult): number[] {
  const { fromNs, durationNs } = measuredTime(metrics);
  const quarters: number[] = [];
  for (let k = 1; k <= 4; k++) {
    const atNs = fromNs + (k * durationNs) / 4;
    // values[i] is the value at (i + 1) intervals.
    const index = Math.round(atNs / metrics.seriesIntervalNs) - 1;
    const value = series.values[Math.min(series.values.length - 1, Math.max(0, index))];
    if (value === undefined || Number.isNaN(value)) return [];
    quarters.push(value);
  }
  return quarters;
}

function requestCount(runs: readonly RunResult[]): number {
  let count = 0;
  for (const run of runs) {
    const whole = selectSegments(run.metrics.segments);
    for (const counter of run.metrics.counters) {
      if (counter.name.startsWith('wavetank_client_requests')) count += counterSum(counter, whole);
    }
  }
  return count;
}

function droppedOf(metrics: MetricsResult): number {
  const whole = selectSegments(metrics.segments);
  let dropped = 0;
  for (const counter of metrics.counters) {
    if (counter.name === DROPPED_METRIC) dropped += counterSum(counter, whole);
  }
  return dropped;
}
