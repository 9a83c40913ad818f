/** What is known of a distribution without drawing from it. */
export interface Law {
  readonly random: boolean;
  readonly mean: number;
  /** E[X^2]: a draw that meets a stall waits E[L^2] / (2 E[L]) on average. */
  readonly secondMoment: number;
  /** x with P(X <= x) = p, 0 < p < 1. */
  quantile(p: number): number;
  /** P(X <= x). */
  cdf(x: number): number;
}
