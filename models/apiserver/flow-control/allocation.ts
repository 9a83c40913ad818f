/**
 * Who gets how many of the server's seats (kubernetes/apiserver pkg/util/flowcontrol
 * conc_alloc.go, `computeConcurrencyAllocation`).
 *
 * The idea: every level would get the same proportion of its target, but for those that a bound
 * holds above or below it. The sum of the allocations grows with the proportion, piece by piece
 * linear, so the bounds in ascending order lead to the one proportion that uses all seats.
 */
export interface AllocationClass {
  /** Seats, >= 0. */
  readonly lowerBound: number;
  /** >= lowerBound. */
  readonly upperBound: number;
  /** >= lowerBound. */
  readonly target: number;
}

/** A target of nothing counts as this much, so that it can grow in proportion. */
export const TARGET_MIN = 0.001;
const EPSILON = 1e-7;

/**
 * Seats of each class, not rounded; null where the bounds cannot add up to `sum`.
 */
export function allocateSeats(sum: number, classes: readonly AllocationClass[]): number[] | null {
  let low = 0;
  let high = 0;
  for (const c of classes) {
    if (c.lowerBound < 0 || c.target < c.lowerBound || c.upperBound < c.lowerBound) return null;
    low += c.lowerBound;
    high += c.upperBound;
  }
  if (low - sum > EPSILON || sum - high > EPSILON) return null;
  if (low - sum > -EPSILON) return classes.map((c) => c.lowerBound);
  if (sum - high > -EPSILON) return classes.map((c) => c.upperBound);
  const proportion = fairProportion(sum, low, classes);
  return classes.map((c) => {
    const fair = proportion * Math.max(c.target, TARGET_MIN);
    return Math.max(c.lowerBound, Math.min(c.upperBound, fair));
  });
}

/** The proportion of targets at which the allocations add up to `sum`, above their `low` sum. */
function fairProportion(sum: number, low: number, classes: readonly AllocationClass[]): number {
  const bounds: { readonly at: number; readonly slope: number }[] = [];
  for (const c of classes) {
    const target = Math.max(c.target, TARGET_MIN);
    bounds.push({ at: c.lowerBound / target, slope: target });
    if (c.upperBound < Infinity) bounds.push({ at: c.upperBound / target, slope: -target });
  }
  bounds.sort((a, b) => a.at - b.at);
  let proportion = bounds[0].at;
  let reached = low;
  let slope = 0;
  for (const bound of bounds) {
    const gain = slope * (bound.at - proportion);
    if (reached + gain >= sum) break;
    reached += gain;
    proportion = bound.at;
    slope += bound.slope;
  }
  return slope > 0 ? proportion + (sum - reached) / slope : proportion;
}
