/**
 * Samplers: a specification and a stream become a source of integers.
 *
 * `inversion: true` spends one uniform a variate and is monotone in it: for workload and fault
 * draws, whose pairs stay aligned between scenarios. Otherwise exponential and normal variates
 * come from the ziggurat, gamma variates from rejection, which is faster and spends a varying
 * number of uniforms.
 */
import { exp, log, pow, type Stream } from '../core/index.ts';
import { checkDistribution } from './check.ts';
import { lognormalParameters } from './continuous-laws.ts';
import { DistributionError } from './errors.ts';
import type { Law } from './law.ts';
import { lawOf, pushInward } from './laws.ts';
import type { DistributionSpec } from './spec.ts';
import { type Draw, EpisodeTimeline, StallByDraw, StallByRate } from './stall.ts';

export interface Sampler {
  /** An integer >= 0. `nowNs` is when the draw's subject begins: only stalls depend on it. */
  next(nowNs: number): number;
}

export interface SamplerOptions {
  readonly inversion?: boolean;
  /** Stream of the stalls of a mixture, so that they do not shift the draws of the body. */
  readonly stallStream?: Stream;
}

/** Draws of a heavy tail end here: 52 days in ns. */
export const DRAW_MAX = 4503599627370496;

/** Throws a DistributionError where the specification is none. */
export function createSampler(
  spec: DistributionSpec,
  stream: Stream,
  options: SamplerOptions = {},
): Sampler {
  const problem = checkDistribution(spec);
  if (problem !== null) throw new DistributionError(problem);
  return new RoundedSampler(createDraw(spec, stream, options));
}

class RoundedSampler implements Sampler {
  readonly #draw: Draw;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  next(nowNs: number): number {
    // V8 rounds by floor faster than by Math.round.
    const value = Math.floor(this.#draw.draw(nowNs) + 0.5);
    return value > 0 ? Math.min(value, DRAW_MAX) : 0;
  }
}

function createDraw(spec: DistributionSpec, stream: Stream, options: SamplerOptions): Draw {
  const inversion = options.inversion ?? false;
  const flat = pushInward(spec);
  const law = lawOf(flat);
  if (!law.random) return new ConstantDraw(law.mean);
  switch (flat.kind) {
    case 'exponential':
      return inversion
        ? new ExponentialInverseDraw(flat.mean, stream)
        : new ExponentialDraw(flat.mean, stream);
    case 'lognormal': {
      const { mu, sigma } = lognormalParameters(flat);
      return inversion
        ? new LognormalInverseDraw(mu, sigma, stream)
        : new LognormalDraw(mu, sigma, stream);
    }
    case 'gamma':
      if (inversion) return new QuantileDraw(law, stream);
      return new GammaDraw(flat.mean / flat.shape, flat.shape, stream);
    case 'scaled':
      return new AffineDraw(flat.by, 0, createDraw(flat.of, stream, options));
    case 'shifted':
      return new AffineDraw(1, flat.by, createDraw(flat.of, stream, options));
    case 'mixture': {
      const body = createDraw(flat.body, stream, options);
      const { stall } = flat;
      const stalls = options.stallStream ?? stream;
      const length = createDraw(stall.length, stalls, options);
      const correlation = stall.correlation ?? 0;
      if (stall.startPerSecond === undefined) {
        return new StallByDraw(body, length, stall.startProbability ?? 0, correlation, stalls);
      }
      const episodes = new EpisodeTimeline(stall.startPerSecond, length, correlation, stalls);
      return new StallByRate(body, episodes);
    }
    case 'pareto':
      if (inversion || flat.max !== undefined) return new QuantileDraw(law, stream);
      return new ParetoDraw(flat.scale, 1 / flat.shape, stream);
    case 'constant':
    case 'uniform':
    case 'samples':
    case 'histogram':
      return new QuantileDraw(law, stream);
  }
}

class ConstantDraw implements Draw {
  readonly #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  draw(): number {
    return this.#value;
  }
}

class QuantileDraw implements Draw {
  readonly #law: Law;
  readonly #stream: Stream;

  constructor(law: Law, stream: Stream) {
    this.#law = law;
    this.#stream = stream;
  }

  draw(): number {
    return this.#law.quantile(this.#stream.uniform());
  }
}

class ExponentialDraw implements Draw {
  readonly #mean: number;
  readonly #stream: Stream;

  constructor(mean: number, stream: Stream) {
    this.#mean = mean;
    this.#stream = stream;
  }

  draw(): number {
    return this.#mean * this.#stream.exponential();
  }
}

class ExponentialInverseDraw implements Draw {
  readonly #mean: number;
  readonly #stream: Stream;

  constructor(mean: number, stream: Stream) {
    this.#mean = mean;
    this.#stream = stream;
  }

  draw(): number {
    return this.#mean * this.#stream.exponentialInverse();
  }
}

/** The logarithm of a Pareto variate over its scale is exponential with mean 1 / shape. */
class ParetoDraw implements Draw {
  readonly #scale: number;
  readonly #logMean: number;
  readonly #stream: Stream;

  constructor(scale: number, logMean: number, stream: Stream) {
    this.#scale = scale;
    this.#logMean = logMean;
    this.#stream = stream;
  }

  draw(): number {
    return this.#scale * exp(this.#logMean * this.#stream.exponential());
  }
}

class LognormalDraw implements Draw {
  readonly #mu: number;
  readonly #sigma: number;
  readonly #stream: Stream;

  constructor(mu: number, sigma: number, stream: Stream) {
    this.#mu = mu;
    this.#sigma = sigma;
    this.#stream = stream;
  }

  draw(): number {
    return exp(this.#mu + this.#sigma * this.#stream.normal());
  }
}

class LognormalInverseDraw implements Draw {
  readonly #mu: number;
  readonly #sigma: number;
  readonly #stream: Stream;

  constructor(mu: number, sigma: number, stream: Stream) {
    this.#mu = mu;
    this.#sigma = sigma;
    this.#stream = stream;
  }

  draw(): number {
    return exp(this.#mu + this.#sigma * this.#stream.normalInverse());
  }
}

/**
 * Marsaglia & Tsang, A Simple Method for Generating Gamma Variables, ACM TOMS 26(3), 2000; a shape
 * below 1 is drawn as shape + 1 times U^(1 / shape).
 */
class GammaDraw implements Draw {
  readonly #scale: number;
  readonly #d: number;
  readonly #c: number;
  /** 1 / shape where the shape is below 1, else 0. */
  readonly #boost: number;
  readonly #stream: Stream;

  constructor(scale: number, shape: number, stream: Stream) {
    this.#scale = scale;
    this.#boost = shape < 1 ? 1 / shape : 0;
    this.#d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
    this.#c = 1 / Math.sqrt(9 * this.#d);
    this.#stream = stream;
  }

  draw(): number {
    const value = this.#scale * this.#standard();
    return this.#boost === 0 ? value : value * pow(this.#stream.uniform(), this.#boost);
  }

  #standard(): number {
    const stream = this.#stream;
    const d = this.#d;
    for (;;) {
      const x = stream.normal();
      const root = 1 + this.#c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = stream.uniform();
      const xx = x * x;
      if (u < 1 - 0.0331 * xx * xx) return d * v;
      if (log(u) < 0.5 * xx + d * (1 - v + log(v))) return d * v;
    }
  }
}

class AffineDraw implements Draw {
  readonly #by: number;
  readonly #plus: number;
  readonly #of: Draw;

  constructor(by: number, plus: number, of: Draw) {
    this.#by = by;
    this.#plus = plus;
    this.#of = of;
  }

  draw(nowNs: number): number {
    return Math.max(0, this.#by * this.#of.draw(nowNs) + this.#plus);
  }
}
