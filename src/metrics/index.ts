/**
 * What a run counts: counters, levels, tallies, the probes of resources, and questions to
 * results.
 */

export type { Counter } from './counter.ts';
export { MetricsLimitError } from './errors.ts';
export {
  BINS_PER_OCTAVE,
  binEdges,
  binIndex,
  emptyHistogram,
  Histogram,
  VALUE_MAX,
} from './histogram.ts';
export type { Level } from './level.ts';
export {
  EVENT_ROWS_MAX,
  METRICS_MAX,
  type MetricHelp,
  Metrics,
  type MetricsOptions,
  SERIES_ROWS_MAX,
  SERIES_VALUES_MAX,
  type TallyHelp,
} from './metrics.ts';
export type { ResourceKind, ResourceProbe } from './probe.ts';
export {
  countBelow,
  meanOf,
  mergeHistograms,
  quantileKnown,
  quantileOf,
  quantileRank,
  SAMPLES_BEYOND_MIN,
  sampleOfRank,
  sumOf,
} from './quantiles.ts';
export type * from './result.ts';
export {
  type LabelMatcher,
  metricText,
  parseSelector,
  type Selector,
  SelectorError,
} from './selector.ts';
export type { Tally, TallyUnit } from './tally.ts';
