/** What is to be run: one entry for each replication of each point of a sweep. Plain data. */
import { hashSeed } from '../core/index.ts';
import type { Scenario } from '../scenario/types.ts';

export type QueueName = 'two-tier' | 'fast-priority-queue';

export interface RunPlan {
  /** Index of the point in the sweep; 0 for a single scenario. */
  readonly point: number;
  readonly replication: number;
  /**
   * Seed of this replication: hashSeed(seed of the scenario, replication), whatever the executor.
   */
  readonly seed: string;
  readonly queue: QueueName;
  /** Run twice and compare the digests. */
  readonly verify: boolean;
  readonly scenario: Scenario;
}

export interface PlanOptions {
  readonly queue?: QueueName;
  readonly verify?: boolean;
}

/** Plans in the order of results: by point, then by replication. */
export function planRuns(points: readonly Scenario[], options: PlanOptions = {}): RunPlan[] {
  const plans: RunPlan[] = [];
  points.forEach((scenario, point) => {
    for (let replication = 0; replication < scenario.replications; replication++) {
      plans.push({
        point,
        replication,
        seed: hashSeed(scenario.seed, replication),
        queue: options.queue ?? 'two-tier',
        verify: options.verify ?? false,
        scenario,
      });
    }
  });
  return plans;
}
