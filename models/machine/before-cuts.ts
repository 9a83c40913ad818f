/** Models that account lazily bring their levels and counters up to date just before the metrics are cut. */
import type { ModelContext } from '../../src/resource/index.ts';

/**
 * Calls `flush` one ns before each cut of the metrics and before the horizon: at a cut itself it is not said
 * whether the run has cut already. Costs two events a cut. Where nobody cuts, it looks again ever more rarely.
 */
export function beforeCuts(ctx: ModelContext, name: string, flush: () => void): void {
  const { sim, metrics } = ctx;
  let againNs = 2;
  const flushType = sim.eventType(`${name}/flush`, () => {
    flush();
    look();
  });
  const lookType = sim.eventType(`${name}/awaitCut`, look);
  function look(): void {
    const beforeNs = Math.min(metrics.nextCutNs(), sim.horizonNs) - 1;
    if (beforeNs > sim.nowNs) {
      againNs = 2;
      sim.scheduleAt(beforeNs, flushType);
    } else if (sim.nowNs + againNs < sim.horizonNs) {
      sim.schedule(againNs, lookType);
      againNs *= 2;
    }
  }
  look();
}
