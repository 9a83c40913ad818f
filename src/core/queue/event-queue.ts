/**
 * What the simulation asks of an event queue. Events are slots of an `EventStore`; the queue orders
 * them by (time, sequence).
 */

export interface EventQueue {
  /**
   * Takes in an event whose time and sequence are already in the store; its time is not before the
   * last one taken.
   */
  insert(slot: number): void;
  /**
   * The earliest event before the horizon, removed; -1 where there is none. Never a cancelled one.
   */
  take(): number;
  /**
   * Forgets a pending event. True: the slot may be given back now. False: the queue still refers to
   * the slot, and gives it back to the store itself when it comes across it.
   */
  remove(slot: number): boolean;
}

export const NO_SLOT = -1;
