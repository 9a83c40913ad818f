/** Symptoms that an experiment shows: causes, each with the figures that tell it from others. */
import type { Checker } from './checker.ts';
import { type ClaimFigure, checkNames, type Where } from './claims.ts';
import type { ExperimentValue } from './fields/experiment.ts';

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

/** `wheres`, `figures`: one an entry of `value.thresholds`. */
export function readSymptoms(
  value: ExperimentValue,
  wheres: readonly Where[],
  figures: readonly ClaimFigure[],
  checker: Checker,
): Symptom[] {
  const names = value.symptoms.map(({ name }) => name);
  checkNames(value, 'symptom', names, checker);
  return value.symptoms.map(({ name, symptom }, i) => {
    const causes = new Map<string, ClaimFigure[]>();
    value.thresholds.forEach((threshold, at) => {
      if (threshold.symptom !== name) return;
      // Without a word for it, the cause is the point of the sweep.
      const point = () => (wheres[at] ?? []).flatMap(([, labels]) => labels).join(', ');
      const cause = threshold.cause === '' ? point() : threshold.cause;
      causes.set(cause, [...(causes.get(cause) ?? []), figures[at]]);
    });
    if (causes.size === 0) {
      checker.at(`symptoms[${i}]`, 'WT1606', `no threshold shows a cause of the symptom ${name}`, {
        hint: `write \`symptom: ${name}\` beside the thresholds that tell its causes apart`,
      });
    }
    return { name, symptom, causes: [...causes].map(([cause, own]) => ({ cause, figures: own })) };
  });
}
