/** outages.csv: each fault as the clients saw it. */
import { logfmt, type PointOutage } from '../../analyze/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly outage: PointOutage;
}

export const outagesTable: Table<Row> = {
  file: 'outages.csv',
  description: 'Each fault as the clients saw it: when it was noticed, and what it cost.',
  order: 'point, replication, time, fault',
  columns: [
    ...runColumns<Row>(),
    column('fault', '', 'Name of the fault.', (r) => r.outage.fault),
    column('at_s', 's', 'Simulated time at which it began.', (r) => seconds(r.outage.atNs)),
    column('detected_s', 's', 'When the cluster noticed; empty where it did not.', (r) =>
      seconds(r.outage.detectedNs),
    ),
    column('first_error_s', 's', 'First failed request; empty where there was none.', (r) =>
      seconds(r.outage.firstErrorNs),
    ),
    column(
      'first_success_s',
      's',
      'First success of a request that was sent after it began; empty where there was none.',
      (r) => seconds(r.outage.firstSuccessNs),
    ),
    column(
      'back_within_slo_s',
      's',
      'When every threshold on request latency held again in a row of the time series; empty where that did not happen or none is given.',
      (r) => (r.outage.backWithinNs === null ? null : seconds(r.outage.backWithinNs)),
    ),
    column('longest_gap_s', 's', 'Longest time between two successes.', (r) =>
      seconds(r.outage.longestGapNs),
    ),
    column('elections', '', 'Elections that began.', (r) => r.outage.elections),
    column('restarts', '', 'Processes that restarted.', (r) => r.outage.restarts),
    column(
      'objects_lost',
      '',
      'Objects (keys of etcd) that were there and are gone, after a restore of a snapshot.',
      (r) => r.outage.objectsLost,
    ),
    column('failed', '', 'Requests that failed.', (r) => failedTotal(r.outage)),
    column(
      'failed_by',
      '',
      'The same by what the client saw, `outcome=count` separated by spaces.',
      (r) => logfmt(r.outage.failed),
    ),
    column(
      'ambiguous',
      '',
      'Failed writes that may have happened or not (timeouts, lost connections).',
      (r) => r.outage.ambiguous,
    ),
  ],
};

export function failedTotal(outage: PointOutage): number {
  let total = 0;
  for (const count of Object.values(outage.failed)) total += count;
  return total;
}

export function* outagesRows(input: OutputInput): Generator<Row> {
  for (const { point, outages } of input.summary.points) {
    for (const outage of outages) yield { point, replication: outage.replication, outage };
  }
}
