/**
 * What the node lifecycle controller believes of each node: when it last saw a sign of life, by
 * its own observation. Pure.
 *
 * Follows tryUpdateNodeHealth of
 * kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go. The one idea: timestamps
 * inside leases and conditions are compared with what they were, never with a clock; so skew does
 * no harm, and a restart begins all over.
 */
import type { ConditionStatus, Lease, Node, NodeConditions } from '../objects/index.ts';

interface Health {
  /** Last sign of life, by our clock. */
  probeNs: number;
  leaseRenewNs: number;
  conditions: NodeConditions | null;
}

export interface HealthVerdict {
  /** Ready as it is in the object. */
  readonly observed: ConditionStatus;
  /** Ready as we see it now. */
  readonly current: ConditionStatus;
  /** To be written; null where nothing changes. */
  readonly conditions: NodeConditions | null;
}

/** What most looks find. */
const HEALTHY: HealthVerdict = Object.freeze({
  observed: 'True',
  current: 'True',
  conditions: null,
});

export class NodeHealth {
  readonly #byNode = new Map<string, Health>();

  /** One look at a node; the start-up grace holds while it has never posted a status. */
  look(node: Node, lease: Lease | undefined, nowNs: number, grace: Grace): HealthVerdict {
    const { name } = node.meta;
    let health = this.#byNode.get(name);
    const neverReported = node.status.conditions.ready === 'Unknown' && !isReported(node);
    if (health === undefined) {
      const probeNs = neverReported ? node.meta.createdNs : nowNs;
      health = { probeNs, leaseRenewNs: Number.NaN, conditions: null };
      this.#byNode.set(name, health);
    } else if (heartbeat(node, health)) {
      health.probeNs = nowNs;
    }
    if (lease !== undefined && !(lease.renewNs <= health.leaseRenewNs)) {
      health.probeNs = nowNs;
      health.leaseRenewNs = lease.renewNs;
    }
    health.conditions = node.status.conditions;
    const observed = node.status.conditions.ready;
    const graceNs = neverReported ? grace.startupNs : grace.monitorNs;
    if (nowNs <= health.probeNs + graceNs) {
      if (observed === 'True') return HEALTHY;
      return { observed, current: observed, conditions: null };
    }
    const conditions: NodeConditions = {
      ...node.status.conditions,
      ready: 'Unknown',
      memoryPressure: 'Unknown',
      diskPressure: 'Unknown',
      pidPressure: 'Unknown',
    };
    const changes = observed !== 'Unknown' || neverReported;
    return { observed, current: 'Unknown', conditions: changes ? conditions : null };
  }

  /** The conditions that we wrote ourselves are no heartbeat. */
  wrote(name: string, conditions: NodeConditions): void {
    const health = this.#byNode.get(name);
    if (health !== undefined) health.conditions = conditions;
  }

  /** handleDisruption, leaving full disruption: everybody gets a new grace period. */
  refresh(name: string, nowNs: number): void {
    const health = this.#byNode.get(name);
    if (health !== undefined) health.probeNs = nowNs;
  }

  forget(name: string): void {
    this.#byNode.delete(name);
  }
}

export interface Grace {
  readonly monitorNs: number;
  readonly startupNs: number;
}

/** A kubelet has written a status: it knows what it has. */
function isReported(node: Node): boolean {
  return node.status.capacity.cpuMilli > 0;
}

/** lastHeartbeatTime or lastTransitionTime moved: a kubelet's write carries other conditions. */
function heartbeat(node: Node, health: Health): boolean {
  return health.conditions !== null && !sameConditions(node.status.conditions, health.conditions);
}

function sameConditions(a: NodeConditions, b: NodeConditions): boolean {
  if (a === b) return true;
  return (
    a.ready === b.ready &&
    a.memoryPressure === b.memoryPressure &&
    a.diskPressure === b.diskPressure &&
    a.pidPressure === b.pidPressure &&
    a.networkUnavailable === b.networkUnavailable
  );
}
