/** Runs the entries of a plan: in this process, or in threads. */
import type { SweepExecutor } from './executor.ts';
import { InProcessExecutor } from './in-process.ts';
import { coreCount, ThreadExecutor } from './threads.ts';

export type { SweepExecutor } from './executor.ts';
export { InProcessExecutor } from './in-process.ts';
export { type RunStore, type Stored, StoredExecutor } from './stored.ts';
export { coreCount, ThreadExecutor, type ThreadOptions } from './threads.ts';

export type ExecutorName = 'in-process' | 'threads';

export interface ExecutorOptions {
  /** Runs at once; by default one for each core. */
  readonly jobs?: number;
  /** By default threads, but in this process where there is one job or one run. */
  readonly executor?: ExecutorName;
  readonly runs: number;
}

export function createExecutor(options: ExecutorOptions): SweepExecutor {
  const jobs = Math.min(options.jobs ?? coreCount(), options.runs);
  const name = options.executor ?? (jobs > 1 ? 'threads' : 'in-process');
  return name === 'threads'
    ? new ThreadExecutor({ jobs: Math.max(1, jobs) })
    : new InProcessExecutor();
}
