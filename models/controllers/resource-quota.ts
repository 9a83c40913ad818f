/**
 * The ResourceQuota controller: counts anew what a namespace uses, after something was deleted and
 * every five minutes. What is created is charged by admission, in the API server.
 *
 * Follows kubernetes/pkg/controller/resourcequota/resource_quota_controller.go.
 * Left out: quotas of objects other than pods, scopes.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  addResources,
  isTerminal,
  NO_RESOURCES,
  type Pod,
  type ResourceQuota,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  INDEX_NAMESPACE,
  perform,
  type Steps,
  type Sync,
  statusCall,
} from './environment.ts';

/** --resource-quota-sync-period. */
const RESYNC_NS = 300e9;

export class ResourceQuotaController implements Controller {
  readonly name = 'resourcequota';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #quotas: Informer<'resourcequotas'>;
  readonly #queue: WorkQueue;
  readonly #podNs: number;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#quotas = env.informer('resourcequotas');
    this.#quotas.addIndex(INDEX_NAMESPACE, (quota) => quota.meta.namespace);
    this.#podNs = cost(env, 'controllers.podNs');
    this.#queue = env.queue({
      name: 'resourcequota_primary',
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const enqueue = (quota: ResourceQuota) => this.#queue.add(quota.meta.path);
    this.#quotas.addHandlers({
      onAdd: enqueue,
      onUpdate: (quota, old) => {
        if (quota.hardPods !== old.hardPods || quota.hardRequests !== old.hardRequests) {
          enqueue(quota);
        }
      },
    });
    env.pods.addHandlers({
      onUpdate: (pod, old) => {
        if (isTerminal(pod) && !isTerminal(old)) this.#replenish(pod);
      },
      onDelete: (pod) => this.#replenish(pod),
    });
    env.every('resourcequota/resync', RESYNC_NS, () => this.#enqueueAll());
  }

  *#enqueueAll(): Steps {
    yield this.#env.work(this.#podNs * this.#quotas.size);
    for (const quota of this.#quotas.values()) this.#queue.add(quota.meta.path);
  }

  #replenish(pod: Pod): void {
    for (const quota of this.#quotas.byIndex(INDEX_NAMESPACE, pod.meta.namespace)) {
      this.#queue.add(quota.meta.path);
    }
  }

  *#sync(key: string): Sync {
    const quota = this.#quotas.get(key);
    if (quota === undefined) return '';
    const pods = [...this.#env.pods.byIndex(INDEX_NAMESPACE, quota.meta.namespace)];
    yield this.#env.work(this.#podNs * (pods.length + 1));
    const used = usageOf(pods);
    const old = quota.used;
    const same =
      old.pods === used.pods &&
      old.requests.cpuMilli === used.requests.cpuMilli &&
      old.requests.memoryBytes === used.requests.memoryBytes;
    if (same) return '';
    const next: ResourceQuota = { ...quota, resourceVersion: 0, used };
    return yield* perform(this.#client, statusCall(next, quota));
  }
}

/** What pods that have not ended use. */
export function usageOf(pods: readonly Pod[]): ResourceQuota['used'] {
  let count = 0;
  let requests = NO_RESOURCES;
  for (const pod of pods) {
    if (isTerminal(pod)) continue;
    count++;
    requests = addResources(requests, pod.spec.requests);
  }
  return { pods: count, requests };
}
