/** What can be turned on the what-if page, and the scenario that it makes. No drawing here. */

export interface Slider {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  /** Field of the scenario, or the real flag. */
  readonly field: string;
  readonly values: readonly number[];
  readonly initial: number;
  /** Without effect where there are no nodes, or where there are. */
  readonly only: 'nodes' | 'etcd alone' | '';
}

export interface FaultChoice {
  readonly id: string;
  readonly label: string;
  readonly yaml: string;
  /** Only where there is a control plane. */
  readonly kubernetes?: boolean;
}

export interface State {
  readonly values: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const STEPS = [1, 2, 5];

/** 1, 2, 5, 10, 20, ... of a unit from low to high. */
function decades(low: number, high: number): number[] {
  const values: number[] = [];
  for (let power = 1e-3; power <= high; power *= 10) {
    for (const step of STEPS) {
      const value = Number((step * power).toPrecision(3));
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}

export const SLIDERS: readonly Slider[] = [
  slider('members', 'etcd members', '', 'etcd.members', [1, 3, 5, 7], 3),
  slider('p50', 'fsync, p50', 'ms', 'etcd.disk.fsync', decades(0.02, 50), 1),
  slider('p99', 'fsync, p99', 'ms', 'etcd.disk.fsync', decades(0.05, 500), 5),
  slider('rtt', 'round trip between members', 'ms', 'network.peerRtt', decades(0.05, 100), 1),
  slider('rate', 'puts', '/s', 'workload.writers.rate', decades(10, 5000), 500, 'etcd alone'),
  slider(
    'nodes',
    'nodes (0: etcd alone)',
    '',
    'kubernetes.nodeGroups.count',
    [0, 5, 10, 20, 50, 100, 200],
    0,
  ),
  slider(
    'pods',
    'pods that come and go',
    '/s',
    'kubernetes.load.churn.pods',
    decades(1, 50),
    5,
    'nodes',
  ),
  slider(
    'replicas',
    'API servers',
    '',
    'kubernetes.controlPlane.replicas',
    [1, 2, 3, 4, 5],
    3,
    'nodes',
  ),
  slider(
    'qps',
    'controllers: --kube-api-qps',
    '/s',
    '--kube-api-qps',
    decades(5, 500),
    20,
    'nodes',
  ),
];

export const FAULTS: readonly FaultChoice[] = [
  fault('leader', 'leader of etcd dies for 2 s', 'at: 5s, for: 2s, kill: etcd/leader'),
  fault('stall', "the leader's disk stalls for 1 s", 'at: 8s, for: 1s, stallDisk: etcd/leader'),
  {
    ...fault('api', 'an API server is killed', 'at: 7s, kill: kube-apiserver/0'),
    kubernetes: true,
  },
];

function slider(
  id: string,
  label: string,
  unit: string,
  field: string,
  values: readonly number[],
  initial: number,
  only: Slider['only'] = '',
): Slider {
  return { id, label, unit, field, values, initial, only };
}

function fault(id: string, label: string, rest: string): FaultChoice {
  return { id, label, yaml: `{ name: ${id}, ${rest} }` };
}

export function initialState(): State {
  return { values: Object.fromEntries(SLIDERS.map((s) => [s.id, s.initial])), faults: [] };
}

/** `#members=3&...&faults=leader,stall`; what is no value of a slider is its default. */
export function readState(hash: string): State {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const given = (s: Slider): number => Number(query.get(s.id) ?? s.initial);
  const values = SLIDERS.map((s) => [s.id, s.values.includes(given(s)) ? given(s) : s.initial]);
  const named = (query.get('faults') ?? '').split(',');
  const faults = FAULTS.filter(({ id }) => named.includes(id)).map(({ id }) => id);
  return { values: Object.fromEntries(values) as Record<string, number>, faults };
}

export function writeState({ values, faults }: State): string {
  const query = new URLSearchParams(SLIDERS.map((s) => [s.id, String(values[s.id])]));
  if (faults.length > 0) query.set('faults', faults.join(','));
  return `#${query}`;
}

/** The scenario, as `wavetank run` reads it. */
export function scenarioText({ values, faults }: State): string {
  const kubernetes = values.nodes > 0;
  const chosen = FAULTS.filter((one) => faults.includes(one.id) && (kubernetes || !one.kubernetes));
  return [
    'apiVersion: wavetank/v1alpha1',
    'kind: Scenario',
    'metadata: { name: what-if }',
    'seed: "1"',
    'horizon: 15s',
    'warmup: 3s',
    'seriesInterval: 500ms',
    'replications: 1',
    'etcd:',
    '  version: "3.6"',
    `  members: ${values.members}`,
    `  disk: { fsync: { lognormal: { p50: ${values.p50}ms, p99: ${values.p99}ms } } }`,
    `network: { peerRtt: ${values.rtt}ms, clientRtt: 0.2ms }`,
    ...(kubernetes ? cluster(values) : requests(values)),
    ...(chosen.length > 0 ? ['faults:', ...chosen.map(({ yaml }) => `  - ${yaml}`)] : []),
    '',
  ].join('\n');
}

/** Whether a slider turns anything; one that does not is disabled. */
export function hasEffect({ only }: Slider, { values }: State): boolean {
  return only === '' || (only === 'nodes') === values.nodes > 0;
}

function requests(values: State['values']): string[] {
  return [
    'workload:',
    `  - { name: writers, op: put, rate: ${values.rate}/s, valueSize: 256, target: leader }`,
  ];
}

function cluster(values: State['values']): string[] {
  return [
    'kubernetes:',
    '  version: "1.35"',
    `  controlPlane: { replicas: ${values.replicas}, cores: 4, memory: 16GiB }`,
    `  kubeControllerManager: { extraArgs: { kube-api-qps: "${values.qps}" } }`,
    `  nodeGroups: [{ name: worker, count: ${values.nodes}, cpu: "8", memory: 32GiB }]`,
    '  load:',
    `    - { name: churn, churn: { pods: ${values.pods}/s, replicas: 5, lifetime: 20s } }`,
  ];
}
