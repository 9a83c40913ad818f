/**
 * Retry-After of a level that drops requests (pkg/util/flowcontrol/dropped_requests_tracker.go):
 * doubles while the drops within the last Retry-After are at least three a second of it, else
 * falls by a second; 1 to 32 s.
 */
import { NS_PER_S } from '../../../src/core/index.ts';

const RETRY_AFTER_MAX_S = 32;

export class DroppedRequests {
  /** Whole seconds in which requests were dropped, ascending, and how many. */
  #seconds: number[] = [];
  #drops: number[] = [];
  #updatedS = -1;
  retryAfterS = 1;

  record(nowNs: number, requests: number): void {
    const second = Math.floor(nowNs / NS_PER_S);
    const last = this.#seconds.length - 1;
    if (last >= 0 && this.#seconds[last] === second) {
      this.#drops[last] += requests;
      return;
    }
    this.#update(second);
    this.#seconds.push(second);
    this.#drops.push(requests);
  }

  #update(second: number): void {
    if (this.#updatedS < 0) this.#updatedS = second;
    while (this.#seconds.length > 0 && second - this.#seconds[0] > this.retryAfterS) {
      this.#seconds.shift();
      this.#drops.shift();
    }
    if (second - this.#updatedS < this.retryAfterS) return;
    this.#updatedS = second;
    let dropped = 0;
    for (const n of this.#drops) dropped += n;
    if (dropped >= 3 * this.retryAfterS) {
      this.retryAfterS = Math.min(this.retryAfterS * 2, RETRY_AFTER_MAX_S);
    } else if (this.retryAfterS > 1) {
      this.retryAfterS--;
    }
  }
}
