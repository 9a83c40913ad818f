/**
 * Slow, plain processor sharing: every job keeps its own work left, and all rates are computed anew
 * whenever anything changes. Shares no code and no idea (virtual clocks, regimes) with
 * models/machine/cpu.ts.
 */

export type CpuCommand =
  | {
      readonly kind: 'execute';
      readonly atNs: number;
      readonly process: number;
      readonly workNs: number;
    }
  | { readonly kind: 'pause' | 'resume' | 'drop'; readonly atNs: number; readonly process: number };

export interface OracleProcess {
  readonly weight: number;
  readonly quotaCores: number;
  /**
   * Only the first jobs run, as many as there are cores; one that has run for a turn becomes the
   * last.
   */
  readonly inOrder: boolean;
}

interface Job {
  readonly id: number;
  readonly process: number;
  leftNs: number;
  /** What is left of its turn. */
  turnNs: number;
}

const EPSILON = 1e-3;

/** Cores of one job of each process: those of a process are min(jobs, level x weight). */
function shares(
  cores: number,
  processes: readonly OracleProcess[],
  wants: readonly number[],
): number[] {
  const total = wants.reduce((sum, n) => sum + n, 0);
  if (total <= cores) return wants.map((n) => (n > 0 ? 1 : 0));
  // The water level, by bisection.
  let low = 0;
  let high = 1e6;
  for (let i = 0; i < 200; i++) {
    const level = (low + high) / 2;
    let used = 0;
    for (let p = 0; p < wants.length; p++) {
      used += Math.min(wants[p], level * processes[p].weight);
    }
    if (used > cores) high = level;
    else low = level;
  }
  return wants.map((n, p) => (n === 0 ? 0 : Math.min(1, (low * processes[p].weight) / n)));
}

/** End time of each executed job, in order of execution; NaN = it was dropped or never ends. */
export function fluidCpu(
  cores: number,
  periodNs: number,
  processes: readonly OracleProcess[],
  commands: readonly CpuCommand[],
  turnNs: number,
): number[] {
  const cpu = new FluidCpu(cores, periodNs, processes, turnNs);
  let next = 0;
  for (let guard = 0; guard < 1e6; guard++) {
    cpu.openPeriods();
    const commandNs = next < commands.length ? commands[next].atNs : Infinity;
    const nextNs = Math.min(commandNs, cpu.nextChangeNs());
    if (nextNs === Infinity) return cpu.ends;
    cpu.run(nextNs);
    while (next < commands.length && commands[next].atNs === nextNs) cpu.obey(commands[next++]);
  }
  throw new Error('the oracle does not end');
}

class FluidCpu {
  readonly ends: number[] = [];
  private readonly cores: number;
  private readonly periodNs: number;
  private readonly processes: readonly OracleProcess[];
  private readonly turnNs: number;
  private readonly paused: boolean[];
  private readonly budget: number[];
  private readonly periodEnd: number[];
  private jobs: Job[] = [];
  private nowNs = 0;

  constructor(
    cores: number,
    periodNs: number,
    processes: readonly OracleProcess[],
    turnNs: number,
  ) {
    this.turnNs = turnNs;
    this.cores = cores;
    this.periodNs = periodNs;
    this.processes = processes;
    this.paused = processes.map(() => false);
    this.budget = processes.map(() => 0);
    this.periodEnd = processes.map(() => 0);
  }

  /** A limited process with work starts its next period with a full budget. */
  openPeriods(): void {
    for (let p = 0; p < this.processes.length; p++) {
      if (!this.runs(p) || this.nowNs < this.periodEnd[p]) continue;
      this.periodEnd[p] = this.nowNs + this.periodNs;
      this.budget[p] = this.processes[p].quotaCores * this.periodNs;
    }
  }

  /** When a job ends, a budget is used up or a period is over, at the rates of now. */
  nextChangeNs(): number {
    const rate = this.rates();
    let nextNs = Infinity;
    for (const job of this.running()) {
      const r = rate[job.process];
      const partNs = Math.min(job.leftNs, job.turnNs);
      if (r > 0) nextNs = Math.min(nextNs, this.nowNs + Math.ceil(partNs / r - EPSILON));
    }
    for (let p = 0; p < this.processes.length; p++) {
      if (!this.runs(p)) continue;
      nextNs = Math.min(nextNs, this.periodEnd[p]);
      const spending = rate[p] * this.runningOf(p).length;
      if (rate[p] > 0) nextNs = Math.min(nextNs, this.nowNs + Math.ceil(this.budget[p] / spending));
    }
    return nextNs;
  }

  run(untilNs: number): void {
    const rate = this.rates();
    const spanNs = untilNs - this.nowNs;
    for (const job of this.running()) {
      job.leftNs -= spanNs * rate[job.process];
      if (this.processes[job.process].inOrder) job.turnNs -= spanNs * rate[job.process];
    }
    for (let p = 0; p < this.processes.length; p++) {
      this.budget[p] -= spanNs * rate[p] * this.runningOf(p).length;
    }
    this.nowNs = untilNs;
    for (const job of this.jobs) {
      if (job.leftNs <= EPSILON && !this.paused[job.process]) this.ends[job.id] = untilNs;
    }
    this.jobs = this.jobs.filter((job) => Number.isNaN(this.ends[job.id]));
    const over = this.jobs.filter((job) => job.turnNs <= EPSILON);
    for (const job of over.sort((a, b) => a.id - b.id)) {
      job.turnNs = this.turnNs;
      this.jobs.splice(this.jobs.indexOf(job), 1);
      this.jobs.push(job);
    }
  }

  obey(c: CpuCommand): void {
    if (c.kind === 'execute') {
      const { process, workNs: leftNs } = c;
      this.jobs.push({ id: this.ends.length, process, leftNs, turnNs: this.turnNs });
      this.ends.push(Number.NaN);
    } else if (c.kind === 'drop') {
      this.jobs = this.jobs.filter((job) => job.process !== c.process);
      this.paused[c.process] = false;
    } else {
      this.paused[c.process] = c.kind === 'pause';
    }
  }

  private rates(): number[] {
    const wants = this.processes.map((_, p) => {
      const throttled = this.limited(p) && this.budget[p] <= EPSILON;
      return this.paused[p] || throttled ? 0 : this.runningOf(p).length;
    });
    return shares(this.cores, this.processes, wants);
  }

  /** Limited by a quota, and with work that may run. */
  private runs(p: number): boolean {
    return this.limited(p) && !this.paused[p] && this.jobsOf(p).length > 0;
  }

  private limited(p: number): boolean {
    return this.processes[p].quotaCores < this.cores;
  }

  /** In the order in which they came. */
  private runningOf(p: number): Job[] {
    const jobs = this.jobsOf(p);
    return this.processes[p].inOrder ? jobs.slice(0, this.cores) : jobs;
  }

  private running(): Job[] {
    return this.processes.flatMap((_, p) => this.runningOf(p));
  }

  private jobsOf(p: number): Job[] {
    return this.jobs.filter((job) => job.process === p);
  }
}
