/** availability.csv, availability-estimates.csv, windows.csv: of a scenario with `availability`. */
import type {
  AvailabilityEstimate,
  PeriodService,
  StudiedPeriod,
  StudiedWindow,
} from '../../analyze/index.ts';
import { column, seconds, type Table } from '../csv.ts';
import { axesText, type OfPoint, type OfRun, pointColumns, runColumns } from './shared.ts';
import type { JudgedPoint } from './thresholds.ts';

export interface AvailabilityReport {
  readonly periods: readonly StudiedPeriod[];
  readonly estimates: readonly AvailabilityEstimate[];
  /** ns, by point. */
  readonly periodNs: readonly number[];
  /** Those that have a whole period. */
  readonly points: readonly JudgedPoint[];
}

interface PeriodRow extends OfRun {
  readonly period: StudiedPeriod;
  readonly service: PeriodService;
  readonly lengthNs: number;
}

export const availabilityTable: Table<PeriodRow> = {
  file: 'availability.csv',
  description:
    'Each period that was drawn, service by service; only where a scenario asks for `availability`.',
  order: 'point, variant, replication, service',
  columns: [
    ...runColumns<PeriodRow>(),
    column(
      'variant',
      '',
      'Empty, or the input that was 10 % larger or smaller.',
      (r) => r.period.variant,
    ),
    column('service', '', 'Name of the service.', (r) => r.service.service),
    column(
      'availability',
      'ratio',
      'Share of the period that it was up.',
      (r) => r.service.availability,
    ),
    column('down_s', 's', 'Time down.', (r) => seconds(r.service.downNs)),
    column('outages', '', 'Stretches of it.', (r) => r.service.outages),
    column('longest_s', 's', 'The longest one.', (r) => seconds(r.service.longestNs)),
    column('failed', '', 'Requests that failed, in windows.', (r) => r.service.failed),
    column('faults', '', 'Faults that were drawn.', (r) => r.period.faults),
    column('windows', '', 'Stretches that were simulated.', (r) => r.period.windows.length),
    column('simulated_s', 's', 'Their length, without warm-ups.', (r) =>
      seconds(r.period.simulatedNs),
    ),
    column('quiet_s', 's', 'The rest of the period: counted as up, not simulated.', (r) =>
      seconds(r.lengthNs - r.period.simulatedNs),
    ),
    column(
      'not_recovered',
      '',
      'Windows that ended before every service was back; it counts as down until the next one.',
      (r) => r.period.windows.filter((w) => w.services.some((s) => s.downAtEnd)).length,
    ),
  ],
};

export function* availabilityRows(report: AvailabilityReport): Generator<PeriodRow> {
  for (const period of report.periods) {
    const { point, replication } = period;
    const lengthNs = report.periodNs[point];
    for (const service of period.services) yield { point, replication, period, service, lengthNs };
  }
}

interface EstimateRow extends OfPoint {
  readonly e: AvailabilityEstimate;
}

export const availabilityEstimatesTable: Table<EstimateRow> = {
  file: 'availability-estimates.csv',
  description: 'Availability over the replications, with 95 % intervals; only with `availability`.',
  order: 'point, service',
  columns: [
    ...pointColumns<EstimateRow>(),
    column('service', '', 'Name of the service.', (r) => r.e.service),
    column('periods', '', 'Replications that were complete.', (r) => r.e.periods),
    column('availability', 'ratio', 'Mean over them.', (r) => r.e.availability.mean),
    column('availability_low', 'ratio', 'Lower bound.', (r) => r.e.availability.low),
    column('availability_high', 'ratio', 'Upper bound.', (r) => r.e.availability.high),
    column('down_s', 's', 'Mean time down in a period.', (r) => seconds(r.e.downNs.mean)),
    column('outages', '', 'Mean number of outages in a period.', (r) => r.e.outages.mean),
    column('longest_s', 's', 'The longest outage of all.', (r) => seconds(r.e.longestNs.max)),
    column(
      'closed_form',
      'ratio',
      'Availability of a majority of members that fail and are mended, and do nothing else; empty where other faults act as well.',
      (r) => r.e.closedForm?.availability ?? null,
    ),
    column(
      'elasticity_mtbf',
      '',
      'Relative change of the time down for that of every MTBF; empty where not asked for.',
      (r) => r.e.elasticities.mtbf,
    ),
    column('elasticity_mttr', '', 'The same for every MTTR.', (r) => r.e.elasticities.mttr),
    column(
      'elasticity_common_cause',
      '',
      'The same for the share of common causes.',
      (r) => r.e.elasticities.commonCause,
    ),
  ],
};

export function* availabilityEstimateRows(report: AvailabilityReport): Generator<EstimateRow> {
  for (const e of report.estimates) yield { point: e.point, axes: axesText(e.axes), e };
}

interface WindowRow extends OfRun {
  readonly period: StudiedPeriod;
  readonly window: StudiedWindow;
}

export const windowsTable: Table<WindowRow> = {
  file: 'windows.csv',
  description: 'Each stretch of a period that was simulated; only with `availability`.',
  order: 'point, variant, replication, time',
  columns: [
    ...runColumns<WindowRow>(),
    column('variant', '', 'As in availability.csv.', (r) => r.period.variant),
    column('from_s', 's', 'Where it begins in the period.', (r) => seconds(r.window.fromNs)),
    column('to_s', 's', 'Where it ends.', (r) => seconds(r.window.toNs)),
    column('faults', '', 'Names of the faults in it, separated by commas.', (r) =>
      r.window.faults.map(({ name }) => name).join(','),
    ),
    column('down_s', 's', 'Time down of each service, in their order.', (r) =>
      r.window.services.map(({ downNs }) => `${seconds(downNs)}`).join(' '),
    ),
    column('seed', '', 'Seed of its run.', (r) => r.window.seed),
    column('digest', '', 'Hash over all of its events.', (r) => r.window.digest),
    column('events', '', 'Number of its events.', (r) => r.window.eventCount),
  ],
};

export function* windowRows(report: AvailabilityReport): Generator<WindowRow> {
  for (const period of report.periods) {
    const { point, replication } = period;
    for (const window of period.windows) yield { point, replication, period, window };
  }
}
