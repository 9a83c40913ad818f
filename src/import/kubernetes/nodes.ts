/** Nodes of a dump to groups of equal ones. */
import { LABEL_HOSTNAME, LABEL_REGION, LABEL_ZONE } from '../../../models/objects/index.ts';
import { formatUnit, milliOf, parseQuantity, unitsOf } from '../../scenario/index.ts';
import type { Place } from './documents.ts';
import {
  at,
  compact,
  type Json,
  type JsonMap,
  jsonBytes,
  keyOf,
  listOf,
  mapOf,
  textOf,
  textsOf,
} from './json.ts';
import type { Tally } from './tally.ts';

const BEFORE_TOPOLOGY = 'failure-domain.beta.kubernetes.io/';
/** Come and go by themselves: the node life-cycle controller sets them. */
const CONDITION_TAINTS =
  /^node\.kubernetes\.io\/(not-ready|unreachable|.*-pressure|network-unavailable)$/;
const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
/** A label whose values differ from node to node tells nodes apart, not groups. */
const UNIQUE_FROM = 3;
const DEFAULT_PODS = 110;

interface NodeRow {
  readonly name: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the group: all but name, zone and labels, as YAML. */
  readonly fields: JsonMap;
  readonly maxPods: number;
  readonly runtime: string;
  readonly bytes: number;
}

export interface NodesFound {
  readonly groups: readonly JsonMap[];
  readonly names: ReadonlySet<string>;
  /** Cores and bytes of the nodes of the control plane. */
  readonly controlPlane: readonly { readonly cpuMilli: number; readonly memoryBytes: number }[];
  /** Minor version of most kubelets; '' unknown. */
  readonly version: string;
}

export class NodeCollector {
  readonly #rows: NodeRow[] = [];
  readonly #names = new Set<string>();
  readonly #versions = new Map<string, number>();
  readonly #controlPlane: { cpuMilli: number; memoryBytes: number }[] = [];
  readonly #tally: Tally;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  add(node: JsonMap, name: string, place: Place): void {
    const allocatable = amountsOf(at(node, 'status', 'allocatable'));
    const capacity = amountsOf(at(node, 'status', 'capacity') ?? at(node, 'status', 'allocatable'));
    const bad = capacity.bad ?? allocatable.bad;
    if (bad !== undefined) {
      this.#tally.refuse('Node', 'a malformed quantity', place, name, bad);
      return;
    }
    const cpuMilli = milliOf(capacity.nano.get('cpu') ?? 0n);
    const memoryBytes = unitsOf(capacity.nano.get('memory') ?? 0n);
    if (cpuMilli <= 0 || memoryBytes <= 0) {
      const reason = 'a node without capacity (status.capacity: cpu, memory)';
      this.#tally.refuse('Node', reason, place, name);
      return;
    }
    const labels = textsOf(at(node, 'metadata', 'labels'));
    if (CONTROL_PLANE.some((label) => Object.hasOwn(labels, label))) {
      this.#controlPlane.push({ cpuMilli, memoryBytes });
    }
    const info = at(node, 'status', 'nodeInfo');
    const version = /^v?(1\.\d+)/.exec(textOf(at(info, 'kubeletVersion')))?.[1];
    if (version !== undefined) {
      this.#versions.set(version, (this.#versions.get(version) ?? 0) + 1);
    }
    this.#names.add(name);
    const { images: _, ...status } = mapOf(node.status);
    this.#rows.push({
      name,
      zone: labels[LABEL_ZONE] ?? labels[`${BEFORE_TOPOLOGY}zone`] ?? '',
      labels: withoutOwn(labels),
      fields: fieldsOf(node, capacity.nano, allocatable.nano),
      maxPods: unitsOf(capacity.nano.get('pods') ?? BigInt(DEFAULT_PODS) * 1_000_000_000n),
      runtime: textOf(at(info, 'containerRuntimeVersion')).startsWith('cri-o') ? 'cri-o' : '',
      bytes: jsonBytes({ ...node, status }),
    });
    this.#tally.used('Node');
  }

  finish(asked: ReadonlySet<string>, kubelet: JsonMap, kubeProxy: JsonMap): NodesFound {
    const dropped = this.#uniqueLabels(asked);
    const groups = new Map<
      string,
      { row: NodeRow; labels: JsonMap; names: string[]; bytes: number }
    >();
    for (const row of this.#rows) {
      const labels = Object.fromEntries(
        Object.entries(row.labels).filter(([key]) => !dropped.has(key)),
      );
      const key = keyOf([row.zone, row.fields, labels, row.maxPods, row.runtime]);
      const group = groups.get(key) ?? { row, labels, names: [], bytes: 0 };
      group.names.push(row.name);
      group.bytes += row.bytes;
      groups.set(key, group);
    }
    const list = [...groups.values()].map(({ row, labels, names, bytes }, i) =>
      compact({
        name: groups.size === 1 ? 'nodes' : `nodes-${i}`,
        count: names.length,
        zones: row.zone === '' ? undefined : [row.zone],
        ...row.fields,
        labels,
        names,
        objectSize: formatUnit('bytes', Math.max(500, Math.round(bytes / names.length))),
        kubelet: {
          ...kubelet,
          ...(row.maxPods === DEFAULT_PODS ? {} : { maxPods: Math.max(1, row.maxPods) }),
        },
        runtime: row.runtime === '' ? undefined : { kind: row.runtime },
        kubeProxy,
      }),
    );
    let version = '';
    for (const [name, count] of this.#versions) {
      if (version === '' || count > (this.#versions.get(version) ?? 0)) version = name;
    }
    return { groups: list, names: this.#names, controlPlane: this.#controlPlane, version };
  }

  #uniqueLabels(asked: ReadonlySet<string>): Set<string> {
    const values = new Map<string, Set<string>>();
    const counts = new Map<string, number>();
    for (const { labels } of this.#rows) {
      for (const [key, value] of Object.entries(labels)) {
        const known = values.get(key) ?? new Set();
        values.set(key, known.add(value));
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const dropped = new Set<string>();
    for (const [key, { size }] of values) {
      const unique = size === counts.get(key) && size >= UNIQUE_FROM;
      if (unique && !asked.has(key)) dropped.add(key);
    }
    return dropped;
  }
}

/** Host name, zone and region come by themselves. */
function withoutOwn(labels: Readonly<Record<string, string>>): Record<string, string> {
  const own = [LABEL_HOSTNAME, LABEL_ZONE, LABEL_REGION];
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([key]) => !own.includes(key) && !key.startsWith(BEFORE_TOPOLOGY),
    ),
  );
}

function amountsOf(list: Json | undefined): { nano: Map<string, bigint>; bad?: string } {
  const nano = new Map<string, bigint>();
  for (const [name, amount] of Object.entries(mapOf(list))) {
    const parsed = parseQuantity(textOf(amount));
    if (parsed === null || parsed < 0n) return { nano, bad: `${name}: ${textOf(amount)}` };
    nano.set(name, parsed);
  }
  return { nano };
}

function fieldsOf(
  node: JsonMap,
  capacity: ReadonlyMap<string, bigint>,
  allocatable: ReadonlyMap<string, bigint>,
): JsonMap {
  const milli = (from: ReadonlyMap<string, bigint>) => milliOf(from.get('cpu') ?? 0n);
  const memory = (from: ReadonlyMap<string, bigint>) => unitsOf(from.get('memory') ?? 0n);
  const reserved = (of: (from: ReadonlyMap<string, bigint>) => number, name: string) =>
    allocatable.has(name) ? Math.max(0, of(capacity) - of(allocatable)) : 0;
  const extended: Record<string, number> = {};
  for (const [name, amount] of allocatable.size > 0 ? allocatable : capacity) {
    if (['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name)) continue;
    if (name.startsWith('hugepages-') && amount === 0n) continue;
    extended[name] = unitsOf(amount);
  }
  const ephemeral = capacity.get('ephemeral-storage');
  return compact({
    cpu: formatUnit('cpu', milli(capacity)),
    memory: formatUnit('bytes', memory(capacity)),
    ephemeralStorage: ephemeral === undefined ? undefined : formatUnit('bytes', unitsOf(ephemeral)),
    reservedCpu: formatUnit('cpu', reserved(milli, 'cpu')),
    reservedMemory: formatUnit('bytes', reserved(memory, 'memory')),
    extended,
    taints: listOf(at(node, 'spec', 'taints'))
      .filter((taint) => !CONDITION_TAINTS.test(textOf(at(taint, 'key'))))
      .map((taint) =>
        compact({
          key: at(taint, 'key'),
          value: at(taint, 'value'),
          effect: at(taint, 'effect'),
        }),
      ),
  });
}
