/**
 * One etcd (or client) process on a host: its share of the cores, its life and its clock.
 *
 * One idea: work that starts after the process was idle pays for being cold. Caches, TLB and the
 * parked threads of the Go scheduler make the first work after an idle time t dearer by
 * `coldNs x (t / 1 ms)^(3/4)`, on top of waking a parked thread (exponential, mean `wakeNs`); it
 * shows in a real etcd as an overhead over the sync that grows with it. Under load goroutines run
 * one after another, not in slices: a burst is answered bit by bit.
 */

import type { Simulation, Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { Host } from '../machine/index.ts';

export type ProcessState = 'up' | 'down' | 'paused';

export class EtcdProcess {
  readonly name: string;
  readonly host: Host;
  readonly #sim: Simulation;
  /** CPU of its work, relative to what constants say. */
  cpuFactor: number;
  readonly #coldNs: number;
  readonly #coldIdleMaxNs: number;
  readonly #wakeNs: number;
  readonly #wakes: Stream;
  readonly #id: number;
  state: ProcessState = 'up';
  /** Grows at every start; events of an older life are ignored. */
  incarnation = 1;
  #busyUntilNs = 0;
  #deferredType: number[] = [];
  #deferredA: number[] = [];

  constructor(
    ctx: ModelContext,
    name: string,
    host: Host,
    options: { cpuFactor: number; weight: number; quotaCores: number },
  ) {
    this.name = name;
    this.host = host;
    this.#sim = ctx.sim;
    this.cpuFactor = options.cpuFactor;
    this.#coldNs = ctx.constants.get('etcd.coldNs');
    this.#coldIdleMaxNs = ctx.constants.get('etcd.coldIdleMaxNs');
    this.#wakeNs = ctx.constants.get('etcd.wakeNs');
    this.#wakes = ctx.sim.stream(`${name}/wake`);
    const { weight, quotaCores } = options;
    this.#id = host.cpu.process(name, { weight, quotaCores, inOrder: true });
  }

  /** Runs `workNs` of one core, then hands (doneType, a, b); a killed process's jobs never end. */
  execute(workNs: number, doneType: number, a: number, b: number): void {
    const now = this.#sim.nowNs;
    let work = workNs * this.cpuFactor;
    const idleNs = now - this.#busyUntilNs;
    if (idleNs > 0) {
      const cappedNs = Math.min(idleNs, this.#coldIdleMaxNs);
      work += this.#wakeNs * this.#wakes.exponential();
      const root = Math.sqrt(cappedNs / 1e6);
      work += this.#coldNs * root * Math.sqrt(root);
    }
    work = Math.round(work);
    // As if on one core: with several it is idle sooner, but then its threads still spin.
    this.#busyUntilNs = Math.max(this.#busyUntilNs, now) + work;
    this.host.cpu.execute(this.#id, work, doneType, a, b);
  }

  /** Nothing of it ran just now, as far as its own work tells. */
  get isIdle(): boolean {
    return this.#sim.nowNs > this.#busyUntilNs;
  }

  isCurrent(incarnation: number): boolean {
    return incarnation === this.incarnation && this.state !== 'down';
  }

  /** A timer or a completion that comes while the process is stopped is handed over at resume. */
  deferWhilePaused(type: number, a: number): boolean {
    if (this.state !== 'paused') return false;
    this.#deferredType.push(type);
    this.#deferredA.push(a);
    return true;
  }

  /** A delay on this host's monotonic clock, in simulated time. */
  localDelay(delayNs: number): number {
    return this.host.clock.toSimDelay(delayNs);
  }

  pause(): void {
    if (this.state !== 'up') return;
    this.state = 'paused';
    this.host.cpu.pause(this.#id);
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'up';
    this.host.cpu.resume(this.#id);
    const types = this.#deferredType;
    const as = this.#deferredA;
    this.#deferredType = [];
    this.#deferredA = [];
    for (let i = 0; i < types.length; i++) this.#sim.schedule(0, types[i], as[i], this.incarnation);
  }

  kill(): void {
    if (this.state === 'paused') this.host.cpu.resume(this.#id);
    this.state = 'down';
    this.incarnation++;
    this.#deferredType = [];
    this.#deferredA = [];
    this.host.cpu.drop(this.#id);
  }

  start(): void {
    this.state = 'up';
  }
}
