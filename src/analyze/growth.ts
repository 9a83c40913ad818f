/**
 * Does a queue still grow at the horizon? Then the run has no steady state, its latencies depend on
 * how long it ran, and a p99 of it would be a number without a meaning.
 *
 * The test looks at the queue's length at the ends of the four quarters of the measured time,
 * q1..q4, summed over the R replications. A queue that keeps up, however tightly, grows no faster
 * than the random walk of a server that is busy all the time with exactly its capacity: over half
 * of the measured time with A arrivals that walk moves by a standard deviation of
 * sqrt((ca2 + cs2) A / 2), where ca2 and cs2 are the squared coefficients of variation of gaps and
 * services; both are taken as 1 (Poisson arrivals, exponential services), so sqrt(A). (Heavy
 * traffic limit of the GI/G/1 queue, Kingman 1962; Whitt, Stochastic-Process Limits, chapter 9.)
 * It is called growing where all of these hold:
 *
 *   1. q4 - q2 > 3 sqrt(A): more than a critically loaded queue does once in several hundred runs;
 *   2. both of the last two quarters contribute at least a quarter of that growth (it goes on, and
 *      was not one stall that is being worked off);
 *   3. q4 >= 30, so that a handful of waiting requests is never an overload.
 *
 * So with 60,000 arrivals an open loop 2.5 % above capacity is called overloaded, and one 1 % above
 * is not: it cannot be told from full load in that time. Closed loops have a bounded queue and are
 * never called growing. Where a queue is capped, the drops tell instead.
 */

export const QUEUE_MIN = 30;
const STANDARD_DEVIATIONS = 3;
const SHARE_OF_A_QUARTER = 0.25;

export interface Growth {
  readonly growing: boolean;
  /** First quarter (0..3) of the growth that lasts until the horizon; 4 where there is none. */
  readonly sinceQuarter: number;
  /** Jobs that the queue gains in each second of measured time, one replication, last half. */
  readonly jobsPerSecond: number;
}

export const NO_GROWTH: Growth = { growing: false, sinceQuarter: 4, jobsPerSecond: 0 };

/**
 * `atQuarters`: for each replication the length at the end of each quarter of the measured time;
 * `arrivals`: of all replications in the measured time; `measuredNs`: of one replication.
 */
export function queueGrowth(
  atQuarters: readonly (readonly number[])[],
  arrivals: number,
  measuredNs: number,
): Growth {
  const runs = atQuarters.filter((quarters) => quarters.length === 4);
  if (runs.length === 0 || measuredNs <= 0) return NO_GROWTH;
  const q = [0, 0, 0, 0];
  for (const quarters of runs) for (let i = 0; i < 4; i++) q[i] += quarters[i];
  const gained = q[3] - q[1];
  const steady = Math.min(q[2] - q[1], q[3] - q[2]) >= SHARE_OF_A_QUARTER * gained;
  const beyondNoise = gained > STANDARD_DEVIATIONS * Math.sqrt(arrivals);
  if (!(beyondNoise && steady && q[3] >= QUEUE_MIN * runs.length)) return NO_GROWTH;
  // Earlier quarters belong to the growth while they contribute their part of it, too.
  const least = (SHARE_OF_A_QUARTER * gained) / 2;
  let since = 2;
  if (q[1] - q[0] >= least) since = q[0] >= least ? 0 : 1;
  return {
    growing: true,
    sinceQuarter: since,
    jobsPerSecond: (gained / runs.length) * (2e9 / measuredNs),
  };
}
