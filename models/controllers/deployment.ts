/**
 * The Deployment controller: moves the sizes of ReplicaSets, and never touches a pod.
 *
 * Follows kubernetes/pkg/controller/deployment/{deployment_controller.go,sync.go,recreate.go}; the
 * arithmetic is in rolling-update.ts, the rollout's steps in rollout.ts.
 * Left out: rollback annotations, conditions apart from what their writes cost (a new ReplicaSet
 * is reported by a status write of its own), adoption.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import {
  controllerOf,
  type Deployment,
  isBeingDeleted,
  type Pod,
  type ReplicaSet,
} from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  deleteCall,
  INDEX_OWNER,
  perform,
  type Sync,
  statusCall,
  withStatus,
} from './environment.ts';
import { isActive } from './pod-ranking.ts';
import { Rollout } from './rollout.ts';

/** maxRetries of the deployment controller. */
const RETRIES_MAX = 15;

export class DeploymentController implements Controller {
  readonly name = 'deployment';
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #deployments: Informer<'deployments'>;
  readonly #sets: Informer<'replicasets'>;
  readonly #queue: WorkQueue;

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    this.#client = env.client(this.name);
    this.#deployments = env.informer('deployments');
    this.#sets = env.informer('replicasets');
    this.#queue = env.queue({
      name: this.name,
      workers: env.workers(this.name, 5),
      syncNs: cost(env, 'controllers.syncNs'),
      retriesMax: RETRIES_MAX,
      sync: (key) => this.#sync(key),
    });
    const enqueue = (deployment: Deployment) => this.#queue.add(deployment.meta.path);
    this.#deployments.addHandlers({ onAdd: enqueue, onUpdate: enqueue, onDelete: enqueue });
    this.#sets.addHandlers({
      onAdd: (set) => this.#enqueueOwner(set),
      onUpdate: (set) => this.#enqueueOwner(set),
      onDelete: (set) => this.#enqueueOwner(set),
    });
    env.pods.addHandlers({ onDelete: (pod) => this.#onPodDelete(pod) });
  }

  #enqueueOwner(set: ReplicaSet): void {
    const owner = controllerOf(set);
    if (owner !== null && owner.resource === 'deployments') this.#queue.add(owner.path);
  }

  /** Recreate goes on once the last old pod is gone. */
  #onPodDelete(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner === null || owner.resource !== 'replicasets') return;
    const set = this.#sets.get(owner.path);
    const above = set === undefined ? null : controllerOf(set);
    if (above === null) return;
    const deployment = this.#deployments.get(above.path);
    if (deployment?.spec.strategy !== 'Recreate') return;
    for (const sibling of this.#sets.byIndex(INDEX_OWNER, String(deployment.meta.uid))) {
      for (const _ of this.#env.pods.byIndex(INDEX_OWNER, String(sibling.meta.uid))) return;
    }
    this.#queue.add(above.path);
  }

  *#sync(key: string): Sync {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) return '';
    const sets = [...this.#sets.byIndex(INDEX_OWNER, String(deployment.meta.uid))];
    const rollout = new Rollout(this.#env, this.#client, deployment, sets);
    if (isBeingDeleted(deployment)) return yield* this.#writeStatus(rollout);
    const error = yield* this.#act(rollout);
    if (error !== '') return error;
    return yield* this.#writeStatus(rollout);
  }

  *#act(rollout: Rollout): Sync {
    const { deployment } = rollout;
    if (deployment.spec.paused || rollout.isScaling()) {
      const revised = yield* rollout.findNewSet(false);
      if (revised !== '') return revised;
      const scaled = yield* rollout.scale();
      if (scaled !== '' || !deployment.spec.paused) return scaled;
      return yield* this.#cleanUp(rollout);
    }
    if (deployment.spec.strategy === 'Recreate') return yield* this.#recreate(rollout);
    return yield* this.#roll(rollout);
  }

  /** rolloutRolling: up, or down, or tidy; one of them a sync. */
  *#roll(rollout: Rollout): Sync {
    const found = yield* rollout.findNewSet(true);
    if (found !== '') return found;
    const up = yield* rollout.growNewSet();
    if (up.error !== '' || up.changed) return up.error;
    const down = yield* rollout.shrinkOldSets();
    if (down.error !== '' || down.changed) return down.error;
    return rollout.isComplete() ? yield* this.#cleanUp(rollout) : '';
  }

  /** rolloutRecreate: all old ones down, wait until their pods are gone, then the new one. */
  *#recreate(rollout: Rollout): Sync {
    const revised = yield* rollout.findNewSet(false);
    if (revised !== '') return revised;
    const down = yield* rollout.removeOldReplicas();
    if (down.error !== '' || down.changed) return down.error;
    if (this.#oldPodsRun(rollout)) return '';
    const found = yield* rollout.findNewSet(true);
    if (found !== '') return found;
    const up = yield* rollout.growNewSet();
    if (up.error !== '') return up.error;
    return rollout.isComplete() ? yield* this.#cleanUp(rollout) : '';
  }

  /** oldPodsRunning: a pod that has not ended, though it may be going. */
  #oldPodsRun(rollout: Rollout): boolean {
    for (const set of rollout.old) {
      if (set.status.replicas > 0) return true;
      for (const pod of this.#env.pods.byIndex(INDEX_OWNER, String(set.meta.uid))) {
        if (isActive(pod) || isBeingDeleted(pod)) return true;
      }
    }
    return false;
  }

  /** cleanupDeployment: history beyond revisionHistoryLimit, oldest first. */
  *#cleanUp(rollout: Rollout): Sync {
    const { deployment } = rollout;
    const kept = rollout.old.filter((set) => !isBeingDeleted(set));
    const excess = kept.length - deployment.spec.revisionHistoryLimit;
    if (excess <= 0) return '';
    kept.sort((a, b) => (a.rollout?.revision ?? 0) - (b.rollout?.revision ?? 0));
    for (const set of kept.slice(0, excess)) {
      const { status, spec, meta } = set;
      const busy = status.replicas !== 0 || spec.replicas !== 0;
      if (busy || meta.generation > status.observedGeneration) continue;
      const error = yield* perform(this.#client, deleteCall(set));
      if (error !== '' && error !== 'NotFound') return error;
    }
    return '';
  }

  /** syncRolloutStatus; a conflict puts the key back. */
  *#writeStatus(rollout: Rollout): Sync {
    const { deployment } = rollout;
    const status = rollout.status();
    const old = deployment.status;
    const same =
      old.observedGeneration === status.observedGeneration &&
      old.replicas === status.replicas &&
      old.updatedReplicas === status.updatedReplicas &&
      old.readyReplicas === status.readyReplicas &&
      old.availableReplicas === status.availableReplicas;
    if (same && !rollout.reportsProgress) return '';
    return yield* perform(this.#client, statusCall(withStatus(deployment, status), deployment));
  }
}
