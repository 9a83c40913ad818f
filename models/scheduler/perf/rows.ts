/**
 * Cases of scheduler_perf with the lower bounds of its CI (pods a second): what is created, what is
 * measured.
 *
 * The bounds are floors on machines that are not specified. Left out: cases of DynamicResources,
 * which this model does not have.
 * Source: kubernetes/test/integration/scheduler_perf/{misc,affinity,topology_spreading,volumes}/
 * performance-config.yaml.
 */
import {
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type Labels,
  type PodSpec,
  selectorOf,
} from '../../objects/index.ts';
import { affinity, perfSpec, podTerm } from './objects.ts';

export interface PodSet {
  readonly spec: PodSpec;
  readonly labels: Labels;
  /** In turn. */
  readonly namespaces: readonly string[];
}

export interface PerfRow {
  readonly name: string;
  /** CI lower bound. */
  readonly boundPodsPerSecond: number;
  readonly nodes: number;
  readonly zones: readonly string[];
  readonly initPods: number;
  readonly measuredPods: number;
  readonly init: PodSet;
  readonly measured: PodSet;
  /** One more node for pods that name it. */
  readonly namedNode?: { readonly name: string; readonly maxPods: number };
  /** Each measured pod has a bound claim of its own. */
  readonly volumes?: boolean;
  /** A service selects the measured pods, so that the default constraints apply. */
  readonly service?: boolean;
  /** Pods of high priority that preempt beside the measured ones, a second. */
  readonly preemptors?: { readonly podsPerSecond: number; readonly spec: PodSpec };
  /** The row that set a constant. */
  readonly isFitted: boolean;
}

const plain: PodSet = { spec: perfSpec(), labels: {}, namespaces: ['sched-0'] };
const zone1 = ['zone1'];
const moons = ['moon-1', 'moon-2', 'moon-3'];

function namespaces(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `sched-${i}`);
}

function row(
  name: string,
  boundPodsPerSecond: number,
  pods: readonly [init: number, measured: number],
  o: Partial<PerfRow> = {},
): PerfRow {
  const [initPods, measuredPods] = pods;
  return {
    name,
    boundPodsPerSecond,
    nodes: 5000,
    zones: zone1,
    initPods,
    measuredPods,
    init: plain,
    measured: plain,
    isFitted: false,
    ...o,
  };
}

const daemon = affinity({
  nodeRequired: [
    {
      matchExpressions: [],
      matchFields: [{ key: 'metadata.name', operator: 'In', values: ['scheduler-perf-node'] }],
    },
  ],
});
const inZones = affinity({
  nodeRequired: [
    {
      matchExpressions: [{ key: LABEL_ZONE, operator: 'In', values: ['zone1', 'zone2'] }],
      matchFields: [],
    },
  ],
});
const green: Labels = { color: 'green' };
const blue: Labels = { color: 'blue' };
const twoNamespaces = { namespaces: ['sched-0', 'sched-1'] };
const devel = {
  namespaceSelector: {
    requirements: [{ key: 'team', operator: 'In' as const, values: ['devops'] }],
  },
};

function anti(namespace: string): PodSet {
  const term = podTerm(green, LABEL_HOSTNAME, twoNamespaces);
  const spec = perfSpec({ affinity: affinity({ antiRequired: [term] }) });
  return { spec, labels: green, namespaces: [namespace] };
}

function together(namespace: string): PodSet {
  const term = podTerm(blue, LABEL_ZONE, twoNamespaces);
  const spec = perfSpec({ affinity: affinity({ podRequired: [term] }) });
  return { spec, labels: blue, namespaces: [namespace] };
}

function apartByNamespaces(where: readonly string[]): PodSet {
  const term = podTerm(green, LABEL_HOSTNAME, devel);
  const spec = perfSpec({ affinity: affinity({ antiRequired: [term] }) });
  return { spec, labels: green, namespaces: where };
}

export const perfRows: readonly PerfRow[] = [
  row('SchedulingBasic', 680, [1000, 10_000], { isFitted: true }),
  row('SchedulingDaemonset', 1100, [0, 30_000], {
    nodes: 15_000,
    namedNode: { name: 'scheduler-perf-node', maxPods: 90_000 },
    measured: { ...plain, spec: perfSpec({ affinity: daemon }) },
  }),
  row('SchedulingSecrets', 790, [5000, 10_000], {
    measured: { ...plain, spec: perfSpec({ volumes: [{ kind: 'secret', name: 'secret' }] }) },
  }),
  row('Unschedulable', 590, [100, 10_000], { init: { ...plain, spec: perfSpec({}, 9000) } }),
  row('PreemptionAsync', 570, [20_000, 5000], {
    init: { ...plain, spec: perfSpec({}, 900) },
    preemptors: { podsPerSecond: 5, spec: perfSpec({ priority: 10 }, 3000) },
  }),
  row('TopologySpreading', 460, [5000, 5000], {
    zones: moons,
    measured: {
      spec: perfSpec({
        topologySpread: [
          {
            maxSkew: 5,
            topologyKey: LABEL_ZONE,
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: selectorOf(blue),
            minDomains: 1,
            nodeAffinityPolicy: 'Honor',
            nodeTaintsPolicy: 'Ignore',
          },
        ],
      }),
      labels: blue,
      namespaces: ['sched-1'],
    },
    isFitted: true,
  }),
  row('SchedulingInTreePVs', 290, [1000, 2000], {
    volumes: true,
    measured: {
      ...plain,
      spec: perfSpec({
        volumes: [{ kind: 'persistentVolumeClaim', claimName: 'claim', readOnly: false }],
      }),
    },
  }),
  row('SchedulingNodeAffinity', 220, [5000, 10_000], {
    measured: { ...plain, spec: perfSpec({ affinity: inZones }) },
    isFitted: true,
  }),
  row('DefaultTopologySpreading', 160, [0, 50_000], {
    zones: moons,
    service: true,
    measured: { spec: perfSpec(), labels: blue, namespaces: ['sched-1'] },
  }),
  row('SchedulingPodAntiAffinity', 60, [1000, 2000], {
    init: anti('sched-0'),
    measured: anti('sched-1'),
    isFitted: true,
  }),
  row('SchedulingPodAffinity', 35, [5000, 5000], {
    init: together('sched-0'),
    measured: together('sched-1'),
  }),
  row('RequiredPodAntiAffinityWithNSSelector', 24, [4000, 1000], {
    nodes: 6000,
    init: apartByNamespaces(namespaces(100)),
    measured: apartByNamespaces(['sched-0']),
  }),
];
