/**
 * What a scheduling cycle costs: CPU time by what the real plugins look at, not by what this model
 * had to recompute. Work on nodes is spread over the parallel workers of the cycle; merging their
 * results, and everything else, is serial.
 * Sources: kubernetes/pkg/scheduler/schedule_one.go, framework/parallelize, plugins.
 */
import type { NodeTable } from '../cache/node-table.ts';
import type { Decision } from './decision.ts';
import type { PodShape } from './pod-shape.ts';
import { F_FIT, F_SPREAD } from './verdict.ts';

/** CPU time, ns. */
export interface CycleCosts {
  /** Pop, snapshot, state of the cycle, assume, start of the binding cycle. */
  readonly cycleNs: number;
  /** A node examined: filters that compare a few fields. */
  readonly filterNodeNs: number;
  /** Matching required node affinity of one node. */
  readonly nodeAffinityNs: number;
  /** Filter of volumes on one node, each claim. */
  readonly volumeNodeNs: number;
  /** A node scored by one plugin. */
  readonly scoreNodeNs: number;
  /** A node visited to count pods of one spread constraint. */
  readonly spreadNodeNs: number;
  /** A node visited for terms of pods. */
  readonly affinityNodeNs: number;
  /** A pod visited there, compared with one selector or term. */
  readonly podVisitNs: number;
  /** A pod passed over for its namespace. */
  readonly podSkipNs: number;
  /** Merging one node's counts into the result; serial. */
  readonly mergeNs: number;
  /** One more topology pair in it; serial. */
  readonly pairNs: number;
  /** Diagnosis of a pod that fits nowhere; serial. */
  readonly failNs: number;
  /** A candidate node of preemption. */
  readonly dryRunNodeNs: number;
  /** A pod that is taken off it, or put back, filters included. */
  readonly dryRunPodNs: number;
}

export class CycleWork {
  readonly #costs: CycleCosts;
  serialNs = 0;
  parallelNs = 0;

  constructor(costs: CycleCosts) {
    this.#costs = costs;
  }

  reset(): void {
    this.serialNs = this.#costs.cycleNs;
    this.parallelNs = 0;
  }

  /** PreFilter of PodTopologySpread and InterPodAffinity. */
  preFilter(table: NodeTable, shape: PodShape): void {
    const costs = this.#costs;
    const nodes = table.order.length;
    if (shape.spreadFilter !== null) {
      this.#visitForSpread(table, shape, shape.spreadFilter.constraints);
    }
    const { podAffinity } = shape;
    const antiNodes = table.nodesWithAntiAffinity;
    if (antiNodes > 0) {
      this.parallelNs += antiNodes * costs.affinityNodeNs;
      this.parallelNs += table.totalAntiAffinityPods * costs.podSkipNs;
      this.#merge(podAffinity.existingMatched, podAffinity.existingPairs, antiNodes);
    }
    if (podAffinity.requiredTerms > 0) {
      this.parallelNs += nodes * costs.affinityNodeNs;
      this.parallelNs += podAffinity.requiredTerms * this.#podsNs(table, shape);
      this.#merge(podAffinity.ownMatched, podAffinity.ownPairs, nodes);
    }
  }

  filter(decision: Decision, shape: PodShape, hasVolumes: boolean, byPods: boolean): void {
    const costs = this.#costs;
    const { examined, removedBy } = decision;
    const { podClass } = shape;
    this.parallelNs += examined * costs.filterNodeNs;
    if (podClass.hasNodeSelector) this.parallelNs += examined * costs.nodeAffinityNs;
    // Later filters see what the earlier ones let through.
    let left = examined;
    for (let plugin = 1; plugin <= F_FIT; plugin++) left -= removedBy[plugin];
    left = Math.max(0, left);
    if (hasVolumes) {
      this.parallelNs += left * costs.volumeNodeNs * podClass.request.claims.length;
    }
    for (let plugin = F_FIT + 1; plugin < F_SPREAD; plugin++) left -= removedBy[plugin];
    left = Math.max(0, left);
    if (shape.spreadFilter !== null) {
      this.parallelNs += left * costs.scoreNodeNs * shape.spreadFilter.constraints;
    }
    if (byPods) this.parallelNs += (left - removedBy[F_SPREAD]) * costs.scoreNodeNs;
  }

  score(table: NodeTable, shape: PodShape, decision: Decision, byPods: boolean): void {
    const costs = this.#costs;
    const { feasible } = decision;
    const { podAffinity, podClass, spreadScore } = shape;
    // TaintToleration, NodeResourcesFit, BalancedAllocation, ImageLocality; normalization is
    // another pass over the nodes.
    let plugins = podClass.isBestEffort ? 3 : 4;
    if (podClass.hasPreferredNodes) plugins++;
    if (byPods) plugins++;
    this.parallelNs += feasible * plugins * costs.scoreNodeNs;
    if (spreadScore !== null) {
      this.parallelNs += feasible * spreadScore.constraints * costs.scoreNodeNs;
      const counted = spreadScore.countedConstraints;
      if (counted > 0) this.#visitForSpread(table, shape, counted);
    }
    const own = podAffinity.preferredTerms;
    const nodes = own > 0 ? table.order.length : table.nodesWithAffinity;
    if (nodes === 0) return;
    const pods =
      own > 0 ? table.totalPods * own + table.totalAffinityPods : table.totalAffinityPods;
    this.parallelNs += nodes * costs.affinityNodeNs + pods * costs.podVisitNs;
    this.#merge(podAffinity.scoreMatched, podAffinity.scorePairs, nodes);
  }

  /** A score plugin of the library's user. */
  own(nodes: number, nodeNs: number = this.#costs.scoreNodeNs): void {
    this.parallelNs += nodes * nodeNs;
  }

  fail(): void {
    this.serialNs += this.#costs.failNs;
  }

  dryRun(nodes: number, pods: number): void {
    this.parallelNs += nodes * this.#costs.dryRunNodeNs + pods * this.#costs.dryRunPodNs;
  }

  #visitForSpread(table: NodeTable, shape: PodShape, constraints: number): void {
    const nodesNs = table.order.length * this.#costs.spreadNodeNs;
    const own = shape.group.space.pods;
    this.parallelNs += constraints * (nodesNs + this.#lookNs(own, table.totalPods));
  }

  /** All pods for one term of the pod. */
  #podsNs(table: NodeTable, shape: PodShape): number {
    const own = shape.podAffinity.isOwnNamespaceOnly ? shape.group.space.pods : table.totalPods;
    return this.#lookNs(own, table.totalPods);
  }

  #lookNs(visited: number, total: number): number {
    return visited * this.#costs.podVisitNs + (total - visited) * this.#costs.podSkipNs;
  }

  #merge(matched: number, pairs: number, nodes: number): void {
    const costs = this.#costs;
    this.parallelNs += matched * costs.podVisitNs;
    this.serialNs += Math.min(matched, nodes) * costs.mergeNs + pairs * costs.pairNs;
  }
}
