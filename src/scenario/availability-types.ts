/** What a scenario says of random faults, and of availability over a long time. */
import type { DistributionSpec } from '../dist/index.ts';
import type { FaultAction } from './types.ts';

/** Faults by chance: each unit alternates between up and down for itself. */
export interface RandomFaultScenario {
  readonly name: string;
  /** As written: with a target that may stand for several units. */
  readonly action: FaultAction;
  /** What fails by itself, and what is done to it then. */
  readonly units: readonly { readonly unit: string; readonly action: FaultAction }[];
  /** Time up before a failure, ns. */
  readonly mtbf: DistributionSpec;
  /** Time down, ns; null for what happens at one moment. */
  readonly mttr: DistributionSpec | null;
  /** Share of the failures that hit all units at once, 0 to 1. */
  readonly commonCause: number;
}

/** Something that clients want, by a counter of what they got. */
export interface ServiceScenario {
  readonly name: string;
  /** Selector of counters; where they tell the outcome, only successes count. */
  readonly metric: string;
}

/** Availability over `periodNs`, of which only the time around faults is simulated. */
export interface AvailabilityScenario {
  readonly periodNs: number;
  /** Simulated before the first fault of a window. */
  readonly leadNs: number;
  /** Every service has to be up for so long after the last fault, or the window goes on. */
  readonly settleNs: number;
  readonly services: readonly ServiceScenario[];
  /** Whether every MTBF, MTTR and common cause is drawn again 10 % larger and smaller. */
  readonly elasticities: boolean;
}
