/**
 * Distributions as plain data. The unit is the caller's (ns for latencies, bytes for sizes); a
 * draw is rounded once, to an integer that is not negative.
 */
export type DistributionSpec =
  | ConstantSpec
  | UniformSpec
  | ExponentialSpec
  | LognormalSpec
  | GammaSpec
  | ParetoSpec
  | MixtureSpec
  | SamplesSpec
  | HistogramSpec
  | ScaledSpec
  | ShiftedSpec;

export interface ConstantSpec {
  readonly kind: 'constant';
  readonly value: number;
}

export interface UniformSpec {
  readonly kind: 'uniform';
  readonly min: number;
  readonly max: number;
}

export interface ExponentialSpec {
  readonly kind: 'exponential';
  readonly mean: number;
}

export type LognormalSpec =
  | { readonly kind: 'lognormal'; readonly p50: number; readonly p99: number }
  | { readonly kind: 'lognormal'; readonly mean: number; readonly p99: number };

/** shape < 1: burstier than exponential, shape > 1: steadier; scv = 1 / shape. */
export interface GammaSpec {
  readonly kind: 'gamma';
  readonly mean: number;
  readonly shape: number;
}

/** P(X > x) = (scale / x)^shape for x >= scale; conditioned on X <= max where `max` is given. */
export interface ParetoSpec {
  readonly kind: 'pareto';
  readonly scale: number;
  readonly shape: number;
  readonly max?: number;
}

/** A body, and rare stalls that hold every draw that overlaps them until the stall ends. */
export interface MixtureSpec {
  readonly kind: 'mixture';
  readonly body: DistributionSpec;
  readonly stall: StallSpec;
}

/** Exactly one of startPerSecond and startProbability. */
export interface StallSpec {
  /**
   * Episodes begin by a Poisson process of this rate in simulated time, while none is in
   * progress.
   */
  readonly startPerSecond?: number;
  /** Each draw outside an episode begins one with this probability. */
  readonly startProbability?: number;
  /** Length of an episode, in ns; without stalls of its own. */
  readonly length: DistributionSpec;
  /** Probability, 0 <= c < 1, that another episode follows as soon as one ends; 0 by default. */
  readonly correlation?: number;
}

/** Measured values; quantiles between them are interpolated. */
export interface SamplesSpec {
  readonly kind: 'samples';
  readonly values: readonly number[];
}

/**
 * Bucket i holds `counts[i]` values up to and including `bounds[i]`; the last bound may be
 * Infinity.
 */
export interface HistogramSpec {
  readonly kind: 'histogram';
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum?: number;
}

export interface ScaledSpec {
  readonly kind: 'scaled';
  readonly by: number;
  readonly of: DistributionSpec;
}

export interface ShiftedSpec {
  readonly kind: 'shifted';
  readonly by: number;
  readonly of: DistributionSpec;
}
