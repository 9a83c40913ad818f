/** What was collected to the text of a scenario that reads back. */
import { formatUnit, parseScenario, printYaml, type YamlValue } from '../../scenario/index.ts';
import type { Collector } from './collector.ts';
import { flowSchemasOf, priorityLevelsOf } from './flow-control.ts';
import { at, compact, isMap, type Json, type JsonMap, keyOf, listOf, mapOf } from './json.ts';
import { otherSets, SELECTS_NOTHING_LABEL } from './others.ts';
import { pathKey, type Workload } from './workloads.ts';

export interface ScenarioOptions {
  readonly name: string;
  readonly description: string;
}

/** Names of nodes that a scenario is given for its pods; beyond them pods are placed anew. */
const PLACEMENTS_MAX = 200_000;
const REPAIRS_MAX = 20;
/** What `wavetank run` reads of a scenario. */
const TEXT_MAX = 4_000_000;
const NOWHERE = { file: '', index: 0, line: 0 };
const POD_BYTES = 5000;

export function scenarioOf(collector: Collector, options: ScenarioOptions): string | null {
  const { configuration, tally } = collector;
  collector.finish();
  const roots = collector.workloads.finish();
  const nodes = collector.nodes.finish(
    collector.workloads.asked,
    configuration.kubelet,
    configuration.kubeProxy,
  );
  const byKey = new Map(roots.map((root) => [root.key, root]));
  noteIdleSelectors(roots, collector);
  const sets = [
    ...workloadSets(roots, nodes.names, collector),
    ...otherSets(collector.others, byKey, collector.crds, tally),
  ];
  const kubernetes = compact({
    version: configuration.version || nodes.version || undefined,
    controlPlane: controlPlaneOf(collector, nodes.controlPlane),
    kubeAPIServer: compact({
      extraArgs: { ...configuration.flags.get('kube-apiserver') },
      webhooks: configuration.webhooks,
      priorityLevels: priorityLevelsOf(collector.priorityLevels, tally),
      flowSchemas: flowSchemasOf(collector.flowSchemas, tally),
    }),
    kubeScheduler: compact({
      extraArgs: { ...configuration.flags.get('kube-scheduler') },
      config: configuration.scheduler,
    }),
    kubeControllerManager: compact({
      extraArgs: { ...configuration.flags.get('kube-controller-manager') },
    }),
    nodeGroups: nodes.groups,
    objects: sets,
  });
  const value: JsonMap = {
    apiVersion: 'wavetank/v1alpha1',
    kind: 'Scenario',
    metadata: compact({ name: options.name, description: options.description }),
    horizon: '5m',
    etcd: etcdOf(collector),
    kubernetes,
  };
  return repaired(value, collector);
}

/** Services and budgets that select no pods of the dump are kept, and said. */
function noteIdleSelectors(roots: readonly Workload[], { others, tally }: Collector): void {
  const byNamespace = new Map<string, Workload[]>();
  for (const root of roots) {
    const known = byNamespace.get(root.namespace);
    if (known === undefined) byNamespace.set(root.namespace, [root]);
    else known.push(root);
  }
  for (const { kind, name, namespace, fields, place } of others) {
    const labels = Object.entries(mapOf(fields?.selector));
    if (labels.length === 0 || labels[0][0] === SELECTS_NOTHING_LABEL) continue;
    const own = byNamespace.get(namespace === '' ? 'default' : namespace) ?? [];
    if (own.some((root) => labels.every(([key, value]) => root.labels[key] === value))) continue;
    const object = `${kind} ${namespace}/${name}`;
    tally.note('warning', place, object, `a ${kind} that selects no pods of the dump`);
  }
}

function etcdOf({ configuration }: Collector): JsonMap {
  const members = configuration.externalEtcd || configuration.seen.get('etcd') || 1;
  return compact({
    version: /^3\.[4-7]/.exec(configuration.etcdVersion)?.[0],
    members,
    extraArgs: { ...configuration.flags.get('etcd') },
  });
}

function controlPlaneOf(
  { configuration }: Collector,
  hosts: readonly { readonly cpuMilli: number; readonly memoryBytes: number }[],
): JsonMap {
  const replicas = Math.max(hosts.length, configuration.seen.get('kube-apiserver') ?? 0);
  const [host] = hosts;
  return compact({
    replicas: replicas > 1 ? Math.min(20, replicas) : undefined,
    cores: host === undefined ? undefined : Math.max(1, Math.floor(host.cpuMilli / 1000)),
    memory:
      host === undefined ? undefined : formatUnit('bytes', Math.max(2 ** 30, host.memoryBytes)),
    topology: configuration.externalEtcd > 0 ? 'external' : undefined,
  });
}

/** Workloads that are the same but for their names and places, as one set with copies. */
interface Merged {
  readonly first: Workload;
  readonly set: JsonMap;
  readonly replicas: number;
  readonly all: Workload[];
}

function workloadSets(
  roots: readonly Workload[],
  nodes: ReadonlySet<string>,
  { others, tally }: Collector,
): readonly JsonMap[] {
  // What others refer to by name, or select by label, keeps its name and its labels.
  const referred = new Set<string>();
  for (const { kind, namespace, fields } of others) {
    if (kind === 'HorizontalPodAutoscaler' && isMap(fields ?? undefined)) {
      referred.add(pathKey(String(fields?.targetKind), namespace, String(fields?.target)));
    }
  }
  const merged = new Map<string, Merged>();
  for (const root of roots) {
    if (root.kind !== 'Pod' || root.owner !== null)
      tally.used(root.kind === 'Pod' ? '' : root.kind, root.kind === 'Pod' ? 0 : 1);
    else tally.used('Pod');
    const own = root.kind === 'Pod' ? root.pods : 1;
    const set = compact({
      kind: root.kind,
      namespace: root.namespace === 'default' ? undefined : root.namespace,
      ...root.fields,
      template: { labels: root.labels, spec: root.spec },
    });
    const apart = referred.has(root.key) || (root.kind === 'Pod' && own > 1) ? root.key : '';
    const key = keyOf([set, apart]);
    const known = merged.get(key);
    if (known !== undefined) known.all.push(root);
    else merged.set(key, { first: root, set, replicas: own, all: [root] });
  }
  const placed = placements(roots, nodes, tally);
  return [...merged.values()].map((group) => setOf(group, placed));
}

/** Whether pods keep their nodes: they must be known, and not too many. */
function placements(
  roots: readonly Workload[],
  nodes: ReadonlySet<string>,
  tally: Collector['tally'],
): (root: Workload) => boolean {
  const total = roots.reduce((sum, root) => sum + root.nodes.length, 0);
  if (total > PLACEMENTS_MAX) {
    const reason = `${total} pods are placed anew: a scenario names the nodes of ${PLACEMENTS_MAX} at most`;
    tally.note('warning', NOWHERE, '', reason);
    return () => false;
  }
  return (root) => {
    if (root.nodes.length === 0) return false;
    if (root.nodes.every((name) => nodes.has(name))) return true;
    const reason = 'pods on nodes that are not in the dump are placed anew';
    tally.note('warning', root.place, root.key, reason);
    return false;
  };
}

function setOf(
  { first, set, replicas, all }: Merged,
  placed: (root: Workload) => boolean,
): JsonMap {
  const copies = first.kind === 'Pod' ? replicas * all.length : all.length;
  const pods = all.reduce((sum, { pods }) => sum + pods, 0);
  const podBytes = all.reduce((sum, { podBytes }) => sum + podBytes, 0);
  const bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const size = pods === 0 ? POD_BYTES : Math.max(500, Math.round(podBytes / pods));
  // Nodes are told pod by pod: only where each copy has as many as its replicas.
  const perCopy = first.kind === 'Pod' ? 1 : first.nodes.length;
  const whole = all.every(
    (root) =>
      root.pending === 0 &&
      root.nodes.length === perCopy * (first.kind === 'Pod' ? replicas : 1) &&
      placed(root),
  );
  const { template, ...rest } = set;
  return compact({
    ...rest,
    name: first.name,
    copies: copies === 1 ? undefined : copies,
    template: compact({
      ...(isMap(template) ? template : {}),
      size: size === POD_BYTES ? undefined : formatUnit('bytes', size),
    }),
    size: formatUnit('bytes', Math.max(100, Math.round(bytes / all.length))),
    nodes: whole && first.kind !== 'DaemonSet' ? all.flatMap(({ nodes }) => nodes) : undefined,
  });
}

/**
 * A part that the scenario cannot have is left out, and said: flags that another version has, a
 * quantity out of range.
 */
function repaired(value: JsonMap, { tally }: Collector): string | null {
  let current: Json = value;
  for (let i = 0; i < REPAIRS_MAX; i++) {
    // Compacted JSON has no null.
    const text = printYaml(current as YamlValue);
    if (text.length > TEXT_MAX && hasPlacements(current)) {
      tally.note(
        'warning',
        NOWHERE,
        '',
        'pods are placed anew: with their nodes the file is too large',
      );
      current = withoutPlacements(current);
      continue;
    }
    const { problems } = parseScenario(text, { file: 'the scenario' });
    if (problems.length === 0) return text;
    const paths = new Set<string>();
    for (const { path, message } of problems) {
      const part = partOf(path);
      if (part === '' || paths.has(part)) continue;
      paths.add(part);
      tally.note('warning', NOWHERE, part, 'left out of the scenario', message);
    }
    if (paths.size === 0) {
      for (const { message } of problems) tally.note('error', NOWHERE, '', message);
      return null;
    }
    // From the end, so that the places of what stands before stay as they are.
    const sorted = [...paths].sort((a, b) => indexOf(b) - indexOf(a));
    for (const part of sorted) current = without(current, stepsOf(part));
  }
  tally.note('error', NOWHERE, '', 'no scenario can be made of this');
  return null;
}

function hasPlacements(value: Json): boolean {
  return listOf(at(value, 'kubernetes', 'objects')).some((set) => at(set, 'nodes') !== undefined);
}

function withoutPlacements(value: Json): Json {
  const objects = listOf(at(value, 'kubernetes', 'objects')).map((set) => without(set, ['nodes']));
  const kubernetes = { ...mapOf(at(value, 'kubernetes')), objects };
  return { ...mapOf(value), kubernetes };
}

/** The smallest part that can go: a flag, an object set, a node group, a field of a component. */
function partOf(path: string): string {
  const flag = /^(?:kubernetes\.\w+|etcd)\.extraArgs\.[\w-]+/.exec(path);
  const item =
    /^kubernetes\.(?:objects|nodeGroups|kubeAPIServer\.\w+)\[\d+\](\.kubelet\.\w+)?/.exec(path);
  const field =
    /^(?:kubernetes\.(?:kubeScheduler\.config|controlPlane)\.\w+|kubernetes\.version|etcd\.\w+)/.exec(
      path,
    );
  return (flag ?? item ?? field)?.[0] ?? '';
}

const indexOf = (path: string) => Number(/\[(\d+)\]/.exec(path)?.[1] ?? -1);

function stepsOf(path: string): readonly string[] {
  const flag = /^(.*extraArgs)\.(.*)$/.exec(path);
  const steps = (flag?.[1] ?? path).split(/[.[\]]+/).filter((step) => step !== '');
  return flag === null ? steps : [...steps, flag[2]];
}

function without(value: Json | undefined, [step, ...rest]: readonly string[]): Json {
  if (Array.isArray(value)) {
    const index = Number(step);
    if (rest.length === 0) return value.filter((_, i) => i !== index);
    return value.map((item, i) => (i === index ? without(item, rest) : item));
  }
  if (!isMap(value)) return value ?? null;
  const { [step]: inner, ...others } = value;
  return rest.length === 0 ? (others as JsonMap) : { ...value, [step]: without(inner, rest) };
}
