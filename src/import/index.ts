/**
 * Measured fsync latencies to disk profiles, dumps of clusters to scenarios, traces to load.
 * Browser-safe.
 */
export { ASSUMED_STALL, assumedStall } from './assumed-stall.ts';
export { calibrate } from './calibrate.ts';
export {
  type ClusterImport,
  clusterImportText,
  type ImportInput,
  type ImportNote,
  importCluster,
  type KindCount,
} from './kubernetes/index.ts';
export { type CalibrateCode, calibrateCodes } from './problems.ts';
export { profileYaml } from './profile-yaml.ts';
export { namedProfiles, profilesByName } from './profiles/index.ts';
export {
  nodeGroupsOf,
  readTrace,
  TRACE_IMAGE,
  type Trace,
  type TraceOptions,
} from './replay/index.ts';
export { calibrationText, problemText } from './report.ts';
export type * from './types.ts';
export { formatNs } from './units.ts';
