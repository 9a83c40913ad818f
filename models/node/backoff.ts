/**
 * Back-off of restarts and image pulls: client-go util/flowcontrol/backoff.go. An entry doubles at
 * each failure up to a maximum, and is forgotten when nothing failed for twice the maximum.
 */

export interface BackoffOptions {
  readonly initialNs: number;
  readonly maxNs: number;
}

/** One key of flowcontrol.Backoff. */
export class Backoff {
  readonly #initialNs: number;
  readonly #maxNs: number;
  #waitNs = 0;
  #sinceNs = 0;

  constructor(options: BackoffOptions) {
    this.#initialNs = options.initialNs;
    this.#maxNs = options.maxNs;
  }

  /** Current wait; 0 where nothing failed yet, or too long ago. */
  waitNs(atNs: number): number {
    if (this.#waitNs > 0 && atNs - this.#sinceNs > 2 * this.#maxNs) this.#waitNs = 0;
    return this.#waitNs;
  }

  /** True until `waitNs` after a failure at `failedNs`: IsInBackOffSince. */
  isWaiting(nowNs: number, failedNs: number): boolean {
    return nowNs - failedNs < this.waitNs(failedNs);
  }

  /** Counts one more try after a failure at `failedNs`: Next. */
  next(failedNs: number): void {
    const waitNs = this.waitNs(failedNs);
    this.#waitNs = waitNs === 0 ? this.#initialNs : Math.min(2 * waitNs, this.#maxNs);
    this.#sinceNs = failedNs;
  }
}
