/**
 * DefaultPreemption: on which node would taking away pods of lower priority make room, and which.
 *
 * Each candidate is tried: pods are lifted, the filters asked, pods put back.
 * Left out: extenders, pods in Permit, and pods that other preemptions were promised the node for.
 * Sources: kubernetes/pkg/scheduler/framework/preemption/preemption.go,
 * plugins/defaultpreemption/default_preemption.go, util/utils.go.
 */
import type { Stream } from '../../../src/core/index.ts';
import {
  isBeingDeleted,
  matches,
  type Pod,
  type PodDisruptionBudget,
} from '../../objects/index.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { PodEntry } from '../cache/pod-entry.ts';
import type { Algorithm } from './algorithm.ts';
import { CacheTrial, ResourceTrial, type Trial } from './trials.ts';
import { isResolvable } from './verdict.ts';

/** DefaultPreemptionArgs: minCandidateNodesPercentage, minCandidateNodesAbsolute. */
const CANDIDATES_PERCENTAGE = 10;
const CANDIDATES_MIN = 100;
const MAX_INT32 = 2147483647;

export interface Candidate {
  readonly row: number;
  /** Most important first. */
  readonly victims: readonly Pod[];
  readonly violations: number;
}

export type PreemptionOutcome =
  | { readonly kind: 'nominated'; readonly candidate: Candidate }
  /** Nothing would help; a nomination that the pod had is void. */
  | { readonly kind: 'none' }
  /** It waits for the victims of an earlier preemption. */
  | { readonly kind: 'waits' };

export class Preemption {
  readonly #cache: ClusterCache;
  readonly #offsets: Stream;

  constructor(cache: ClusterCache, offsets: Stream) {
    this.#cache = cache;
    this.#offsets = offsets;
  }

  /** After a cycle of `algorithm` that found no node for the pod. */
  run(pod: Pod, algorithm: Algorithm, nowNs: number): PreemptionOutcome {
    if (!this.#isEligible(pod, algorithm)) return { kind: 'waits' };
    const { table } = this.#cache;
    const potential: number[] = [];
    for (const row of table.order.rows) {
      if (algorithm.wasExamined(row) && isResolvable(algorithm.verdicts[row])) potential.push(row);
    }
    if (potential.length === 0) return { kind: 'none' };
    const candidates = this.#dryRun(pod, algorithm, potential, nowNs);
    if (candidates.length === 0) return { kind: 'none' };
    return { kind: 'nominated', candidate: pickCandidate(candidates, nowNs) };
  }

  /** default_preemption.go `PodEligibleToPreemptOthers`. */
  #isEligible(pod: Pod, algorithm: Algorithm): boolean {
    if (pod.spec.preemptionPolicy === 'Never') return false;
    const row = this.#cache.table.rowOf.get(pod.status.nominatedNodeName);
    if (pod.status.nominatedNodeName === '' || row === undefined) return true;
    if (algorithm.wasExamined(row) && !isResolvable(algorithm.verdicts[row])) return true;
    for (const entry of this.#cache.table.pods[row]) {
      if (isBeingDeleted(entry.pod) && entry.pod.spec.priority < pod.spec.priority) return false;
    }
    return true;
  }

  #dryRun(
    pod: Pod,
    algorithm: Algorithm,
    potential: readonly number[],
    nowNs: number,
  ): Candidate[] {
    const wanted = Math.min(
      potential.length,
      Math.max(CANDIDATES_MIN, Math.trunc((potential.length * CANDIDATES_PERCENTAGE) / 100)),
    );
    const offset = this.#offsets.below(potential.length);
    const budgets = [...this.#cache.budgets.values()];
    // Asked once: a trial on the cache changes the states of plugins until the next.
    const onlyResources = algorithm.onlyResourcesMatter;
    const safe: Candidate[] = [];
    const violating: Candidate[] = [];
    for (let i = 0; i < potential.length; i++) {
      const row = potential[(offset + i) % potential.length];
      const candidate = this.#victimsOn(pod, algorithm, row, budgets, onlyResources, nowNs);
      if (candidate === null) continue;
      (candidate.violations === 0 ? safe : violating).push(candidate);
      if (safe.length > 0 && safe.length + violating.length >= wanted) break;
    }
    return [...safe, ...violating];
  }

  /** default_preemption.go `SelectVictimsOnNode`. */
  #victimsOn(
    pod: Pod,
    algorithm: Algorithm,
    row: number,
    budgets: readonly PodDisruptionBudget[],
    onlyResources: boolean,
    nowNs: number,
  ): Candidate | null {
    const { table } = this.#cache;
    const lower = table.pods[row].filter((e) => e.pod.spec.priority < pod.spec.priority);
    algorithm.work.dryRun(1, lower.length);
    if (lower.length === 0) return null;
    const trial = onlyResources
      ? new ResourceTrial(table, row, this.#cache.requestOf(pod.spec))
      : new CacheTrial(this.#cache, row, algorithm);
    for (const entry of lower) trial.lift(entry);
    const victims: Pod[] = [];
    let violations = 0;
    const feasible = trial.fits();
    if (feasible) {
      lower.sort((a, b) => (isMoreImportant(a.pod, b.pod, nowNs) ? -1 : 1));
      const { violating, others } = splitByBudgets(lower, budgets);
      for (const entry of violating) if (!reprieve(entry, trial, victims)) violations++;
      for (const entry of others) reprieve(entry, trial, victims);
      algorithm.work.dryRun(0, lower.length);
    }
    trial.end(lower);
    if (!feasible || victims.length === 0) return null;
    victims.sort((a, b) => (isMoreImportant(a, b, nowNs) ? -1 : 1));
    return { row, victims, violations };
  }
}

/** True where the pod may stay: with it back, the preemptor still fits. */
function reprieve(entry: PodEntry, trial: Trial, victims: Pod[]): boolean {
  trial.putBack(entry);
  if (trial.fits()) return true;
  trial.lift(entry);
  victims.push(entry.pod);
  return false;
}

/** util/utils.go `MoreImportantPod`: higher priority, then longer running; never equal here. */
export function isMoreImportant(a: Pod, b: Pod, nowNs: number): boolean {
  if (a.spec.priority !== b.spec.priority) return a.spec.priority > b.spec.priority;
  const startA = startOf(a, nowNs);
  const startB = startOf(b, nowNs);
  return startA === startB ? a.meta.uid < b.meta.uid : startA < startB;
}

/** A pod that has not started is taken to start now (util/utils.go `GetPodStartTime`). */
function startOf(pod: Pod, nowNs: number): number {
  return Number.isNaN(pod.status.startNs) ? nowNs : pod.status.startNs;
}

/** default_preemption.go `filterPodsWithPDBViolation`; entries by importance. */
function splitByBudgets(
  entries: readonly PodEntry[],
  budgets: readonly PodDisruptionBudget[],
): { violating: PodEntry[]; others: PodEntry[] } {
  if (budgets.length === 0) return { violating: [], others: [...entries] };
  const allowed = budgets.map((budget) => budget.status.disruptionsAllowed);
  const violating: PodEntry[] = [];
  const others: PodEntry[] = [];
  for (const entry of entries) {
    const { labels, name, namespace } = entry.pod.meta;
    let violates = false;
    for (const [i, budget] of budgets.entries()) {
      if (Object.keys(labels).length === 0) break;
      if (budget.meta.namespace !== namespace || !matches(budget.spec.selector, labels)) continue;
      // Already being disrupted: it counts against nobody.
      if (budget.status.disruptedPods[name] !== undefined) continue;
      if (--allowed[i] < 0) violates = true;
    }
    (violates ? violating : others).push(entry);
  }
  return { violating, others };
}

/** preemption.go `pickOneNodeForPreemption`: each criterion among those that the last left. */
export function pickCandidate(candidates: readonly Candidate[], nowNs: number): Candidate {
  const criteria: ((c: Candidate) => number)[] = [
    (c) => -c.violations,
    (c) => -c.victims[0].spec.priority,
    (c) => -c.victims.reduce((sum, pod) => sum + pod.spec.priority + MAX_INT32 + 1, 0),
    (c) => -c.victims.length,
    (c) => earliestStart(c.victims, nowNs),
  ];
  let left = candidates;
  for (const criterion of criteria) {
    if (left.length === 1) break;
    let best = Number.NEGATIVE_INFINITY;
    for (const candidate of left) best = Math.max(best, criterion(candidate));
    left = left.filter((candidate) => criterion(candidate) === best);
  }
  return left[0];
}

/** util/utils.go `GetEarliestPodStartTime`: of the victims of the highest priority. */
function earliestStart(victims: readonly Pod[], nowNs: number): number {
  const highest = victims[0].spec.priority;
  let earliest = Number.POSITIVE_INFINITY;
  for (const pod of victims) {
    if (pod.spec.priority === highest) earliest = Math.min(earliest, startOf(pod, nowNs));
  }
  return earliest;
}
