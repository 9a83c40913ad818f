/**
 * The DaemonSet controller: one pod on every node that fits, which the scheduler binds by an
 * affinity to it.
 *
 * Follows kubernetes/pkg/controller/daemon/{daemon_controller.go,update.go}. Each sync walks over
 * all nodes, which is what it costs.
 * Left out: maxSurge, ControllerRevisions (one write per template), OnDelete.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import {
  controllerOf,
  type DaemonSet,
  isBeingDeleted,
  type Node,
  type Pod,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import { boundSpec, daemonSpec, nodeFit, targetNode } from './daemonset-nodes.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  getCall,
  INDEX_OWNER,
  perform,
  type Sync,
  send,
  statusCall,
  withStatus,
} from './environment.ts';
import { Expectations } from './expectations.ts';
import { createPods, deletePods, podOf } from './pod-control.ts';
import { isAvailable } from './pod-ranking.ts';
import { scaled } from './rolling-update.ts';

/** BurstReplicas of one sync; StatusUpdateRetries. */
const BURST = 250;
const STATUS_RETRIES = 5;
/** failedPodsBackoff. */
const FAILED_FIRST_NS = 1e9;
const FAILED_MAX_NS = 900e9;
export const REVISION_LABEL = 'controller-revision-hash';

interface Plan {
  readonly create: string[];
  readonly remove: Pod[];
  readonly status: DaemonSet['status'];
}

export class DaemonSetController implements Controller {
  readonly name = 'daemonset';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #sets: Informer<'daemonsets'>;
  readonly #nodes: Informer<'nodes'>;
  readonly #queue: WorkQueue;
  readonly #expectations = new Expectations();
  /** Last failure and next wait, by set and node. */
  readonly #failures = new Map<string, { readonly atNs: number; readonly waitNs: number }>();
  readonly #nodeNs: number;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#recorder = env.recorder(this.#client);
    this.#sets = env.informer('daemonsets');
    this.#nodes = env.informer('nodes');
    this.#nodeNs = cost(env, 'controllers.daemonNodeNs');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 2),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (set: DaemonSet) => this.#queue.add(set.meta.path);
    this.#sets.addHandlers({
      onAdd: enqueue,
      onUpdate: enqueue,
      onDelete: (set) => {
        this.#expectations.forget(set.meta.path);
        this.#queue.add(set.meta.path);
      },
    });
    this.#nodes.addHandlers({
      onAdd: (node) => this.#onNode(node, null),
      onUpdate: (node, old) => {
        // shouldIgnoreNodeUpdate: heartbeats move nothing.
        const same = node.meta.labels === old.meta.labels && node.spec === old.spec;
        if (!same) this.#onNode(node, old);
      },
      onDelete: (node) => this.#onNode(node, null),
    });
    env.pods.addHandlers({
      onAdd: (pod) => this.#onPod(pod, 'add'),
      onUpdate: (pod) => this.#onPod(pod, isBeingDeleted(pod) ? 'delete' : 'update'),
      onDelete: (pod) => this.#onPod(pod, 'delete'),
    });
  }

  #onPod(pod: Pod, what: 'add' | 'update' | 'delete'): void {
    const owner = controllerOf(pod);
    if (owner === null || owner.resource !== 'daemonsets') return;
    if (this.#sets.get(owner.path)?.meta.uid !== owner.uid) return;
    if (what === 'add') this.#expectations.creationObserved(owner.path);
    else if (what === 'delete') this.#expectations.deletionObserved(owner.path, pod.meta.uid);
    this.#queue.add(owner.path);
  }

  #onNode(node: Node, old: Node | null): void {
    for (const set of this.#sets.values()) {
      const spec = daemonSpec(set.spec.template.spec);
      const now = nodeFit(spec, node);
      const before = old === null ? null : nodeFit(spec, old);
      const same =
        before === null
          ? !now.shouldRun
          : before.shouldRun === now.shouldRun && before.shouldContinue === now.shouldContinue;
      if (!same) this.#queue.add(set.meta.path);
    }
  }

  *#sync(key: string): Sync {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      return '';
    }
    if (isBeingDeleted(set)) return '';
    yield this.#env.work(this.#nodeNs * (this.#nodes.size + 1));
    const plan = this.#plan(key, set);
    let error = '';
    if (this.#expectations.satisfied(key, this.#env.sim.nowNs)) {
      error = yield* this.#act(key, set, plan);
      if (error !== '') return error;
    }
    error = yield* this.#writeStatus(set, plan.status);
    if (error !== '') return error;
    const { minReadyNs } = set.spec;
    if (minReadyNs > 0 && plan.status.ready < plan.status.desired) {
      this.#queue.addAfter(key, minReadyNs);
    }
    return '';
  }

  /** manage and rollingUpdate: what each node lacks or has too much. */
  #plan(key: string, set: DaemonSet): Plan {
    const spec = daemonSpec(set.spec.template.spec);
    const { nowNs } = this.#env.sim;
    const onNode = this.#podsByNode(set);
    const plan: Plan = { create: [], remove: [], status: set.status };
    const outdated: Pod[] = [];
    let desired = 0;
    let current = 0;
    let ready = 0;
    let unavailable = 0;
    for (const node of this.#nodes.values()) {
      const { name } = node.meta;
      const pods = onNode.get(name) ?? [];
      onNode.delete(name);
      const fit = nodeFit(spec, node);
      this.#nodePlan(key, name, fit, pods, plan);
      if (pods.length > 0) current++;
      if (!fit.shouldRun) continue;
      desired++;
      const good = pods.find((pod) => !isBeingDeleted(pod) && pod.status.ready);
      if (good !== undefined) ready++;
      if (good === undefined || !isAvailable(good, set.spec.minReadyNs, nowNs)) unavailable++;
      const alive = pods.find((pod) => !isBeingDeleted(pod));
      if (alive !== undefined && alive.meta.labels[REVISION_LABEL] !== set.spec.template.hash) {
        outdated.push(alive);
      }
    }
    // Pods of nodes that do not exist any more.
    for (const pods of onNode.values()) {
      for (const pod of pods) if (!isBeingDeleted(pod)) plan.remove.push(pod);
    }
    this.#rollPlan(set, outdated, unavailable, desired, plan);
    const { generation } = set.meta;
    return { ...plan, status: { observedGeneration: generation, desired, current, ready } };
  }

  /** podsShouldBeOnNode. */
  #nodePlan(
    key: string,
    name: string,
    fit: { readonly shouldRun: boolean; readonly shouldContinue: boolean },
    pods: readonly Pod[],
    plan: Plan,
  ): void {
    if (!fit.shouldContinue) {
      for (const pod of pods) if (!isBeingDeleted(pod)) plan.remove.push(pod);
      return;
    }
    if (pods.length === 0) {
      if (fit.shouldRun) plan.create.push(name);
      return;
    }
    const running: Pod[] = [];
    for (const pod of pods) {
      if (isBeingDeleted(pod)) continue;
      if (pod.status.phase === 'Failed') {
        if (this.#mayReplace(`${key}/${name}`, key)) plan.remove.push(pod);
      } else if (pod.status.phase === 'Succeeded') plan.remove.push(pod);
      else running.push(pod);
    }
    running.sort((a, b) => a.meta.createdNs - b.meta.createdNs || a.meta.uid - b.meta.uid);
    for (const pod of running.slice(1)) plan.remove.push(pod);
  }

  /** rollingUpdate: old pods go while no more than maxUnavailable are missing. */
  #rollPlan(
    set: DaemonSet,
    outdated: readonly Pod[],
    unavailable: number,
    desired: number,
    plan: Plan,
  ): void {
    if (outdated.length === 0) return;
    const max = Math.max(1, scaled(set.spec.maxUnavailable, desired, true));
    const leaving = new Set(plan.remove);
    let budget = max - unavailable;
    for (const pod of outdated) {
      if (leaving.has(pod)) continue;
      // One that serves nobody costs nothing.
      if (!pod.status.ready) plan.remove.push(pod);
      else if (budget > 0) {
        plan.remove.push(pod);
        budget--;
      }
    }
  }

  /** A failed pod is replaced after 1 s, 2 s, ... 15 min. */
  #mayReplace(slot: string, key: string): boolean {
    const { nowNs } = this.#env.sim;
    const last = this.#failures.get(slot);
    const fresh = last === undefined || nowNs - last.atNs > 2 * FAILED_MAX_NS;
    if (!fresh && nowNs < last.atNs + last.waitNs) {
      this.#queue.addAfter(key, last.atNs + last.waitNs - nowNs);
      return false;
    }
    const waitNs = fresh ? FAILED_FIRST_NS : Math.min(FAILED_MAX_NS, last.waitNs * 2);
    this.#failures.set(slot, { atNs: nowNs, waitNs });
    return true;
  }

  #podsByNode(set: DaemonSet): Map<string, Pod[]> {
    const onNode = new Map<string, Pod[]>();
    for (const pod of this.#env.pods.byIndex(INDEX_OWNER, String(set.meta.uid))) {
      const name = targetNode(pod);
      const known = onNode.get(name);
      if (known === undefined) onNode.set(name, [pod]);
      else known.push(pod);
    }
    return onNode;
  }

  /** syncNodes. */
  *#act(key: string, set: DaemonSet, plan: Plan): Sync {
    const { sim } = this.#env;
    const create = plan.create.slice(0, BURST);
    const remove = plan.remove.slice(0, BURST);
    if (create.length + remove.length === 0) return '';
    const removed = remove.map((pod) => pod.meta.uid);
    this.#expectations.expect(key, create.length, removed, sim.nowNs);
    const pods = create.map((name) => daemonPod(this.#env, set, name));
    const outcome = yield* createPods(this.#client, this.#recorder, set, pods);
    for (let i = outcome.created; i < pods.length; i++) this.#expectations.creationObserved(key);
    const error = yield* deletePods(this.#client, this.#recorder, set, remove, (pod) =>
      this.#expectations.deletionObserved(key, pod.meta.uid),
    );
    if (outcome.error !== '' && outcome.error !== 'NamespaceTerminating') return outcome.error;
    return error;
  }

  *#writeStatus(set: DaemonSet, status: DaemonSet['status']): Sync {
    const old = set.status;
    const same =
      old.observedGeneration === status.observedGeneration &&
      old.desired === status.desired &&
      old.current === status.current &&
      old.ready === status.ready;
    if (same) return '';
    let current = set;
    let error = '';
    for (let i = 0; i < STATUS_RETRIES; i++) {
      error = yield* perform(this.#client, statusCall(withStatus(current, status), current));
      if (error === '') return '';
      const latest = yield* send(this.#client, getCall('daemonsets', set.meta.path));
      if (errorOf(latest) !== '') return errorOf(latest);
      current = latest.object as DaemonSet; // What was asked for.
    }
    return error;
  }
}

/** A daemon pod of that node. */
export function daemonPod(
  env: Pick<ControllerEnvironment, 'uids' | 'sim'>,
  set: DaemonSet,
  nodeName: string,
): Pod {
  const { template } = set.spec;
  const spec = boundSpec(daemonSpec(template.spec), nodeName);
  const labels = { ...template.labels, [REVISION_LABEL]: template.hash };
  return podOf(env.uids, env.sim.nowNs, set, template, { labels, spec });
}
