/** pods.csv: pods that were created in a run (the newest, where they are many), by stage. */
import { podStages } from '../../../models/objects/index.ts';
import type { PodReport } from '../../run/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { type OfRun, type OutputInput, runColumns } from './shared.ts';

interface Row extends OfRun {
  readonly pod: PodReport;
}

const WORDS: Readonly<Record<(typeof podStages)[number], string>> = {
  requested: 'asked for (its Deployment, Job or itself)',
  created: 'committed in etcd',
  queued: "in the scheduler's queue",
  popped: 'last taken from the queue',
  scheduled: 'given a node',
  bound: 'bound: the binding was committed',
  received: 'seen by its kubelet',
  started: 'taken up by its pod worker',
  volumesMounted: 'given its volumes and token',
  imagesPulled: 'given its images',
  sandboxReady: 'given its sandbox and network',
  containersStarted: 'started: all its containers',
  ready: 'ready, as the kubelet knows',
  reported: 'reported ready: the status was committed',
  observed: 'seen ready by a watcher',
};

/** Between the parts of `removed` and `top`. */
export const PART_SEPARATOR = '; ';

export const podsTable: Table<Row> = {
  file: 'pods.csv',
  description:
    'Pods created in a run: when each reached each stage, and the last scheduling attempt. ' +
    'Only where the scenario has Kubernetes.',
  order: 'point, replication, creation',
  columns: [
    ...runColumns<Row>(),
    column('pod', '', 'Namespace and name.', (r) => r.pod.path),
    column('node', '', 'Node it was bound to, or empty.', (r) => r.pod.nodeName),
    ...podStages.map((stage, i) =>
      column<Row>(`${stage}_s`, 's', `When it was ${WORDS[stage]}; empty where it was not.`, (r) =>
        seconds(r.pod.stagesNs[i] ?? Number.NaN),
      ),
    ),
    column('attempts', '', 'Scheduling attempts.', (r) => r.pod.attempts),
    column('attempt_s', 's', 'Time of the last one.', (r) =>
      seconds(r.pod.last?.atNs ?? Number.NaN),
    ),
    column('nodes', '', 'Nodes of the cluster then.', (r) => r.pod.last?.nodesTotal ?? null),
    column('examined', '', 'Nodes that were filtered.', (r) => r.pod.last?.nodesExamined ?? null),
    column('feasible', '', 'Nodes that passed.', (r) => r.pod.last?.nodesFeasible ?? null),
    column(
      'removed',
      '',
      'Nodes removed, as `plugin: reason = nodes`, separated by semicolons.',
      (r) => removed(r.pod),
    ),
    column('top', '', 'Best nodes, as `node = score`, separated by semicolons.', (r) => top(r.pod)),
    column('preemption', '', 'What preemption found.', (r) => r.pod.last?.preemption ?? ''),
  ],
};

function removed(pod: PodReport): string {
  const parts = pod.last?.removed ?? [];
  return parts.map((p) => `${p.plugin}: ${p.reason} = ${p.nodes}`).join(PART_SEPARATOR);
}

function top(pod: PodReport): string {
  return (pod.last?.top ?? []).map((t) => `${t.nodeName} = ${t.score}`).join(PART_SEPARATOR);
}

export function* podsRows(input: OutputInput): Generator<Row> {
  for (const { point, replication, timeline } of input.results) {
    for (const pod of timeline?.pods ?? []) yield { point, replication, pod };
  }
}
