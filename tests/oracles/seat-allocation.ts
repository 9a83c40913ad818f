/** Seats by bisection on the proportion of targets: slow, and needs no idea but its definition. */
import type { AllocationClass } from '../../models/apiserver/flow-control/allocation.ts';

export function allocateByBisection(sum: number, classes: readonly AllocationClass[]): number[] {
  const at = (proportion: number) =>
    classes.map((c) =>
      Math.max(c.lowerBound, Math.min(c.upperBound, proportion * Math.max(c.target, 0.001))),
    );
  let low = 0;
  let high = 1e9;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    const total = at(middle).reduce((a, b) => a + b, 0);
    if (total < sum) low = middle;
    else high = middle;
  }
  return at(high);
}
