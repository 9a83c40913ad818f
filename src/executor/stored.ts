/**
 * An executor over a store of results by content key: what is there already is not run again, what
 * is finished is kept at once. So a sweep that was interrupted goes on where it was.
 */
import type { RunPlan, RunProgress, RunResult } from '../run/index.ts';
import { contentKey } from '../run/index.ts';
import { InOrder, type SweepExecutor } from './executor.ts';

export interface RunStore {
  /** Null where there is none, or none that is whole. */
  load(key: string): RunResult | null;
  /** Never called for a run that was interrupted. */
  save(result: RunResult): void;
}

export interface Stored {
  /** Runs that were there. */
  readonly reused: number;
  /** Runs that were simulated and kept. */
  readonly simulated: number;
}

export class StoredExecutor implements SweepExecutor {
  readonly name: string;
  readonly #inner: SweepExecutor;
  readonly #store: RunStore;
  #reused = 0;
  #simulated = 0;

  constructor(inner: SweepExecutor, store: RunStore) {
    this.name = inner.name;
    this.#inner = inner;
    this.#store = store;
  }

  get counts(): Stored {
    return { reused: this.#reused, simulated: this.#simulated };
  }

  async run(
    plans: readonly RunPlan[],
    onDone: (index: number, result: RunResult) => void,
    onProgress: (index: number, progress: RunProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const inOrder = new InOrder(onDone);
    const give = (index: number, result: RunResult): void => {
      const { point, replication, scenario } = plans[index];
      const { eventCount } = result;
      onProgress(index, { nowNs: scenario.horizonNs, horizonNs: scenario.horizonNs, eventCount });
      inOrder.done(index, { ...result, point, replication });
    };
    /** Indexes of plans by key: two points of a sweep may be the same scenario. */
    const waiting = new Map<string, number[]>();
    for (const [index, plan] of plans.entries()) {
      const key = contentKey(plan.scenario, plan.seed);
      const others = waiting.get(key);
      if (others !== undefined) {
        others.push(index);
        continue;
      }
      const known = plan.verify ? null : this.#store.load(key);
      if (known === null) waiting.set(key, [index]);
      else {
        this.#reused++;
        give(index, known);
      }
    }
    const groups = [...waiting.values()];
    await this.#inner.run(
      groups.map(([first]) => plans[first]),
      (index, result) => {
        if (!result.interrupted) {
          this.#store.save(result);
          this.#simulated++;
        }
        for (const planned of groups[index]) give(planned, result);
      },
      (index, progress) => onProgress(groups[index][0], progress),
      signal,
    );
    inOrder.flush();
  }
}
