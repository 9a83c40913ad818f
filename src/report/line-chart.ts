/** Lines over an axis, with limits, intervals and shaded spans: a picture from plain numbers. */
import { type FormatUnit, formatValue, plot } from '../output/index.ts';
import { legend, MARKS, marker } from './marks.ts';
import { type Child, el, fragment, type Markup } from './markup.ts';
import type { Picture } from './picture.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the 95 % interval. */
  readonly low?: number;
  readonly high?: number;
}

export interface ChartSeries {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

/** A threshold, over a part of the axis. */
export interface ChartLimit {
  readonly label: string;
  readonly y: number;
  readonly fromX: number;
  readonly toX: number;
}

/** Something that lasted (a fault), or happened at once (from = to). */
export interface ChartSpan {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

export interface ChartAxis {
  readonly label: string;
  readonly kind: 'linear' | 'log';
  /** Where the axis ends; from the data where absent. */
  readonly from?: number;
  readonly to?: number;
  /** Ticks with their texts; round numbers where absent. */
  readonly ticks?: readonly { readonly at: number; readonly text: string }[];
  readonly unit: FormatUnit;
}

export interface LineChart {
  readonly id: string;
  readonly title: string;
  readonly x: ChartAxis;
  readonly y: {
    readonly label: string;
    readonly unit: FormatUnit;
    readonly kind: 'linear' | 'log';
  };
  readonly series: readonly ChartSeries[];
  readonly limits?: readonly ChartLimit[];
  readonly spans?: readonly ChartSpan[];
  /** Moments, as dotted lines. */
  readonly events?: readonly ChartSpan[];
  /** Points without marks: there are too many of them. */
  readonly dense?: boolean;
}

const WIDTH = 480;
const LEFT = 62;
const RIGHT = 20;
const TOP = 26;
const PLOT_HEIGHT = 190;
const LABEL_WIDTH = 7.8;
const PLOT_COLUMNS = 60;

interface Frame {
  readonly xOf: (value: number) => number;
  readonly yOf: (value: number) => number;
  readonly y: Scale;
}

export function lineChart(chart: LineChart): Picture {
  const frame = frameOf(chart);
  const names = chart.series.map((one) => one.name);
  const key = legend(names, LEFT, TOP + PLOT_HEIGHT + 46, WIDTH - LEFT - RIGHT);
  const height = TOP + PLOT_HEIGHT + 46 + key.height;
  const drawing = fragment(
    spans(chart, frame),
    axes(chart, frame),
    chart.series.map((one, i) => lineOf(one, i, chart, frame)),
    limits(chart, frame),
    key.markup,
  );
  return {
    id: chart.id,
    title: chart.title,
    description: describe(chart),
    width: WIDTH,
    height,
    drawing,
    table: tableOf(chart),
    plot: terminalPlot(chart),
  };
}

function frameOf(chart: LineChart): Frame {
  const points = chart.series.flatMap((one) => one.points);
  const drawn = points.filter((point) => !Number.isNaN(point.y));
  const ys = drawn.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]);
  for (const limit of chart.limits ?? []) ys.push(limit.y);
  const y = chart.y.kind === 'log' && ys.some((v) => v > 0) ? logScale(ys) : linearScale(ys);
  const xs = points.map((point) => point.x);
  const from = chart.x.from ?? xs.reduce((a, b) => Math.min(a, b), Infinity);
  const to = chart.x.to ?? xs.reduce((a, b) => Math.max(a, b), -Infinity);
  const inner = WIDTH - LEFT - RIGHT;
  const share =
    chart.x.kind === 'log' && from > 0
      ? exactLog(from, to)
      : (value: number) => (to > from ? (value - from) / (to - from) : 0.5);
  return {
    y,
    xOf: (value) => LEFT + Math.max(0, Math.min(1, share(value))) * inner,
    yOf: (value) => TOP + PLOT_HEIGHT - Math.max(0, y.shareOf(value)) * PLOT_HEIGHT,
  };
}

/** Logarithmic, from end to end and no further: the ticks are the points. */
function exactLog(from: number, to: number): (value: number) => number {
  if (!(to > from)) return () => 0.5;
  const { shareOf } = logScale([from, to]);
  const low = shareOf(from);
  const high = shareOf(to);
  return (value) => (shareOf(value) - low) / (high - low);
}

function axes(chart: LineChart, frame: Frame): Markup {
  const bottom = TOP + PLOT_HEIGHT;
  const rows = frame.y.ticks.map((tick) => {
    const y = frame.yOf(tick);
    return fragment(
      el('path', { class: 'grid', d: `M${LEFT} ${y.toFixed(1)}H${WIDTH - RIGHT}` }),
      el('text', { class: 'soft end', x: LEFT - 6, y: y + 4 }, formatValue(tick, chart.y.unit)),
    );
  });
  let free = -Infinity;
  const columns = xTicks(chart).map(({ at, text }) => {
    const x = frame.xOf(at);
    const half = (text.length * LABEL_WIDTH) / 2;
    if (x - half < free) return el('path', { class: 'grid', d: `M${x.toFixed(1)} ${bottom}v3` });
    free = x + half + 4;
    const place = Math.max(half, Math.min(WIDTH - half, x));
    return fragment(
      el('path', { class: 'grid', d: `M${x.toFixed(1)} ${bottom}v5` }),
      el('text', { class: 'soft middle', x: place, y: bottom + 18 }, text),
    );
  });
  return fragment(
    el('text', { class: 'soft', x: 4, y: 14 }, chart.y.label),
    rows,
    columns,
    el('text', { class: 'soft end', x: WIDTH - RIGHT, y: bottom + 36 }, chart.x.label),
  );
}

function xTicks(chart: LineChart): readonly { at: number; text: string }[] {
  if (chart.x.ticks !== undefined) return chart.x.ticks;
  const xs = chart.series.flatMap((one) => one.points.map((point) => point.x));
  const to = chart.x.to ?? xs.reduce((a, b) => Math.max(a, b), 0);
  return linearScale([chart.x.from ?? 0, to])
    .ticks.filter((tick) => tick <= to * 1.0001)
    .map((at) => ({ at, text: formatValue(at, chart.x.unit) }));
}

function lineOf(series: ChartSeries, index: number, chart: LineChart, frame: Frame): Markup {
  const points = series.points.map((point) => ({
    point,
    x: frame.xOf(point.x),
    y: frame.yOf(point.y),
  }));
  let path = '';
  points.forEach(({ point, x, y }, i) => {
    const broken = i === 0 || Number.isNaN(point.y) || Number.isNaN(points[i - 1].point.y);
    if (!Number.isNaN(point.y)) path += `${broken ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const shown: Child[] = [el('path', { class: 'line', d: path === '' ? 'M0 0' : path })];
  for (const { point, x, y } of points) {
    if (Number.isNaN(point.y)) continue;
    if (point.low !== undefined && point.high !== undefined && point.high > point.low) {
      const from = frame.yOf(point.low).toFixed(1);
      const to = frame.yOf(point.high).toFixed(1);
      const d = `M${(x - 3).toFixed(1)} ${from}h6m-3 0V${to}m-3 0h6`;
      shown.push(el('path', { class: 'whisker', fill: 'none', d }));
    }
    if (!chart.dense || points.length === 1) shown.push(marker(index, x, y));
  }
  return el('g', { class: `s${index % MARKS}` }, shown);
}

function limits(chart: LineChart, frame: Frame): Markup {
  const all = chart.limits ?? [];
  return fragment(
    all.map(({ y, fromX, toX, label }, i) => {
      const level = frame.yOf(y);
      const from = frame.xOf(fromX);
      const to = Math.max(frame.xOf(toX), from + 8);
      const first = all.findIndex((other) => other.label === label) === i;
      const d = `M${from.toFixed(1)} ${level.toFixed(1)}H${to.toFixed(1)}`;
      const place = { class: 'limit-text small', x: from + 3, y: level - 4 };
      return fragment(el('path', { class: 'limit', d }), first ? el('text', place, label) : null);
    }),
  );
}

function spans(chart: LineChart, frame: Frame): Markup {
  const bottom = TOP + PLOT_HEIGHT;
  let row = 0;
  let free = -Infinity;
  const faults = (chart.spans ?? []).map(({ label, from, to }) => {
    const x = frame.xOf(from);
    const width = frame.xOf(to) - x;
    row = x < free ? (row + 1) % 3 : 0;
    free = x + label.length * 6;
    const atEnd = x + label.length * 6.2 > WIDTH;
    const place = {
      class: `fault-text small${atEnd ? ' end' : ''}`,
      x: atEnd ? WIDTH - 4 : x + 3,
      y: TOP + 10 + row * 13,
    };
    return fragment(
      el('rect', { class: 'fault', x, y: TOP, width: Math.max(0, width), height: PLOT_HEIGHT }),
      el('path', { class: 'fault-line', d: `M${x.toFixed(1)} ${TOP}V${bottom}` }),
      el('text', place, label),
    );
  });
  const events = (chart.events ?? []).map(({ from, label }) =>
    el(
      'path',
      { class: 'event', d: `M${frame.xOf(from).toFixed(1)} ${TOP}V${bottom}` },
      el('title', {}, label),
    ),
  );
  return fragment(faults, events);
}

function describe(chart: LineChart): string {
  const scale = chart.y.kind === 'log' ? ', logarithmic' : '';
  const of = chart.series.map((one) => {
    const known = one.points.filter((point) => !Number.isNaN(point.y));
    if (known.length === 0) return `${one.name}: no values`;
    const low = known.reduce((a, b) => (b.y < a.y ? b : a));
    const high = known.reduce((a, b) => (b.y > a.y ? b : a));
    const text = (value: number): string => formatValue(value, chart.y.unit);
    return `${one.name}: ${text(low.y)} to ${text(high.y)}`;
  });
  const faults = (chart.spans ?? []).map((span) => span.label);
  const limit = (chart.limits ?? []).map((one) => one.label);
  return [
    `${chart.y.label}${scale}, over ${chart.x.label}. ${of.join('; ')}.`,
    ...(limit.length > 0 ? [`Limits: ${[...new Set(limit)].join('; ')}.`] : []),
    ...(faults.length > 0 ? [`Faults: ${[...new Set(faults)].join('; ')}.`] : []),
  ].join(' ');
}

/** A row for each place on the axis, a column for each line. */
function tableOf(chart: LineChart): Picture['table'] {
  const places = new Map<number, string[]>();
  const texts = new Map((chart.x.ticks ?? []).map(({ at, text }) => [at, text]));
  const xs = chart.series.flatMap((one) => one.points.map((point) => point.x));
  for (const x of [...new Set(xs)].sort((a, b) => a - b)) {
    places.set(x, [texts.get(x) ?? formatValue(x, chart.x.unit)]);
  }
  for (const { points } of chart.series) {
    const known = new Map(points.map((point) => [point.x, point.y]));
    for (const [x, row] of places) row.push(formatValue(known.get(x), chart.y.unit));
  }
  return {
    heads: [chart.x.label, ...chart.series.map((one) => one.name)],
    rows: [...places.values()],
  };
}

function terminalPlot(chart: LineChart): string[] {
  const format = (value: number): string => formatValue(value, chart.y.unit);
  return chart.series.flatMap(({ name, points }) => {
    const step = Math.max(1, Math.ceil(points.length / PLOT_COLUMNS));
    const chosen = points.filter((_, i) => i % step === 0);
    const texts = new Map((chart.x.ticks ?? []).map(({ at, text }) => [at, text]));
    const drawn = plot({
      title: `${chart.title}: ${name}`,
      labels: chosen.map(({ x }) => texts.get(x) ?? formatValue(x, chart.x.unit)),
      values: chosen.map(({ y }) => (Number.isNaN(y) ? null : y)),
      axis: chart.x.label,
      format,
    });
    return drawn.length === 0 ? [] : [...drawn, ''];
  });
}
