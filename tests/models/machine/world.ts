/**
 * A context for tests of machines: a simulation, metrics without warm-up, the constants of the
 * machine room.
 */
import { machineConstants } from '../../../models/machine/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics, type MetricsResult, type ResourceResult } from '../../../src/metrics/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import type { ClockScenario, DiskScenario } from '../../../src/scenario/types.ts';
import { plainClock, plainDisk } from '../../support/scenario.ts';

export interface World extends ModelContext {
  /** Runs to the horizon and cuts the metrics on the way, as a run does. */
  run(): MetricsResult;
  /** Hands over everything up to and including `timeNs`. */
  runTo(timeNs: number): void;
  resource(name: string): ResourceResult;
}

export function world(
  o: { horizonNs?: number; warmupNs?: number; seriesIntervalNs?: number; seed?: string } = {},
): World {
  const { horizonNs = 1e9, warmupNs = 0, seriesIntervalNs = 0, seed = 'tests' } = o;
  const sim = new Simulation({ seed, horizonNs });
  const metrics = new Metrics({ warmupNs, horizonNs, cutsNs: [], seriesIntervalNs });
  const constants = new Constants(machineConstants);
  // As a run does it: scheduled first, so that a cut comes before whatever else happens at its
  // time.
  const cutType = sim.eventType('cut', () => metrics.cut(sim.nowNs));
  const measuredNs = horizonNs - warmupNs;
  const cuts = new Set([0, 1, 2, 3].map((k) => warmupNs + Math.floor((measuredNs * k) / 4)));
  for (let t = seriesIntervalNs; t > 0 && t < horizonNs; t += seriesIntervalNs) cuts.add(t);
  for (const t of cuts) sim.scheduleAt(t, cutType);
  let reached = false;
  const reachedType = sim.eventType('reached', () => {
    reached = true;
  });
  let result: MetricsResult | null = null;
  return {
    sim,
    metrics,
    constants,
    run() {
      sim.advance(Number.MAX_SAFE_INTEGER);
      result ??= metrics.finish(horizonNs);
      return result;
    },
    runTo(timeNs) {
      // Two hops, so that events of the same instant that were scheduled in between come first.
      reached = false;
      sim.scheduleAt(
        timeNs,
        sim.eventType('almost', () => sim.schedule(0, reachedType)),
      );
      while (!reached) sim.advance(1);
    },
    resource(name) {
      const found = this.run().resources.find((r) => r.name === name);
      if (found === undefined) throw new Error(`no resource ${name}`);
      return found;
    },
  };
}

/** Records at which simulated times events arrive, as `${time}:${a}`. */
export function recorder(ctx: ModelContext): { type: number; log: string[]; times: number[] } {
  const log: string[] = [];
  const times: number[] = [];
  const type = ctx.sim.eventType('recorder', (a) => {
    log.push(`${ctx.sim.nowNs}:${a}`);
    times[a] = ctx.sim.nowNs;
  });
  return { type, log, times };
}

/** Calls `action` at a simulated time. */
export function at(ctx: ModelContext, timeNs: number, action: () => void): void {
  ctx.sim.scheduleAt(timeNs, ctx.sim.eventType('at', action));
}

export function diskScenario(o: Partial<DiskScenario> = {}): DiskScenario {
  return plainDisk({ name: 'wal', fsync: { kind: 'constant', value: 1000 }, ...o });
}

export function clockScenario(o: Partial<ClockScenario> = {}): ClockScenario {
  return plainClock({ ntpMaxSlewPpm: 500, ...o });
}
