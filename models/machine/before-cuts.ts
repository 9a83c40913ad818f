/**
 * Models that account lazily bring their levels and counters up to date just before the metrics are
 * cut.
 */
import type { ModelContext } from '../../src/resource/index.ts';

/**
 * Calls `flush` one ns before each moment at which the metrics close a row, a segment or a quarter,
 * and before the horizon: at the moment itself it is not said whether they have been closed
 * already. One event each.
 */
export function beforeCuts(ctx: ModelContext, name: string, flush: () => void): void {
  const { sim, metrics } = ctx;
  const { warmupNs, horizonNs, cutsNs, seriesIntervalNs } = metrics.options;
  const quarterNs = Math.max(0, horizonNs - warmupNs) / 4;
  const quartersNs = [1, 2, 3].map((k) => warmupNs + Math.floor(quarterNs * k));
  const singleNs = [warmupNs, ...cutsNs, ...quartersNs, horizonNs, sim.horizonNs];
  const type = sim.eventType(`${name}/flush`, () => {
    flush();
    plan();
  });
  function plan(): void {
    // A moment counts as ahead while its flush, one ns before it, is still to come.
    const afterNs = sim.nowNs + 1;
    let nextNs = Infinity;
    for (const atNs of singleNs) if (atNs > afterNs && atNs < nextNs) nextNs = atNs;
    if (seriesIntervalNs > 0) {
      const rowNs = (Math.floor(afterNs / seriesIntervalNs) + 1) * seriesIntervalNs;
      if (rowNs < nextNs) nextNs = rowNs;
    }
    if (nextNs <= sim.horizonNs) sim.scheduleAt(nextNs - 1, type);
  }
  plan();
}
