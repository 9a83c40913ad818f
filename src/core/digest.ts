/**
 * Running digest of every event handed to a handler: two 32-bit lanes over (time, type, a, b). Cancelled events never reach
 * a handler, so the digest is the same for every queue, slice size and platform.
 */
import { A, B, FLOATS, INTS, TIME, TYPE } from './event-store.ts';
import { hex32, mix32 } from './hash.ts';

/** A checkpoint of the digest is kept after every so many events. */
export const CHECKPOINT_EVENTS = 2 ** 16;

/** Lets the upper bits reach the lower ones: a multiplication alone only carries upwards. */
function spread(word: number): number {
  return word ^ (word >>> 16);
}

export class Digest {
  #first = 0x243f6a88;
  #second = 0x13198a2e;
  readonly #checkpoints: string[] = [];

  /**
   * Folds in the event of a slot. The words of one event are combined off the chain, so that the chain is one multiplication
   * a lane; they are read here because handing over a double would allocate.
   */
  add(floats: Float64Array, ints: Int32Array, slot: number): void {
    const timeNs = floats[slot * FLOATS + TIME];
    const type = ints[slot * INTS + TYPE];
    const a = ints[slot * INTS + A];
    const b = ints[slot * INTS + B];
    const low = spread(timeNs | 0);
    const high = spread((timeNs * 2 ** -32) | 0);
    const kind = spread(type);
    const x = spread(a);
    const y = spread(b);
    const first =
      Math.imul(low, 0x9e3779b1) +
      Math.imul(high, 0x85ebca77) +
      Math.imul(kind, 0xc2b2ae3d) +
      Math.imul(x, 0x27d4eb2f) +
      Math.imul(y, 0x165667b1);
    const second =
      Math.imul(low, 0x2c1b3c6d) +
      Math.imul(high, 0x297a2d39) +
      Math.imul(kind, 0x1b56c4e9) +
      Math.imul(x, 0x7feb352d) +
      Math.imul(y, 0x846ca68b);
    const one = Math.imul(this.#first ^ first, 0xac4c1b51);
    this.#first = one ^ (one >>> 15);
    const two = Math.imul(this.#second ^ second, 0x31848bab);
    this.#second = two ^ (two >>> 14);
  }

  checkpoint(): void {
    this.#checkpoints.push(this.hex());
  }

  get checkpoints(): readonly string[] {
    return this.#checkpoints;
  }

  hex(): string {
    return hex32(mix32(this.#first)) + hex32(mix32(this.#second));
  }
}
