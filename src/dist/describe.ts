/** A specification in one line, for tables and error messages. */
import type { DistributionSpec, StallSpec } from './spec.ts';

/**
 * `format` prints a value in the caller's unit, e.g. ns as '1.5ms'; stall lengths are formatted
 * too.
 */
export function describe(
  spec: DistributionSpec,
  format: (value: number) => string = String,
): string {
  switch (spec.kind) {
    case 'constant':
      return `constant ${format(spec.value)}`;
    case 'uniform':
      return `uniform ${format(spec.min)} to ${format(spec.max)}`;
    case 'exponential':
      return `exponential mean ${format(spec.mean)}`;
    case 'lognormal': {
      const center = 'p50' in spec ? `p50 ${format(spec.p50)}` : `mean ${format(spec.mean)}`;
      return `lognormal ${center}, p99 ${format(spec.p99)}`;
    }
    case 'gamma':
      return `gamma mean ${format(spec.mean)}, shape ${spec.shape}`;
    case 'pareto': {
      const max = spec.max === undefined ? '' : `, max ${format(spec.max)}`;
      return `pareto scale ${format(spec.scale)}, shape ${spec.shape}${max}`;
    }
    case 'mixture':
      return `${describe(spec.body, format)}, with stalls ${describeStall(spec.stall, format)}`;
    case 'samples':
      return `${spec.values.length} samples`;
    case 'histogram':
      return `histogram of ${spec.bounds.length} buckets`;
    case 'scaled':
      return `${spec.by} x (${describe(spec.of, format)})`;
    case 'shifted':
      return `${format(spec.by)} + (${describe(spec.of, format)})`;
  }
}

function describeStall(stall: StallSpec, format: (value: number) => string): string {
  const start =
    stall.startPerSecond === undefined
      ? `by each draw with probability ${stall.startProbability}`
      : `${stall.startPerSecond} a second`;
  const again = (stall.correlation ?? 0) > 0 ? `, correlation ${stall.correlation}` : '';
  return `${start}, length ${describe(stall.length, format)}${again}`;
}
