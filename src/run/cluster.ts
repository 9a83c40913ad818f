/** What a run asks of the cluster that was built for it. */
import type { ModelContext } from '../resource/index.ts';
import type { Scenario } from '../scenario/types.ts';
import type { OutageResult, RunWarning, TimelineReport } from './result.ts';

export interface ClusterEnd {
  readonly outages: readonly OutageResult[];
  readonly timeline?: TimelineReport;
  readonly warnings: readonly RunWarning[];
}

export interface Cluster {
  /** Schedules the first events. */
  start(): void;
  /** Called once, at the end of the run, before the metrics are closed. */
  finish(): ClusterEnd;
}

export type ClusterBuilder = (ctx: ModelContext, scenario: Scenario) => Cluster;
