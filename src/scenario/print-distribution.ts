/** A distribution as the scenario file writes it; reads back to the same figures. */
import type { DistributionSpec } from '../dist/index.ts';
import type { YamlValue } from './print-yaml.ts';
import { formatUnit } from './units.ts';

export function distributionNode(spec: DistributionSpec, unit: 'duration' | 'bytes'): YamlValue {
  const show = (value: number) =>
    value === Number.POSITIVE_INFINITY ? 'unlimited' : formatUnit(unit, value);
  switch (spec.kind) {
    case 'constant':
      return { constant: show(spec.value) };
    case 'uniform':
      return { uniform: { min: show(spec.min), max: show(spec.max) } };
    case 'exponential':
      return { exponential: { mean: show(spec.mean) } };
    case 'lognormal':
      if ('p50' in spec) return { lognormal: { p50: show(spec.p50), p99: show(spec.p99) } };
      return { lognormal: { mean: show(spec.mean), p99: show(spec.p99) } };
    case 'gamma':
      return { gamma: { mean: show(spec.mean), shape: spec.shape } };
    case 'pareto': {
      const max = spec.max === undefined ? {} : { max: show(spec.max) };
      return { pareto: { scale: show(spec.scale), shape: spec.shape, ...max } };
    }
    case 'mixture': {
      const { startPerSecond, startProbability, length, correlation } = spec.stall;
      const stall = {
        ...(startPerSecond === undefined ? {} : { startPerSecond }),
        ...(startProbability === undefined ? {} : { startProbability }),
        length: distributionNode(length, 'duration'),
        correlation: correlation ?? 0,
      };
      return { mixture: { body: distributionNode(spec.body, unit), stall } };
    }
    case 'samples':
      return { samples: { values: spec.values.map(show) } };
    case 'histogram': {
      const sum = spec.sum === undefined ? {} : { sum: show(spec.sum) };
      return { histogram: { bounds: spec.bounds.map(show), counts: [...spec.counts], ...sum } };
    }
    case 'scaled':
      return { scaled: { by: spec.by, of: distributionNode(spec.of, unit) } };
    case 'shifted':
      return { shifted: { by: show(spec.by), of: distributionNode(spec.of, unit) } };
  }
}
