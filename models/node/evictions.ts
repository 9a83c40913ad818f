/**
 * Eviction managers (pkg/kubelet/eviction): every 10 s, where the memory that is left is below the
 * hard threshold, one pod goes, at once; the pressure is reported until it has been gone for five
 * minutes. The one idea: a node is only looked at once its memory has changed and is short.
 *
 * Ranked as the kubelet does: pods that use more than they asked for, then by priority, then by how
 * much more. *Left out:* disk, inodes, process ids; soft thresholds; reclaiming images first.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { Counter } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { NodeStatusKeeper } from './node-status.ts';
import type { NodeUsage } from './node-usage.ts';
import type { PodWorker } from './pod-worker.ts';
import type { PodWorkers } from './pod-workers.ts';

export class Evictions {
  readonly #sim: ModelContext['sim'];
  readonly #pods: PodWorkers;
  readonly #usage: NodeUsage;
  readonly #status: NodeStatusKeeper;
  readonly #limitBytes: number;
  readonly #periodNs: number;
  readonly #transitionNs: number;
  readonly #type: number;
  readonly #stream: number;
  readonly #evictions: Counter;
  /** When the memory of a node was last short; looked at until the pressure is over. */
  readonly #shortNs = new Map<number, number>();

  constructor(
    ctx: ModelContext,
    name: string,
    stream: Stream,
    group: NodeGroupScenario,
    links: {
      readonly pods: PodWorkers;
      readonly usage: NodeUsage;
      readonly status: NodeStatusKeeper;
    },
  ) {
    this.#sim = ctx.sim;
    this.#pods = links.pods;
    this.#usage = links.usage;
    this.#status = links.status;
    this.#stream = stream.u32();
    this.#limitBytes = group.capacity.memoryBytes - group.kubelet.evictionHardMemoryBytes;
    this.#periodNs = ctx.constants.get('kubelet.evictionPeriodNs');
    this.#transitionNs = ctx.constants.get('kubelet.pressureTransitionNs');
    this.#evictions = ctx.metrics.counter('kubelet_evictions', {
      eviction_signal: 'memory.available',
    });
    this.#type = ctx.sim.eventType(`${name}/eviction`, (member) => this.#look(member));
  }

  /** The memory in use on a node has changed. */
  changed(member: number): void {
    if (this.#usage.usedBytes[member] <= this.#limitBytes || this.#shortNs.has(member)) return;
    this.#shortNs.set(member, Number.NEGATIVE_INFINITY);
    // The phase of a node's round is its own, for ever.
    const phaseNs = Math.floor(mixUniform(this.#stream, member, 0) * this.#periodNs);
    const rounds = Math.ceil((this.#sim.nowNs - phaseNs) / this.#periodNs);
    this.#sim.scheduleAt(rounds * this.#periodNs + phaseNs, this.#type, member);
  }

  clear(member: number): void {
    this.#shortNs.delete(member);
  }

  #look(member: number): void {
    const shortNs = this.#shortNs.get(member);
    if (shortNs === undefined) return;
    const { nowNs } = this.#sim;
    if (this.#usage.usedBytes[member] > this.#limitBytes) {
      this.#shortNs.set(member, nowNs);
      this.#pressure(member, 'True');
      const worker = this.#rank(member);
      if (worker !== null) {
        this.#evictions.add();
        this.#pods.evict(worker);
      }
    } else if (nowNs - shortNs >= this.#transitionNs) {
      this.#pressure(member, 'False');
      this.#shortNs.delete(member);
      return;
    }
    this.#sim.schedule(this.#periodNs, this.#type, member);
  }

  #pressure(member: number, value: 'True' | 'False'): void {
    const found = this.#status.findings(member);
    if (found.memoryPressure === value) return;
    found.memoryPressure = value;
    this.#status.changed(member);
  }

  #rank(member: number): PodWorker | null {
    let worst: PodWorker | null = null;
    for (const worker of this.#pods.ofMember(member)) {
      if (worker.state !== 'running' || worker.verdict !== '') continue;
      if (worst === null || goesBefore(worker, worst)) worst = worker;
    }
    return worst;
  }
}

function excessBytes({ pod }: PodWorker): number {
  let used = 0;
  for (const { behaviour } of pod.spec.containers) used += behaviour.memoryUseBytes;
  return used - pod.spec.requests.memoryBytes;
}

function goesBefore(a: PodWorker, b: PodWorker): boolean {
  const [excessA, excessB] = [excessBytes(a), excessBytes(b)];
  if (excessA > 0 !== excessB > 0) return excessA > 0;
  if (a.pod.spec.priority !== b.pod.spec.priority) return a.pod.spec.priority < b.pod.spec.priority;
  return excessA > excessB;
}
