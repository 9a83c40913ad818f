/** metrics.csv: every metric of every run in every window. */
import {
  type FigureName,
  type MetricRow,
  metricRows,
  selectSegments,
  WHOLE_RUN,
  type WindowSelection,
} from '../../analyze/index.ts';
import type { RunResult } from '../../run/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import { type Column, column, seconds, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly metric: MetricRow;
  readonly window: string;
  readonly selection: WindowSelection;
}

function figure(name: FigureName, header: string, unit: string, text: string): Column<Row> {
  return column(header, unit, text, (r) => r.metric[name]);
}

export const metricsTable: Table<Row> = {
  file: 'metrics.csv',
  description:
    'Every metric of every run: in the whole measured time (`all`) and in each window that a threshold names. Metrics of real components carry their real names.',
  order: 'point, replication, metric, labels, then `all` and windows as in the scenario',
  columns: [
    ...runColumns<Row>(),
    column('metric', '', 'Name of the metric.', (r) => r.metric.name),
    column('labels', '', 'Labels, `name=value` separated by spaces.', (r) => r.metric.labelText),
    column(
      'kind',
      '',
      '`counter` (grows), `level` (holds a value over time), `tally` (one value per observation).',
      (r) => r.metric.kind,
    ),
    column('unit', '', 'Unit of the figures: `s`, `bytes` or `1`.', (r) => r.metric.unit),
    column('window', '', '`all`, or the window as the threshold has it.', (r) => r.window),
    column('from_s', 's', 'Start of the measured part of the window.', (r) =>
      seconds(r.selection.fromNs),
    ),
    column('to_s', 's', 'End of the measured part of the window.', (r) =>
      seconds(r.selection.toNs),
    ),
    figure('count', 'count', '', 'Increments of a counter, observations of a tally.'),
    figure('rate', 'rate', '1/s', '`count` per second of simulated time.'),
    figure('sum', 'sum', 'unit', 'Exact sum of the observations.'),
    figure('mean', 'mean', 'unit', 'Mean of the observations; of a level: weighted by time.'),
    figure('min', 'min', 'unit', 'Exact minimum.'),
    figure('p50', 'p50', 'unit', 'Median; empty where fewer than 30 samples lie beyond it.'),
    figure('p90', 'p90', 'unit', '90th percentile; empty as above.'),
    figure('p99', 'p99', 'unit', '99th percentile; empty as above.'),
    figure('p999', 'p99.9', 'unit', '99.9th percentile; empty as above.'),
    figure('max', 'max', 'unit', 'Exact maximum.'),
    figure('last', 'last', 'unit', 'Value of a level at the end of the window.'),
  ],
};

export function* metricsRows(input: OutputInput): Generator<Row> {
  for (const run of input.results) {
    yield* rowsOfRun(run, input.points[run.point].scenario);
  }
}

function rowsOfRun(run: RunResult, scenario: Scenario): Row[] {
  const { segments } = run.metrics;
  const windows = new Map([[WHOLE_RUN, selectSegments(segments)]]);
  for (const { window } of scenario.thresholds) {
    if (windows.has(window.text) || window.text === '') continue;
    windows.set(window.text, selectSegments(segments, window.fromNs, window.toNs));
  }
  const columns = [...windows].map(([text, selection]) => ({
    text,
    selection,
    rows: metricRows(run.metrics, selection),
  }));
  const rows: Row[] = [];
  // Every window has the same metrics in the same order.
  columns[0].rows.forEach((_, i) => {
    for (const { text, selection, rows: metrics } of columns) {
      const { point, replication } = run;
      rows.push({ point, replication, metric: metrics[i], window: text, selection });
    }
  });
  return rows;
}
