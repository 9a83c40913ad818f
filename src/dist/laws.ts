/** From a specification to what is known of it: mean, quantiles, randomness. */

import { checkDistribution } from './check.ts';
import {
  constantLaw,
  exponentialLaw,
  gammaLaw,
  limitedMeanOf,
  lognormalLaw,
  paretoLaw,
  uniformLaw,
} from './continuous-laws.ts';
import { HistogramLaw, histogramShape, samplesLaw } from './empirical-laws.ts';
import { DistributionError } from './errors.ts';
import type { Law } from './law.ts';
import type { DistributionSpec, HistogramSpec, MixtureSpec } from './spec.ts';

const NS_PER_S = 1e9;

/** Throws a DistributionError where the specification is none. */
export function checkedLaw(spec: DistributionSpec): Law {
  const problem = checkDistribution(spec);
  if (problem !== null) throw new DistributionError(problem);
  return lawOf(spec);
}

export function lawOf(spec: DistributionSpec): Law {
  const flat = pushInward(spec);
  switch (flat.kind) {
    case 'constant':
      return constantLaw(flat.value);
    case 'uniform':
      return uniformLaw(flat);
    case 'exponential':
      return exponentialLaw(flat.mean);
    case 'lognormal':
      return lognormalLaw(flat);
    case 'gamma':
      return gammaLaw(flat);
    case 'pareto':
      return paretoLaw(flat);
    case 'mixture':
      return mixtureLaw(flat);
    case 'samples':
      return samplesLaw(flat.values);
    case 'histogram':
      return histogramLaw(flat);
    case 'scaled':
      return scaledLaw(flat.by, lawOf(flat.of));
    case 'shifted':
      return shiftedLaw(flat.by, lawOf(flat.of));
  }
}

/**
 * A scaled mixture scales its body and the length of its stalls, a shifted one shifts its body: a
 * draw that meets a stall still ends when the stall does.
 */
export function pushInward(spec: DistributionSpec): DistributionSpec {
  if (spec.kind !== 'scaled' && spec.kind !== 'shifted') return spec;
  const of = pushInward(spec.of);
  if (of.kind !== 'mixture') return { kind: spec.kind, by: spec.by, of };
  const { kind, by } = spec;
  const length = of.stall.length;
  return {
    kind: 'mixture',
    body: { kind, by, of: of.body },
    stall: { ...of.stall, length: kind === 'scaled' ? { kind, by, of: length } : length },
  };
}

function histogramLaw(spec: HistogramSpec): HistogramLaw {
  const shape = histogramShape(spec) ?? { position: 0.5, openMean: Number.NaN };
  return new HistogramLaw(spec, shape);
}

function scaledLaw(by: number, of: Law): Law {
  if (by === 0 || !of.random) return constantLaw(by * of.mean);
  return {
    random: true,
    mean: by * of.mean,
    secondMoment: by * by * of.secondMoment,
    quantile: (p) => by * of.quantile(p),
    cdf: (x) => of.cdf(x / by),
  };
}

/** Draws below zero count as zero; `by` is meant to be small beside them where it is negative. */
function shiftedLaw(by: number, of: Law): Law {
  if (!of.random) return constantLaw(Math.max(0, of.mean + by));
  return {
    random: true,
    // E[max(0, X - d)] = E[X] - E[min(X, d)].
    mean: by >= 0 ? of.mean + by : of.mean - limitedMeanOf(of)(-by),
    secondMoment: of.secondMoment + 2 * by * of.mean + by * by,
    quantile: (p) => Math.max(0, of.quantile(p) + by),
    cdf: (x) => (x < 0 ? 0 : of.cdf(x - by)),
  };
}

/** Share of draws that meet a stall, and how long those wait for its end. */
interface StallLaw {
  readonly share: number;
  readonly waitMean: number;
  waitCdf(x: number): number;
}

/**
 * Draws at random instants: an episode is in progress with probability pi = m' / (1 / rate + m'),
 * where m' = E[L] / (1 - c) is the mean length of a train of episodes, and a draw waits for the
 * residual of the episode it meets, E[L^2] / (2 E[L]) on average. An episode that begins during a
 * draw is left out.
 */
function stallByRate(perSecond: number, correlation: number, length: Law): StallLaw {
  const train = length.mean / (1 - correlation);
  const gap = NS_PER_S / perSecond;
  const infinite = train === Number.POSITIVE_INFINITY;
  const limitedMean = limitedMeanOf(length);
  return {
    share: infinite ? 1 : train / (gap + train),
    waitMean: length.mean === 0 ? 0 : length.secondMoment / (2 * length.mean),
    waitCdf: (x) => (length.mean === 0 ? 1 : limitedMean(x) / length.mean),
  };
}

/**
 * Draws one after the other: one that follows no stall begins one with probability p, one that
 * follows a stall with q = c + (1 - c) p; in the long run p / (1 - q + p) of the draws wait for a
 * whole stall.
 */
function stallByDraw(probability: number, correlation: number, length: Law): StallLaw {
  const again = correlation + (1 - correlation) * probability;
  return {
    share: probability === 0 ? 0 : probability / (1 - again + probability),
    waitMean: length.mean,
    waitCdf: (x) => length.cdf(x),
  };
}

function mixtureLaw({ body, stall }: MixtureSpec): Law {
  const bodyLaw = lawOf(body);
  const lengthLaw = lawOf(stall.length);
  const correlation = stall.correlation ?? 0;
  const none = (stall.startPerSecond ?? stall.startProbability ?? 0) === 0;
  if (none || lengthLaw.mean === 0) return bodyLaw;
  const { share, waitMean, waitCdf } =
    stall.startPerSecond === undefined
      ? stallByDraw(stall.startProbability ?? 0, correlation, lengthLaw)
      : stallByRate(stall.startPerSecond, correlation, lengthLaw);
  const cdf = (x: number) => bodyLaw.cdf(x) * (1 - share + share * waitCdf(x));
  // E[max(B, W)] = E[W] + E[(B - W)+]; the second part by midpoints of the body's quantile
  // function.
  const points = 128;
  let excess = 0;
  for (let i = 0; i < points; i += 1) {
    const b = bodyLaw.quantile((i + 0.5) / points);
    let meanBelow = 0;
    for (let j = 0; j < 16; j += 1) meanBelow += waitCdf((b * (j + 0.5)) / 16);
    excess += (b * meanBelow) / 16 / points;
  }
  return {
    random: true,
    mean: (1 - share) * bodyLaw.mean + share * (waitMean + excess),
    secondMoment: Number.NaN,
    quantile: (p) => invert(cdf, p, bodyLaw.quantile(p)),
    cdf,
  };
}

/** Smallest x with cdf(x) >= p, to 1e-12 of itself. */
function invert(cdf: (x: number) => number, p: number, atLeast: number): number {
  let low = 0;
  let high = Math.max(atLeast, 1);
  for (let i = 0; i < 1100 && cdf(high) < p; i += 1) {
    low = high;
    high *= 2;
  }
  for (let i = 0; i < 100 && high - low > 1e-12 * high; i += 1) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}
