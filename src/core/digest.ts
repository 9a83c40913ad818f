/**
 * Running digest of every event handed to a handler: two 32-bit lanes over (time, type, a, b).
 * Cancelled events never reach a handler, so the digest is the same for every queue, slice size and
 * platform.
 *
 * The event loop folds events in itself (`Simulation`): as a call the fold is often not inlined and
 * costs 8 ns an event.
 */
import { hex32, mix32 } from './hash.ts';

/** A checkpoint of the digest is kept after every so many events. */
export const CHECKPOINT_EVENTS = 2 ** 16;

export class Digest {
  /** The two lanes, int32. */
  first = 0x243f6a88;
  second = 0x13198a2e;
  readonly #checkpoints: string[] = [];

  checkpoint(): void {
    this.#checkpoints.push(this.hex());
  }

  get checkpoints(): readonly string[] {
    return this.#checkpoints;
  }

  hex(): string {
    return hex32(mix32(this.first)) + hex32(mix32(this.second));
  }
}
