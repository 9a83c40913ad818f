/** runs.csv: one wide row a run: key columns, then axes and metrics sorted by name. */
import {
  compareText,
  type FigureName,
  type MetricKind,
  metricRows,
  metricText,
  selectSegments,
} from '../../analyze/index.ts';
import type { RunResult } from '../../run/index.ts';
import { type Cell, type Column, column, csvChunks, seconds, type Table } from '../csv.ts';
import { figureName } from './estimates.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly run: RunResult;
  readonly values: ReadonlyMap<string, Cell>;
}

const FIGURES: Readonly<Record<MetricKind, readonly FigureName[]>> = {
  counter: ['count'],
  level: ['max', 'mean'],
  tally: ['count', 'max', 'mean', 'p50', 'p90', 'p99', 'p999'],
};
/** They have a file of their own, resources.csv. */
const LEFT_OUT = 'wavetank_resource_';

export const runsKeyColumns: readonly Column<Row>[] = [
  ...runColumns<Row>(),
  column('seed', '', 'Seed of the replication: hash(seed of the scenario, replication).', (r) => {
    return r.run.seed;
  }),
  column('key', '', 'Hash of version, scenario and seed: equal keys have equal numbers.', (r) => {
    return r.run.key;
  }),
  column('digest', '', 'Digest of all events that were handled.', (r) => r.run.digest),
  column('events', '', 'Events that were handled.', (r) => r.run.eventCount),
  column('simulated_s', 's', 'Simulated time.', (r) => seconds(r.run.simulatedNs)),
  column('interrupted', '', '`true` where it ended before its horizon.', (r) => r.run.interrupted),
];

/** For the reference; the table of given results has the axes and metrics on top. */
export const runsTable: Table<Row> = {
  file: 'runs.csv',
  description:
    'One wide row a run, for plotting: the key columns below, one column for each axis, then one for each figure of each metric, `metric{labels}:figure`, over the whole measured time, all sorted by name. Units as in metrics.csv. Metrics of single resources are in resources.csv.',
  order: 'point, replication',
  columns: runsKeyColumns,
};

/** The table with the union of all axes and metrics as columns. */
export function runsTableOf(input: OutputInput): { table: Table<Row>; rows: Row[] } {
  const rows = input.results.map(rowOf);
  const names = new Set<string>();
  for (const { values } of rows) for (const name of values.keys()) names.add(name);
  return { table: runsTableWith(names, input), rows };
}

function rowOf(run: RunResult): Row {
  const { point, replication } = run;
  return { point, replication, run, values: valuesOf(run) };
}

/**
 * The same table of runs that are read one after the other, twice: once for the columns, once for
 * the rows. For sweeps that do not fit into memory.
 */
export function* streamedRuns(
  input: Omit<OutputInput, 'results'>,
  runs: () => Iterable<RunResult>,
): Generator<string> {
  const names = new Set<string>();
  for (const run of runs()) for (const name of valuesOf(run).keys()) names.add(name);
  yield* csvChunks(runsTableWith(names, input), rowsOf(runs()));
}

function* rowsOf(runs: Iterable<RunResult>): Generator<Row> {
  for (const run of runs) yield rowOf(run);
}

function runsTableWith(
  names: ReadonlySet<string>,
  input: Omit<OutputInput, 'results'>,
): Table<Row> {
  const axes = [...input.summary.axes].sort(compareText);
  const columns = [
    ...runsKeyColumns,
    ...axes.map((axis) =>
      column<Row>(axis, '', '', (r) => input.points[r.point].axes?.[axis] ?? null),
    ),
    ...[...names]
      .sort(compareText)
      .map((name) => column<Row>(name, '', '', (r) => r.values.get(name) ?? null)),
  ];
  return { ...runsTable, columns };
}

function valuesOf(run: RunResult): Map<string, Cell> {
  const values = new Map<string, Cell>();
  for (const row of metricRows(run.metrics, selectSegments(run.metrics.segments))) {
    if (row.name.startsWith(LEFT_OUT)) continue;
    for (const figure of FIGURES[row.kind]) {
      values.set(`${metricText(row.name, row.labels)}:${figureName(figure)}`, row[figure]);
    }
  }
  return values;
}
