/**
 * One run after the other in this process, in slices, so that Ctrl-C and the progress line work.
 */
import type { RunPlan, RunProgress, RunResult } from '../run/index.ts';
import { advanceSlice, failureOf, type SweepExecutor, start } from './executor.ts';
import { HeapGuard } from './heap-guard.ts';

/** setImmediate lets signals and input through; a promise alone would not. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class InProcessExecutor implements SweepExecutor {
  readonly name = 'in-process';

  async run(
    plans: readonly RunPlan[],
    onDone: (index: number, result: RunResult) => void,
    onProgress: (index: number, progress: RunProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    for (let index = 0; index < plans.length; index++) {
      await breathe();
      if (signal.aborted) return;
      const run = start(plans[index]);
      const heap = new HeapGuard();
      try {
        while (!advanceSlice(run, heap)) {
          onProgress(index, run.progress());
          await breathe();
          if (signal.aborted) break;
        }
        onProgress(index, run.progress());
        onDone(index, run.finish());
      } catch (error) {
        throw failureOf(plans[index], run, error);
      }
    }
  }
}
