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

/** `wheres`: one an entry of `value.thresholds`. */
export function readClaims(
  value: ExperimentValue,
  wheres: readonly Where[],
  steps: readonly AxisStep[],
  checker: Checker,
): Claim[] {
  const names = value.claims.map(({ name }) => name);
  value.thresholds.forEach(({ claim }, i) => {
    if (claim === '' || names.includes(claim)) return;
    checker.at(`thresholds[${i}].claim`, 'WT1605', `there is no claim ${claim}`, {
      expected: names.length === 0 ? 'a name of `claims`' : `one of ${names.join(', ')}`,
      nearest: nearestName(claim, names),
    });
  });
  return value.claims.map(({ name, claim, verdict, condition }, i) => {
    const figures = value.thresholds.flatMap((threshold, at) => {
      if (threshold.claim !== name) return [];
      const { metric, expect, window, shows } = threshold;
      const points = steps.flatMap((step, point) =>
        holdsAt(wheres[at] ?? [], step) ? [point] : [],
      );
      return [{ shows: shows === '' ? metric : shows, metric, expect, window, points }];
    });
    if (names.indexOf(name) !== i) {
      checker.at(`claims[${i}].name`, 'WT1011', `two claims are called ${name}`);
    } else if (figures.length === 0) {
      checker.at(`claims[${i}]`, 'WT1606', `no threshold decides the claim ${name}`, {
        hint: `write \`claim: ${name}\` beside the thresholds that decide it`,
      });
    }
    if (condition === '' && (verdict === 'true only if' || verdict === 'undecided')) {
      checker.at(`claims[${i}].condition`, 'WT1003', '`condition` is missing', {
        hint: verdict === 'undecided' ? 'say which input is not known' : 'say what must be true',
      });
    }
    return { name, claim, verdict, condition, figures };
  });
}
