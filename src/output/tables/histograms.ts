/** histograms.csv: the distributions behind the percentiles. */
import { compareText, labelText, scaleOf, selectSegments } from '../../analyze/index.ts';
import { binEdges, mergeHistograms, type TallyResult } from '../../metrics/index.ts';
import type { RunResult } from '../../run/index.ts';
import { column, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

/** What the rows of one metric of one run share: there are hundreds of thousands of rows. */
interface Identity extends OfRun {
  readonly metric: string;
  readonly labels: string;
  readonly unit: string;
}

interface Row extends OfRun {
  readonly of: Identity;
  readonly kind: 'fine' | 'prometheus';
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/** Their percentiles are in metrics.csv; their bins would be most of this file. */
const LEFT_OUT = ['wavetank_resource_', 'wavetank_request_slow_stage_'];

export const histogramsTable: Table<Row> = {
  file: 'histograms.csv',
  description:
    'Distributions over the whole measured time. `fine`: bins of 0.8 %, lower <= value < upper, those that are not empty. `prometheus`: the buckets of the real component, lower < value <= upper, counted as the component counts them, not cumulative. Metrics of single resources (`wavetank_resource_*`) and of the stages of slow requests are left out.',
  order: 'point, replication, metric, labels, kind, lower',
  columns: [
    ...runColumns<Row>(),
    column('metric', '', 'Name of the metric.', (r) => r.of.metric),
    column('labels', '', 'Labels, `name=value` separated by spaces.', (r) => r.of.labels),
    column('kind', '', '`fine` or `prometheus`.', (r) => r.kind),
    column('unit', '', 'Unit of the edges: `s`, `bytes` or `1`.', (r) => r.of.unit),
    column('lower', 'unit', 'Lower edge.', (r) => r.lower),
    column('upper', 'unit', 'Upper edge; `+Inf` for the last bucket.', (r) => r.upper),
    column('count', '', 'Observations in the bin.', (r) => r.count),
  ],
};

export function* histogramsRows(input: OutputInput): Generator<Row> {
  for (const run of input.results) {
    const tallies = run.metrics.tallies
      .filter((tally) => !LEFT_OUT.some((prefix) => tally.name.startsWith(prefix)))
      .map((tally) => ({ tally, labels: labelText(tally.labels) }))
      .sort((a, b) => compareText(a.tally.name, b.tally.name) || compareText(a.labels, b.labels));
    for (const { tally, labels } of tallies) {
      const unit = tally.unit === 'ns' ? 's' : tally.unit;
      const { point, replication } = run;
      const of = { point, replication, metric: tally.name, labels, unit };
      yield* fineRows(of, tally, run);
      yield* prometheusRows(of, tally);
    }
  }
}

function* fineRows(of: Identity, tally: TallyResult, run: RunResult): Generator<Row> {
  const whole = selectSegments(run.metrics.segments);
  const data = mergeHistograms(whole.segments.map((index) => tally.perSegment[index]));
  const scale = scaleOf(tally.unit);
  for (let i = 0; i < data.index.length; i++) {
    const { lower, upper } = binEdges(data.index[i]);
    yield row(of, 'fine', lower / scale, upper / scale, data.count[i]);
  }
}

function* prometheusRows(of: Identity, tally: TallyResult): Generator<Row> {
  if (tally.prometheus === null) return;
  const { bounds, perSegment } = tally.prometheus;
  for (let i = 0; i <= bounds.length; i++) {
    let count = 0;
    for (const counts of perSegment) count += counts[i];
    const lower = i === 0 ? 0 : bounds[i - 1];
    const upper = i === bounds.length ? Infinity : bounds[i];
    yield row(of, 'prometheus', lower, upper, count);
  }
}

function row(of: Identity, kind: Row['kind'], lower: number, upper: number, count: number): Row {
  const { point, replication } = of;
  return { point, replication, of, kind, lower, upper, count };
}
