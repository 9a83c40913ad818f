/**
 * The cluster autoscaler: every scan it counts the nodes that pods without a node would need, by
 * first fit over the template of a group, and orders what is missing; nodes that stay empty go.
 *
 * Follows kubernetes/autoscaler cluster-autoscaler: core/static_autoscaler.go (scan of 10 s),
 * estimator/binpacking_estimator.go, core/scaledown. A node that was ordered and is not there yet
 * counts as capacity (upcoming nodes).
 * Left out: expanders (the first group that fits is taken), moving of pods off half-empty nodes,
 * the cool-down after a scale-up, GPUs of nodes that are not ready, price.
 */
import type { Waitable } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { AutoscalerScenario, NodeGroupScenario } from '../../src/scenario/types.ts';
import type { ApiClient, ClientLibrary, Informer, InformerFactory } from '../client-go/index.ts';
import {
  isTerminal,
  type Node,
  type Pod,
  type PodSpec,
  type ResourceList,
  tolerates,
  type User,
} from '../objects/index.ts';
import type { Cloud } from './cloud.ts';

export interface AutoscalerOptions {
  readonly library: ClientLibrary;
  readonly networkHost: string;
  readonly servers: readonly string[];
  readonly cloud: Cloud;
  readonly groups: readonly NodeGroupScenario[];
  /** The machine boots for so long; its name, or '' where there is no more. */
  order(group: string, bootNs: number): string;
}

const USER: User = {
  name: 'system:serviceaccount:kube-system:cluster-autoscaler',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
  agent: 'cluster-autoscaler',
  authentication: 'serviceAccountToken',
};
const INDEX_NODE = 'nodeName';
/** --initial-node-group-backoff-duration, --max-...: a group whose order failed is left alone. */
const BACKOFF_FIRST_NS = 300e9;
const BACKOFF_MAX_NS = 1800e9;

interface Group {
  readonly scenario: NodeGroupScenario;
  readonly min: number;
  readonly max: number;
  /** Ordered and not ready yet, by name. */
  readonly upcoming: Set<string>;
  /** After failed orders: until when nothing is ordered, and how many there were in a row. */
  backoffUntilNs: number;
  failures: number;
}

/** What is left of a node, in the estimator. */
interface Room {
  cpuMilli: number;
  memoryBytes: number;
  pods: number;
  readonly extended: Map<string, number>;
}

export class ClusterAutoscaler {
  readonly #ctx: ModelContext;
  readonly #scenario: AutoscalerScenario;
  readonly #o: AutoscalerOptions;
  readonly #groups: Group[];
  readonly #factory: InformerFactory;
  readonly #client: ApiClient;
  readonly #pods: Informer<'pods'>;
  readonly #nodes: Informer<'nodes'>;
  /** Since when a node has been empty, by name. */
  readonly #emptySince = new Map<string, number>();
  readonly #scaledUp: Counter;
  readonly #scaledDown: Counter;
  readonly #failedScaleUps: Counter;

  constructor(ctx: ModelContext, scenario: AutoscalerScenario, o: AutoscalerOptions) {
    this.#ctx = ctx;
    this.#scenario = scenario;
    this.#o = o;
    this.#groups = scenario.groups.flatMap(({ group, min, max }) => {
      const found = o.groups.find((g) => g.name === group);
      return found === undefined
        ? []
        : [
            {
              scenario: found,
              min,
              max,
              upcoming: new Set<string>(),
              backoffUntilNs: 0,
              failures: 0,
            },
          ];
    });
    this.#client = o.library.client({
      name: 'cluster-autoscaler',
      user: USER,
      networkHost: o.networkHost,
      qps: 5,
      burst: 10,
      timeoutNs: Infinity,
      servers: o.servers,
    });
    this.#factory = o.library.informers(this.#client, null);
    this.#pods = this.#factory.informer('pods');
    this.#pods.addIndex(INDEX_NODE, (pod) => pod.nodeName);
    this.#nodes = this.#factory.informer('nodes');
    this.#nodes.addHandlers({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (node) => this.#onNode(node),
    });
    const { metrics } = ctx;
    this.#scaledUp = metrics.counter('cluster_autoscaler_scaled_up_nodes_total');
    this.#failedScaleUps = metrics.counter('cluster_autoscaler_failed_scale_ups_total');
    this.#scaledDown = metrics.counter('cluster_autoscaler_scaled_down_nodes_total');
  }

  start(preloaded: boolean): void {
    this.#factory.onSynced(() => this.#ctx.sim.spawn('cluster-autoscaler', this.#loop()));
    this.#factory.start(preloaded);
  }

  *#loop(): Generator<number | Waitable, void, void> {
    for (;;) {
      yield this.#scenario.scanIntervalNs;
      yield* this.#scaleUp();
      yield* this.#scaleDown();
    }
  }

  /** Upcoming until pods can run on it. */
  #onNode(node: Node): void {
    if (node.status.conditions.ready !== 'True' || isTainted(node)) return;
    for (const group of this.#groups) group.upcoming.delete(node.meta.name);
  }

  *#scaleUp(): Generator<number | Waitable, void, void> {
    const pending = [...this.#pods.byIndex(INDEX_NODE, '')].filter(
      (pod) => pod.status.scheduled === 'Unschedulable' && !isTerminal(pod),
    );
    if (pending.length === 0) return;
    for (const group of this.#groups) {
      const { scenario, upcoming, max } = group;
      const fitting = pending.filter((pod) => mayRun(pod.spec, scenario));
      const needed = nodesFor(fitting, scenario) - upcoming.size;
      const count = Math.min(needed, max - this.#sizeOf(group));
      if (count <= 0 || this.#ctx.sim.nowNs < group.backoffUntilNs) continue;
      if ((yield* this.#o.cloud.call('createInstance')) !== '') {
        this.#backOff(group);
        return;
      }
      group.failures = 0;
      for (let i = 0; i < count; i++) {
        const name = this.#o.order(scenario.name, this.#o.cloud.bootNs());
        if (name === '') break;
        upcoming.add(name);
        this.#scaledUp.add();
      }
      return;
    }
  }

  /** utils/backoff/exponential_backoff.go, which forgets after three hours. */
  #backOff(group: Group): void {
    const waitNs = Math.min(BACKOFF_MAX_NS, BACKOFF_FIRST_NS * (1 << Math.min(group.failures, 10)));
    group.failures++;
    group.backoffUntilNs = this.#ctx.sim.nowNs + waitNs;
    this.#failedScaleUps.add();
  }

  #sizeOf({ scenario, upcoming }: Group): number {
    let size = upcoming.size;
    for (const node of this.#nodes.values()) {
      if (isOf(node, scenario) && !upcoming.has(node.meta.name)) size++;
    }
    return size;
  }

  *#scaleDown(): Generator<number | Waitable, void, void> {
    const { nowNs } = this.#ctx.sim;
    for (const group of this.#groups) {
      let size = this.#sizeOf(group);
      for (const node of [...this.#nodes.values()]) {
        const { name } = node.meta;
        if (!isOf(node, group.scenario)) continue;
        if (!this.#isEmpty(name)) {
          this.#emptySince.delete(name);
          continue;
        }
        const since = this.#emptySince.get(name) ?? nowNs;
        this.#emptySince.set(name, since);
        if (nowNs - since < this.#scenario.scaleDownUnneededNs || size <= group.min) continue;
        if ((yield* this.#o.cloud.call('deleteInstance')) !== '') continue;
        size--;
        this.#emptySince.delete(name);
        this.#scaledDown.add();
        yield this.#client.start({ verb: 'delete', resource: 'nodes', path: name });
      }
    }
  }

  /** No pods but those of DaemonSets. */
  #isEmpty(node: string): boolean {
    for (const pod of this.#pods.byIndex(INDEX_NODE, node)) {
      if (!isTerminal(pod) && pod.meta.owners[0]?.resource !== 'daemonsets') return false;
    }
    return true;
  }
}

function isOf(node: Node, group: NodeGroupScenario): boolean {
  const { name } = node.meta;
  return group.names.length > 0
    ? group.names.includes(name)
    : name.startsWith(`${group.name}-`) && /^\d+$/.test(name.slice(group.name.length + 1));
}

function mayRun(spec: PodSpec, group: NodeGroupScenario): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector)) {
    if (group.labels[key] !== value) return false;
  }
  return (
    group.taints.every(
      (taint) =>
        taint.effect === 'PreferNoSchedule' || spec.tolerations.some((t) => tolerates(t, taint)),
    ) && take(roomOf(group), spec.requests)
  );
}

function roomOf({ allocatable, kubelet }: NodeGroupScenario): Room {
  return {
    cpuMilli: allocatable.cpuMilli,
    memoryBytes: allocatable.memoryBytes,
    pods: kubelet.maxPods,
    extended: new Map(Object.entries(allocatable.extended)),
  };
}

function take(room: Room, requests: ResourceList): boolean {
  if (room.pods < 1 || room.cpuMilli < requests.cpuMilli) return false;
  if (room.memoryBytes < requests.memoryBytes) return false;
  for (const [name, amount] of Object.entries(requests.extended)) {
    if ((room.extended.get(name) ?? 0) < amount) return false;
  }
  room.pods--;
  room.cpuMilli -= requests.cpuMilli;
  room.memoryBytes -= requests.memoryBytes;
  for (const [name, amount] of Object.entries(requests.extended)) {
    room.extended.set(name, (room.extended.get(name) ?? 0) - amount);
  }
  return true;
}

/** First fit, the largest first. */
function nodesFor(pods: readonly Pod[], group: NodeGroupScenario): number {
  const bySize = [...pods].sort(
    (a, b) => b.spec.requests.cpuMilli - a.spec.requests.cpuMilli || a.meta.uid - b.meta.uid,
  );
  const rooms: Room[] = [];
  let first = 0;
  for (const { spec } of bySize) {
    let at = first;
    while (at < rooms.length && !take(rooms[at], spec.requests)) at++;
    if (at === rooms.length) {
      const room = roomOf(group);
      take(room, spec.requests);
      rooms.push(room);
    }
    while (first < rooms.length && rooms[first].pods === 0) first++;
  }
  return rooms.length;
}

/** It carries a taint of nodes that are not in service yet. */
function isTainted(node: Node): boolean {
  return node.spec.taints.some(
    ({ key }) => key.startsWith('node.kubernetes.io/') || key.startsWith('node.cloudprovider'),
  );
}
