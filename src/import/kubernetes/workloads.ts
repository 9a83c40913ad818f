/**
 * Workloads of a dump, and the pods that run for them: a pod that a controller owns is no object of
 * its own, but says where one of its owner's pods runs.
 */
import { formatUnit, readPodSpec } from '../../scenario/index.ts';
import { cronPeriodS } from './cron.ts';
import type { Place } from './documents.ts';
import {
  at,
  compact,
  type Json,
  type JsonMap,
  listOf,
  mapOf,
  numberOf,
  textOf,
  textsOf,
} from './json.ts';
import { cleanSpec, nodeLabelsAskedFor } from './pod-spec.ts';
import type { Tally } from './tally.ts';

/** An object by kind, namespace and name. */
export const pathKey = (kind: string, namespace: string, name: string) =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

export interface NamedObject {
  readonly value: JsonMap;
  readonly name: string;
  readonly namespace: string;
  readonly place: Place;
  /** As JSON. */
  readonly bytes: number;
}

export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** Kinds whose objects the modelled controllers make, by the kind that owns them. */
const MAKERS = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
];

export function controllerOf(value: JsonMap): Owner | null {
  for (const owner of listOf(at(value, 'metadata', 'ownerReferences'))) {
    if (at(owner, 'controller') !== true) continue;
    return { kind: textOf(at(owner, 'kind')), name: textOf(at(owner, 'name')) };
  }
  return null;
}

export interface Workload {
  readonly key: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly owner: Owner | null;
  readonly place: Place;
  readonly bytes: number;
  /** Labels and spec of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: JsonMap;
  /** Fields of the object set beside names, template and nodes. */
  readonly fields: JsonMap;
  /** Pods that there were; filled in at the end. */
  readonly nodes: string[];
  pending: number;
  podBytes: number;
  pods: number;
}

interface PodRow {
  readonly owner: string;
  readonly node: string;
  readonly bytes: number;
}

export class WorkloadCollector {
  readonly #tally: Tally;
  readonly #workloads = new Map<string, Workload>();
  readonly #pods: PodRow[] = [];
  /** Pods whose owner the dump does not hold are kept by the first of them. */
  readonly #orphans = new Map<string, Workload>();
  readonly #priorities: ReadonlyMap<string, number>;
  /** Labels of nodes that pods ask for. */
  readonly asked = new Set<string>();

  constructor(tally: Tally, priorities: ReadonlyMap<string, number>) {
    this.#tally = tally;
    this.#priorities = priorities;
  }

  get(key: string): Workload | undefined {
    return this.#workloads.get(key);
  }

  add(kind: string, object: NamedObject): void {
    const made = this.#make(kind, object);
    if (made !== null) this.#workloads.set(made.key, made);
  }

  addPod(object: NamedObject): void {
    const { value, namespace, bytes } = object;
    const phase = textOf(at(value, 'status', 'phase'));
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.#tally.skipped('Pod', 'it has ended');
      return;
    }
    const owner = controllerOf(value);
    if (owner !== null && owner.kind === 'Node') {
      this.#tally.skipped('Pod', 'a static pod, which its kubelet runs');
      return;
    }
    const node = textOf(at(value, 'spec', 'nodeName'));
    if (owner === null) {
      const made = this.#make('Pod', object);
      if (made === null) return;
      if (node === '') made.pending = 1;
      else made.nodes.push(node);
      this.#workloads.set(made.key, made);
      return;
    }
    const key = pathKey(owner.kind, namespace, owner.name);
    this.#pods.push({ owner: key, node, bytes });
    if (this.#orphans.has(key) || this.#workloads.has(key)) return;
    const made = this.#make('Pod', { ...object, name: owner.name });
    if (made === null) this.#pods.pop();
    else this.#orphans.set(key, { ...made, owner, pods: 0, podBytes: 0 });
  }

  /** Workloads that stand by themselves, with the nodes of their pods. */
  finish(): readonly Workload[] {
    for (const { owner, node, bytes } of this.#pods) {
      const workload = this.#workloads.get(owner) ?? this.#orphans.get(owner);
      if (workload === undefined) {
        this.#tally.skipped('Pod', 'its owner was left out');
        continue;
      }
      this.#tally.used('Pod');
      const root = this.#rootOf(workload);
      if (node === '') root.pending++;
      else root.nodes.push(node);
      root.pods++;
      root.podBytes += bytes;
    }
    const roots: Workload[] = [];
    for (const workload of this.#workloads.values()) {
      if (this.#rootOf(workload) === workload) roots.push(workload);
      else this.#tally.skipped(workload.kind, 'made by the controller that owns it');
    }
    for (const [key, workload] of this.#orphans) {
      if (this.#workloads.has(key) || workload.pods === 0) continue;
      const reason = 'pods whose owner is not in the dump stand for themselves';
      this.#tally.note('warning', workload.place, key, reason);
      roots.push(workload);
    }
    return roots;
  }

  /** The owner of the owner, and so on; the workload itself where they go in a circle. */
  #rootOf(workload: Workload): Workload {
    const seen = new Set([workload.key]);
    let root = workload;
    while (root.owner !== null && MAKERS.includes(root.owner.kind)) {
      const key = pathKey(root.owner.kind, root.namespace, root.owner.name);
      if (seen.has(key)) {
        if (this.#circles.has(workload.key)) return workload;
        for (const member of seen) this.#circles.add(member);
        const circle = [...seen, key].join(' -> ');
        const hint = 'Each of them is taken as if it had no owner.';
        this.#tally.note('warning', workload.place, '', 'owners go in a circle', circle, hint);
        return workload;
      }
      const owner = this.#workloads.get(key);
      if (owner === undefined) break;
      seen.add(key);
      root = owner;
    }
    return root;
  }

  readonly #circles = new Set<string>();

  #make(kind: string, object: NamedObject): Workload | null {
    const { value, name, namespace, place, bytes } = object;
    const full = namespace === '' ? name : `${namespace}/${name}`;
    if (kind === 'CronJob' && at(value, 'spec', 'suspend') === true) {
      this.#tally.skipped(kind, 'it is suspended');
      return null;
    }
    const template = templateOf(kind, value);
    const job = kind === 'Job' || kind === 'CronJob';
    const { spec, leftOut } = cleanSpec(at(template, 'spec'), 'Always');
    const resolved = this.#withPriority(spec);
    const labels = textsOf(at(template, 'metadata', 'labels'));
    const { problems } = readPodSpec(resolved, labels);
    if (problems.length > 0) {
      this.#tally.refuse(kind, 'its pods cannot be read', place, full, problems[0]);
      return null;
    }
    for (const field of leftOut) {
      const reason = `${field} of pods has no model here and is left out`;
      this.#tally.note('warning', place, `${kind} ${full}`, reason);
    }
    nodeLabelsAskedFor(resolved, this.asked);
    const fields = fieldsOf(kind, value);
    if (fields === null) {
      this.#tally.refuse(kind, 'its schedule cannot be read', place, full);
      return null;
    }
    const restart = job && resolved.restartPolicy === 'Never' ? undefined : resolved.restartPolicy;
    return {
      key: pathKey(kind, namespace, name),
      kind: kind === 'ReplicationController' ? 'ReplicaSet' : kind,
      name,
      namespace,
      owner: controllerOf(value),
      place,
      bytes,
      labels,
      spec: compact({ ...resolved, restartPolicy: restart }),
      fields,
      nodes: [],
      pending: 0,
      podBytes: kind === 'Pod' ? bytes : 0,
      pods: kind === 'Pod' ? 1 : 0,
    };
  }

  #withPriority(spec: JsonMap): JsonMap {
    const name = textOf(spec.priorityClassName);
    if (name === '' || name.startsWith('system-')) return spec;
    return compact({
      ...spec,
      priorityClassName: undefined,
      priority: this.#priorities.get(name),
    });
  }
}

function templateOf(kind: string, value: JsonMap): Json | undefined {
  if (kind === 'Pod') return value;
  if (kind === 'CronJob') return at(value, 'spec', 'jobTemplate', 'spec', 'template');
  return at(value, 'spec', 'template');
}

const amount = (value: Json | undefined): string | undefined =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : undefined;

/** null: the schedule of a CronJob cannot be read. */
function fieldsOf(kind: string, value: JsonMap): JsonMap | null {
  const spec = mapOf(value.spec);
  const replicas = numberOf(spec.replicas, 1);
  switch (kind) {
    case 'Deployment': {
      const recreate = at(spec, 'strategy', 'type') === 'Recreate';
      const rolling = at(spec, 'strategy', 'rollingUpdate');
      return compact({
        replicas,
        strategy: recreate ? 'Recreate' : undefined,
        maxSurge: unlessDefault(amount(at(rolling, 'maxSurge'))),
        maxUnavailable: unlessDefault(amount(at(rolling, 'maxUnavailable'))),
      });
    }
    case 'StatefulSet': {
      const parallel = spec.podManagementPolicy === 'Parallel';
      return compact({
        replicas,
        podManagementPolicy: parallel ? 'Parallel' : undefined,
        claims: listOf(spec.volumeClaimTemplates).map(claimOf),
      });
    }
    case 'DaemonSet':
      return compact({
        maxUnavailable: amount(at(spec, 'updateStrategy', 'rollingUpdate', 'maxUnavailable')),
      });
    case 'Job':
      return jobFields(spec);
    case 'CronJob': {
      const seconds = cronPeriodS(textOf(spec.schedule));
      if (seconds === null) return null;
      const every = formatUnit('duration', Math.round(seconds) * 1e9);
      return { every, ...jobFields(mapOf(at(spec, 'jobTemplate', 'spec'))) };
    }
    case 'Pod':
      return {};
    default:
      return { replicas };
  }
}

function unlessDefault(text: string | undefined): string | undefined {
  return text === '25%' ? undefined : text;
}

function jobFields(spec: JsonMap): JsonMap {
  const parallelism = Math.max(1, numberOf(spec.parallelism, 1));
  return { parallelism, completions: Math.max(1, numberOf(spec.completions, parallelism)) };
}

function claimOf(template: Json): JsonMap {
  const size = textOf(at(template, 'spec', 'resources', 'requests', 'storage'), '10Gi');
  return compact({
    name: at(template, 'metadata', 'name'),
    storageClass: at(template, 'spec', 'storageClassName'),
    size: storageOf(size),
  });
}

/** A quantity as bytes of the scenario. */
export function storageOf(text: string): string | undefined {
  const { spec, problems } = readPodSpec(
    { containers: [{ name: 'x', resources: { requests: { memory: text } } }] },
    {},
  );
  const bytes = spec.requests.memoryBytes;
  return problems.length > 0 || bytes < 1 ? undefined : formatUnit('bytes', bytes);
}
