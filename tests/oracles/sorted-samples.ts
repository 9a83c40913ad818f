/** What a tally must agree with: every sample, sorted. */
export class SortedSamples {
  readonly sorted: readonly number[];

  constructor(values: readonly number[]) {
    this.sorted = [...values].sort((a, b) => a - b);
  }

  /** The ceil(p n)-th smallest, found by counting. */
  quantile(p: number): number {
    const n = this.sorted.length;
    for (let rank = 1; rank <= n; rank += 1) {
      if (rank / n >= p - 1e-12) return this.sorted[rank - 1];
    }
    return this.sorted[n - 1];
  }

  /** By BigInt, so exactly. */
  sum(): bigint {
    return this.sorted.reduce((sum, value) => sum + BigInt(value), 0n);
  }

  countAtMost(bound: number): number {
    return this.sorted.filter((value) => value <= bound).length;
  }

  countBelow(bound: number): number {
    return this.sorted.filter((value) => value < bound).length;
  }
}
