/** Figures over each swept axis: every figure that a threshold looks at, and request latency. */
import {
  estimate,
  figureValues,
  type PointSummary,
  REQUEST_METRIC,
  type ThresholdResult,
  WHOLE_RUN,
} from '../analyze/index.ts';
import { metricText } from '../metrics/index.ts';
import type { FormatUnit } from '../output/index.ts';
import { axisValues } from './axis-values.ts';
import { axisName, kindName, type ReportPoint, requestLabels } from './inputs.ts';
import {
  type ChartLimit,
  type ChartPoint,
  type ChartSeries,
  type LineChart,
  lineChart,
} from './line-chart.ts';
import { type Picture, slug } from './picture.ts';
import { SERIES_COLORS } from './style.ts';

interface Figure {
  readonly metric: string;
  readonly word: string;
  readonly window: string;
  readonly title: string;
}

interface FigureAt {
  readonly point: ReportPoint;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: FormatUnit;
  readonly threshold: ThresholdResult | null;
}

const FIGURES_MAX = 8;

/** Pictures by axis; none where nothing was swept. */
export function curves(points: readonly ReportPoint[], axes: readonly string[]): Picture[] {
  const swept = axes.filter(
    (axis) => new Set(points.map(({ summary }) => summary.axes[axis])).size > 1,
  );
  if (swept.length === 0) return [];
  const known = figuresOf(points)
    .slice(0, FIGURES_MAX)
    .map((figure) => ({ figure, at: points.map((point) => figureAt(figure, point)) }))
    .filter(({ at }) => at.some(({ value }) => value !== null));
  return swept.flatMap((axis) => known.map(({ figure, at }) => curve(figure, axis, axes, at)));
}

function figuresOf(points: readonly ReportPoint[]): Figure[] {
  const figures = new Map<string, Figure>();
  const add = (metric: string, word: string, window: string, title: string): void => {
    const key = `${metric} ${word} ${window}`;
    if (!figures.has(key)) figures.set(key, { metric, word, window, title });
  };
  for (const { summary } of points) {
    for (const { metric, statistic, window } of summary.thresholds) {
      const when = window === WHOLE_RUN ? '' : `, ${window}`;
      add(metric, statistic, window, `${statistic} of ${metric}${when}`);
    }
  }
  for (const labels of requestLabels(points)) {
    for (const word of ['p50', 'p99']) {
      const metric = metricText(REQUEST_METRIC, labels);
      add(metric, word, WHOLE_RUN, `${word} of ${kindName(labels)}`);
    }
  }
  return [...figures.values()];
}

function figureAt(figure: Figure, point: ReportPoint): FigureAt {
  const threshold = thresholdOf(figure, point.summary);
  if (threshold !== null) {
    const { value, low, high, unit } = threshold;
    return { point, value, low, high, unit, threshold };
  }
  const none = { point, value: null, low: null, high: null, unit: 's' as const, threshold: null };
  if (figure.window !== WHOLE_RUN || figure.metric.includes(' each(')) return none;
  const { values, pooled, unit } = figureValues(figure.metric, figure.word, point.runs);
  const over = estimate(values);
  if (over === null || over.n !== point.runs.length) return { ...none, value: pooled, unit };
  return { ...none, value: over.mean, low: over.low, high: over.high, unit };
}

function thresholdOf(figure: Figure, summary: PointSummary): ThresholdResult | null {
  const found = summary.thresholds.find(
    (one) =>
      one.metric === figure.metric && one.statistic === figure.word && one.window === figure.window,
  );
  return found ?? null;
}

function curve(
  figure: Figure,
  axis: string,
  axes: readonly string[],
  all: readonly FigureAt[],
): Picture {
  const places = axisValues(all.map(({ point }) => point.summary.axes[axis]));
  const xOf = (at: FigureAt): number => places.at.get(String(at.point.summary.axes[axis])) ?? 0;
  const groups = new Map<string, FigureAt[]>();
  for (const at of all) {
    const others = axes.filter((other) => other !== axis);
    const name = others.map((o) => `${axisName(o)} ${at.point.summary.axes[o]}`).join(', ');
    groups.set(name, [...(groups.get(name) ?? []), at]);
  }
  const shown = [...groups].slice(0, SERIES_COLORS);
  const left = groups.size - shown.length;
  const series: ChartSeries[] = shown.map(([name, group]) => ({
    name: name === '' ? figure.title : name,
    points: group.map((at) => chartPoint(at, xOf(at))).sort((a, b) => a.x - b.x),
  }));
  const { unit } = all.find(({ value }) => value !== null) ?? all[0];
  const chart: LineChart = {
    id: slug(`curve ${axis} ${figure.title}`),
    title: `${figure.title} over ${axis}`,
    x: {
      label: left > 0 ? `${axis} (${left} lines more are in the files)` : axis,
      kind: places.kind,
      unit: '1',
      ticks: [...places.at].map(([text, at]) => ({ at, text })).sort((a, b) => a.at - b.at),
    },
    y: { label: figure.word, unit, kind: spread(all) ? 'log' : 'linear' },
    series,
    limits: limitsOf(all, xOf),
  };
  return lineChart(chart);
}

function chartPoint({ value, low, high }: FigureAt, x: number): ChartPoint {
  if (value === null) return { x, y: Number.NaN };
  return low === null || high === null ? { x, y: value } : { x, y: value, low, high };
}

/** Over more than a decade and a half a linear scale shows one end alone. */
function spread(all: readonly FigureAt[]): boolean {
  const known = all.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = Math.min(...known);
  return low > 0 && Math.max(...known) / low > 30;
}

/** One line where the limit is the same everywhere, else a piece around each value of the axis. */
function limitsOf(all: readonly FigureAt[], xOf: (at: FigureAt) => number): ChartLimit[] {
  const judged = all.filter(({ threshold }) => threshold !== null);
  const texts = new Set(judged.map(({ threshold }) => threshold?.expect));
  const xs = [...new Set(all.map(xOf))].sort((a, b) => a - b);
  if (texts.size === 1 && judged.length === all.length) {
    const [{ threshold }] = judged;
    const label = threshold?.expect ?? '';
    return [{ label, y: threshold?.limit ?? 0, fromX: xs[0], toX: xs[xs.length - 1] }];
  }
  const pieces = new Map<string, ChartLimit>();
  for (const at of judged) {
    const x = xOf(at);
    const i = xs.indexOf(x);
    const before = i > 0 ? (xs[i - 1] + x) / 2 : x;
    const after = i < xs.length - 1 ? (x + xs[i + 1]) / 2 : x;
    const label = at.threshold?.expect ?? '';
    pieces.set(`${label} ${x}`, { label, y: at.threshold?.limit ?? 0, fromX: before, toX: after });
  }
  return [...pieces.values()];
}
