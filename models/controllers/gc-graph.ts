/**
 * Who owns whom: the graph of the garbage collector, fed by every informer. Pure but for two
 * queues that it is given.
 *
 * The one idea: an owner that is referred to before it was seen exists as a *virtual* node, and is
 * looked up live; so the order in which informers deliver does not matter.
 * Follows kubernetes/pkg/controller/garbagecollector/{graph.go,graph_builder.go}.
 * Left out: coordinates that disagree with the owner's namespace (they only make events).
 */
import { isBeingDeleted, type KubeObject, type OwnerReference } from '../objects/index.ts';

/** metav1.FinalizerDeleteDependents, metav1.FinalizerOrphanDependents. */
export const FINALIZER_FOREGROUND = 'foregroundDeletion';
export const FINALIZER_ORPHAN = 'orphan';

export interface GcNode {
  readonly uid: number;
  readonly resource: KubeObject['resource'];
  readonly path: string;
  owners: readonly OwnerReference[];
  /** By uid; null while there are none. */
  dependents: Map<number, GcNode> | null;
  /** It waits in foreground deletion until its dependents are gone. */
  deletingDependents: boolean;
  beingDeleted: boolean;
  /** Never seen by an informer. */
  virtual: boolean;
}

export interface GcQueues {
  attemptToDelete(node: GcNode): void;
  attemptToOrphan(node: GcNode): void;
}

export class GcGraph {
  readonly #nodes = new Map<number, GcNode>();
  readonly #absentOwners = new Set<number>();
  readonly #queues: GcQueues;

  constructor(queues: GcQueues) {
    this.#queues = queues;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: number): GcNode | undefined {
    return this.#nodes.get(uid);
  }

  /** absentOwnerCache: this owner is known not to exist. */
  isAbsent(uid: number): boolean {
    return this.#absentOwners.has(uid);
  }

  markAbsent(uid: number): void {
    this.#absentOwners.add(uid);
  }

  /** processGraphChanges, an add or update. `old` is null for an add. */
  observe(object: KubeObject, old: KubeObject | null): void {
    const { meta } = object;
    let node = this.#nodes.get(meta.uid);
    if (node === undefined) {
      node = this.#insert(object);
      this.#addToOwners(node, node.owners);
    } else {
      node.virtual = false;
      if (node.owners !== meta.owners) this.#changeOwners(node, meta.owners);
    }
    if (isBeingDeleted(object)) node.beingDeleted = true;
    this.#transitions(object, old, node);
  }

  /** processGraphChanges, a delete seen by an informer, or found out by a GET (virtual). */
  remove(uid: number): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    this.#nodes.delete(uid);
    this.#removeFromOwners(node, node.owners);
    if (node.dependents !== null && node.dependents.size > 0) {
      this.#absentOwners.add(uid);
      for (const dependent of node.dependents.values()) this.#queues.attemptToDelete(dependent);
    }
    for (const { uid: owner } of node.owners) {
      const ownerNode = this.#nodes.get(owner);
      if (ownerNode?.deletingDependents === true) this.#queues.attemptToDelete(ownerNode);
    }
  }

  /** blockingDependents: those whose reference says blockOwnerDeletion. */
  blockingDependents(node: GcNode): GcNode[] {
    const blocking: GcNode[] = [];
    for (const dependent of node.dependents?.values() ?? []) {
      const blocks = dependent.owners.some((o) => o.uid === node.uid && o.blockOwnerDeletion);
      if (blocks) blocking.push(dependent);
    }
    return blocking;
  }

  #insert(object: KubeObject): GcNode {
    const { meta } = object;
    const node: GcNode = {
      uid: meta.uid,
      resource: object.resource,
      path: meta.path,
      owners: meta.owners,
      dependents: null,
      deletingDependents: false,
      beingDeleted: false,
      virtual: false,
    };
    this.#nodes.set(meta.uid, node);
    return node;
  }

  #addToOwners(node: GcNode, owners: readonly OwnerReference[]): void {
    for (const owner of owners) {
      let ownerNode = this.#nodes.get(owner.uid);
      const known = ownerNode !== undefined;
      if (ownerNode === undefined) {
        const { uid, resource, path } = owner;
        ownerNode = {
          uid,
          resource,
          path,
          owners: [],
          dependents: null,
          deletingDependents: false,
          beingDeleted: false,
          virtual: true,
        };
        this.#nodes.set(uid, ownerNode);
      }
      ownerNode.dependents ??= new Map();
      ownerNode.dependents.set(node.uid, node);
      if (!known) this.#queues.attemptToDelete(ownerNode);
    }
  }

  #removeFromOwners(node: GcNode, owners: readonly OwnerReference[]): void {
    for (const { uid } of owners) this.#nodes.get(uid)?.dependents?.delete(node.uid);
  }

  #changeOwners(node: GcNode, owners: readonly OwnerReference[]): void {
    const before = node.owners;
    const removed = before.filter((o) => !owners.some((n) => n.uid === o.uid));
    const added = owners.filter((n) => !before.some((o) => o.uid === n.uid));
    node.owners = owners;
    this.#addToOwners(node, added);
    this.#removeFromOwners(node, removed);
    // addUnblockedOwnersToDeleteQueue: an owner that no longer waits for this one may go.
    for (const old of before) {
      if (!old.blockOwnerDeletion) continue;
      const now = owners.find((n) => n.uid === old.uid);
      if (now?.blockOwnerDeletion === true) continue;
      const ownerNode = this.#nodes.get(old.uid);
      if (ownerNode !== undefined) this.#queues.attemptToDelete(ownerNode);
    }
  }

  /** processTransitions: an object begins to wait for its dependents to be orphaned or deleted. */
  #transitions(object: KubeObject, old: KubeObject | null, node: GcNode): void {
    if (!isBeingDeleted(object)) return;
    if (begins(object, old, FINALIZER_ORPHAN)) {
      this.#queues.attemptToOrphan(node);
    } else if (begins(object, old, FINALIZER_FOREGROUND)) {
      node.deletingDependents = true;
      for (const dependent of node.dependents?.values() ?? []) {
        this.#queues.attemptToDelete(dependent);
      }
      this.#queues.attemptToDelete(node);
    }
  }
}

function begins(object: KubeObject, old: KubeObject | null, finalizer: string): boolean {
  if (!object.meta.finalizers.includes(finalizer)) return false;
  return old === null || !isBeingDeleted(old) || !old.meta.finalizers.includes(finalizer);
}
