/**
 * Costs of kube-scheduler: CPU time of one core, by what its plugins look at. Some are set
 * from four named rows of scheduler_perf; the others are estimates, and what follows from all is a
 * prediction (tests/models/scheduler/scheduler-perf.test.ts, docs/models/scheduler.md).
 */
import type { ConstantEntry, Constants } from '../../src/core/index.ts';
import type { CycleCosts } from './framework/cycle-work.ts';

const PERF = 'kubernetes/test/integration/scheduler_perf';

export const schedulerConstants: readonly ConstantEntry[] = [
  entry('scheduler.cycleNs', 450_000, 100_000, 800_000, 'fitted', `${PERF}: SchedulingBasic`),
  entry(
    'scheduler.filterNodeNs',
    9_000,
    2_000,
    15_000,
    'fitted',
    `${PERF}: SchedulingBasic, with cycleNs; eight filters, each behind an interface and a status`,
  ),
  entry(
    'scheduler.scoreNodeNs',
    500,
    200,
    2_000,
    'estimate',
    'one score plugin on one node, its pass of normalization included',
  ),
  entry('scheduler.nodeAffinityNs', 15_000, 500, 30_000, 'fitted', `${PERF}: NodeAffinity`),
  entry('scheduler.volumeNodeNs', 13_000, 2_000, 30_000, 'estimate', 'one claim on one node'),
  entry(
    'scheduler.spreadNodeNs',
    660,
    100,
    2_000,
    'fitted',
    `${PERF}: TopologySpreading; a node visited to count pods, a map of counts included`,
  ),
  entry(
    'scheduler.affinityNodeNs',
    400,
    100,
    2_000,
    'estimate',
    'a node visited for terms of pods, a map of counts included',
  ),
  entry(
    'scheduler.podVisitNs',
    250,
    50,
    500,
    'estimate',
    'a pod compared with one selector: namespace, a few labels in a hash map',
  ),
  entry(
    'scheduler.podSkipNs',
    20,
    5,
    100,
    'estimate',
    'a pod of another namespace: one pointer and one comparison',
  ),
  entry(
    'scheduler.mergeNs',
    1_200,
    200,
    3_000,
    'estimate',
    'merging the topology counts of one node into those of the cluster',
  ),
  entry(
    'scheduler.pairNs',
    1_170,
    300,
    3_000,
    'fitted',
    `${PERF}: PodAntiAffinity; one more topology pair in a growing hash map of strings`,
  ),
  entry('scheduler.bindNs', 120_000, 50_000, 300_000, 'estimate', 'binding cycle of one pod'),
  entry(
    'scheduler.failNs',
    150_000,
    50_000,
    500_000,
    'estimate',
    'diagnosis, message and requeue of a pod that fits nowhere; nodes apart',
  ),
  entry(
    'scheduler.dryRunNodeNs',
    10_000,
    3_000,
    50_000,
    'estimate',
    'copy of a node and of the state of the cycle for one dry run of preemption',
  ),
  entry(
    'scheduler.dryRunPodNs',
    3_000,
    1_000,
    20_000,
    'estimate',
    'removing or adding one pod in a dry run, filters included',
  ),
  entry('scheduler.moveNs', 1_000, 300, 5_000, 'estimate', 'an unschedulable pod judged by hints'),
  entry(
    'scheduler.workerMinNs',
    30_000,
    5_000,
    200_000,
    'estimate',
    'parallel work of a cycle that is worth another worker',
  ),
];

function entry(
  name: string,
  value: number,
  low: number,
  high: number,
  mark: ConstantEntry['mark'],
  source: string,
): ConstantEntry {
  return { name, unit: 'ns', value, low, high, mark, source };
}

export function cycleCosts(constants: Constants): CycleCosts {
  return {
    cycleNs: constants.get('scheduler.cycleNs'),
    filterNodeNs: constants.get('scheduler.filterNodeNs'),
    nodeAffinityNs: constants.get('scheduler.nodeAffinityNs'),
    volumeNodeNs: constants.get('scheduler.volumeNodeNs'),
    scoreNodeNs: constants.get('scheduler.scoreNodeNs'),
    spreadNodeNs: constants.get('scheduler.spreadNodeNs'),
    affinityNodeNs: constants.get('scheduler.affinityNodeNs'),
    podVisitNs: constants.get('scheduler.podVisitNs'),
    podSkipNs: constants.get('scheduler.podSkipNs'),
    mergeNs: constants.get('scheduler.mergeNs'),
    pairNs: constants.get('scheduler.pairNs'),
    failNs: constants.get('scheduler.failNs'),
    dryRunNodeNs: constants.get('scheduler.dryRunNodeNs'),
    dryRunPodNs: constants.get('scheduler.dryRunPodNs'),
  };
}
