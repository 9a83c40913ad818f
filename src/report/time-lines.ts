/** What happened when: time series of one replication, faults shaded, changes of leaders dotted. */
import {
  isSuccess,
  POD_STARTUP_METRIC,
  REQUEST_METRIC,
  REQUESTS_METRIC,
  scaleOf,
} from '../analyze/index.ts';
import type { Labels, SeriesResult, TallyResult } from '../metrics/index.ts';
import type { FormatUnit } from '../output/index.ts';
import type { RunResult } from '../run/index.ts';
import { kindName, type ReportPoint } from './inputs.ts';
import { type ChartPoint, type ChartSpan, type LineChart, lineChart } from './line-chart.ts';
import { type Picture, slug } from './picture.ts';
import { SERIES_COLORS } from './style.ts';

const NS_PER_S = 1e9;
const RESOURCES_SHOWN = 6;
const SPANS_MAX = 40;

type Field = SeriesResult['field'];

interface Wanted {
  readonly title: string;
  readonly metric: string;
  readonly field: Field;
  readonly label: string;
  /** The line that labels belong to; '' leaves them out. */
  readonly line: (labels: Labels) => string;
  /** Several series of one line are added, or the worst of them is drawn. */
  readonly merge: 'add' | 'worst';
}

function outcomeOf(labels: Labels): string {
  return isSuccess(labels) ? 'answered' : (labels.outcome ?? 'failed');
}

function codeOf(labels: Labels): string {
  return /^[1-5]/.test(labels.code ?? '') ? `${labels.code[0]}xx` : (labels.code ?? '');
}

const part =
  (...names: readonly string[]) =>
  (labels: Labels): string =>
    names.map((name) => labels[name] ?? '').find((value) => value !== '') ?? 'all';

const WANTED: readonly Wanted[] = [
  series('Latency of requests, p99', REQUEST_METRIC, 'p99', kindName, 'worst'),
  series('Latency of requests, p50', REQUEST_METRIC, 'p50', kindName, 'worst'),
  series('Requests by outcome', REQUESTS_METRIC, 'rate', outcomeOf, 'add'),
  series('Requests of the API by code', 'apiserver_request_total', 'rate', codeOf, 'add'),
  series(
    'Slowest requests of the API',
    'apiserver_request_duration_seconds',
    'max',
    part('verb'),
    'worst',
  ),
  series('Start-up of pods, slowest', POD_STARTUP_METRIC, 'max', part('kind'), 'worst'),
  series('Pods that wait for a node', 'scheduler_pending_pods', 'max', part('queue'), 'add'),
  series(
    'fsync of the WAL, p99',
    'etcd_disk_wal_fsync_duration_seconds',
    'p99',
    part('member'),
    'worst',
  ),
  series('Proposals pending', 'etcd_server_proposals_pending', 'max', part('member'), 'worst'),
];

function series(
  title: string,
  metric: string,
  field: Field,
  line: Wanted['line'],
  merge: Wanted['merge'],
): Wanted {
  return { title, metric, field, label: field === 'rate' ? 'per second' : field, line, merge };
}

/** Of the first replication of a point; `prefix` tells points apart. */
export function timeLines(point: ReportPoint, prefix: string): Picture[] {
  const run = point.runs[0];
  if (run === undefined) return [];
  const frame = frameOf(run, prefix);
  const pictures = WANTED.flatMap((wanted) => {
    const drawn = timeLine(run, wanted, frame);
    return drawn === null ? [] : [drawn];
  });
  const busy = utilization(run, point, frame);
  return busy === null ? pictures : [...pictures, busy];
}

function timeLine(run: RunResult, wanted: Wanted, frame: Frame): Picture | null {
  const lines = new Map<string, Float64Array>();
  for (const one of run.metrics.series) {
    if (one.name !== wanted.metric || one.field !== wanted.field) continue;
    const name = wanted.line(one.labels);
    if (name === '') continue;
    const values = lines.get(name) ?? new Float64Array(one.values.length).fill(Number.NaN);
    lines.set(name, values);
    merge(values, one.values, wanted.merge);
  }
  const tally = run.metrics.tallies.find((one) => one.name === wanted.metric);
  const unit = unitOf(wanted, tally);
  const scale = tally === undefined ? 1 : scaleOf(tally.unit);
  const known = [...lines].filter(([, values]) => values.some((value) => value > 0));
  if (known.length === 0) return null;
  const shown = known.slice(0, SERIES_COLORS);
  return lineChart({
    ...frame(wanted.title),
    y: { label: labelOf(wanted, known.length - shown.length), unit, kind: 'linear' },
    series: shown.map(([name, values]) => ({ name, points: pointsOf(run, values, scale) })),
  });
}

function labelOf(wanted: Wanted, left: number): string {
  const metric = `${wanted.label} of ${wanted.metric}`;
  return left > 0 ? `${metric} (${left} lines more are in timeseries.csv)` : metric;
}

function unitOf(wanted: Wanted, tally: TallyResult | undefined): FormatUnit {
  if (wanted.field === 'rate') return '1/s';
  if (tally === undefined) return '1';
  return tally.unit === 'ns' ? 's' : tally.unit;
}

function merge(into: Float64Array, values: Float64Array, how: Wanted['merge']): void {
  for (let i = 0; i < into.length; i++) {
    if (Number.isNaN(values[i])) continue;
    if (Number.isNaN(into[i])) into[i] = values[i];
    else into[i] = how === 'add' ? into[i] + values[i] : Math.max(into[i], values[i]);
  }
}

/** A row of the series belongs to the interval that ends there: drawn at its middle. */
function pointsOf(run: RunResult, values: Float64Array, scale: number): ChartPoint[] {
  const { seriesIntervalNs } = run.metrics;
  return Array.from(values, (value, i) => ({
    x: ((i + 0.5) * seriesIntervalNs) / NS_PER_S,
    y: value / scale,
  }));
}

/** Of the busiest resources: servers in use over servers. */
function utilization(run: RunResult, point: ReportPoint, frame: Frame): Picture | null {
  const names = point.summary.bottlenecks.ranking.slice(0, RESOURCES_SHOWN).map((r) => r.name);
  const lines = names.flatMap((name) => {
    const busy = run.metrics.series.find(
      (one) =>
        one.name === 'wavetank_resource_busy_servers' &&
        one.field === 'mean' &&
        one.labels.resource === name,
    );
    const servers = run.metrics.resources.find((one) => one.name === name)?.servers ?? 0;
    if (busy === undefined || !(servers > 0 && servers < Infinity)) return [];
    return [{ name, points: pointsOf(run, busy.values, servers) }];
  });
  if (lines.length === 0) return null;
  return lineChart({
    ...frame('Busiest resources'),
    y: { label: 'share of the servers in use', unit: 'ratio', kind: 'linear' },
    series: lines,
  });
}

type Frame = (title: string) => Omit<LineChart, 'y' | 'series'>;

/** What all pictures of a run have alike, by their title. */
function frameOf(run: RunResult, prefix: string): Frame {
  const x: LineChart['x'] = {
    label: 'simulated time',
    kind: 'linear',
    unit: 's',
    from: 0,
    to: run.simulatedNs / NS_PER_S,
  };
  const spans = faultSpans(run).slice(0, SPANS_MAX);
  const events = leaderEvents(run);
  return (title) => ({
    id: slug(`time ${prefix} ${title}`),
    title: prefix === '' ? title : `${title} (${prefix})`,
    x,
    spans,
    events,
    dense: true,
  });
}

/** From the run's own events, so that drawn and repeated faults are there as well. */
export function faultSpans(run: RunResult): ChartSpan[] {
  const open: { label: string; from: number; to: number }[] = [];
  for (const { kind, subject, timeNs } of run.metrics.events) {
    const at = timeNs / NS_PER_S;
    if (kind === 'fault') open.push({ label: subject, from: at, to: Number.NaN });
    if (kind === 'fault over') {
      const begun = open.find(({ label, to }) => label === subject && Number.isNaN(to));
      if (begun !== undefined) begun.to = at;
    }
  }
  return open.map((span) => (Number.isNaN(span.to) ? { ...span, to: span.from } : span));
}

function leaderEvents(run: RunResult): ChartSpan[] {
  return run.metrics.events
    .filter(({ kind, timeNs }) => (kind === 'elected' || kind === 'leading') && timeNs > 0)
    .slice(0, SPANS_MAX)
    .map(({ kind, subject, timeNs }) => {
      const at = timeNs / NS_PER_S;
      return { label: `${subject} ${kind}`, from: at, to: at };
    });
}
