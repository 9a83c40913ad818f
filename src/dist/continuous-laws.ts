/** Laws of the distributions that have closed forms. Parameters are checked by check.ts before. */
import { exp, expm1, log, log1p, normalCdf, normalQuantile, pow } from '../core/index.ts';
import { gammaCdf, gammaQuantile } from './incomplete-gamma.ts';
import type { Law } from './law.ts';
import type { GammaSpec, LognormalSpec, ParetoSpec, UniformSpec } from './spec.ts';

export function constantLaw(value: number): Law {
  return {
    random: false,
    mean: value,
    secondMoment: value * value,
    quantile: () => value,
    cdf: (x) => (x >= value ? 1 : 0),
  };
}

export function uniformLaw({ min, max }: UniformSpec): Law {
  if (min === max) return constantLaw(min);
  return {
    random: true,
    mean: (min + max) / 2,
    secondMoment: (min * min + min * max + max * max) / 3,
    quantile: (p) => min + p * (max - min),
    cdf: (x) => Math.min(1, Math.max(0, (x - min) / (max - min))),
  };
}

export function exponentialLaw(mean: number): Law {
  if (mean === 0) return constantLaw(0);
  return {
    random: true,
    mean,
    secondMoment: 2 * mean * mean,
    quantile: (p) => -mean * log1p(-p),
    cdf: (x) => (x > 0 ? -expm1(-x / mean) : 0),
  };
}

/** ln X is normal with mean mu and standard deviation sigma. */
export interface LognormalParameters {
  readonly mu: number;
  readonly sigma: number;
}

/**
 * With z the 99 % quantile of the standard normal: p99 = e^(mu + z sigma), and p50 = e^mu gives
 * sigma = ln(p99 / p50) / z. A mean e^(mu + sigma^2 / 2) gives sigma^2 / 2 - z sigma + ln(p99 /
 * mean) = 0: two solutions, of which the smaller sigma is taken (the other has nearly all its
 * mass near zero), one, or none where p99 / mean > e^(z^2 / 2) = 14.97. NaN where there is none.
 */
export function lognormalParameters(spec: LognormalSpec): LognormalParameters {
  const z = normalQuantile(0.99);
  if ('p50' in spec) {
    return { mu: log(spec.p50), sigma: log(spec.p99 / spec.p50) / z };
  }
  const sigma = z - Math.sqrt(z * z - 2 * log(spec.p99 / spec.mean));
  return { mu: log(spec.mean) - (sigma * sigma) / 2, sigma };
}

export function lognormalLaw(spec: LognormalSpec): Law {
  const { mu, sigma } = lognormalParameters(spec);
  if (sigma === 0) return constantLaw('p50' in spec ? spec.p50 : spec.mean);
  return {
    random: true,
    mean: exp(mu + (sigma * sigma) / 2),
    secondMoment: exp(2 * mu + 2 * sigma * sigma),
    quantile: (p) => exp(mu + sigma * normalQuantile(p)),
    cdf: (x) => (x > 0 ? normalCdf((log(x) - mu) / sigma) : 0),
  };
}

export function gammaLaw({ mean, shape }: GammaSpec): Law {
  if (mean === 0) return constantLaw(0);
  const scale = mean / shape;
  return {
    random: true,
    mean,
    secondMoment: mean * mean * (1 + 1 / shape),
    quantile: (p) => scale * gammaQuantile(shape, p),
    cdf: (x) => gammaCdf(shape, x / scale),
  };
}

/** Mass of the unbounded Pareto beyond `max`: (scale / max)^shape, 0 where there is no max. */
export function paretoBeyond({ scale, shape, max }: ParetoSpec): number {
  return max === undefined ? 0 : pow(scale / max, shape);
}

export function paretoLaw(spec: ParetoSpec): Law {
  const { scale, shape, max } = spec;
  if (scale === max) return constantLaw(scale);
  const kept = 1 - paretoBeyond(spec);
  return {
    random: true,
    mean: paretoMoment(spec, 1),
    secondMoment: paretoMoment(spec, 2),
    quantile: (p) => scale * exp(-log1p(-p * kept) / shape),
    cdf: (x) => {
      if (x <= scale) return 0;
      if (max !== undefined && x >= max) return 1;
      return (1 - pow(scale / x, shape)) / kept;
    },
  };
}

/**
 * E[X^k] = a s^a / (1 - (s/m)^a) * integral of x^(k - a - 1) from s to m; Infinity where it
 * diverges.
 */
function paretoMoment(spec: ParetoSpec, k: number): number {
  const { scale, shape, max } = spec;
  if (max === undefined) {
    return shape > k ? (shape * pow(scale, k)) / (shape - k) : Number.POSITIVE_INFINITY;
  }
  const front = (shape * pow(scale, k)) / (1 - paretoBeyond(spec));
  const ratio = log(max / scale);
  const power = k - shape;
  return power === 0 ? front * ratio : (front * expm1(power * ratio)) / power;
}

/**
 * E[min(X, x)] as a function of x, by midpoints of the quantile function: enough for a display, not
 * for a draw. The points are computed once, as who inverts a distribution asks for many x.
 */
export function limitedMeanOf(law: Law): (x: number) => number {
  if (!law.random) return (x) => Math.min(law.mean, x);
  const count = 1024;
  /** Rising, as quantiles do. */
  const points = new Float64Array(count);
  /** Sum of the points before each. */
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i += 1) {
    points[i] = law.quantile((i + 0.5) / count);
    sums[i + 1] = sums[i] + points[i];
  }
  return (x) => {
    let from = 0;
    let to = count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (points[middle] < x) from = middle + 1;
      else to = middle;
    }
    return (sums[from] + (count - from) * x) / count;
  };
}
