/** A scheduling attempt as observers see it: why nodes were removed, and the best of the others. */
import type { SchedulingAttempt } from '../objects/index.ts';
import type { NodeTable } from './cache/node-table.ts';
import type { Algorithm } from './framework/algorithm.ts';
import type { PreemptionOutcome } from './framework/preemption.ts';
import { filterNames } from './framework/verdict.ts';

/** Best nodes that are named. */
const TOP = 3;

export function describeAttempt(
  algorithm: Algorithm,
  table: NodeTable,
  outcome: PreemptionOutcome | null,
  atNs: number,
): SchedulingAttempt {
  const { decision } = algorithm;
  return {
    atNs,
    nodeName: decision.row < 0 ? '' : table.names[decision.row],
    nodesTotal: decision.total,
    nodesExamined: decision.examined,
    nodesFeasible: decision.feasible,
    removed: removedNodes(algorithm),
    top: decision.feasible > 1 ? bestNodes(algorithm, table) : [],
    preemption: describeOutcome(outcome, table),
  };
}

function removedNodes({ decision, reasons }: Algorithm): SchedulingAttempt['removed'] {
  const removed: { plugin: string; reason: string; nodes: number }[] = [];
  if (decision.refusedBy !== 0) {
    const plugin = filterNames[decision.refusedBy];
    return [{ plugin, reason: decision.refusal, nodes: decision.total }];
  }
  for (const [verdict, nodes] of decision.removed) {
    const plugin = reasons.pluginNameOf(verdict);
    for (const reason of reasons.textsOf(verdict)) {
      const known = removed.find((r) => r.reason === reason && r.plugin === plugin);
      if (known === undefined) removed.push({ plugin, reason, nodes });
      else known.nodes += nodes;
    }
  }
  return removed;
}

function bestNodes(algorithm: Algorithm, table: NodeTable): SchedulingAttempt['top'] {
  const { decision, feasible, total } = algorithm;
  const best: number[] = [];
  for (let i = 0; i < decision.feasible; i++) {
    if (best.length === TOP && total[i] <= total[best[TOP - 1]]) continue;
    let at = best.length;
    while (at > 0 && total[i] > total[best[at - 1]]) at--;
    best.splice(at, 0, i);
    if (best.length > TOP) best.pop();
  }
  return best.map((i) => ({ nodeName: table.names[feasible[i]], score: total[i] }));
}

function describeOutcome(outcome: PreemptionOutcome | null, table: NodeTable): string {
  switch (outcome?.kind) {
    case undefined:
      return '';
    case 'nominated': {
      const { row, victims } = outcome.candidate;
      return `nominated to ${table.names[row]}, ${victims.length} victims`;
    }
    case 'none':
      return 'No preemption victims found for incoming pod';
    case 'waits':
      return 'not eligible due to preemption that is under way';
  }
}
