/**
 * The limits without priority and fairness (kubernetes/apiserver pkg/server/filters
 * maxinflight.go): so many reading and so many changing requests at once, whoever asks; else 429
 * with Retry-After 1. system:masters are never refused.
 */
export class MaxInFlight {
  readonly #readOnlyMax: number;
  readonly #mutatingMax: number;
  #readOnly = 0;
  #mutating = 0;

  /** 0 = no limit. */
  constructor(readOnlyMax: number, mutatingMax: number) {
    this.#readOnlyMax = readOnlyMax;
    this.#mutatingMax = mutatingMax;
  }

  /** Takes a place; false where there is none. */
  take(mutating: boolean): boolean {
    if (mutating) {
      if (this.#mutatingMax > 0 && this.#mutating >= this.#mutatingMax) return false;
      this.#mutating++;
      return true;
    }
    if (this.#readOnlyMax > 0 && this.#readOnly >= this.#readOnlyMax) return false;
    this.#readOnly++;
    return true;
  }

  give(mutating: boolean): void {
    if (mutating) this.#mutating--;
    else this.#readOnly--;
  }

  reset(): void {
    this.#readOnly = 0;
    this.#mutating = 0;
  }
}
