/** Horizontal bars, stacked: one for each thing, a colour for each part. */
import { type FormatUnit, formatValue } from '../output/index.ts';
import { legend, MARKS, shorten } from './marks.ts';
import { el, fragment, type Markup } from './markup.ts';
import type { Picture } from './picture.ts';
import { linearScale, type Scale } from './scale.ts';

export interface Bar {
  readonly name: string;
  /** By part, in the order of `parts`. */
  readonly values: readonly number[];
}

export interface BarChart {
  readonly id: string;
  readonly title: string;
  readonly label: string;
  readonly unit: FormatUnit;
  readonly parts: readonly string[];
  readonly bars: readonly Bar[];
  /** Ends of the scale beside the data: 1 for shares. */
  readonly to?: number;
}

const WIDTH = 480;
const NAME_MAX = 26;
const CHARACTER_WIDTH = 7.4;
const BAR_HEIGHT = 18;
const STEP = 26;
const TOP = 12;
const VALUE_WIDTH = 58;

export function barChart(chart: BarChart): Picture {
  const longest = chart.bars.reduce((a, b) => Math.max(a, b.name.length), 4);
  const left = Math.min(NAME_MAX, longest) * CHARACTER_WIDTH + 12;
  const right = WIDTH - VALUE_WIDTH;
  const totals = chart.bars.map((bar) => sum(bar.values));
  const scale = linearScale([...totals, chart.to ?? 0]);
  const xOf = (value: number): number => left + scale.shareOf(value) * (right - left);
  const bottom = TOP + chart.bars.length * STEP;
  const many = chart.parts.length > 1;
  const key = many
    ? legend(chart.parts, 8, bottom + 40, WIDTH - 16, true)
    : { markup: null, height: 0 };
  const rows = chart.bars.map((bar, i) => rowOf(chart, bar, TOP + i * STEP, left, xOf));
  const drawing = fragment(
    axis(chart, scale, xOf, bottom),
    rows,
    el('text', { class: 'soft end', x: right, y: bottom + 34 }, chart.label),
    key.markup,
  );
  return {
    id: chart.id,
    title: chart.title,
    description: describe(chart, totals),
    width: WIDTH,
    height: bottom + 42 + key.height,
    drawing,
    table: {
      heads: ['', ...chart.parts, ...(many ? ['together'] : [])],
      rows: chart.bars.map((bar, i) => [
        bar.name,
        ...chart.parts.map((_, p) => formatValue(bar.values[p] ?? 0, chart.unit)),
        ...(many ? [formatValue(totals[i], chart.unit)] : []),
      ]),
    },
    plot: [],
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function axis(
  chart: BarChart,
  scale: Scale,
  xOf: (value: number) => number,
  bottom: number,
): Markup {
  const ticks = scale.ticks.filter((_, i) => scale.ticks.length <= 4 || i % 2 === 0);
  return fragment(
    ticks.map((tick) => {
      const x = xOf(tick);
      return fragment(
        el('path', { class: 'grid', d: `M${x.toFixed(1)} ${TOP - 4}V${bottom}` }),
        el(
          'text',
          { class: 'soft middle small', x, y: bottom + 15 },
          formatValue(tick, chart.unit),
        ),
      );
    }),
  );
}

function rowOf(
  chart: BarChart,
  bar: Bar,
  y: number,
  left: number,
  xOf: (value: number) => number,
): Markup {
  let done = 0;
  const parts = bar.values.map((value, i) => {
    const x = xOf(done);
    done += value;
    const width = xOf(done) - x;
    if (width < 0.05) return null;
    const text = `${chart.parts[i]}: ${formatValue(value, chart.unit)}`;
    const place = { class: 'bar', x, y, width, height: BAR_HEIGHT };
    return el('g', { class: `s${i % MARKS}` }, el('rect', place, el('title', {}, text)));
  });
  const middle = y + BAR_HEIGHT - 5;
  return fragment(
    el('text', { class: 'end', x: left - 6, y: middle }, shorten(bar.name, NAME_MAX)),
    parts,
    el('text', { class: 'soft', x: xOf(done) + 5, y: middle }, formatValue(done, chart.unit)),
  );
}

function describe(chart: BarChart, totals: readonly number[]): string {
  const bars = chart.bars.slice(0, 6).map((bar, i) => {
    let largest = 0;
    for (let p = 1; p < bar.values.length; p++) {
      if (bar.values[p] > bar.values[largest]) largest = p;
    }
    const most =
      chart.parts.length > 1 && totals[i] > 0 ? `, most of it ${chart.parts[largest]}` : '';
    return `${bar.name}: ${formatValue(totals[i], chart.unit)}${most}`;
  });
  const more = chart.bars.length > 6 ? `; and ${chart.bars.length - 6} more` : '';
  return `${chart.label}. ${bars.join('; ')}${more}.`;
}
