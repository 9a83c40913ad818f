/**
 * Finds the first event in which two runs differ: by their checkpoints first, then by a traced pass
 * over one interval.
 */
import { CHECKPOINT_EVENTS } from './digest.ts';
import type { Simulation } from './simulation.ts';
import type { TracedEvent, TraceOptions } from './trace.ts';

/** Builds a run anew, ready to advance, with the same events every time it is called. */
export type SimulationFactory = (trace?: TraceOptions) => Simulation;

export interface NamedEvent extends TracedEvent {
  readonly typeName: string;
}

export interface FirstDifference {
  /** Place of the event in the order of handling; the first event of a run is 1. */
  readonly event: number;
  /** What the runs handed over there; undefined for a run that had ended by then. */
  readonly first: NamedEvent | undefined;
  readonly second: NamedEvent | undefined;
}

/**
 * The first event that two runs do not share, or null where they are equal. Each is run twice where
 * they differ, the second time only to the end of the interval of 2^16 events that holds the
 * difference.
 */
export function findFirstDifference(
  makeFirst: SimulationFactory,
  makeSecond: SimulationFactory,
): FirstDifference | null {
  const first = makeFirst();
  const second = makeSecond();
  runToEnd(first);
  runToEnd(second);
  if (first.digest() === second.digest() && first.eventCount === second.eventCount) return null;
  const checkpoints = first.digestCheckpoints();
  const others = second.digestCheckpoints();
  let equal = 0;
  while (equal < checkpoints.length && checkpoints[equal] === others[equal]) equal++;
  const fromEvent = equal * CHECKPOINT_EVENTS + 1;
  const trace = { fromEvent, toEvent: fromEvent + CHECKPOINT_EVENTS - 1 };
  return firstUnequal(fromEvent, record(makeFirst(trace), trace), record(makeSecond(trace), trace));
}

function runToEnd(sim: Simulation): void {
  while (!sim.finished) sim.advance(CHECKPOINT_EVENTS);
}

function record(sim: Simulation, trace: TraceOptions): readonly NamedEvent[] {
  while (!sim.finished && sim.eventCount < trace.toEvent) {
    sim.advance(trace.toEvent - sim.eventCount);
  }
  const events = sim.trace?.events ?? [];
  return events.map((event) => ({ ...event, typeName: sim.typeName(event.type) }));
}

function firstUnequal(
  fromEvent: number,
  firsts: readonly NamedEvent[],
  seconds: readonly NamedEvent[],
): FirstDifference | null {
  const length = Math.max(firsts.length, seconds.length);
  for (let i = 0; i < length; i++) {
    const first = firsts[i];
    const second = seconds[i];
    const same =
      first !== undefined &&
      second !== undefined &&
      first.timeNs === second.timeNs &&
      first.typeName === second.typeName &&
      first.a === second.a &&
      first.b === second.b;
    if (!same) return { event: fromEvent + i, first, second };
  }
  return null;
}
