/**
 * PLEG of a group of kubelets: a relist every second after the last one ended, which takes longer
 * the more containers there are, and tells the pod workers what changed before it began
 * (pkg/kubelet/pleg/generic.go). The one idea: relists are arithmetic on (reference, period), and
 * only one that has something to tell is an event.
 *
 * *Left out:* cores of the node, which relists use; what a relist of another node does to this one.
 */
import { assert, type EventId } from '../../src/core/index.ts';
import type { Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

export interface PlegOptions {
  readonly name: string;
  readonly nodes: number;
  readonly evented: boolean;
  /** Until then the runtime of a node answers nothing: relists that are due before end then. */
  readonly hungUntilNs: (node: number) => number;
  /** The kubelet of `node` sees what happened to the pod of `slot`. */
  readonly seen: (node: number, slot: number) => void;
}

/** A relist that has something to tell. */
interface Relist {
  readonly startNs: number;
  event: EventId;
  /** Pods that changed before it began, and after. */
  readonly slots: number[];
  readonly late: number[];
}

const CONTAINERS_MAX = 4096;

export class Pleg {
  readonly #o: PlegOptions;
  readonly #sim: ModelContext['sim'];
  /** Start of some relist, by node; may lie ahead. */
  readonly #referenceNs: Float64Array;
  readonly #containers: Uint16Array;
  /** Nodes whose kubelet runs, by number of containers. */
  readonly #nodesWith = new Int32Array(CONTAINERS_MAX);
  readonly #running: Uint8Array;
  readonly #relists = new Map<number, Relist>();
  readonly #endType: number;
  readonly #eventType: number;
  readonly #tickType: number;
  readonly #duration: Tally;
  readonly #periodNs: number;
  readonly #relistNs: number;
  readonly #containerNs: number;
  readonly #inspectNs: number;
  readonly #eventNs: number;

  constructor(ctx: ModelContext, options: PlegOptions) {
    const { sim, constants, metrics } = ctx;
    const { name, nodes, evented } = options;
    this.#o = options;
    this.#sim = sim;
    this.#referenceNs = new Float64Array(nodes);
    this.#containers = new Uint16Array(nodes);
    this.#running = new Uint8Array(nodes);
    this.#periodNs = constants.get(
      evented ? 'kubelet.eventedPlegPeriodNs' : 'kubelet.plegPeriodNs',
    );
    this.#relistNs = constants.get('kubelet.plegRelistNs');
    this.#containerNs = constants.get('kubelet.plegContainerNs');
    this.#inspectNs = constants.get('kubelet.plegInspectNs');
    this.#eventNs = constants.get('kubelet.plegEventNs');
    this.#duration = metrics.tally(
      'kubelet_pleg_relist_duration_seconds',
      {},
      { buckets: DEFAULT },
    );
    this.#endType = sim.eventType(`${name}/pleg`, (node) => this.#end(node));
    this.#eventType = sim.eventType(`${name}/plegEvent`, (node, slot) => {
      if (this.#running[node] === 1) options.seen(node, slot);
    });
    this.#tickType = sim.eventType(`${name}/plegTick`, () => this.#tick());
  }

  start(): void {
    this.#sim.schedule(this.#periodNs, this.#tickType);
  }

  /** The kubelet of a node begins; its first relist comes `phaseNs` later. */
  begin(node: number, phaseNs: number): void {
    assert(this.#running[node] === 0, 'a kubelet begins twice');
    this.#running[node] = 1;
    this.#referenceNs[node] = this.#sim.nowNs + phaseNs;
    this.#nodesWith[this.#containers[node]]++;
  }

  end(node: number): void {
    if (this.#running[node] === 0) return;
    this.#running[node] = 0;
    this.#nodesWith[this.#containers[node]]--;
    const relist = this.#relists.get(node);
    if (relist !== undefined) this.#sim.cancel(relist.event);
    this.#relists.delete(node);
  }

  /** `by` containers more (or fewer) on a node. */
  containers(node: number, by: number): void {
    const count = Math.min(CONTAINERS_MAX - 1, Math.max(0, this.#containers[node] + by));
    if (this.#running[node] === 1) {
      this.#referenceNs[node] = this.#nextStartNs(node);
      this.#nodesWith[this.#containers[node]]--;
      this.#nodesWith[count]++;
    }
    this.#containers[node] = count;
  }

  containersOn(node: number): number {
    return this.#containers[node];
  }

  /** How long a relist of a node takes. */
  relistNs(node: number): number {
    return this.#relistNs + this.#containers[node] * this.#containerNs;
  }

  /** Something happened to the pod of `slot` now; its kubelet will see it. */
  changed(node: number, slot: number): void {
    if (this.#running[node] === 0) return;
    if (this.#o.evented && this.#o.hungUntilNs(node) <= this.#sim.nowNs) {
      this.#sim.schedule(this.#eventNs, this.#eventType, node, slot);
      return;
    }
    const relist = this.#relists.get(node);
    if (relist === undefined) this.#plan(node, [slot]);
    else if (this.#sim.nowNs > relist.startNs) relist.late.push(slot);
    else {
      relist.slots.push(slot);
      this.#sim.cancel(relist.event);
      relist.event = this.#schedule(node, relist.startNs, relist.slots.length);
    }
  }

  #nextStartNs(node: number): number {
    const reference = this.#referenceNs[node];
    const nowNs = this.#sim.nowNs;
    if (nowNs <= reference) return reference;
    const periodNs = this.#periodNs + this.relistNs(node);
    return reference + Math.ceil((nowNs - reference) / periodNs) * periodNs;
  }

  #plan(node: number, slots: number[]): void {
    const startNs = this.#nextStartNs(node);
    this.#referenceNs[node] = startNs;
    const event = this.#schedule(node, startNs, slots.length);
    this.#relists.set(node, { startNs, event, slots, late: [] });
  }

  #schedule(node: number, startNs: number, pods: number): EventId {
    const endNs = startNs + this.relistNs(node) + this.#inspectNs * pods;
    return this.#sim.scheduleAt(endNs, this.#endType, node);
  }

  #end(node: number): void {
    const relist = this.#relists.get(node);
    if (relist === undefined) return;
    const hungUntilNs = this.#o.hungUntilNs(node);
    if (hungUntilNs > this.#sim.nowNs) {
      relist.event = this.#sim.scheduleAt(hungUntilNs, this.#endType, node);
      return;
    }
    this.#relists.delete(node);
    if (relist.late.length > 0) this.#plan(node, relist.late);
    for (const slot of relist.slots) this.#o.seen(node, slot);
  }

  /** Durations of a second's relists, by number of containers: all nodes with as many are alike. */
  #tick(): void {
    this.#sim.schedule(this.#periodNs + this.#relistNs, this.#tickType);
    for (let count = 0; count < CONTAINERS_MAX; count++) {
      let nodes = this.#nodesWith[count];
      while (nodes > 0) {
        const part = Math.min(nodes, 2 ** 20);
        this.#duration.recordMany(this.#relistNs + count * this.#containerNs, part);
        nodes -= part;
      }
    }
  }
}

/** prometheus.DefBuckets. */
const DEFAULT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
