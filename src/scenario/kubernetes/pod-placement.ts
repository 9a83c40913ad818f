/**
 * Where pods may and should run, in Kubernetes' own syntax: affinity, tolerations, spread.
 *
 * kubernetes/api core/v1 types.go. `matchLabelKeys` become requirements for the pod's own labels
 * (KEP-3633, KEP-3243).
 */

import type {
  Affinity,
  LabelSelector,
  Labels,
  NodeSelectorTerm,
  PodAffinityTerm,
  SelectorRequirement,
  TaintEffect,
  Toleration,
  TopologySpreadConstraint,
} from '../../../models/objects/index.ts';
import { EVERYTHING, selectorOf } from '../../../models/objects/index.ts';
import type { Cursor } from './cursor.ts';

const S = 1e9;
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const EFFECTS: readonly ('' | TaintEffect)[] = ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function affinityOf(affinity: Cursor, labels: Labels): Affinity | null {
  affinity.only(['nodeAffinity', 'podAffinity', 'podAntiAffinity']);
  const node = affinity.field('nodeAffinity').only([REQUIRED, PREFERRED]);
  const pod = affinity.field('podAffinity').only([REQUIRED, PREFERRED]);
  const anti = affinity.field('podAntiAffinity').only([REQUIRED, PREFERRED]);
  if (!node.given && !pod.given && !anti.given) return null;
  const required = node.field(REQUIRED).only(['nodeSelectorTerms']);
  const term = (item: Cursor) => podTermOf(item, labels);
  const weighted = (from: Cursor) =>
    from
      .field(PREFERRED)
      .items()
      .map((item) => ({
        weight: weightOf(item.only(['weight', 'podAffinityTerm'])),
        term: term(item.field('podAffinityTerm')),
      }));
  return {
    nodeRequired: required.given
      ? required.field('nodeSelectorTerms').items().map(nodeTermOf)
      : null,
    nodePreferred: node
      .field(PREFERRED)
      .items()
      .map((item) => ({
        weight: weightOf(item.only(['weight', 'preference'])),
        term: nodeTermOf(item.field('preference')),
      })),
    podRequired: pod.field(REQUIRED).items().map(term),
    podPreferred: weighted(pod),
    antiRequired: anti.field(REQUIRED).items().map(term),
    antiPreferred: weighted(anti),
  };
}

function weightOf(item: Cursor): number {
  return item.field('weight').integer(1, 1, 100);
}

export function nodeTermOf(term: Cursor): NodeSelectorTerm {
  term.only(['matchExpressions', 'matchFields']);
  return {
    matchExpressions: term.field('matchExpressions').items().map(requirementOf),
    matchFields: term.field('matchFields').items().map(requirementOf),
  };
}

function requirementOf(item: Cursor): SelectorRequirement {
  item.only(['key', 'operator', 'values']);
  const operator = item
    .field('operator')
    .choice(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'], 'In');
  const values = item
    .field('values')
    .items()
    .map((value) => value.text());
  const alone = operator === 'Exists' || operator === 'DoesNotExist';
  const one = operator === 'Gt' || operator === 'Lt';
  if (alone ? values.length > 0 : one ? values.length !== 1 : values.length === 0) {
    const expected = alone ? 'none' : one ? 'one' : 'at least one';
    item.wrong('WT1109', `${operator} with ${values.length} values`, { expected });
  }
  return { key: item.field('key').name(), operator, values };
}

/** null where none is given: it matches nothing. An empty one matches everything. */
export function labelSelectorOf(selector: Cursor): LabelSelector | null {
  if (!selector.given) return null;
  selector.only(['matchLabels', 'matchExpressions']);
  const requirements = [
    ...selectorOf(selector.field('matchLabels').texts()).requirements,
    ...selector.field('matchExpressions').items().map(requirementOf),
  ];
  return requirements.length === 0 ? EVERYTHING : { requirements };
}

function withOwnLabels(
  selector: LabelSelector | null,
  keys: Cursor,
  operator: 'In' | 'NotIn',
  labels: Labels,
): LabelSelector | null {
  const requirements = keys
    .items()
    .map((key) => key.text())
    .filter((key) => Object.hasOwn(labels, key))
    .map((key): SelectorRequirement => ({ key, operator, values: [labels[key]] }));
  if (selector === null || requirements.length === 0) return selector;
  return { requirements: [...selector.requirements, ...requirements] };
}

function podTermOf(term: Cursor, labels: Labels): PodAffinityTerm {
  term.only([
    'labelSelector',
    'topologyKey',
    'namespaces',
    'namespaceSelector',
    'matchLabelKeys',
    'mismatchLabelKeys',
  ]);
  const own = labelSelectorOf(term.field('labelSelector'));
  const matched = withOwnLabels(own, term.field('matchLabelKeys'), 'In', labels);
  return {
    labelSelector: withOwnLabels(matched, term.field('mismatchLabelKeys'), 'NotIn', labels),
    topologyKey: term.field('topologyKey').name(),
    namespaces: term
      .field('namespaces')
      .items()
      .map((name) => name.text()),
    namespaceSelector: labelSelectorOf(term.field('namespaceSelector')),
  };
}

export function tolerationOf(item: Cursor): Toleration {
  item.only(['key', 'operator', 'value', 'effect', 'tolerationSeconds']);
  const key = item.field('key').text();
  const operator = item.field('operator').choice(['Equal', 'Exists'], 'Equal');
  if (key === '' && operator === 'Equal') {
    item.wrong('WT1109', 'a toleration without a key', { expected: 'operator: Exists' });
  }
  const seconds = item.field('tolerationSeconds');
  return {
    key,
    operator,
    value: item.field('value').text(),
    effect: item.field('effect').choice(EFFECTS, ''),
    // Negative ones evict at once, as 0.
    tolerationNs: seconds.given
      ? Math.max(0, seconds.integer(0, Number.MIN_SAFE_INTEGER, 2 ** 31)) * S
      : Number.POSITIVE_INFINITY,
  };
}

export function spreadOf(item: Cursor, labels: Labels): TopologySpreadConstraint {
  item.only([
    'maxSkew',
    'topologyKey',
    'whenUnsatisfiable',
    'labelSelector',
    'minDomains',
    'nodeAffinityPolicy',
    'nodeTaintsPolicy',
    'matchLabelKeys',
  ]);
  const own = labelSelectorOf(item.field('labelSelector'));
  const selector = withOwnLabels(own, item.field('matchLabelKeys'), 'In', labels);
  return {
    maxSkew: item.field('maxSkew').integer(1, 1),
    topologyKey: item.field('topologyKey').name(),
    whenUnsatisfiable: item
      .field('whenUnsatisfiable')
      .choice(['DoNotSchedule', 'ScheduleAnyway'], 'DoNotSchedule'),
    labelSelector: selector ?? NOTHING,
    minDomains: item.field('minDomains').integer(1, 1),
    nodeAffinityPolicy: item.field('nodeAffinityPolicy').choice(['Honor', 'Ignore'], 'Honor'),
    nodeTaintsPolicy: item.field('nodeTaintsPolicy').choice(['Honor', 'Ignore'], 'Ignore'),
  };
}

/** No label has an empty key, so that this matches no pod. */
const NOTHING: LabelSelector = { requirements: [{ key: '', operator: 'Exists', values: [] }] };
