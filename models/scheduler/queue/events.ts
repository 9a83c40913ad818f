/**
 * Cluster events that may make a pod schedulable, and the hints by which plugins judge them.
 *
 * Without hints (before 1.32, but for the first releases of 1.28) a registered event of a plugin
 * that rejected the pod is enough; with them the plugin looks at what changed.
 * Sources: kubernetes/pkg/scheduler/framework/types.go, eventhandlers.go, `EventsToRegister` and
 * `isSchedulableAfter*` of the plugins, KEP-4247.
 */
import {
  type Labels,
  matches,
  type Node,
  type Pod,
  type PodAffinityTerm,
} from '../../objects/index.ts';
import { hasPodTerms } from '../cache/pod-groups.ts';
import {
  F_AFFINITY,
  F_FIT,
  F_NAME,
  F_OWN,
  F_POD_AFFINITY,
  F_PORTS,
  F_SPREAD,
  F_TAINT,
  F_UNSCHEDULABLE,
  F_VOLUME_BINDING,
  F_VOLUME_LIMITS,
  F_VOLUME_RESTRICTIONS,
  F_VOLUME_ZONE,
  FILTERS,
} from '../framework/verdict.ts';
import { termMatchesPod } from '../plugins/inter-pod-affinity.ts';
import { matchesNode, untolerated } from '../plugins/node-filters.ts';

export const NODE_ADD = 1;
export const NODE_DELETE = 2;
export const NODE_ALLOCATABLE = 4;
export const NODE_LABEL = 8;
export const NODE_TAINT = 16;
/** A pod on a node: came, changed, went. */
export const POD_ADD = 32;
export const POD_UPDATE = 64;
export const POD_DELETE = 128;
/** Claims, volumes, classes, limits of nodes. */
export const STORAGE = 256;
/** Everything: the flush of pods that waited too long. */
export const FLUSH = 512;

export interface ClusterEvent {
  /** Several bits for a Node that changed in several ways. */
  readonly kinds: number;
  readonly node: Node | null;
  readonly pod: Pod | null;
}

const NODE_CHANGE = NODE_ADD | NODE_LABEL | NODE_TAINT;

/** By filter plugin: events after which it may let a pod pass. */
const registered: readonly number[] = (() => {
  const table = new Array<number>(FILTERS).fill(0);
  table[F_UNSCHEDULABLE] = NODE_ADD | NODE_TAINT;
  table[F_NAME] = NODE_ADD;
  table[F_TAINT] = NODE_ADD | NODE_TAINT;
  table[F_AFFINITY] = NODE_ADD | NODE_LABEL;
  table[F_PORTS] = NODE_ADD | POD_DELETE;
  table[F_FIT] = NODE_ADD | NODE_ALLOCATABLE | POD_DELETE;
  table[F_VOLUME_RESTRICTIONS] = POD_DELETE | STORAGE;
  table[F_VOLUME_LIMITS] = POD_DELETE | STORAGE;
  table[F_VOLUME_BINDING] = NODE_ADD | NODE_LABEL | STORAGE;
  table[F_VOLUME_ZONE] = NODE_ADD | NODE_LABEL | STORAGE;
  const pods = POD_ADD | POD_UPDATE | POD_DELETE;
  table[F_SPREAD] = NODE_CHANGE | NODE_DELETE | pods;
  table[F_POD_AFFINITY] = NODE_ADD | NODE_LABEL | pods;
  // A plugin that registers no events is asked again after all of them.
  table[F_OWN] = NODE_CHANGE | NODE_DELETE | NODE_ALLOCATABLE | pods | STORAGE;
  return table;
})();

export interface HintContext {
  /** The version has queueing hints and they are on. */
  readonly hints: boolean;
  namespaceLabels(namespace: string): Labels | undefined;
}

/** True where the event may help a pod that these plugins (bits) rejected. */
export function mayHelp(
  context: HintContext,
  pod: Pod,
  rejectors: number,
  event: ClusterEvent,
): boolean {
  if ((event.kinds & FLUSH) !== 0 || rejectors === 0) return true;
  for (let plugin = 1; plugin < FILTERS; plugin++) {
    if ((rejectors & (1 << plugin)) === 0 || (registered[plugin] & event.kinds) === 0) continue;
    if (!context.hints) return withoutHints(pod, event);
    if (hint(context, plugin, pod, event)) return true;
  }
  return false;
}

/** eventhandlers.go `preCheckForNode`: before hints, a node must at least admit the pod. */
function withoutHints(pod: Pod, event: ClusterEvent): boolean {
  const { node } = event;
  if (node === null) return true;
  return admits(pod, node) && fitsEmpty(pod, node);
}

function admits(pod: Pod, node: Node): boolean {
  return (
    matchesNode(pod.spec, node) &&
    untolerated(node.spec.taints, pod.spec.tolerations) === null &&
    !node.spec.unschedulable
  );
}

function fitsEmpty(pod: Pod, node: Node): boolean {
  const { allocatable } = node.status;
  const { requests } = pod.spec;
  return (
    requests.cpuMilli <= allocatable.cpuMilli &&
    requests.memoryBytes <= allocatable.memoryBytes &&
    requests.ephemeralBytes <= allocatable.ephemeralBytes &&
    Object.keys(requests.extended).every(
      (name) => requests.extended[name] <= (allocatable.extended[name] ?? 0),
    )
  );
}

function hint(context: HintContext, plugin: number, pod: Pod, event: ClusterEvent): boolean {
  const { node, pod: other } = event;
  switch (plugin) {
    case F_UNSCHEDULABLE:
      return node !== null && !node.spec.unschedulable;
    case F_TAINT:
      return node !== null && untolerated(node.spec.taints, pod.spec.tolerations) === null;
    case F_AFFINITY:
      return node !== null && matchesNode(pod.spec, node);
    case F_PORTS:
      return node !== null || (other !== null && sharesPort(pod, other));
    case F_FIT:
      return node === null || fitsEmpty(pod, node);
    case F_SPREAD:
      return other === null || spreadTouches(pod, other);
    case F_POD_AFFINITY:
      return other === null || affinityTouches(context, pod, other);
    default:
      return true;
  }
}

function sharesPort(pod: Pod, other: Pod): boolean {
  for (const { hostPorts } of pod.spec.containers) {
    for (const { port, protocol } of hostPorts) {
      for (const c of other.spec.containers) {
        if (c.hostPorts.some((p) => p.port === port && p.protocol === protocol)) return true;
      }
    }
  }
  return false;
}

function spreadTouches(pod: Pod, other: Pod): boolean {
  if (pod.meta.namespace !== other.meta.namespace) return false;
  const hard = pod.spec.topologySpread.filter((c) => c.whenUnsatisfiable === 'DoNotSchedule');
  return hard.some((c) => matches(c.labelSelector, other.meta.labels));
}

function affinityTouches(context: HintContext, pod: Pod, other: Pod): boolean {
  const reaches = (terms: readonly PodAffinityTerm[], owner: Pod, target: Pod): boolean => {
    const { labels, namespace } = target.meta;
    const ofNamespace = context.namespaceLabels(namespace) ?? {};
    return terms.some((term) =>
      termMatchesPod(term, owner.meta.namespace, namespace, labels, ofNamespace),
    );
  };
  const { affinity } = pod.spec;
  if (affinity !== null && hasPodTerms(affinity)) {
    if (reaches(affinity.podRequired, pod, other)) return true;
    if (reaches(affinity.antiRequired, pod, other)) return true;
  }
  return other.spec.affinity !== null && reaches(other.spec.affinity.antiRequired, other, pod);
}
