/** What all tables are made of. */
import type { Axes, ScenarioPoint, Summary } from '../../analyze/index.ts';
import { logfmt } from '../../analyze/index.ts';
import type { RunResult } from '../../run/index.ts';
import { type Column, column } from '../csv.ts';

export interface OutputInput {
  readonly summary: Summary;
  /** Sorted by point and replication (`sortRuns`). */
  readonly results: readonly RunResult[];
  readonly points: readonly ScenarioPoint[];
}

export interface OfRun {
  readonly point: number;
  readonly replication: number;
}

export interface OfPoint {
  readonly point: number;
  readonly axes: string;
}

/** Key columns of every table with a row or more a run. */
export function runColumns<Row extends OfRun>(): Column<Row>[] {
  return [
    column(
      'point',
      '',
      'Index of the point in the sweep; 0 for a single scenario.',
      (r) => r.point,
    ),
    column(
      'replication',
      '',
      'Index of the replication; its seed is in runs.csv.',
      (r) => r.replication,
    ),
  ];
}

/** Key columns of every table about a point, over its replications. */
export function pointColumns<Row extends OfPoint>(): Column<Row>[] {
  return [
    column(
      'point',
      '',
      'Index of the point in the sweep; 0 for a single scenario.',
      (r) => r.point,
    ),
    column(
      'axes',
      '',
      'Axes of the point, `name=value` separated by spaces, sorted by name; empty for a single scenario.',
      (r) => r.axes,
    ),
  ];
}

export function axesText(axes: Axes): string {
  return logfmt(axes);
}
