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
}

interface Job {
  readonly id: number;
  readonly process: number;
  leftNs: number;
}

const EPSILON = 1e-3;

/** End time of each executed job, in order of execution; NaN = it was dropped or never ends. */
export function fluidCpu(
  cores: number,
  periodNs: number,
  processes: readonly OracleProcess[],
  commands: readonly CpuCommand[],
): number[] {
  const ends: number[] = [];
  let jobs: Job[] = [];
  const paused = processes.map(() => false);
  const budget = processes.map(() => 0);
  const periodEnd = processes.map(() => 0);
  let nowNs = 0;
  let next = 0;

  const limited = (p: number) => processes[p].quotaCores < cores;
  const jobsOf = (p: number) => jobs.filter((job) => job.process === p);

  function rates(): number[] {
    const wants = processes.map((_, p) => {
      const throttled = limited(p) && budget[p] <= EPSILON;
      return paused[p] || throttled ? 0 : jobsOf(p).length;
    });
    // Water level: the cores of a process are min(jobs, level x weight); find the level by
    // bisection.
    const total = wants.reduce((sum, n) => sum + n, 0);
    if (total <= cores) return wants.map((n) => (n > 0 ? 1 : 0));
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

  for (let guard = 0; guard < 1e6; guard++) {
    for (let p = 0; p < processes.length; p++) {
      if (!limited(p) || paused[p] || jobsOf(p).length === 0 || nowNs < periodEnd[p]) continue;
      periodEnd[p] = nowNs + periodNs;
      budget[p] = processes[p].quotaCores * periodNs;
    }
    const rate = rates();
    let nextNs = next < commands.length ? commands[next].atNs : Infinity;
    for (const job of jobs) {
      const r = rate[job.process];
      if (r > 0) nextNs = Math.min(nextNs, nowNs + Math.ceil(job.leftNs / r - EPSILON));
    }
    for (let p = 0; p < processes.length; p++) {
      const n = jobsOf(p).length;
      if (!limited(p) || paused[p] || n === 0) continue;
      nextNs = Math.min(nextNs, periodEnd[p]);
      if (rate[p] > 0) nextNs = Math.min(nextNs, nowNs + Math.ceil(budget[p] / (rate[p] * n)));
    }
    if (nextNs === Infinity) return ends;
    for (const job of jobs) job.leftNs -= (nextNs - nowNs) * rate[job.process];
    for (let p = 0; p < processes.length; p++) {
      budget[p] -= (nextNs - nowNs) * rate[p] * jobsOf(p).length;
    }
    nowNs = nextNs;
    for (const job of jobs) {
      if (job.leftNs <= EPSILON && !paused[job.process]) ends[job.id] = nowNs;
    }
    jobs = jobs.filter((job) => Number.isNaN(ends[job.id]));
    while (next < commands.length && commands[next].atNs === nowNs) {
      const c = commands[next++];
      if (c.kind === 'execute') {
        jobs.push({ id: ends.length, process: c.process, leftNs: c.workNs });
        ends.push(Number.NaN);
      } else if (c.kind === 'drop') {
        jobs = jobs.filter((job) => job.process !== c.process);
        paused[c.process] = false;
      } else {
        paused[c.process] = c.kind === 'pause';
      }
    }
  }
  throw new Error('the oracle does not end');
}
