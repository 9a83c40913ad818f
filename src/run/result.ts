/**
 * What one run (one point of a sweep, one replication) hands back to its executor: plain data only.
 */

import type { TimelineReport } from '../../models/workload/index.ts';
import type { ConstantEntry } from '../core/index.ts';
import type { MetricsResult } from '../metrics/index.ts';

export type {
  MessageReport,
  PodCounts,
  PodReport,
  TimelineReport,
} from '../../models/workload/index.ts';

export interface RunWarning {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** One fault (or other disturbance) as clients saw it; a row of outages.csv. */
export interface OutageResult {
  readonly fault: string;
  readonly atNs: number;
  /** NaN where it did not happen. */
  readonly detectedNs: number;
  readonly firstErrorNs: number;
  readonly firstSuccessNs: number;
  readonly longestGapNs: number;
  readonly elections: number;
  readonly restarts: number;
  readonly objectsLost: number;
  /**
   * Requests that failed, by what the client saw: refused, reset, timeout, unavailable,
   * tooManyRequests, noSpace, leaderChanged, ...
   */
  readonly failed: Readonly<Record<string, number>>;
  readonly ambiguous: number;
}

export interface RunResult {
  /** Index of the point in the sweep (0 for a single scenario) and of the replication. */
  readonly point: number;
  readonly replication: number;
  readonly seed: string;
  /** Content key: hash of (version, canonical scenario with its profiles, seed). */
  readonly key: string;
  readonly digest: string;
  readonly checkpoints: readonly string[];
  readonly eventCount: number;
  readonly simulatedNs: number;
  readonly interrupted: boolean;
  readonly metrics: MetricsResult;
  readonly outages: readonly OutageResult[];
  /** Of single pods and messages; null where the scenario has no Kubernetes. */
  readonly timeline: TimelineReport | null;
  readonly constants: readonly ConstantEntry[];
  readonly warnings: readonly RunWarning[];
}
