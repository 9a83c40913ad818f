/**
 * What became of the pods of a run: how many started, how many did not and why, how fast they were
 * bound. Counts are of the whole run, means of a replication; nothing is dropped silently.
 */
import { podStages } from '../../models/objects/index.ts';
import type { CounterResult } from '../metrics/index.ts';
import type { PodCounts, PodReport, RunResult } from '../run/index.ts';
import { compareText } from './labels.ts';
import { counterSum } from './metric-row.ts';
import { selectSegments } from './window.ts';

export const POD_STARTUP_METRIC = 'wavetank_pod_startup_duration_seconds';
/** Label `op` of the stages of pods among those of requests. */
export const POD_STARTUP = 'pod start-up';
export const API_REQUESTS_METRIC = 'apiserver_request_total';

const NS_PER_S = 1e9;
const REASONS_MAX = 3;
const BOUND = podStages.indexOf('bound');

export interface PodSummary extends PodCounts {
  /** Creates of pods that the API refused or did not answer, in the measured time. */
  readonly rejected: number;
  /** Why pods have no node: nodes removed by the filters of their last attempts, most first. */
  readonly reasons: readonly { readonly reason: string; readonly pods: number }[];
  /** From the first binding to the last one; null with less than two. */
  readonly bindingsPerSecond: number | null;
  /** Of the busiest second. */
  readonly bindingsPerSecondMax: number;
}

/** null where there is no Kubernetes. */
export function podsOf(runs: readonly RunResult[]): PodSummary | null {
  const reports = runs.flatMap(({ timeline }) => (timeline === null ? [] : [timeline]));
  if (reports.length === 0) return null;
  const mean = (of: (counts: PodCounts) => number): number => {
    let sum = 0;
    for (const { counts } of reports) sum += of(counts);
    return sum / reports.length;
  };
  let rejected = 0;
  for (const run of runs) rejected += rejectedIn(run);
  const rates = reports.map(({ pods }) => bindingRates(pods));
  const known = rates.flatMap(({ perSecond }) => (perSecond === null ? [] : [perSecond]));
  let rateSum = 0;
  for (const rate of known) rateSum += rate;
  return {
    created: mean((c) => c.created),
    started: mean((c) => c.started),
    unscheduled: mean((c) => c.unscheduled),
    starting: mean((c) => c.starting),
    deletedEarly: mean((c) => c.deletedEarly),
    failed: mean((c) => c.failed),
    notCreated: mean((c) => c.notCreated),
    rejected: rejected / runs.length,
    reasons: reasonsOf(
      reports.flatMap(({ pods }) => pods),
      reports.length,
    ),
    bindingsPerSecond: known.length === 0 ? null : rateSum / known.length,
    bindingsPerSecondMax: Math.max(...rates.map(({ max }) => max)),
  };
}

function rejectedIn({ metrics }: RunResult): number {
  const window = selectSegments(metrics.segments);
  let count = 0;
  for (const counter of metrics.counters) {
    if (isRefusedPod(counter)) count += counterSum(counter, window);
  }
  return count;
}

function isRefusedPod({ name, labels }: CounterResult): boolean {
  return (
    name === API_REQUESTS_METRIC &&
    labels.verb === 'POST' &&
    labels.resource === 'pods' &&
    labels.subresource === '' &&
    !labels.code.startsWith('2')
  );
}

/** The reason that removed the most nodes from each pod that has none, as the scheduler says it. */
function reasonsOf(pods: readonly PodReport[], replications: number) {
  const counts = new Map<string, number>();
  for (const { last, nodeName } of pods) {
    if (last === null || nodeName !== '' || last.removed.length === 0) continue;
    let worst = last.removed[0];
    for (const part of last.removed) if (part.nodes > worst.nodes) worst = part;
    const reason = `${worst.plugin}: ${worst.reason}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || compareText(a, b))
    .slice(0, REASONS_MAX)
    .map(([reason, count]) => ({ reason, pods: count / replications }));
}

function bindingRates(pods: readonly PodReport[]): { perSecond: number | null; max: number } {
  const times = pods
    .map(({ stagesNs }) => stagesNs[BOUND])
    .filter((ns) => ns !== null)
    .sort((a, b) => a - b);
  if (times.length === 0) return { perSecond: null, max: 0 };
  let max = 0;
  let from = 0;
  for (let to = 0; to < times.length; to++) {
    while (times[to] - times[from] >= NS_PER_S) from++;
    max = Math.max(max, to - from + 1);
  }
  const lengthNs = times[times.length - 1] - times[0];
  return { perSecond: lengthNs > 0 ? ((times.length - 1) * NS_PER_S) / lengthNs : null, max };
}
