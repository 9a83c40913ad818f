/**
 * Runs a scenario twice and compares the digests. Where they differ, two more passes record the events
 * between the last equal checkpoint and the first different one, and the first difference is named.
 */
import { InvariantViolation, type TraceOptions } from '../core/index.ts';
import type { Scenario } from '../scenario/types.ts';
import {
  createRun,
  type NamedEvent,
  type Run,
  type RunOptions,
  type RunProgress,
} from './create-run.ts';
import type { RunResult } from './result.ts';

/** Events between two checkpoints of the digest. */
const CHECKPOINT_EVENTS = 2 ** 16;

/** Events up to here are equal, by the checkpoints of two runs. */
export function lastEqualCheckpoint(first: readonly string[], second: readonly string[]): number {
  let equal = 0;
  while (equal < first.length && equal < second.length && first[equal] === second[equal]) equal++;
  return equal * CHECKPOINT_EVENTS;
}

function describe(event: NamedEvent | undefined): string {
  if (event === undefined) return 'no event';
  return `${event.typeName}(${event.a}, ${event.b}) at ${event.timeNs} ns`;
}

/** One line about the first event that two traces do not share; null where they are equal. */
export function firstDifferingEvent(
  first: readonly NamedEvent[],
  second: readonly NamedEvent[],
): string | null {
  const length = Math.max(first.length, second.length);
  for (let i = 0; i < length; i++) {
    const x = first[i];
    const y = second[i];
    const same =
      x !== undefined &&
      y !== undefined &&
      x.timeNs === y.timeNs &&
      x.typeName === y.typeName &&
      x.a === y.a &&
      x.b === y.b;
    if (!same) return `event ${(x ?? y)?.event}: first ${describe(x)}, then ${describe(y)}`;
  }
  return null;
}

class VerifiedRun implements Run {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #first: Run;
  #second: Run | null = null;
  #verified = false;

  constructor(scenario: Scenario, options: RunOptions) {
    this.#scenario = scenario;
    this.#options = options;
    this.#first = createRun(scenario, options);
  }

  advance(maxEvents: number): boolean {
    if (this.#second === null) {
      if (this.#first.advance(maxEvents)) {
        this.#second = createRun(this.#scenario, this.#options);
      }
      return false;
    }
    if (!this.#verified && this.#second.advance(maxEvents)) {
      this.#compare(this.#first.finish(), this.#second.finish());
      this.#verified = true;
    }
    return this.#verified;
  }

  /** Both passes are one job: half of the time each. */
  progress(): RunProgress {
    const first = this.#first.progress();
    const second = this.#second?.progress() ?? { nowNs: 0, eventCount: 0 };
    return {
      nowNs: (first.nowNs + second.nowNs) / 2,
      horizonNs: first.horizonNs,
      eventCount: first.eventCount + second.eventCount,
    };
  }

  /** An interrupted verification says nothing: the first run's result, marked interrupted. */
  finish(): RunResult {
    const result = this.#first.finish();
    return this.#verified ? result : { ...result, interrupted: true };
  }

  traced(): readonly NamedEvent[] {
    return this.#first.traced();
  }

  #compare(first: RunResult, second: RunResult): void {
    if (first.digest === second.digest && first.eventCount === second.eventCount) return;
    const from = lastEqualCheckpoint(first.checkpoints, second.checkpoints);
    const trace = { fromEvent: from + 1, toEvent: from + CHECKPOINT_EVENTS };
    const difference = firstDifferingEvent(this.#record(trace), this.#record(trace));
    throw new InvariantViolation(
      difference === null
        ? `two runs differ after event ${from} (${first.digest}, ${second.digest}), but two more agree`
        : `two runs differ; ${difference}`,
    );
  }

  #record(trace: TraceOptions): readonly NamedEvent[] {
    const run = createRun(this.#scenario, { ...this.#options, trace });
    // Some slices: the window may lie far into the run.
    while (run.progress().eventCount < trace.toEvent && !run.advance(CHECKPOINT_EVENTS)) {
      // advance does the work
    }
    return run.traced();
  }
}

/** A run that throws an InvariantViolation at its end when repeating it gives another one. */
export function verifyRun(scenario: Scenario, options: RunOptions): Run {
  return new VerifiedRun(scenario, options);
}
