/**
 * Thresholds of a scenario with `availability`. Its windows are runs of their own, so what is
 * judged are figures of whole periods, one value a replication; an interval over them decides as
 * for any other threshold.
 */
import { parseSelector } from '../metrics/index.ts';
import type { ThresholdScenario } from '../scenario/index.ts';
import type { PeriodService } from './availability.ts';
import type { AvailabilityEstimate } from './availability-estimates.ts';
import { isUpper, readExpectation } from './expectation.ts';
import { unitOfName } from './metric-row.ts';
import { expectedOf, judgeByValues, NO_DATA, type ThresholdResult } from './thresholds.ts';

const NS_PER_S = 1e9;

/** What one period says of a service. */
type OfPeriod = (service: PeriodService, estimate: AvailabilityEstimate) => number | null;

const OF_PERIODS: Readonly<Record<string, OfPeriod>> = {
  wavetank_service_up_ratio: (service) => service.availability,
  wavetank_service_down_seconds: (service) => service.downNs / NS_PER_S,
  wavetank_service_outages_total: (service) => service.outages,
  wavetank_service_longest_outage_seconds: (service) => service.longestNs / NS_PER_S,
  /** Time down against what members that only fail and are mended would be: 1 = the same. */
  wavetank_service_down_to_closed_form_ratio: (service, { closedForm }) =>
    closedForm === null || closedForm.availability === 1
      ? null
      : (1 - service.availability) / (1 - closedForm.availability),
};

/** Of all periods of a point together, with the label `input`. */
const ELASTICITY = 'wavetank_service_down_elasticity';
const INPUTS = ['mtbf', 'mttr', 'commonCause'] as const;

/** `periods` of each service: in the order of the replications. */
export function evaluateAvailabilityThreshold(
  threshold: ThresholdScenario,
  estimates: readonly AvailabilityEstimate[],
  periods: readonly (readonly PeriodService[])[],
): ThresholdResult {
  const expectation = readExpectation(threshold.expect);
  const { name } = parseSelector(threshold.metric);
  const unit = expectation.statistic === 'availability' ? 'ratio' : unitOfName(name);
  const expected = expectedOf(threshold, expectation, unit);
  const series = valuesOf(threshold.metric, estimates, periods);
  const judged = series.map((values) =>
    judgeByValues(reduced(values, expectation.statistic), expectation, expected.limit),
  );
  const upper = isUpper(expectation.operator);
  const worst = judged.reduce<(typeof judged)[number] | null>((a, b) => {
    if (a === null || a.value === null || b.value === null) return a ?? b;
    return (upper ? b.value > a.value : b.value < a.value) ? b : a;
  }, null);
  return {
    ...expected,
    ...(worst ?? { ...NO_DATA, note: 'no figure of a period matches' }),
  };
}

/** A value a replication, for every service that the selector matches. */
function valuesOf(
  metric: string,
  estimates: readonly AvailabilityEstimate[],
  periods: readonly (readonly PeriodService[])[],
): (readonly (number | null)[])[] {
  const selector = parseSelector(metric);
  const found: (readonly (number | null)[])[] = [];
  estimates.forEach((e, i) => {
    const labels = { service: e.service };
    for (const [name, of] of Object.entries(OF_PERIODS)) {
      if (selector.matches({ name, labels })) found.push(periods.map((p) => of(p[i], e)));
    }
    for (const input of INPUTS) {
      const series = { name: ELASTICITY, labels: { ...labels, input } };
      if (selector.matches(series)) found.push([e.elasticities[input]]);
    }
  });
  return found;
}

/** The largest and the smallest are of all periods; quantiles of so few values are not told. */
function reduced(
  values: readonly (number | null)[],
  statistic: string,
): readonly (number | null)[] {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return [];
  switch (statistic) {
    case 'max':
      return [Math.max(...known)];
    case 'min':
      return [Math.min(...known)];
    case 'mean':
    case 'count':
    case 'availability':
      return values;
    default:
      return [];
  }
}
