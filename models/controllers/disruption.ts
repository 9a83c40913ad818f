/**
 * The disruption controller: how many pods of a budget may be evicted now, kept in its status for
 * the eviction subresource.
 *
 * Follows kubernetes/pkg/controller/disruption/disruption.go.
 * Left out: pods whose eviction was promised and that never went (DisruptedPods expire after
 * 2 min), the unhealthy pod eviction policy.
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
    const status = budgetStatus(budget, pods, (pod) => this.#scaleOf(pod));
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
  let currentHealthy = 0;
  for (const pod of pods) if (pod.status.ready && !isBeingDeleted(pod)) currentHealthy++;
  const allowed = Math.max(0, currentHealthy - desiredHealthy);
  return {
    disruptionsAllowed: expectedPods <= 0 ? 0 : allowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptedPods: {},
  };
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
    a.expectedPods === b.expectedPods
  );
}
