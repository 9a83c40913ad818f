/**
 * Availability of a k-of-n system in closed form, to hold simulations against: units that fail and
 * are mended independently of each other, and a common cause that takes all of them down at once.
 *
 * Every unit, and the common cause, alternates between up (mean MTBF) and down (mean MTTR), each
 * for itself; a unit is up where its own process is and the common cause does not act. Then only
 * the means matter, whatever the distributions: availability and failure frequency of alternating
 * renewal processes (Ross, Stochastic Processes, section 3.4; Rausand and Hoyland, System
 * Reliability Theory, sections 5.2 and 9.3).
 *
 * *Left out:* whatever a real cluster does besides: elections, start-up, catching up.
 */

/** Mean times of one alternating process, in any unit of time, the same everywhere. */
export interface FailureRepair {
  /** Mean time up before a failure; Infinity where it never fails. */
  readonly mtbf: number;
  /** Mean time down. */
  readonly mttr: number;
}

export interface KOfNSystem {
  readonly n: number;
  /** Units that must be up: of etcd a majority. */
  readonly k: number;
  readonly unit: FailureRepair;
  /** Takes all units down at once; null = there is none. */
  readonly commonCause: FailureRepair | null;
}

export interface KOfNAvailability {
  /** Long-run share of time with at least k units up. */
  readonly availability: number;
  /** Outages of the system in one unit of time. */
  readonly outagesPerTime: number;
  /** Mean length of one; 0 where there is none. */
  readonly meanOutage: number;
}

/** Members that a quorum of n takes. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1;
}

/** Long-run share of time up. */
export function unitAvailability({ mtbf, mttr }: FailureRepair): number {
  return mtbf === Number.POSITIVE_INFINITY ? 1 : mtbf / (mtbf + mttr);
}

/**
 * A failure of one unit ends the system's service where exactly k are up: C(n, k) a^k (1-a)^(n-k),
 * k units of which fail, each at the rate 1 / mtbf while it is up.
 */
export function kOfNAvailability(system: KOfNSystem): KOfNAvailability {
  const { n, k, unit, commonCause } = system;
  const up = unitAvailability(unit);
  const spread = binomial(n, up);
  let enough = 0;
  for (let i = n; i >= k; i--) enough += spread[i];
  const common = commonCause === null ? 1 : unitAvailability(commonCause);
  const commonRate = commonCause === null ? 0 : 1 / commonCause.mtbf;
  const availability = enough * common;
  const outagesPerTime = common * ((spread[k] * k) / unit.mtbf + enough * commonRate);
  const meanOutage = outagesPerTime === 0 ? 0 : (1 - availability) / outagesPerTime;
  return { availability, outagesPerTime, meanOutage };
}

/** Probability of 0..n units up. */
function binomial(n: number, p: number): number[] {
  let row = [1];
  for (let unit = 0; unit < n; unit++) {
    const next = new Array<number>(row.length + 1).fill(0);
    row.forEach((probability, i) => {
      next[i] += probability * (1 - p);
      next[i + 1] += probability * p;
    });
    row = next;
  }
  return row;
}
