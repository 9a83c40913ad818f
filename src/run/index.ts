/** From a scenario to the result of a run. */

export type { SchedulerPlugin } from '../../models/scheduler/index.ts';
export {
  type AvailabilityWindow,
  faultsOfPeriod,
  LONGER_MAX,
  overNs,
  tailNs,
  type Variant,
  variantsOf,
  windowRun,
  windowsOf,
} from './availability.ts';
export { buildCluster, type EtcdRunCluster } from './build.ts';
export type { Cluster, ClusterBuilder, ClusterEnd } from './cluster.ts';
export { allConstants, etcdRunConstants, knownConstants } from './constants.ts';
export {
  contentKey,
  createRun,
  cutsOf,
  type Run,
  type RunOptions,
  type RunProgress,
} from './create-run.ts';
export { RunFailure, type RunFailureData } from './failure.ts';
export type {
  ClusterAccess,
  ComponentParts,
  OwnComponent,
  PartsOptions,
  StartedComponent,
} from './own-components.ts';
export { type PlanOptions, planRuns, type QueueName, type RunPlan } from './plan.ts';
export type * from './result.ts';
export {
  decodeRun,
  encodeRun,
  type ReadRun,
  RUN_FILE_KIND,
  type StoredRun,
} from './result-codec.ts';
export { startRun } from './start-run.ts';
export { verifyRun } from './verify.ts';
export { MODEL_REVISION, VERSION } from './version.ts';
