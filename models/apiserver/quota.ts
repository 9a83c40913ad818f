/**
 * ResourceQuota admission (kubernetes/apiserver pkg/admission/plugin/resourcequota): a new pod in a
 * namespace with a quota is counted by a write of the quota's status. Pods that come while such a
 * write is under way are counted together by the next one (`quotaEvaluator.checkQuotas`).
 *
 * Left out: quotas of other objects and of storage, scopes, more than one quota in a namespace.
 */

import type { KubeObject } from '../objects/index.ts';
import { addResources, type Pod, type ResourceList, type ResourceQuota } from '../objects/index.ts';
import type { Cacher } from './cacher/types.ts';
import type { Request } from './request.ts';
import type { ReplicaStorage, StoreOptions } from './storage/types.ts';

const NO_PRECONDITIONS = { uid: 0, resourceVersion: 0 };

interface Evaluation {
  /** The write that is under way counts these. */
  checking: Request[];
  /** Of them, those that fit, by the last try. */
  fitting: Set<Request>;
  waiting: Request[];
}

export class QuotaAdmission {
  readonly #storage: ReplicaStorage;
  readonly #isOn: boolean;
  readonly #onDecided: (request: Request, admitted: boolean) => void;
  readonly #evaluations = new Map<string, Evaluation>();
  /** Paths of the quotas by namespace, as of when there were so many. */
  readonly #paths = new Map<string, string>();
  #pathsOf = -1;

  /** `plugins`: names of the admission plugins that are on. */
  constructor(
    storage: ReplicaStorage,
    plugins: readonly string[],
    onDecided: (request: Request, admitted: boolean) => void,
  ) {
    this.#storage = storage;
    this.#isOn = plugins.includes('ResourceQuota');
    this.#onDecided = onDecided;
  }

  /** True where `onDecided` follows; false where no quota has a say. */
  check(request: Request): boolean {
    const { kind, call } = request;
    if (
      !this.#isOn ||
      kind.verb !== 'create' ||
      kind.info.name !== 'pods' ||
      kind.subresource !== ''
    )
      return false;
    const { cacher } = this.#storage.of('resourcequotas');
    if (cacher === null || cacher.size === 0 || call.object === undefined) return false;
    const path = this.#quotaOf(cacher, call.object.meta.namespace);
    if (path === undefined) return false;
    let evaluation = this.#evaluations.get(path);
    if (evaluation === undefined) {
      evaluation = { checking: [], fitting: new Set(), waiting: [] };
      this.#evaluations.set(path, evaluation);
    }
    evaluation.waiting.push(request);
    if (evaluation.checking.length === 0) this.#evaluate(path, evaluation);
    return true;
  }

  reset(): void {
    this.#evaluations.clear();
    this.#pathsOf = -1;
  }

  #quotaOf(cacher: Cacher, namespace: string): string | undefined {
    if (this.#pathsOf !== cacher.size) {
      this.#pathsOf = cacher.size;
      this.#paths.clear();
      for (const { meta } of cacher.values()) this.#paths.set(meta.namespace, meta.path);
    }
    return this.#paths.get(namespace);
  }

  #evaluate(path: string, evaluation: Evaluation): void {
    evaluation.checking = evaluation.waiting;
    evaluation.waiting = [];
    let deadlineNs = 0;
    for (const r of evaluation.checking) deadlineNs = Math.max(deadlineNs, r.deadlineNs);
    const options: StoreOptions = { deadlineNs, members: 1 };
    const count = (current: KubeObject) => take(current as ResourceQuota, evaluation);
    this.#storage.of('resourcequotas').update(path, NO_PRECONDITIONS, count, options, (result) => {
      const checked = evaluation.checking;
      evaluation.checking = [];
      // A quota that is gone has no say, and another one may have come.
      const gone = result.code === 'notFound';
      if (gone) this.#pathsOf = -1;
      const written = result.code === 'ok';
      for (const request of checked) {
        this.#onDecided(request, gone || (written && evaluation.fitting.has(request)));
      }
      if (evaluation.waiting.length > 0) this.#evaluate(path, evaluation);
    });
  }
}

/** The quota with as many of the pods as fit, one after the other. */
function take(quota: ResourceQuota, evaluation: Evaluation): KubeObject | string {
  evaluation.fitting.clear();
  let { used } = quota;
  for (const request of evaluation.checking) {
    const pod = request.call.object as Pod; // Only pods come here.
    const after = { pods: used.pods + 1, requests: addResources(used.requests, pod.spec.requests) };
    if (after.pods > quota.hardPods) continue;
    if (quota.hardRequests !== null && !isWithin(after.requests, quota.hardRequests)) continue;
    used = after;
    evaluation.fitting.add(request);
  }
  if (evaluation.fitting.size === 0) return 'exceeded quota';
  const after: ResourceQuota = { ...quota, resourceVersion: 0, used };
  return after;
}

function isWithin(used: ResourceList, hard: ResourceList): boolean {
  return (
    used.cpuMilli <= hard.cpuMilli &&
    used.memoryBytes <= hard.memoryBytes &&
    used.ephemeralBytes <= hard.ephemeralBytes
  );
}
