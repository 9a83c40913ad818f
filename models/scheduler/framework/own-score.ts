/**
 * Score plugins that a user of the library adds to the kube-scheduler of a scenario (out-of-tree
 * plugins of the scheduling framework, kubernetes/pkg/scheduler/framework). They see the feasible
 * nodes of a cycle and add to what the built-in ones said.
 *
 * *Left out:* extension points other than Score; NormalizeScore (a plugin normalizes by itself).
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
  score(pod: Pod, node: Node, podsOnNode: number): number;
}

/** Adds the weighted scores of one plugin to `total`. */
export function addScores(
  plugin: SchedulerPlugin,
  pod: Pod,
  nodes: readonly { readonly node: Node; readonly pods: number }[],
  total: Float64Array,
): void {
  const weight = plugin.weight ?? 1;
  for (const [i, { node, pods }] of nodes.entries()) {
    const score = plugin.score(pod, node, pods);
    const isScore = score >= 0 && score <= MAX_NODE_SCORE;
    assert(isScore, `scores of ${plugin.name} are from 0 to ${MAX_NODE_SCORE}`);
    total[i] += weight * Math.floor(score);
  }
}
