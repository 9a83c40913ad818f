/**
 * What one run returns of its metrics: plain data, structured-clone friendly, integer counts that
 * merge by addition.
 */

export type Labels = Readonly<Record<string, string>>;

/** A stretch of the run between two cuts; warm-up is never inside one. */
export interface Segment {
  readonly fromNs: number;
  readonly toNs: number;
}

export interface MetricIdentity {
  readonly name: string;
  readonly labels: Labels;
  readonly help: string;
}

export interface CounterResult extends MetricIdentity {
  /** Increments in each segment. */
  readonly perSegment: readonly number[];
}

export interface LevelSegment {
  /** Integral of value over time (value x ns); the mean is integral / duration. */
  readonly integral: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

export interface LevelResult extends MetricIdentity {
  readonly perSegment: readonly LevelSegment[];
}

/**
 * Sparse log-linear histogram: bin `index[i]` holds `count[i]` values; see
 * src/metrics/histogram.ts for the edges.
 */
export interface HistogramData {
  readonly index: Int32Array;
  readonly count: Float64Array;
  readonly total: number;
  readonly min: number;
  readonly max: number;
  /** Exact sum = sumHigh * 2^32 + sumLow. */
  readonly sumHigh: number;
  readonly sumLow: number;
}

export interface TallyResult extends MetricIdentity {
  readonly unit: 'ns' | 'bytes' | '1';
  readonly perSegment: readonly HistogramData[];
  /**
   * Upper bounds in the metric's exported unit (seconds, bytes) and counts per segment (not
   * cumulative; last = +Inf).
   */
  readonly prometheus: {
    readonly bounds: readonly number[];
    readonly perSegment: readonly Float64Array[];
  } | null;
}

/**
 * One column of the time series of one metric: values[i] belongs to the interval that ends at (i
 * + 1) * seriesIntervalNs; NaN = no data.
 */
export interface SeriesResult extends MetricIdentity {
  readonly field: 'value' | 'rate' | 'count' | 'mean' | 'p50' | 'p99' | 'max';
  readonly values: Float64Array;
}

export interface ResourceResult {
  readonly name: string;
  readonly kind:
    | 'server-pool'
    | 'batch-server'
    | 'lock'
    | 'token-bucket'
    | 'queue'
    | 'processor-sharing'
    | 'disk';
  readonly servers: number;
  readonly arrivals: number;
  readonly utilization: number;
  readonly queueMean: number;
  readonly queueMax: number;
  readonly waitNsMean: number;
  readonly waitNsMax: number;
  readonly serviceNsMean: number;
  /** Sum of all waiting; the ranking's share is over all resources. */
  readonly waitNsTotal: number;
  /** Queue length at the end of each quarter of the measured time, for the test of growth. */
  readonly queueAtQuarters: readonly number[];
}

export interface EventRow {
  readonly timeNs: number;
  readonly kind: string;
  readonly subject: string;
  readonly detail: string;
}

export interface MetricsResult {
  readonly seriesIntervalNs: number;
  readonly segments: readonly Segment[];
  readonly counters: readonly CounterResult[];
  readonly levels: readonly LevelResult[];
  readonly tallies: readonly TallyResult[];
  readonly series: readonly SeriesResult[];
  readonly resources: readonly ResourceResult[];
  readonly events: readonly EventRow[];
}
