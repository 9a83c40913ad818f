/** timeseries.csv: how metrics moved over simulated time, warm-up included. */
import {
  compareText,
  type ExportedUnit,
  labelText,
  scaleOf,
  unitOfName,
} from '../../analyze/index.ts';
import type { SeriesResult } from '../../metrics/index.ts';
import type { RunResult } from '../../run/index.ts';
import { column, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly metric: string;
  readonly labels: string;
  readonly field: SeriesResult['field'];
  readonly unit: ExportedUnit | '1/s';
  readonly timeSeconds: number;
  readonly value: number;
}

/** resources.csv and stages.csv have what matters of them. */
const LEFT_OUT = ['wavetank_resource_', 'wavetank_request_slow_stage_'];

export const timeseriesTable: Table<Row> = {
  file: 'timeseries.csv',
  description:
    'How each metric moved over simulated time, warm-up included, in steps of `seriesInterval`. Intervals without data have no row, and neither has a field of a metric that is zero in all of them. Metrics of single resources (`wavetank_resource_*`) and of the stages of slow requests are left out.',
  order: 'point, replication, metric, labels, field, time',
  columns: [
    ...runColumns<Row>(),
    column('metric', '', 'Name of the metric.', (r) => r.metric),
    column('labels', '', 'Labels, `name=value` separated by spaces.', (r) => r.labels),
    column(
      'field',
      '',
      '`value` (level at the end of the interval), `rate` (of a counter, per second), `count`, `mean`, `p50`, `p99`, `max` of the interval.',
      (r) => r.field,
    ),
    column('unit', '', 'Unit of the value: `s`, `bytes`, `1` or `1/s`.', (r) => r.unit),
    column('time_s', 's', 'End of the interval, from the start of the run.', (r) => r.timeSeconds),
    column('value', 'unit', 'The value.', (r) => r.value),
  ],
};

export function* timeseriesRows(input: OutputInput): Generator<Row> {
  for (const run of input.results) yield* rowsOfRun(run);
}

function* rowsOfRun(run: RunResult): Generator<Row> {
  const { series, tallies, seriesIntervalNs } = run.metrics;
  const unitOfTally = new Map(
    tallies.map((tally) => [`${tally.name} ${labelText(tally.labels)}`, tally.unit]),
  );
  const counters = new Set(counterTexts(run));
  const columns = series
    .filter(
      (one) =>
        !LEFT_OUT.some((prefix) => one.name.startsWith(prefix)) && one.values.some(isSomething),
    )
    .map((one) => ({ one, labels: labelText(one.labels) }))
    // What a counter has reached is the sum of its rates.
    .filter(({ one, labels }) => one.field !== 'value' || !counters.has(`${one.name} ${labels}`))
    .sort(
      (a, b) =>
        compareText(a.one.name, b.one.name) ||
        compareText(a.labels, b.labels) ||
        compareText(a.one.field, b.one.field),
    );
  for (const { one, labels } of columns) {
    const tallyUnit = unitOfTally.get(`${one.name} ${labels}`);
    const plain = one.field === 'count' || one.field === 'rate';
    const scale = plain || tallyUnit === undefined ? 1 : scaleOf(tallyUnit);
    const unit = unitOf(one, tallyUnit);
    for (let i = 0; i < one.values.length; i++) {
      if (Number.isNaN(one.values[i])) continue;
      yield {
        point: run.point,
        replication: run.replication,
        metric: one.name,
        labels,
        field: one.field,
        unit,
        timeSeconds: ((i + 1) * seriesIntervalNs) / 1e9,
        value: one.values[i] / scale,
      };
    }
  }
}

function counterTexts(run: RunResult): string[] {
  return run.metrics.counters.map((counter) => `${counter.name} ${labelText(counter.labels)}`);
}

function isSomething(value: number): boolean {
  return value !== 0 && !Number.isNaN(value);
}

function unitOf(
  series: SeriesResult,
  tallyUnit: 'ns' | 'bytes' | '1' | undefined,
): ExportedUnit | '1/s' {
  if (series.field === 'rate') return '1/s';
  if (series.field === 'count') return '1';
  if (tallyUnit === undefined) return unitOfName(series.name);
  return tallyUnit === 'ns' ? 's' : tallyUnit;
}
