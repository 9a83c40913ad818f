/**
 * The node lifecycle controller: looks at every node each 5 s, says Unknown when there is no sign
 * of life, and taints, zone by zone, at a rate.
 *
 * Follows kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go; what it believes is
 * in node-health.ts, zones in zone-state.ts.
 * Left out: labels that it copies (beta.kubernetes.io/os and arch), the node's ErrorOnUnknown.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  LABEL_REGION,
  LABEL_ZONE,
  type Node,
  type NodeConditions,
  type Pod,
  withPodStatus,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  getCall,
  INDEX_NODE,
  perform,
  type Steps,
  type Sync,
  send,
  statusCall,
} from './environment.ts';
import { type HealthVerdict, NodeHealth } from './node-health.ts';
import {
  hasTaint,
  scheduleTaintChange,
  swapTaints,
  TAINT_NOT_READY,
  TAINT_UNREACHABLE,
} from './node-taints.ts';
import { WaitGroup } from './wait-group.ts';
import { ZoneTainter } from './zone-tainter.ts';

/** scheduler.UpdateWorkerSize, NodeEvictionPeriod; nodeHealthUpdateRetry, retrySleepTime. */
const UPDATE_WORKERS = 8;
const TAINT_PERIOD_NS = 100e6;
const UPDATE_RETRIES = 5;
const RETRY_SLEEP_NS = 20e6;

interface KnownNode {
  /** Those that its zone was read from. */
  readonly labels: Node['meta']['labels'];
  readonly zone: string;
  /** The very string that its lease has, once there is one: found without comparing letters. */
  leasePath: string;
}

interface Finding {
  readonly node: Node;
  readonly verdict: HealthVerdict;
}

export class NodeLifecycleController implements Controller {
  readonly name = 'node-lifecycle';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<'nodes'>;
  readonly #leases: Informer<'leases'>;
  readonly #health = new NodeHealth();
  readonly #zones: ZoneTainter;
  readonly #queue: WorkQueue;
  /** Nodes whose pods could not all be marked not ready. */
  readonly #podsToRetry = new Set<string>();
  readonly #known = new Map<string, KnownNode>();
  /** Nodes came, went or changed their labels since the last pass. */
  #isDirty = true;
  readonly #nodeNs: number;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#nodes = env.informer('nodes');
    this.#leases = env.informer('leases');
    this.#nodeNs = cost(env, 'controllers.nodeHealthNs');
    this.#zones = new ZoneTainter(env);
    this.#queue = env.queue({
      name: 'node_lifecycle_controller',
      workers: UPDATE_WORKERS,
      syncNs: this.#nodeNs,
      sync: (key) => this.#taintNoSchedule(key),
    });
    // Most updates change no taint: they are not even queued.
    const look = (node: Node) => {
      if (scheduleTaintChange(node) !== null) this.#queue.add(node.meta.name);
    };
    this.#nodes.addHandlers({
      onAdd: (node) => {
        this.#isDirty = true;
        look(node);
      },
      onUpdate: (node, old) => {
        if (node.meta.labels !== old.meta.labels) this.#isDirty = true;
        look(node);
      },
      onDelete: () => {
        this.#isDirty = true;
      },
    });
    env.every('node-lifecycle/monitor', env.scenario.nodeMonitorPeriodNs, () => this.#monitor());
    env.every('node-lifecycle/taint', TAINT_PERIOD_NS, () => this.#taintNoExecute());
  }

  /** monitorNodeHealth. */
  *#monitor(): Steps {
    const env = this.#env;
    this.#classify();
    yield env.work(this.#nodeNs * (this.#nodes.size + 1));
    const grace = {
      monitorNs: env.scenario.nodeMonitorGracePeriodNs,
      startupNs: env.scenario.nodeStartupGracePeriodNs,
    };
    const findings: Finding[] = [];
    this.#zones.countStart();
    for (const node of this.#nodes.values()) {
      const { name, labels } = node.meta;
      const known = this.#known.get(name);
      const lease = this.#leases.get(known === undefined ? leaseOf(name) : known.leasePath);
      if (known !== undefined && lease !== undefined) known.leasePath = lease.meta.path;
      const verdict = this.#health.look(node, lease, env.sim.nowNs, grace);
      const zone = known !== undefined && known.labels === labels ? known.zone : zoneOf(node);
      this.#zones.count(known === undefined ? zone : known.zone, verdict.current === 'True');
      if (needsAction(node, verdict, this.#podsToRetry.has(name))) findings.push({ node, verdict });
      else if (verdict.current === 'True') this.#zones.remove(zone, name);
    }
    yield* this.#actOnAll(findings);
    yield* this.#handleDisruption();
  }

  /** classifyNodes: new ones get a zone, gone ones are forgotten. */
  #classify(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const gone: string[] = [];
    for (const name of this.#known.keys()) if (this.#nodes.get(name) === undefined) gone.push(name);
    for (const name of gone) {
      this.#zones.remove(this.#known.get(name)!.zone, name);
      this.#known.delete(name);
      this.#health.forget(name);
      this.#podsToRetry.delete(name);
    }
    for (const node of this.#nodes.values()) {
      const { name, labels } = node.meta;
      const known = this.#known.get(name);
      if (known?.labels === labels) continue;
      const zone = zoneOf(node);
      this.#known.set(name, { labels, zone, leasePath: known?.leasePath ?? leaseOf(name) });
      this.#zones.ensure(zone);
    }
  }

  /** workqueue.ParallelizeUntil with 8 workers. */
  *#actOnAll(findings: readonly Finding[]): Steps {
    if (findings.length === 0) return;
    const group = new WaitGroup();
    let next = 0;
    const act = (finding: Finding) => this.#act(finding);
    const worker = function* (): Steps {
      while (next < findings.length) yield* act(findings[next++]);
      group.done();
    };
    const workers = Math.min(UPDATE_WORKERS, findings.length);
    group.add(workers);
    for (let i = 0; i < workers; i++) this.#env.go('node-lifecycle/update', worker());
    yield group;
  }

  *#act({ node, verdict }: Finding): Steps {
    const { name } = node.meta;
    if (verdict.conditions !== null) {
      const written = yield* this.#writeConditions(node, verdict.conditions);
      if (!written) return;
    }
    yield* this.#evictByTaint(node, verdict.current);
    const becameBad = verdict.current !== 'True' && verdict.observed === 'True';
    if (becameBad) {
      this.#recorder.record(node, 'NodeNotReady');
      this.#tell('nodeNotReady', name, verdict.current);
    }
    if (!becameBad && !(this.#podsToRetry.has(name) && verdict.observed !== 'True')) return;
    if (yield* this.#markPodsNotReady(name)) this.#podsToRetry.delete(name);
    else this.#podsToRetry.add(name);
  }

  /** tryUpdateNodeHealth's PUT, tried again from a fresh GET. */
  *#writeConditions(node: Node, conditions: NodeConditions): Steps<boolean> {
    let current = node;
    for (let i = 0; i < UPDATE_RETRIES; i++) {
      const next: Node = {
        ...current,
        resourceVersion: 0,
        status: { ...current.status, conditions },
      };
      const error = yield* perform(this.#client, statusCall(next, current));
      if (error === '') {
        this.#health.wrote(node.meta.name, conditions);
        return true;
      }
      yield RETRY_SLEEP_NS;
      const latest = yield* send(this.#client, getCall('nodes', node.meta.path));
      if (errorOf(latest) !== '') return false;
      current = latest.object as Node; // What was asked for.
      // It came back while we tried.
      if (current.status.conditions !== node.status.conditions) return false;
    }
    return false;
  }

  /** MarkPodsNotReady, one after the other. */
  *#markPodsNotReady(nodeName: string): Steps<boolean> {
    const pods: Pod[] = [...this.#env.pods.byIndex(INDEX_NODE, nodeName)];
    let allWell = true;
    for (const pod of pods) {
      if (!pod.status.ready) continue;
      const next = withPodStatus(pod, { ready: false });
      const error = yield* perform(this.#client, statusCall(next, pod));
      if (error === '') this.#recorder.record(pod, 'NodeNotReady');
      else if (error !== 'NotFound') allWell = false;
    }
    return allWell;
  }

  /** processTaintBaseEviction. */
  *#evictByTaint(node: Node, ready: NodeConditions['ready']): Steps {
    const { sim } = this.#env;
    const zone = zoneOf(node);
    if (ready === 'True') {
      const remove = [TAINT_UNREACHABLE, TAINT_NOT_READY].filter((key) =>
        hasTaint(node, key, 'NoExecute'),
      );
      if (remove.length > 0) {
        yield* swapTaints(this.#client, node, { add: [], remove }, 'NoExecute', sim.nowNs);
        this.#tell('nodeUntainted', node.meta.name, remove.join(' '));
      }
      this.#zones.remove(zone, node.meta.name);
      return;
    }
    const [wanted, other] =
      ready === 'False'
        ? [TAINT_NOT_READY, TAINT_UNREACHABLE]
        : [TAINT_UNREACHABLE, TAINT_NOT_READY];
    if (hasTaint(node, other, 'NoExecute')) {
      // It is tainted already: the reason changes at once, not at the zone's rate.
      const change = { add: [wanted], remove: [other] };
      yield* swapTaints(this.#client, node, change, 'NoExecute', sim.nowNs);
    } else if (!hasTaint(node, wanted, 'NoExecute')) {
      this.#zones.add(zone, node.meta.name);
    }
  }

  #tell(kind: string, node: string, detail: string): void {
    const { sim, metrics } = this.#env;
    metrics.event(sim.nowNs, kind, node, detail);
  }

  /** doNoExecuteTaintingPass. */
  *#taintNoExecute(): Steps {
    for (let due = this.#zones.next(); due !== null; due = this.#zones.next()) {
      const node = this.#nodes.get(due.name);
      if (node === undefined) continue;
      const { ready } = node.status.conditions;
      if (ready === 'True') continue;
      const key = ready === 'False' ? TAINT_NOT_READY : TAINT_UNREACHABLE;
      const change = { add: [key], remove: [] };
      const { nowNs } = this.#env.sim;
      const error = yield* swapTaints(this.#client, node, change, 'NoExecute', nowNs);
      if (error === '') {
        this.#zones.countEviction(due.zone);
        this.#tell('nodeTainted', due.name, key);
      } else this.#zones.retry(due.zone, due.name);
    }
  }

  *#taintNoSchedule(name: string): Sync {
    const node = this.#nodes.get(name);
    const change = node === undefined ? null : scheduleTaintChange(node);
    if (node === undefined || change === null) return '';
    return yield* swapTaints(this.#client, node, change, 'NoSchedule', this.#env.sim.nowNs);
  }

  *#handleDisruption(): Steps {
    const kind = this.#zones.countEnd();
    if (kind === 'exitFull') {
      for (const name of this.#known.keys()) this.#health.refresh(name, this.#env.sim.nowNs);
    }
    if (kind !== 'enterFull') return;
    // Everything is down, so it is probably we who are: take the taints back.
    for (const node of [...this.#nodes.values()]) yield* this.#evictByTaint(node, 'True');
  }
}

/** Nothing to write, nothing to taint: most nodes of most passes. */
function needsAction(node: Node, verdict: HealthVerdict, retriesPods: boolean): boolean {
  if (verdict.current !== 'True' || retriesPods) return true;
  return (
    hasTaint(node, TAINT_UNREACHABLE, 'NoExecute') || hasTaint(node, TAINT_NOT_READY, 'NoExecute')
  );
}

function leaseOf(name: string): string {
  return `kube-node-lease/${name}`;
}

export function zoneOf(node: Node): string {
  const { labels } = node.meta;
  return `${labels[LABEL_REGION] ?? ''}/${labels[LABEL_ZONE] ?? ''}`;
}
