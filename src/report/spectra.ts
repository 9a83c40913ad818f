/**
 * Percentile spectra: how long the slowest one in 10, in 100, in 1000 takes. From the histograms of
 * all replications together, as far as 30 samples lie beyond.
 */
import { POD_STARTUP_METRIC, REQUEST_METRIC, selectSegments } from '../analyze/index.ts';
import { type HistogramData, type Labels, mergeHistograms, quantileOf } from '../metrics/index.ts';
import { formatSeconds } from '../output/index.ts';
import { kindName, type ReportPoint, requestLabels } from './inputs.ts';
import { type ChartSeries, type LineChart, lineChart } from './line-chart.ts';
import { type Picture, slug } from './picture.ts';
import { SERIES_COLORS } from './style.ts';

const NS_PER_S = 1e9;
const TICKS = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];

interface Kind {
  readonly metric: string;
  readonly title: string;
  /** The label whose values are lines. */
  readonly by: string;
}

/** What a control plane is judged by, where there is Kubernetes. */
const KINDS: readonly Kind[] = [
  { metric: POD_STARTUP_METRIC, title: 'Start-up of pods', by: 'kind' },
  { metric: 'apiserver_request_duration_seconds', title: 'Requests of the API', by: 'verb' },
  { metric: 'etcd_disk_wal_fsync_duration_seconds', title: 'fsync of the WAL', by: 'member' },
];

export function spectra(points: readonly ReportPoint[]): Picture[] {
  const single = points.length === 1;
  if (!single) return sweepSpectra(points);
  const [point] = points;
  const requests = requestLabels(points).map((labels) => ({
    name: kindName(labels),
    data: dataOf(point, REQUEST_METRIC, labels),
  }));
  const pictures = [picture('Requests', REQUEST_METRIC, requests)];
  for (const { metric, title, by } of KINDS) {
    const names = labelValues(point, metric, by);
    const lines = names.map((name) => ({
      name: name === '' ? title : name,
      data: dataOf(point, metric, { [by]: name }),
    }));
    pictures.push(picture(title, metric, lines));
  }
  return pictures.flatMap((one) => (one === null ? [] : [one]));
}

/** A line for each point, a picture for each kind of request. */
function sweepSpectra(points: readonly ReportPoint[]): Picture[] {
  const chosen = spreadOut(points, SERIES_COLORS);
  const kinds = requestLabels(points).map((labels) => ({
    title: kindName(labels),
    metric: REQUEST_METRIC,
    labels,
  }));
  const pods = { title: 'Start-up of pods', metric: POD_STARTUP_METRIC, labels: {} };
  return [...kinds, pods].flatMap(({ title, metric, labels }) => {
    const lines = chosen.map((point) => ({
      name: point.name,
      data: dataOf(point, metric, labels),
    }));
    const drawn = picture(title, metric, lines);
    return drawn === null ? [] : [drawn];
  });
}

/** First, last, and evenly between them. */
export function spreadOut<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from(
    { length: most },
    (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))],
  );
}

function labelValues(point: ReportPoint, metric: string, label: string): string[] {
  const values = new Set<string>();
  for (const { metrics } of point.runs) {
    for (const tally of metrics.tallies) {
      if (tally.name === metric) values.add(tally.labels[label] ?? '');
    }
  }
  return [...values];
}

/** Over label sets that agree with `labels`, and over replications. */
function dataOf(point: ReportPoint, metric: string, labels: Labels): HistogramData {
  const parts: HistogramData[] = [];
  for (const { metrics } of point.runs) {
    const { segments } = selectSegments(metrics.segments);
    for (const tally of metrics.tallies) {
      if (tally.name !== metric) continue;
      const agrees = Object.entries(labels).every(([k, v]) => (tally.labels[k] ?? '') === v);
      if (agrees) for (const segment of segments) parts.push(tally.perSegment[segment]);
    }
  }
  return mergeHistograms(parts);
}

/** By the part that is slower: 0.9, 0.8, ... 0.1, 0.09, ...; x is its reciprocal. */
function spectrumOf(data: HistogramData): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  for (const ten of TENS) {
    for (let k = 9; k >= 1; k--) {
      const rest = k / (10 * ten);
      const value = quantileOf(data, 1 - rest);
      if (value !== null && value > 0) points.push({ x: 1 / rest, y: value / NS_PER_S });
    }
  }
  return points;
}

const TENS = [1, 10, 100, 1000, 10_000, 100_000];

function picture(
  title: string,
  metric: string,
  lines: readonly { readonly name: string; readonly data: HistogramData }[],
): Picture | null {
  const series: ChartSeries[] = lines
    .map(({ name, data }) => ({ name, points: spectrumOf(data) }))
    .filter(({ points }) => points.length > 1)
    .slice(0, SERIES_COLORS);
  if (series.length === 0) return null;
  const most = Math.max(...series.flatMap(({ points }) => points.map(({ x }) => x)));
  const chart: LineChart = {
    id: slug(`spectrum ${title}`),
    title: `${title}: percentiles`,
    x: {
      label: `percentile of ${metric}`,
      kind: 'log',
      unit: '1',
      from: 1,
      to: most,
      ticks: TICKS.map((p) => ({ at: 1 / (1 - p), text: percentText(p) })).filter(
        ({ at }) => at <= most * 1.01,
      ),
    },
    y: { label: 'time', unit: 's', kind: 'log' },
    series,
    dense: true,
  };
  return { ...lineChart(chart), table: tableOf(lines) };
}

function percentText(p: number): string {
  return p === 0 ? 'p0' : `p${String(Math.round(p * 1e7) / 1e5)}`;
}

function tableOf(
  lines: readonly { readonly name: string; readonly data: HistogramData }[],
): Picture['table'] {
  const known = lines.filter(({ data }) => data.total > 0);
  const figure = (data: HistogramData, p: number): string => {
    const value = quantileOf(data, p);
    return value === null ? '–' : formatSeconds(value / NS_PER_S);
  };
  return {
    heads: ['', 'count', ...TICKS.slice(1).map(percentText), 'max'],
    rows: known.map(({ name, data }) => [
      name,
      String(data.total),
      ...TICKS.slice(1).map((p) => figure(data, p)),
      formatSeconds(data.max / NS_PER_S),
    ]),
  };
}
