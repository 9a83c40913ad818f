/**
 * Which pods a controller deletes first: ActivePodsWithRanks and isPodReady of
 * kubernetes/pkg/controller/controller_utils.go. Pure.
 *
 * The one idea: prefer what has done least (unassigned, pending, not ready), then what shares its
 * node with most of its siblings, then, by powers of two of their age (LogarithmicScaleDown), the
 * young ones.
 * Left out: the annotation pod-deletion-cost.
 */
import { isBeingDeleted, isTerminal, type Pod } from '../objects/index.ts';

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** IsPodActive. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isBeingDeleted(pod);
}

/** IsPodAvailable: ready for `minReadyNs`. */
export function isAvailable(pod: Pod, minReadyNs: number, nowNs: number): boolean {
  if (!pod.status.ready) return false;
  return minReadyNs === 0 || pod.status.readySinceNs + minReadyNs <= nowNs;
}

/**
 * The `count` pods to delete first. `related` are the pods of all sets of the same owner, whose
 * number on a node is the rank of a pod there (getPodsRankedByRelatedPodsOnSameNode).
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: Iterable<Pod>,
  count: number,
  nowNs: number,
): Pod[] {
  if (count >= pods.length) return [...pods];
  const onNode = new Map<string, number>();
  for (const pod of related) {
    if (isActive(pod)) onNode.set(pod.nodeName, (onNode.get(pod.nodeName) ?? 0) + 1);
  }
  const rank = (pod: Pod) => onNode.get(pod.nodeName) ?? 0;
  return [...pods].sort((a, b) => comparePods(a, b, rank(a), rank(b), nowNs)).slice(0, count);
}

/** Negative: `a` is deleted before `b`. */
export function comparePods(a: Pod, b: Pod, rankA: number, rankB: number, nowNs: number): number {
  if ((a.nodeName === '') !== (b.nodeName === '')) return a.nodeName === '' ? -1 : 1;
  const phase = (PHASE_RANK[a.status.phase] ?? 0) - (PHASE_RANK[b.status.phase] ?? 0);
  if (phase !== 0) return phase;
  if (a.status.ready !== b.status.ready) return a.status.ready ? 1 : -1;
  if (rankA !== rankB) return rankB - rankA;
  if (a.status.ready && a.status.readySinceNs !== b.status.readySinceNs) {
    const bucket =
      ageBucket(nowNs - a.status.readySinceNs) - ageBucket(nowNs - b.status.readySinceNs);
    return bucket !== 0 ? bucket : a.meta.uid - b.meta.uid;
  }
  if (a.status.restarts !== b.status.restarts) return b.status.restarts - a.status.restarts;
  if (a.meta.createdNs !== b.meta.createdNs) {
    const bucket = ageBucket(nowNs - a.meta.createdNs) - ageBucket(nowNs - b.meta.createdNs);
    return bucket !== 0 ? bucket : a.meta.uid - b.meta.uid;
  }
  return a.meta.uid - b.meta.uid;
}

/** logarithmicRankDiff: floor(log2(age in ns)); what is not past yet is youngest. */
function ageBucket(ageNs: number): number {
  if (!(ageNs > 0)) return -1;
  let bucket = 0;
  for (let rest = ageNs; rest >= 2; rest /= 2) bucket++;
  return bucket;
}
