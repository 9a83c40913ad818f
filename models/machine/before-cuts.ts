/** Models that account lazily bring their levels and counters up to date just before the metrics are cut. */
import type { ModelContext } from '../../src/resource/index.ts';

/**
 * Calls `flush` one ns before each cut of the metrics and before the horizon: at a cut itself it is not said
 * whether the run has cut already. Costs two events a cut.
 */
export function beforeCuts(ctx: ModelContext, name: string, flush: () => void): void {
  const { sim, metrics } = ctx;
  const type = sim.eventType(`${name}/flush`, (past) => {
    if (past === 0) flush();
    plan();
  });
  function plan(): void {
    const cutNs = Math.min(metrics.nextCutNs(), sim.horizonNs);
    if (cutNs - 1 > sim.nowNs) sim.scheduleAt(cutNs - 1, type, 0, 0);
    else if (sim.nowNs + 2 < sim.horizonNs) sim.schedule(2, type, 1, 0);
  }
  plan();
}
