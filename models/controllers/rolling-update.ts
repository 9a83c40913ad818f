/**
 * Arithmetic of a Deployment: how many replicas its ReplicaSets may have. Pure.
 *
 * Follows kubernetes/pkg/controller/deployment/util/deployment_util.go and
 * kubernetes/pkg/controller/deployment/{rolling.go,sync.go}.
 */
import type { Deployment, IntOrFraction, ReplicaSet } from '../objects/index.ts';

/** intstr.GetScaledValueFromIntOrPercent. */
export function scaled(value: IntOrFraction, total: number, roundUp: boolean): number {
  if (value.kind === 'number') return value.value;
  // Percentages are integers in the API: 0.07 * 100 must not become 7.000000000000001.
  const percent = Math.round(value.value * 100);
  return roundUp ? Math.ceil((percent * total) / 100) : Math.floor((percent * total) / 100);
}

export interface Fenceposts {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** ResolveFenceposts, and MaxUnavailable's cap by the replicas. */
export function fenceposts(spec: Deployment['spec']): Fenceposts {
  const maxSurge = scaled(spec.maxSurge, spec.replicas, true);
  let maxUnavailable = scaled(spec.maxUnavailable, spec.replicas, false);
  // Both zero would never get on; validation refuses it, rounding can still bring it about.
  if (maxSurge === 0 && maxUnavailable === 0) maxUnavailable = 1;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, spec.replicas) };
}

export function sumReplicas(sets: readonly ReplicaSet[]): number {
  let sum = 0;
  for (const set of sets) sum += set.spec.replicas;
  return sum;
}

export function sumAvailable(sets: readonly ReplicaSet[]): number {
  let sum = 0;
  for (const set of sets) sum += set.status.availableReplicas;
  return sum;
}

/** NewRSNewReplicas: what the new ReplicaSet may have now. */
export function newSetReplicas(
  spec: Deployment['spec'],
  all: readonly ReplicaSet[],
  current: number,
): number {
  if (spec.strategy === 'Recreate') return spec.replicas;
  const maxTotal = spec.replicas + fenceposts(spec).maxSurge;
  const total = sumReplicas(all);
  if (total >= maxTotal) return current;
  return current + Math.min(maxTotal - total, spec.replicas - current);
}

/** What old ReplicaSets, by index into `old`, are scaled to; only those that change. */
export interface ScaleStep {
  readonly index: number;
  readonly replicas: number;
}

/**
 * reconcileOldReplicaSets: first unhealthy replicas go, then as many healthy ones as
 * maxUnavailable allows. `old` is sorted by creation.
 */
export function scaleDownOld(
  spec: Deployment['spec'],
  old: readonly ReplicaSet[],
  fresh: ReplicaSet | null,
): ScaleStep[] {
  const replicas = old.map((set) => set.spec.replicas);
  const oldTotal = sumReplicas(old);
  if (oldTotal === 0) return [];
  const minAvailable = spec.replicas - fenceposts(spec).maxUnavailable;
  const freshReplicas = fresh?.spec.replicas ?? 0;
  const freshAvailable = fresh?.status.availableReplicas ?? 0;
  const budget = oldTotal + freshReplicas - minAvailable - (freshReplicas - freshAvailable);
  if (budget <= 0) return [];
  let unhealthy = 0;
  for (let i = 0; i < old.length && unhealthy < budget; i++) {
    const excess = replicas[i] - old[i].status.availableReplicas;
    if (replicas[i] === 0 || excess <= 0) continue;
    const count = Math.min(budget - unhealthy, excess);
    replicas[i] -= count;
    unhealthy += count;
  }
  let healthy = sumAvailable(old) + freshAvailable - minAvailable;
  for (let i = 0; i < old.length && healthy > 0; i++) {
    const count = Math.min(replicas[i], healthy);
    replicas[i] -= count;
    healthy -= count;
  }
  const steps: ScaleStep[] = [];
  for (let i = 0; i < old.length; i++) {
    if (replicas[i] !== old[i].spec.replicas) steps.push({ index: i, replicas: replicas[i] });
  }
  return steps;
}

/**
 * scale() in the middle of a rollout: the change of size is spread over the active sets in
 * proportion to theirs (GetReplicaSetProportion). `active` is sorted as the caller wants leftovers
 * given: by size, biggest first; `annotatedMax` is each one's max-replicas annotation.
 */
export function proportionalSizes(
  spec: Deployment['spec'],
  active: readonly ReplicaSet[],
  annotatedMax: readonly number[],
): number[] {
  const total = sumReplicas(active);
  const allowed = spec.replicas > 0 ? spec.replicas + fenceposts(spec).maxSurge : 0;
  const toAdd = allowed - total;
  const sizes = active.map((set) => set.spec.replicas);
  let added = 0;
  for (let i = 0; i < active.length; i++) {
    const room = toAdd - added;
    if (toAdd === 0 || room === 0 || sizes[i] === 0) continue;
    // getReplicaSetFraction: what the set would have at the new size, minus what it has.
    const before = annotatedMax[i] > 0 ? annotatedMax[i] : total;
    const fraction =
      spec.replicas === 0 ? -sizes[i] : Math.round((sizes[i] * allowed) / before) - sizes[i];
    const step = toAdd > 0 ? Math.min(fraction, room) : Math.max(fraction, room);
    sizes[i] += step;
    added += step;
  }
  if (sizes.length > 0) sizes[0] = Math.max(0, sizes[0] + (toAdd - added));
  return sizes;
}

/** DeploymentComplete, on the status that was just computed. */
export function isComplete(deployment: Deployment, status: Deployment['status']): boolean {
  const { replicas } = deployment.spec;
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    status.observedGeneration >= deployment.meta.generation
  );
}
