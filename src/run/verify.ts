/**
 * Runs a scenario twice and compares the digests. Where they differ, more passes look for the first
 * event that the runs do not share, and name it.
 */
import {
  type FirstDifference,
  findFirstDifference,
  InvariantViolation,
  type TraceOptions,
} from '../core/index.ts';
import type { Scenario } from '../scenario/types.ts';
import {
  createRun,
  createSimulation,
  type Run,
  type RunOptions,
  type RunProgress,
} from './create-run.ts';
import type { RunResult } from './result.ts';

function describe(event: FirstDifference['first']): string {
  if (event === undefined) return 'no event';
  return `${event.typeName}(${event.a}, ${event.b}) at ${event.timeNs} ns`;
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

  #compare(first: RunResult, second: RunResult): void {
    if (first.digest === second.digest && first.eventCount === second.eventCount) return;
    const make = (trace?: TraceOptions) =>
      createSimulation(this.#scenario, { ...this.#options, trace });
    const found = findFirstDifference(make, make);
    throw new InvariantViolation(
      found === null
        ? `two runs differ (digests ${first.digest} and ${second.digest}), but two more agree`
        : `two runs differ from event ${found.event} on: first ${describe(found.first)}, ` +
            `then ${describe(found.second)}`,
    );
  }
}

/** A run that throws an InvariantViolation at its end when repeating it gives another one. */
export function verifyRun(scenario: Scenario, options: RunOptions): Run {
  return new VerifiedRun(scenario, options);
}
