/**
 * Who keeps what in a state: what is down for two faults at a time comes up when both are over.
 */
import { assert } from '../../src/core/index.ts';

export class Holds {
  readonly #counts = new Map<string, number>();

  isHeld(key: string): boolean {
    return (this.#counts.get(key) ?? 0) > 0;
  }

  /**
   * Begins where nobody held it before. What is returned gives it up, once, and ends where nobody
   * holds it any more.
   */
  hold(key: string, begin: () => void, end: () => void): () => void {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    if (count === 0) begin();
    return () => this.#release(key, end);
  }

  #release(key: string, end: () => void): void {
    const count = this.#counts.get(key) ?? 0;
    assert(count > 0, `nobody holds ${key}`);
    this.#counts.set(key, count - 1);
    if (count === 1) end();
  }
}
