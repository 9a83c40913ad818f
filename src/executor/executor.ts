/**
 * What runs a list of plans: in this process, in threads, later elsewhere. Same results, same
 * order.
 */
import { LimitError } from '../core/index.ts';
import { MetricsLimitError } from '../metrics/index.ts';
import {
  type Run,
  RunFailure,
  type RunFailureData,
  type RunPlan,
  type RunProgress,
  type RunResult,
  startRun,
} from '../run/index.ts';
import type { HeapGuard } from './heap-guard.ts';

/** `index` counts the plans in the order in which they were given. */
export interface SweepExecutor {
  readonly name: string;
  /**
   * Runs every plan. `onDone` is called in the order of the plans, whatever the order in which they
   * finish. An aborted signal ends the running plans after their current slice (their results are
   * marked interrupted) and starts no other. Rejects with a RunFailure when a run dies.
   */
  run(
    plans: readonly RunPlan[],
    onDone: (index: number, result: RunResult) => void,
    onProgress: (index: number, progress: RunProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Events between two looks at the clock. */
export const SLICE_EVENTS = 4096;
/** Wall time after which a run lets others (signals, the progress line) have their turn. */
export const SLICE_MS = 25;

/** Advances by about SLICE_MS of wall time; true when the run is over. */
export function advanceSlice(run: Run, heap?: HeapGuard): boolean {
  heap?.check(run.progress());
  const endMs = performance.now() + SLICE_MS;
  do {
    if (run.advance(SLICE_EVENTS)) return true;
  } while (performance.now() < endMs);
  return false;
}

/** Bounds with a name: the scenario asks for more than a run may have. */
function limitOf(error: unknown): RunFailureData['limit'] {
  if (error instanceof LimitError) return { code: error.code, hint: '' };
  if (error instanceof MetricsLimitError) return { code: error.code, hint: error.hint };
  return null;
}

export function failureOf(plan: RunPlan, run: Run | null, error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  const progress = run?.progress() ?? { nowNs: 0, eventCount: 0 };
  return new RunFailure({
    point: plan.point,
    replication: plan.replication,
    seed: plan.seed,
    simulatedNs: progress.nowNs,
    eventCount: progress.eventCount,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
    limit: limitOf(error),
  });
}

export function start(plan: RunPlan): Run {
  try {
    return startRun(plan);
  } catch (error) {
    throw failureOf(plan, null, error);
  }
}

/** Holds results back until all before them were handed on. */
export class InOrder {
  readonly #onDone: (index: number, result: RunResult) => void;
  readonly #waiting = new Map<number, RunResult>();
  #next = 0;

  constructor(onDone: (index: number, result: RunResult) => void) {
    this.#onDone = onDone;
  }

  done(index: number, result: RunResult): void {
    this.#waiting.set(index, result);
    for (;;) {
      const result = this.#waiting.get(this.#next);
      if (result === undefined) return;
      this.#waiting.delete(this.#next);
      this.#onDone(this.#next, result);
      this.#next++;
    }
  }

  /** After an interruption there are gaps: hands on what is there, still in order. */
  flush(): void {
    const indexes = [...this.#waiting.keys()].sort((a, b) => a - b);
    for (const index of indexes) this.#onDone(index, this.#waiting.get(index)!);
    this.#waiting.clear();
  }
}
