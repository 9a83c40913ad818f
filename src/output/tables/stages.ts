/** stages.csv: where the time of requests went, replications of a point together. */
import type { StageRow } from '../../analyze/index.ts';
import { column, type Table } from '../csv.ts';
import { axesText, type OfPoint, type OutputInput, pointColumns } from './shared.ts';

interface Row extends OfPoint {
  readonly stage: StageRow;
}

export const stagesTable: Table<Row> = {
  file: 'stages.csv',
  description:
    'Where the time of requests went, and what makes slow ones slow; replications of a point together. Means add up to the mean latency, percentiles do not.',
  order: 'point, op, descending share',
  columns: [
    ...pointColumns<Row>(),
    column('op', '', 'Kind of request.', (r) => r.stage.op),
    column('stage', '', 'Stage, in the words of the model.', (r) => r.stage.stage),
    column('count', '', 'Requests that went through the stage.', (r) => r.stage.count),
    column('mean_s', 's', 'Mean time in the stage.', (r) => r.stage.mean),
    column('p50_s', 's', 'Median of it; empty where samples are too few.', (r) => r.stage.p50),
    column('p99_s', 's', '99th percentile of it; empty as above.', (r) => r.stage.p99),
    column('max_s', 's', 'Longest time in the stage.', (r) => r.stage.max),
    column('share', 'ratio', 'Share of all time of these requests.', (r) => r.stage.share),
    column('slow_count', '', 'Slow requests (about the slowest hundredth).', (r) => {
      return r.stage.slowCount;
    }),
    column('slow_mean_s', 's', 'Mean time of slow requests in the stage.', (r) => {
      return r.stage.slowMean;
    }),
    column('slow_share', 'ratio', 'Share of all time of slow requests.', (r) => r.stage.slowShare),
    column(
      'excess_share',
      'ratio',
      'Share of this stage in what slow requests take longer than the mean request: why p99 is what it is.',
      (r) => r.stage.excessShare,
    ),
  ],
};

export function* stagesRows(input: OutputInput): Generator<Row> {
  for (const { point, axes, stages } of input.summary.points) {
    for (const operation of stages) {
      for (const stage of operation.rows) yield { point, axes: axesText(axes), stage };
    }
  }
}
