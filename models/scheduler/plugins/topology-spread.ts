/**
 * PodTopologySpread: skew of matching pods between values of a node label.
 *
 * Counts are kept by counters of the cache; a state is made again when nodes come, go or change.
 * Sources: kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/{filtering,scoring,
 * common}.go, KEP-895, KEP-3022 (minDomains), KEP-3094 (node inclusion policies).
 */
import { log } from '../../../src/core/index.ts';
import {
  LABEL_HOSTNAME,
  LABEL_ZONE,
  type LabelSelector,
  matches,
  type Node,
  type PodSpec,
  type TopologySpreadConstraint,
} from '../../objects/index.ts';
import { type NodeTable, ROW_KEY } from '../cache/node-table.ts';
import type { PodGroup, PodGroups, PodMatcher } from '../cache/pod-groups.ts';
import { type TopologyColumn, TopologyCounter } from '../cache/topology.ts';
import type { PodClass } from '../framework/pod-class.ts';
import {
  F_SPREAD,
  FEASIBLE,
  resolvable,
  SPREAD_NO_LABEL,
  SPREAD_SKEW,
  unresolvable,
} from '../framework/verdict.ts';
import { matchesNode, untolerated } from './node-filters.ts';
import { MAX_NODE_SCORE } from './resource-scores.ts';

/** podtopologyspread/plugin.go `systemDefaultConstraints`. */
export function systemDefaults(selector: LabelSelector): TopologySpreadConstraint[] {
  const base = {
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: selector,
    minDomains: 1,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
  } as const;
  return [
    { ...base, topologyKey: LABEL_HOSTNAME, maxSkew: 3 },
    { ...base, topologyKey: LABEL_ZONE, maxSkew: 5 },
  ];
}

/** Pods of a namespace that a selector matches; terminating ones do not count. */
export class SpreadMatcher implements PodMatcher {
  readonly namespace: string;
  readonly selector: LabelSelector;

  constructor(namespace: string, selector: LabelSelector) {
    this.namespace = namespace;
    this.selector = selector;
  }

  weightOf(group: PodGroup): number {
    return !group.terminating && matches(this.selector, group.labels) ? 1 : 0;
  }
}

interface Constraint {
  readonly spec: TopologySpreadConstraint;
  readonly column: TopologyColumn;
  readonly counter: TopologyCounter;
  readonly selfMatch: number;
  /** By value of the column: nodes that take part; a value without any is no domain. */
  readonly domainNodes: Int32Array;
  readonly domains: number;
}

export interface SpreadContext {
  readonly table: NodeTable;
  readonly groups: PodGroups;
}

/** The state of required constraints (DoNotSchedule) for one shape of pods. */
export class SpreadFilter {
  readonly #context: SpreadContext;
  readonly #class: PodClass;
  readonly #group: PodGroup;
  readonly #specs: readonly TopologySpreadConstraint[];
  #constraints: Constraint[] = [];
  #minimum = new Float64Array(0);
  #version = -1;

  constructor(
    context: SpreadContext,
    podClass: PodClass,
    group: PodGroup,
    specs: readonly TopologySpreadConstraint[],
  ) {
    this.#context = context;
    this.#class = podClass;
    this.#group = group;
    this.#specs = specs;
  }

  get constraints(): number {
    return this.#specs.length;
  }

  preFilter(): void {
    const { table } = this.#context;
    if (this.#version !== table.version) {
      this.dispose();
      this.#version = table.version;
      this.#build();
    }
    for (let i = 0; i < this.#constraints.length; i++) {
      this.#minimum[i] = this.#minimumOf(this.#constraints[i]);
    }
  }

  filter(row: number): number {
    const constraints = this.#constraints;
    for (let i = 0; i < constraints.length; i++) {
      const { column, counter, selfMatch, spec } = constraints[i];
      if (column.valueOf[row] < 0) return unresolvable(F_SPREAD, SPREAD_NO_LABEL);
      if (counter.at(row) + selfMatch - this.#minimum[i] > spec.maxSkew) {
        return resolvable(F_SPREAD, SPREAD_SKEW);
      }
    }
    return FEASIBLE;
  }

  dispose(): void {
    for (const { counter } of this.#constraints) this.#context.groups.unwatch(counter);
    this.#constraints = [];
    this.#version = -1;
  }

  #build(): void {
    const { table, groups } = this.#context;
    const columns = this.#specs.map((spec) => table.column(spec.topologyKey));
    for (const [i, spec] of this.#specs.entries()) {
      const column = columns[i];
      const eligible = eligibleRows(table, this.#class.spec, spec, columns);
      const counter = new TopologyCounter(column, table, eligible);
      const matcher = new SpreadMatcher(this.#group.namespace, spec.labelSelector);
      groups.watch(counter, matcher);
      const domainNodes = new Int32Array(column.values.size);
      let domains = 0;
      for (const row of table.order.rows) {
        if (eligible[row] === 1 && domainNodes[column.valueOf[row]]++ === 0) domains++;
      }
      const selfMatch = matches(spec.labelSelector, this.#group.labels) ? 1 : 0;
      this.#constraints.push({ spec, column, counter, selfMatch, domainNodes, domains });
    }
    this.#minimum = new Float64Array(this.#specs.length);
  }

  /** filtering.go `minMatchNum`. */
  #minimumOf({ spec, counter, domainNodes, domains }: Constraint): number {
    if (domains < spec.minDomains) return 0;
    let least = Number.POSITIVE_INFINITY;
    const { counts } = counter;
    for (let value = 0; value < domainNodes.length; value++) {
      if (domainNodes[value] === 0) continue;
      const count = value < counts.length ? counts[value] : 0;
      if (count < least) least = count;
      if (least === 0) break;
    }
    return least;
  }
}

interface ScoredConstraint {
  readonly spec: TopologySpreadConstraint;
  readonly column: TopologyColumn;
  readonly counter: TopologyCounter;
  readonly isHostname: boolean;
  /** By value + 1 (0: no label): stamp of the cycle that last saw it among the feasible. */
  seen: Int32Array;
  weight: number;
}

/** The state of preferred constraints (ScheduleAnyway) for one shape of pods. */
export class SpreadScore {
  readonly #context: SpreadContext;
  readonly #class: PodClass;
  readonly #namespace: string;
  readonly #specs: readonly TopologySpreadConstraint[];
  /** False for the system's defaults: nodes without a zone still spread by host. */
  readonly #requireAll: boolean;
  #constraints: ScoredConstraint[] = [];
  #version = -1;
  #cycle = 0;
  #raw = new Float64Array(64);

  constructor(
    context: SpreadContext,
    podClass: PodClass,
    namespace: string,
    specs: readonly TopologySpreadConstraint[],
    requireAll: boolean,
  ) {
    this.#context = context;
    this.#class = podClass;
    this.#namespace = namespace;
    this.#specs = specs;
    this.#requireAll = requireAll;
  }

  get constraints(): number {
    return this.#specs.length;
  }

  /** Of the constraints that count all nodes' pods before scoring: those not by host. */
  get countedConstraints(): number {
    let n = 0;
    for (const spec of this.#specs) if (spec.topologyKey !== LABEL_HOSTNAME) n++;
    return n;
  }

  /** Adds `weight` times the normalized score of each feasible row to its total. */
  score(rows: Int32Array, count: number, total: Float64Array, weight: number): void {
    if (this.#version !== this.#context.table.version) {
      this.dispose();
      this.#version = this.#context.table.version;
      this.#build();
    }
    this.#weigh(rows, count);
    if (this.#raw.length < count) this.#raw = new Float64Array(count * 2);
    const raw = this.#raw;
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let i = 0; i < count; i++) {
      const score = this.#scoreOf(rows[i]);
      raw[i] = score;
      if (score < 0) continue;
      if (score < least) least = score;
      if (score > most) most = score;
    }
    for (let i = 0; i < count; i++) {
      if (raw[i] < 0) continue;
      const normal =
        most === 0 ? MAX_NODE_SCORE : Math.floor((MAX_NODE_SCORE * (most + least - raw[i])) / most);
      total[i] += weight * normal;
    }
  }

  dispose(): void {
    for (const { counter } of this.#constraints) this.#context.groups.unwatch(counter);
    this.#constraints = [];
    this.#version = -1;
  }

  #build(): void {
    const { table, groups } = this.#context;
    const columns = this.#specs.map((spec) => table.column(spec.topologyKey));
    const required = this.#requireAll ? columns : [];
    for (const [i, spec] of this.#specs.entries()) {
      const isHostname = spec.topologyKey === LABEL_HOSTNAME;
      // Pods by host are counted on the node itself, whatever the policies say.
      const column = isHostname ? table.column(ROW_KEY) : columns[i];
      const everywhere = isHostname || (required.length === 0 && includesAll(this.#class, spec));
      const eligible = everywhere ? null : eligibleRows(table, this.#class.spec, spec, required);
      const counter = new TopologyCounter(column, table, eligible);
      groups.watch(counter, new SpreadMatcher(this.#namespace, spec.labelSelector));
      const seen = new Int32Array(columns[i].values.size + 1);
      this.#constraints.push({ spec, column: columns[i], counter, isHostname, seen, weight: 0 });
    }
  }

  /** scoring.go `initPreScoreState`: constraints over few domains weigh less. */
  #weigh(rows: Int32Array, count: number): void {
    const cycle = ++this.#cycle;
    let taking = 0;
    for (const constraint of this.#constraints) constraint.weight = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (this.#isIgnored(row)) continue;
      taking++;
      for (const constraint of this.#constraints) {
        if (constraint.isHostname) continue;
        const value = constraint.column.valueOf[row] + 1;
        if (constraint.seen[value] === cycle) continue;
        constraint.seen[value] = cycle;
        constraint.weight++;
      }
    }
    for (const constraint of this.#constraints) {
      const size = constraint.isHostname ? taking : constraint.weight;
      constraint.weight = log(size + 2);
    }
  }

  #isIgnored(row: number): boolean {
    if (!this.#requireAll) return false;
    for (const { column } of this.#constraints) if (column.valueOf[row] < 0) return true;
    return false;
  }

  /** -1: the node takes no part. */
  #scoreOf(row: number): number {
    if (this.#isIgnored(row)) return -1;
    let score = 0;
    for (const { column, counter, spec, weight } of this.#constraints) {
      if (column.valueOf[row] < 0) continue;
      score += counter.at(row) * weight + (spec.maxSkew - 1);
    }
    return Math.round(score);
  }
}

/** By row: 1 where a node's pods count for the constraint. */
function eligibleRows(
  table: NodeTable,
  pod: PodSpec,
  spec: TopologySpreadConstraint,
  required: readonly TopologyColumn[],
): Uint8Array {
  const eligible = new Uint8Array(table.capacity);
  for (const row of table.order.rows) {
    const node = table.nodes[row];
    if (node === null || required.some((column) => column.valueOf[row] < 0)) continue;
    if (isIncluded(pod, spec, node)) eligible[row] = 1;
  }
  return eligible;
}

/** No policy of the constraint can leave out a node. */
function includesAll(podClass: PodClass, spec: TopologySpreadConstraint): boolean {
  const byAffinity = spec.nodeAffinityPolicy === 'Honor' && podClass.hasNodeSelector;
  return !byAffinity && spec.nodeTaintsPolicy === 'Ignore';
}

/** podtopologyspread/common.go `matchNodeInclusionPolicies`. */
export function isIncluded(pod: PodSpec, spec: TopologySpreadConstraint, node: Node): boolean {
  if (spec.nodeAffinityPolicy === 'Honor' && !matchesNode(pod, node)) return false;
  return (
    spec.nodeTaintsPolicy !== 'Honor' || untolerated(node.spec.taints, pod.tolerations) === null
  );
}
