/**
 * Which nodes a DaemonSet belongs on, and what its pods look like there. Pure.
 *
 * Follows NodeShouldRunDaemonPod of kubernetes/pkg/controller/daemon/daemon_controller.go and
 * kubernetes/pkg/controller/daemon/util/daemonset_util.go.
 */
import {
  NO_AFFINITY,
  type Node,
  type NodeSelectorTerm,
  type Pod,
  type PodSpec,
  type TaintEffect,
  type Toleration,
  termMatches,
  tolerates,
} from '../objects/index.ts';

/** AddOrUpdateDaemonPodTolerations. */
const DAEMON_TAINTS: readonly (readonly [string, TaintEffect])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];
const NETWORK_TAINT = ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const;

/** The template's spec with the tolerations of every daemon pod. */
export function daemonSpec(spec: PodSpec): PodSpec {
  const taints = spec.hostNetwork ? [...DAEMON_TAINTS, NETWORK_TAINT] : DAEMON_TAINTS;
  const added = taints.map(
    ([key, effect]): Toleration => ({
      key,
      operator: 'Exists',
      value: '',
      effect,
      tolerationNs: Number.POSITIVE_INFINITY,
    }),
  );
  const kept = spec.tolerations.filter(
    (t) => !added.some((a) => a.key === t.key && a.effect === t.effect),
  );
  return { ...spec, tolerations: [...kept, ...added] };
}

export interface NodeFit {
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly shouldContinue: boolean;
}

/** `spec` is that of daemonSpec. */
export function nodeFit(spec: PodSpec, node: Node): NodeFit {
  if (!matchesNode(spec, node)) return { shouldRun: false, shouldContinue: false };
  let shouldRun = true;
  let shouldContinue = true;
  for (const taint of node.spec.taints) {
    if (taint.effect === 'PreferNoSchedule') continue;
    if (spec.tolerations.some((toleration) => tolerates(toleration, taint))) continue;
    shouldRun = false;
    if (taint.effect === 'NoExecute') shouldContinue = false;
  }
  return { shouldRun, shouldContinue };
}

function matchesNode(spec: PodSpec, node: Node): boolean {
  for (const key in spec.nodeSelector) {
    if (node.meta.labels[key] !== spec.nodeSelector[key]) return false;
  }
  const terms = spec.affinity?.nodeRequired;
  if (terms === null || terms === undefined) return true;
  return terms.some((term) => termMatches(term, node.meta.labels, node.meta.name));
}

/** ReplaceDaemonSetPodNodeNameNodeAffinity: the scheduler may put it on this node alone. */
export function boundSpec(spec: PodSpec, nodeName: string): PodSpec {
  const matchFields = [
    { key: 'metadata.name', operator: 'In', values: [nodeName] },
  ] as const satisfies NodeSelectorTerm['matchFields'];
  const affinity = spec.affinity ?? NO_AFFINITY;
  const terms = affinity.nodeRequired ?? [{ matchExpressions: [], matchFields: [] }];
  const nodeRequired = terms.map((term) => ({ ...term, matchFields }));
  return { ...spec, affinity: { ...affinity, nodeRequired } };
}

/** GetTargetNodeName: where it is, or where it is to be. */
export function targetNode(pod: Pod): string {
  if (pod.nodeName !== '') return pod.nodeName;
  for (const term of pod.spec.affinity?.nodeRequired ?? []) {
    for (const field of term.matchFields) {
      if (field.key === 'metadata.name' && field.values.length === 1) return field.values[0];
    }
  }
  return '';
}
