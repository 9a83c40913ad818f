/**
 * Random streams: sfc32 (Chris Doty-Humphrey, PractRand, public domain), one per component instance
 * and purpose. `seedrandom` turns (seed, name) into the 128-bit state, once per stream; no draw
 * after that depends on any other stream.
 */
import seedrandom from 'seedrandom';
import { assert } from './errors.ts';
import { mix32 } from './hash.ts';
import { log, normalQuantile } from './math.ts';
import { exponentialOf, normalOf } from './ziggurat.ts';

export interface Stream {
  /** 32 random bits, 0 to 2^32 - 1. */
  u32(): number;
  /**
   * Strictly between 0 and 1: an odd multiple of 2^-53, so that 1 - u is exact and one of them too.
   */
  uniform(): number;
  /** Integer from 0 to n - 1, without bias; n from 1 to 2^32. */
  below(n: number): number;
  /** Mean 1, by ziggurat: fast, uses a varying number of bits. */
  exponential(): number;
  /** Mean 0, variance 1, by ziggurat. */
  normal(): number;
  /** Mean 1, by inversion: one uniform a variate, rising in it. For workload and fault draws. */
  exponentialInverse(): number;
  /** Mean 0, variance 1, by inversion: one uniform a variate, rising in it. */
  normalInverse(): number;
}

const WARMUP_DRAWS = 12;

export class Sfc32 implements Stream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = d | 0;
    for (let i = 0; i < WARMUP_DRAWS; i++) this.bits();
  }

  /** 32 random bits as a signed integer; what the samplers use. */
  bits(): number {
    const a = this.#a;
    const b = this.#b;
    const c = this.#c;
    const sum = (((a + b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = b ^ (b >>> 9);
    this.#b = (c + (c << 3)) | 0;
    this.#c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum;
  }

  u32(): number {
    return this.bits() >>> 0;
  }

  uniform(): number {
    const high = this.bits() >>> 6;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
  }

  below(n: number): number {
    assert(n >= 1 && n <= 2 ** 32 && Math.floor(n) === n, 'below(n) takes an integer of 1 to 2^32');
    // Values from the last, incomplete block of n are drawn again.
    const end = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const x = this.bits() >>> 0;
      if (x < end) return x % n;
    }
  }

  exponential(): number {
    return exponentialOf(this);
  }

  normal(): number {
    return normalOf(this);
  }

  exponentialInverse(): number {
    return -log(1 - this.uniform());
  }

  normalInverse(): number {
    return normalQuantile(this.uniform());
  }
}

export function createStream(seed: string, name: string): Stream {
  const generator = seedrandom(`${seed}\u0000${name}`);
  return new Sfc32(generator.int32(), generator.int32(), generator.int32(), generator.int32());
}

/**
 * A draw for one member of a population without a stream of its own: a hash of the population's
 * state (one `u32()` of its stream), the member and how many draws it has had. Strictly between 0
 * and 1, as `Stream.uniform`.
 */
export function mixUniform(streamState: number, member: number, counter: number): number {
  const x = mix32(streamState + Math.imul(member, 0x9e3779b1));
  const y = mix32((x ^ counter) + 0x6a09e667);
  const z = mix32(y + Math.imul(counter, 0x85ebca77) + streamState);
  const high = y >>> 6;
  const low = z >>> 6;
  return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
}
