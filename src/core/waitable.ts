/** What a process can wait for, apart from time. */
import type { Simulation } from './simulation.ts';

/** Something that a process can wait for by yielding it: a resource, a lock, a condition. */
export interface Waitable {
  /**
   * Schedules the event (wakeType, a, b) exactly once, when what is waited for is granted; by a
   * zero delay where that is now.
   */
  wait(sim: Simulation, wakeType: number, a: number, b: number): void;
}

/** Yields a delay in integer nanoseconds, or what it waits for. */
export type Process = Generator<number | Waitable, void, void>;
