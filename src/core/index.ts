/**
 * The core: event loop, random streams, engine-independent mathematics. Knows nothing of
 * Kubernetes.
 */
export { type ConstantEntry, Constants } from './constants.ts';
export { CHECKPOINT_EVENTS } from './digest.ts';
export { dropFirst } from './drop-first.ts';
export {
  assert,
  InvariantViolation,
  type LimitCode,
  LimitError,
  type RunPosition,
} from './errors.ts';
export {
  type FirstDifference,
  findFirstDifference,
  type NamedEvent,
  type SimulationFactory,
} from './first-difference.ts';
export { hashPieces, hashSeed, hashText } from './hash.ts';
export * from './math.ts';
export {
  type EventHandler,
  type EventId,
  NO_EVENT,
  type QueueKind,
  Simulation,
  type SimulationOptions,
} from './simulation.ts';
export { createStream, mixUniform, type Stream } from './stream.ts';
export * from './time.ts';
export type { TracedEvent, TraceOptions } from './trace.ts';
export type { Process, Waitable } from './waitable.ts';
export { Watchdog, Watchdogs } from './watchdog.ts';
