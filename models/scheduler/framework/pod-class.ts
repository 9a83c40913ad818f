/**
 * Pods whose specs ask the same of nodes, and what is known of each node for them.
 *
 * One idea: filters and raw scores that read nothing but the spec and one node are computed once
 * for each (class, version of the node); a cycle over unchanged nodes compares two integers a node.
 * The real scheduler computes them each time (and is charged for it); results are the same.
 */
import type { PodSpec } from '../../objects/index.ts';
import type { NodeTable } from '../cache/node-table.ts';
import { type PodRequest, requestOf } from '../cache/pod-entry.ts';
import type { PodShape } from './pod-shape.ts';

/** Bytes of one row of a memo: two generations, a verdict, two scores, two raw counts. */
export const MEMO_ROW_BYTES = 4 + 4 + 4 + 4 + 1 + 1 + 2 + 4;

export class ClassMemo {
  readonly capacity: number;
  readonly generation: Int32Array;
  readonly staticGeneration: Int32Array;
  readonly staticVerdict: Int32Array;
  readonly verdict: Int32Array;
  readonly fitScore: Uint8Array;
  readonly balancedScore: Uint8Array;
  /** PreferNoSchedule taints that are not tolerated. */
  readonly taints: Uint16Array;
  /** Sum of the weights of preferred node affinity terms that match. */
  readonly affinity: Int32Array;
  lastUsed = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.generation = new Int32Array(capacity);
    this.staticGeneration = new Int32Array(capacity);
    this.staticVerdict = new Int32Array(capacity);
    this.verdict = new Int32Array(capacity);
    this.fitScore = new Uint8Array(capacity);
    this.balancedScore = new Uint8Array(capacity);
    this.taints = new Uint16Array(capacity);
    this.affinity = new Int32Array(capacity);
  }
}

export class PodClass {
  readonly id: number;
  readonly spec: PodSpec;
  readonly request: PodRequest;
  /** Nodes that required terms name by metadata.name; null = they do not. */
  readonly nodeNames: readonly string[] | null;
  readonly tolerations: PodSpec['tolerations'];
  readonly hasNodeSelector: boolean;
  readonly hasPreferredNodes: boolean;
  /** NodeResourcesBalancedAllocation skips pods that ask for neither CPU nor memory. */
  readonly isBestEffort: boolean;
  memo: ClassMemo | null = null;
  /** By id of the pod's group: what depends on namespace and labels as well. */
  readonly shapes = new Map<number, PodShape[]>();

  constructor(id: number, spec: PodSpec, table: NodeTable) {
    this.id = id;
    this.spec = spec;
    this.request = requestOf(spec, table);
    this.nodeNames = namedNodes(spec);
    this.tolerations = spec.tolerations;
    this.hasNodeSelector =
      Object.keys(spec.nodeSelector).length > 0 || (spec.affinity?.nodeRequired ?? null) !== null;
    this.hasPreferredNodes = (spec.affinity?.nodePreferred.length ?? 0) > 0;
    this.isBestEffort = this.request.cpu === 0 && this.request.memory === 0;
  }
}

/** nodeaffinity/node_affinity.go PreFilter: every term must name nodes. */
function namedNodes(spec: PodSpec): readonly string[] | null {
  const terms = spec.affinity?.nodeRequired ?? null;
  if (terms === null || terms.length === 0) return null;
  const names = new Set<string>();
  for (const term of terms) {
    const fields = term.matchFields.filter(
      (field) => field.key === 'metadata.name' && field.operator === 'In',
    );
    if (fields.length === 0) return null;
    const named = fields[0].values.filter((name) =>
      fields.every((field) => field.values.includes(name)),
    );
    for (const name of named) names.add(name);
  }
  return [...names];
}

/** Classes of one profile: by identity of the spec, then by content. */
export class PodClasses {
  readonly #table: NodeTable;
  readonly #memoBytesMax: number;
  readonly #bySpec = new WeakMap<PodSpec, PodClass>();
  readonly #byContent = new Map<string, PodClass>();
  readonly #withMemo: PodClass[] = [];
  #count = 0;
  #clock = 0;

  constructor(table: NodeTable, memoBytesMax: number) {
    this.#table = table;
    this.#memoBytesMax = memoBytesMax;
  }

  of(spec: PodSpec): PodClass {
    let found = this.#bySpec.get(spec);
    if (found === undefined) {
      found = this.#byContentOf(spec);
      this.#bySpec.set(spec, found);
    }
    return found;
  }

  /** Where results for this class are kept; the least recently used class gives way. */
  memoOf(podClass: PodClass): ClassMemo {
    let memo = podClass.memo;
    if (memo === null || memo.capacity !== this.#table.capacity) {
      if (memo === null) this.#makeRoom(podClass);
      memo = new ClassMemo(this.#table.capacity);
      podClass.memo = memo;
    }
    memo.lastUsed = ++this.#clock;
    return memo;
  }

  #byContentOf(spec: PodSpec): PodClass {
    // Pods of a DaemonSet name their node: each is a class of its own, and is soon forgotten.
    const fresh = new PodClass(this.#count + 1, spec, this.#table);
    if (fresh.nodeNames !== null) {
      this.#count++;
      return fresh;
    }
    const key = contentOf(spec);
    const known = this.#byContent.get(key);
    if (known !== undefined) return known;
    if (this.#byContent.size >= CLASSES_MAX) this.#byContent.clear();
    this.#count++;
    this.#byContent.set(key, fresh);
    return fresh;
  }

  #makeRoom(podClass: PodClass): void {
    const most = Math.max(1, this.#memoBytesMax / (MEMO_ROW_BYTES * this.#table.capacity));
    if (this.#withMemo.length < most) {
      this.#withMemo.push(podClass);
      return;
    }
    let oldest = 0;
    for (let i = 1; i < this.#withMemo.length; i++) {
      const { memo } = this.#withMemo[i];
      const best = this.#withMemo[oldest].memo;
      if (memo !== null && best !== null && memo.lastUsed < best.lastUsed) oldest = i;
    }
    this.#withMemo[oldest].memo = null;
    this.#withMemo[oldest] = podClass;
  }
}

/** Contents that are remembered; beyond, all are forgotten and come back as they are met. */
const CLASSES_MAX = 20_000;

function contentOf(spec: PodSpec): string {
  return JSON.stringify([
    spec.requests,
    spec.containers.map((c) => [c.requests, c.hostPorts, c.image.name]),
    spec.initContainers.map((c) => [c.requests, c.image.name]),
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpread,
    spec.volumes,
  ]);
}
