/**
 * A scheduler that recomputes everything: for each pod all nodes, for each node all pods. Written
 * from the plugins' documentation and the shape of kubernetes/pkg/scheduler, with no code of the
 * model in common but the matching of selectors and tolerations.
 */
import {
  type LabelSelector,
  type Labels,
  matches,
  type Node,
  type Pod,
  type PodAffinityTerm,
  type PodSpec,
  type Taint,
  type TopologySpreadConstraint,
  termMatches,
  tolerates,
} from '../../models/objects/index.ts';

const HOST = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

export interface SlowWorld {
  /** In the order in which they came. */
  readonly nodes: readonly Node[];
  /** On nodes. */
  readonly pods: readonly Pod[];
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly services: readonly { readonly namespace: string; readonly selector: LabelSelector }[];
}

export interface SlowVerdict {
  readonly plugin: string;
  readonly reasons: readonly string[];
  /** Taking pods away from the node could help. */
  readonly resolvable: boolean;
}

/** The order in which nodes are looked at: one of each zone in turn. */
export function slowOrder(zones: readonly (readonly Node[])[]): Node[] {
  const order: Node[] = [];
  const longest = Math.max(0, ...zones.map((zone) => zone.length));
  for (let i = 0; i < longest; i++) {
    for (const zone of zones) if (i < zone.length) order.push(zone[i]);
  }
  return order;
}

/** null = feasible. */
export function slowFilter(world: SlowWorld, pod: Pod, node: Node): SlowVerdict | null {
  const { spec } = pod;
  const on = podsOn(world, node);
  const fail = (plugin: string, resolvable: boolean, ...reasons: string[]) => ({
    plugin,
    reasons,
    resolvable,
  });
  const cordon: Taint = {
    key: 'node.kubernetes.io/unschedulable',
    value: '',
    effect: 'NoSchedule',
    addedNs: 0,
  };
  const accepts = (taint: Taint) => spec.tolerations.some((t) => tolerates(t, taint));
  if (node.spec.unschedulable && !accepts(cordon)) {
    return fail('NodeUnschedulable', false, 'node(s) were unschedulable');
  }
  const taint = node.spec.taints.find((t) => t.effect !== 'PreferNoSchedule' && !accepts(t));
  if (taint !== undefined) {
    const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value}}`;
    return fail('TaintToleration', false, reason);
  }
  if (!admittedByAffinity(spec, node)) {
    return fail('NodeAffinity', false, "node(s) didn't match Pod's node affinity/selector");
  }
  const ports = portsOf(pod);
  if (on.some((other) => portsOf(other).some((port) => ports.includes(port)))) {
    return fail('NodePorts', true, "node(s) didn't have free ports for the requested pod ports");
  }
  const lacks = lacking(pod, node, on);
  if (lacks.length > 0) {
    const hopeless = lacking(pod, node, []).some((lack) => lack !== 'Too many pods');
    return fail('NodeResourcesFit', !hopeless, ...lacks);
  }
  const spread = spreadFails(world, pod, node);
  if (spread !== '') return fail('PodTopologySpread', !spread.endsWith('label)'), spread);
  const affinity = affinityFails(world, pod, node);
  if (affinity === '') return null;
  return fail('InterPodAffinity', !affinity.endsWith('pod affinity rules'), affinity);
}

/** Total scores of these nodes with the default weights. */
export function slowScores(world: SlowWorld, pod: Pod, feasible: readonly Node[]): number[] {
  const total = feasible.map(() => 0);
  const add = (weight: number, scores: readonly number[]) => {
    for (const [i, score] of scores.entries()) total[i] += weight * score;
  };
  add(3, reversed(feasible.map((node) => intolerable(pod.spec, node))));
  add(2, normalized(feasible.map((node) => preferred(pod.spec, node))));
  add(2, spreadScores(world, pod, feasible));
  add(2, affinityScores(world, pod, feasible));
  add(
    1,
    feasible.map((node) => leastAllocated(world, pod, node)),
  );
  add(
    1,
    feasible.map((node) => balanced(world, pod, node)),
  );
  add(
    1,
    feasible.map((node) => imageScore(world, pod, node)),
  );
  return total;
}

export function podsOn(world: SlowWorld, node: Node): Pod[] {
  return world.pods.filter((pod) => pod.nodeName === node.meta.name);
}

function admittedByAffinity(spec: PodSpec, node: Node): boolean {
  const { labels, name } = node.meta;
  if (!Object.entries(spec.nodeSelector).every(([key, value]) => labels[key] === value)) {
    return false;
  }
  const terms = spec.affinity?.nodeRequired ?? null;
  return terms === null || terms.some((term) => termMatches(term, labels, name));
}

function portsOf(pod: Pod): string[] {
  return pod.spec.containers.flatMap((c) => c.hostPorts.map((p) => `${p.protocol}/${p.port}`));
}

function lacking(pod: Pod, node: Node, on: readonly Pod[]): string[] {
  const lacks: string[] = [];
  const { allocatable, maxPods } = node.status;
  if (on.length + 1 > maxPods) lacks.push('Too many pods');
  const check = (name: string, of: (p: Pod) => number, has: number) => {
    const used = on.reduce((sum, other) => sum + of(other), 0);
    if (of(pod) > 0 && of(pod) > has - used) lacks.push(`Insufficient ${name}`);
  };
  check('cpu', (p) => p.spec.requests.cpuMilli, allocatable.cpuMilli);
  check('memory', (p) => p.spec.requests.memoryBytes, allocatable.memoryBytes);
  check('ephemeral-storage', (p) => p.spec.requests.ephemeralBytes, allocatable.ephemeralBytes);
  for (const name of Object.keys(pod.spec.requests.extended)) {
    const has = allocatable.extended[name] ?? 0;
    check(name, (p) => p.spec.requests.extended[name] ?? 0, has);
  }
  return lacks;
}

/** Pods that a spread constraint counts on a node. */
function counted(world: SlowWorld, pod: Pod, selector: LabelSelector, node: Node): number {
  return podsOn(world, node).filter(
    (other) =>
      other.meta.namespace === pod.meta.namespace &&
      Number.isNaN(other.meta.deletedNs) &&
      matches(selector, other.meta.labels),
  ).length;
}

function takesPart(pod: Pod, c: TopologySpreadConstraint, node: Node): boolean {
  if (c.nodeAffinityPolicy === 'Honor' && !admittedByAffinity(pod.spec, node)) return false;
  if (c.nodeTaintsPolicy === 'Ignore') return true;
  return node.spec.taints.every(
    (t) => t.effect === 'PreferNoSchedule' || pod.spec.tolerations.some((to) => tolerates(to, t)),
  );
}

function spreadFails(world: SlowWorld, pod: Pod, node: Node): string {
  const text = "node(s) didn't match pod topology spread constraints";
  const hard = pod.spec.topologySpread.filter((c) => c.whenUnsatisfiable === 'DoNotSchedule');
  const complete = (n: Node) => hard.every((c) => n.meta.labels[c.topologyKey] !== undefined);
  for (const c of hard) {
    const mine = node.meta.labels[c.topologyKey];
    if (mine === undefined) return `${text} (missing required label)`;
    const counts = new Map<string, number>();
    for (const other of world.nodes) {
      if (!complete(other) || !takesPart(pod, c, other)) continue;
      const value = other.meta.labels[c.topologyKey];
      const before = counts.get(value) ?? 0;
      counts.set(value, before + counted(world, pod, c.labelSelector, other));
    }
    const least = counts.size < c.minDomains ? 0 : Math.min(...counts.values());
    const self = matches(c.labelSelector, pod.meta.labels) ? 1 : 0;
    if ((counts.get(mine) ?? 0) + self - least > c.maxSkew) return text;
  }
  return '';
}

function reaches(world: SlowWorld, term: PodAffinityTerm, owner: Pod, target: Pod): boolean {
  const { namespace, labels } = target.meta;
  if (term.labelSelector === null || !matches(term.labelSelector, labels)) return false;
  const { namespaces, namespaceSelector } = term;
  if (namespaces.length === 0 && namespaceSelector === null) {
    return namespace === owner.meta.namespace;
  }
  if (namespaces.includes(namespace)) return true;
  if (namespaceSelector === null) return false;
  return matches(namespaceSelector, world.namespaces.get(namespace) ?? {});
}

function nodeOfPod(world: SlowWorld, pod: Pod): Node | undefined {
  return world.nodes.find((node) => node.meta.name === pod.nodeName);
}

function sameDomain(a: Node, b: Node | undefined, key: string): boolean {
  const value = a.meta.labels[key];
  return value !== undefined && b !== undefined && b.meta.labels[key] === value;
}

function affinityFails(world: SlowWorld, pod: Pod, node: Node): string {
  const required = pod.spec.affinity?.podRequired ?? [];
  if (required.length > 0) {
    const all = world.pods.filter((other) => required.every((t) => reaches(world, t, pod, other)));
    const located = all.filter((other) =>
      required.some((t) => nodeOfPod(world, other)?.meta.labels[t.topologyKey] !== undefined),
    );
    const hasLabels = required.every((t) => node.meta.labels[t.topologyKey] !== undefined);
    const met = required.every((t) =>
      // Counts are by (key, value), whichever of the terms with that key made them.
      all.some((other) => sameDomain(node, nodeOfPod(world, other), t.topologyKey)),
    );
    const first = located.length === 0 && required.every((t) => reaches(world, t, pod, pod));
    if (!hasLabels || !(met || first)) return "node(s) didn't match pod affinity rules";
  }
  for (const term of pod.spec.affinity?.antiRequired ?? []) {
    for (const other of world.pods) {
      if (!reaches(world, term, pod, other)) continue;
      if (sameDomain(node, nodeOfPod(world, other), term.topologyKey)) {
        return "node(s) didn't match pod anti-affinity rules";
      }
    }
  }
  for (const other of world.pods) {
    for (const term of other.spec.affinity?.antiRequired ?? []) {
      if (!reaches(world, term, other, pod)) continue;
      if (sameDomain(node, nodeOfPod(world, other), term.topologyKey)) {
        return "node(s) didn't satisfy existing pods anti-affinity rules";
      }
    }
  }
  return '';
}

function normalized(scores: readonly number[]): number[] {
  const most = Math.max(0, ...scores);
  return scores.map((score) => (most === 0 ? 0 : Math.floor((100 * score) / most)));
}

function reversed(scores: readonly number[]): number[] {
  return normalized(scores).map((score) => 100 - score);
}

function intolerable(spec: PodSpec, node: Node): number {
  return node.spec.taints.filter(
    (t) => t.effect === 'PreferNoSchedule' && !spec.tolerations.some((to) => tolerates(to, t)),
  ).length;
}

function preferred(spec: PodSpec, node: Node): number {
  let sum = 0;
  for (const { term, weight } of spec.affinity?.nodePreferred ?? []) {
    if (termMatches(term, node.meta.labels, node.meta.name)) sum += weight;
  }
  return sum;
}

function nonZero(pod: Pod, of: 'cpuMilli' | 'memoryBytes', otherwise: number): number {
  const sum = (zero: number) => {
    const containers = pod.spec.containers.reduce((s, c) => s + (c.requests[of] || zero), 0);
    return Math.max(containers, ...pod.spec.initContainers.map((c) => c.requests[of] || zero));
  };
  return sum(otherwise) + Math.max(0, pod.spec.requests[of] - sum(0));
}

function leastAllocated(world: SlowWorld, pod: Pod, node: Node): number {
  const all = [...podsOn(world, node), pod];
  const { cpuMilli, memoryBytes } = node.status.allocatable;
  const cpu = all.reduce((sum, p) => sum + nonZero(p, 'cpuMilli', 100), 0);
  const memory = all.reduce((sum, p) => sum + nonZero(p, 'memoryBytes', 200 * 1024 * 1024), 0);
  const scores: number[] = [];
  if (cpuMilli > 0) {
    scores.push(cpu > cpuMilli ? 0 : Math.floor(((cpuMilli - cpu) * 100) / cpuMilli));
  }
  if (memoryBytes > 0) {
    scores.push(
      memory > memoryBytes ? 0 : Math.floor(((memoryBytes - memory) * 100) / memoryBytes),
    );
  }
  if (scores.length === 0) return 0;
  return Math.floor(scores.reduce((a, b) => a + b, 0) / scores.length);
}

function balanced(world: SlowWorld, pod: Pod, node: Node): number {
  const { requests } = pod.spec;
  if (requests.cpuMilli === 0 && requests.memoryBytes === 0) return 0;
  const all = [...podsOn(world, node), pod];
  const fractions: number[] = [];
  for (const of of ['cpuMilli', 'memoryBytes'] as const) {
    const has = node.status.allocatable[of];
    if (has === 0) continue;
    fractions.push(Math.min(1, all.reduce((sum, p) => sum + p.spec.requests[of], 0) / has));
  }
  const std = fractions.length === 2 ? Math.abs((fractions[0] - fractions[1]) / 2) : 0;
  return Math.trunc((1 - std) * 100);
}

function imageScore(world: SlowWorld, pod: Pod, node: Node): number {
  const containers = [...pod.spec.initContainers, ...pod.spec.containers];
  const mb = 1024 * 1024;
  let sum = 0;
  for (const { image } of containers) {
    const bytes = node.status.images[image.name];
    if (bytes === undefined) continue;
    const having = world.nodes.filter((n) => n.status.images[image.name] !== undefined).length;
    sum += Math.trunc(bytes * (having / world.nodes.length));
  }
  const most = 1000 * mb * containers.length;
  const clamped = Math.max(23 * mb, Math.min(most, sum));
  return Math.floor((100 * (clamped - 23 * mb)) / (most - 23 * mb));
}

/** ScheduleAnyway constraints of the pod, or the defaults where a service selects it. */
function softConstraints(world: SlowWorld, pod: Pod): [TopologySpreadConstraint[], boolean] {
  const own = pod.spec.topologySpread;
  if (own.length > 0) return [own.filter((c) => c.whenUnsatisfiable === 'ScheduleAnyway'), true];
  const requirements = world.services
    .filter((s) => s.namespace === pod.meta.namespace && matches(s.selector, pod.meta.labels))
    .flatMap((s) => s.selector.requirements);
  if (requirements.length === 0) return [[], false];
  const constraint = (topologyKey: string, maxSkew: number): TopologySpreadConstraint => ({
    topologyKey,
    maxSkew,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { requirements },
    minDomains: 1,
    nodeAffinityPolicy: 'Honor',
    nodeTaintsPolicy: 'Ignore',
  });
  return [[constraint(HOST, 3), constraint(ZONE, 5)], false];
}

function spreadScores(world: SlowWorld, pod: Pod, feasible: readonly Node[]): number[] {
  const [constraints, requireAll] = softConstraints(world, pod);
  if (constraints.length === 0) return feasible.map(() => 0);
  const complete = (n: Node) =>
    !requireAll || constraints.every((c) => n.meta.labels[c.topologyKey] !== undefined);
  const taking = feasible.filter(complete);
  const weights = constraints.map((c) => {
    const values = new Set(taking.map((n) => n.meta.labels[c.topologyKey]));
    return Math.log((c.topologyKey === HOST ? taking.length : values.size) + 2);
  });
  const raw = feasible.map((node) => {
    if (!complete(node)) return -1;
    let score = 0;
    for (const [i, c] of constraints.entries()) {
      const value = node.meta.labels[c.topologyKey];
      if (value === undefined) continue;
      let count = 0;
      for (const other of c.topologyKey === HOST ? [node] : world.nodes) {
        if (other.meta.labels[c.topologyKey] !== value) continue;
        if (other !== node || c.topologyKey !== HOST) {
          if (!complete(other) || !takesPart(pod, c, other)) continue;
        }
        count += counted(world, pod, c.labelSelector, other);
      }
      score += count * weights[i] + (c.maxSkew - 1);
    }
    return Math.round(score);
  });
  const valid = raw.filter((score) => score >= 0);
  const least = Math.min(...valid);
  const most = Math.max(0, ...valid);
  return raw.map((score) => {
    if (score < 0) return 0;
    return most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most);
  });
}

function affinityScores(world: SlowWorld, pod: Pod, feasible: readonly Node[]): number[] {
  const raw = feasible.map((node) => {
    let sum = 0;
    for (const other of world.pods) {
      const at = nodeOfPod(world, other);
      const add = (term: PodAffinityTerm, owner: Pod, target: Pod, weight: number) => {
        if (!reaches(world, term, owner, target)) return;
        if (sameDomain(node, at, term.topologyKey)) sum += weight;
      };
      for (const { term, weight } of pod.spec.affinity?.podPreferred ?? []) {
        add(term, pod, other, weight);
      }
      for (const { term, weight } of pod.spec.affinity?.antiPreferred ?? []) {
        add(term, pod, other, -weight);
      }
      for (const term of other.spec.affinity?.podRequired ?? []) add(term, other, pod, 1);
      for (const { term, weight } of other.spec.affinity?.podPreferred ?? []) {
        add(term, other, pod, weight);
      }
      for (const { term, weight } of other.spec.affinity?.antiPreferred ?? []) {
        add(term, other, pod, -weight);
      }
    }
    return sum;
  });
  const least = Math.min(...raw);
  const span = Math.max(...raw) - least;
  return raw.map((sum) => (span === 0 ? 0 : Math.trunc(100 * ((sum - least) / span))));
}
