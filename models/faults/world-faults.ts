/** Faults of the world around a cluster: webhooks, registries, clouds, runtimes, operators. */
import type { WorldAction } from '../../src/scenario/types.ts';
import type { FaultHandlers } from './handler.ts';

export const worldFaults: FaultHandlers<WorldAction['kind']> = Object.freeze({});
