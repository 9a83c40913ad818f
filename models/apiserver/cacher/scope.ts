/** What a list or a watch asks for: a namespace, labels, a field. */
import type { FieldSelector, KubeObject, LabelSelector, Pod } from '../../objects/index.ts';
import { matches } from '../../objects/index.ts';

export interface Scope {
  /** '' = all. */
  readonly namespace: string;
  readonly labelSelector: LabelSelector | null;
  readonly fieldSelector: FieldSelector | null;
}

export const EVERYTHING_IN_SCOPE: Scope = {
  namespace: '',
  labelSelector: null,
  fieldSelector: null,
};

export function inScope(scope: Scope, object: KubeObject): boolean {
  const { namespace, labelSelector, fieldSelector } = scope;
  if (namespace !== '' && object.meta.namespace !== namespace) return false;
  if (fieldSelector !== null && fieldOf(object, fieldSelector.field) !== fieldSelector.value) {
    return false;
  }
  return labelSelector === null || matches(labelSelector, object.meta.labels);
}

export function isEverything(scope: Scope): boolean {
  return scope.namespace === '' && scope.labelSelector === null && scope.fieldSelector === null;
}

export function fieldOf(object: KubeObject, field: FieldSelector['field']): string {
  if (field === 'metadata.name') return object.meta.name;
  return nodeNameOf(object);
}

/** '' for what is no pod, or not bound. */
export function nodeNameOf(object: KubeObject): string {
  return object.resource === 'pods' ? (object as Pod).nodeName : '';
}
