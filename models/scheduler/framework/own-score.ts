/**
 * Filter and score plugins that a user of the library adds to the kube-scheduler of a scenario
 * (out-of-tree plugins of the scheduling framework, kubernetes/pkg/scheduler/framework). A filter
 * is asked after all built-in ones, of the nodes that they let pass; a score sees the feasible
 * nodes of a cycle and adds to what the built-in ones said.
 *
 * *Left out:* extension points other than Filter and Score; NormalizeScore (a plugin normalizes by
 * itself); events that a plugin registers for (its pods are tried again after each).
 */
import { assert } from '../../../src/core/index.ts';
import type { Node, Pod } from '../../objects/index.ts';
import { MAX_NODE_SCORE } from '../plugins/resource-scores.ts';

export interface SchedulerPlugin {
  /** Unique, and part of the key of the results. */
  readonly name: string;
  /** Profile that runs it; default: all. */
  readonly schedulerName?: string;
  /** Default: 1. */
  readonly weight?: number;
  /** CPU of one call, in ns; default: what a built-in plugin costs. */
  readonly nodeNs?: number;
  /**
   * From 0 to 100, the better the node the more: of the node as the scheduler knows it, and of the
   * pods that it has there, assumed ones included. Must depend on nothing else but its own state.
   */
  score?(pod: Pod, node: Node, podsOnNode: number): number;
  /**
   * Why the node cannot take the pod, '' where it can. Pods that preemption would take away are not
   * counted when it is asked whether that helps. Must depend on nothing else, as `score`.
   */
  filter?(pod: Pod, node: Node, podsOnNode: number): string;
}

/** Adds the weighted scores of one plugin to `total`. */
export function addScores(
  plugin: SchedulerPlugin,
  pod: Pod,
  nodes: readonly { readonly node: Node; readonly pods: number }[],
  total: Float64Array,
): void {
  const weight = plugin.weight ?? 1;
  if (plugin.score === undefined) return;
  for (const [i, { node, pods }] of nodes.entries()) {
    const score = plugin.score(pod, node, pods);
    const isScore = score >= 0 && score <= MAX_NODE_SCORE;
    assert(isScore, `scores of ${plugin.name} are from 0 to ${MAX_NODE_SCORE}`);
    total[i] += weight * Math.floor(score);
  }
}
