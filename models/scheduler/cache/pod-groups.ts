/**
 * Groups of pods that selectors and affinity terms cannot tell apart: same namespace, same labels,
 * terminating or not; and pods whose own affinity terms are the same.
 *
 * One idea: selectors are matched against groups, once, not against pods.
 */
import type { Affinity, Labels } from '../../objects/index.ts';
import { PodSource, type TopologyCounter } from './topology.ts';

/** Pods on nodes, by namespace. */
export interface NamespacePods {
  pods: number;
}

export class PodGroup extends PodSource {
  readonly id: number;
  readonly namespace: string;
  readonly space: NamespacePods;
  readonly labels: Labels;
  readonly terminating: boolean;

  constructor(
    id: number,
    namespace: string,
    space: NamespacePods,
    labels: Labels,
    terminating: boolean,
  ) {
    super();
    this.id = id;
    this.namespace = namespace;
    this.space = space;
    this.labels = labels;
    this.terminating = terminating;
  }
}

export class AffinityGroup extends PodSource {
  readonly namespace: string;
  readonly affinity: Affinity;
  readonly hasRequiredAnti: boolean;

  constructor(namespace: string, affinity: Affinity) {
    super();
    this.namespace = namespace;
    this.affinity = affinity;
    this.hasRequiredAnti = affinity.antiRequired.length > 0;
  }
}

/** Which groups a counter counts, and by how much. */
export interface PodMatcher {
  /** What one pod of the group adds; 0 = does not count. */
  weightOf(group: PodGroup): number;
  /** The only namespace that it looks at; null = any. */
  readonly namespace: string | null;
}

interface Watch {
  readonly counter: TopologyCounter;
  readonly matcher: PodMatcher;
}

export class PodGroups {
  readonly #byLabels = new WeakMap<Labels, PodGroup[]>();
  readonly #byContent = new Map<string, PodGroup>();
  readonly #byNamespace = new Map<string, PodGroup[]>();
  readonly #namespaceOf = new Map<TopologyCounter, string | null>();
  /** Watches by the one namespace that they look at; null: at all. */
  readonly #watches = new Map<string | null, Watch[]>();
  readonly #affinityByIdentity = new WeakMap<Affinity, AffinityGroup[]>();
  readonly #affinityByContent = new Map<string, AffinityGroup>();
  readonly affinityGroups: AffinityGroup[] = [];
  #count = 0;

  intern(namespace: string, labels: Labels, terminating: boolean): PodGroup {
    let known = this.#byLabels.get(labels);
    if (known === undefined) {
      known = [];
      this.#byLabels.set(labels, known);
    }
    for (const group of known) {
      if (group.terminating === terminating && group.namespace === namespace) return group;
    }
    const key = contentOf(namespace, labels, terminating);
    let group = this.#byContent.get(key);
    if (group === undefined) {
      group = this.#create(namespace, labels, terminating);
      this.#byContent.set(key, group);
    }
    known.push(group);
    return group;
  }

  internAffinity(namespace: string, affinity: Affinity): AffinityGroup | null {
    if (!hasPodTerms(affinity)) return null;
    let known = this.#affinityByIdentity.get(affinity);
    if (known === undefined) {
      known = [];
      this.#affinityByIdentity.set(affinity, known);
    }
    for (const group of known) if (group.namespace === namespace) return group;
    const { podRequired, podPreferred, antiRequired, antiPreferred } = affinity;
    const terms = [podRequired, podPreferred, antiRequired, antiPreferred];
    const key = `${namespace}\n${JSON.stringify(terms)}`;
    let group = this.#affinityByContent.get(key);
    if (group === undefined) {
      group = new AffinityGroup(namespace, affinity);
      this.#affinityByContent.set(key, group);
      this.affinityGroups.push(group);
    }
    known.push(group);
    return group;
  }

  /** The counter counts what the matcher matches, groups that come later included. */
  watch(counter: TopologyCounter, matcher: PodMatcher): void {
    let watches = this.#watches.get(matcher.namespace);
    if (watches === undefined) {
      watches = [];
      this.#watches.set(matcher.namespace, watches);
    }
    watches.push({ counter, matcher });
    this.#namespaceOf.set(counter, matcher.namespace);
    if (matcher.namespace !== null) {
      this.#offer(counter, matcher, this.#byNamespace.get(matcher.namespace) ?? []);
      return;
    }
    for (const groups of this.#byNamespace.values()) this.#offer(counter, matcher, groups);
  }

  unwatch(counter: TopologyCounter): void {
    counter.dispose();
    const namespace = this.#namespaceOf.get(counter);
    if (namespace === undefined) return;
    this.#namespaceOf.delete(counter);
    const left = (this.#watches.get(namespace) ?? []).filter((w) => w.counter !== counter);
    if (left.length === 0) this.#watches.delete(namespace);
    else this.#watches.set(namespace, left);
  }

  #offer(counter: TopologyCounter, matcher: PodMatcher, groups: readonly PodGroup[]): void {
    for (const group of groups) {
      const weight = matcher.weightOf(group);
      if (weight !== 0) counter.subscribe(group, weight);
    }
  }

  #create(namespace: string, labels: Labels, terminating: boolean): PodGroup {
    const groups = this.#byNamespace.get(namespace);
    const space = groups === undefined ? { pods: 0 } : groups[0].space;
    const group = new PodGroup(++this.#count, namespace, space, labels, terminating);
    if (groups === undefined) this.#byNamespace.set(namespace, [group]);
    else groups.push(group);
    for (const key of [namespace, null]) {
      for (const { counter, matcher } of this.#watches.get(key) ?? []) {
        const weight = matcher.weightOf(group);
        if (weight !== 0) counter.subscribe(group, weight);
      }
    }
    return group;
  }
}

export function hasPodTerms(affinity: Affinity): boolean {
  return (
    affinity.podRequired.length > 0 ||
    affinity.podPreferred.length > 0 ||
    affinity.antiRequired.length > 0 ||
    affinity.antiPreferred.length > 0
  );
}

function contentOf(namespace: string, labels: Labels, terminating: boolean): string {
  const keys = Object.keys(labels).sort();
  return JSON.stringify([namespace, terminating, keys.map((key) => [key, labels[key]])]);
}
