/**
 * What slow watchers may cost all others: 50 ms a second, at most 100 ms saved up
 * (pkg/storage/cacher/time_budget.go).
 */
const REFRESH_NS_PER_S = 50e6;
const BUDGET_NS_MAX = 100e6;

export class TimeBudget {
  #budgetNs = 0;
  #refreshedNs = 0;

  /** Everything that is there; what was not used is given back. */
  take(nowNs: number): number {
    const seconds = Math.floor((nowNs - this.#refreshedNs) / 1e9);
    this.#refreshedNs += seconds * 1e9;
    const budgetNs = Math.min(BUDGET_NS_MAX, this.#budgetNs + seconds * REFRESH_NS_PER_S);
    this.#budgetNs = 0;
    return budgetNs;
  }

  giveBack(unusedNs: number): void {
    this.#budgetNs = Math.min(BUDGET_NS_MAX, this.#budgetNs + Math.max(0, unusedNs));
  }
}
