/** Objects that nodes bring with them: Node, Lease, CertificateSigningRequest. */
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import {
  HEALTHY,
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type Lease,
  metaOf,
  type Node,
  type NodeConditions,
  type OpaqueObject,
  resourceInfo,
  type Taint,
  type Uids,
  type User,
} from '../objects/index.ts';

/** Namespace of node leases. */
export const LEASE_NAMESPACE = 'kube-node-lease';
const TAINT_UNINITIALIZED = 'node.cloudprovider.kubernetes.io/uninitialized';
const TAINT_NOT_READY = 'node.kubernetes.io/not-ready';

export interface NodeIdentity {
  readonly name: string;
  readonly zone: string;
  /** Shared by all nodes of a group. */
  readonly images: Readonly<Record<string, number>>;
}

/** Not ready yet. */
const REGISTERED: NodeConditions = Object.freeze({ ...HEALTHY, ready: 'False' });
const NO_VOLUMES: readonly string[] = Object.freeze([]);

/** What a node lists of the images that its group brings: name and bytes. */
export function imagesOf(group: NodeGroupScenario): Readonly<Record<string, number>> {
  const images: Record<string, number> = {};
  for (const image of group.images) {
    images[image.name] = image.layers.reduce((sum, layer) => sum + layer.bytes, 0);
  }
  return images;
}

/** A node as it is registered (`joining`), or as it is when it has been running. */
export function makeNode(
  uids: Uids,
  nowNs: number,
  group: NodeGroupScenario,
  { name, zone, images }: NodeIdentity,
  joining: null | { readonly cloud: boolean },
): Node {
  const labels = { ...group.labels, [LABEL_HOSTNAME]: name, [LABEL_ZONE]: zone };
  const { capacity, allocatable } = group;
  return {
    resource: 'nodes',
    meta: metaOf(uids, nowNs, { name, labels }),
    bytes: group.objectBytes,
    resourceVersion: 0,
    spec: {
      unschedulable: false,
      taints: joining === null ? group.taints : [...group.taints, ...startTaints(nowNs, joining)],
      podCIDR: joining === null ? 'assigned' : '',
      providerID: joining === null ? name : '',
    },
    status: {
      capacity,
      allocatable,
      maxPods: group.kubelet.maxPods,
      conditions: joining === null ? HEALTHY : REGISTERED,
      images,
      volumesAttached: NO_VOLUMES,
    },
  };
}

/** not-ready comes with every new node (admission TaintNodesByCondition). */
function startTaints(nowNs: number, { cloud }: { readonly cloud: boolean }): Taint[] {
  const notReady: Taint = {
    key: TAINT_NOT_READY,
    value: '',
    effect: 'NoSchedule',
    addedNs: nowNs,
  };
  if (!cloud) return [notReady];
  return [notReady, { ...notReady, key: TAINT_UNINITIALIZED, value: 'true' }];
}

export function makeLease(uids: Uids, nowNs: number, name: string, durationNs: number): Lease {
  return {
    resource: 'leases',
    meta: metaOf(uids, nowNs, { name, namespace: LEASE_NAMESPACE }),
    bytes: resourceInfo('leases').typicalBytes,
    resourceVersion: 0,
    holder: name,
    durationNs,
    renewNs: nowNs,
    transitions: 0,
  };
}

export function makeCertificateRequest(uids: Uids, nowNs: number, name: string): OpaqueObject {
  return {
    resource: 'certificatesigningrequests',
    meta: metaOf(uids, nowNs, { name: `node-csr-${name}` }),
    bytes: resourceInfo('certificatesigningrequests').typicalBytes,
    resourceVersion: 0,
    data: {},
  };
}

/** Shared by all nodes. */
const NODE_GROUPS: readonly string[] = Object.freeze(['system:nodes']);

export function nodeUser(name: string): User {
  return {
    name: `system:node:${name}`,
    groups: NODE_GROUPS,
    agent: 'kubelet',
    authentication: 'x509',
  };
}
