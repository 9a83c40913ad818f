/**
 * Exponential and normal variates by the ziggurat method: Marsaglia and Tsang, "The Ziggurat Method
 * for Generating Random Variables", Journal of Statistical Software 5(8), 2000, with 256 and 128
 * layers. The layer and the position within it come from separate draws (Doornik, "An Improved
 * Ziggurat Method", 2005). Tables are computed by our own exp and log.
 */
import { exp, log } from './math.ts';

/** A source of 32 random bits as a signed integer. */
export interface BitSource {
  bits(): number;
}

interface Ziggurat {
  readonly layers: number;
  /** Start of the tail. */
  readonly tail: number;
  /** Right edges, layer 0 being the base with the tail; falling to 0. */
  readonly x: Float64Array;
  /** Density at the edges. */
  readonly y: Float64Array;
}

/** `area` is the area of each layer, `density` is unnormalised and `inverse` its inverse. */
function build(
  layers: number,
  tail: number,
  area: number,
  density: (x: number) => number,
  inverse: (y: number) => number,
): Ziggurat {
  const x = new Float64Array(layers + 1);
  const y = new Float64Array(layers + 1);
  x[0] = area / density(tail);
  x[1] = tail;
  for (let i = 2; i < layers; i++) x[i] = inverse(area / x[i - 1] + density(x[i - 1]));
  for (let i = 0; i <= layers; i++) y[i] = density(x[i]);
  return { layers, tail, x, y };
}

const exponentialZiggurat = build(
  256,
  7.69711747013105,
  0.003949659822581557,
  (x) => exp(-x),
  (y) => -log(y),
);

const normalZiggurat = build(
  128,
  3.442619855899,
  9.91256303526217e-3,
  (x) => exp(-0.5 * x * x),
  (y) => Math.sqrt(-2 * log(y)),
);

/** [2^-33, 1): the half keeps 0, and so the logarithm's pole, out. */
function uniform(source: BitSource): number {
  return ((source.bits() >>> 0) + 0.5) * 2 ** -32;
}

/** Exponential, mean 1. */
export function exponentialOf(source: BitSource): number {
  const { x, y, tail } = exponentialZiggurat;
  for (;;) {
    const layer = source.bits() & 255;
    const value = uniform(source) * x[layer];
    if (value < x[layer + 1]) return value;
    if (layer === 0) return tail - log(uniform(source));
    if (y[layer] + uniform(source) * (y[layer + 1] - y[layer]) < exp(-value)) return value;
  }
}

/** Normal, mean 0, variance 1. */
export function normalOf(source: BitSource): number {
  const { x, y, tail } = normalZiggurat;
  for (;;) {
    const bits = source.bits();
    const layer = bits & 127;
    const sign = (bits & 128) === 0 ? 1 : -1;
    const value = uniform(source) * x[layer];
    if (value < x[layer + 1]) return sign * value;
    if (layer === 0) return sign * normalTail(source, tail);
    if (y[layer] + uniform(source) * (y[layer + 1] - y[layer]) < exp(-0.5 * value * value)) {
      return sign * value;
    }
  }
}

/**
 * Marsaglia, "Generating a Variable from the Tail of the Normal Distribution", Technometrics 6,
 * 1964.
 */
function normalTail(source: BitSource, tail: number): number {
  for (;;) {
    const beyond = -log(uniform(source)) / tail;
    const height = -log(uniform(source));
    if (height + height > beyond * beyond) return tail + beyond;
  }
}
