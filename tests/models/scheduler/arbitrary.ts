/** Random nodes, pods and changes, small enough that most of their features meet. */
import fc from 'fast-check';
import {
  type Affinity,
  type Labels,
  NO_RESOURCES,
  type NodeSelectorTerm,
  type PodAffinityTerm,
  type PodSpec,
  type Taint,
  type TopologySpreadConstraint,
} from '../../../models/objects/index.ts';
import type { NodeParts } from './objects.ts';
import { affinityOf, containerOf, GI, MI, specOf } from './objects.ts';

export const namespaces = ['one', 'two', 'three'] as const;
const keys = ['topology.kubernetes.io/zone', 'kubernetes.io/hostname', 'rack'] as const;

const labels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom('app', 'tier'),
  fc.constantFrom('a', 'b'),
  { maxKeys: 2 },
);

const selector = fc
  .array(
    fc.record({
      key: fc.constantFrom('app', 'tier'),
      operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const),
      values: fc.constantFrom(['a'], ['b'], ['a', 'b']),
    }),
    { maxLength: 2 },
  )
  .map((requirements) => ({ requirements }));

const taint: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom('gpu', 'spot'),
  value: fc.constantFrom('', 'yes'),
  effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  addedNs: fc.constant(0),
});

const toleration = fc.record({
  key: fc.constantFrom('', 'gpu', 'spot', 'node.kubernetes.io/unschedulable'),
  operator: fc.constantFrom('Equal' as const, 'Exists' as const),
  value: fc.constantFrom('', 'yes'),
  effect: fc.constantFrom('' as const, 'NoSchedule' as const, 'PreferNoSchedule' as const),
  tolerationNs: fc.constant(Number.POSITIVE_INFINITY),
});

export const nodeParts: fc.Arbitrary<NodeParts> = fc.record({
  zone: fc.constantFrom<string | undefined>('z0', 'z1', undefined),
  labels: fc.dictionary(fc.constantFrom('rack', 'disk'), fc.constantFrom('r1', 'r2'), {
    maxKeys: 2,
  }),
  taints: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Taint[]>([]) },
    fc.array(taint, { maxLength: 2 }),
  ),
  cpuMilli: fc.constantFrom(0, 1000, 2000, 4000),
  memoryBytes: fc.constantFrom(GI, 4 * GI),
  maxPods: fc.constantFrom(2, 4, 110),
  extended: fc.constantFrom<Record<string, number>>(
    {},
    { 'example.com/gpu': 1 },
    { 'example.com/gpu': 4 },
  ),
  images: fc.constantFrom<Record<string, number>>(
    {},
    { 'web:1': 400 * MI },
    { 'web:1': 400 * MI, 'db:1': 900 * MI },
  ),
  unschedulable: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.constant(true)),
});

const nodeTerm: fc.Arbitrary<NodeSelectorTerm> = fc.record({
  matchExpressions: fc.array(
    fc.record({
      key: fc.constantFrom('rack', 'disk', keys[0]),
      operator: fc.constantFrom('In' as const, 'NotIn' as const, 'DoesNotExist' as const),
      values: fc.constantFrom(['r1'], ['r2', 'z0']),
    }),
    { maxLength: 2 },
  ),
  matchFields: fc.constant([]),
});

const podTerm: fc.Arbitrary<PodAffinityTerm> = fc.record({
  labelSelector: fc.oneof({ weight: 9, arbitrary: selector }, fc.constant(null)),
  topologyKey: fc.constantFrom(...keys),
  namespaces: fc.constantFrom([], ['one'], ['two', 'three']),
  namespaceSelector: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    fc.constant({ requirements: [{ key: 'team', operator: 'In' as const, values: ['x'] }] }),
  ),
});

const weighted = <T>(term: fc.Arbitrary<T>) =>
  fc.array(fc.record({ term, weight: fc.integer({ min: 1, max: 100 }) }), { maxLength: 2 });
const few = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(one, { maxLength: 2 }));

const affinity: fc.Arbitrary<Affinity | null> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  fc
    .record({
      nodeRequired: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        fc.array(nodeTerm, { minLength: 1, maxLength: 2 }),
      ),
      nodePreferred: weighted(nodeTerm),
      podRequired: few(podTerm),
      podPreferred: weighted(podTerm),
      antiRequired: few(podTerm),
      antiPreferred: weighted(podTerm),
    })
    .map(affinityOf),
);

const spread: fc.Arbitrary<TopologySpreadConstraint> = fc.record({
  maxSkew: fc.integer({ min: 1, max: 3 }),
  topologyKey: fc.constantFrom(...keys),
  whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
  labelSelector: selector,
  minDomains: fc.integer({ min: 1, max: 3 }),
  nodeAffinityPolicy: fc.constantFrom('Honor', 'Ignore'),
  nodeTaintsPolicy: fc.constantFrom('Honor', 'Ignore'),
});

const requests = fc.record({
  cpuMilli: fc.constantFrom(0, 100, 250, 900),
  memoryBytes: fc.constantFrom(0, 100 * MI, 700 * MI),
  ephemeralBytes: fc.constantFrom(0, GI),
  extended: fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    fc.constant({ 'example.com/gpu': 1 }),
  ),
});

export const podSpec: fc.Arbitrary<PodSpec> = fc
  .record({
    requests,
    image: fc.constantFrom('web:1', 'db:1', 'other:1'),
    init: fc.boolean(),
    port: fc.constantFrom(0, 0, 0, 80, 443),
    affinity,
    tolerations: fc.array(toleration, { maxLength: 2 }),
    topologySpread: few(spread),
    nodeSelector: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, fc.constant({ rack: 'r1' })),
  })
  .map(({ image, init, port, requests: asks, ...rest }) =>
    specOf({
      ...rest,
      requests: asks,
      containers: [
        containerOf({
          requests: asks,
          image: { name: image, layers: [] },
          hostPorts: port === 0 ? [] : [{ protocol: 'TCP', port }],
        }),
      ],
      initContainers: init ? [containerOf({ requests: NO_RESOURCES })] : [],
    }),
  );

export type Change =
  | { readonly kind: 'node'; readonly index: number; readonly parts: NodeParts }
  | { readonly kind: 'removeNode'; readonly index: number }
  | {
      /** `promised`: it is not there yet, but preemption has made room for it. */
      readonly kind: 'pod' | 'promised';
      readonly spec: PodSpec;
      readonly labels: Labels;
      readonly namespace: string;
      readonly node: number;
    }
  | { readonly kind: 'removePod' | 'terminatePod'; readonly index: number }
  | { readonly kind: 'namespace'; readonly name: string; readonly team: string }
  | { readonly kind: 'service'; readonly namespace: string; readonly app: string };

export const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    index: fc.integer({ min: 0, max: 6 }),
    parts: nodeParts,
  }),
  fc.record({
    kind: fc.constant('removeNode' as const),
    index: fc.integer({ min: 0, max: 6 }),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('pod' as const, 'pod' as const, 'pod' as const, 'promised' as const),
      spec: podSpec,
      labels,
      namespace: fc.constantFrom(...namespaces),
      node: fc.integer({ min: 0, max: 6 }),
    }),
  },
  fc.record({
    kind: fc.constantFrom('removePod' as const, 'terminatePod' as const),
    index: fc.nat({ max: 20 }),
  }),
  fc.record({
    kind: fc.constant('namespace' as const),
    name: fc.constantFrom(...namespaces),
    team: fc.constantFrom('x', 'y'),
  }),
  fc.record({
    kind: fc.constant('service' as const),
    namespace: fc.constantFrom(...namespaces),
    app: fc.constantFrom('a', 'b'),
  }),
);

/** A pod to place: one of a few templates, so that what is remembered of them is used again. */
export const incoming = fc.record({
  template: fc.nat({ max: 2 }),
  labels,
  namespace: fc.constantFrom(...namespaces),
});

// --- Where pods mostly fit, so that what they do to each other decides ---------------------------

const roomyNode: fc.Arbitrary<NodeParts> = fc.record({
  zone: fc.constantFrom<string | undefined>('z0', 'z1', 'z2', 'z0', 'z1', undefined),
  labels: fc.constantFrom<Labels>({ rack: 'r1' }, { rack: 'r2' }, {}),
  taints: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Taint[]>([]) },
    fc.constant<Taint[]>([{ key: 'gpu', value: '', effect: 'NoSchedule', addedNs: 0 }]),
  ),
  cpuMilli: fc.constant(64_000),
  memoryBytes: fc.constant(64 * GI),
});

const someLabels = fc.constantFrom<Labels>({ app: 'a' }, { app: 'b' }, { app: 'a', tier: 'b' });
const oneLabel = fc.constantFrom(['app', 'a'], ['app', 'b'], ['tier', 'b']).map(([key, value]) => ({
  requirements: [{ key, operator: 'In' as const, values: [value] }],
}));
const socialTerm: fc.Arbitrary<PodAffinityTerm> = fc
  .tuple(podTerm, oneLabel)
  .map(([term, labelSelector]) => ({ ...term, labelSelector }));
const socialSpread = fc.tuple(spread, oneLabel).map(([constraint, labelSelector]) => ({
  ...constraint,
  labelSelector,
}));
const required = fc.oneof(
  { weight: 3, arbitrary: fc.constant<PodAffinityTerm[]>([]) },
  fc.array(socialTerm, { minLength: 1, maxLength: 2 }),
);

/** Spread, affinity or nothing: with services, nothing becomes the default constraints. */
export const socialSpec: fc.Arbitrary<PodSpec> = fc
  .record({
    spread: fc.array(socialSpread, { maxLength: 2 }),
    affinity: fc.record({
      podRequired: required,
      podPreferred: weighted(socialTerm),
      antiRequired: required,
      antiPreferred: weighted(socialTerm),
      nodeRequired: fc.constantFrom(null, null, [
        {
          matchExpressions: [{ key: 'rack', operator: 'Exists' as const, values: [] }],
          matchFields: [],
        },
      ]),
    }),
    kind: fc.constantFrom('spread', 'affinity', 'nodes', 'none'),
    tolerations: fc.array(toleration, { maxLength: 1 }),
  })
  .map(({ affinity: a, kind, spread: s, tolerations }) => {
    const { nodeRequired } = a;
    const own = kind === 'affinity' ? affinityOf(a) : affinityOf({ nodeRequired });
    return specOf({
      topologySpread: kind === 'spread' ? s : [],
      affinity: kind === 'none' ? null : own,
      tolerations,
    });
  });

export const roomyNodes = fc.array(roomyNode, { minLength: 3, maxLength: 7 });

const social = fc.record({
  template: fc.nat({ max: 3 }),
  labels: someLabels,
  namespace: fc.constantFrom<string>('one', 'one', 'two'),
});

export type Step = Change | { template: number; labels: Labels; namespace: string };

/** Mostly pods to place; now and then a node, a pod, a namespace or a service changes. */
export const socialSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 10, arbitrary: social },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('node' as const),
        index: fc.integer({ min: 0, max: 6 }),
        parts: roomyNode,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('removePod' as const, 'terminatePod' as const),
        index: fc.nat({ max: 20 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('promised' as const),
        spec: socialSpec,
        labels: someLabels,
        namespace: fc.constantFrom('one', 'two'),
        node: fc.integer({ min: 0, max: 6 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('namespace' as const),
        name: fc.constantFrom(...namespaces),
        team: fc.constantFrom('x', 'y'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('service' as const),
        namespace: fc.constantFrom(...namespaces),
        app: fc.constantFrom('a', 'b'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('removeNode' as const),
        index: fc.integer({ min: 0, max: 6 }),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);
