/**
 * Two kinds of failure: `InvariantViolation` is our bug, `LimitError` is a run that is larger than
 * a named bound. Mistakes of users are found before a run exists, by `src/scenario`.
 */

/** Where in a run something happened; filled in by the simulation that was running. */
export interface RunPosition {
  readonly seed: string;
  /** Simulated time, ns. */
  readonly nowNs: number;
  /** Number of events handed to handlers so far, the current one included. */
  readonly eventSequence: number;
}

/** Something that must hold did not: a bug of ours, never of the user. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
  readonly reason: string;
  position: RunPosition | undefined = undefined;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }

  /** Adds where it happened; the first place told is the innermost and stays. */
  locate(position: RunPosition): void {
    if (this.position !== undefined) return;
    this.position = position;
    const { seed, nowNs, eventSequence } = position;
    this.message = `${this.reason} (seed ${seed}, time ${nowNs} ns, event ${eventSequence})`;
  }
}

/**
 * WT2001: the horizon; WT2002: pending events; WT2003: events without progress; WT2004: memory;
 * WT2005: occurrences of random faults.
 */
export type LimitCode = 'WT2001' | 'WT2002' | 'WT2003' | 'WT2004' | 'WT2005';

/** A bound with a name was reached. The message says which, what was asked for and what to do. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  readonly code: LimitCode;

  constructor(code: LimitCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }

  /** Adds what was flooding. */
  report(text: string): void {
    this.message = `${this.message}. ${text}`;
  }
}

/**
 * Stays on in release runs. On hot paths pass a constant message: it is built even where the
 * condition holds.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
