/**
 * One sync of a Deployment: its ReplicaSets, sorted into the new one and old ones, and the steps
 * that change them. Lives as long as the sync; keeps what its own writes returned.
 *
 * Follows kubernetes/pkg/controller/deployment/{sync.go,rolling.go}.
 */
import type { ApiClient, EventRecorder } from '../client-go/index.ts';
import {
  type Deployment,
  type LabelSelector,
  metaOf,
  ownedBy,
  type ReplicaSet,
  selectorOf,
} from '../objects/index.ts';
import {
  type ControllerEnvironment,
  createCall,
  errorOf,
  type Steps,
  type Sync,
  send,
  statusCall,
  updateCall,
  withSpec,
  withStatus,
} from './environment.ts';
import {
  fenceposts,
  isComplete,
  newSetReplicas,
  proportionalSizes,
  scaleDownOld,
  sumAvailable,
  sumReplicas,
} from './rolling-update.ts';

export interface StepOutcome {
  readonly changed: boolean;
  readonly error: string;
}

export const HASH_LABEL = 'pod-template-hash';

/** The deployment's selector and the hash: what its ReplicaSet of this template selects by. */
export function hashedSelector(deployment: Deployment): LabelSelector {
  const { selector, template } = deployment.spec;
  const hashed = selectorOf({ [HASH_LABEL]: template.hash });
  return { requirements: [...selector.requirements, ...hashed.requirements] };
}

export class Rollout {
  /** Latest version that this sync knows: its own status writes return one. */
  deployment: Deployment;
  /** Null until it is found or made. */
  fresh: ReplicaSet | null = null;
  /** All but the new one, oldest first. */
  readonly old: ReplicaSet[] = [];
  /** The Progressing condition changes, whatever the counts say. */
  reportsProgress = false;
  readonly #env: ControllerEnvironment;
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;

  constructor(
    env: ControllerEnvironment,
    client: ApiClient,
    deployment: Deployment,
    sets: readonly ReplicaSet[],
  ) {
    this.#env = env;
    this.#client = client;
    this.#recorder = env.recorder(client);
    this.deployment = deployment;
    const byAge = [...sets].sort(
      (a, b) => a.meta.createdNs - b.meta.createdNs || a.meta.uid - b.meta.uid,
    );
    for (const set of byAge) {
      const { hash } = deployment.spec.template;
      if (this.fresh === null && set.spec.template.hash === hash) this.fresh = set;
      else this.old.push(set);
    }
  }

  /** All sets, the old ones first. */
  all(): ReplicaSet[] {
    return this.fresh === null ? [...this.old] : [...this.old, this.fresh];
  }

  /** isScalingEvent: some active set was sized for another number of replicas. */
  isScaling(): boolean {
    const { replicas } = this.deployment.spec;
    for (const set of this.all()) {
      const desired = set.rollout?.desiredReplicas;
      if (set.spec.replicas > 0 && desired !== undefined && desired !== replicas) return true;
    }
    return false;
  }

  /** getNewReplicaSet: brings its annotations up to date, or makes it. */
  *findNewSet(create: boolean): Sync {
    let revision = 1;
    for (const set of this.old) revision = Math.max(revision, (set.rollout?.revision ?? 0) + 1);
    if (this.fresh !== null) {
      if ((this.fresh.rollout?.revision ?? 0) >= revision) return '';
      const rollout = { ...this.#annotations(), revision };
      const updated: ReplicaSet = { ...this.fresh, resourceVersion: 0, rollout };
      const result = yield* send(this.#client, updateCall(updated, this.fresh));
      // The version that this template has again: found, as the condition will say.
      if (errorOf(result) === '') this.fresh = result.object as ReplicaSet;
      this.reportsProgress = true;
      return errorOf(result);
    }
    return create ? yield* this.#createSet(revision) : '';
  }

  *#createSet(revision: number): Sync {
    const { deployment } = this;
    const { template, minReadyNs } = deployment.spec;
    const { sim, uids } = this.#env;
    const labels = { ...template.labels, [HASH_LABEL]: template.hash };
    const replicas = newSetReplicas(deployment.spec, this.old, 0);
    const selector = hashedSelector(deployment);
    const set: ReplicaSet = {
      resource: 'replicasets',
      meta: metaOf(uids, sim.nowNs, {
        name: `${deployment.meta.name}-${template.hash}`,
        namespace: deployment.meta.namespace,
        labels,
        owner: ownedBy(deployment),
      }),
      bytes: deployment.bytes,
      resourceVersion: 0,
      spec: { replicas, selector, template: { ...template, labels }, minReadyNs },
      status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0 },
      rollout: { ...this.#annotations(), revision },
    };
    const result = yield* send(this.#client, createCall(set));
    const error = errorOf(result);
    // AlreadyExists: our cache is behind; the key comes back when it is not.
    if (error !== '') return error === 'NamespaceTerminating' ? '' : error;
    this.fresh = result.object as ReplicaSet; // What was sent, as stored.
    if (replicas > 0)
      this.#recorder.record(deployment, 'ScalingReplicaSet', `${set.meta.name} ${replicas}`);
    // Condition Progressing: NewReplicaSetCreated, a status write before that of the sync's end.
    const reported = withStatus(deployment, {});
    const status = yield* send(this.#client, statusCall(reported, deployment));
    if (errorOf(status) === '') this.deployment = status.object as Deployment;
    return errorOf(status);
  }

  /** reconcileNewReplicaSet. */
  *growNewSet(): Steps<StepOutcome> {
    const { fresh, deployment } = this;
    if (fresh === null) return { changed: false, error: '' };
    const { replicas } = deployment.spec;
    const current = fresh.spec.replicas;
    if (current === replicas) return { changed: false, error: '' };
    const wanted = current > replicas ? replicas : this.#allowed(current);
    return yield* this.#resize(fresh, wanted);
  }

  #allowed(current: number): number {
    return newSetReplicas(this.deployment.spec, this.all(), current);
  }

  /** reconcileOldReplicaSets. */
  *shrinkOldSets(): Steps<StepOutcome> {
    let changed = false;
    for (const step of scaleDownOld(this.deployment.spec, this.old, this.fresh)) {
      const outcome = yield* this.#resize(this.old[step.index], step.replicas);
      if (outcome.error !== '') return outcome;
      changed ||= outcome.changed;
    }
    return { changed, error: '' };
  }

  /** scaleDownOldReplicaSetsForRecreate. */
  *removeOldReplicas(): Steps<StepOutcome> {
    let changed = false;
    for (const set of [...this.old]) {
      if (set.spec.replicas === 0) continue;
      const outcome = yield* this.#resize(set, 0);
      if (outcome.error !== '') return outcome;
      changed = true;
    }
    return { changed, error: '' };
  }

  /** scale(): the deployment's size was changed, in the middle of a rollout or not. */
  *scale(): Sync {
    const { spec } = this.deployment;
    const active = this.all().filter((set) => set.spec.replicas > 0);
    if (active.length <= 1) {
      // activeOrLatest: the only active one, else the new one, else the youngest.
      const only = active[0] ?? this.fresh ?? this.old[this.old.length - 1];
      if (only === undefined) return '';
      return (yield* this.#resize(only, spec.replicas)).error;
    }
    if (this.#isSaturated()) return (yield* this.removeOldReplicas()).error;
    if (spec.strategy === 'Recreate') return '';
    const growing = spec.replicas + fenceposts(spec).maxSurge > sumReplicas(active);
    active.sort((a, b) => {
      const bySize = b.spec.replicas - a.spec.replicas;
      const byAge = a.meta.createdNs - b.meta.createdNs || a.meta.uid - b.meta.uid;
      return bySize || (growing ? -byAge : byAge);
    });
    const sizes = proportionalSizes(
      spec,
      active,
      active.map((s) => s.rollout?.maxReplicas ?? 0),
    );
    for (let i = 0; i < active.length; i++) {
      const { error } = yield* this.#resize(active[i], sizes[i]);
      if (error !== '') return error;
    }
    return '';
  }

  /** IsSaturated: the new set is complete by itself. */
  #isSaturated(): boolean {
    const { fresh } = this;
    const { replicas } = this.deployment.spec;
    if (fresh === null) return false;
    const desired = fresh.rollout?.desiredReplicas ?? fresh.spec.replicas;
    const whole = fresh.spec.replicas === replicas && desired === replicas;
    return whole && fresh.status.availableReplicas === replicas;
  }

  isComplete(): boolean {
    return isComplete(this.deployment, this.status());
  }

  /** calculateStatus. */
  status(): Deployment['status'] {
    const all = this.all();
    let replicas = 0;
    let readyReplicas = 0;
    for (const set of all) {
      replicas += set.status.replicas;
      readyReplicas += set.status.readyReplicas;
    }
    return {
      observedGeneration: this.deployment.meta.generation,
      replicas,
      updatedReplicas: this.fresh?.status.replicas ?? 0,
      readyReplicas,
      availableReplicas: sumAvailable(all),
    };
  }

  #annotations(): { revision: number; desiredReplicas: number; maxReplicas: number } {
    const { spec } = this.deployment;
    const maxReplicas = spec.replicas + fenceposts(spec).maxSurge;
    return {
      revision: this.fresh?.rollout?.revision ?? 1,
      desiredReplicas: spec.replicas,
      maxReplicas,
    };
  }

  /** scaleReplicaSet: writes the size, or only the annotations, where they differ. */
  *#resize(set: ReplicaSet, replicas: number): Steps<StepOutcome> {
    const { deployment } = this;
    const wanted = this.#annotations();
    const sizeDiffers = set.spec.replicas !== replicas;
    const annotated =
      set.rollout?.desiredReplicas === wanted.desiredReplicas &&
      set.rollout.maxReplicas === wanted.maxReplicas;
    if (!sizeDiffers && annotated) return { changed: false, error: '' };
    const rollout = { ...wanted, revision: set.rollout?.revision ?? wanted.revision };
    const base = sizeDiffers ? withSpec(set, { replicas }) : set;
    const updated: ReplicaSet = { ...base, resourceVersion: 0, rollout };
    const result = yield* send(this.#client, updateCall(updated, set));
    const error = errorOf(result);
    if (error !== '') return { changed: false, error };
    this.#replace(set, result.object as ReplicaSet); // What was sent, as stored.
    if (sizeDiffers) {
      this.#recorder.record(deployment, 'ScalingReplicaSet', `${set.meta.name} ${replicas}`);
    }
    return { changed: sizeDiffers, error: '' };
  }

  #replace(set: ReplicaSet, latest: ReplicaSet): void {
    if (this.fresh === set) this.fresh = latest;
    else this.old[this.old.indexOf(set)] = latest;
  }
}
