/**
 * Shapes: pods of one class, namespace, labels and owner, with the states of plugins that look at
 * other pods. States are kept for shapes that are in use; the least recently used are dropped.
 */
import { controllerOf, matches, type Pod, type SelectorRequirement } from '../../objects/index.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { PodGroup } from '../cache/pod-groups.ts';
import { PodAffinityState } from '../plugins/inter-pod-affinity.ts';
import { SpreadFilter, SpreadScore, systemDefaults } from '../plugins/topology-spread.ts';
import type { PodClass } from './pod-class.ts';

/** Shapes whose states are kept; each costs up to some bytes a node. */
const SHAPES_MAX = 512;

/** plugins/helper/spread.go `DefaultSelector`. */
const OWNERS_THAT_SPREAD: readonly string[] = [
  'replicationcontrollers',
  'replicasets',
  'statefulsets',
];

export interface PodShape {
  readonly podClass: PodClass;
  readonly group: PodGroup;
  /** uid of the controlling owner; 0 = none. */
  readonly owner: number;
  /** Of the services that decided the default constraints; -1 where they are not looked at. */
  serviceVersion: number;
  spreadFilter: SpreadFilter | null;
  spreadScore: SpreadScore | null;
  readonly podAffinity: PodAffinityState;
}

export class PodShapes {
  readonly #cache: ClusterCache;
  readonly #defaultSpread: boolean;
  /** Least recently used first. */
  readonly #used = new Set<PodShape>();

  constructor(cache: ClusterCache, defaultSpread: boolean) {
    this.#cache = cache;
    this.#defaultSpread = defaultSpread;
  }

  of(pod: Pod, podClass: PodClass): PodShape {
    const { labels, namespace } = pod.meta;
    const group = this.#cache.groups.intern(namespace, labels, false);
    const owner = controllerOf(pod)?.uid ?? 0;
    let shapes = podClass.shapes.get(group.id);
    if (shapes === undefined) {
      shapes = [];
      podClass.shapes.set(group.id, shapes);
    }
    let shape = shapes.find((s) => s.owner === owner);
    if (shape === undefined) {
      shape = this.#create(podClass, group, owner);
      shapes.push(shape);
    }
    this.#used.delete(shape);
    this.#used.add(shape);
    const { serviceVersion } = this.#cache;
    if (shape.serviceVersion >= 0 && shape.serviceVersion !== serviceVersion) {
      this.#setSpread(shape, pod);
    }
    return shape;
  }

  #create(podClass: PodClass, group: PodGroup, owner: number): PodShape {
    if (this.#used.size >= SHAPES_MAX) {
      for (const oldest of this.#used) {
        this.#drop(oldest);
        break;
      }
    }
    return {
      podClass,
      group,
      owner,
      serviceVersion: 0,
      spreadFilter: null,
      spreadScore: null,
      podAffinity: new PodAffinityState(this.#cache, group, podClass.spec.affinity),
    };
  }

  #drop(shape: PodShape): void {
    this.#used.delete(shape);
    shape.spreadFilter?.dispose();
    shape.spreadScore?.dispose();
    shape.podAffinity.dispose();
    const { shapes } = shape.podClass;
    const left = (shapes.get(shape.group.id) ?? []).filter((s) => s !== shape);
    if (left.length === 0) shapes.delete(shape.group.id);
    else shapes.set(shape.group.id, left);
  }

  /** podtopologyspread/common.go `buildDefaultConstraints`. */
  #setSpread(shape: PodShape, pod: Pod): void {
    const { podClass, group } = shape;
    const explicit = podClass.spec.topologySpread;
    shape.spreadFilter?.dispose();
    shape.spreadScore?.dispose();
    shape.spreadFilter = null;
    shape.spreadScore = null;
    const context = this.#cache;
    if (explicit.length > 0) {
      shape.serviceVersion = -1;
      const hard = explicit.filter((c) => c.whenUnsatisfiable === 'DoNotSchedule');
      const soft = explicit.filter((c) => c.whenUnsatisfiable === 'ScheduleAnyway');
      if (hard.length > 0) shape.spreadFilter = new SpreadFilter(context, podClass, group, hard);
      if (soft.length > 0) {
        shape.spreadScore = new SpreadScore(context, podClass, group.namespace, soft, true);
      }
      return;
    }
    if (!this.#defaultSpread) {
      shape.serviceVersion = -1;
      return;
    }
    const { requirements, complete } = this.#defaultSelector(pod);
    // An owner that is not known yet may be known next time.
    shape.serviceVersion = complete ? this.#cache.serviceVersion : 0;
    if (requirements.length === 0) return;
    const specs = systemDefaults({ requirements });
    shape.spreadScore = new SpreadScore(context, podClass, group.namespace, specs, false);
  }

  /** plugins/helper/spread.go `DefaultSelector`: of services, and of the controlling owner. */
  #defaultSelector(pod: Pod): { requirements: SelectorRequirement[]; complete: boolean } {
    const byKey = new Map<string, SelectorRequirement>();
    for (const { spec } of this.#cache.services(pod.meta.namespace)) {
      const { selector } = spec;
      if (selector === null || selector.requirements.length === 0) continue;
      if (!matches(selector, pod.meta.labels)) continue;
      for (const requirement of selector.requirements) byKey.set(requirement.key, requirement);
    }
    const requirements = [...byKey.values()];
    const owner = controllerOf(pod);
    if (owner === null || !OWNERS_THAT_SPREAD.includes(owner.resource)) {
      return { requirements, complete: true };
    }
    const selector = this.#cache.ownerSelector(owner);
    if (selector !== null) requirements.push(...selector.requirements);
    return { requirements, complete: selector !== null };
  }
}
