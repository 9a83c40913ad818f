/**
 * Taints that say what is wrong with a node, and the calls that change them.
 *
 * Follows kubernetes/pkg/controller/util/node/controller_utils.go (SwapNodeControllerTaint),
 * kubernetes/pkg/controller/controller_utils.go (AddOrUpdateTaintOnNode, RemoveTaintOffNode) and
 * doNoScheduleTaintingPass of nodelifecycle.
 */
import type { ApiClient } from '../client-go/index.ts';
import type { Node, NodeConditions, Taint, TaintEffect } from '../objects/index.ts';
import { getCall, patchCall, perform, type Sync, send } from './environment.ts';

export const TAINT_NOT_READY = 'node.kubernetes.io/not-ready';
export const TAINT_UNREACHABLE = 'node.kubernetes.io/unreachable';
const TAINT_MEMORY = 'node.kubernetes.io/memory-pressure';
const TAINT_DISK = 'node.kubernetes.io/disk-pressure';
const TAINT_PID = 'node.kubernetes.io/pid-pressure';
const TAINT_NETWORK = 'node.kubernetes.io/network-unavailable';
const TAINT_UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const CONTROLLED: ReadonlySet<string> = new Set([
  TAINT_NOT_READY,
  TAINT_UNREACHABLE,
  TAINT_MEMORY,
  TAINT_DISK,
  TAINT_PID,
  TAINT_NETWORK,
  TAINT_UNSCHEDULABLE,
]);
/** A strategic merge patch of a node's taints. */
const TAINT_PATCH_BYTES = 300;

export function hasTaint(node: Node, key: string, effect: TaintEffect): boolean {
  for (const taint of node.spec.taints)
    if (taint.key === key && taint.effect === effect) return true;
  return false;
}

/** NoSchedule taints that conditions and spec.unschedulable ask for. */
export function scheduleTaints(node: Node): string[] {
  const keys: string[] = [];
  const { conditions } = node.status;
  const rows: readonly [keyof NodeConditions, string][] = [
    ['memoryPressure', TAINT_MEMORY],
    ['diskPressure', TAINT_DISK],
    ['networkUnavailable', TAINT_NETWORK],
    ['pidPressure', TAINT_PID],
  ];
  if (conditions.ready === 'False') keys.push(TAINT_NOT_READY);
  else if (conditions.ready === 'Unknown') keys.push(TAINT_UNREACHABLE);
  for (const [condition, key] of rows) if (conditions[condition] === 'True') keys.push(key);
  if (node.spec.unschedulable) keys.push(TAINT_UNSCHEDULABLE);
  return keys;
}

export interface TaintChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Null where the node's NoSchedule taints are right. */
export function scheduleTaintChange(node: Node): TaintChange | null {
  const wanted = scheduleTaints(node);
  if (wanted.length === 0 && node.spec.taints.length === 0) return null;
  const add = wanted.filter((key) => !hasTaint(node, key, 'NoSchedule'));
  const remove = node.spec.taints
    .filter((t) => t.effect === 'NoSchedule' && CONTROLLED.has(t.key) && !wanted.includes(t.key))
    .map((taint) => taint.key);
  return add.length === 0 && remove.length === 0 ? null : { add, remove };
}

/**
 * Taints are added by a GET from the watch cache and a PATCH, and removed likewise: two calls each.
 * Returns the first error.
 */
export function* swapTaints(
  client: ApiClient,
  node: Node,
  change: TaintChange,
  effect: TaintEffect,
  nowNs: number,
): Sync {
  if (change.add.length > 0) {
    const error = yield* patchTaints(client, node, (taints) => {
      const kept = taints.filter((t) => t.effect !== effect || !change.add.includes(t.key));
      const added = change.add.map((key): Taint => ({ key, value: '', effect, addedNs: nowNs }));
      return [...kept, ...added];
    });
    if (error !== '') return error;
  }
  if (change.remove.length === 0) return '';
  return yield* patchTaints(client, node, (taints) =>
    taints.filter((t) => t.effect !== effect || !change.remove.includes(t.key)),
  );
}

function* patchTaints(
  client: ApiClient,
  node: Node,
  change: (taints: readonly Taint[]) => readonly Taint[],
): Sync {
  yield* send(client, { ...getCall('nodes', node.meta.path), consistency: 'any' });
  const call = patchCall(node, TAINT_PATCH_BYTES, (current) => {
    const taints = change(current.spec.taints);
    return { ...current, resourceVersion: 0, spec: { ...current.spec, taints } };
  });
  return yield* perform(client, call);
}
