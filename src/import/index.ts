/** Measured fsync latencies to disk profiles, and the profiles that ship. Browser-safe. */
export { ASSUMED_STALL, assumedStall } from './assumed-stall.ts';
export { calibrate } from './calibrate.ts';
export { type CalibrateCode, calibrateCodes } from './problems.ts';
export { profileYaml } from './profile-yaml.ts';
export { namedProfiles, profilesByName } from './profiles/index.ts';
export { calibrationText, problemText } from './report.ts';
export type * from './types.ts';
export { formatNs } from './units.ts';
