/**
 * Cores of one host, shared by processes.
 *
 * The idea: while every runnable job can have a core of its own, nobody disturbs anybody. A job
 * then costs one event, the caller's own, and its end is known at its start: the *direct* regime.
 * When jobs outnumber cores, or a quota binds, the jobs move to `FluidSharing`, which plans one
 * event at a time: weights between processes, equal shares (or one after another, in turns) within
 * one, never more than one core a job. Both regimes are exact; a property test holds them against
 * a fluid simulator that recomputes everything at every event.
 *
 * Left out: migration and cache costs, NUMA, hyper-threads (a core is a core), time slices of the
 * kernel (sharing is fluid between processes), SCHED_BATCH and nice, steal time of a hypervisor,
 * frequency scaling.
 * Evidence: tests/models/machine/cpu.test.ts (M/M/1-PS closed form, oracle property test).
 */
import { assert, type Simulation } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec, type Sampler } from '../../src/dist/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { doubled, doubledInts } from './arrays.ts';
import { CpuMeter } from './cpu-meter.ts';
import { emptyRecord, FluidSharing, type JobRecord } from './fluid-sharing.ts';

export type ProcessId = number;

export interface ProcessOptions {
  /** cgroup cpu.weight, relative to the other processes of the host; > 0. */
  readonly weight?: number;
  /** CFS quota in cores, spent at full speed within each period of 100 ms; Infinity = none. */
  readonly quotaCores?: number;
  /**
   * As many jobs as the host has cores run at a time, the others wait in the order in which they
   * came, and one that has run for machine.goPreemptNs goes to their end: the run queue of a Go
   * process with GOMAXPROCS threads. Else all jobs share.
   */
  readonly inOrder?: boolean;
}

export interface CpuOptions {
  /** Whole cores, >= 1. */
  readonly cores: number;
  /** Latency of a wake-up of an idle core; the constant machine.wakeupNs where absent. */
  readonly wakeup?: DistributionSpec;
}

/** Bits of why a process does not run. */
const STOPPED = 1;
const FROZEN = 2;

export class Cpu {
  readonly name: string;
  readonly cores: number;
  private readonly sim: Simulation;
  private readonly sharing: FluidSharing;
  private readonly meter: CpuMeter;
  private readonly wakeup: Sampler | null;
  private readonly wakeupNs: number;
  private readonly goPreemptNs: number;
  private readonly arriving = emptyRecord();
  private readonly moved = emptyRecord();
  private arrivals = 0;
  private frozen = false;
  /** Moment of the last look for ended jobs. */
  private settledNs = -1;
  /** Before this no direct job ends, nor can one be removed. */
  private nextEndNs = Infinity;
  /** Why each process does not run: bits STOPPED, FROZEN. */
  private readonly held: number[] = [];
  private readonly quotaCores: number[] = [];
  private readonly turnNs: number[] = [];

  // Jobs whose done event is already scheduled, in no order; removed lazily once their end has
  // passed.
  private count = 0;
  /** Of these, jobs that occupy a core as far as the probe knows. */
  private running = 0;
  private endNs = new Float64Array(64);
  private eventId = new Float64Array(64);
  /** 1 once the probe knows that the job has ended. */
  private metered = new Int32Array(64);
  private waitedNs = new Float64Array(64);
  /** When its turns began, were all of them on this core. */
  private turnsFromNs = new Float64Array(64);
  private order = new Float64Array(64);
  private owner = new Int32Array(64);
  private doneType = new Int32Array(64);
  private payloadA = new Int32Array(64);
  private payloadB = new Int32Array(64);

  constructor(ctx: ModelContext, name: string, o: CpuOptions) {
    assert(Number.isInteger(o.cores) && o.cores >= 1, `${name}: cores must be a whole number >= 1`);
    this.name = name;
    this.cores = o.cores;
    this.sim = ctx.sim;
    this.meter = new CpuMeter(ctx, name, o.cores, () => this.flush());
    this.wakeupNs = Math.round(ctx.constants.get('machine.wakeupNs'));
    this.goPreemptNs = Math.round(ctx.constants.get('machine.goPreemptNs'));
    this.wakeup = o.wakeup ? createSampler(o.wakeup, ctx.sim.stream(`${name}/wakeup`)) : null;
    const periodNs = Math.round(ctx.constants.get('machine.cfsPeriodNs'));
    this.sharing = new FluidSharing(ctx.sim, name, o.cores, periodNs, this.meter, {
      start: (job) => this.start(job),
    });
  }

  /** Registers a process (or cgroup); it lives as long as the host, through restarts. */
  process(name: string, o: ProcessOptions = {}): ProcessId {
    const quotaCores = o.quotaCores ?? Infinity;
    assert(quotaCores > 0, `${this.name}: quotaCores of ${name} must be above 0`);
    const threads = o.inOrder === true ? this.cores : Infinity;
    const turnNs = o.inOrder === true ? this.goPreemptNs : Infinity;
    this.turnNs.push(turnNs);
    const id = this.sharing.addProcess(o.weight ?? 1, quotaCores, threads, turnNs);
    this.meter.addProcess(name);
    this.quotaCores.push(quotaCores);
    this.held.push(this.frozen ? FROZEN : 0);
    if (this.frozen) this.sharing.hold(id);
    return id;
  }

  /**
   * Runs `workNs` of CPU time (rounded to whole ns) for the process, then hands over (doneType, a,
   * b).
   */
  execute(process: ProcessId, workNs: number, doneType: number, a: number, b: number): void {
    const ns = Math.round(workNs);
    assert(ns >= 0, 'work must be >= 0 ns');
    this.meter.arrive(process, ns);
    const job = this.arrive(process, ns, doneType, a, b);
    if (this.coreIsFree(process)) this.start(job);
    else this.share(job);
  }

  /**
   * As `execute`, for work that waited for something outside of the CPU: where a core is idle it
   * must first be woken (futex wake, VM exit). Nothing is added while all cores are busy or shared.
   * The core is taken meanwhile.
   */
  executeAfterWakeup(
    process: ProcessId,
    workNs: number,
    doneType: number,
    a: number,
    b: number,
  ): void {
    const ns = Math.round(workNs);
    assert(ns >= 0, 'work must be >= 0 ns');
    this.meter.arrive(process, ns);
    const job = this.arrive(process, ns, doneType, a, b);
    if (this.coreIsFree(process)) {
      job.leftNs += this.wakeup ? this.wakeup.next(this.sim.nowNs) : this.wakeupNs;
      this.start(job);
    } else {
      this.share(job);
    }
  }

  /** SIGSTOP: the jobs of the process stop where they are; new ones wait. */
  pause(process: ProcessId): void {
    this.setHeld(process, this.held[process] | STOPPED);
  }

  /** SIGCONT: they go on with the work that was left. */
  resume(process: ProcessId): void {
    this.setHeld(process, this.held[process] & ~STOPPED);
  }

  /** SIGKILL, also of a stopped process: its jobs vanish and their done events never come. */
  drop(process: ProcessId): void {
    this.settle();
    for (let i = this.count - 1; i >= 0; i--) {
      if (this.owner[i] !== process) continue;
      this.meter.abandon(process, this.endNs[i] - this.sim.nowNs);
      this.withdraw(i);
    }
    this.sharing.drop(process);
    this.setHeld(process, this.held[process] & ~STOPPED);
  }

  /**
   * The whole machine stops (VM pause, live migration): every process, also those that come later.
   */
  freeze(): void {
    this.frozen = true;
    for (let p = 0; p < this.held.length; p++) this.setHeld(p, this.held[p] | FROZEN);
  }

  thaw(): void {
    this.frozen = false;
    for (let p = 0; p < this.held.length; p++) this.setHeld(p, this.held[p] & ~FROZEN);
  }

  /** Jobs that could run now, running ones included. */
  runnable(): number {
    this.settle();
    return this.running + this.sharing.runnable;
  }

  /** CPU time that the process has had, in ns. */
  usedNs(process: ProcessId): number {
    let ns = this.meter.grantedNs(process) - this.sharing.leftNs(process);
    for (let i = 0; i < this.count; i++) {
      if (this.owner[i] === process && this.endNs[i] > this.sim.nowNs) {
        ns -= this.endNs[i] - this.sim.nowNs;
      }
    }
    return Math.max(ns, 0);
  }

  private flush(): void {
    this.settle();
    for (let p = 0; p < this.held.length; p++) this.meter.count(p, this.usedNs(p));
  }

  /** Whether the next job of the process gets a core of its own at once. */
  private coreIsFree(process: ProcessId): boolean {
    this.settle();
    return (
      this.running < this.cores &&
      !this.sharing.active &&
      this.held[process] === 0 &&
      this.quotaCores[process] >= this.cores
    );
  }

  private arrive(
    process: ProcessId,
    ns: number,
    doneType: number,
    a: number,
    b: number,
  ): JobRecord {
    const job = this.arriving;
    job.process = process;
    job.leftNs = ns;
    job.waitedNs = 0;
    job.turnNs = 0;
    job.order = this.arrivals++;
    job.doneType = doneType;
    job.a = a;
    job.b = b;
    return job;
  }

  /** A job on a core of its own: its end is certain as long as nobody crowds it out. */
  private start(job: JobRecord): void {
    if (this.count === this.endNs.length) this.grow();
    const nowNs = this.sim.nowNs;
    const i = this.count++;
    const endNs = nowNs + job.leftNs;
    this.endNs[i] = endNs;
    if (endNs < this.nextEndNs) this.nextEndNs = endNs;
    this.waitedNs[i] = job.waitedNs;
    this.turnsFromNs[i] = nowNs - job.turnNs;
    this.order[i] = job.order;
    this.owner[i] = job.process;
    this.doneType[i] = job.doneType;
    this.payloadA[i] = job.a;
    this.payloadB[i] = job.b;
    this.eventId[i] = this.sim.schedule(job.leftNs, job.doneType, job.a, job.b);
    if (job.leftNs === 0) {
      this.metered[i] = 1;
      this.meter.waited(job.process, job.waitedNs);
    } else {
      this.metered[i] = 0;
      this.running++;
      this.meter.busy(nowNs, this.running);
    }
  }

  private share(job: JobRecord): void {
    // A held process lays its job aside; that needs no sharing among the others.
    if (this.held[job.process] === 0) this.moveAllToSharing();
    this.sharing.add(job);
    this.sharing.plan();
  }

  private moveAllToSharing(): void {
    if (this.sharing.active) return;
    for (let i = this.count - 1; i >= 0; i--) {
      if (this.endNs[i] > this.sim.nowNs) this.moveToSharing(i);
    }
  }

  /** Takes back the done event of a direct job and puts aside what is left of it. */
  private moveToSharing(i: number): void {
    const job = this.moved;
    job.process = this.owner[i];
    job.leftNs = this.endNs[i] - this.sim.nowNs;
    job.waitedNs = this.waitedNs[i];
    const turnNs = this.turnNs[job.process];
    job.turnNs = turnNs === Infinity ? 0 : (this.sim.nowNs - this.turnsFromNs[i]) % turnNs;
    job.order = this.order[i];
    job.doneType = this.doneType[i];
    job.a = this.payloadA[i];
    job.b = this.payloadB[i];
    if (this.withdraw(i)) this.sharing.add(job);
  }

  /** Cancels the done event of a direct job, where it is still to come, and forgets the job. */
  private withdraw(i: number): boolean {
    const cancelled = this.sim.cancel(this.eventId[i]);
    if (this.metered[i] === 0) {
      assert(cancelled, 'a direct job that has not ended has a pending done event');
      this.running--;
      this.meter.busy(this.sim.nowNs, this.running);
    }
    this.removeAt(i);
    return cancelled;
  }

  private setHeld(process: ProcessId, held: number): void {
    const before = this.held[process];
    this.held[process] = held;
    if (before === 0 && held !== 0) {
      this.settle();
      this.sharing.hold(process);
      for (let i = this.count - 1; i >= 0; i--) {
        // One that ended at this instant may still be under way: it is laid aside with no work
        // left.
        if (this.owner[i] === process) this.moveToSharing(i);
      }
    } else if (before !== 0 && held === 0) {
      this.settle();
      if (this.sharing.jobs(process) > 0) this.moveAllToSharing();
      this.sharing.release(process);
    }
    this.sharing.plan();
  }

  /**
   * Accounts for the direct jobs that have ended, in the order of their ends, and forgets them. One
   * that ends at this very instant is kept: its done event may still be pending, and the process
   * may be dropped.
   */
  private settle(): void {
    const nowNs = this.sim.nowNs;
    // Once an instant: what starts in it ends later, or is metered when it starts.
    if (nowNs === this.settledNs) return;
    this.settledNs = nowNs;
    if (nowNs < this.nextEndNs) return;
    for (let again = true; again; ) {
      again = false;
      let first = -1;
      let nextEndNs = Infinity;
      for (let i = this.count - 1; i >= 0; i--) {
        const endNs = this.endNs[i];
        if (endNs >= nowNs && endNs < nextEndNs) nextEndNs = endNs;
        if (endNs > nowNs) continue;
        if (this.metered[i] !== 0) {
          if (endNs < nowNs) {
            this.removeAt(i);
            if (first === this.count) first = i;
          }
        } else if (first < 0) {
          first = i;
        } else {
          again = true;
          if (endNs < this.endNs[first]) first = i;
        }
      }
      this.nextEndNs = nextEndNs;
      if (first < 0) return;
      this.running--;
      this.meter.busy(this.endNs[first], this.running);
      this.meter.waited(this.owner[first], this.waitedNs[first]);
      this.metered[first] = 1;
      if (this.endNs[first] < nowNs) this.removeAt(first);
    }
  }

  private removeAt(i: number): void {
    const last = --this.count;
    this.endNs[i] = this.endNs[last];
    this.eventId[i] = this.eventId[last];
    this.metered[i] = this.metered[last];
    this.waitedNs[i] = this.waitedNs[last];
    this.turnsFromNs[i] = this.turnsFromNs[last];
    this.order[i] = this.order[last];
    this.owner[i] = this.owner[last];
    this.doneType[i] = this.doneType[last];
    this.payloadA[i] = this.payloadA[last];
    this.payloadB[i] = this.payloadB[last];
  }

  private grow(): void {
    this.endNs = doubled(this.endNs);
    this.eventId = doubled(this.eventId);
    this.metered = doubledInts(this.metered);
    this.waitedNs = doubled(this.waitedNs);
    this.turnsFromNs = doubled(this.turnsFromNs);
    this.order = doubled(this.order);
    this.owner = doubledInts(this.owner);
    this.doneType = doubledInts(this.doneType);
    this.payloadA = doubledInts(this.payloadA);
    this.payloadB = doubledInts(this.payloadB);
  }
}
