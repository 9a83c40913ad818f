/**
 * Weighted processor sharing of a few cores among processes with many jobs, planned one event at a
 * time.
 *
 * The idea: the jobs of a process share equally, so the process needs one virtual clock (CPU time
 * given to each of its jobs) and a heap of jobs by the virtual time at which they are done. Between
 * processes, water-filling: the cores are handed out by weight, nobody gets more cores than it has
 * jobs, what it leaves goes to the others. An event costs O(log jobs + processes).
 *
 * A process that works in order has as many threads as there are cores: these share what it gets,
 * and its other jobs wait in a queue. A job that has run for a turn goes to the end of the queue
 * (goroutines run until they block or sysmon preempts them, Go runtime/proc.go): short jobs are
 * served as they come, long ones round robin. A job that its process begins in the instant in which
 * another ended goes on in the same thread and turn: a goroutine that does not block, or whom it
 * wakes (runnext).
 *
 * CFS quota is throttling, not a cap on the rate: within each period a process runs at full speed
 * until quota x period is spent, then stands still until the period ends (Linux
 * Documentation/scheduler/sched-bwc.rst). The first period starts with the first job after a period
 * without any.
 *
 * Left out: per-CPU slices of the quota (5 ms), cpu.max.burst; turns are of CPU time, not of the
 * wall's (they differ where processes crowd each other).
 */
import { assert, type EventId, type Simulation } from '../../src/core/index.ts';
import type { CpuMeter } from './cpu-meter.ts';
import { JobPool } from './job-pool.ts';

/** Work below this many ns is done: absorbs the rounding of the virtual clocks. */
const EPSILON_NS = 1e-3;
/** Taken entries at the front of a queue before it is moved up. */
const QUEUE_HEAD_MAX = 1024;

/** A job on its way between the two regimes. One record is reused for all of them. */
export interface JobRecord {
  process: number;
  /** Work left; 0 = it is done now. */
  leftNs: number;
  /** Time that it has stood in the run queue so far. */
  waitedNs: number;
  /** What it has had of its present turn, shorter than a turn. */
  turnNs: number;
  /** Order of arrival. */
  order: number;
  doneType: number;
  a: number;
  b: number;
}

export function emptyRecord(): JobRecord {
  return { process: 0, leftNs: 0, waitedNs: 0, turnNs: 0, order: 0, doneType: 0, a: 0, b: 0 };
}

export interface SharingOwner {
  /** Takes a job back into the direct regime. */
  start(job: JobRecord): void;
}

interface Share {
  readonly weight: number;
  /** Quota in core-ns per period; Infinity = none. */
  readonly quotaNs: number;
  /** Does not run: stopped, or its machine is frozen. */
  held: boolean;
  heldSinceNs: number;
  /** Time held before `heldSinceNs`, which no job counts as waiting. */
  heldNs: number;
  /** CPU time given to each job of the process since it last had none. */
  virtualNs: number;
  /** Rate of each of its jobs, 0..1 cores. */
  rate: number;
  budgetNs: number;
  periodEndNs: number;
  /** Jobs that run at the same time, at least as many as cores; the others wait in their order. */
  readonly threads: number;
  /** Virtual time after which a job that runs makes room for one that waits; Infinity = never. */
  readonly turnNs: number;
  /** Binary heap of job slots by (virtual end, order of arrival): those that run. */
  readonly heap: number[];
  /** Job slots that wait for a thread, from `head` on. */
  readonly queue: number[];
  head: number;
  /** When a job ended last, and what it had had of its turn. */
  endedNs: number;
  endedTurnNs: number;
}

function jobsOf(share: Share): number {
  return share.heap.length + share.queue.length - share.head;
}

export class FluidSharing {
  private readonly sim: Simulation;
  private readonly cores: number;
  private readonly periodNs: number;
  private readonly meter: CpuMeter;
  private readonly owner: SharingOwner;
  private readonly shares: Share[] = [];
  private readonly wakeType: number;
  private wakeId: EventId = 0;
  private wakeAtNs = Infinity;
  private updatedNs = 0;
  private jobCount = 0;
  private readonly record: JobRecord = emptyRecord();
  /** The probe's levels are ours: jobs have been shared since they were last zero. */
  private measured = false;

  private readonly pool = new JobPool();

  constructor(
    sim: Simulation,
    name: string,
    cores: number,
    periodNs: number,
    meter: CpuMeter,
    owner: SharingOwner,
  ) {
    this.sim = sim;
    this.cores = cores;
    this.periodNs = periodNs;
    this.meter = meter;
    this.owner = owner;
    this.wakeType = sim.eventType(`${name}/share`, () => {
      this.wakeId = 0;
      this.wakeAtNs = Infinity;
      this.fillThreads();
      this.plan();
    });
  }

  addProcess(weight: number, quotaCores: number, threads: number, turnNs: number): number {
    assert(weight > 0, 'weight must be above 0');
    assert(turnNs > 0, 'a turn must be longer than 0 ns');
    this.shares.push({
      weight,
      quotaNs: quotaCores < this.cores ? quotaCores * this.periodNs : Infinity,
      held: false,
      heldSinceNs: 0,
      heldNs: 0,
      virtualNs: 0,
      rate: 0,
      budgetNs: 0,
      periodEndNs: 0,
      threads,
      turnNs,
      heap: [],
      queue: [],
      head: 0,
      endedNs: -1,
      endedTurnNs: 0,
    });
    return this.shares.length - 1;
  }

  /** Jobs that could run now (those of throttled processes included, of held ones not). */
  get runnable(): number {
    return this.jobCount;
  }

  /** While true every new job of the host has to come here. */
  get active(): boolean {
    return this.jobCount > 0;
  }

  jobs(process: number): number {
    return jobsOf(this.shares[process]);
  }

  /** Adds a job without planning: call `plan` once after the last of them. */
  add(job: JobRecord): void {
    this.advance();
    const share = this.shares[job.process];
    if (share.heap.length === 0) share.virtualNs = 0;
    const { pool } = this;
    const slot = pool.take();
    pool.order[slot] = job.order;
    // What the job has waited before counts as if it had come that much earlier.
    pool.enteredNs[slot] = this.sim.nowNs - job.waitedNs;
    pool.heldAtEntryNs[slot] = this.heldTotalNs(share);
    pool.work[slot] = job.leftNs;
    pool.doneType[slot] = job.doneType;
    pool.a[slot] = job.a;
    pool.b[slot] = job.b;
    pool.rest[slot] = job.leftNs;
    const hadNs = share.endedNs === this.sim.nowNs ? share.endedTurnNs : job.turnNs;
    if (share.heap.length < share.threads) this.run(share, slot, share.turnNs - hadNs);
    else share.queue.push(slot);
    if (!share.held) this.jobCount++;
  }

  /** The job has a thread for so much work. */
  private run(share: Share, slot: number, turnNs: number): void {
    const { pool } = this;
    const partNs = Math.min(pool.rest[slot], Math.max(turnNs, 0));
    pool.rest[slot] -= partNs;
    pool.virtualEnd[slot] = share.virtualNs + partNs;
    pool.turnEnd[slot] = share.virtualNs + turnNs;
    pool.push(share.heap, slot);
  }

  /** Threads that nobody goes on with are for the jobs that have waited longest. */
  private fillThreads(): void {
    for (const share of this.shares) while (this.hasFreeThread(share)) this.runNext(share);
  }

  private hasFreeThread(share: Share): boolean {
    return share.head < share.queue.length && share.heap.length < share.threads;
  }

  private hasThreadForWaiting(): boolean {
    for (const share of this.shares) if (!share.held && this.hasFreeThread(share)) return true;
    return false;
  }

  private runNext(share: Share): void {
    this.run(share, share.queue[share.head++], share.turnNs);
    if (share.head < QUEUE_HEAD_MAX && share.head < share.queue.length) return;
    share.queue.splice(0, share.head);
    share.head = 0;
  }

  hold(process: number): void {
    const share = this.shares[process];
    assert(!share.held, 'a held process cannot be held again');
    this.advance();
    share.held = true;
    share.rate = 0;
    share.heldSinceNs = this.sim.nowNs;
    this.jobCount -= jobsOf(share);
  }

  release(process: number): void {
    const share = this.shares[process];
    assert(share.held, 'only a held process can be released');
    this.advance();
    share.heldNs = this.heldTotalNs(share);
    share.held = false;
    this.jobCount += jobsOf(share);
  }

  /** Forgets the jobs of the process. */
  drop(process: number): void {
    this.advance();
    const share = this.shares[process];
    for (const slot of share.heap) {
      this.meter.abandon(process, this.leftOf(share, slot));
      this.pool.give(slot);
    }
    for (let i = share.head; i < share.queue.length; i++) {
      this.meter.abandon(process, this.pool.rest[share.queue[i]]);
      this.pool.give(share.queue[i]);
    }
    if (!share.held) this.jobCount -= jobsOf(share);
    share.heap.length = 0;
    share.queue.length = 0;
    share.head = 0;
  }

  /** Work left in the jobs of the process, in ns. */
  leftNs(process: number): number {
    this.advance();
    const share = this.shares[process];
    let ns = 0;
    for (const slot of share.heap) ns += this.leftOf(share, slot);
    for (let i = share.head; i < share.queue.length; i++) ns += this.pool.rest[share.queue[i]];
    return ns;
  }

  /**
   * Finishes what is done, sets the rates and schedules the next moment at which something changes.
   */
  plan(): void {
    this.advance();
    for (let p = 0; p < this.shares.length; p++) this.finishDone(p);
    if (this.mayLeave()) {
      this.leave();
      return;
    }
    if (this.hasThreadForWaiting()) {
      // After the events of the jobs that have ended, which may go on.
      this.wakeBy(this.sim.nowNs);
      return;
    }
    this.refill();
    this.fillWater();
    this.measure();
    this.wakeBy(this.nextChangeNs());
  }

  /** Brings the virtual clocks and the budgets up to now. */
  private advance(): void {
    const elapsedNs = this.sim.nowNs - this.updatedNs;
    if (elapsedNs === 0) return;
    this.updatedNs = this.sim.nowNs;
    if (this.jobCount === 0) return;
    for (const share of this.shares) {
      if (share.rate === 0) continue;
      share.virtualNs += elapsedNs * share.rate;
      if (share.quotaNs !== Infinity) {
        share.budgetNs -= elapsedNs * share.rate * share.heap.length;
      }
    }
  }

  private finishDone(process: number): void {
    const share = this.shares[process];
    if (share.held) return;
    const doneBy = share.virtualNs + EPSILON_NS;
    while (share.heap.length > 0 && this.pool.virtualEnd[share.heap[0]] <= doneBy) {
      if (this.pool.rest[share.heap[0]] > 0) this.endTurn(share);
      else this.handBack(process, share, 0);
    }
  }

  /** The first job makes room: another turn comes after all that wait. */
  private endTurn(share: Share): void {
    const slot = this.pool.pop(share.heap);
    share.queue.push(slot);
    this.runNext(share);
  }

  /** Takes the first job out and gives it back with `leftNs` of work. */
  private handBack(process: number, share: Share, leftNs: number): void {
    const slot = this.pool.pop(share.heap);
    this.jobCount--;
    this.pool.give(slot);
    const turnLeftNs = this.pool.turnEnd[slot] - share.virtualNs;
    const heldNs = this.heldTotalNs(share) - this.pool.heldAtEntryNs[slot];
    const hereNs = this.sim.nowNs - this.pool.enteredNs[slot] - heldNs;
    const { record } = this;
    record.process = process;
    record.leftNs = leftNs;
    record.waitedNs = Math.max(0, Math.round(hereNs - (this.pool.work[slot] - leftNs)));
    record.turnNs = turnLeftNs < share.turnNs ? share.turnNs - turnLeftNs : 0;
    if (leftNs === 0) {
      share.endedNs = this.sim.nowNs;
      share.endedTurnNs = record.turnNs;
    }
    record.order = this.pool.order[slot];
    record.doneType = this.pool.doneType[slot];
    record.a = this.pool.a[slot];
    record.b = this.pool.b[slot];
    this.owner.start(record);
  }

  /**
   * With hysteresis, so that a load around the number of cores does not move its jobs back and
   * forth.
   */
  private mayLeave(): boolean {
    if (this.jobCount > this.cores >> 1) return false;
    for (const share of this.shares) {
      if (!share.held && share.quotaNs !== Infinity && share.heap.length > 0) return false;
    }
    return true;
  }

  private leave(): void {
    this.wakeBy(Infinity);
    this.fillThreads();
    if (this.measured) {
      this.measured = false;
      this.meter.busy(this.sim.nowNs, 0);
      this.meter.queue(this.sim.nowNs, 0);
    }
    if (this.jobCount > 0) this.drain();
  }

  private drain(): void {
    for (let p = 0; p < this.shares.length; p++) {
      const share = this.shares[p];
      if (share.held) continue;
      while (share.heap.length > 0) {
        const leftNs = Math.ceil(this.leftOf(share, share.heap[0]) - EPSILON_NS);
        this.handBack(p, share, Math.max(leftNs, 0));
      }
    }
  }

  private refill(): void {
    const nowNs = this.sim.nowNs;
    for (const share of this.shares) {
      if (share.quotaNs === Infinity || share.held || share.heap.length === 0) continue;
      if (nowNs < share.periodEndNs) continue;
      share.periodEndNs = nowNs + this.periodNs;
      share.budgetNs = share.quotaNs;
    }
  }

  /** Hands out the cores by weight; whoever has fewer jobs than its part gets one core a job. */
  private fillWater(): void {
    let cores = this.cores;
    let weights = 0;
    for (const share of this.shares) {
      const n = share.heap.length;
      const runs = n > 0 && !share.held && share.budgetNs > EPSILON_NS;
      // -1 marks a process whose part is still open.
      share.rate = n > 0 && !share.held && (share.quotaNs === Infinity || runs) ? -1 : 0;
      if (share.rate < 0) weights += share.weight;
    }
    for (let again = true; again; ) {
      again = false;
      const perWeight = cores / weights;
      for (const share of this.shares) {
        if (share.rate >= 0 || share.heap.length > perWeight * share.weight) continue;
        share.rate = 1;
        cores -= share.heap.length;
        weights -= share.weight;
        again = true;
      }
    }
    const perWeight = cores / weights;
    for (const share of this.shares) {
      if (share.rate < 0) share.rate = (perWeight * share.weight) / share.heap.length;
    }
  }

  private nextChangeNs(): number {
    const nowNs = this.sim.nowNs;
    let nextNs = Infinity;
    for (const share of this.shares) {
      if (share.heap.length === 0 || share.held) continue;
      if (share.rate === 0) {
        if (share.periodEndNs < nextNs) nextNs = share.periodEndNs;
        continue;
      }
      const leftNs = (this.pool.virtualEnd[share.heap[0]] - share.virtualNs) / share.rate;
      let atNs = nowNs + Math.ceil(leftNs - EPSILON_NS);
      if (share.quotaNs !== Infinity) {
        const spentNs = nowNs + Math.ceil(share.budgetNs / (share.rate * share.heap.length));
        atNs = Math.min(atNs, spentNs, share.periodEndNs);
      }
      if (atNs < nextNs) nextNs = atNs;
    }
    return nextNs;
  }

  /** Moves the wake-up; to let one that comes too early find nothing was measured to cost more. */
  private wakeBy(atNs: number): void {
    if (atNs === this.wakeAtNs) return;
    if (this.wakeId !== 0) this.sim.cancel(this.wakeId);
    this.wakeAtNs = atNs;
    this.wakeId = atNs === Infinity ? 0 : this.sim.scheduleAt(atNs, this.wakeType, 0, 0);
  }

  private measure(): void {
    let cores = 0;
    for (const share of this.shares) {
      if (share.rate > 0) cores += share.rate * share.heap.length;
    }
    this.measured = true;
    this.meter.busy(this.sim.nowNs, cores);
    this.meter.queue(this.sim.nowNs, this.jobCount - cores);
  }

  private heldTotalNs(share: Share): number {
    return share.heldNs + (share.held ? this.sim.nowNs - share.heldSinceNs : 0);
  }

  private leftOf(share: Share, slot: number): number {
    const ns = this.pool.virtualEnd[slot] - share.virtualNs;
    return Math.max(ns, 0) + this.pool.rest[slot];
  }
}
