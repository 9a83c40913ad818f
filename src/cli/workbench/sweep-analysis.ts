/** From the points of a sweep to the sensitivity table. */
import {
  type Axes,
  figureValues,
  REQUEST_METRIC,
  type Sensitivity,
  sensitivities,
} from '../../analyze/index.ts';
import type { SensitivityRow } from '../../output/index.ts';
import type { RunResult } from '../../run/index.ts';
import { parseExpectation, parseUnitValue, type Scenario } from '../../scenario/index.ts';

/** A figure of a metric: `SELECTOR p99`. */
export interface Figure {
  readonly metric: string;
  readonly word: string;
}

/** What the thresholds look at; without any, the p99 of clients' requests. */
export function figuresOf(scenarios: readonly Scenario[]): Figure[] {
  const figures = new Map<string, Figure>();
  for (const { thresholds } of scenarios) {
    for (const { metric, expect } of thresholds) {
      const word = /^\s*([\w.]+)/.exec(expect)?.[1] ?? '';
      if ('value' in parseExpectation(expect)) figures.set(`${metric} ${word}`, { metric, word });
    }
  }
  if (figures.size === 0) return [{ metric: REQUEST_METRIC, word: 'p99' }];
  return [...figures.values()];
}

/** Mean over the runs of a point, or of their samples together; null where neither is known. */
export function meanFigure({ metric, word }: Figure, runs: readonly RunResult[]): number | null {
  let sum = 0;
  let n = 0;
  const { values, pooled } = figureValues(metric, word, runs);
  for (const value of values) {
    if (value === null) continue;
    sum += value;
    n++;
  }
  return n === 0 ? pooled : sum / n;
}

/** Labels of an axis as numbers: their values where all of them have one, else their place. */
export function axisNumbers(labels: readonly (string | number)[]): number[] {
  const numbers = parseUnitValue(labels.map(String));
  if (numbers !== null) return numbers;
  const distinct = [...new Set(labels)];
  return labels.map((label) => distinct.indexOf(label));
}

export interface PointFigures {
  readonly axes: Axes;
  /** In the order of the figures. */
  readonly values: readonly (number | null)[];
}

/** Rows of sensitivity.csv, by figure, then by axis. */
export function sensitivityRows(
  axes: readonly string[],
  figures: readonly Figure[],
  points: readonly PointFigures[],
): SensitivityRow[] {
  const columns = axes.map((axis) => axisNumbers(points.map((point) => point.axes[axis] ?? '')));
  return figures.flatMap(({ metric, word }, f) => {
    const known = points.map((_, i) => i).filter((i) => points[i].values[f] !== null);
    const rows: Sensitivity[] = sensitivities({
      names: axes,
      x: known.map((i) => columns.map((column) => column[i])),
      y: known.map((i) => points[i].values[f] ?? 0),
    });
    return rows.map((row) => ({ ...row, metric, figure: word }));
  });
}
