/**
 * Container runtimes of a group of nodes. An operation (sandbox, CNI, create, start, stop) takes as
 * long as the scenario says on an idle node; beside others it is slower.
 *
 * The one idea: an operation goes to and fro, finely, between the node's cores, a lock that one
 * operation holds at a time (the metadata store, which syncs at each commit) and waiting of its
 * own. So all operations of a node advance at one speed: 1, or what the scarcer of the two gives:
 *
 *     speed(n) = min(1, (cores - used by others) / (cpuShare x n), 1 / (lockShare x n))
 *
 * Pods that are bound to a node within a second slow each other down: what makes the tail of pod
 * start-up on the one-core nodes of the scalability tests (perf-tests#1311).
 *
 * A runtime may also be told to do no more than so many operations at once; then the others wait,
 * first come first served. Neither containerd nor CRI-O limits them by itself.
 *
 * Sources: kubernetes-sigs/agent-sandbox#1275 (4.5 pods a second made and deleted on a node of 8
 * cores use 3.3 of them; 28 syncs a pod of 2.9 ms in containerd's bolt store, whose writers wait
 * for each other; a sandbox takes 130 ms alone, 1.0 to 1.2 s under this load), containerd#8980,
 * kubernetes#31143 (105 pods in 60 s on one core).
 * *Left out:* CPU that pods use beyond what kubelet and runtime need, syncs of kube-proxy, the disk
 * as a device (its syncs are in the share of the lock).
 */
import { assert, type EventId } from '../../src/core/index.ts';
import type { ResourceProbe } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

/** Operations of one node that wait: more than any node can have pods and containers. */
const QUEUE_MAX = 100_000;
/** Work below this many ns is done: absorbs rounding. */
const EPSILON_NS = 1e-3;

export interface RuntimeOptions {
  readonly name: string;
  readonly nodes: number;
  /** Cores of one node; may be a fraction. */
  readonly cores: number;
  /** Operations at once on a node; Infinity = no limit. */
  readonly parallelism: number;
  /** Pods on a node, whose upkeep uses its cores. */
  readonly podsOn: (node: number) => number;
}

/** An operation under way, or one that waits for its place. */
interface Operation {
  /** What is left of it, in ns at full speed. */
  leftNs: number;
  readonly sinceNs: number;
  /** What all of it takes at full speed. */
  readonly serviceNs: number;
  /** It does not end before this: the runtime hung when it began. */
  notBeforeNs: number;
  readonly doneType: number;
  readonly a: number;
  readonly b: number;
}

/** A node on which something is under way. */
interface Busy {
  readonly running: Operation[];
  readonly waiting: Operation[];
  speed: number;
  /** What is left of the running ones is as of this instant. */
  atNs: number;
  event: EventId;
}

export class RuntimeServers {
  readonly #o: RuntimeOptions;
  readonly #sim: ModelContext['sim'];
  readonly #probe: ResourceProbe;
  readonly #busy = new Map<number, Busy>();
  readonly #endType: number;
  readonly #cpuShare: number;
  readonly #lockShare: number;
  readonly #upkeepCores: number;
  readonly #upkeepCoresPerPod: number;
  #waiting = 0;
  #serving = 0;
  readonly #hungUntilNs = new Map<number, number>();

  constructor(ctx: ModelContext, options: RuntimeOptions) {
    const { name, nodes, cores, parallelism } = options;
    assert(cores > 0, 'a node has cores');
    assert(parallelism >= 1, 'a runtime does one operation at once, or more');
    this.#o = options;
    this.#sim = ctx.sim;
    this.#cpuShare = ctx.constants.get('runtime.cpuShare');
    this.#lockShare = ctx.constants.get('runtime.lockShare');
    this.#upkeepCores = ctx.constants.get('kubelet.upkeepCores');
    this.#upkeepCoresPerPod = ctx.constants.get('kubelet.upkeepCoresPerPod');
    // As many operations as go at full speed count as its servers.
    const atOnce = Math.max(1, Math.min(parallelism, Math.floor(this.#fullSpeed(cores))));
    this.#probe = ctx.metrics.resource(name, 'server-pool', Math.max(1, nodes * atOnce));
    this.#endType = ctx.sim.eventType(`${name}/end`, (node) => this.#end(node));
  }

  waitingOn(node: number): number {
    return this.#busy.get(node)?.waiting.length ?? 0;
  }

  busyOn(node: number): number {
    return this.#busy.get(node)?.running.length ?? 0;
  }

  /** Runs an operation of `serviceNs` on the node, then schedules (doneType, a, b). */
  request(node: number, serviceNs: number, doneType: number, a: number, b: number): void {
    const { nowNs } = this.#sim;
    this.#probe.arrive();
    this.#probe.service(serviceNs);
    let busy = this.#busy.get(node);
    if (busy === undefined) {
      busy = { running: [], waiting: [], speed: 1, atNs: nowNs, event: 0 };
      this.#busy.set(node, busy);
    }
    const operation: Operation = {
      leftNs: serviceNs,
      sinceNs: nowNs,
      serviceNs,
      notBeforeNs: 0,
      doneType,
      a,
      b,
    };
    if (busy.running.length < this.#o.parallelism) {
      this.#advance(busy);
      this.#begin(node, busy, operation);
      this.#plan(node, busy);
      return;
    }
    assert(busy.waiting.length < QUEUE_MAX, 'operations pile up on one node');
    busy.waiting.push(operation);
    this.#waiting++;
    this.#probe.queue(nowNs, this.#waiting);
  }

  /** Whoever asked is gone: nothing of it runs or waits any more; nobody is told. */
  clear(node: number): void {
    const busy = this.#busy.get(node);
    if (busy === undefined) return;
    const { nowNs } = this.#sim;
    if (busy.running.length > 0) this.#sim.cancel(busy.event);
    this.#busy.delete(node);
    this.#waiting -= busy.waiting.length;
    this.#serving -= busy.running.length;
    this.#probe.queue(nowNs, this.#waiting);
    this.#probe.busy(nowNs, this.#serving);
  }

  /** What starts before `untilNs` does not end before it. */
  hang(node: number, untilNs: number): void {
    this.#hungUntilNs.set(node, untilNs);
  }

  /** Until when it answers nothing; in the past where it answers. */
  hungUntilNs(node: number): number {
    return this.#hungUntilNs.get(node) ?? 0;
  }

  /** Operations that go at full speed where so many cores are free. */
  #fullSpeed(cores: number): number {
    return Math.min(cores / this.#cpuShare, 1 / this.#lockShare);
  }

  #begin(node: number, busy: Busy, operation: Operation): void {
    const { nowNs } = this.#sim;
    const hungUntilNs = this.hungUntilNs(node);
    // A hung runtime begins when it is itself again.
    if (hungUntilNs > nowNs) operation.notBeforeNs = hungUntilNs + operation.leftNs;
    busy.running.push(operation);
    this.#serving++;
    this.#probe.busy(nowNs, this.#serving);
  }

  /** Brings what is left of the running operations up to now. */
  #advance(busy: Busy): void {
    const { nowNs } = this.#sim;
    const doneNs = (nowNs - busy.atNs) * busy.speed;
    busy.atNs = nowNs;
    if (doneNs > 0) for (const operation of busy.running) operation.leftNs -= doneNs;
  }

  /** Plans the next end, at the speed that those who run now have. */
  #plan(node: number, busy: Busy): void {
    const { cores, podsOn } = this.#o;
    const upkeep = this.#upkeepCores + podsOn(node) * this.#upkeepCoresPerPod;
    // However busy kubelet and runtime are with themselves, the kernel gives others their part.
    const free = Math.max(cores - upkeep, cores / 2);
    busy.speed = Math.min(1, this.#fullSpeed(free) / busy.running.length);
    let endNs = Number.POSITIVE_INFINITY;
    for (const { leftNs, notBeforeNs } of busy.running) {
      const atNs = busy.atNs + Math.ceil(Math.max(0, leftNs - EPSILON_NS) / busy.speed);
      endNs = Math.min(endNs, Math.max(atNs, notBeforeNs));
    }
    if (busy.event !== 0) this.#sim.cancel(busy.event);
    busy.event = this.#sim.scheduleAt(endNs, this.#endType, node);
  }

  #end(node: number): void {
    const busy = this.#busy.get(node);
    if (busy === undefined) return;
    busy.event = 0;
    this.#advance(busy);
    const { nowNs } = this.#sim;
    let kept = 0;
    const { running, waiting } = busy;
    for (const operation of running) {
      if (operation.leftNs > EPSILON_NS || operation.notBeforeNs > nowNs) {
        running[kept++] = operation;
        continue;
      }
      this.#serving--;
      // What others cost it, waiting or running.
      this.#probe.wait(Math.max(0, nowNs - operation.sinceNs - operation.serviceNs));
      this.#sim.schedule(0, operation.doneType, operation.a, operation.b);
    }
    running.length = kept;
    while (waiting.length > 0 && running.length < this.#o.parallelism) {
      this.#waiting--;
      this.#probe.queue(nowNs, this.#waiting);
      // The queue is not empty.
      this.#begin(node, busy, waiting.shift() as Operation);
    }
    this.#probe.busy(nowNs, this.#serving);
    if (running.length > 0) this.#plan(node, busy);
    else this.#busy.delete(node);
  }
}
