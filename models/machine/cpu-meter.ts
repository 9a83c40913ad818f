/**
 * What a Cpu measures of itself: the resource probe of the host, and CPU time and waiting of each
 * process.
 */
import type { Counter, ResourceProbe } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import { beforeCuts } from './before-cuts.ts';

interface ProcessMeter {
  readonly used: Counter;
  readonly waited: Counter;
  /** CPU time of all jobs that arrived, less that of jobs that were dropped. */
  grantedNs: number;
  waitedNs: number;
  /** What the counters already have. */
  usedFlushedNs: number;
  waitedFlushedNs: number;
}

export class CpuMeter {
  private readonly ctx: ModelContext;
  private readonly name: string;
  private readonly probe: ResourceProbe;
  private readonly processes: ProcessMeter[] = [];

  /**
   * `flush` is called just before each cut of the metrics, to bring levels and counters up to date.
   */
  constructor(ctx: ModelContext, name: string, cores: number, flush: () => void) {
    this.ctx = ctx;
    this.name = name;
    this.probe = ctx.metrics.resource(name, 'processor-sharing', cores);
    beforeCuts(ctx, name, flush);
  }

  addProcess(process: string): void {
    const labels = { cpu: this.name, process };
    this.processes.push({
      used: this.ctx.metrics.counter('wavetank_cpu_used_nanoseconds_total', labels),
      waited: this.ctx.metrics.counter('wavetank_cpu_waited_nanoseconds_total', labels),
      grantedNs: 0,
      waitedNs: 0,
      usedFlushedNs: 0,
      waitedFlushedNs: 0,
    });
  }

  arrive(process: number, workNs: number): void {
    this.processes[process].grantedNs += workNs;
    this.probe.arrive();
    this.probe.service(workNs);
  }

  /** A job is on a core, or leaves the shared cores: ns that it stood in the run queue. */
  waited(process: number, waitNs: number): void {
    this.processes[process].waitedNs += waitNs;
    this.probe.wait(waitNs);
  }

  /** A job vanishes with `leftNs` of work not done. */
  abandon(process: number, leftNs: number): void {
    this.processes[process].grantedNs -= leftNs;
  }

  busy(atNs: number, cores: number): void {
    this.probe.busy(atNs, cores);
  }

  queue(atNs: number, jobs: number): void {
    this.probe.queue(atNs, jobs);
  }

  grantedNs(process: number): number {
    return this.processes[process].grantedNs;
  }

  /** Brings the counters of a process up to date; `usedNs` is its CPU time so far. */
  count(process: number, usedNs: number): void {
    const p = this.processes[process];
    const ns = Math.floor(usedNs);
    if (ns > p.usedFlushedNs) {
      p.used.add(ns - p.usedFlushedNs);
      p.usedFlushedNs = ns;
    }
    p.waited.add(p.waitedNs - p.waitedFlushedNs);
    p.waitedFlushedNs = p.waitedNs;
  }
}
