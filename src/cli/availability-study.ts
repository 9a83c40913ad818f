/**
 * Availability over a period: asks for the runs of its windows, takes their results, and asks for
 * longer ones where a window ended before all was well. Of a result only what it says of the
 * services is kept, so a year of windows needs no more memory than those under way.
 */
import {
  measurePeriod,
  measureWindow,
  type ScenarioPoint,
  type StudiedPeriod,
  type StudiedWindow,
} from '../analyze/index.ts';
import { hashSeed } from '../core/index.ts';
import {
  type AvailabilityWindow,
  faultsOfPeriod,
  LONGER_MAX,
  overNs,
  type RunPlan,
  type RunResult,
  type Variant,
  variantsOf,
  windowRun,
  windowsOf,
} from '../run/index.ts';
import type { AvailabilityScenario, FaultScenario, Scenario } from '../scenario/index.ts';

class Period {
  readonly point: number;
  readonly replication: number;
  readonly variant: Variant;
  readonly scenario: Scenario;
  readonly availability: AvailabilityScenario;
  readonly faults: readonly FaultScenario[];
  readonly #runSeed: string;
  readonly #tails = new Map<FaultScenario, number>();
  /** By seed and horizon: what has been simulated. */
  readonly #done = new Map<string, StudiedWindow>();

  constructor(
    scenario: Scenario,
    availability: AvailabilityScenario,
    place: { readonly point: number; readonly replication: number },
    variant: Variant,
  ) {
    this.scenario = scenario;
    this.availability = availability;
    this.point = place.point;
    this.replication = place.replication;
    this.variant = variant;
    this.#runSeed = hashSeed(scenario.seed, place.replication);
    this.faults = faultsOfPeriod(scenario, availability.periodNs, this.#runSeed, variant);
  }

  windows(): AvailabilityWindow[] {
    return windowsOf(this.faults, this.availability, this.#tails);
  }

  plan(window: AvailabilityWindow): RunPlan {
    return windowRun(this.scenario, this.#runSeed, window, this);
  }

  /** Windows that have not been simulated as they are now. */
  open(): AvailabilityWindow[] {
    return this.windows().filter((window) => !this.#done.has(keyOf(window)));
  }

  take(window: AvailabilityWindow, result: RunResult): void {
    const { services, settleNs } = this.availability;
    const { warmupNs } = this.scenario;
    const measured = services.map((s) => measureWindow(result, s, warmupNs, settleNs));
    const { seed, digest, eventCount } = result;
    this.#done.set(keyOf(window), { ...window, seed, digest, eventCount, services: measured });
    const last = lastFault(window);
    const times = this.#tails.get(last) ?? 0;
    const ends = window.toNs >= this.availability.periodNs || times >= LONGER_MAX;
    if (!ends && measured.some((s) => !s.recovered)) this.#tails.set(last, times + 1);
  }

  result(): StudiedPeriod | null {
    const windows: StudiedWindow[] = [];
    for (const window of this.windows()) {
      const done = this.#done.get(keyOf(window));
      if (done === undefined) return null;
      windows.push(done);
    }
    const measured = windows.map(({ services, toNs }, i) => {
      const nextNs = windows[i + 1]?.fromNs ?? this.availability.periodNs;
      return { services, quietNs: nextNs - toNs };
    });
    return {
      point: this.point,
      replication: this.replication,
      variant: this.variant.name,
      faults: this.faults.length,
      windows,
      simulatedNs: windows.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0),
      services: measurePeriod(measured, this.availability),
    };
  }
}

function keyOf({ fromNs, toNs }: AvailabilityWindow): string {
  return `${fromNs} ${toNs}`;
}

/** The fault that keeps a window going: the one that is over last. */
function lastFault(window: AvailabilityWindow): FaultScenario {
  const { faults } = window;
  return faults.reduce((a, b) => (overNs(b) >= overNs(a) ? b : a));
}

export class AvailabilityStudy {
  readonly #periods: Period[] = [];

  constructor(points: readonly ScenarioPoint[]) {
    points.forEach(({ scenario }, point) => {
      const { availability } = scenario;
      if (availability === undefined) return;
      for (const variant of variantsOf(scenario)) {
        for (let replication = 0; replication < scenario.replications; replication++) {
          this.#periods.push(new Period(scenario, availability, { point, replication }, variant));
        }
      }
    });
  }

  /** What has to be run next, with whom to tell; empty when all is known. */
  next(): { readonly plan: RunPlan; take(result: RunResult): void }[] {
    return this.#periods.flatMap((period) =>
      period.open().map((window) => ({
        plan: period.plan(window),
        take: (result: RunResult) => period.take(window, result),
      })),
    );
  }

  /** The periods whose windows have all been simulated. */
  results(): StudiedPeriod[] {
    return this.#periods.map((period) => period.result()).filter((period) => period !== null);
  }

  get periodCount(): number {
    return this.#periods.length;
  }
}
