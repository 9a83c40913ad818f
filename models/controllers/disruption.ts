/**
 * The disruption controller: how many pods of a budget may be evicted now, kept in its status for
 * the eviction subresource.
 *
 * Follows kubernetes/pkg/controller/disruption/disruption.go. The eviction subresource notes in
 * `disruptedPods` whom it lets go; until their deletion is seen here they do not count as healthy.
 * Left out: the unhealthy pod eviction policy.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  controllerOf,
  isBeingDeleted,
  isTerminal,
  type Pod,
  type PodDisruptionBudget,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  perform,
  type Sync,
  statusCall,
  withStatus,
} from './environment.ts';
import { scaled } from './rolling-update.ts';
import { SelectedPods } from './selected-pods.ts';

/** DeletionTimeout: a pod that was to go and is still there after so long counts again. */
const DELETION_TIMEOUT_NS = 120e9;

export class DisruptionController implements Controller {
  readonly name = 'disruption';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #budgets: Informer<'poddisruptionbudgets'>;
  readonly #members: SelectedPods;
  readonly #queue: WorkQueue;
  readonly #podNs: number;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#budgets = env.informer('poddisruptionbudgets');
    this.#members = new SelectedPods(env, this.#budgets);
    this.#podNs = cost(env, 'controllers.podNs');
    for (const resource of ['replicasets', 'replicationcontrollers', 'statefulsets'] as const) {
      env.informer(resource);
    }
    env.informer('deployments');
    this.#queue = env.queue({
      name: this.name,
      workers: 1,
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (budget: PodDisruptionBudget) => this.#queue.add(budget.meta.path);
    this.#budgets.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    this.#members.onChange((budget) => this.#queue.add(budget));
  }

  *#sync(key: string): Sync {
    const budget = this.#budgets.get(key);
    if (budget === undefined) return '';
    const pods = [...this.#members.of(key).values()];
    yield this.#env.work(this.#podNs * (pods.length + 1));
    const { nowNs } = this.#env.sim;
    const status = budgetStatus(budget, pods, (pod) => this.#scaleOf(pod), nowNs);
    const promised = Object.values(status.disruptedPods);
    if (promised.length > 0) {
      const first = promised.reduce((min, atNs) => Math.min(min, atNs));
      this.#queue.addAfter(key, first + DELETION_TIMEOUT_NS - nowNs + 1);
    }
    if (sameStatus(budget.status, status)) return '';
    return yield* perform(this.#client, statusCall(withStatus(budget, status), budget));
  }

  /** getExpectedScale: uid and replicas of whoever is in charge of the pod, by its lister. */
  #scaleOf(pod: Pod): Scale | null {
    const owner = controllerOf(pod);
    if (owner === null) return null;
    const { resource, path } = owner;
    if (resource === 'statefulsets') {
      const set = this.#env.informer('statefulsets').get(path);
      return set === undefined ? null : { uid: set.meta.uid, replicas: set.spec.replicas };
    }
    if (resource !== 'replicasets' && resource !== 'replicationcontrollers') return null;
    const set = this.#env.informer(resource).get(path);
    if (set === undefined) return null;
    const above = controllerOf(set);
    const deployment =
      above === null ? undefined : this.#env.informer('deployments').get(above.path);
    const top = deployment ?? set;
    return { uid: top.meta.uid, replicas: top.spec.replicas };
  }
}

interface Scale {
  readonly uid: number;
  readonly replicas: number;
}

/** getExpectedPodCount, countHealthyPods, updatePdbStatus. */
export function budgetStatus(
  budget: PodDisruptionBudget,
  all: readonly Pod[],
  scaleOf: (pod: Pod) => Scale | null,
  nowNs: number,
): PodDisruptionBudget['status'] {
  const pods = all.filter((pod) => !isTerminal(pod));
  const { minAvailable, maxUnavailable } = budget.spec;
  let expectedPods = pods.length;
  let desiredHealthy = 0;
  if (maxUnavailable !== null) {
    expectedPods = expectedOf(pods, scaleOf);
    const max = scaled(maxUnavailable, expectedPods, true);
    desiredHealthy = Math.max(0, expectedPods - max);
  } else if (minAvailable !== null) {
    if (minAvailable.kind === 'fraction') expectedPods = expectedOf(pods, scaleOf);
    desiredHealthy = scaled(minAvailable, expectedPods, true);
  }
  const disruptedPods = disruptedOf(budget, pods, nowNs);
  let currentHealthy = 0;
  for (const pod of pods) {
    const isGoing = isBeingDeleted(pod) || disruptedPods[pod.meta.name] !== undefined;
    if (pod.status.ready && !isGoing) currentHealthy++;
  }
  const allowed = Math.max(0, currentHealthy - desiredHealthy);
  return {
    disruptionsAllowed: expectedPods <= 0 ? 0 : allowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptedPods,
  };
}

/** buildDisruptedPodMap: who was let go lately, and whose deletion has not been seen. */
function disruptedOf(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  nowNs: number,
): Readonly<Record<string, number>> {
  const left: Record<string, number> = {};
  for (const pod of pods) {
    const atNs = status.disruptedPods[pod.meta.name];
    if (atNs === undefined || isBeingDeleted(pod)) continue;
    if (atNs + DELETION_TIMEOUT_NS >= nowNs) left[pod.meta.name] = atNs;
  }
  return left;
}

function expectedOf(pods: readonly Pod[], scaleOf: (pod: Pod) => Scale | null): number {
  const seen = new Set<number>();
  let sum = 0;
  for (const pod of pods) {
    const scale = scaleOf(pod);
    if (scale === null || seen.has(scale.uid)) continue;
    seen.add(scale.uid);
    sum += scale.replicas;
  }
  return sum;
}

function sameStatus(a: PodDisruptionBudget['status'], b: PodDisruptionBudget['status']): boolean {
  return (
    a.disruptionsAllowed === b.disruptionsAllowed &&
    a.currentHealthy === b.currentHealthy &&
    a.desiredHealthy === b.desiredHealthy &&
    a.expectedPods === b.expectedPods &&
    sameTimes(a.disruptedPods, b.disruptedPods)
  );
}

function sameTimes(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => a[name] === b[name]);
}
