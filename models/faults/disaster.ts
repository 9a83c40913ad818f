/** Disasters: memory, neighbours, lost data, restores, upgrades. */
import type { DisasterAction } from '../../src/scenario/types.ts';
import type { FaultHandlers } from './handler.ts';

export const disasterFaults: FaultHandlers<DisasterAction['kind']> = Object.freeze({});
