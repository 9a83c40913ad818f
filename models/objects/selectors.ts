/** Label selectors, node selector terms, tolerations (apimachinery labels, component-helpers). */
import type {
  LabelSelector,
  Labels,
  NodeSelectorTerm,
  SelectorRequirement,
  Taint,
  Toleration,
} from './types.ts';

export const EVERYTHING: LabelSelector = { requirements: [] };

export function selectorOf(labels: Labels): LabelSelector {
  const requirements = Object.entries(labels).map(
    ([key, value]): SelectorRequirement => ({ key, operator: 'In', values: [value] }),
  );
  return { requirements };
}

export function matches(selector: LabelSelector, labels: Labels): boolean {
  for (const requirement of selector.requirements) {
    if (!requirementHolds(requirement, labels[requirement.key])) return false;
  }
  return true;
}

/** `value` undefined: no such label. */
export function requirementHolds(r: SelectorRequirement, value: string | undefined): boolean {
  switch (r.operator) {
    case 'In':
      return value !== undefined && r.values.includes(value);
    case 'NotIn':
      return value === undefined || !r.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && isInteger(value) && Number(value) > Number(r.values[0]);
    case 'Lt':
      return value !== undefined && isInteger(value) && Number(value) < Number(r.values[0]);
  }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

/** A term without requirements matches nothing (component-helpers nodeaffinity). */
export function termMatches(term: NodeSelectorTerm, labels: Labels, name: string): boolean {
  if (term.matchExpressions.length === 0 && term.matchFields.length === 0) return false;
  for (const r of term.matchExpressions) if (!requirementHolds(r, labels[r.key])) return false;
  for (const r of term.matchFields) {
    if (!requirementHolds(r, r.key === 'metadata.name' ? name : undefined)) return false;
  }
  return true;
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  if (toleration.key === '') return toleration.operator === 'Exists';
  if (toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || toleration.value === taint.value;
}
