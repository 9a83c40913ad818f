/** Sections of the report of a Kubernetes cluster: what a planner asks of it. */

import { podStages } from '../../models/objects/index.ts';
import {
  API_REQUESTS_METRIC,
  type MetricSummary,
  POD_STARTUP,
  POD_STARTUP_METRIC,
  type PodSummary,
  type PointSummary,
} from '../analyze/index.ts';
import { figureSpan, figureValue, metricsNamed } from './figures.ts';
import {
  formatBytes,
  formatCount,
  formatSeconds,
  formatShare,
  formatValue,
  NONE,
} from './format.ts';
import { type Block, left, lines, right, type Section, type Span, span, table } from './report.ts';

const CALLS_METRIC = 'apiserver_request_sli_duration_seconds';
const CALL_STAGES_METRIC = 'wavetank_api_request_stage_duration_seconds';
const REJECTED_METRIC = 'apiserver_flowcontrol_rejected_requests_total';
const LIMITER_METRIC = 'rest_client_rate_limiter_duration_seconds';
const MEMORY_METRIC = 'wavetank_memory_resident_bytes';
const CONTROL_PLANE = 'control-plane/';

/** Kinds of calls shown; the rest is in metrics.csv. */
const CALL_ROWS = 8;
const LIMITER_ROWS = 5;
/** A client's own limit counts as a bottleneck from this mean wait on. */
const LIMITER_SECONDS_MIN = 0.005;
const HOST_ROWS = 7;

export function kubernetesSections(point: PointSummary): Section[] {
  const { pods } = point;
  if (pods === undefined) return [];
  return [
    podsSection(point, pods),
    ...startupSection(point),
    ...callsSection(point),
    ...limitersSection(point),
    ...hostsSection(point),
  ];
}

/** Counts always, also of none. */
function podsSection(point: PointSummary, pods: PodSummary): Section {
  const bad = (count: number): Span => span(formatCount(count), count > 0 ? 'bad' : 'dim');
  const heads = [
    'created',
    'started',
    'unscheduled',
    'still starting',
    'deleted before',
    'rejected',
    'failed',
  ];
  const blocks: Block[] = [
    table(heads.map(right), [
      [
        span(formatCount(pods.created), 'strong'),
        span(formatCount(pods.started)),
        bad(pods.unscheduled),
        span(formatCount(pods.starting), pods.starting > 0 ? 'warn' : 'dim'),
        span(formatCount(pods.deletedEarly), 'dim'),
        bad(pods.rejected),
        bad(pods.failed),
      ],
    ]),
  ];
  const texts: string[] = [];
  for (const { reason, pods: count } of pods.reasons) {
    texts.push(`No node for ${formatCount(count)} pods, most nodes removed by ${reason}.`);
  }
  if (pods.notCreated > 0) {
    texts.push(
      `${formatCount(pods.notCreated)} pods that workloads ask for were not there at the end:` +
        ' their controllers had not come to them, or were refused.',
    );
  }
  if (pods.bindingsPerSecond !== null) {
    texts.push(
      `Scheduling: ${formatCount(pods.bindingsPerSecond)} bindings a second from the first to ` +
        `the last, ${formatCount(pods.bindingsPerSecondMax)} in the busiest second.`,
    );
  }
  if (texts.length > 0) blocks.push(lines(...texts.map((text) => [span(text)])));
  const each = point.runs.length > 1 ? 'Pods (mean of a replication)' : 'Pods';
  return { title: each, blocks };
}

const STARTUP_KINDS: Readonly<Record<string, string>> = {
  stateless: 'start-up',
  other: 'start-up, with pulls or init containers',
};

/** From creation to a watcher that sees the pod ready, and where that time goes, in its order. */
function startupSection(point: PointSummary): Section[] {
  const runs = point.runs.length;
  const rows: Span[][] = [];
  const stages = point.stages.find((operation) => operation.op === POD_STARTUP)?.rows ?? [];
  for (const stage of podStages) {
    const row = stages.find((candidate) => candidate.stage === stage);
    if (row === undefined) continue;
    rows.push([
      span(stage),
      span(formatSeconds(row.mean)),
      ...[row.p50, row.p99].map((value) => span(formatValue(value, 's'))),
      span(formatSeconds(row.max)),
      span(formatShare(row.share), row.share >= 0.3 ? 'strong' : 'plain'),
    ]);
  }
  for (const metric of metricsNamed(point, POD_STARTUP_METRIC)) {
    if ((metric.pooled.count ?? 0) === 0) continue;
    rows.push([
      span(STARTUP_KINDS[metric.labels.kind] ?? metric.labels.kind, 'strong'),
      ...(['mean', 'p50', 'p99', 'max'] as const).map((f) => figureSpan(metric, f, runs)),
      span(''),
    ]);
  }
  if (rows.length === 0) return [];
  const heads = ['mean', 'p50', 'p99', 'max', 'of all time'];
  return [
    { title: 'Pod start-up', blocks: [table([left('until it is'), ...heads.map(right)], rows)] },
  ];
}

/** Kinds of calls with the worst p99, and what the API refused. */
function callsSection(point: PointSummary): Section[] {
  const runs = point.runs.length;
  const kinds = metricsNamed(point, CALLS_METRIC).filter((m) => (m.pooled.count ?? 0) > 0);
  if (kinds.length === 0) return [];
  const weight = (metric: MetricSummary): number =>
    figureValue(metric, 'p99', runs) ?? metric.pooled.max ?? 0;
  const worst = [...kinds].sort((a, b) => weight(b) - weight(a)).slice(0, CALL_ROWS);
  const rows = worst.map((metric) => [
    span(callName(metric)),
    span(metric.labels.scope, 'dim'),
    ...(['rate', 'mean', 'p50', 'p99', 'max'] as const).map((f) => figureSpan(metric, f, runs)),
    span(mostly(point, metric), 'dim'),
  ]);
  const heads = ['rate', 'mean', 'p50', 'p99', 'max'];
  const columns = [left('call'), left('scope'), ...heads.map(right), left('mostly')];
  const more = kinds.length - worst.length;
  const texts = [
    ...(more > 0 ? [`${more} kinds of calls are faster than these.`] : []),
    answers(point),
    ...rejections(point),
  ];
  const blocks = [table(columns, rows), lines(...texts.map((text) => [span(text)]))];
  return [{ title: 'API calls, slowest first (webhooks and queues apart)', blocks }];
}

function callName({ labels }: MetricSummary): string {
  const { verb, resource, subresource } = labels;
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
}

/** The stage in which the calls of a kind spent most of their time: 'etcd 81 %'. */
function mostly(point: PointSummary, call: MetricSummary): string {
  const { verb, resource, subresource } = call.labels;
  const path = subresource === '' ? resource : `${resource}/${subresource}`;
  let total = 0;
  let stage = '';
  let largest = 0;
  for (const metric of metricsNamed(point, CALL_STAGES_METRIC)) {
    if (metric.labels.verb !== verb || metric.labels.resource !== path) continue;
    const sum = metric.pooled.sum ?? 0;
    total += sum;
    if (sum <= largest) continue;
    largest = sum;
    stage = metric.labels.stage;
  }
  return total === 0 ? '' : `${stage} ${formatShare(largest / total)}`;
}

/** '1234/s in all; not 2xx: 409 12, 429 3 (mean of a replication).' */
function answers(point: PointSummary): string {
  let rate = 0;
  const codes = new Map<string, number>();
  for (const metric of metricsNamed(point, API_REQUESTS_METRIC)) {
    rate += metric.estimates.rate?.mean ?? 0;
    const { code } = metric.labels;
    const count = metric.estimates.count?.mean ?? 0;
    if (code.startsWith('2') || count === 0) continue;
    codes.set(code, (codes.get(code) ?? 0) + count);
  }
  const parts = [...codes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, count]) => `${formatCount(count)} with ${code}`);
  const rest =
    parts.length === 0 ? 'all answered with 2xx' : `of them answered ${parts.join(', ')}`;
  return `${formatCount(rate)} calls a second in all; ${rest}.`;
}

function rejections(point: PointSummary): string[] {
  const groups = new Map<string, number>();
  for (const metric of metricsNamed(point, REJECTED_METRIC)) {
    const count = metric.estimates.count?.mean ?? 0;
    const { priority_level: level, reason } = metric.labels;
    const key = `priority level ${level} (${reason})`;
    if (count > 0) groups.set(key, (groups.get(key) ?? 0) + count);
  }
  return [...groups].map(
    ([key, count]) => `Rejected by priority and fairness: ${formatCount(count)} at ${key}.`,
  );
}

/** Components that wait for their own rate limit: a bottleneck that no server shows. */
function limitersSection(point: PointSummary): Section[] {
  const runs = point.runs.length;
  const slow = metricsNamed(point, LIMITER_METRIC)
    .filter((metric) => (metric.pooled.mean ?? 0) >= LIMITER_SECONDS_MIN)
    .sort((a, b) => (b.pooled.sum ?? 0) - (a.pooled.sum ?? 0))
    .slice(0, LIMITER_ROWS);
  if (slow.length === 0) return [];
  const rows = slow.map((metric) => [
    span(metric.labels.component, 'strong'),
    span(metric.labels.verb),
    figureSpan(metric, 'rate', runs),
    span(formatValue(metric.pooled.mean, 's'), 'warn'),
    figureSpan(metric, 'p99', runs),
    figureSpan(metric, 'max', runs),
  ]);
  const heads = ['rate', 'mean wait', 'p99', 'longest'];
  const columns = [left('component'), left('verb'), ...heads.map(right)];
  const text = 'Their calls wait at the client for its own QPS limit, before any server sees them.';
  const blocks = [table(columns, rows), lines([span(text)])];
  return [{ title: 'Clients that throttle themselves', blocks }];
}

/** The hosts of the control plane: CPU, disks, memory of what runs there. */
function hostsSection(point: PointSummary): Section[] {
  const hosts = new Map<string, { cpu: number; disk: number; memory: number }>();
  const of = (name: string) => {
    const host = name.split('/').slice(0, 2).join('/');
    const known = hosts.get(host) ?? { cpu: 0, disk: 0, memory: 0 };
    hosts.set(host, known);
    return known;
  };
  for (const { name, utilization } of point.bottlenecks.ranking) {
    if (!name.startsWith(CONTROL_PLANE)) continue;
    const host = of(name);
    if (name.endsWith('/cpu')) host.cpu = utilization.mean;
    else if (name.includes('/disk/')) host.disk = Math.max(host.disk, utilization.mean);
  }
  for (const metric of metricsNamed(point, MEMORY_METRIC)) {
    if (!metric.labels.memory.startsWith(CONTROL_PLANE)) continue;
    of(metric.labels.memory).memory += metric.estimates.max?.mean ?? 0;
  }
  if (hosts.size === 0) return [];
  const names = [...hosts.keys()].sort((a, b) => (a < b ? -1 : 1)).slice(0, HOST_ROWS);
  const share = (value: number): Span =>
    span(value === 0 ? NONE : formatShare(value), value > 0.9 ? 'bad' : 'plain');
  const rows = names.map((name) => {
    const host = hosts.get(name) ?? { cpu: 0, disk: 0, memory: 0 };
    return [span(name), share(host.cpu), share(host.disk), span(formatBytes(host.memory))];
  });
  const columns = [left('host'), ...['CPU busy', 'disk busy', 'most memory'].map(right)];
  return [{ title: 'Control plane', blocks: [table(columns, rows)] }];
}

/** Inside the components: what explains the figures above; the rest is in metrics.csv. */
const COMPONENTS: readonly string[] = [
  'apiserver_admission_webhook_admission_duration_seconds',
  'apiserver_flowcontrol_request_wait_duration_seconds',
  'apiserver_watch_cache_read_wait_seconds',
  'apiserver_watch_list_duration_seconds',
  'etcd_disk_backend_commit_duration_seconds',
  'etcd_disk_wal_fsync_duration_seconds',
  'etcd_request_duration_seconds',
  'kubelet_image_pull_duration_seconds',
  'kubelet_node_startup_duration_seconds',
  'kubelet_pleg_relist_duration_seconds',
  'kubelet_runtime_operations_duration_seconds',
  'kubeproxy_network_programming_duration_seconds',
  'scheduler_pod_scheduling_sli_duration_seconds',
  'scheduler_scheduling_attempt_duration_seconds',
  'wavetank_load_request_duration_seconds',
  'workqueue_queue_duration_seconds',
];

/** Whether a metric stands in the table of components: also only where something took time. */
export function isKubernetesComponent({ name, pooled }: MetricSummary): boolean {
  return COMPONENTS.includes(name) && (pooled.max ?? 0) > 0;
}

/** Of each point of an experiment: head and figures of its pods. */
export const POD_HEADS = ['pods started', 'not started', 'start-up p50', 'p99', 'bindings'];

export function podSpans(point: PointSummary): Span[] {
  const { pods } = point;
  if (pods === undefined) return POD_HEADS.map(() => span(NONE, 'dim'));
  const { unscheduled, starting, rejected, failed, notCreated } = pods;
  // Pods of workloads that were refused are not there either.
  const missing = unscheduled + starting + failed + Math.max(rejected, notCreated);
  const startup = metricsNamed(point, POD_STARTUP_METRIC).find(
    (m) => m.labels.kind === 'stateless',
  );
  const figure = (name: 'p50' | 'p99'): Span =>
    startup === undefined ? span(NONE, 'dim') : figureSpan(startup, name, point.runs.length);
  return [
    span(formatCount(pods.started)),
    span(formatCount(missing), missing > 0 ? 'bad' : 'dim'),
    figure('p50'),
    figure('p99'),
    span(formatValue(pods.bindingsPerSecond, '1/s')),
  ];
}
