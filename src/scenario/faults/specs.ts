/** All verbs of faults. */
import type { FaultAction } from '../types.ts';
import { clockSpecs } from './clock.ts';
import { credentialSpecs } from './credentials.ts';
import { disasterSpecs } from './disaster.ts';
import { diskSpecs } from './disk.ts';
import { etcdSpecs } from './etcd.ts';
import { networkSpecs } from './network.ts';
import { processSpecs } from './process.ts';
import type { VerbSpec, VerbSpecs } from './verb.ts';
import { worldSpecs } from './world.ts';

const specs: VerbSpecs<FaultAction> = {
  ...processSpecs,
  ...diskSpecs,
  ...networkSpecs,
  ...clockSpecs,
  ...credentialSpecs,
  ...etcdSpecs,
  ...worldSpecs,
  ...disasterSpecs,
};

/** Of any verb: what is read by it is what it checks and prints. */
export function specOf(verb: FaultAction['kind']): VerbSpec<FaultAction> {
  // Each entry takes its own action alone, and is given no other.
  return specs[verb] as VerbSpec<FaultAction>;
}
