/**
 * The namespace controller: empties a namespace that is being deleted, type by type, then lets it
 * go. What still ends gracefully, or has finalizers, makes it wait and come back.
 *
 * Follows kubernetes/pkg/controller/namespace/{namespace_controller.go,deletion/
 * namespaced_resources_deleter.go}. Its client may do 20 times the queries of others
 * (kubernetes/cmd/kube-controller-manager/app/core.go).
 * Left out: discovery before each pass, conditions of the namespace.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  isBeingDeleted,
  isTerminal,
  type Namespace,
  resourceInfos,
  withMeta,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  INDEX_NAMESPACE,
  perform,
  type Steps,
  type Sync,
  send,
  updateCall,
} from './environment.ts';

const QPS_FACTOR = 20;
const BURST_FACTOR = 100;
/** namespaceDeletionGracePeriod; nsControllerRateLimiter. */
const GRACE_NS = 5e9;
const BACKOFF = { first: 5e6, max: 60e9 };
/** finalizerEstimateSeconds. */
const FINALIZERS_NS = 15e9;
const FINALIZER = 'kubernetes';

export class NamespaceController implements Controller {
  readonly name = 'namespace';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #namespaces: Informer<'namespaces'>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name, QPS_FACTOR, BURST_FACTOR);
    this.#namespaces = env.informer('namespaces');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 10),
      syncNs: cost(env, 'controllers.syncNs'),
      backoffNs: BACKOFF,
      sync: (key) => this.#sync(key),
    });
    // Only what is going; a little later, so that HA API servers have all seen it.
    const look = (namespace: Namespace) => {
      if (isBeingDeleted(namespace)) this.#queue.addAfter(namespace.meta.path, GRACE_NS);
    };
    this.#namespaces.addHandlers({ onAdd: look, onUpdate: look });
  }

  *#sync(key: string): Sync {
    const namespace = this.#namespaces.get(key);
    if (namespace === undefined || !isBeingDeleted(namespace)) return '';
    const left = yield* this.#deleteAllContent(key);
    if (left.error !== '') return left.error;
    if (left.waitNs > 0) {
      // ResourcesRemainingError: half of the estimate and a second.
      this.#queue.addAfter(key, Math.floor(left.waitNs / 2) + 1e9);
      return '';
    }
    if (!namespace.meta.finalizers.includes(FINALIZER)) return '';
    const finalizers = namespace.meta.finalizers.filter((f) => f !== FINALIZER);
    const error = yield* perform(
      this.#client,
      updateCall(withMeta(namespace, { finalizers }), namespace),
    );
    return error === 'NotFound' ? '' : error;
  }

  /** deleteAllContent: a DELETE of the collection and a LIST, type after type. */
  *#deleteAllContent(
    namespace: string,
  ): Steps<{ readonly error: string; readonly waitNs: number }> {
    let waitNs = 0;
    for (const { name: resource, namespaced } of resourceInfos) {
      if (!namespaced) continue;
      const estimateNs = resource === 'pods' ? this.#graceOf(namespace) : 0;
      if (resource === 'pods') {
        yield* send(this.#client, { verb: 'list', resource, namespace, wantItems: false });
      }
      const deleted = errorOf(
        yield* send(this.#client, { verb: 'deletecollection', resource, namespace }),
      );
      if (deleted !== '') return { error: deleted, waitNs };
      const list = yield* send(this.#client, {
        verb: 'list',
        resource,
        namespace,
        wantItems: false,
      });
      if (errorOf(list) !== '') return { error: errorOf(list), waitNs };
      if (list.count > 0) waitNs = Math.max(waitNs, estimateNs > 0 ? estimateNs : FINALIZERS_NS);
    }
    return { error: '', waitNs };
  }

  /** estimateGracefulTerminationForPods: the longest grace of pods that still run. */
  #graceOf(namespace: string): number {
    let longestNs = 0;
    for (const pod of this.#env.pods.byIndex(INDEX_NAMESPACE, namespace)) {
      if (!isTerminal(pod)) longestNs = Math.max(longestNs, pod.spec.terminationGraceNs);
    }
    return longestNs;
  }
}
