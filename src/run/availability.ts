/**
 * Availability over a long time, as runs: the faults of the whole period are drawn, and each is
 * simulated from a while before it until all is well again; what overlaps is one window. Between
 * windows nothing fails, so that time counts as up and is not simulated.
 *
 * Windows are runs of their own, each with a warm-up and a seed made of when it begins: they need
 * no order, and a window that another drawing has too is the same run.
 */
import { drawFaults } from '../../models/faults/index.ts';
import { hashSeed } from '../core/index.ts';
import type {
  AvailabilityScenario,
  FaultScenario,
  RandomFaultScenario,
  Scenario,
} from '../scenario/types.ts';
import type { RunPlan } from './plan.ts';

/** One stretch of the period that is simulated. */
export interface AvailabilityWindow {
  /** In the time of the period, ns; the warm-up of its run comes before. */
  readonly fromNs: number;
  readonly toNs: number;
  /** Of the period, in their order; their times are those of the period. */
  readonly faults: readonly FaultScenario[];
  /** When the last of them is over. */
  readonly faultsOverNs: number;
}

/** How much longer a window gets each time it ends before all is well, and how often. */
const LONGER = 4;
export const LONGER_MAX = 3;

/** Of a window that was lengthened `times` times: what follows its last fault, ns. */
export function tailNs({ settleNs }: AvailabilityScenario, times: number): number {
  let tail = settleNs;
  for (let i = 0; i < times; i++) tail *= LONGER;
  return tail;
}

/** A change of the inputs, for elasticities. */
export interface Variant {
  /** '' = as the scenario says. */
  readonly name: string;
  readonly mtbfBy: number;
  readonly mttrBy: number;
  readonly commonCauseBy: number;
}

export const BASE: Variant = { name: '', mtbfBy: 1, mttrBy: 1, commonCauseBy: 1 };

/** What elasticities are computed from: each input 10 % larger and smaller. */
export function variantsOf(scenario: Scenario): Variant[] {
  if (scenario.availability?.elasticities !== true) return [BASE];
  const some = (scenario.randomFaults ?? []).some(({ commonCause }) => commonCause > 0);
  return [
    BASE,
    { ...BASE, name: 'mtbf+10%', mtbfBy: 1.1 },
    { ...BASE, name: 'mtbf-10%', mtbfBy: 0.9 },
    { ...BASE, name: 'mttr+10%', mttrBy: 1.1 },
    { ...BASE, name: 'mttr-10%', mttrBy: 0.9 },
    ...(some ? [{ ...BASE, name: 'commonCause+10%', commonCauseBy: 1.1 }] : []),
    ...(some ? [{ ...BASE, name: 'commonCause-10%', commonCauseBy: 0.9 }] : []),
  ];
}

function varied(entry: RandomFaultScenario, variant: Variant): RandomFaultScenario {
  const { mtbf, mttr, commonCause } = entry;
  const times = <T extends RandomFaultScenario['mtbf']>(of: T, by: number) =>
    by === 1 ? of : { kind: 'scaled' as const, by, of };
  return {
    ...entry,
    mtbf: times(mtbf, variant.mtbfBy),
    mttr: mttr === null ? null : times(mttr, variant.mttrBy),
    commonCause: Math.min(1, commonCause * variant.commonCauseBy),
  };
}

/** Every fault of the period: the timed ones of the scenario, and those by chance. */
export function faultsOfPeriod(
  scenario: Scenario,
  periodNs: number,
  runSeed: string,
  variant: Variant = BASE,
): FaultScenario[] {
  const entries = (scenario.randomFaults ?? []).map((entry) => varied(entry, variant));
  const faults = [...timedFaults(scenario, periodNs), ...drawFaults(entries, runSeed, periodNs)];
  return faults.sort((a, b) => a.atNs - b.atNs);
}

/** Each occurrence of a fault that repeats is one. */
function timedFaults({ faults }: Scenario, periodNs: number): FaultScenario[] {
  const once: FaultScenario[] = [];
  for (const fault of faults) {
    const times = fault.everyNs > 0 ? fault.times : 1;
    for (let i = 0; i < times && fault.atNs + i * fault.everyNs < periodNs; i++) {
      once.push({ ...fault, atNs: fault.atNs + i * fault.everyNs, everyNs: 0, times: 1 });
    }
  }
  return once;
}

/** When it is over; what stays, or happens at one moment, is over when it begins. */
export function overNs({ atNs, forNs, action }: FaultScenario): number {
  const restart = action.kind === 'kill' ? action.restartAfterNs : Number.NaN;
  const lasts = restart >= 0 ? restart : forNs;
  return lasts === Number.POSITIVE_INFINITY ? atNs : atNs + lasts;
}

/**
 * The windows of a period. `tails`: how often the window that ends with a fault (by its index) was
 * found too short. Windows that touch are one.
 */
export function windowsOf(
  faults: readonly FaultScenario[],
  availability: AvailabilityScenario,
  tails: ReadonlyMap<FaultScenario, number> = new Map(),
): AvailabilityWindow[] {
  const { leadNs, periodNs } = availability;
  const windows: AvailabilityWindow[] = [];
  for (const fault of faults) {
    const over = overNs(fault);
    const end = Math.min(periodNs, over + tailNs(availability, tails.get(fault) ?? 0));
    const last = windows[windows.length - 1];
    if (last === undefined || fault.atNs - leadNs > last.toNs) {
      windows.push({
        fromNs: Math.max(0, fault.atNs - leadNs),
        toNs: end,
        faults: [fault],
        faultsOverNs: over,
      });
      continue;
    }
    windows[windows.length - 1] = {
      fromNs: last.fromNs,
      toNs: Math.max(last.toNs, end),
      faults: [...last.faults, fault],
      faultsOverNs: Math.max(last.faultsOverNs, over),
    };
  }
  return windows;
}

/** The run of a window: warm-up, then the window; its faults at their times in it. */
export function windowRun(
  scenario: Scenario,
  runSeed: string,
  window: AvailabilityWindow,
  place: { readonly point: number; readonly replication: number },
): RunPlan {
  const shiftNs = scenario.warmupNs - window.fromNs;
  const horizonNs = window.toNs + shiftNs;
  const { availability: _a, randomFaults: _r, ...rest } = scenario;
  return {
    ...place,
    seed: hashSeed(runSeed, window.fromNs),
    queue: 'two-tier',
    verify: false,
    scenario: {
      ...rest,
      horizonNs,
      workload: scenario.workload.map((w) => ({
        ...w,
        stopNs: w.stopNs >= scenario.horizonNs ? horizonNs : w.stopNs,
      })),
      faults: window.faults.map((fault) => ({ ...fault, atNs: fault.atNs + shiftNs })),
      thresholds: [],
    },
  };
}
