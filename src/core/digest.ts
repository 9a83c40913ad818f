/**
 * Running digest of every event handed to a handler: two 32-bit lanes over (time, type, a, b). Cancelled events never reach
 * a handler, so the digest is the same for every queue, slice size and platform.
 */
import { A, B, FLOATS, INTS, TIME, TYPE } from './event-store.ts';
import { hex32, mix32 } from './hash.ts';

/** A checkpoint of the digest is kept after every so many events. */
export const CHECKPOINT_EVENTS = 2 ** 16;

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
    const low = timeNs | 0;
    const high = (timeNs * 2 ** -32) | 0;
    const x =
      Math.imul(low, 0x9e3779b1) + Math.imul(high, 0x85ebca77) + Math.imul(type, 0xc2b2ae3d);
    const y = Math.imul(a, 0x27d4eb2f) + Math.imul(b, 0x165667b1);
    const first = Math.imul(this.#first ^ (x + y), 0x01000193);
    this.#first = first ^ (first >>> 15);
    const second = Math.imul(this.#second + (x ^ Math.imul(y, 0x2c1b3c6d)), 0x297a2d39);
    this.#second = second ^ (second >>> 14);
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
