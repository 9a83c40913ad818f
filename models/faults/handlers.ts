/** All handlers: one for each verb, in the file of its topic. */
import type { FaultAction } from '../../src/scenario/types.ts';
import { clockFaults } from './clock.ts';
import { credentialFaults } from './credentials.ts';
import { disasterFaults } from './disaster.ts';
import { diskFaults } from './disk.ts';
import { etcdFaults } from './etcd.ts';
import type { FaultHandler, FaultHandlers } from './handler.ts';
import { networkFaults } from './network.ts';
import { processFaults } from './process.ts';
import { worldFaults } from './world-faults.ts';

const handlers: FaultHandlers<FaultAction['kind']> = {
  ...processFaults,
  ...diskFaults,
  ...networkFaults,
  ...clockFaults,
  ...credentialFaults,
  ...etcdFaults,
  ...worldFaults,
  ...disasterFaults,
};

export function handlerOf(action: FaultAction): FaultHandler<FaultAction> {
  // Each entry takes its own action alone, and is given no other.
  return handlers[action.kind] as FaultHandler<FaultAction>;
}
