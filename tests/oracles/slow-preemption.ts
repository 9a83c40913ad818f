/**
 * Preemption that recomputes everything: which pods of a node would have to go, and which nodes are
 * best, for each criterion in turn (kubernetes/pkg/scheduler/framework/preemption).
 */
import {
  matches,
  type Node,
  type Pod,
  type PodDisruptionBudget,
} from '../../models/objects/index.ts';
import { podsOn, type SlowWorld, slowFilter } from './slow-scheduler.ts';

export interface SlowCandidate {
  readonly node: Node;
  readonly victims: readonly Pod[];
  readonly violations: number;
}

export function slowCandidates(
  world: SlowWorld,
  pod: Pod,
  budgets: readonly PodDisruptionBudget[],
): SlowCandidate[] {
  const candidates: SlowCandidate[] = [];
  for (const node of world.nodes) {
    if (slowFilter(world, pod, node)?.resolvable !== true) continue;
    const lower = podsOn(world, node).filter((p) => p.spec.priority < pod.spec.priority);
    let kept = world.pods.filter((p) => !lower.includes(p));
    const fits = (pods: readonly Pod[]) => slowFilter({ ...world, pods }, pod, node) === null;
    if (lower.length === 0 || !fits(kept)) continue;
    const ranked = byImportance(lower);
    const violating = violatingPods(ranked, budgets);
    const victims: Pod[] = [];
    for (const candidate of [...violating, ...ranked.filter((p) => !violating.includes(p))]) {
      if (fits([...kept, candidate])) kept = [...kept, candidate];
      else victims.push(candidate);
    }
    if (victims.length === 0) continue;
    const violations = victims.filter((victim) => violating.includes(victim)).length;
    candidates.push({ node, victims: byImportance(victims), violations });
  }
  return candidates;
}

/** Those that no criterion tells apart from the best. */
export function slowBest(candidates: readonly SlowCandidate[]): SlowCandidate[] {
  const priorities = (c: SlowCandidate) => c.victims.map((v) => v.spec.priority);
  const highest = (c: SlowCandidate) => Math.max(...priorities(c));
  const costs: ((c: SlowCandidate) => number)[] = [
    (c) => c.violations,
    highest,
    (c) => priorities(c).reduce((sum, p) => sum + p + 2 ** 31, 0),
    (c) => c.victims.length,
    (c) => {
      const top = c.victims.filter((v) => v.spec.priority === highest(c));
      return -Math.min(...top.map(startOf));
    },
  ];
  return costs.reduce(
    (left, cost) => {
      const least = Math.min(...left.map(cost));
      return left.filter((c) => cost(c) === least);
    },
    [...candidates],
  );
}

function startOf(pod: Pod): number {
  return pod.status.startNs;
}

function byImportance(pods: readonly Pod[]): Pod[] {
  return [...pods].sort(
    (a, b) =>
      b.spec.priority - a.spec.priority || startOf(a) - startOf(b) || a.meta.uid - b.meta.uid,
  );
}

function violatingPods(ranked: readonly Pod[], budgets: readonly PodDisruptionBudget[]): Pod[] {
  const left = new Map(budgets.map((budget) => [budget, budget.status.disruptionsAllowed]));
  return ranked.filter((pod) => {
    let violates = false;
    for (const budget of budgets) {
      const { namespace, labels } = pod.meta;
      if (namespace !== budget.meta.namespace || Object.keys(labels).length === 0) continue;
      if (!matches(budget.spec.selector, labels)) continue;
      const allowed = (left.get(budget) ?? 0) - 1;
      left.set(budget, allowed);
      if (allowed < 0) violates = true;
    }
    return violates;
  });
}
