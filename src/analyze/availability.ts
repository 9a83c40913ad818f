/**
 * From the runs of windows to the availability of a period.
 *
 * Time is looked at in rows of the time series. A service is down in a row where none of its
 * requests succeeded, so load must be such that every row has successes while all is well. What
 * lies outside of windows is up: nothing failed there.
 *
 * An outage shorter than two rows can fall between them, and one of d rows counts as d - 1 to d.
 */
import { parseSelector } from '../metrics/index.ts';
import type { AvailabilityWindow, RunResult } from '../run/index.ts';
import type { AvailabilityScenario, ServiceScenario } from '../scenario/index.ts';
import { isSuccess, tellsOutcome } from './outcome.ts';

/** What one service was like in one window. */
export interface WindowService {
  readonly downNs: number;
  /** Lengths of its outages, ns, in their order. */
  readonly outagesNs: readonly number[];
  readonly succeeded: number;
  /** Requests that failed; 0 where the counters do not tell outcomes. */
  readonly failed: number;
  /** Whether it was up for all of the last `settle`. */
  readonly recovered: boolean;
  readonly downAtEnd: boolean;
}

/** By row of the time series after the warm-up: successes, and failures. */
interface Rows {
  readonly succeeded: Float64Array;
  readonly failed: Float64Array;
}

/** Counts of a service in the rows from `fromNs` on. */
function rowsOf(result: RunResult, service: ServiceScenario, fromNs: number): Rows {
  const stepNs = result.metrics.seriesIntervalNs;
  const first = Math.ceil(fromNs / stepNs);
  const count = Math.max(0, Math.floor(result.simulatedNs / stepNs) - first);
  const succeeded = new Float64Array(count);
  const failed = new Float64Array(count);
  const selector = parseSelector(service.metric);
  for (const series of result.metrics.series) {
    const counted = series.field === 'rate' || series.field === 'count';
    if (!counted || !selector.matches(series)) continue;
    const good = !tellsOutcome(series.labels) || isGood(series.labels);
    // A counter has events a second in its rows, a tally has events.
    const scale = series.field === 'rate' ? stepNs / 1e9 : 1;
    const into = good ? succeeded : failed;
    for (let row = 0; row < count; row++) {
      const value = series.values[first + row];
      if (value > 0) into[row] += Math.round(value * scale);
    }
  }
  return { succeeded, failed };
}

/** An answer that a client can use: 429 says that the server does not serve. */
function isGood(labels: RunResult['metrics']['series'][number]['labels']): boolean {
  return isSuccess(labels) || /^[123]\d\d$/.test(labels.outcome ?? labels.code ?? '');
}

/** `fromNs`: simulated time at which the window begins in its run, after the warm-up. */
export function measureWindow(
  result: RunResult,
  service: ServiceScenario,
  fromNs: number,
  settleNs: number,
): WindowService {
  const stepNs = result.metrics.seriesIntervalNs;
  const { succeeded, failed } = rowsOf(result, service, fromNs);
  const outagesNs: number[] = [];
  let down = 0;
  let current = 0;
  let lastDown = -1;
  let successes = 0;
  let failures = 0;
  for (let row = 0; row < succeeded.length; row++) {
    successes += succeeded[row];
    failures += failed[row];
    if (succeeded[row] > 0) {
      if (current > 0) outagesNs.push(current * stepNs);
      current = 0;
      continue;
    }
    down++;
    current++;
    lastDown = row;
  }
  if (current > 0) outagesNs.push(current * stepNs);
  const settled = Math.floor(settleNs / stepNs);
  return {
    downNs: down * stepNs,
    outagesNs,
    succeeded: successes,
    failed: failures,
    downAtEnd: current > 0,
    recovered: succeeded.length - 1 - lastDown >= Math.min(settled, succeeded.length),
  };
}

/** One period of one replication, for one service. */
export interface PeriodService {
  readonly service: string;
  /** Share of the time. */
  readonly availability: number;
  readonly downNs: number;
  readonly outages: number;
  readonly longestNs: number;
  readonly failed: number;
}

/** A window of the period, as measured. */
export interface MeasuredWindow {
  /** In the order of the services. */
  readonly services: readonly WindowService[];
  /** Until the next window, or the end of the period, ns. */
  readonly quietNs: number;
}

/** What did not come back in its window stays down until the next one, where all begins anew. */
export function measurePeriod(
  windows: readonly MeasuredWindow[],
  { services, periodNs }: Pick<AvailabilityScenario, 'services' | 'periodNs'>,
): PeriodService[] {
  return services.map(({ name }, i) => {
    let downNs = 0;
    let outages = 0;
    let longestNs = 0;
    let failed = 0;
    for (const window of windows) {
      const service = window.services[i];
      const afterNs = service.downAtEnd ? window.quietNs : 0;
      downNs += service.downNs + afterNs;
      failed += service.failed;
      outages += service.outagesNs.length;
      service.outagesNs.forEach((lengthNs, outage, all) => {
        const last = outage === all.length - 1;
        longestNs = Math.max(longestNs, lengthNs + (last ? afterNs : 0));
      });
    }
    return {
      service: name,
      availability: 1 - downNs / periodNs,
      downNs,
      outages,
      longestNs,
      failed,
    };
  });
}

/** A window that was simulated: a row of availability-windows.csv. */
export interface StudiedWindow extends AvailabilityWindow {
  readonly seed: string;
  readonly digest: string;
  readonly eventCount: number;
  /** In the order of the scenario's services. */
  readonly services: readonly WindowService[];
}

/** One period: a point, a replication, a variant. */
export interface StudiedPeriod {
  readonly point: number;
  readonly replication: number;
  readonly variant: string;
  readonly faults: number;
  readonly windows: readonly StudiedWindow[];
  /** Simulated time, without warm-ups. */
  readonly simulatedNs: number;
  readonly services: readonly PeriodService[];
}

/**
 * Elasticity of a figure to an input: relative change of one for that of the other, by the central
 * difference of the two drawings. Null where the figure is zero as it is.
 */
export function elasticity(base: number, more: number, less: number, by = 0.1): number | null {
  return base === 0 ? null : (more - less) / (2 * by * base);
}
