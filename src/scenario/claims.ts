/** Claims of an experiment, with the thresholds that decide them. */
import type { Checker } from './checker.ts';
import type { ExperimentValue, VERDICTS } from './fields/experiment.ts';
import { nearestName } from './nearest.ts';
import type { AxisStep } from './sweep.ts';

/** A claim and the thresholds that decide it; docs/claims.md is made of them. */
export interface Claim {
  readonly name: string;
  readonly claim: string;
  readonly verdict: (typeof VERDICTS)[number];
  readonly condition: string;
  readonly figures: readonly ClaimFigure[];
}

/** A threshold of the experiment, as written, and the points where it is judged. */
export interface ClaimFigure {
  readonly shows: string;
  readonly metric: string;
  readonly expect: string;
  readonly window: string;
  readonly points: readonly number[];
}

/** Values that axes must have, in the words of the results. */
export type Where = readonly (readonly [string, readonly string[]])[];

export function holdsAt(where: Where, step: AxisStep): boolean {
  return where.every(([column, labels]) => labels.includes(String(step.labels[column])));
}

/** One an entry of `value.thresholds`, as are `wheres`. */
export function readFigures(
  { thresholds }: ExperimentValue,
  wheres: readonly Where[],
  steps: readonly AxisStep[],
): ClaimFigure[] {
  return thresholds.map(({ metric, expect, window, shows }, i) => {
    const where = wheres[i] ?? [];
    const points = steps.flatMap((step, point) => (holdsAt(where, step) ? [point] : []));
    return { shows: shows === '' ? metric : shows, metric, expect, window, points };
  });
}

/** The names of claims or symptoms are unique, and thresholds refer to those that there are. */
export function checkNames(
  value: ExperimentValue,
  what: 'claim' | 'symptom',
  names: readonly string[],
  checker: Checker,
): void {
  checker.duplicates(`${what}s`, names, what);
  value.thresholds.forEach(({ [what]: name }, i) => {
    if (name === '' || names.includes(name)) return;
    checker.at(`thresholds[${i}].${what}`, 'WT1605', `there is no ${what} ${name}`, {
      expected: names.length === 0 ? `a name of \`${what}s\`` : `one of ${names.join(', ')}`,
      nearest: nearestName(name, names),
    });
  });
}

/** `figures`: one an entry of `value.thresholds`. */
export function readClaims(
  value: ExperimentValue,
  figures: readonly ClaimFigure[],
  checker: Checker,
): Claim[] {
  const names = value.claims.map(({ name }) => name);
  checkNames(value, 'claim', names, checker);
  return value.claims.map(({ name, claim, verdict, condition }, i) => {
    const own = figures.filter((_, at) => value.thresholds[at].claim === name);
    if (own.length === 0) {
      checker.at(`claims[${i}]`, 'WT1606', `no threshold decides the claim ${name}`, {
        hint: `write \`claim: ${name}\` beside the thresholds that decide it`,
      });
    }
    if (condition === '' && (verdict === 'true only if' || verdict === 'undecided')) {
      checker.at(`claims[${i}].condition`, 'WT1003', '`condition` is missing', {
        hint: verdict === 'undecided' ? 'say which input is not known' : 'say what must be true',
      });
    }
    return { name, claim, verdict, condition, figures: own };
  });
}
