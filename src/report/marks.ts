/** Marks of series: a shape with every colour, so that colour never tells alone; the legend. */
import { type Child, el, fragment, type Markup } from './markup.ts';
import { SERIES_COLORS } from './style.ts';

export const MARKS = SERIES_COLORS;

const SIZE = 3.6;
const ROW_HEIGHT = 18;
const CHARACTER_WIDTH = 7.6;
const NAME_MAX = 60;

/** Circle, square, triangle, diamond, and the same hollow. */
export function marker(index: number, x: number, y: number): Markup {
  const hollow = index % MARKS >= 4;
  const style = hollow ? { fill: 'none', stroke: 'var(--c)', 'stroke-width': 1.6 } : {};
  const shape = { class: hollow ? undefined : 'dot', ...style };
  switch (index % 4) {
    case 0:
      return el('circle', { ...shape, cx: x, cy: y, r: SIZE });
    case 1:
      return el('rect', { ...shape, x: x - SIZE, y: y - SIZE, width: SIZE * 2, height: SIZE * 2 });
    case 2:
      return el('path', { ...shape, d: path(x, y, [0, -1.3], [1.2, 0.9], [-1.2, 0.9]) });
    default:
      return el('path', { ...shape, d: path(x, y, [0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]) });
  }
}

function path(x: number, y: number, ...corners: readonly (readonly [number, number])[]): string {
  const points = corners.map(
    ([dx, dy]) => `${(x + dx * SIZE).toFixed(1)} ${(y + dy * SIZE).toFixed(1)}`,
  );
  return `M${points.join('L')}Z`;
}

export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, Math.max(1, max - 1))}…`;
}

/** Names in rows, each behind its mark. `bars`: squares of one shape, as bars have no marks. */
export function legend(
  names: readonly string[],
  left: number,
  top: number,
  width: number,
  bars = false,
): { readonly markup: Markup; readonly height: number } {
  const shown: Child[] = [];
  let x = left;
  let y = top + 10;
  names.forEach((name, i) => {
    const text = shorten(name, Math.min(NAME_MAX, Math.floor((width - 20) / CHARACTER_WIDTH)));
    const needed = 16 + text.length * CHARACTER_WIDTH + 12;
    if (x > left && x + needed > left + width + 12) {
      x = left;
      y += ROW_HEIGHT;
    }
    const mark = bars
      ? el('rect', { class: 'bar', x: x, y: y - 9, width: 10, height: 10 })
      : marker(i, x + 5, y - 4);
    const label = el('text', { x: x + 15, y }, text, text === name ? null : el('title', {}, name));
    shown.push(el('g', { class: `s${i % MARKS}` }, mark, label));
    x += needed;
  });
  return { markup: fragment(shown), height: names.length === 0 ? 0 : y - top + 8 };
}
