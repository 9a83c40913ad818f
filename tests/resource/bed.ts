/** A simulation with nothing in it but what a test builds. */
import assert from 'node:assert/strict';
import { Constants, Simulation, studentTQuantile } from '../../src/core/index.ts';
import { createSampler, type DistributionSpec } from '../../src/dist/index.ts';
import { Metrics, type MetricsResult } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';

export const US = 1e3;
export const MS = 1e6;
export const S = 1e9;

export function testBed(horizonNs: number, seed = 'resource', warmupNs = 0): ModelContext {
  return {
    sim: new Simulation({ seed, horizonNs }),
    metrics: new Metrics({ warmupNs, horizonNs, cutsNs: [], seriesIntervalNs: 0 }),
    constants: new Constants([]),
  };
}

/** Runs to the horizon, cutting where the metrics ask for it. */
export function runToEnd({ sim, metrics }: ModelContext): MetricsResult {
  const cutType = sim.eventType('test/cut', () => {
    metrics.cut(sim.nowNs);
    planCut();
  });
  const planCut = () => {
    if (metrics.nextCutNs() < sim.horizonNs) sim.scheduleAt(metrics.nextCutNs(), cutType);
  };
  planCut();
  while (!sim.finished) sim.advance(1_000_000);
  return metrics.finish(sim.horizonNs);
}

/** Calls `arrive(serviceNs)` at the instants of a renewal process. */
export function arrivals(
  ctx: ModelContext,
  gap: DistributionSpec,
  service: DistributionSpec,
  arrive: (serviceNs: number) => void,
): void {
  const { sim } = ctx;
  const gaps = createSampler(gap, sim.stream('arrivals'));
  const services = createSampler(service, sim.stream('services'));
  const type = sim.eventType('test/arrival', () => {
    sim.schedule(gaps.next(sim.nowNs), type);
    arrive(services.next(sim.nowNs));
  });
  sim.schedule(gaps.next(0), type);
}

/**
 * Asserts that the 99.9 % confidence interval of the mean over independent seeds holds the
 * expected value, and that the interval is narrow enough for the test to mean something.
 */
export function assertLaw(
  what: string,
  values: readonly number[],
  expected: number,
  relativeWidthMax: number,
): void {
  const n = values.length;
  const average = values.reduce((a, b) => a + b) / n;
  const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (n - 1);
  const half = studentTQuantile(0.9995, n - 1) * Math.sqrt(variance / n);
  const told = `${what}: ${average} +- ${half}, expected ${expected}`;
  assert.ok(half <= relativeWidthMax * expected, `too wide to say anything: ${told}`);
  assert.ok(Math.abs(average - expected) <= half, told);
}
