/** events.csv: what happened, one row an event: elections, faults, crashes, alarms. */
import { compareText } from '../../analyze/index.ts';
import type { EventRow } from '../../metrics/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly event: EventRow;
}

export const eventsTable: Table<Row> = {
  file: 'events.csv',
  description: 'What happened in each run: faults, elections, crashes, restarts, alarms.',
  order: 'point, replication, time, kind, subject',
  columns: [
    ...runColumns<Row>(),
    column('time_s', 's', 'Simulated time from the start of the run.', (r) =>
      seconds(r.event.timeNs),
    ),
    column('kind', '', 'Kind of event.', (r) => r.event.kind),
    column('subject', '', 'What it happened to, e.g. `etcd/1`.', (r) => r.event.subject),
    column('detail', '', 'More about it, in words.', (r) => r.event.detail),
  ],
};

export function* eventsRows(input: OutputInput): Generator<Row> {
  for (const { point, replication, metrics } of input.results) {
    const events = [...metrics.events].sort(
      (a, b) =>
        a.timeNs - b.timeNs || compareText(a.kind, b.kind) || compareText(a.subject, b.subject),
    );
    for (const event of events) yield { point, replication, event };
  }
}
