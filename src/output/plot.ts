/** A curve in characters: for the main figure of an experiment over its axis. */

export interface PlotOptions {
  readonly title: string;
  /** Labels of the points, evenly spaced in their order. */
  readonly labels: readonly string[];
  /** null = no value there. */
  readonly values: readonly (number | null)[];
  readonly axis: string;
  readonly format: (value: number) => string;
  /** Rows of the curve. */
  readonly height?: number;
  /** Columns of the curve. */
  readonly width?: number;
}

const HEIGHT = 8;
const WIDTH = 60;

/**
 * From zero to the largest value, linear, points joined by straight lines. Nothing below two
 * values.
 */
export function plot(options: PlotOptions): string[] {
  const { values, height = HEIGHT, width = WIDTH } = options;
  const known = values.filter((value) => value !== null);
  const largest = known.reduce((a, b) => Math.max(a, b), 0);
  if (known.length < 2 || !(largest > 0)) return [];
  const rows = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  const columnOf = (i: number): number => Math.round((i * (width - 1)) / (values.length - 1));
  const rowOf = (value: number): number =>
    height - 1 - Math.round((Math.max(0, value) / largest) * (height - 1));
  for (let i = 1; i < values.length; i++) {
    const from = values[i - 1];
    const to = values[i];
    if (from === null || to === null) continue;
    const start = columnOf(i - 1);
    const end = columnOf(i);
    let last = rowOf(from);
    for (let x = start; x <= end; x++) {
      const row = rowOf(from + ((to - from) * (x - start)) / Math.max(1, end - start));
      rows[row][x] = '·';
      // A steep stretch is filled between the two, so that the line has no holes.
      for (let y = Math.min(row, last) + 1; y < Math.max(row, last); y++) rows[y][x] = ':';
      last = row;
    }
  }
  values.forEach((value, i) => {
    if (value !== null) rows[rowOf(value)][columnOf(i)] = '●';
  });
  return [options.title, ...withScale(rows, largest, options), ...withLabels(options, width)];
}

const SCALE_WIDTH = 10;

function withScale(rows: readonly string[][], largest: number, options: PlotOptions): string[] {
  const last = rows.length - 1;
  return rows.map((cells, y) => {
    const share = (last - y) / last;
    const labelled =
      y === 0 || y === last || y * 2 === last || (last % 2 === 1 && y * 2 === last - 1);
    const text = labelled ? options.format(largest * share) : '';
    return `${text.padStart(SCALE_WIDTH)} ┤${cells.join('').trimEnd()}`.trimEnd();
  });
}

function withLabels(options: PlotOptions, width: number): string[] {
  const { labels, axis } = options;
  const cells = new Array<string>(width + 12).fill(' ');
  let free = 0;
  labels.forEach((label, i) => {
    const centre = Math.round((i * (width - 1)) / Math.max(1, labels.length - 1));
    const start = Math.max(0, Math.min(width + 12 - label.length, centre - (label.length >> 1)));
    if (start < free) return;
    for (let k = 0; k < label.length; k++) cells[start + k] = label[k];
    free = start + label.length + 1;
  });
  const indent = ' '.repeat(SCALE_WIDTH + 1);
  return [
    `${indent}└${'─'.repeat(width)}`,
    `${indent} ${cells.join('').trimEnd()}`,
    `${indent} ${axis}`,
  ];
}
