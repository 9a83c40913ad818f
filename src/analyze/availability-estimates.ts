/** Availability over the replications: intervals, elasticities, and the closed form beside them. */
import { mean } from '../dist/index.ts';
import type { RandomFaultScenario, Scenario } from '../scenario/index.ts';
import { elasticity, type PeriodService, type StudiedPeriod } from './availability.ts';
import { type KOfNAvailability, kOfNAvailability, majority } from './closed-form.ts';
import { type Estimate, estimate } from './estimate.ts';
import type { Axes, ScenarioPoint } from './summary.ts';

export interface AvailabilityEstimate {
  readonly point: number;
  readonly axes: Axes;
  readonly service: string;
  readonly periods: number;
  readonly availability: Estimate;
  /** Of one period, ns. */
  readonly downNs: Estimate;
  readonly outages: Estimate;
  readonly longestNs: Estimate;
  /** Of a quorum of members with these faults alone; null where other faults act as well. */
  readonly closedForm: KOfNAvailability | null;
  /** Of the time down, to the mean time between faults and so on; null where not asked for. */
  readonly elasticities: {
    readonly mtbf: number | null;
    readonly mttr: number | null;
    readonly commonCause: number | null;
  };
}

/** In the order of points and services. `periods` in any order. */
export function estimateAvailability(
  points: readonly ScenarioPoint[],
  periods: readonly StudiedPeriod[],
): AvailabilityEstimate[] {
  const estimates: AvailabilityEstimate[] = [];
  points.forEach(({ scenario, axes }, point) => {
    const closedForm = closedFormOf(scenario);
    scenario.availability?.services.forEach(({ name }, i) => {
      const of = (variant: string): PeriodService[] =>
        periods
          .filter((period) => period.point === point && period.variant === variant)
          .sort((a, b) => a.replication - b.replication)
          .map((period) => period.services[i]);
      const base = of('');
      const figure = (get: (service: PeriodService) => number) => estimate(base.map(get));
      const availability = figure((s) => s.availability);
      const downNs = figure((s) => s.downNs);
      const outages = figure((s) => s.outages);
      const longestNs = figure((s) => s.longestNs);
      if (availability === null || downNs === null || outages === null || longestNs === null)
        return;
      const of10 = (input: string) => elasticityOf(base, of(`${input}+10%`), of(`${input}-10%`));
      estimates.push({
        point,
        axes: axes ?? {},
        service: name,
        periods: base.length,
        availability: withinOne(availability),
        downNs,
        outages,
        longestNs,
        closedForm,
        elasticities: {
          mtbf: of10('mtbf'),
          mttr: of10('mttr'),
          commonCause: of10('commonCause'),
        },
      });
    });
  });
  return estimates;
}

/** Student's interval of a share may reach beyond what a share can be. */
function withinOne(of: Estimate): Estimate {
  const clip = (bound: number | null) => (bound === null ? null : Math.min(1, Math.max(0, bound)));
  return { ...of, low: clip(of.low), high: clip(of.high) };
}

function elasticityOf(
  base: readonly PeriodService[],
  more: readonly PeriodService[],
  less: readonly PeriodService[],
): number | null {
  if (more.length < base.length || less.length < base.length) return null;
  const downOf = (services: readonly PeriodService[]) =>
    services.reduce((sum, { downNs }) => sum + downNs, 0);
  return elasticity(downOf(base), downOf(more), downOf(less));
}

/**
 * Where one entry kills or pauses every member by itself, and nothing else goes wrong: a majority
 * of them has to be up. The rate of a unit is what the common cause leaves of it.
 */
export function closedFormOf({ etcd, faults, randomFaults }: Scenario): KOfNAvailability | null {
  if (faults.length > 0 || randomFaults?.length !== 1) return null;
  const [entry] = randomFaults;
  const n = etcd.members.length;
  if (!downsMembers(entry, n) || entry.mttr === null) return null;
  const mtbf = mean(entry.mtbf);
  const mttr = mean(entry.mttr);
  const { commonCause } = entry;
  return kOfNAvailability({
    n,
    k: majority(n),
    unit: { mtbf: mtbf / (1 - commonCause), mttr },
    commonCause: commonCause === 0 ? null : { mtbf: mtbf / commonCause, mttr },
  });
}

function downsMembers({ action, units }: RandomFaultScenario, members: number): boolean {
  if (action.kind !== 'kill' && action.kind !== 'pause') return false;
  return units.length === members && units.every(({ unit }) => /^etcd\/\d+$/.test(unit));
}
