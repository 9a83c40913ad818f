/** Runs a plan with a progress line; an aborted signal (Ctrl-C) ends it early. */
import {
  createExecutor,
  type ExecutorName,
  type RunStore,
  StoredExecutor,
} from '../executor/index.ts';
import type { RunPlan, RunProgress, RunResult } from '../run/index.ts';
import type { Scenario } from '../scenario/index.ts';
import type { Io } from './io.ts';
import { Progress } from './progress.ts';

export interface ExecuteOptions {
  readonly jobs?: number;
  readonly executor?: ExecutorName;
  /** What the progress line is about. */
  readonly label: string;
  /** Runs that are there are not run again; those that end are kept. */
  readonly store?: RunStore;
  /** Does not hold the results: they go here, in the order of the plans. */
  readonly onResult?: (result: RunResult) => void;
}

export interface Executed {
  /** In the order of the plans; shorter where the job was interrupted. */
  readonly results: readonly RunResult[];
  readonly interrupted: boolean;
  readonly executor: string;
  readonly wallMs: number;
  /** Of the runs, those that were in the store. */
  readonly reused: number;
  /** Runs that ended at their horizon. */
  readonly finished: number;
}

/**
 * Work of a run next to others, for the progress line only: heartbeats, requests planned, clients.
 */
export function expectedWork(scenario: Scenario): number {
  const IDLE_PER_SECOND = 100;
  const PER_CLIENT_PER_SECOND = 200;
  let perSecond = IDLE_PER_SECOND;
  for (const { ratePerSecond, clients } of scenario.workload) {
    perSecond += ratePerSecond + clients * PER_CLIENT_PER_SECOND;
  }
  return scenario.horizonNs * perSecond;
}

/** 1234567 -> '1.2 M'. */
function compact(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(0)} k`;
  return value.toFixed(0);
}

class Tracker {
  readonly #progress: Progress;
  readonly #work: readonly number[];
  readonly #total: number;
  readonly #fractions: number[];
  readonly #events: number[];

  constructor(progress: Progress, plans: readonly RunPlan[]) {
    this.#progress = progress;
    this.#work = plans.map((plan) => expectedWork(plan.scenario));
    this.#total = this.#work.reduce((sum, work) => sum + work, 0);
    this.#fractions = plans.map(() => 0);
    this.#events = plans.map(() => 0);
  }

  update(index: number, { nowNs, horizonNs, eventCount }: RunProgress): void {
    this.#fractions[index] = nowNs / horizonNs;
    this.#events[index] = eventCount;
    let done = 0;
    let work = 0;
    let events = 0;
    for (let i = 0; i < this.#work.length; i++) {
      if (this.#fractions[i] >= 1) done++;
      work += this.#fractions[i] * this.#work[i];
      events += this.#events[i];
    }
    const rate = events / Math.max(0.001, this.#progress.elapsedMs() / 1000);
    const detail = `${done}/${this.#work.length} runs, ${compact(rate)} events/s`;
    this.#progress.update(work / this.#total, detail);
  }
}

export async function execute(
  plans: readonly RunPlan[],
  options: ExecuteOptions,
  signal: AbortSignal,
  io: Io,
): Promise<Executed> {
  const progress = new Progress(io, options.label);
  const tracker = new Tracker(progress, plans);
  const inner = createExecutor({ ...options, runs: plans.length });
  const stored = options.store === undefined ? null : new StoredExecutor(inner, options.store);
  const executor = stored ?? inner;
  const onAbort = (): void => {
    progress.stop();
    io.err('\nwavetank: stopping after the current slice; Ctrl-C again ends at once\n');
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  const results: RunResult[] = [];
  let finished = 0;
  try {
    await executor.run(
      plans,
      (_index, result) => {
        if (!result.interrupted) finished++;
        if (options.onResult === undefined) results.push(result);
        else options.onResult(result);
      },
      (index, position) => tracker.update(index, position),
      signal,
    );
  } finally {
    progress.stop();
    signal.removeEventListener('abort', onAbort);
  }
  return {
    results,
    interrupted: finished < plans.length,
    executor: executor.name,
    wallMs: progress.elapsedMs(),
    reused: stored?.counts.reused ?? 0,
    finished,
  };
}
