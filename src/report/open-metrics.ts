/**
 * One run as OpenMetrics text, with simulated time added to a moment of the reader's choice:
 * `promtool tsdb create-blocks-from openmetrics` makes blocks of it for Prometheus.
 * https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 *
 * Counters and gauges are exact at the end of each interval of the series. Histograms are exact at
 * the ends of the run's segments; between two of them, each interval's own count is spread over the
 * buckets as the segment's. Warm-up is in no segment, so histograms begin after it.
 */
import { compareText, scaleOf } from '../analyze/index.ts';
import { type Labels, type SeriesResult, sumOf, type TallyResult } from '../metrics/index.ts';
import type { RunResult } from '../run/index.ts';

export interface OpenMetricsOptions {
  /** Unix time of the start of the run, s. */
  readonly startSeconds: number;
}

const NS_PER_S = 1e9;
const NS_PER_MS = 1e6;
/** resources.csv and stages.csv have what matters of them. */
const LEFT_OUT = ['wavetank_resource_', 'wavetank_request_slow_stage_'];

type FamilyKind = 'counter' | 'gauge' | 'unknown' | 'histogram' | 'summary';

interface Family {
  readonly name: string;
  readonly kind: FamilyKind;
  readonly help: string;
  readonly unit: string;
  readonly members: (SeriesResult | TallyResult)[];
}

/** Families in order of name; metrics that stayed zero are left out. */
export function* openMetrics(run: RunResult, options: OpenMetricsOptions): Generator<string> {
  const counts = countSeries(run);
  for (const family of familiesOf(run)) {
    yield `# TYPE ${family.name} ${family.kind}\n`;
    if (family.unit !== '') yield `# UNIT ${family.name} ${family.unit}\n`;
    if (family.help !== '') yield `# HELP ${family.name} ${escaped(family.help)}\n`;
    for (const member of family.members) {
      if ('field' in member) yield* samples(member, run, options);
      else yield* histogram(member, counts, run, options);
    }
  }
  yield '# EOF\n';
}

function familiesOf(run: RunResult): Family[] {
  const { series, counters, tallies } = run.metrics;
  const counterNames = new Set(counters.map(({ name }) => name));
  const families = new Map<string, Family>();
  const add = (name: string, kind: FamilyKind, member: SeriesResult | TallyResult): void => {
    const known = families.get(name);
    if (known !== undefined) known.members.push(member);
    else
      families.set(name, { name, kind, help: member.help, unit: unitOf(name), members: [member] });
  };
  for (const one of series) {
    const shown =
      one.field === 'value' && one.values.some((value) => value !== 0 && !Number.isNaN(value));
    if (!shown || isLeftOut(one.name)) continue;
    if (!counterNames.has(one.name)) add(one.name, 'gauge', one);
    else if (one.name.endsWith('_total')) add(one.name.slice(0, -'_total'.length), 'counter', one);
    // Its samples would need a name that the real component does not give it.
    else add(one.name, 'unknown', one);
  }
  for (const tally of tallies) {
    if (isLeftOut(tally.name) || tally.perSegment.every(({ total }) => total === 0)) continue;
    add(tally.name, tally.prometheus === null ? 'summary' : 'histogram', tally);
  }
  return [...families.values()].sort((a, b) => compareText(a.name, b.name));
}

function isLeftOut(name: string): boolean {
  return LEFT_OUT.some((prefix) => name.startsWith(prefix));
}

/** Only where the name ends in it, as the format wants. */
function unitOf(name: string): string {
  return ['seconds', 'bytes'].find((unit) => name.endsWith(`_${unit}`)) ?? '';
}

function* samples(
  series: SeriesResult,
  run: RunResult,
  options: OpenMetricsOptions,
): Generator<string> {
  const head = `${series.name}${labelsText(targetLabels(series.name, series.labels))}`;
  for (let i = 0; i < series.values.length; i++) {
    const value = series.values[i];
    if (Number.isNaN(value)) continue;
    yield `${head} ${value} ${timeText(endOf(run, i), options)}\n`;
  }
}

/** By identity of the tally: how many it counted in each interval. */
function countSeries(run: RunResult): Map<string, Float64Array> {
  const counts = new Map<string, Float64Array>();
  for (const one of run.metrics.series) {
    if (one.field === 'count') counts.set(identity(one), one.values);
  }
  return counts;
}

function identity({ name, labels }: { readonly name: string; readonly labels: Labels }): string {
  return `${name} ${labelsText(labels)}`;
}

interface Sums {
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sum: number;
}

function* histogram(
  tally: TallyResult,
  counts: ReadonlyMap<string, Float64Array>,
  run: RunResult,
  options: OpenMetricsOptions,
): Generator<string> {
  const labels = targetLabels(tally.name, tally.labels);
  const plain = labelsText(labels);
  const bounds = tally.prometheus?.bounds ?? [];
  const les = tally.prometheus === null ? [] : [...bounds.map(boundText), '+Inf'];
  const heads = les.map((le) => `${tally.name}_bucket${labelsText({ ...labels, le })}`);
  for (const { atNs, sums } of overTime(tally, counts.get(identity(tally)), run)) {
    const time = timeText(atNs, options);
    for (let b = 0; b < heads.length; b++) yield `${heads[b]} ${sums.buckets[b]} ${time}\n`;
    yield `${tally.name}_count${plain} ${sums.count} ${time}\n`;
    yield `${tally.name}_sum${plain} ${sums.sum} ${time}\n`;
  }
}

/** Cumulative over buckets and over time, at the end of each interval. */
function* overTime(
  tally: TallyResult,
  counts: Float64Array | undefined,
  run: RunResult,
): Generator<{ readonly atNs: number; readonly sums: Sums }> {
  const { segments } = run.metrics;
  if (segments.length === 0) return;
  let before: Sums = { buckets: new Array<number>(bucketCount(tally)).fill(0), count: 0, sum: 0 };
  yield { atNs: segments[0].fromNs, sums: before };
  for (let s = 0; s < segments.length; s++) {
    const { fromNs, toNs } = segments[s];
    const whole = segmentSums(tally, s);
    const { seriesIntervalNs } = run.metrics;
    let seen = 0;
    for (let i = Math.floor(fromNs / seriesIntervalNs); endOf(run, i) < toNs; i++) {
      if (endOf(run, i) <= fromNs) continue;
      seen += counts === undefined || Number.isNaN(counts[i]) ? 0 : counts[i];
      const share = whole.count === 0 ? 0 : Math.min(1, seen / whole.count);
      yield { atNs: endOf(run, i), sums: added(before, whole, share) };
    }
    before = added(before, whole, 1);
    yield { atNs: toNs, sums: before };
  }
}

function endOf(run: RunResult, interval: number): number {
  return (interval + 1) * run.metrics.seriesIntervalNs;
}

function bucketCount(tally: TallyResult): number {
  return tally.prometheus === null ? 0 : tally.prometheus.bounds.length + 1;
}

function segmentSums(tally: TallyResult, segment: number): Sums {
  const data = tally.perSegment[segment];
  const buckets: number[] = [];
  let below = 0;
  for (let b = 0; b < bucketCount(tally); b++) {
    below += tally.prometheus?.perSegment[segment][b] ?? 0;
    buckets.push(below);
  }
  return { buckets, count: data.total, sum: sumOf(data) / scaleOf(tally.unit) };
}

/** Counts stay whole numbers: rounded down, which keeps them in order. */
function added(before: Sums, whole: Sums, share: number): Sums {
  const part = (count: number): number => Math.floor(count * share + 1e-9);
  return {
    buckets: before.buckets.map((count, b) => count + part(whole.buckets[b])),
    count: before.count + part(whole.count),
    sum: before.sum + whole.sum * share,
  };
}

/** `job` and `instance`, by which dashboards tell components apart, where the metric has none. */
function targetLabels(name: string, labels: Labels): Labels {
  const who = labels.member ?? labels.component ?? labels.instance;
  const job = jobOf(name, who);
  const added: Record<string, string> = {};
  if (job !== '' && labels.job === undefined) added.job = job;
  if (who !== undefined && labels.instance === undefined) added.instance = who;
  return { ...labels, ...added };
}

function jobOf(name: string, who: string | undefined): string {
  if (/^(apiserver_|etcd_request_)/.test(name)) return 'apiserver';
  if (/^(kubelet_|kubeproxy_)/.test(name))
    return name.startsWith('kubelet_') ? 'kubelet' : 'kube-proxy';
  if (who === undefined) return name.startsWith('wavetank_') ? 'wavetank' : '';
  return who.split('/')[0];
}

function labelsText(labels: Labels): string {
  const names = Object.keys(labels).sort(compareText);
  if (names.length === 0) return '';
  return `{${names.map((name) => `${name}="${escaped(labels[name])}"`).join(',')}}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

/** Bounds are floats in the format: `1.0`. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/** Seconds with milliseconds, which is what Prometheus keeps. */
function timeText(atNs: number, { startSeconds }: OpenMetricsOptions): string {
  const ms = Math.round((atNs % NS_PER_S) / NS_PER_MS);
  const seconds = startSeconds + Math.floor(atNs / NS_PER_S) + Math.floor(ms / 1000);
  return `${seconds}.${String(ms % 1000).padStart(3, '0')}`;
}
