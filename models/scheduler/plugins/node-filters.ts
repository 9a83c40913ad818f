/**
 * Filters that read a pod's spec and one node: NodeUnschedulable, NodeName, TaintToleration,
 * NodeAffinity, NodePorts, NodeResourcesFit; and the raw scores of taints and node affinity.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/{nodeunschedulable,tainttoleration,
 * nodeaffinity,nodeports,noderesources}.
 */
import type { Labels, Node, PodSpec, Taint, Toleration } from '../../objects/index.ts';
import { termMatches, tolerates } from '../../objects/index.ts';
import type { NodeTable } from '../cache/node-table.ts';
import { type PodRequest, portsConflict } from '../cache/pod-entry.ts';
import type { PodClass } from '../framework/pod-class.ts';
import {
  F_AFFINITY,
  F_FIT,
  F_PORTS,
  F_TAINT,
  F_UNSCHEDULABLE,
  FEASIBLE,
  FIT_CPU,
  FIT_EPHEMERAL,
  FIT_EXTENDED_BIT,
  FIT_EXTENDED_MAX,
  FIT_MEMORY,
  FIT_PODS,
  type Reasons,
  resolvable,
  unresolvable,
} from '../framework/verdict.ts';

const UNSCHEDULABLE_TAINT: Taint = {
  key: 'node.kubernetes.io/unschedulable',
  value: '',
  effect: 'NoSchedule',
  addedNs: 0,
};

export function toleratesAny(tolerations: readonly Toleration[], taint: Taint): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}

/** Filters that do not depend on the pods of the node. `enabled`: bit by plugin. */
export function staticVerdict(c: PodClass, node: Node, enabled: number, reasons: Reasons): number {
  if (
    node.spec.unschedulable &&
    (enabled & (1 << F_UNSCHEDULABLE)) !== 0 &&
    !toleratesAny(c.tolerations, UNSCHEDULABLE_TAINT)
  ) {
    return unresolvable(F_UNSCHEDULABLE);
  }
  // NodeName: a pod that names its node never comes to a scheduler.
  if ((enabled & (1 << F_TAINT)) !== 0) {
    const taint = untolerated(node.spec.taints, c.tolerations);
    if (taint !== null) return reasons.taintVerdict(taint);
  }
  if (c.hasNodeSelector && (enabled & (1 << F_AFFINITY)) !== 0) {
    if (!matchesNode(c.spec, node)) return unresolvable(F_AFFINITY);
  }
  return FEASIBLE;
}

/** The first taint that keeps the pod away; null = none. */
export function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | null {
  for (const taint of taints) {
    if (taint.effect === 'PreferNoSchedule') continue;
    if (!toleratesAny(tolerations, taint)) return taint;
  }
  return null;
}

/** Required node selector and affinity (component-helpers nodeaffinity). */
export function matchesNode(spec: PodSpec, node: Node): boolean {
  const labels: Labels = node.meta.labels;
  for (const key of Object.keys(spec.nodeSelector)) {
    if (labels[key] !== spec.nodeSelector[key]) return false;
  }
  const terms = spec.affinity?.nodeRequired ?? null;
  if (terms === null) return true;
  for (const term of terms) if (termMatches(term, labels, node.meta.name)) return true;
  return false;
}

export function preferredAffinity(spec: PodSpec, node: Node): number {
  let sum = 0;
  for (const { weight, term } of spec.affinity?.nodePreferred ?? []) {
    if (weight !== 0 && termMatches(term, node.meta.labels, node.meta.name)) sum += weight;
  }
  return sum;
}

/** PreferNoSchedule taints that the pod does not tolerate. */
export function intolerablePreferred(c: PodClass, node: Node): number {
  let count = 0;
  for (const taint of node.spec.taints) {
    if (taint.effect === 'PreferNoSchedule' && !toleratesAny(c.tolerations, taint)) count++;
  }
  return count;
}

/** Filters that depend on the pods of the node. */
export function dynamicVerdict(c: PodClass, table: NodeTable, row: number, on: number): number {
  const { request } = c;
  if (request.ports.length > 0 && (on & (1 << F_PORTS)) !== 0) {
    for (const entry of table.pods[row]) {
      if (portsConflict(request.ports, entry.request.ports)) return resolvable(F_PORTS);
    }
  }
  return (on & (1 << F_FIT)) !== 0 ? fit(request, table, row) : FEASIBLE;
}

/**
 * noderesources/fit.go `fitsRequest`: all that lacks is named; what the node could not give even
 * when empty does not get better by preemption.
 */
function fit(request: PodRequest, table: NodeTable, row: number): number {
  let lacks = 0;
  let hopeless = false;
  if (table.podCount[row] + 1 > table.allocPods[row]) lacks |= FIT_PODS;
  const { cpu, memory, ephemeral } = request;
  if (cpu > 0 && cpu > table.allocCpu[row] - table.usedCpu[row]) {
    lacks |= FIT_CPU;
    hopeless ||= cpu > table.allocCpu[row];
  }
  if (memory > 0 && memory > table.allocMemory[row] - table.usedMemory[row]) {
    lacks |= FIT_MEMORY;
    hopeless ||= memory > table.allocMemory[row];
  }
  if (ephemeral > 0 && ephemeral > table.allocEphemeral[row] - table.usedEphemeral[row]) {
    lacks |= FIT_EPHEMERAL;
    hopeless ||= ephemeral > table.allocEphemeral[row];
  }
  for (const { index, amount } of request.extended) {
    const column = table.extended[index];
    if (amount > column.allocatable[row] - column.used[row]) {
      lacks |= 1 << (Math.min(index, FIT_EXTENDED_MAX) + FIT_EXTENDED_BIT);
      hopeless ||= amount > column.allocatable[row];
    }
  }
  if (lacks === 0) return FEASIBLE;
  return hopeless ? unresolvable(F_FIT, lacks) : resolvable(F_FIT, lacks);
}
