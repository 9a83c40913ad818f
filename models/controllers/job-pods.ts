/**
 * What a Job's pods amount to: who is active, who has ended, which indexes are open, how long to
 * wait after failures. Pure.
 *
 * Follows kubernetes/pkg/controller/job/{job_controller.go,indexed_job_utils.go,backoff_utils.go}.
 */
import { isBeingDeleted, type Job, type Pod } from '../objects/index.ts';
import { isActive } from './pod-ranking.ts';

export const JOB_FINALIZER = 'batch.kubernetes.io/job-tracking';
export const INDEX_LABEL = 'batch.kubernetes.io/job-completion-index';
/** DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff. */
const BACKOFF_FIRST_NS = 10e9;
const BACKOFF_MAX_NS = 600e9;

export interface JobPods {
  readonly active: Pod[];
  readonly ready: number;
  /** Ended, with their finalizer still on, and not among the uncounted. */
  readonly ended: Pod[];
}

export function sortPods(job: Job, pods: Iterable<Pod>): JobPods {
  const uncounted = new Set([
    ...(job.status.uncounted?.succeeded ?? []),
    ...(job.status.uncounted?.failed ?? []),
  ]);
  const active: Pod[] = [];
  const ended: Pod[] = [];
  let ready = 0;
  for (const pod of pods) {
    if (isActive(pod)) {
      active.push(pod);
      if (pod.status.ready) ready++;
    } else if (hasEnded(pod) && pod.meta.finalizers.includes(JOB_FINALIZER)) {
      if (!uncounted.has(pod.meta.uid)) ended.push(pod);
    }
  }
  return { active, ready, ended };
}

/** One that is deleted before it ended counts as failed. */
export function hasEnded(pod: Pod): boolean {
  return !isActive(pod);
}

export function hasSucceeded(pod: Pod): boolean {
  return pod.status.phase === 'Succeeded';
}

/** -1 where it has none. */
export function indexOf(pod: Pod): number {
  const label = pod.meta.labels[INDEX_LABEL];
  return label === undefined ? -1 : Number(label);
}

/** firstPendingIndexes: the lowest ones that nobody has done or is doing. */
export function pendingIndexes(job: Job, active: readonly Pod[], count: number): number[] {
  const taken = new Set(job.status.completedIndexes ?? []);
  for (const pod of active) taken.add(indexOf(pod));
  const indexes: number[] = [];
  for (let i = 0; i < job.spec.completions && indexes.length < count; i++) {
    if (!taken.has(i)) indexes.push(i);
  }
  return indexes;
}

/** How many pods should be active. */
export function wantedActive(job: Job, succeeded: number): number {
  return Math.max(0, Math.min(job.spec.parallelism, job.spec.completions - succeeded));
}

/** getRemainingTime: 10 s x 2^(failures - 1), at most 10 min, from the last failure. */
export function backoffLeft(failures: number, lastFailureNs: number, nowNs: number): number {
  if (failures === 0) return 0;
  let waitNs = BACKOFF_FIRST_NS;
  for (let i = 1; i < failures && waitNs < BACKOFF_MAX_NS; i++) waitNs *= 2;
  return Math.max(0, Math.min(waitNs, BACKOFF_MAX_NS) - (nowNs - lastFailureNs));
}

/** A deleted pod that never ended holds its node until its kubelet is through. */
export function isTerminating(pod: Pod): boolean {
  return isBeingDeleted(pod) && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed';
}
