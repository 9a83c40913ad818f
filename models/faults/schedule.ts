/**
 * Draws the random faults of a scenario: when each unit of a domain fails, and for how long.
 *
 * The one idea: every unit (member, host, node, zone) alternates between up and down by itself, and
 * each has two streams of its own, named by the entry and the unit. One uniform gives one time, by
 * inversion. So the same seed hits both sides of a comparison with the same faults, another entry
 * moves none of them, and a mean that is 10 % longer gives the same faults 10 % later.
 *
 * A common cause takes part of the failures of the units (the beta factor of IEC 61508-6, annex D):
 * of a rate of failure l, (1 - b) l comes to each unit alone and b l to all at the same time.
 *
 * *Left out:* repair crews that are busy elsewhere; ageing; failures that cause others, but for
 * what the model itself makes of them.
 */

import { createStream, LimitError, type Simulation } from '../../src/core/index.ts';
import { type DistributionSpec, quantile } from '../../src/dist/index.ts';
import type {
  FaultAction,
  FaultScenario,
  RandomFaultScenario,
  Scenario,
} from '../../src/scenario/types.ts';

/** More occurrences in one run are a slip of the unit. */
export const RANDOM_FAULTS_MAX = 100_000;

/** What a stretch of time down is to the run: who, what, from when to when. */
interface Stretch {
  readonly name: string;
  readonly action: FaultAction;
  readonly fromNs: number;
  readonly toNs: number;
}

/**
 * The random faults that begin before the horizon, in the order of their times, as faults with a
 * time. Stretches of one action on one target that overlap are one fault.
 */
export function drawFaults(
  entries: readonly RandomFaultScenario[],
  seed: string,
  horizonNs: number,
): FaultScenario[] {
  const byTarget = new Map<string, Stretch[]>();
  let count = 0;
  for (const entry of entries) {
    for (const { name, mtbf, unit, actions } of processesOf(entry)) {
      for (const [fromNs, toNs] of drawStretches(entry.mttr, mtbf, seed, name, horizonNs)) {
        count += actions.length;
        if (count > RANDOM_FAULTS_MAX) refuse(entry.name);
        const shown = unit === '' ? entry.name : `${entry.name}:${unit}`;
        for (const action of actions) add(byTarget, { name: shown, action, fromNs, toNs });
      }
    }
  }
  const stretches = [...byTarget.values()].flatMap((list) => union(list));
  // A sort is stable: what begins at the same time keeps the order of the entries.
  stretches.sort((a, b) => a.fromNs - b.fromNs);
  return stretches.map(({ name, action, fromNs, toNs }) => ({
    name,
    atNs: fromNs,
    // What is not mended stays, as a restart or a jump of the clock.
    forNs: toNs === fromNs ? Number.POSITIVE_INFINITY : toNs - fromNs,
    everyNs: 0,
    times: 1,
    action,
  }));
}

/** All faults of one run: those with a time, and those by chance. */
export function faultsOfRun(scenario: Scenario, sim: Simulation): readonly FaultScenario[] {
  const { faults, randomFaults } = scenario;
  if (randomFaults === undefined) return faults;
  return [...faults, ...drawFaults(randomFaults, sim.seed, sim.horizonNs)];
}

function refuse(name: string): never {
  throw new LimitError(
    'WT2005',
    `random fault ${name} brings more than ${RANDOM_FAULTS_MAX} faults within the horizon; ` +
      'lengthen mtbf or shorten the horizon',
  );
}

interface FailureProcess {
  /** Of its streams. */
  readonly name: string;
  readonly unit: string;
  readonly mtbf: DistributionSpec;
  readonly actions: readonly FaultAction[];
}

/** One process a unit, and one for the common cause. */
function processesOf(entry: RandomFaultScenario): FailureProcess[] {
  const { name, units, commonCause, mtbf } = entry;
  const share = (part: number): DistributionSpec =>
    part === 1 ? mtbf : { kind: 'scaled', by: 1 / part, of: mtbf };
  const alone: FailureProcess[] =
    commonCause === 1
      ? []
      : units.map(({ unit, action }) => ({
          name: `faults/${name}/${unit}`,
          unit,
          mtbf: share(1 - commonCause),
          actions: [action],
        }));
  if (commonCause === 0) return alone;
  const common: FailureProcess = {
    name: `faults/${name}/common cause`,
    unit: 'common cause',
    mtbf: share(commonCause),
    actions: units.map(({ action }) => action),
  };
  return [...alone, common];
}

/** Up for a draw of mtbf, down for one of mttr, and again. */
function drawStretches(
  mttr: DistributionSpec | null,
  mtbf: DistributionSpec,
  seed: string,
  name: string,
  horizonNs: number,
): [number, number][] {
  const up = createStream(seed, `${name}/up`);
  const down = createStream(seed, `${name}/down`);
  const stretches: [number, number][] = [];
  let nowNs = 0;
  for (;;) {
    // At least 1 ns, so that a distribution with zeros comes to an end.
    const fromNs = nowNs + Math.max(1, Math.round(quantile(mtbf, up.uniform())));
    if (fromNs >= horizonNs) return stretches;
    const downNs = mttr === null ? 0 : Math.max(1, Math.round(quantile(mttr, down.uniform())));
    nowNs = fromNs + downNs;
    stretches.push([fromNs, nowNs]);
    if (stretches.length > RANDOM_FAULTS_MAX) return stretches;
  }
}

function add(byTarget: Map<string, Stretch[]>, stretch: Stretch): void {
  const key = JSON.stringify(stretch.action);
  const list = byTarget.get(key);
  if (list === undefined) byTarget.set(key, [stretch]);
  else list.push(stretch);
}

/** What overlaps or touches is one stretch, with the name of what began it. */
function union(stretches: Stretch[]): Stretch[] {
  stretches.sort((a, b) => a.fromNs - b.fromNs);
  const joined: Stretch[] = [];
  for (const stretch of stretches) {
    const last = joined[joined.length - 1];
    if (last === undefined || stretch.fromNs > last.toNs) joined.push(stretch);
    else if (stretch.toNs > last.toNs) joined[joined.length - 1] = { ...last, toNs: stretch.toNs };
  }
  return joined;
}
