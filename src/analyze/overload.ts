/** Is a point overloaded: do its queues or its requests in flight still grow at the horizon? */

import type { MetricsResult } from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';
import { queueGrowth } from './growth.ts';
import { compareText, labelText } from './labels.ts';
import { counterSum } from './metric-row.ts';
import { DROPPED, REQUEST_METRIC, REQUESTS_METRIC } from './outcome.ts';
import { selectSegments } from './window.ts';

/** Level of the clients, where they keep one: requests sent and not yet answered. */
export const IN_FLIGHT_METRIC = 'wavetank_client_requests_in_flight';

export interface GrowingQueue {
  /** Name of the resource, or 'requests in flight (workload=writers)'. */
  readonly name: string;
  /** Labels of the kind of requests; '' for a resource. */
  readonly kind: string;
  readonly sinceNs: number;
  readonly jobsPerSecond: number;
}

export interface Overload {
  readonly overloaded: boolean;
  /** Earliest moment from which something grew until the horizon; Infinity where nothing did. */
  readonly sinceNs: number;
  readonly growing: readonly GrowingQueue[];
  /** Kinds of requests (their labels) whose number in flight is known. */
  readonly kinds: readonly string[];
  /** Arrivals that the clients dropped in the measured time, all replications. */
  readonly dropped: number;
}

/** `runs`: the replications of one point. */
export function findOverload(runs: readonly RunResult[]): Overload {
  const inFlight = growingInFlight(runs);
  const growing = [...growingResources(runs), ...inFlight.growing].sort(
    (a, b) => b.jobsPerSecond - a.jobsPerSecond || compareText(a.name, b.name),
  );
  let dropped = 0;
  for (const run of runs) dropped += droppedOf(run.metrics);
  let sinceNs = Infinity;
  for (const queue of growing) sinceNs = Math.min(sinceNs, queue.sinceNs);
  return { overloaded: growing.length > 0, sinceNs, growing, kinds: inFlight.kinds, dropped };
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
    const queue = growingQueue({ name, kind: '' }, group.quarters, group.arrivals, runs);
    if (queue !== null) found.push(queue);
  }
  return found;
}

/** Requests in flight, by workload: of the clients' own level, else by Little's law. */
function growingInFlight(runs: readonly RunResult[]): {
  readonly growing: GrowingQueue[];
  readonly kinds: string[];
} {
  const groups = new Map<string, { quarters: (readonly number[])[]; requests: number }>();
  for (const run of runs) {
    for (const [labels, quarters] of inFlightAtQuarters(run.metrics)) {
      const group = groups.get(labels) ?? { quarters: [], requests: 0 };
      groups.set(labels, group);
      group.quarters.push(quarters);
      group.requests += requestCount(run.metrics, labels);
    }
  }
  const growing: GrowingQueue[] = [];
  for (const [kind, group] of groups) {
    const identity = { name: `requests in flight (${kind})`, kind };
    const queue = growingQueue(identity, group.quarters, group.requests, runs);
    if (queue !== null) growing.push(queue);
  }
  return { growing, kinds: [...groups.keys()] };
}

/**
 * Since when the latency of requests with these labels has no steady state; Infinity where it has
 * one. A kind whose number in flight is known answers for itself; of any other, whatever grows may
 * be part.
 */
export function overloadedSince(overload: Overload, kind: string): number {
  const own = overload.growing.find((queue) => queue.kind === kind && kind !== '');
  if (own !== undefined) return own.sinceNs;
  return overload.kinds.includes(kind) ? Infinity : overload.sinceNs;
}

/** Length at the end of each quarter by the labels that tell workloads apart. */
function inFlightAtQuarters(metrics: MetricsResult): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const values = metrics.series.filter((s) => s.name === IN_FLIGHT_METRIC && s.field === 'value');
  if (values.length > 0) {
    for (const series of values) {
      found.set(
        labelText(series.labels),
        atQuarters(metrics, (i) => series.values[i]),
      );
    }
    return found;
  }
  const latencies = metrics.series.filter((s) => s.name === REQUEST_METRIC);
  for (const mean of latencies) {
    if (mean.field !== 'mean') continue;
    const labels = labelText(mean.labels);
    const count = latencies.find((s) => s.field === 'count' && labelText(s.labels) === labels);
    if (count === undefined) continue;
    // Little's law: L = (answers / interval) x mean latency, and latency is in ns as the interval
    // is.
    const { seriesIntervalNs } = metrics;
    const length = (i: number): number => (count.values[i] * mean.values[i]) / seriesIntervalNs;
    found.set(labels, atQuarters(metrics, length));
  }
  return found;
}

function growingQueue(
  identity: Pick<GrowingQueue, 'name' | 'kind'>,
  quarters: readonly (readonly number[])[],
  arrivals: number,
  runs: readonly RunResult[],
): GrowingQueue | null {
  const { fromNs, durationNs } = measuredTime(runs[0].metrics);
  const growth = queueGrowth(quarters, arrivals, durationNs);
  if (!growth.growing) return null;
  const sinceNs = fromNs + Math.round((growth.sinceQuarter * durationNs) / 4);
  return { ...identity, sinceNs, jobsPerSecond: growth.jobsPerSecond };
}

/** `length(i)` of the interval that ends with each quarter; empty where one has no data. */
function atQuarters(metrics: MetricsResult, length: (index: number) => number): number[] {
  const { fromNs, durationNs } = measuredTime(metrics);
  const quarters: number[] = [];
  for (let k = 1; k <= 4; k++) {
    const index = Math.round((fromNs + (k * durationNs) / 4) / metrics.seriesIntervalNs) - 1;
    const value = index >= 0 ? length(index) : Number.NaN;
    if (value === undefined || Number.isNaN(value)) return [];
    quarters.push(value);
  }
  return quarters;
}

/** Requests that ended in the measured time and have these labels (and an outcome). */
function requestCount(metrics: MetricsResult, labels: string): number {
  const whole = selectSegments(metrics.segments);
  let count = 0;
  for (const counter of metrics.counters) {
    if (counter.name !== REQUESTS_METRIC) continue;
    const { outcome: _, ...own } = counter.labels;
    if (labelText(own) === labels) count += counterSum(counter, whole);
  }
  return count;
}

function droppedOf(metrics: MetricsResult): number {
  const whole = selectSegments(metrics.segments);
  let dropped = 0;
  for (const counter of metrics.counters) {
    const isDropped = counter.name === REQUESTS_METRIC && counter.labels.outcome === DROPPED;
    if (isDropped) dropped += counterSum(counter, whole);
  }
  return dropped;
}
