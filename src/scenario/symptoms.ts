/** Symptoms that an experiment shows: causes, each with the figures that tell it from others. */
import type { Checker } from './checker.ts';
import { type ClaimFigure, holdsAt, type Where } from './claims.ts';
import type { ExperimentValue } from './fields/experiment.ts';
import { nearestName } from './nearest.ts';
import type { AxisStep } from './sweep.ts';

/** What somebody sees, and what may be behind it; docs/symptoms.md is made of them. */
export interface Symptom {
  readonly name: string;
  readonly symptom: string;
  readonly causes: readonly SymptomCause[];
}

export interface SymptomCause {
  readonly cause: string;
  readonly figures: readonly ClaimFigure[];
}

/** `wheres`: one an entry of `value.thresholds`. */
export function readSymptoms(
  value: ExperimentValue,
  wheres: readonly Where[],
  steps: readonly AxisStep[],
  checker: Checker,
): Symptom[] {
  const names = value.symptoms.map(({ name }) => name);
  const causes = new Map<string, Map<string, ClaimFigure[]>>(
    names.map((name) => [name, new Map()]),
  );
  value.thresholds.forEach((threshold, i) => {
    const { symptom, cause, metric, expect, window, shows } = threshold;
    if (symptom === '') return;
    const known = causes.get(symptom);
    if (known === undefined) {
      checker.at(`thresholds[${i}].symptom`, 'WT1605', `there is no symptom ${symptom}`, {
        expected: names.length === 0 ? 'a name of `symptoms`' : `one of ${names.join(', ')}`,
        nearest: nearestName(symptom, names),
      });
      return;
    }
    const where = wheres[i] ?? [];
    const points = steps.flatMap((step, point) => (holdsAt(where, step) ? [point] : []));
    const figure = { shows: shows === '' ? metric : shows, metric, expect, window, points };
    // Without a word for it, the cause is the point of the sweep.
    const text = cause === '' ? where.flatMap(([, labels]) => labels).join(', ') : cause;
    const figures = known.get(text);
    if (figures === undefined) known.set(text, [figure]);
    else figures.push(figure);
  });
  return value.symptoms.map(({ name, symptom }, i) => {
    const own = causes.get(name) ?? new Map<string, ClaimFigure[]>();
    if (names.indexOf(name) !== i) {
      checker.at(`symptoms[${i}].name`, 'WT1011', `two symptoms are called ${name}`);
    } else if (own.size === 0) {
      checker.at(`symptoms[${i}]`, 'WT1606', `no threshold shows a cause of the symptom ${name}`, {
        hint: `write \`symptom: ${name}\` beside the thresholds that tell its causes apart`,
      });
    }
    return { name, symptom, causes: [...own].map(([cause, figures]) => ({ cause, figures })) };
  });
}
