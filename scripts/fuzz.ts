/**
 * Runs scenarios by chance, with all checks on, until the time is over; a failing one is made
 * small and written to a file.
 *
 *   npm run fuzz -- --minutes 10          until then, from a seed of the clock
 *   npm run fuzz -- --count 20            so many scenarios
 *   npm run fuzz -- --seed S --count 1    the first scenario of a seed again
 *
 * Every eighth scenario runs twice, once from the reference queue in other slices, and must give
 * the same events.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { createRun, type QueueName } from '../src/run/index.ts';
import type { Scenario } from '../src/scenario/index.ts';
import { drawScenario, type Plain, parsed } from './fuzz-draw.ts';
import { minimise } from './fuzz-minimise.ts';

/** A scenario of this size has far fewer events. */
const EVENTS_MAX = 30_000_000;
const SLICE = 1 << 18;
const TWICE_EVERY = 8;

export interface Outcome {
  readonly digest: string;
  readonly simulatedNs: number;
  readonly eventCount: number;
}

export interface Failure {
  readonly seed: string;
  readonly message: string;
  readonly minimised: Plain;
}

function simulate(scenario: Scenario, queue: QueueName, slice: number): Outcome {
  const run = createRun(scenario, { seed: scenario.seed, queue });
  while (!run.advance(slice)) {
    const { eventCount, nowNs } = run.progress();
    if (eventCount > EVENTS_MAX) throw new Error(`event flood: ${eventCount} by ${nowNs} ns`);
  }
  const { digest, simulatedNs, eventCount } = run.finish();
  return { digest, simulatedNs, eventCount };
}

/** Throws where the run does. */
export function check(scenario: Scenario, twice: boolean): Outcome {
  const outcome = simulate(scenario, 'two-tier', SLICE);
  if (twice) {
    const again = simulate(scenario, 'fast-priority-queue', 1009);
    if (again.digest !== outcome.digest) {
      throw new Error(`two runs differ: ${outcome.digest} and ${again.digest}`);
    }
  }
  return outcome;
}

/** What a failure is called: without its figures, so that a smaller scenario has the same one. */
function kindOf(error: unknown): string {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  const place = /\n\s+at .*?(?:models|src)\/\S+?:(\d+)/.exec(text)?.[0] ?? '';
  return `${text.split('\n')[0].replace(/\d+/g, '#')}${place.replace(/.*\//, ' ')}`;
}

/** null: it does not fail, or is no scenario. */
function kindOfFailure(value: Plain, twice: boolean): string | null {
  const scenario = parsed(value);
  if (scenario === null) return null;
  try {
    check(scenario, twice);
    return null;
  } catch (error) {
    return kindOf(error);
  }
}

export interface FuzzOptions {
  readonly seed: string;
  /** Whether to go on to scenario i. */
  readonly more: (i: number) => boolean;
  readonly onFailure?: (failure: Failure) => void;
}

export interface FuzzTotals {
  readonly scenarios: number;
  readonly invalid: number;
  readonly simulatedNs: number;
  readonly events: number;
  readonly verbs: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

export function fuzz({ seed, more, onFailure }: FuzzOptions): FuzzTotals {
  const failures: Failure[] = [];
  const verbs: Record<string, number> = {};
  let scenarios = 0;
  let invalid = 0;
  let simulatedNs = 0;
  let events = 0;
  for (let i = 0; more(i); i++) {
    const own = `${seed}-${i}`;
    const value = drawScenario(own);
    const scenario = parsed(value);
    if (scenario === null) {
      invalid++;
      continue;
    }
    scenarios++;
    for (const { action } of [...scenario.faults, ...(scenario.randomFaults ?? [])]) {
      verbs[action.kind] = (verbs[action.kind] ?? 0) + 1;
    }
    const twice = i % TWICE_EVERY === 0;
    try {
      const outcome = check(scenario, twice);
      simulatedNs += outcome.simulatedNs;
      events += outcome.eventCount;
    } catch (error) {
      const kind = kindOf(error);
      const minimised = minimise(value, (v) => kindOfFailure(v, twice) === kind);
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const failure = { seed: own, message, minimised };
      failures.push(failure);
      onFailure?.(failure);
    }
  }
  return { scenarios, invalid, simulatedNs, events, verbs, failures };
}

function report(failure: Failure, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${failure.seed.replace(/[^\w-]+/g, '-')}.yaml`);
  writeFileSync(file, stringify(failure.minimised));
  process.stdout.write(`FAILED ${failure.seed}: ${failure.message}\n  minimised: ${file}\n`);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      count: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const seed = values.seed ?? String(Date.now());
  const endMs = Date.now() + Number(values.minutes ?? 1) * 60_000;
  const count = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count);
  const timed = values.count === undefined || values.minutes !== undefined;
  process.stdout.write(`seed ${seed}\n`);
  const totals = fuzz({
    seed,
    more: (i) => i < count && (!timed || Date.now() < endMs),
    onFailure: (failure) => report(failure, values.out ?? 'results/fuzz'),
  });
  const verbs = Object.entries(totals.verbs).sort(([a], [b]) => (a < b ? -1 : 1));
  process.stdout.write(
    `${totals.scenarios} scenarios, ${(totals.simulatedNs / 3600e9).toFixed(2)} h simulated, ` +
      `${totals.events} events, ${totals.invalid} refused, ${totals.failures.length} failed\n` +
      `faults: ${verbs.map(([verb, n]) => `${verb} ${n}`).join(', ')}\n`,
  );
  process.exitCode = totals.failures.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main();
}
