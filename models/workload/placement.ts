/**
 * Where pods run that were there before the run: each goes to the next node, in turn, that has room
 * for it and that it tolerates and selects. Not a scheduler: spread and affinity are not looked at
 * beyond what going round gives.
 *
 * After churn, each node is passed over with probability 1/2: what is left where twice as many pods
 * were placed in turn, and half of them have been deleted at random. Nodes then differ in what is
 * free, and the scheduler puts several pods in a row on the node that has most (perf-tests#1311).
 */
import { assert, mixUniform } from '../../src/core/index.ts';
import { type Node, type PodSpec, termMatches, tolerates } from '../objects/index.ts';

/** Turns after which a pod is taken to have no room: passed over so often by chance is 1e-6. */
const PASSED_OVER_MAX = 20;

export class Placement {
  readonly #nodes: readonly Node[];
  readonly #cpuMilli: Float64Array;
  readonly #memoryBytes: Float64Array;
  readonly #pods: Int32Array;
  readonly #extended: Map<string, number>[];
  readonly #may = new Map<PodSpec, Uint8Array>();
  readonly #churn: number | null;
  #draws = 0;
  #next = 0;

  /** `churn`: state of the draws that pass nodes over; null = none is. */
  constructor(nodes: readonly Node[], churn: number | null) {
    this.#nodes = nodes;
    this.#churn = churn;
    const allocatable = nodes.map((node) => node.status.allocatable);
    this.#cpuMilli = Float64Array.from(allocatable, (a) => a.cpuMilli);
    this.#memoryBytes = Float64Array.from(allocatable, (a) => a.memoryBytes);
    this.#pods = Int32Array.from(nodes, (node) => node.status.maxPods);
    this.#extended = allocatable.map((a) => new Map(Object.entries(a.extended)));
  }

  /** Name of a node for the pod, which then takes its room; '' where none has any. */
  place(spec: PodSpec): string {
    const count = this.#nodes.length;
    const may = this.#mayRun(spec);
    // Whoever has been passed over may be the last one that has room.
    const turns = this.#churn === null ? 1 : PASSED_OVER_MAX;
    for (let i = 0; i < count * turns; i++) {
      const at = (this.#next + i) % count;
      if (may[at] === 0 || !this.#fits(at, spec) || this.#passedOver()) continue;
      this.#next = (at + 1) % count;
      this.take(at, spec);
      return this.#nodes[at].meta.name;
    }
    return '';
  }

  /** The pod runs on this node, whatever the rules say. */
  take(at: number, { requests }: PodSpec): void {
    assert(at >= 0 && at < this.#nodes.length, 'a pod runs on a node that exists');
    this.#cpuMilli[at] -= requests.cpuMilli;
    this.#memoryBytes[at] -= requests.memoryBytes;
    this.#pods[at]--;
    for (const [name, amount] of Object.entries(requests.extended)) {
      this.#extended[at].set(name, (this.#extended[at].get(name) ?? 0) - amount);
    }
  }

  /** Nodes on which a DaemonSet's pod runs. */
  eligible(spec: PodSpec): string[] {
    const may = this.#mayRun(spec);
    return this.#nodes.filter((_, at) => may[at] === 1).map((node) => node.meta.name);
  }

  #passedOver(): boolean {
    if (this.#churn === null) return false;
    this.#draws = (this.#draws + 1) % 2 ** 31;
    return mixUniform(this.#churn, this.#draws, 0) < 0.5;
  }

  #fits(at: number, { requests }: PodSpec): boolean {
    if (this.#pods[at] < 1) return false;
    if (this.#cpuMilli[at] < requests.cpuMilli) return false;
    if (this.#memoryBytes[at] < requests.memoryBytes) return false;
    for (const [name, amount] of Object.entries(requests.extended)) {
      if ((this.#extended[at].get(name) ?? 0) < amount) return false;
    }
    return true;
  }

  /** By the node's labels and taints alone; the same for all pods of a template. */
  #mayRun(spec: PodSpec): Uint8Array {
    const known = this.#may.get(spec);
    if (known !== undefined) return known;
    const may = Uint8Array.from(this.#nodes, (node) => (mayRunOn(spec, node) ? 1 : 0));
    this.#may.set(spec, may);
    return may;
  }
}

function mayRunOn(spec: PodSpec, node: Node): boolean {
  const { labels, name } = node.meta;
  for (const [key, value] of Object.entries(spec.nodeSelector)) {
    if (labels[key] !== value) return false;
  }
  const required = spec.affinity?.nodeRequired ?? null;
  if (required !== null && !required.some((term) => termMatches(term, labels, name))) return false;
  return node.spec.taints.every(
    (taint) =>
      taint.effect === 'PreferNoSchedule' || spec.tolerations.some((t) => tolerates(t, taint)),
  );
}
