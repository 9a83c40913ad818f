/**
 * One scheduling cycle of one profile, as a pure function of the cache: PreFilter, Filter over
 * sampled nodes, PreScore, Score, choice. Time is not here; `Decision` and `work` say what was
 * looked at.
 *
 * One idea: everything that the real scheduler recomputes is remembered by (class, node) or counted
 * as pods come and go, so that a cycle of a plain pod is one pass over two arrays of integers.
 *
 * Left out: extenders, DynamicResources, Permit plugins, volume capacity scoring.
 * Sources: kubernetes/pkg/scheduler/schedule_one.go.
 */
import { assert, type Stream } from '../../../src/core/index.ts';
import type { Pod, PodSpec } from '../../objects/index.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import { ImageScore } from '../plugins/image-locality.ts';
import type { PodAffinityState } from '../plugins/inter-pod-affinity.ts';
import {
  dynamicVerdict,
  intolerablePreferred,
  preferredAffinity,
  staticVerdict,
} from '../plugins/node-filters.ts';
import { balancedScore, fitScore, MAX_NODE_SCORE } from '../plugins/resource-scores.ts';
import type { SpreadFilter } from '../plugins/topology-spread.ts';
import { VolumeState } from '../plugins/volumes.ts';
import { type CycleCosts, CycleWork } from './cycle-work.ts';
import { Decision } from './decision.ts';
import { addScores, type SchedulerPlugin } from './own-score.ts';
import { type ClassMemo, type PodClass, PodClasses } from './pod-class.ts';
import { type PodShape, PodShapes } from './pod-shape.ts';
import type { Profile } from './profile.ts';
import {
  F_AFFINITY,
  F_POD_AFFINITY,
  F_SPREAD,
  F_VOLUME_BINDING,
  FEASIBLE,
  Reasons,
  unresolvable,
} from './verdict.ts';

/** schedule_one.go `minFeasibleNodesToFind`, `minFeasibleNodesPercentageToFind`. */
const FEASIBLE_NODES_MIN = 100;
const FEASIBLE_PERCENTAGE_MIN = 5;
/** Results that are remembered by class and node; it changes how fast this is, no result. */
const MEMO_BYTES_MAX = 64e6;

/** schedule_one.go `numFeasibleNodesToFind`. */
export function nodesToFind(nodes: number, percentage: number): number {
  if (nodes < FEASIBLE_NODES_MIN) return nodes;
  const adaptive = Math.max(FEASIBLE_PERCENTAGE_MIN, 50 - Math.trunc(nodes / 125));
  const found = Math.trunc((nodes * (percentage === 0 ? adaptive : percentage)) / 100);
  return Math.min(nodes, Math.max(found, FEASIBLE_NODES_MIN));
}

export interface AlgorithmOptions {
  /** 0 = adaptive. */
  readonly percentageOfNodesToScore: number;
  readonly costs: CycleCosts;
  /** Of the library's user, of this profile. */
  readonly plugins?: readonly SchedulerPlugin[];
}

/** Pods that were promised room on a node by preemption, by row. */
export interface Nominations {
  readonly count: number;
  /** Those on this row of at least this priority, but for one pod. */
  on(row: number, priority: number, exceptUid: number): readonly Pod[];
}

/** Where the search for nodes begins: all profiles of a scheduler share it. */
export interface Rotation {
  next: number;
}

export class Algorithm {
  readonly profile: Profile;
  readonly reasons: Reasons;
  readonly decision = new Decision();
  readonly work: CycleWork;
  /** Rows that passed, in the order in which they were found; `decision.feasible` of them. */
  feasible = new Int32Array(128);
  /** Total scores of these. */
  total = new Float64Array(128);
  /** By row: verdict of the last cycle, where it was examined in it. */
  verdicts = new Int32Array(128);
  readonly #examinedIn = { stamps: new Int32Array(128), cycle: 0 };
  readonly #cache: ClusterCache;
  readonly #options: AlgorithmOptions;
  readonly #classes: PodClasses;
  readonly #shapes: PodShapes;
  readonly #volumes: VolumeState;
  readonly #images: ImageScore;
  readonly #ties: Stream;
  readonly #rotation: Rotation;
  /** Of the library's user: those that filter, and those that score. */
  readonly #filters: readonly SchedulerPlugin[];
  readonly #scores: readonly SchedulerPlugin[];
  #pod: Pod | null = null;
  #shape!: PodShape;
  #memo: ClassMemo | null = null;
  #spread: SpreadFilter | null = null;
  #podAffinity: PodAffinityState | null = null;
  #hasVolumes = false;

  constructor(
    cache: ClusterCache,
    profile: Profile,
    options: AlgorithmOptions,
    rotation: Rotation,
    ties: Stream,
  ) {
    this.#cache = cache;
    this.profile = profile;
    this.#options = options;
    const own = options.plugins ?? [];
    this.#filters = own.filter(({ filter }) => filter !== undefined);
    this.#scores = own.filter(({ score }) => score !== undefined);
    this.#rotation = rotation;
    this.#ties = ties;
    this.#classes = new PodClasses(cache.table, MEMO_BYTES_MAX);
    this.#shapes = new PodShapes(cache, profile.defaultSpread);
    this.work = new CycleWork(options.costs);
    this.#volumes = new VolumeState(cache.volumes, cache.table);
    this.#images = new ImageScore(cache.images);
    this.reasons = new Reasons((index) => cache.table.extended[index].name);
  }

  /** The pod of the last cycle has claims: `volumes` decides about them. */
  get usesVolumes(): boolean {
    return this.#hasVolumes && this.#volumes.hasBindings;
  }

  get volumes(): VolumeState {
    return this.#volumes;
  }

  /** Pods that ask the same of nodes. */
  classOf(spec: PodSpec): PodClass {
    return this.#classes.of(spec);
  }

  wasExamined(row: number): boolean {
    return this.#examinedIn.stamps[row] === this.#examinedIn.cycle;
  }

  /** Chooses a node for the pod; `decision` says which, or why none. */
  schedule(pod: Pod, nominations: Nominations): Decision {
    const { decision } = this;
    const { table } = this.#cache;
    decision.reset(table.order.length);
    this.work.reset();
    if (this.verdicts.length < table.capacity) {
      this.verdicts = new Int32Array(table.capacity);
      this.#examinedIn.stamps = new Int32Array(table.capacity);
    }
    this.#examinedIn.cycle++;
    this.#pod = pod;
    if (!this.#preFilter(pod)) return decision;
    this.#findFeasible(pod, nominations);
    decision.close();
    this.#countFilterWork();
    if (decision.feasible === 0) return decision;
    decision.row = decision.feasible === 1 ? this.feasible[0] : this.#chooseByScore(pod);
    return decision;
  }

  /** Of the pod of the last cycle: of what pods on a node do, its filters see what they ask. */
  get onlyResourcesMatter(): boolean {
    const hasPorts = this.#shape.podClass.request.ports.length > 0;
    if (hasPorts || this.#filters.length > 0) return false;
    return this.#spread === null && this.#podAffinity === null && !this.#hasVolumes;
  }

  /** Verdict of one node with the cache as it is now: for trials of preemption. */
  check(row: number): number {
    this.#refresh();
    return this.#verdict(row, false);
  }

  /** PreFilter states that depend on counts of pods. */
  #refresh(): void {
    this.#spread?.preFilter();
    const { podAffinity } = this.#shape;
    this.#podAffinity =
      podAffinity.preFilter() && (this.profile.filters & (1 << F_POD_AFFINITY)) !== 0
        ? podAffinity
        : null;
  }

  #preFilter(pod: Pod): boolean {
    const podClass = this.#classes.of(pod.spec);
    const shape = this.#shapes.of(pod, podClass);
    const { filters } = this.profile;
    this.#shape = shape;
    this.#memo = podClass.nodeNames === null ? this.#classes.memoOf(podClass) : null;
    this.#spread = (filters & (1 << F_SPREAD)) !== 0 ? shape.spreadFilter : null;
    this.#hasVolumes = podClass.request.claims.length > 0;
    const { decision } = this;
    if (podClass.nodeNames !== null && podClass.nodeNames.length === 0) {
      return this.#refuse(F_AFFINITY, 'pod affinity terms conflict');
    }
    if (this.#hasVolumes) {
      const why = this.#volumes.preFilter(pod, podClass.request);
      if (why !== '') return this.#refuse(F_VOLUME_BINDING, why);
    }
    this.#refresh();
    this.work.preFilter(this.#cache.table, shape);
    return decision.total > 0;
  }

  #refuse(plugin: number, why: string): boolean {
    this.decision.refusedBy = plugin;
    this.decision.refusal = why;
    return false;
  }

  #findFeasible(pod: Pod, nominations: Nominations): void {
    const { decision } = this;
    const { table } = this.#cache;
    if (this.feasible.length < decision.total) {
      this.feasible = new Int32Array(decision.total);
      this.total = new Float64Array(decision.total);
    }
    const promised = pod.status.nominatedNodeName;
    if (promised !== '' && this.#tryPromised(pod, promised, nominations)) return;
    const names = this.#shape.podClass.nodeNames;
    const start = this.#rotation.next;
    if (names !== null) {
      this.#examineNamed(pod, names, nominations);
    } else {
      const rows = table.order.rows;
      const wanted = nodesToFind(rows.length, this.#options.percentageOfNodesToScore);
      this.#examine(pod, rows, start % rows.length, wanted, nominations);
    }
    this.#rotation.next = (start + decision.examined) % decision.total;
  }

  /** schedule_one.go `evaluateNominatedNode`. */
  #tryPromised(pod: Pod, name: string, nominations: Nominations): boolean {
    const row = this.#cache.table.rowOf.get(name);
    if (row === undefined || this.#cache.table.isNode[row] === 0) return false;
    const verdict = this.#verdictWithNominated(pod, row, nominations);
    if (verdict !== FEASIBLE) return false;
    this.decision.examined = 1;
    this.feasible[this.decision.feasible++] = row;
    return true;
  }

  #examineNamed(pod: Pod, names: readonly string[], nominations: Nominations): void {
    const rows: number[] = [];
    for (const name of names) {
      const row = this.#cache.table.rowOf.get(name);
      if (row !== undefined && this.#cache.table.isNode[row] === 1) rows.push(row);
    }
    const examined = Int32Array.from(rows);
    this.#examine(pod, examined, 0, examined.length, nominations);
    // The others were never candidates: the absent nodes' status of the diagnosis.
    const others = this.decision.total - examined.length;
    for (let i = 0; this.decision.feasible === 0 && i < others; i++) {
      this.decision.remove(unresolvable(F_AFFINITY));
    }
  }

  #examine(
    pod: Pod,
    rows: Int32Array,
    start: number,
    wanted: number,
    nominations: Nominations,
  ): void {
    const { decision, feasible, verdicts } = this;
    const { stamps, cycle } = this.#examinedIn;
    const memo = this.#memo;
    const { generation } = this.#cache.table;
    const plain =
      memo !== null &&
      this.#spread === null &&
      this.#podAffinity === null &&
      !this.#hasVolumes &&
      this.#filters.length === 0 &&
      nominations.count === 0;
    let found = 0;
    let i = 0;
    let at = start;
    for (; i < rows.length && found < wanted; i++) {
      const row = rows[at];
      if (++at === rows.length) at = 0;
      let verdict: number;
      if (plain && memo.generation[row] === generation[row]) verdict = memo.verdict[row];
      else if (nominations.count > 0) {
        verdict = this.#verdictWithNominated(pod, row, nominations);
      } else verdict = this.#verdict(row, true);
      if (verdict === FEASIBLE) feasible[found++] = row;
      else {
        verdicts[row] = verdict;
        stamps[row] = cycle;
        decision.remove(verdict);
      }
    }
    decision.examined += i;
    decision.feasible = found;
  }

  /** All filters in their order; the first that fails decides. */
  #verdict(row: number, remember: boolean): number {
    const verdict = remember ? this.#remembered(row) : this.#evaluate(row);
    if (verdict !== FEASIBLE) return verdict;
    if (this.#hasVolumes) {
      const volumes = this.#volumes.filter(row);
      if (volumes !== FEASIBLE && (this.profile.filters & (1 << (volumes & 15))) !== 0) {
        return volumes;
      }
    }
    if (this.#spread !== null) {
      const spread = this.#spread.filter(row);
      if (spread !== FEASIBLE) return spread;
    }
    const byPods = this.#podAffinity === null ? FEASIBLE : this.#podAffinity.filter(row);
    if (byPods !== FEASIBLE || this.#filters.length === 0) return byPods;
    return this.#ownVerdict(row);
  }

  #ownVerdict(row: number): number {
    const { table } = this.#cache;
    const node = table.nodes[row];
    assert(node !== null && this.#pod !== null, 'own filters see the pod and nodes of a cycle');
    for (const plugin of this.#filters) {
      this.work.own(1, plugin.nodeNs);
      const reason = plugin.filter?.(this.#pod, node, table.podCount[row]) ?? '';
      if (reason !== '') return this.reasons.ownVerdict(plugin.name, reason);
    }
    return FEASIBLE;
  }

  /** schedule_one.go `RunFilterPluginsWithNominatedPods`: with the promised pods, and without. */
  #verdictWithNominated(pod: Pod, row: number, nominations: Nominations): number {
    const others =
      nominations.count === 0 ? [] : nominations.on(row, pod.spec.priority, pod.meta.uid);
    if (others.length > 0) {
      const { table } = this.#cache;
      const generation = table.generation[row];
      const entries = others.map((other) => this.#cache.place(other, row));
      const verdict = this.check(row);
      for (const entry of entries) this.#cache.lift(entry);
      table.generation[row] = generation;
      this.#refresh();
      if (verdict !== FEASIBLE) return verdict;
    }
    return this.#verdict(row, true);
  }

  #remembered(row: number): number {
    const memo = this.#memo;
    if (memo === null) return this.#evaluate(row);
    const { table } = this.#cache;
    if (memo.generation[row] !== table.generation[row]) {
      memo.verdict[row] = this.#evaluateInto(memo, row);
      memo.generation[row] = table.generation[row];
    }
    return memo.verdict[row];
  }

  #evaluateInto(memo: ClassMemo, row: number): number {
    const { table } = this.#cache;
    const { podClass } = this.#shape;
    const { filters, strategy } = this.profile;
    if (memo.staticGeneration[row] !== table.staticGeneration[row]) {
      memo.staticGeneration[row] = table.staticGeneration[row];
      const node = table.nodes[row];
      assert(node !== null, 'nodes that are looked at exist');
      memo.staticVerdict[row] = staticVerdict(podClass, node, filters, this.reasons);
      memo.taints[row] = intolerablePreferred(podClass, node);
      memo.affinity[row] = preferredAffinity(podClass.spec, node);
    }
    const fixed = memo.staticVerdict[row];
    const verdict = fixed !== FEASIBLE ? fixed : dynamicVerdict(podClass, table, row, filters);
    if (verdict === FEASIBLE) {
      memo.fitScore[row] = fitScore(strategy, podClass.request, table, row);
      memo.balancedScore[row] = podClass.isBestEffort
        ? 0
        : balancedScore(podClass.request, table, row);
    }
    return verdict;
  }

  #evaluate(row: number): number {
    const { table } = this.#cache;
    const node = table.nodes[row];
    if (node === null) return unresolvable(F_AFFINITY);
    const { podClass } = this.#shape;
    const { filters } = this.profile;
    const fixed = staticVerdict(podClass, node, filters, this.reasons);
    return fixed !== FEASIBLE ? fixed : dynamicVerdict(podClass, table, row, filters);
  }

  #countFilterWork(): void {
    this.work.filter(this.decision, this.#shape, this.#hasVolumes, this.#podAffinity !== null);
  }

  #chooseByScore(pod: Pod): number {
    const { decision, feasible, total } = this;
    const count = decision.feasible;
    const { weights } = this.profile;
    const { podClass, podAffinity, spreadScore } = this.#shape;
    this.#scoreNodes(count);
    if (weights.ImageLocality > 0 && this.#images.prepare(podClass.spec, decision.total)) {
      this.#images.score(feasible, count, total, weights.ImageLocality);
    }
    if (spreadScore !== null && weights.PodTopologySpread > 0) {
      spreadScore.score(feasible, count, total, weights.PodTopologySpread);
    }
    const byPods = weights.InterPodAffinity > 0 && podAffinity.hasScore;
    if (byPods) podAffinity.score(feasible, count, total, weights.InterPodAffinity);
    this.work.score(this.#cache.table, this.#shape, decision, byPods);
    if (this.#scores.length > 0) this.#scoreByOwn(pod, this.#scores, count);
    return this.#select(count);
  }

  #scoreByOwn(pod: Pod, plugins: readonly SchedulerPlugin[], count: number): void {
    const { table } = this.#cache;
    const nodes = Array.from(this.feasible.subarray(0, count), (row) => {
      const node = table.nodes[row];
      assert(node !== null, 'nodes that are feasible exist');
      return { node, pods: table.podCount[row] };
    });
    for (const plugin of plugins) {
      addScores(plugin, pod, nodes, this.total);
      this.work.own(count, plugin.nodeNs);
    }
  }

  /** Plugins that read one node: remembered raw scores, normalized over the feasible nodes. */
  #scoreNodes(count: number): void {
    const { feasible, total } = this;
    const { podClass } = this.#shape;
    const memo = this.#memo ?? this.#classes.memoOf(podClass);
    const { weights } = this.profile;
    const fit = weights.NodeResourcesFit;
    const balanced = weights.NodeResourcesBalancedAllocation;
    let taintsMost = 0;
    let affinityMost = 0;
    for (let i = 0; i < count; i++) {
      const row = feasible[i];
      if (this.#memo === null) this.#evaluateInto(memo, row);
      total[i] = fit * memo.fitScore[row] + balanced * memo.balancedScore[row];
      if (memo.taints[row] > taintsMost) taintsMost = memo.taints[row];
      if (memo.affinity[row] > affinityMost) affinityMost = memo.affinity[row];
    }
    const taint = weights.TaintToleration;
    if (taintsMost === 0) {
      for (let i = 0; i < count; i++) total[i] += taint * MAX_NODE_SCORE;
    } else {
      for (let i = 0; i < count; i++) {
        const share = Math.floor((MAX_NODE_SCORE * memo.taints[feasible[i]]) / taintsMost);
        total[i] += taint * (MAX_NODE_SCORE - share);
      }
    }
    if (affinityMost === 0) return;
    for (let i = 0; i < count; i++) {
      const share = Math.floor((MAX_NODE_SCORE * memo.affinity[feasible[i]]) / affinityMost);
      total[i] += weights.NodeAffinity * share;
    }
  }

  /** schedule_one.go `selectHost`: uniformly among those of the highest score. */
  #select(count: number): number {
    const { feasible, total } = this;
    let best = total[0];
    let equals = 1;
    for (let i = 1; i < count; i++) {
      if (total[i] > best) {
        best = total[i];
        equals = 1;
      } else if (total[i] === best) equals++;
    }
    this.decision.score = best;
    let skip = equals === 1 ? 0 : this.#ties.below(equals);
    for (let i = 0; i < count; i++) {
      if (total[i] === best && skip-- === 0) return feasible[i];
    }
    assert(false, 'one of the nodes has the highest score');
  }
}
