/** Plain data that `calibrate` takes and gives; nothing here reads a file or prints. */
import type { DiskProfile } from '../scenario/index.ts';
import type { CalibrateCode } from './problems.ts';

/** One input text; `name` is what messages call it, usually the file name. */
export interface CalibrateInput {
  readonly name: string;
  readonly text: string;
}

export type TimeUnit = 'ns' | 'us' | 'ms' | 's';

export interface CalibrateOptions {
  /** Name of the profile; without it the first input's name without folder and extension. */
  readonly name?: string;
  readonly description?: string;
  /** Overrides what the format says: a CSV may come from an idle disk or from one in use. */
  readonly kind?: 'service' | 'response';
  /** Unit of the latency column of a CSV, or of the values of a fio latency log. */
  readonly unit?: TimeUnit;
  /** Unit of the time column of a CSV. */
  readonly timeUnit?: TimeUnit;
  /** Seconds between two scrapes, or since the start of etcd for a single one. */
  readonly elapsedSeconds?: number;
  /** Picks one etcd out of a text that holds several, e.g. `{ instance: '10.0.0.1:2381' }`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Picks one job of a fio JSON by name. */
  readonly job?: string;
  /** An fsync at least this long is part of a stall; default: see `stallThresholdNs`. */
  readonly stallThresholdNs?: number;
  /** Adds the assumed stall part (see docs/calibrate.md) where the input holds no series. */
  readonly assumeStalls?: boolean;
}

export type CalibrateFormat = 'fio-json' | 'fio-log' | 'prometheus' | 'csv' | 'unknown';

/** What is true of the input and worth knowing; the profile is still usable. */
export interface Finding {
  /** Stable, kebab-case, e.g. 'first-bucket'. */
  readonly id: string;
  readonly level: 'info' | 'warning';
  readonly input: string;
  readonly message: string;
  /** What to do about it; '' where there is nothing to do. */
  readonly hint: string;
}

/** Why no profile could be made. */
export interface Problem {
  readonly code: CalibrateCode;
  readonly input: string;
  /** 1-based line of the input; null where there is none. */
  readonly line: number | null;
  readonly message: string;
  readonly expected: string;
  readonly hint: string;
}

export type VerdictLevel = 'good' | 'bad' | 'uncertain' | 'unknown';

/** One rule of etcd's guidance against the measured interval of the quantile. */
export interface VerdictRule {
  readonly rule: 'wal-fsync-p99' | 'wal-fsync-p99.99' | 'backend-commit-p99';
  readonly limitNs: number;
  /** Interval that holds the quantile: bucket width and sampling error; null = not measured. */
  readonly lowNs: number | null;
  readonly highNs: number | null;
  /** Linear within the bucket, as Prometheus' histogram_quantile; null with few samples. */
  readonly estimateNs: number | null;
  readonly level: VerdictLevel;
  readonly text: string;
}

export interface Verdict {
  /** The worst of the rules that could be judged; 'unknown' where the WAL's p99 could not. */
  readonly level: VerdictLevel;
  readonly rules: readonly VerdictRule[];
  /** Stalls, tails and what they cost; whole sentences. */
  readonly remarks: readonly string[];
}

/**
 * A quantile of the measured latencies: the interval that holds it, null where fewer than 10
 * samples lie beyond; and the figure that a dashboard shows, null where fewer than 30 do.
 */
export interface QuantileRow {
  readonly p: number;
  readonly lowNs: number | null;
  readonly estimateNs: number | null;
  readonly highNs: number | null;
}

export interface LatencySummary {
  readonly count: number;
  /** Null where the input records no sum. */
  readonly meanNs: number | null;
  readonly minNs: number | null;
  readonly maxNs: number | null;
  readonly quantiles: readonly QuantileRow[];
}

/** Result of the two-state fit of a series; the equations are in docs/calibrate.md. */
export interface StallFit {
  readonly thresholdNs: number;
  readonly observedSeconds: number;
  readonly fsyncs: number;
  readonly stalledFsyncs: number;
  readonly episodes: readonly StallEpisode[];
  /** Episodes per second of unstalled time, and its 95 % interval. */
  readonly startPerSecond: number;
  readonly startPerSecondLow: number;
  readonly startPerSecondHigh: number;
  /** P(the next fsync is stalled | this one is). */
  readonly correlation: number;
  /** Error of one latency: 0 for direct values, 1 ms where gaps of a fio log are used. */
  readonly resolutionNs: number;
}

export interface StallEpisode {
  readonly startNs: number;
  readonly lengthNs: number;
  readonly fsyncs: number;
}

export interface Calibration {
  readonly format: CalibrateFormat;
  /** Null where there are problems. */
  readonly profile: DiskProfile | null;
  readonly summary: LatencySummary | null;
  /** etcd's backend commit, where the input has it; it is judged, and not part of the profile. */
  readonly commit: LatencySummary | null;
  readonly stalls: StallFit | null;
  readonly verdict: Verdict | null;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}
