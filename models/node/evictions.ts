/**
 * Eviction managers (pkg/kubelet/eviction): every 10 s, where less is left of memory, disk or
 * process ids than the hard threshold, one pod goes, at once; the pressure is reported until it has
 * been gone for five minutes, and pods that come meanwhile are refused. The one idea: a node is
 * only looked at once something has changed and is short.
 *
 * Ranked as the kubelet does: for memory, pods that use more than they asked for, then by priority,
 * then by how much more; for disk and process ids by priority, as pods' own use of these is not
 * modelled. What others than pods take of a node is for faults to say.
 * *Left out:* inodes, soft thresholds; reclaiming images and dead containers first.
 * Sources: eviction_manager.go (synchronize, Admit), helpers.go (rankMemoryPressure), defaults of
 * `--eviction-hard` (nodefs.available<10%); pid.available has none, 10 % is taken here.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { Pod } from '../objects/index.ts';
import type { NodeStatusKeeper } from './node-status.ts';
import type { NodeUsage } from './node-usage.ts';
import type { PodWorker } from './pod-worker.ts';
import type { PodWorkers } from './pod-workers.ts';

/** What a node can run out of. */
export const pressureSignals = ['memory', 'disk', 'pid'] as const;
export type PressureSignal = (typeof pressureSignals)[number];

const CONDITIONS = {
  memory: 'memoryPressure',
  disk: 'diskPressure',
  pid: 'pidPressure',
} as const;
const SIGNALS = {
  memory: 'memory.available',
  disk: 'nodefs.available',
  pid: 'pid.available',
} as const;
/** Of disk and process ids: pressure where less than this part is left. */
const LEFT_MIN = 0.1;
/** Pods from this priority on are critical: never evicted, always admitted (kubelet types). */
const CRITICAL_PRIORITY = 2_000_000_000;

/** When a signal was last short; it is under pressure while it has an entry. */
type Short = { [S in PressureSignal]: number };

export class Evictions {
  readonly #ctx: ModelContext;
  readonly #sim: ModelContext['sim'];
  readonly #pods: PodWorkers;
  readonly #usage: NodeUsage;
  readonly #status: NodeStatusKeeper;
  readonly #capacityBytes: number;
  readonly #limitBytes: number;
  readonly #periodNs: number;
  readonly #transitionNs: number;
  readonly #type: number;
  readonly #stream: number;
  /** By node: -Infinity where it was never short; looked at until all pressure is over. */
  readonly #short = new Map<number, Short>();
  /** What others than pods take, as parts of the node. */
  readonly #taken = new Map<number, Short>();

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
    this.#ctx = ctx;
    this.#sim = ctx.sim;
    this.#pods = links.pods;
    this.#usage = links.usage;
    this.#status = links.status;
    this.#stream = stream.u32();
    this.#capacityBytes = group.capacity.memoryBytes;
    this.#limitBytes = group.capacity.memoryBytes - group.kubelet.evictionHardMemoryBytes;
    this.#periodNs = ctx.constants.get('kubelet.evictionPeriodNs');
    this.#transitionNs = ctx.constants.get('kubelet.pressureTransitionNs');
    ctx.metrics.counter('kubelet_evictions', { eviction_signal: SIGNALS.memory });
    this.#type = ctx.sim.eventType(`${name}/eviction`, (member) => this.#look(member));
  }

  /** The memory in use on a node has changed. */
  changed(member: number): void {
    if (!this.#isShort(member, 'memory') || this.#short.has(member)) return;
    this.#watch(member);
  }

  /** Somebody else takes this much more of a node, or gives it back; a part of the whole. */
  take(member: number, signal: PressureSignal, part: number): void {
    let taken = this.#taken.get(member);
    if (taken === undefined) {
      taken = { memory: 0, disk: 0, pid: 0 };
      this.#taken.set(member, taken);
    }
    taken[signal] += part;
    if (this.#isShort(member, signal) && !this.#short.has(member)) this.#watch(member);
  }

  /** Admit: what the kubelet says to a new pod; '' or 'Evicted'. */
  verdict(member: number, pod: Pod): '' | 'Evicted' {
    const short = this.#short.get(member);
    if (short === undefined || pod.spec.priority >= CRITICAL_PRIORITY) return '';
    if (short.disk > Number.NEGATIVE_INFINITY || short.pid > Number.NEGATIVE_INFINITY) {
      return 'Evicted';
    }
    if (short.memory === Number.NEGATIVE_INFINITY) return '';
    return isBestEffort(pod) ? 'Evicted' : '';
  }

  /** The machine died: its memory and its processes are gone. */
  clear(member: number): void {
    this.#short.delete(member);
  }

  #watch(member: number): void {
    const never = Number.NEGATIVE_INFINITY;
    this.#short.set(member, { memory: never, disk: never, pid: never });
    // The phase of a node's round is its own, for ever.
    const phaseNs = Math.floor(mixUniform(this.#stream, member, 0) * this.#periodNs);
    const rounds = Math.ceil((this.#sim.nowNs - phaseNs) / this.#periodNs);
    this.#sim.scheduleAt(rounds * this.#periodNs + phaseNs, this.#type, member);
  }

  #isShort(member: number, signal: PressureSignal): boolean {
    const taken = this.#taken.get(member)?.[signal] ?? 0;
    if (signal !== 'memory') return 1 - taken < LEFT_MIN;
    return this.#usage.usedBytes[member] + taken * this.#capacityBytes > this.#limitBytes;
  }

  /** One pod a round, for the first signal that is short (memory is before all others). */
  #look(member: number): void {
    const short = this.#short.get(member);
    if (short === undefined) return;
    const { nowNs } = this.#sim;
    let evicted = false;
    let watched = false;
    for (const signal of pressureSignals) {
      if (this.#isShort(member, signal)) {
        short[signal] = nowNs;
        this.#pressure(member, signal, 'True');
        if (!evicted) evicted = this.#evict(member, signal);
      } else if (nowNs - short[signal] >= this.#transitionNs) {
        short[signal] = Number.NEGATIVE_INFINITY;
        this.#pressure(member, signal, 'False');
      }
      if (short[signal] > Number.NEGATIVE_INFINITY) watched = true;
    }
    if (watched) this.#sim.schedule(this.#periodNs, this.#type, member);
    else this.#short.delete(member);
  }

  #pressure(member: number, signal: PressureSignal, value: 'True' | 'False'): void {
    const found = this.#status.findings(member);
    const condition = CONDITIONS[signal];
    if (found[condition] === value) return;
    found[condition] = value;
    this.#status.changed(member);
  }

  #evict(member: number, signal: PressureSignal): boolean {
    let worst: PodWorker | null = null;
    for (const worker of this.#pods.ofMember(member)) {
      if (worker.state !== 'running' || worker.verdict !== '') continue;
      if (worker.pod.spec.priority >= CRITICAL_PRIORITY) continue;
      if (worst === null || goesBefore(worker, worst, signal)) worst = worker;
    }
    if (worst === null) return false;
    this.#ctx.metrics.counter('kubelet_evictions', { eviction_signal: SIGNALS[signal] }).add();
    this.#pods.evict(worst);
    return true;
  }
}

/** QoS class BestEffort: nothing is asked for. */
function isBestEffort({ spec }: Pod): boolean {
  return spec.requests.cpuMilli === 0 && spec.requests.memoryBytes === 0;
}

function excessBytes({ pod }: PodWorker): number {
  let used = 0;
  for (const { behaviour } of pod.spec.containers) used += behaviour.memoryUseBytes;
  return used - pod.spec.requests.memoryBytes;
}

function goesBefore(a: PodWorker, b: PodWorker, signal: PressureSignal): boolean {
  const priority = a.pod.spec.priority - b.pod.spec.priority;
  if (signal !== 'memory') return priority < 0;
  const [excessA, excessB] = [excessBytes(a), excessBytes(b)];
  if (excessA > 0 !== excessB > 0) return excessA > 0;
  if (priority !== 0) return priority < 0;
  return excessA > excessB;
}
