/**
 * Nodes as rows of typed arrays: what they have, what is asked of them, and generations that say
 * what has changed since somebody looked.
 *
 * One idea: a filter or a score of a node is a few reads of arrays; rows stay where they are.
 * Sources: kubernetes/pkg/scheduler/framework/types.go (NodeInfo), backend/cache/node_tree.go.
 */
import type { Labels, Node, ResourceList, Taint } from '../../objects/index.ts';
import { LABEL_REGION, LABEL_ZONE } from '../../objects/index.ts';
import { NodeOrder } from './node-order.ts';
import type { PodEntry, PodRequest } from './pod-entry.ts';
import { TopologyColumn } from './topology.ts';

/** A resource beside CPU, memory and storage: 'nvidia.com/gpu', 'hugepages-2Mi'. */
export interface ExtendedColumn {
  readonly name: string;
  allocatable: Float64Array;
  used: Float64Array;
}

/** A column of its own: the value of every node is its row. */
export const ROW_KEY = '\u0000row';

export class NodeTable {
  capacity = 64;
  /** Rows that a name has; also of nodes that are gone while pods are still bound to them. */
  readonly rowOf = new Map<string, number>();
  readonly names: string[] = [];
  readonly nodes: (Node | null)[] = [];
  readonly pods: PodEntry[][] = [];
  readonly order = new NodeOrder();
  /** 1 where the Node exists. */
  isNode = new Uint8Array(this.capacity);
  allocCpu = new Float64Array(this.capacity);
  allocMemory = new Float64Array(this.capacity);
  allocEphemeral = new Float64Array(this.capacity);
  allocPods = new Float64Array(this.capacity);
  usedCpu = new Float64Array(this.capacity);
  usedMemory = new Float64Array(this.capacity);
  usedEphemeral = new Float64Array(this.capacity);
  /** With defaults for containers that request nothing (util/pod_resources.go). */
  nonZeroCpu = new Float64Array(this.capacity);
  nonZeroMemory = new Float64Array(this.capacity);
  podCount = new Int32Array(this.capacity);
  /** Changes with everything that filters or resource scores read of the row. */
  generation = new Int32Array(this.capacity);
  /** Changes with labels, taints, spec of the Node. */
  staticGeneration = new Int32Array(this.capacity);
  /** Pods with affinity or anti-affinity terms, and with required anti-affinity. */
  affinityPods = new Int32Array(this.capacity);
  antiAffinityPods = new Int32Array(this.capacity);
  nodesWithAffinity = 0;
  nodesWithAntiAffinity = 0;
  totalPods = 0;
  totalAffinityPods = 0;
  totalAntiAffinityPods = 0;
  /** Changes when a node comes or goes, or its labels or taints change. */
  version = 1;
  /** Changes when one of these happens to a node that has pods: counts by topology are stale. */
  placementVersion = 1;
  readonly extended: ExtendedColumn[] = [];
  readonly #extendedIndex = new Map<string, number>();
  readonly #columns = new Map<string, TopologyColumn>();
  #clock = 0;

  rowFor(name: string): number {
    const found = this.rowOf.get(name);
    if (found !== undefined) return found;
    const row = this.names.length;
    if (row === this.capacity) this.#grow();
    this.rowOf.set(name, row);
    this.names.push(name);
    this.nodes.push(null);
    this.pods.push([]);
    this.touch(row);
    return row;
  }

  /** True where something changed that a filter or score may see. */
  setNode(node: Node): boolean {
    const row = this.rowFor(node.meta.name);
    const old = this.nodes[row];
    this.nodes[row] = node;
    const moved = old === null || zoneKey(old.meta.labels) !== zoneKey(node.meta.labels);
    if (moved) {
      if (old !== null) this.order.remove(row, zoneKey(old.meta.labels));
      this.order.add(row, zoneKey(node.meta.labels));
    }
    const structural = old === null || !sameStatics(old, node);
    if (structural) {
      this.isNode[row] = 1;
      for (const column of this.#columns.values()) column.set(row, labelOf(column.key, row, node));
      this.#structureChanged(row);
    }
    const resized = this.#setAllocatable(row, node);
    if (structural || resized) this.touch(row);
    return structural || resized;
  }

  removeNode(name: string): void {
    const row = this.rowOf.get(name);
    if (row === undefined) return;
    const old = this.nodes[row];
    if (old === null) return;
    this.order.remove(row, zoneKey(old.meta.labels));
    this.nodes[row] = null;
    this.isNode[row] = 0;
    for (const column of this.#columns.values()) column.valueOf[row] = -1;
    this.#structureChanged(row);
    this.touch(row);
  }

  touch(row: number): void {
    this.generation[row] = ++this.#clock;
  }

  column(key: string): TopologyColumn {
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = new TopologyColumn(key, this.capacity);
      for (let row = 0; row < this.nodes.length; row++) {
        const node = this.nodes[row];
        if (node !== null) column.set(row, labelOf(key, row, node));
      }
      this.#columns.set(key, column);
    }
    return column;
  }

  extendedIndex(name: string): number {
    let index = this.#extendedIndex.get(name);
    if (index === undefined) {
      index = this.extended.length;
      this.#extendedIndex.set(name, index);
      this.extended.push({
        name,
        allocatable: new Float64Array(this.capacity),
        used: new Float64Array(this.capacity),
      });
      for (let row = 0; row < this.nodes.length; row++) {
        const node = this.nodes[row];
        if (node === null) continue;
        this.extended[index].allocatable[row] = node.status.allocatable.extended[name] ?? 0;
      }
    }
    return index;
  }

  /** Adds (sign 1) or takes away (-1) what a pod asks. */
  count(row: number, request: PodRequest, sign: 1 | -1): void {
    this.usedCpu[row] += sign * request.cpu;
    this.usedMemory[row] += sign * request.memory;
    this.usedEphemeral[row] += sign * request.ephemeral;
    this.nonZeroCpu[row] += sign * request.nonZeroCpu;
    this.nonZeroMemory[row] += sign * request.nonZeroMemory;
    for (const { index, amount } of request.extended) {
      this.extended[index].used[row] += sign * amount;
    }
    this.podCount[row] += sign;
    this.totalPods += sign;
    this.touch(row);
  }

  countAffinity(row: number, hasRequiredAnti: boolean, sign: 1 | -1): void {
    const before = this.affinityPods[row];
    this.affinityPods[row] = before + sign;
    this.totalAffinityPods += sign;
    if (before === 0) this.nodesWithAffinity++;
    else if (before + sign === 0) this.nodesWithAffinity--;
    if (!hasRequiredAnti) return;
    const beforeAnti = this.antiAffinityPods[row];
    this.antiAffinityPods[row] = beforeAnti + sign;
    this.totalAntiAffinityPods += sign;
    if (beforeAnti === 0) this.nodesWithAntiAffinity++;
    else if (beforeAnti + sign === 0) this.nodesWithAntiAffinity--;
  }

  #structureChanged(row: number): void {
    this.staticGeneration[row] = ++this.#clock;
    this.version++;
    if (this.pods[row].length > 0) this.placementVersion++;
  }

  #setAllocatable(row: number, node: Node): boolean {
    const a: ResourceList = node.status.allocatable;
    let changed =
      this.allocCpu[row] !== a.cpuMilli ||
      this.allocMemory[row] !== a.memoryBytes ||
      this.allocEphemeral[row] !== a.ephemeralBytes ||
      this.allocPods[row] !== node.status.maxPods;
    this.allocCpu[row] = a.cpuMilli;
    this.allocMemory[row] = a.memoryBytes;
    this.allocEphemeral[row] = a.ephemeralBytes;
    this.allocPods[row] = node.status.maxPods;
    for (const column of this.extended) {
      const amount = a.extended[column.name] ?? 0;
      changed ||= column.allocatable[row] !== amount;
      column.allocatable[row] = amount;
    }
    return changed;
  }

  #grow(): void {
    this.capacity *= 2;
    const n = this.capacity;
    this.isNode = copyTo(new Uint8Array(n), this.isNode);
    this.allocCpu = copyTo(new Float64Array(n), this.allocCpu);
    this.allocMemory = copyTo(new Float64Array(n), this.allocMemory);
    this.allocEphemeral = copyTo(new Float64Array(n), this.allocEphemeral);
    this.allocPods = copyTo(new Float64Array(n), this.allocPods);
    this.usedCpu = copyTo(new Float64Array(n), this.usedCpu);
    this.usedMemory = copyTo(new Float64Array(n), this.usedMemory);
    this.usedEphemeral = copyTo(new Float64Array(n), this.usedEphemeral);
    this.nonZeroCpu = copyTo(new Float64Array(n), this.nonZeroCpu);
    this.nonZeroMemory = copyTo(new Float64Array(n), this.nonZeroMemory);
    this.podCount = copyTo(new Int32Array(n), this.podCount);
    this.generation = copyTo(new Int32Array(n), this.generation);
    this.staticGeneration = copyTo(new Int32Array(n), this.staticGeneration);
    this.affinityPods = copyTo(new Int32Array(n), this.affinityPods);
    this.antiAffinityPods = copyTo(new Int32Array(n), this.antiAffinityPods);
    for (const column of this.#columns.values()) column.grow(n);
    for (const column of this.extended) {
      column.allocatable = copyTo(new Float64Array(n), column.allocatable);
      column.used = copyTo(new Float64Array(n), column.used);
    }
  }
}

function copyTo<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}

function labelOf(key: string, row: number, node: Node): string | undefined {
  return key === ROW_KEY ? String(row) : node.meta.labels[key];
}

/** node_tree.go GetZoneKey: region and zone. */
function zoneKey(labels: Labels): string {
  const region = labels[LABEL_REGION] ?? '';
  const zone = labels[LABEL_ZONE] ?? '';
  return region === '' && zone === '' ? '' : `${region}:\u0000:${zone}`;
}

function sameStatics(a: Node, b: Node): boolean {
  return (
    (a.meta.labels === b.meta.labels || sameLabels(a.meta.labels, b.meta.labels)) &&
    a.spec.unschedulable === b.spec.unschedulable &&
    (a.spec.taints === b.spec.taints || sameTaints(a.spec.taints, b.spec.taints))
  );
}

export function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

export function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  return (
    a.length === b.length &&
    a.every((t, i) => t.key === b[i].key && t.value === b[i].value && t.effect === b[i].effect)
  );
}
