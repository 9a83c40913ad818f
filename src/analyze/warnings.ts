/** Warnings: what to keep in mind before believing the figures, each with what to do about it. */
import { SAMPLES_BEYOND_MIN } from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';
import {
  type DiskProfile,
  type Scenario,
  WITHOUT_STALLS,
  type WorkloadScenario,
} from '../scenario/index.ts';
import { compareText } from './labels.ts';
import { REQUEST_METRIC } from './outcome.ts';
import type { PointSummary, ScenarioPoint } from './summary.ts';
import { exceededLimits } from './supported-limits.ts';

export interface SummaryWarning {
  /**
   * Closed set: few-samples, coordinated-omission, overload, dropped, utilization, response-disk,
   * stalls-assumed, interrupted, flags-without-effect, supported-limit, and the codes of models.
   */
  readonly code: string;
  /** What it is about (a resource, a workload); with `code` it identifies the warning. */
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  /** Points that it holds for, ascending; the message is that of the worst. */
  readonly points: readonly number[];
}

export const UTILIZATION_HIGH = 0.9;
/**
 * Jobs that wait on average. A disk under group commit is busy all the time and nothing waits for
 * it: the next batch grows instead, and its capacity is not used up.
 */
export const QUEUE_MEAN_MIN = 0.5;
const FSYNC_METRIC = 'etcd_disk_wal_fsync_duration_seconds';
/** Of the disk model: syncs of a 'response' disk that would have waited at this load. */
const CONTENDED_METRIC = 'wavetank_disk_beyond_observed_total';
const NS_PER_S = 1e9;

interface Finding {
  readonly code: string;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  readonly point: number;
  /** Larger = worse: decides whose message is shown. */
  readonly weight: number;
}

/** In a fixed order: by code in the order of importance, then by subject. */
export function warningsOf(
  summaries: readonly PointSummary[],
  points: readonly ScenarioPoint[],
  runs: readonly RunResult[],
  profiles: readonly DiskProfile[],
): SummaryWarning[] {
  const findings: Finding[] = [];
  for (const summary of summaries) {
    const { scenario } = points[summary.point];
    const own = runs.filter((run) => run.point === summary.point);
    findings.push(
      ...interrupted(summary),
      ...overload(summary),
      ...utilization(summary),
      ...omission(summary, scenario),
      ...fewSamples(summary, scenario),
      ...disks(summary, scenario, profiles),
      ...flags(summary, scenario),
      ...limits(summary, scenario),
      ...ofModels(summary, own),
    );
  }
  return merge(findings);
}

function merge(findings: readonly Finding[]): SummaryWarning[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.code} ${finding.subject}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  const order = [...new Set(findings.map((finding) => finding.code))].sort(
    (a, b) => rankOf(a) - rankOf(b) || compareText(a, b),
  );
  return [...groups.values()]
    .map((group) => {
      let worst = group[0];
      for (const finding of group) if (finding.weight > worst.weight) worst = finding;
      const { code, subject, message, hint } = worst;
      const at = [...new Set(group.map((finding) => finding.point))].sort((a, b) => a - b);
      return { code, subject, message, hint, points: at };
    })
    .sort(
      (a, b) => order.indexOf(a.code) - order.indexOf(b.code) || compareText(a.subject, b.subject),
    );
}

const IMPORTANCE = [
  'interrupted',
  'overload',
  'dropped',
  'coordinated-omission',
  'utilization',
  'few-samples',
  'response-disk',
  'stalls-assumed',
  'flags-without-effect',
  'supported-limit',
];

function rankOf(code: string): number {
  const rank = IMPORTANCE.indexOf(code);
  return rank < 0 ? IMPORTANCE.length : rank;
}

function interrupted(summary: PointSummary): Finding[] {
  const cut = summary.runs.filter((run) => run.interrupted).length;
  if (cut === 0) return [];
  return [
    {
      code: 'interrupted',
      subject: '',
      message: `${cut} of ${summary.runs.length} replications ended before the horizon.`,
      hint: 'Run it again for the whole time; windows that were not reached have no data.',
      point: summary.point,
      weight: cut,
    },
  ];
}

function overload(summary: PointSummary): Finding[] {
  const { point } = summary;
  const { growing, dropped } = summary.overload;
  const found: Finding[] = [];
  if (growing.length > 0) {
    const [worst] = growing;
    found.push({
      code: 'overload',
      subject: '',
      message: `Overloaded: ${worst.name} still grows at the horizon, by ${short(worst.jobsPerSecond)} a second. Latencies depend on how long it ran.`,
      hint: 'Lower the rate or give the bottleneck more capacity; read the throughput, not a percentile.',
      point,
      weight: worst.jobsPerSecond,
    });
  }
  if (dropped > 0) {
    found.push({
      code: 'dropped',
      subject: '',
      message: `The clients dropped ${dropped} arrivals because maxInFlight requests were pending.`,
      hint: 'They are in no latency: read the availability, or raise maxInFlight.',
      point,
      weight: dropped,
    });
  }
  return found;
}

function utilization(summary: PointSummary): Finding[] {
  return summary.bottlenecks.ranking
    .filter((rank) => rank.utilization.mean > UTILIZATION_HIGH && rank.queueMean >= QUEUE_MEAN_MIN)
    .map((rank) => ({
      code: 'utilization',
      subject: rank.name,
      message: `${rank.name} is ${percent(rank.utilization.mean)} busy: small changes of load move latencies a lot.`,
      hint: 'Compare several rates around this one before trusting a percentile.',
      point: summary.point,
      weight: rank.utilization.mean,
    }));
}

/** A closed loop sends nothing while it waits, so its percentiles do not see a gap. */
function omission(summary: PointSummary, scenario: Scenario): Finding[] {
  const disturbed = scenario.faults.length > 0 || summary.overload.overloaded;
  if (!disturbed) return [];
  let gapNs = 0;
  for (const outage of summary.outages) {
    if (outage.longestGapNs > gapNs) gapNs = outage.longestGapNs;
  }
  const gap = gapNs > 0 ? ` Longest gap without a success: ${short(gapNs / NS_PER_S)} s.` : '';
  return scenario.workload.filter(isClosedLoop).map((load) => ({
    code: 'coordinated-omission',
    subject: load.name,
    message: `${load.name} is a closed loop under a disturbance: requests that it would have sent while it waited are in no percentile.${gap}`,
    hint: `Give ${load.name} a rate instead of clients: latency then counts from the planned arrival.`,
    point: summary.point,
    weight: gapNs,
  }));
}

function isClosedLoop(load: WorkloadScenario): boolean {
  return load.clients > 0 && load.ratePerSecond === 0 && load.op !== 'watch';
}

/** Samples beyond which a p99 is printed: 30 of 100 x 30. */
function fewSamples(summary: PointSummary, scenario: Scenario): Finding[] {
  const found: Finding[] = [];
  for (const metric of summary.metrics) {
    const { count, p99 } = metric.pooled;
    if (metric.name !== REQUEST_METRIC || p99 !== null || count === null || count === 0) continue;
    const needed = 100 * SAMPLES_BEYOND_MIN;
    const times = Math.ceil(needed / count);
    const seconds = ((scenario.horizonNs - scenario.warmupNs) * times) / NS_PER_S;
    found.push({
      code: 'few-samples',
      subject: metric.labelText,
      message: `Only ${count} requests (${metric.labelText}): fewer than ${SAMPLES_BEYOND_MIN} lie beyond the p99, so it is not printed.`,
      hint: `Measure about ${times} times as long (${short(seconds)} s after warm-up), or with ${times} times as many replications.`,
      point: summary.point,
      weight: times,
    });
  }
  return found;
}

function disks(
  summary: PointSummary,
  scenario: Scenario,
  profiles: readonly DiskProfile[],
): Finding[] {
  const found: Finding[] = [];
  const fsyncs = fsyncsPerSecond(summary);
  const contended = countOf(summary, CONTENDED_METRIC);
  for (const disk of scenario.hosts.flatMap((host) => host.disks)) {
    // A profile that was scaled, or whose stalls were left out, says so behind its name.
    const profile = profiles.find(
      (candidate) =>
        disk.profile === candidate.name || disk.profile.startsWith(`${candidate.name}, `),
    );
    const name = disk.profile === '' ? `disk ${disk.name}` : `profile ${disk.profile}`;
    const observed = profile?.observedFsyncsPerSecond ?? null;
    const waits = contended > 0 ? `; ${contended} syncs would have waited for others` : '';
    const beyond = observed === null || fsyncs > observed || contended > 0;
    if (disk.fsyncKind === 'response' && beyond) {
      const load =
        observed === null
          ? 'the load under which it was seen is not known'
          : `it was seen under ${short(observed)} fsyncs a second, the run has up to ${short(fsyncs)}`;
      found.push({
        code: 'response-disk',
        subject: name,
        message: `${name} holds response times of a loaded disk, contention included: ${load}${waits}.`,
        hint: 'Beyond that load real latencies are higher. Measure the idle disk (fio) and use it as service times.',
        point: summary.point,
        weight: fsyncs,
      });
    }
    if (profile?.stallsAssumed && !disk.profile.endsWith(WITHOUT_STALLS)) {
      found.push({
        code: 'stalls-assumed',
        subject: name,
        message: `${name}: how long stalls last and how they cluster is assumed, because the measurement has no series over time.`,
        hint: 'Calibrate from a latency log (fio --write_lat_log) to have them measured, or leave them out: assumedStalls: false.',
        point: summary.point,
        weight: 1,
      });
    }
  }
  return found;
}

/** Of the busiest member, mean over replications. */
function fsyncsPerSecond(summary: PointSummary): number {
  let largest = 0;
  for (const metric of summary.metrics) {
    if (metric.name !== FSYNC_METRIC) continue;
    largest = Math.max(largest, metric.estimates.rate?.mean ?? 0);
  }
  return largest;
}

/** Sum over replications and label sets. */
function countOf(summary: PointSummary, name: string): number {
  let count = 0;
  for (const metric of summary.metrics) {
    const estimate = metric.estimates.count;
    if (metric.name === name && estimate) count += Math.round(estimate.mean * estimate.n);
  }
  return count;
}

function flags(summary: PointSummary, scenario: Scenario): Finding[] {
  const flagsWithoutEffect = [
    ...scenario.etcd.flagsWithoutEffect,
    ...(scenario.kubernetes?.flagsWithoutEffect ?? []),
  ];
  if (flagsWithoutEffect.length === 0) return [];
  return [
    {
      code: 'flags-without-effect',
      subject: flagsWithoutEffect.join(' '),
      message: `Known flags without effect here: ${flagsWithoutEffect.join(', ')}.`,
      hint: 'They are accepted so that real settings can be pasted; the model leaves out what they change.',
      point: summary.point,
      weight: 0,
    },
  ];
}

function limits(summary: PointSummary, scenario: Scenario): Finding[] {
  return exceededLimits(scenario).map(({ what, value, limit }) => ({
    code: 'supported-limit',
    subject: what,
    message: `${short(value)} ${what}: Kubernetes is tested up to ${short(limit)}.`,
    hint: 'Beyond the limits of SIG Scalability nobody promises its service levels, and published results are rare.',
    point: summary.point,
    weight: value / limit,
  }));
}

function ofModels(summary: PointSummary, runs: readonly RunResult[]): Finding[] {
  return runs.flatMap((run) =>
    run.warnings.map(({ code, message, hint }) => ({
      code,
      subject: message,
      message,
      hint,
      point: summary.point,
      weight: 0,
    })),
  );
}

function percent(ratio: number): string {
  return `${short(ratio * 100)} %`;
}

/** Three significant digits are enough in a sentence; no locale. */
function short(value: number): string {
  const text = value.toPrecision(3);
  return String(Number(text));
}
