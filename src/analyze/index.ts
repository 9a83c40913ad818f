/** What results mean: intervals, verdicts, bottlenecks, stages, comparisons, warnings. */
export {
  elasticity,
  type MeasuredWindow,
  measurePeriod,
  measureWindow,
  type PeriodService,
  type StudiedPeriod,
  type StudiedWindow,
  type WindowService,
} from './availability.ts';
export {
  type AvailabilityEstimate,
  closedFormOf,
  estimateAvailability,
} from './availability-estimates.ts';
export { evaluateAvailabilityThreshold } from './availability-thresholds.ts';
export { type BackWithin, backWithin } from './back-within.ts';
export { type Bottlenecks, type ResourceRank, rankBottlenecks } from './bottlenecks.ts';
export {
  type Capacity,
  type CapacityRange,
  type CapacityVerdict,
  searchCapacity,
} from './capacity.ts';
export {
  type FailureRepair,
  type KOfNAvailability,
  type KOfNSystem,
  kOfNAvailability,
  majority,
  unitAvailability,
} from './closed-form.ts';
export {
  comparedName,
  compareMetrics,
  compareStages,
  evaluateGate,
  type Gate,
  type GateResult,
  type MetricComparison,
  pairBySeed,
  parseGate,
  parseSelectorOrNull,
  type RunPair,
  type StageComparison,
} from './compare.ts';
export { conditionsOf, VALIDATED_CONDITIONS } from './conditions.ts';
export {
  type Comparison,
  type ErrorRow,
  errorFactor,
  errorTable,
  isClose,
  RATIO_SHARE,
} from './error-table.ts';
export { CONFIDENCE, type Estimate, estimate } from './estimate.ts';
export { isUpper } from './expectation.ts';
export { type Growth, queueGrowth } from './growth.ts';
export {
  type DistributionFunction,
  empiricalDistribution,
  type KolmogorovSmirnov,
  ksCriticalValue,
  ksOneSample,
  ksPValue,
  ksTwoSample,
} from './kolmogorov-smirnov.ts';
export { compareText, labelText, logfmt, metricText } from './labels.ts';
export {
  compareRows,
  type ExportedUnit,
  type FigureName,
  type MetricFigures,
  type MetricKind,
  type MetricRow,
  metricRows,
  scaleOf,
  unitOfName,
} from './metric-row.ts';
export { isSuccess, REQUEST_METRIC, REQUESTS_METRIC } from './outcome.ts';
export {
  batchMeans,
  mser5,
  type QuantileInterval,
  quantileInterval,
  type WarmUp,
} from './output-analysis.ts';
export { findOverload, type Overload, overloadedSince } from './overload.ts';
export { comparePaired, type PairedComparison, type PairedVerdict } from './paired.ts';
export { API_REQUESTS_METRIC, POD_STARTUP, POD_STARTUP_METRIC, type PodSummary } from './pods.ts';
export { medianOf, percentile, type SampleSummary, summarizeSamples } from './samples.ts';
export { latinHypercube, SOBOL_DIMENSIONS_MAX, sobol } from './sampling.ts';
export { type Interval, type Sensitivity, sensitivities } from './sensitivity.ts';
export {
  latencyByStage,
  type OperationStages,
  SLOW_STAGE_METRIC,
  STAGE_METRIC,
  type StageRow,
} from './stages.ts';
export {
  type Axes,
  axisNames,
  type MetricSummary,
  type PointOutage,
  type PointSummary,
  type RunSummary,
  type ScenarioPoint,
  type Summary,
  type SummaryOptions,
  sortRuns,
  summarize,
} from './summary.ts';
export {
  type ExitStatus,
  evaluateThreshold,
  exitStatusOf,
  type FigureValues,
  figureValues,
  judge,
  type ThresholdResult,
  type Verdict,
} from './thresholds.ts';
export { QUEUE_MEAN_MIN, type SummaryWarning, UTILIZATION_HIGH } from './warnings.ts';
export { selectSegments, WHOLE_RUN, type WindowSelection } from './window.ts';
