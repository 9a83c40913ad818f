/** Where the time goes: stages of the mean request and of slow ones, one bar a point. */
import type { OperationStages, StageRow } from '../analyze/index.ts';
import { type Bar, barChart } from './bar-chart.ts';
import type { ReportPoint } from './inputs.ts';
import { type Picture, slug } from './picture.ts';
import { spreadOut } from './spectra.ts';
import { SERIES_COLORS } from './style.ts';

const OTHER = 'other stages';
const BARS_MAX = 16;

export function stageBars(points: readonly ReportPoint[]): Picture[] {
  const ops = new Set(points.flatMap(({ summary }) => summary.stages.map(({ op }) => op)));
  return [...ops].flatMap((op) => {
    const drawn = pictureOf(op, points);
    return drawn === null ? [] : [drawn];
  });
}

function pictureOf(op: string, points: readonly ReportPoint[]): Picture | null {
  const found = spreadOut(points, BARS_MAX).flatMap((point) => {
    const stages = point.summary.stages.find((one) => one.op === op);
    return stages === undefined || stages.rows.length === 0 ? [] : [{ point, stages }];
  });
  if (found.length === 0) return null;
  const parts = largestStages(found.map(({ stages }) => stages));
  const bars = found.flatMap(({ point, stages }) => barsOf(point, stages, parts, points.length));

  return barChart({
    id: slug(`stages ${op}`),
    title: `Where the time goes: ${op}`,
    label: 'mean time in each stage',
    unit: 's',
    parts,
    bars,
  });
}

function barsOf(
  point: ReportPoint,
  { rows }: OperationStages,
  parts: readonly string[],
  points: number,
): Bar[] {
  const name = (kind: string): string => (points === 1 ? kind : `${point.name}`);
  const usual = valuesOf(rows, parts, meanOf(rows));
  const bars = [{ name: name('all'), values: usual }];
  const slow = slowOf(rows);
  if (slow === null || points > BARS_MAX / 2) return bars;
  return [
    ...bars,
    { name: points === 1 ? 'slow ones' : '  slow ones', values: valuesOf(rows, parts, slow) },
  ];
}

type TimeOf = (row: StageRow) => number;

/** Of all requests, those that skipped the stage as well: means add up. */
function meanOf(rows: readonly StageRow[]): TimeOf {
  const requests = Math.max(...rows.map((row) => row.count));
  return (row) => (row.mean * row.count) / requests;
}

function slowOf(rows: readonly StageRow[]): TimeOf | null {
  const requests = Math.max(...rows.map((row) => row.slowCount ?? 0));
  if (!(requests > 0)) return null;
  return (row) => ((row.slowMean ?? 0) * (row.slowCount ?? 0)) / requests;
}

function valuesOf(rows: readonly StageRow[], parts: readonly string[], time: TimeOf): number[] {
  const values = parts.map(() => 0);
  for (const row of rows) {
    const at = parts.indexOf(row.stage);
    values[at >= 0 ? at : parts.length - 1] += time(row);
  }
  return values;
}

/** As many as there are colours, in the order of their time; the last is all others. */
function largestStages(all: readonly OperationStages[]): string[] {
  const totals = new Map<string, number>();
  for (const { rows } of all) {
    for (const row of rows) {
      const time = Math.max(meanOf(rows)(row), slowOf(rows)?.(row) ?? 0);
      totals.set(row.stage, (totals.get(row.stage) ?? 0) + time);
    }
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  if (names.length <= SERIES_COLORS) return names;
  return [...names.slice(0, SERIES_COLORS - 1), OTHER];
}
