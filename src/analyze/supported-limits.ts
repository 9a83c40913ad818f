/**
 * What SIG Scalability tests Kubernetes for, and which of these limits a scenario leaves: beyond
 * them the service levels are not promised (community sig-scalability/configs-and-limits/
 * thresholds.md). By what the scenario says, not by what a run makes of it.
 *
 * *Left out:* events, endpoints of services that select by labels, secrets and tokens of pods.
 */
import type {
  KubernetesScenario,
  LoadScenario,
  ObjectSetScenario,
  Scenario,
} from '../scenario/index.ts';

export interface ExceededLimit {
  /** 'nodes', 'pods per namespace', ... */
  readonly what: string;
  readonly value: number;
  readonly limit: number;
}

const LIMITS = {
  nodes: 5000,
  pods: 150_000,
  namespaces: 10_000,
  'pods in one namespace': 3000,
  services: 10_000,
  'services in one namespace': 5000,
  'backends of one service': 250,
  'deployments in one namespace': 2000,
  'objects of one type': 150_000,
  'bytes of one object': 1.5e6,
  'bytes of one type': 1.5e9,
  'pods created and deleted a second': 20,
} as const;
type Limit = keyof typeof LIMITS;

const PODS_PER_NODE = 110;
const PODS_PER_CORE = 10;

export function exceededLimits(scenario: Scenario): ExceededLimit[] {
  const { kubernetes } = scenario;
  if (kubernetes === null) return [];
  const census = new Census(kubernetes, scenario.horizonNs);
  const exceeded: ExceededLimit[] = [];
  for (const [what, limit] of Object.entries(LIMITS)) {
    const value = census.most.get(what) ?? 0;
    if (value > limit) exceeded.push({ what, value, limit });
  }
  const perNode = census.nodes === 0 ? 0 : census.pods / census.nodes;
  if (perNode > census.podsPerNodeMax) {
    exceeded.push({ what: 'pods per node', value: perNode, limit: census.podsPerNodeMax });
  }
  return exceeded;
}

const WITH_REPLICAS: readonly string[] = ['Deployment', 'ReplicaSet', 'StatefulSet', 'Job'];

/** Counts what a scenario asks for, at its fullest. */
class Census {
  /** Largest value of each limited quantity. */
  readonly most = new Map<string, number>();
  readonly nodes: number;
  pods = 0;
  /** min(110, 10 a core), over the smallest nodes. */
  readonly podsPerNodeMax: number;
  /** By kind, by namespace or by both. */
  readonly #sums = new Map<string, number>();
  readonly #namespaces = new Map<string, number>();

  constructor(kubernetes: KubernetesScenario, horizonNs: number) {
    const { nodeGroups, objects, load } = kubernetes;
    this.nodes = nodeGroups.reduce((sum, group) => sum + group.count + group.joining, 0);
    let cores = Number.POSITIVE_INFINITY;
    for (const { capacity } of nodeGroups) cores = Math.min(cores, capacity.cpuMilli / 1000);
    this.podsPerNodeMax = Math.min(PODS_PER_NODE, PODS_PER_CORE * cores);
    this.#raise('nodes', this.nodes);
    for (const set of objects) this.#add(set);
    let churn = 0;
    for (const entry of load) {
      if (entry.kind === 'create') this.#add(entry.set);
      churn += this.#churn(entry, horizonNs);
    }
    this.#raise('pods created and deleted a second', churn);
    this.#raise('pods', this.pods);
    let namespaces = 0;
    for (const count of this.#namespaces.values()) namespaces += count;
    this.#raise('namespaces', namespaces);
  }

  #raise(what: Limit, value: number): void {
    this.most.set(what, Math.max(this.most.get(what) ?? 0, value));
  }

  #sum(key: string, count: number): number {
    const sum = (this.#sums.get(key) ?? 0) + count;
    this.#sums.set(key, sum);
    return sum;
  }

  #add(set: ObjectSetScenario): void {
    const { kind, copies, namespaces } = set;
    const each = podsOfCopy(set, this.nodes);
    this.#addPods(copies * each, set.namespace, namespaces);
    this.#raise('objects of one type', this.#sum(`objects ${kind}`, copies));
    this.#raise('bytes of one object', set.bytes);
    this.#raise('bytes of one type', this.#sum(`bytes ${kind}`, copies * set.bytes));
    if (kind === 'Namespace') this.#namespaces.set(`objects ${set.name}`, copies);
    const here = `${set.namespace} ${namespaces}`;
    const inOne = Math.ceil(copies / namespaces);
    if (kind === 'Deployment') {
      this.#raise('deployments in one namespace', this.#sum(`deployments ${here}`, inOne));
    }
    if (kind !== 'Service' && set.service === null) return;
    this.#raise('services', this.#sum('services', copies));
    this.#raise('services in one namespace', this.#sum(`services ${here}`, inOne));
    this.#raise('backends of one service', each);
  }

  #addPods(pods: number, namespace: string, namespaces: number): void {
    const here = `${namespace} ${namespaces}`;
    this.#namespaces.set(here, namespaces);
    this.pods += pods;
    this.#raise('pods in one namespace', this.#sum(`pods ${here}`, Math.ceil(pods / namespaces)));
  }

  /** Pods that are created and deleted a second, once the first ones have lived. */
  #churn(load: LoadScenario, horizonNs: number): number {
    if (load.kind !== 'churn') return 0;
    const lastsNs = Math.min(load.stopNs, horizonNs) - load.startNs;
    const livesNs = Math.min(lastsNs, load.lifetimeNs);
    if (livesNs <= 0) return 0;
    this.#addPods((load.podsPerSecond * livesNs) / 1e9, load.name, load.namespaces);
    return load.podsPerSecond * (lastsNs > load.lifetimeNs ? 2 : 1);
  }
}

function podsOfCopy({ kind, replicas }: ObjectSetScenario, nodes: number): number {
  if (kind === 'DaemonSet') return nodes;
  if (kind === 'Pod') return 1;
  return WITH_REPLICAS.includes(kind) ? replicas : 0;
}
