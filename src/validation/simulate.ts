/** Runs a scenario to its end and keeps hold of the cluster, for figures that are not metrics. */
import {
  buildCluster,
  createRun,
  type EtcdRunCluster,
  type Run,
  type RunResult,
} from '../run/index.ts';
import type { Scenario } from '../scenario/types.ts';

const SLICE_EVENTS = 1 << 20;

export interface Simulated extends EtcdRunCluster {
  readonly result: RunResult;
}

/** A run under way, with its cluster. */
export function openRun(scenario: Scenario): { run: Run; cluster: EtcdRunCluster } {
  let cluster: EtcdRunCluster | null = null;
  const run = createRun(scenario, {
    seed: scenario.seed,
    build: (ctx, built) => {
      cluster = buildCluster(ctx, built);
      return cluster;
    },
  });
  if (cluster === null) throw new Error('the run was not built');
  return { run, cluster };
}

/** One event at a time, until `done` or the horizon; the moment is the clock of the run. */
export function advanceUntil(run: Run, done: () => boolean): void {
  while (!done() && !run.advance(1)) {
    // Nothing else: what is waited for is the models' work.
  }
}

export function simulateRun(scenario: Scenario): Simulated {
  const { run, cluster } = openRun(scenario);
  while (!run.advance(SLICE_EVENTS)) {
    // Slices only keep the call short; the numbers do not depend on them.
  }
  return { ...cluster, result: run.finish() };
}
