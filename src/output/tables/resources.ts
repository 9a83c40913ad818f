/** resources.csv: every queueing resource of every run, for the ranking of bottlenecks. */
import { compareText } from '../../analyze/index.ts';
import type { ResourceResult } from '../../metrics/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly resource: ResourceResult;
  readonly waitShare: number;
}

export const resourcesTable: Table<Row> = {
  file: 'resources.csv',
  description:
    'Every queueing resource over the measured time: who is busy, and where requests wait. The highest utilization is the bottleneck.',
  order: 'point, replication, resource',
  columns: [
    ...runColumns<Row>(),
    column('resource', '', 'Name of the resource.', (r) => r.resource.name),
    column('kind', '', 'Kind of resource.', (r) => r.resource.kind),
    column('servers', '', 'Servers, cores or slots.', (r) => r.resource.servers),
    column('arrivals', '', 'Jobs that arrived.', (r) => r.resource.arrivals),
    column('utilization', 'ratio', 'Mean share of the servers in use, 0 to 1.', (r) => {
      return r.resource.utilization;
    }),
    column('queue_mean', '', 'Mean number of jobs that wait.', (r) => r.resource.queueMean),
    column('queue_max', '', 'Largest number of jobs that waited.', (r) => r.resource.queueMax),
    column('wait_mean_s', 's', 'Mean wait of a job.', (r) => seconds(r.resource.waitNsMean)),
    column('wait_max_s', 's', 'Longest wait of a job.', (r) => seconds(r.resource.waitNsMax)),
    column('service_mean_s', 's', 'Mean time of a job in service.', (r) =>
      seconds(r.resource.serviceNsMean),
    ),
    column('wait_total_s', 's', 'Sum of all waits.', (r) => seconds(r.resource.waitNsTotal)),
    column('wait_share', 'ratio', 'Share of this resource in all waiting of the run.', (r) => {
      return r.waitShare;
    }),
  ],
};

export function* resourcesRows(input: OutputInput): Generator<Row> {
  for (const { point, replication, metrics } of input.results) {
    const resources = [...metrics.resources].sort((a, b) => compareText(a.name, b.name));
    let total = 0;
    for (const resource of resources) total += resource.waitNsTotal;
    for (const resource of resources) {
      const waitShare = total === 0 ? 0 : resource.waitNsTotal / total;
      yield { point, replication, resource, waitShare };
    }
  }
}
