/** Values of a parameter, simulated and judged; and the constants' ranges, sampled. */
import {
  type Capacity,
  type CapacityRange,
  type CapacityVerdict,
  latinHypercube,
  type PointSummary,
  searchCapacity,
  summarize,
} from '../../analyze/index.ts';
import { UserError } from '../../host/index.ts';
import {
  allConstants,
  etcdRunConstants,
  MODEL_REVISION,
  type RunResult,
  VERSION,
} from '../../run/index.ts';
import type { Scenario } from '../../scenario/index.ts';
import type { ExecuteOptions } from '../execute.ts';
import type { Io } from '../io.ts';
import { simulatePoints } from './result-set.ts';

const GROWTH = 2;

export class Interrupted extends Error {}

export interface Judged {
  readonly verdict: CapacityVerdict;
  readonly summary: PointSummary;
}

export interface SearchOptions {
  readonly execute: Omit<ExecuteOptions, 'label'>;
  /** Replications up to which an undecided value is looked at again. */
  readonly seedsMax: number;
  readonly signal: AbortSignal;
  readonly io: Io;
}

function verdictOf(summary: PointSummary): CapacityVerdict {
  const verdicts = summary.thresholds.map(({ verdict }) => verdict);
  if (verdicts.includes('fail') || verdicts.includes('overloaded')) return 'bad';
  return verdicts.every((verdict) => verdict === 'pass') ? 'good' : 'undecided';
}

/** A scenario, with more seeds while its thresholds are undecided. */
export async function judgeScenario(
  scenario: Scenario,
  label: string,
  options: SearchOptions,
): Promise<Judged> {
  let current = scenario;
  for (;;) {
    const execute = { ...options.execute, label };
    const runs: RunResult[][] | null = await simulatePoints(
      [current],
      execute,
      options.signal,
      options.io,
    );
    if (runs === null) throw new Interrupted();
    const about = { version: VERSION, modelRevision: MODEL_REVISION };
    const [summary] = summarize(runs[0], [{ scenario: current }], about).points;
    const verdict = verdictOf(summary);
    const { replications } = current;
    if (verdict !== 'undecided' || replications >= options.seedsMax) return { verdict, summary };
    current = { ...current, replications: Math.min(options.seedsMax, replications * GROWTH) };
  }
}

/** Drives the search; `scenarioAt` gives the scenario of a value. */
export async function findCapacity(
  range: CapacityRange,
  scenarioAt: (value: number) => Scenario,
  textOf: (value: number) => string,
  options: SearchOptions,
): Promise<{ capacity: Capacity; judged: ReadonlyMap<number, Judged> }> {
  const judged = new Map<number, Judged>();
  const search = searchCapacity(range);
  let next = search.next();
  while (!next.done) {
    const value = next.value;
    const found = await judgeScenario(scenarioAt(value), textOf(value), options);
    judged.set(value, found);
    next = search.next(found.verdict);
  }
  return { capacity: next.value, judged };
}

/** Sets of constants inside of their registered ranges, Latin hypercube; those of the file stay. */
export function sampleConstants(
  scenario: Scenario,
  samples: number,
): Readonly<Record<string, number>>[] {
  const entries = (scenario.kubernetes === null ? etcdRunConstants() : allConstants()).filter(
    ({ name, low, high }) => low < high && scenario.constants[name] === undefined,
  );
  if (entries.length === 0) return [];
  return latinHypercube(samples, entries.length, `constants ${scenario.seed}`).map((point) => {
    const set: Record<string, number> = { ...scenario.constants };
    entries.forEach(({ name, low, high, unit }, i) => {
      const value = low + (high - low) * point[i];
      set[name] = unit === 'ratio' ? value : Math.round(value);
    });
    return set;
  });
}

export function checkThresholds(scenario: Scenario): void {
  if (scenario.thresholds.length > 0) return;
  throw new UserError({
    code: 'WT8040',
    message: 'capacity needs thresholds: they say what is enough',
    path: '',
    hint: 'Add thresholds: or slos: to the scenario.',
  });
}
