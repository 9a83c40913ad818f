/** Distributions as plain data: what can be known of them, and samplers that draw from them. */
import { checkedLaw } from './laws.ts';
import type { DistributionSpec } from './spec.ts';

export { checkDistribution, NESTING_MAX } from './check.ts';
export { describe } from './describe.ts';
export {
  DistributionError,
  type DistributionErrorCode,
  type DistributionProblem,
} from './errors.ts';
export { createSampler, DRAW_MAX, type Sampler, type SamplerOptions } from './sampler.ts';
export type * from './spec.ts';

/**
 * Mean of the distribution before rounding; Infinity where it has none. That of a mixture depends
 * on when draws happen: see docs/models/statistics.md.
 */
export function mean(spec: DistributionSpec): number {
  return checkedLaw(spec).mean;
}

/** The p-quantile before rounding, 0 < p < 1. */
export function quantile(spec: DistributionSpec, p: number): number {
  return checkedLaw(spec).quantile(p);
}

/** Whether two draws can differ; a scenario in which nothing is random needs one replication. */
export function isRandom(spec: DistributionSpec): boolean {
  return checkedLaw(spec).random;
}
