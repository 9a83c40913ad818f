/**
 * InterPodAffinity: terms of the incoming pod against pods that run, and terms of these against the
 * incoming one.
 *
 * One counter for each topology key and question; a node is asked by reading its value's count.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring}.go.
 */
import { type Affinity, type Labels, matches, type PodAffinityTerm } from '../../objects/index.ts';
import type { NodeTable } from '../cache/node-table.ts';
import type { AffinityGroup, PodGroup, PodGroups, PodMatcher } from '../cache/pod-groups.ts';
import { type TopologyColumn, TopologyCounter } from '../cache/topology.ts';
import {
  F_POD_AFFINITY,
  FEASIBLE,
  POD_AFFINITY,
  POD_ANTI_AFFINITY,
  POD_EXISTING_ANTI_AFFINITY,
  resolvable,
  unresolvable,
} from '../framework/verdict.ts';
import { MAX_NODE_SCORE } from './resource-scores.ts';

/** InterPodAffinityArgs.hardPodAffinityWeight. */
const HARD_POD_AFFINITY_WEIGHT = 1;

const NO_TERMS: readonly PodAffinityTerm[] = Object.freeze([]);
const NO_LABELS: Labels = Object.freeze({});

export interface PodAffinityContext {
  readonly table: NodeTable;
  readonly groups: PodGroups;
  namespaceLabels(namespace: string): Labels | undefined;
  /** Changes when a namespace's labels do. */
  readonly namespaceVersion: number;
}

/** framework/types.go `AffinityTerm.Matches`; `owner` is the namespace of the pod with the term. */
export function termMatchesPod(
  term: PodAffinityTerm,
  owner: string,
  namespace: string,
  labels: Labels,
  namespaceLabels: Labels,
): boolean {
  if (term.labelSelector === null) return false;
  const ownOnly = term.namespaces.length === 0 && term.namespaceSelector === null;
  const inNamespace = ownOnly
    ? namespace === owner
    : term.namespaces.includes(namespace) ||
      (term.namespaceSelector !== null && matches(term.namespaceSelector, namespaceLabels));
  return inNamespace && matches(term.labelSelector, labels);
}

type WeighPods = (group: PodGroup) => number;

class TermMatcher implements PodMatcher {
  readonly namespace: string | null;
  readonly #weigh: WeighPods;

  constructor(namespace: string | null, weigh: WeighPods) {
    this.namespace = namespace;
    this.#weigh = weigh;
  }

  weightOf(group: PodGroup): number {
    return this.#weigh(group);
  }
}

/** State for one shape of incoming pods; made again when groups with terms or namespaces change. */
export class PodAffinityState {
  readonly #context: PodAffinityContext;
  readonly #group: PodGroup;
  readonly #affinity: Affinity | null;
  #groupsSeen = -1;
  #namespacesSeen = -1;
  #placementSeen = -1;
  /** Required affinity: one counter a key, of pods that match all terms. */
  #required: { column: TopologyColumn; counter: TopologyCounter }[] = [];
  #anti: TopologyCounter[] = [];
  /** Of pods whose required anti-affinity matches the incoming pod, by key. */
  readonly #existingByKey = new Map<string, TopologyCounter>();
  #existingAnti: TopologyCounter[] = [];
  /** Of all preferences, both ways, by key. */
  readonly #scoreByKey = new Map<string, TopologyCounter>();
  #score: TopologyCounter[] = [];
  /** All terms of the pod are about its own namespace. */
  readonly isOwnNamespaceOnly: boolean;
  #matchesItself = false;
  #raw = new Float64Array(64);

  constructor(context: PodAffinityContext, group: PodGroup, affinity: Affinity | null) {
    this.#context = context;
    this.#group = group;
    this.#affinity = affinity;
    this.isOwnNamespaceOnly = termsOf(affinity).every(
      (term) => term.namespaces.length === 0 && term.namespaceSelector === null,
    );
  }

  /** True where some node may fail the filter. */
  preFilter(): boolean {
    const { groups, namespaceVersion, table } = this.#context;
    if (this.#groupsSeen < 0 || this.#namespacesSeen !== namespaceVersion) {
      this.dispose();
      this.#namespacesSeen = namespaceVersion;
      this.#build();
      this.#placementSeen = table.placementVersion;
    }
    if (this.#groupsSeen !== groups.affinityGroups.length) this.#addGroups();
    if (this.#placementSeen !== table.placementVersion) {
      this.#placementSeen = table.placementVersion;
      for (const counter of this.#counters()) counter.recount();
    }
    if (this.#required.length > 0) return true;
    for (const counter of this.#anti) if (counter.nonZero > 0) return true;
    for (const counter of this.#existingAnti) if (counter.nonZero > 0) return true;
    return false;
  }

  get hasScore(): boolean {
    for (const counter of this.#score) if (counter.nonZero > 0) return true;
    return false;
  }

  /** Required terms of the pod itself, which make PreFilter look at all pods. */
  get requiredTerms(): number {
    return (this.#affinity?.podRequired.length ?? 0) + (this.#affinity?.antiRequired.length ?? 0);
  }

  get preferredTerms(): number {
    return (this.#affinity?.podPreferred.length ?? 0) + (this.#affinity?.antiPreferred.length ?? 0);
  }

  get existingMatched(): number {
    return sumOf(this.#existingAnti, (counter) => counter.matched);
  }

  get existingPairs(): number {
    return sumOf(this.#existingAnti, (counter) => counter.nonZero);
  }

  get ownMatched(): number {
    const required = sumOf(this.#required, ({ counter }) => counter.matched);
    return required + sumOf(this.#anti, (counter) => counter.matched);
  }

  get ownPairs(): number {
    const required = sumOf(this.#required, ({ counter }) => counter.nonZero);
    return required + sumOf(this.#anti, (counter) => counter.nonZero);
  }

  get scoreMatched(): number {
    return sumOf(this.#score, (counter) => counter.matched);
  }

  get scorePairs(): number {
    return sumOf(this.#score, (counter) => counter.nonZero);
  }

  filter(row: number): number {
    if (this.#required.length > 0 && !this.#satisfiesRequired(row)) {
      return unresolvable(F_POD_AFFINITY, POD_AFFINITY);
    }
    for (const counter of this.#anti) {
      if (counter.at(row) > 0) return resolvable(F_POD_AFFINITY, POD_ANTI_AFFINITY);
    }
    for (const counter of this.#existingAnti) {
      if (counter.at(row) > 0) return resolvable(F_POD_AFFINITY, POD_EXISTING_ANTI_AFFINITY);
    }
    return FEASIBLE;
  }

  score(rows: Int32Array, count: number, total: Float64Array, weight: number): void {
    if (this.#raw.length < count) this.#raw = new Float64Array(count * 2);
    const raw = this.#raw;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      let score = 0;
      for (const counter of this.#score) score += counter.at(rows[i]);
      raw[i] = score;
      if (score < least) least = score;
      if (score > most) most = score;
    }
    const span = most - least;
    if (span <= 0) return;
    for (let i = 0; i < count; i++) {
      total[i] += weight * Math.trunc(MAX_NODE_SCORE * ((raw[i] - least) / span));
    }
  }

  dispose(): void {
    for (const counter of this.#counters()) this.#context.groups.unwatch(counter);
    this.#required = [];
    this.#anti = [];
    this.#existingByKey.clear();
    this.#existingAnti = [];
    this.#scoreByKey.clear();
    this.#score = [];
    this.#groupsSeen = -1;
  }

  /** filtering.go `satisfyPodAffinity`: the first of a series may match itself. */
  #satisfiesRequired(row: number): boolean {
    let podsExist = true;
    let none = true;
    for (const { column, counter } of this.#required) {
      if (column.valueOf[row] < 0) return false;
      if (counter.at(row) <= 0) podsExist = false;
      if (counter.nonZero > 0) none = false;
    }
    return podsExist || (none && this.#matchesItself);
  }

  #counters(): TopologyCounter[] {
    return [
      ...this.#required.map(({ counter }) => counter),
      ...this.#anti,
      ...this.#existingAnti,
      ...this.#score,
    ];
  }

  #build(): void {
    const { table } = this.#context;
    const required = this.#affinity?.podRequired ?? NO_TERMS;
    const anti = this.#affinity?.antiRequired ?? NO_TERMS;
    for (const key of keysOf(required)) {
      const counter = this.#watchPods(key, (g) =>
        required.every((term) => this.#matchesGroup(term, g)) ? 1 : 0,
      );
      this.#required.push({ column: table.column(key), counter });
    }
    this.#matchesItself = required.every((term) => this.#matchesGroup(term, this.#group));
    for (const key of keysOf(anti)) {
      const terms = anti.filter((term) => term.topologyKey === key);
      const weigh: WeighPods = (g) => terms.filter((t) => this.#matchesGroup(t, g)).length;
      this.#anti.push(this.#watchPods(key, weigh));
    }
    for (const key of keysOf(ownPreferences(this.#affinity).map(({ term }) => term))) {
      const terms = ownPreferences(this.#affinity).filter(({ term }) => term.topologyKey === key);
      const weigh: WeighPods = (g) => {
        let sum = 0;
        for (const { term, weight } of terms) if (this.#matchesGroup(term, g)) sum += weight;
        return sum;
      };
      this.#scoreByKey.set(key, this.#watchPods(key, weigh));
    }
    this.#score = [...this.#scoreByKey.values()];
    this.#groupsSeen = 0;
  }

  /** Groups of pods with terms that have come since it looked. */
  #addGroups(): void {
    const { affinityGroups } = this.#context.groups;
    for (let i = this.#groupsSeen; i < affinityGroups.length; i++) {
      const source = affinityGroups[i];
      const { affinity } = source;
      for (const term of affinity.antiRequired) {
        this.#subscribe(this.#existingByKey, term, 1, source);
      }
      for (const term of affinity.podRequired) {
        this.#subscribe(this.#scoreByKey, term, HARD_POD_AFFINITY_WEIGHT, source);
      }
      for (const { term, weight } of ownPreferences(affinity)) {
        this.#subscribe(this.#scoreByKey, term, weight, source);
      }
    }
    this.#groupsSeen = affinityGroups.length;
    this.#existingAnti = [...this.#existingByKey.values()];
    this.#score = [...this.#scoreByKey.values()];
  }

  #subscribe(
    byKey: Map<string, TopologyCounter>,
    term: PodAffinityTerm,
    weight: number,
    source: AffinityGroup,
  ): void {
    if (!this.#isMatchedBy(term, source)) return;
    const { table } = this.#context;
    const key = term.topologyKey;
    let counter = byKey.get(key);
    if (counter === undefined) {
      counter = new TopologyCounter(table.column(key), table, null);
      byKey.set(key, counter);
    }
    counter.subscribe(source, weight);
  }

  #watchPods(key: string, weigh: WeighPods): TopologyCounter {
    const { groups, table } = this.#context;
    const counter = new TopologyCounter(table.column(key), table, null);
    const namespace = this.isOwnNamespaceOnly ? this.#group.namespace : null;
    groups.watch(counter, new TermMatcher(namespace, weigh));
    return counter;
  }

  #matchesGroup(term: PodAffinityTerm, g: PodGroup): boolean {
    const labels = this.#context.namespaceLabels(g.namespace) ?? NO_LABELS;
    return termMatchesPod(term, this.#group.namespace, g.namespace, g.labels, labels);
  }

  #isMatchedBy(term: PodAffinityTerm, source: AffinityGroup): boolean {
    const { namespace, labels } = this.#group;
    const ofNamespace = this.#context.namespaceLabels(namespace) ?? NO_LABELS;
    return termMatchesPod(term, source.namespace, namespace, labels, ofNamespace);
  }
}

interface WeightedTerm {
  readonly term: PodAffinityTerm;
  readonly weight: number;
}

/** Preferred terms, anti-affinity counting down. */
function ownPreferences(affinity: Affinity | null): WeightedTerm[] {
  if (affinity === null) return [];
  return [
    ...affinity.podPreferred,
    ...affinity.antiPreferred.map(({ term, weight }) => ({ term, weight: -weight })),
  ];
}

function termsOf(affinity: Affinity | null): PodAffinityTerm[] {
  if (affinity === null) return [];
  const preferred = [...affinity.podPreferred, ...affinity.antiPreferred];
  return [...affinity.podRequired, ...affinity.antiRequired, ...preferred.map(({ term }) => term)];
}

function keysOf(terms: readonly PodAffinityTerm[]): string[] {
  return [...new Set(terms.map((term) => term.topologyKey))];
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += amount(item);
  return sum;
}
