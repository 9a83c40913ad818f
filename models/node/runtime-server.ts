/**
 * Container runtimes of a group of nodes: on each node a few operations run at once, the others
 * wait first in first out. The one idea: a node has no object until operations wait on it; busy
 * servers are a byte a node.
 *
 * An operation of a pod (sandbox, CNI, create, start, stop) is one job, so pods that start together
 * take turns and all of them become slow: what makes the tail of pod start-up when several pods are
 * bound to a node within a second (perf-tests#1311).
 *
 * *Left out:* cores of the node: an operation takes as long as it takes, alone or not.
 */
import { assert } from '../../src/core/index.ts';
import type { ResourceProbe } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

/** Operations of one node that wait: more than any node can have pods and containers. */
const QUEUE_MAX = 100_000;

export class RuntimeServers {
  /** Operations at once on a node. */
  readonly parallelism: number;
  readonly #sim: ModelContext['sim'];
  readonly #probe: ResourceProbe;
  readonly #busy: Uint8Array;
  /** Per node: service, done type, a, b and when it came, of each job that waits. */
  readonly #queues = new Map<number, number[]>();
  readonly #endType: number;
  /** Jobs in service: what is done next, by slot. */
  readonly #jobs: number[] = [];
  readonly #free: number[] = [];
  #waiting = 0;
  #serving = 0;
  /** Operations started before this never end (a runtime that hangs), by node. */
  readonly #hungUntilNs = new Map<number, number>();

  constructor(ctx: ModelContext, name: string, nodes: number, parallelism: number) {
    assert(parallelism >= 1 && parallelism <= 255, 'a runtime does 1 to 255 operations at once');
    this.parallelism = parallelism;
    this.#sim = ctx.sim;
    this.#busy = new Uint8Array(nodes);
    this.#probe = ctx.metrics.resource(name, 'server-pool', Math.max(1, nodes * parallelism));
    this.#endType = ctx.sim.eventType(`${name}/end`, (slot, node) => this.#end(slot, node));
  }

  waitingOn(node: number): number {
    return (this.#queues.get(node)?.length ?? 0) / 5;
  }

  busyOn(node: number): number {
    return this.#busy[node];
  }

  /** Runs an operation of `serviceNs` on the node, then schedules (doneType, a, b). */
  request(node: number, serviceNs: number, doneType: number, a: number, b: number): void {
    this.#probe.arrive();
    const nowNs = this.#sim.nowNs;
    if (this.#busy[node] < this.parallelism) {
      this.#serve(node, serviceNs, doneType, a, b, 0);
      return;
    }
    let queue = this.#queues.get(node);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(node, queue);
    }
    assert(queue.length < 5 * QUEUE_MAX, 'operations pile up on one node');
    queue.push(serviceNs, doneType, a, b, nowNs);
    this.#waiting++;
    this.#probe.queue(nowNs, this.#waiting);
  }

  /** The node died: nothing of it runs or waits any more; nobody is told. */
  clear(node: number): void {
    const queue = this.#queues.get(node);
    if (queue !== undefined) {
      this.#waiting -= queue.length / 5;
      this.#queues.delete(node);
      this.#probe.queue(this.#sim.nowNs, this.#waiting);
    }
    for (let at = 0; at < this.#jobs.length; at += 4) {
      if (this.#jobs[at + 3] === node) this.#jobs[at] = -1;
    }
    this.#serving -= this.#busy[node];
    this.#busy[node] = 0;
    this.#hungUntilNs.delete(node);
    this.#probe.busy(this.#sim.nowNs, this.#serving);
  }

  /** What starts before `untilNs` does not end before it. */
  hang(node: number, untilNs: number): void {
    this.#hungUntilNs.set(node, untilNs);
  }

  isHung(node: number): boolean {
    return (this.#hungUntilNs.get(node) ?? 0) > this.#sim.nowNs;
  }

  #serve(
    node: number,
    serviceNs: number,
    doneType: number,
    a: number,
    b: number,
    waitNs: number,
  ): void {
    const nowNs = this.#sim.nowNs;
    const hungNs = Math.max(0, (this.#hungUntilNs.get(node) ?? 0) - nowNs);
    this.#busy[node]++;
    this.#serving++;
    this.#probe.wait(waitNs);
    this.#probe.service(serviceNs + hungNs);
    this.#probe.busy(nowNs, this.#serving);
    const slot = this.#free.pop() ?? this.#jobs.length;
    this.#jobs[slot] = doneType;
    this.#jobs[slot + 1] = a;
    this.#jobs[slot + 2] = b;
    this.#jobs[slot + 3] = node;
    this.#sim.schedule(serviceNs + hungNs, this.#endType, slot, node);
  }

  #end(slot: number, node: number): void {
    const doneType = this.#jobs[slot];
    const a = this.#jobs[slot + 1];
    const b = this.#jobs[slot + 2];
    this.#free.push(slot);
    this.#jobs[slot + 3] = -1;
    if (doneType < 0) return;
    this.#busy[node]--;
    this.#serving--;
    const queue = this.#queues.get(node);
    if (queue !== undefined) this.#next(node, queue);
    this.#probe.busy(this.#sim.nowNs, this.#serving);
    this.#sim.schedule(0, doneType, a, b);
  }

  #next(node: number, queue: number[]): void {
    const [serviceNs, doneType, a, b, sinceNs] = queue.splice(0, 5);
    if (queue.length === 0) this.#queues.delete(node);
    this.#waiting--;
    const nowNs = this.#sim.nowNs;
    this.#probe.queue(nowNs, this.#waiting);
    this.#serve(node, serviceNs, doneType, a, b, nowNs - sinceNs);
  }
}
