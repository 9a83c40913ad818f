/**
 * Why a specification is no distribution: a user's mistake, with the place inside the
 * specification.
 */

/**
 * WT2101 parameter out of range; WT2102 no such lognormal; WT2103 bad histogram; WT2104 bad
 * stall.
 */
export type DistributionErrorCode = 'WT2101' | 'WT2102' | 'WT2103' | 'WT2104';

export interface DistributionProblem {
  readonly code: DistributionErrorCode;
  /** Field inside the specification, e.g. ['stall', 'length', 'mean']; [] = the whole. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

export class DistributionError extends Error {
  readonly code: DistributionErrorCode;
  readonly problem: DistributionProblem;

  constructor(problem: DistributionProblem) {
    const where = problem.path.length === 0 ? '' : `${problem.path.join('.')}: `;
    super(`${problem.code}: ${where}${problem.message} (${problem.hint})`);
    this.name = 'DistributionError';
    this.code = problem.code;
    this.problem = problem;
  }
}
