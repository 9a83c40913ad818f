/**
 * What differs between versions of kube-scheduler (kubernetes/pkg/features/kube_features.go).
 * SchedulerAsyncAPICalls is off by default in all of them: a failed pod's status is patched within
 * its cycle.
 */
import { minorVersion } from '../objects/index.ts';

export interface SchedulerFeatures {
  /** SchedulerQueueingHints. */
  readonly hints: boolean;
  /** SchedulerAsyncPreemption. */
  readonly asyncPreemption: boolean;
  /** SchedulerPopFromBackoffQ. */
  readonly popFromBackoff: boolean;
}

export function featuresOf(version: string): SchedulerFeatures {
  const minor = minorVersion(version);
  return { hints: minor >= 32, asyncPreemption: minor >= 33, popFromBackoff: minor >= 33 };
}
