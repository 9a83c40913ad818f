/** Faults of what surrounds a control plane, by topic. */
import type { WorldAction } from '../../src/scenario/types.ts';
import type { FaultHandlers } from './handler.ts';
import { nodeFaults } from './nodes.ts';
import { operatorFaults } from './operators.ts';
import { serviceFaults } from './services.ts';

export const worldFaults: FaultHandlers<WorldAction['kind']> = {
  ...serviceFaults,
  ...nodeFaults,
  ...operatorFaults,
};
