/**
 * Fits rare, serially correlated stalls to a series of latencies: the two-state model of
 * `StallSpec` (src/dist). docs/calibrate.md has the equations.
 *
 * Left out: stalls that fall between two fsyncs are not seen, and of a stall that begins while the
 * disk is idle only the rest is. A run without pauses sees nearly all of them in full length.
 */
import type { DistributionSpec, StallSpec } from '../dist/index.ts';
import { distributionOf, type Latencies, latenciesOfSamples } from './latencies.ts';
import type { StallEpisode, StallFit } from './types.ts';

/** One fsync after the other, in order of their start. */
export interface LatencySeries {
  readonly startsNs: Float64Array;
  readonly latenciesNs: Float64Array;
  /** Error of one latency. */
  readonly resolutionNs: number;
}

/** A stall is at least so many times the median ... */
export const STALL_MEDIANS = 10;
/** ... and at least a fifth of etcd's default heartbeat interval of 100 ms. */
export const STALL_NS_MIN = 20e6;
/** Up to so many stall lengths are kept as they are; more are binned. */
const LENGTHS_KEPT_MAX = 200;
/** The most that a scenario accepts. */
const CORRELATION_MAX = 0.999;

export interface SeriesFit {
  readonly fit: StallFit;
  /** Latencies outside of stalls; null where the series is too coarse for them. */
  readonly body: Latencies | null;
  /** Null where no stall was seen. */
  readonly stall: StallSpec | null;
}

/** max(10 medians, 20 ms): the body of an HDD reaches further than a stall of an NVMe. */
export function stallThresholdNs(series: readonly LatencySeries[]): number {
  let count = 0;
  for (const one of series) count += one.latenciesNs.length;
  const all = new Float64Array(count);
  let at = 0;
  for (const one of series) {
    all.set(one.latenciesNs, at);
    at += one.latenciesNs.length;
  }
  all.sort();
  return Math.max(STALL_MEDIANS * (all[count >> 1] ?? 0), STALL_NS_MIN);
}

interface Tally {
  readonly episodes: StallEpisode[];
  readonly stalledNs: number[];
  readonly calmNs: number[];
  observedNs: number;
}

export function fitStalls(
  series: readonly LatencySeries[],
  thresholdNs = stallThresholdNs(series),
): SeriesFit {
  const tally: Tally = { episodes: [], stalledNs: [], calmNs: [], observedNs: 0 };
  for (const one of series) countSeries(one, thresholdNs, tally);
  const resolutionNs = series.reduce((most, one) => Math.max(most, one.resolutionNs), 0);
  const runs = tally.episodes.length;
  const stalled = tally.stalledNs.length;
  let stalledTimeNs = 0;
  for (const episode of tally.episodes) stalledTimeNs += episode.lengthNs;
  const calmSeconds = Math.max(tally.observedNs - stalledTimeNs, 1) / 1e9;
  // Each run of stalled fsyncs ends once, so of `stalled` ends `stalled - runs` were followed by
  // another stall.
  const correlation = stalled === 0 ? 0 : Math.min(CORRELATION_MAX, (stalled - runs) / stalled);
  const startPerSecond = runs / calmSeconds;
  const low = Math.max(0, runs + 2 - 2 * Math.sqrt(runs + 1));
  const high = runs + 2 + 2 * Math.sqrt(runs + 1);
  const fit: StallFit = {
    thresholdNs,
    observedSeconds: tally.observedNs / 1e9,
    fsyncs: stalled + tally.calmNs.length,
    stalledFsyncs: stalled,
    episodes: tally.episodes,
    startPerSecond,
    startPerSecondLow: low / calmSeconds,
    startPerSecondHigh: high / calmSeconds,
    correlation,
    resolutionNs,
  };
  return {
    fit,
    body: resolutionNs > 0 || tally.calmNs.length === 0 ? null : latenciesOfSamples(tally.calmNs),
    stall:
      stalled === 0
        ? null
        : {
            startPerSecond: rounded(startPerSecond),
            length: lengthOf(tally.stalledNs),
            correlation: rounded(correlation),
          },
  };
}

/** Four digits: more than any fit knows, and readable in a file. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function lengthOf(stalledNs: readonly number[]): DistributionSpec {
  if (stalledNs.length === 1) return { kind: 'constant', value: stalledNs[0] };
  return stalledNs.length <= LENGTHS_KEPT_MAX
    ? { kind: 'samples', values: [...stalledNs].sort((a, b) => a - b) }
    : distributionOf(latenciesOfSamples(stalledNs));
}

/** Adds one series: runs of stalled fsyncs, and what lies between them. */
function countSeries(series: LatencySeries, thresholdNs: number, tally: Tally): void {
  const { startsNs, latenciesNs } = series;
  const last = latenciesNs.length - 1;
  if (last < 0) return;
  tally.observedNs += startsNs[last] + latenciesNs[last] - startsNs[0];
  let runStart = -1;
  for (let i = 0; i <= last; i++) {
    const stalled = latenciesNs[i] >= thresholdNs;
    if (stalled) {
      tally.stalledNs.push(latenciesNs[i]);
      if (runStart < 0) runStart = i;
    } else tally.calmNs.push(latenciesNs[i]);
    const joins = stalled && i < last && latenciesNs[i + 1] >= thresholdNs;
    // A pause longer than the threshold separates two stalls: the disk was well in between.
    const pauseNs = i < last ? startsNs[i + 1] - (startsNs[i] + latenciesNs[i]) : 0;
    if (runStart >= 0 && !(joins && pauseNs < thresholdNs)) {
      const endNs = startsNs[i] + latenciesNs[i];
      tally.episodes.push({
        startNs: startsNs[runStart],
        lengthNs: endNs - startsNs[runStart],
        fsyncs: i - runStart + 1,
      });
      runStart = -1;
    }
  }
}

/** Buckets without their stalled part: a bucket that the threshold cuts stays. */
export function withoutStalls(latencies: Latencies, thresholdNs: number): Latencies {
  const keep = latencies.lowersNs.map((lower) => lower < thresholdNs);
  const pick = <T>(values: readonly T[]): T[] => values.filter((_, i) => keep[i]);
  const uppersNs = pick(latencies.uppersNs);
  const counts = pick(latencies.counts);
  let sumNs = latencies.sumNs;
  for (let i = 0; i < keep.length && sumNs !== null; i++) {
    if (keep[i]) continue;
    sumNs -= ((latencies.lowersNs[i] + latencies.uppersNs[i]) / 2) * latencies.counts[i];
  }
  return {
    lowersNs: pick(latencies.lowersNs),
    uppersNs,
    counts,
    count: counts.reduce((sum, count) => sum + count, 0),
    sumNs: sumNs === null || !Number.isFinite(sumNs) ? null : Math.max(0, sumNs),
    minNs: latencies.minNs,
    maxNs: uppersNs.at(-1) ?? null,
  };
}
