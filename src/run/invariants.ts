/**
 * What must hold in every run of a Kubernetes cluster, looked at as each write is applied in etcd:
 * a pod is bound once, and no binding takes a node over its allocatable; at the end no request is
 * lost. (The order of watches is checked where their events arrive: models/client-go.)
 *
 * One idea: etcd tells of every change with the version before, so a node's sums follow from
 * differences, and a write that moves no pod costs two comparisons.
 *
 * A node may rightly get too full: where a scheduler never learned whether a binding happened (it
 * timed out, its process died), where pods choose a node past the scheduler, where another
 * scheduler binds too, where allocatable shrinks. The first is counted, as its own result; the
 * others are known from the objects, and their nodes are no longer checked.
 */
import type { Ledger } from '../../models/client-go/index.ts';
import type { ContentsListener, KeyChange, StoredValue } from '../../models/etcd/index.ts';
import {
  isTerminal,
  type KubeObject,
  type Node,
  type Pod,
  type ResourceList,
} from '../../models/objects/index.ts';
import { assert, InvariantViolation } from '../core/index.ts';
import type { RunWarning } from './result.ts';

/** Sums of the pods on a node, as etcd has them. */
interface NodeUse {
  node: Node | null;
  cpuMilli: number;
  memoryBytes: number;
  ephemeralBytes: number;
  pods: number;
  readonly extended: Map<string, number>;
  /** Pods came here otherwise than by one scheduler that knows all, or its room shrank. */
  isExempt: boolean;
}

export interface InvariantOptions {
  /** Names of the profiles of the scheduler. */
  readonly schedulers: readonly string[];
  readonly ledger: Ledger;
}

export class Invariants {
  readonly #schedulers: ReadonlySet<string>;
  readonly #ledger: Ledger;
  readonly #nodes = new Map<string, NodeUse>();
  /** Bindings that made a node too full after one whose outcome nobody knows. */
  #overcommitted = 0;
  #isRunning = false;
  /** etcd went back to a snapshot: schedulers know of other pods than there are. */
  #wasRestored = false;
  /** By uid: where pods were bound before a restore that forgot it. */
  readonly #boundBefore = new Map<number, string>();
  #boundTwice = 0;
  #overcommittedAfterRestore = 0;

  constructor(o: InvariantOptions) {
    this.#schedulers = new Set(o.schedulers);
    this.#ledger = o.ledger;
  }

  /** Of the contents of an etcd that holds objects. */
  readonly listener: ContentsListener = (previous, value) => {
    const object = asObject(value ?? previous);
    if (object === null) return;
    if (object.resource === 'pods') this.#pod(previous as Pod | null, value as Pod | null);
    else if (object.resource === 'nodes') this.#node(object as Node, value !== null);
  };

  /**
   * The store went back to a snapshot, and a new epoch of its data begins. What was bound twice
   * across epochs, or on what schedulers remember of the one before, is counted, not checked.
   */
  restored(changes: readonly KeyChange[]): void {
    this.#wasRestored = true;
    for (const { before, after } of changes) {
      const object = asObject(after ?? before);
      if (object === null) continue;
      if (object.resource === 'nodes') this.#use(object.meta.name).node = after as Node | null;
      if (object.resource !== 'pods') continue;
      const [old, now] = [before as Pod | null, after as Pod | null];
      if (old !== null && occupies(old)) this.#add(old, -1);
      if (now !== null && occupies(now)) this.#add(now, 1);
      const forgotten = old !== null && old.nodeName !== '' && now?.nodeName === '';
      if (forgotten && old.meta.uid === now.meta.uid) {
        this.#boundBefore.set(old.meta.uid, old.nodeName);
      }
    }
  }

  /** From now on changes are checked: what stood at the start is as it was given. */
  start(): void {
    this.#isRunning = true;
  }

  /** `openRequests`: in the table of requests, which knows nothing of the ledger. */
  finish(openRequests: number): readonly RunWarning[] {
    const { sent, inFlight } = this.#ledger;
    if (inFlight !== openRequests) {
      throw new InvariantViolation(
        `of ${sent} requests ${inFlight} have not ended, but ${openRequests} are under way`,
      );
    }
    return [...this.#overcommitWarning(), ...this.#restoreWarnings()];
  }

  #restoreWarnings(): RunWarning[] {
    const warnings: RunWarning[] = [];
    const warn = (count: number, what: string, hint: string): void => {
      if (count > 0) warnings.push({ code: 'restored', message: `${count} ${what}`, hint });
    };
    warn(
      this.#boundTwice,
      'pods ran on one node and were bound to another after etcd went back to a snapshot',
      'Restart kubelets with the control plane, so that they see which pods are theirs.',
    );
    warn(
      this.#overcommittedAfterRestore,
      'bindings made a node fuller than its allocatable after etcd went back to a snapshot',
      'Restart the scheduler with the API servers, or bump the revision of the snapshot.',
    );
    return warnings;
  }

  #overcommitWarning(): RunWarning[] {
    if (this.#overcommitted === 0) return [];
    const message =
      `${this.#overcommitted} bindings made a node fuller than its allocatable, after bindings ` +
      'whose outcome the scheduler never learned';
    const hint = 'The kubelet refuses such pods; look for timeouts of the API server or of etcd.';
    return [{ code: 'overcommitted', message, hint }];
  }

  #pod(previous: Pod | null, value: Pod | null): void {
    const before = previous !== null && occupies(previous) ? previous : null;
    const after = value !== null && occupies(value) ? value : null;
    if (previous !== null && value !== null && previous.nodeName !== value.nodeName) {
      const same = previous.meta.uid === value.meta.uid;
      assert(!same || previous.nodeName === '', 'a pod was bound twice');
    }
    if (before?.nodeName === after?.nodeName && before?.spec === after?.spec) return;
    if (before !== null) this.#add(before, -1);
    if (after !== null) this.#add(after, 1);
    if (this.#isRunning && after !== null) this.#bound(previous, after);
  }

  #bound(previous: Pod | null, pod: Pod): void {
    const use = this.#use(pod.nodeName);
    const ranOn = this.#boundBefore.get(pod.meta.uid) ?? pod.nodeName;
    if (ranOn !== pod.nodeName) this.#boundTwice++;
    const isBinding = previous !== null && previous.nodeName === '';
    if (!isBinding || !this.#schedulers.has(pod.spec.schedulerName)) {
      use.isExempt = true;
      return;
    }
    if (use.node === null || use.isExempt) return;
    const lacking = tooMuch(use, use.node, pod.spec.requests);
    if (lacking === '') return;
    if (this.#wasRestored) {
      this.#overcommittedAfterRestore++;
      return;
    }
    if (this.#ledger.unsureBindings === 0) {
      throw new InvariantViolation(
        `${pod.meta.path} was bound to ${pod.nodeName}, which has too little ${lacking}`,
      );
    }
    this.#overcommitted++;
  }

  #node(node: Node, exists: boolean): void {
    const use = this.#use(node.meta.name);
    const { node: before } = use;
    if (!exists) {
      use.node = null;
      return;
    }
    if (this.#isRunning && before !== null && before.status !== node.status) {
      if (shrank(before, node)) use.isExempt = true;
    }
    use.node = node;
  }

  #add(pod: Pod, sign: 1 | -1): void {
    const use = this.#use(pod.nodeName);
    const { requests } = pod.spec;
    use.pods += sign;
    use.cpuMilli += sign * requests.cpuMilli;
    use.memoryBytes += sign * requests.memoryBytes;
    use.ephemeralBytes += sign * requests.ephemeralBytes;
    for (const name in requests.extended) {
      const amount = use.extended.get(name) ?? 0;
      use.extended.set(name, amount + sign * requests.extended[name]);
    }
  }

  #use(name: string): NodeUse {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const use: NodeUse = {
      node: null,
      cpuMilli: 0,
      memoryBytes: 0,
      ephemeralBytes: 0,
      pods: 0,
      extended: new Map(),
      isExempt: false,
    };
    this.#nodes.set(name, use);
    return use;
  }
}

/** Compactors and other users of etcd store values that are no objects. */
export function asObject(value: StoredValue | null): KubeObject | null {
  return value !== null && 'resource' in value ? (value as KubeObject) : null;
}

function occupies(pod: Pod): boolean {
  return pod.nodeName !== '' && !isTerminal(pod);
}

/** What the pod asks for and its node has not; '' nothing. A pod that asks for none may come. */
function tooMuch(use: NodeUse, node: Node, requests: ResourceList): string {
  const { allocatable, maxPods } = node.status;
  if (use.pods > maxPods) return 'room for pods';
  if (requests.cpuMilli > 0 && use.cpuMilli > allocatable.cpuMilli) return 'cpu';
  if (requests.memoryBytes > 0 && use.memoryBytes > allocatable.memoryBytes) return 'memory';
  const { ephemeralBytes } = requests;
  if (ephemeralBytes > 0 && use.ephemeralBytes > allocatable.ephemeralBytes) return 'storage';
  for (const name in requests.extended) {
    const used = use.extended.get(name) ?? 0;
    if (requests.extended[name] > 0 && used > (allocatable.extended[name] ?? 0)) return name;
  }
  return '';
}

function shrank(before: Node, after: Node): boolean {
  const [a, b] = [before.status, after.status];
  if (a.allocatable === b.allocatable && a.maxPods === b.maxPods) return false;
  if (b.maxPods < a.maxPods || b.allocatable.cpuMilli < a.allocatable.cpuMilli) return true;
  if (b.allocatable.memoryBytes < a.allocatable.memoryBytes) return true;
  if (b.allocatable.ephemeralBytes < a.allocatable.ephemeralBytes) return true;
  for (const name in a.allocatable.extended) {
    if ((b.allocatable.extended[name] ?? 0) < a.allocatable.extended[name]) return true;
  }
  return false;
}
