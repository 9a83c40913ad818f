/**
 * When the objects of a cluster show that something is wrong with a node: its conditions and
 * taints, each with the time since the last fault began. The one idea: etcd tells of every change
 * with the version before, so a sign is a difference between two versions.
 *
 * *Left out:* signs of faults before the last one, where several overlap.
 */
import type { Metrics } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ContentsListener } from '../etcd/index.ts';
import type { KubeObject, Node, NodeConditions, Taint } from '../objects/index.ts';
import type { OutageTracker } from './outages.ts';
import type { FaultWorld } from './world.ts';

const CONDITIONS: readonly (readonly [keyof NodeConditions, string])[] = [
  ['ready', 'Ready'],
  ['memoryPressure', 'MemoryPressure'],
  ['diskPressure', 'DiskPressure'],
  ['pidPressure', 'PIDPressure'],
  ['networkUnavailable', 'NetworkUnavailable'],
];

/** Looks at every change of the etcd that holds nodes, after whoever looks there already. */
export function watchNodes({ ctx, etcd, outages }: FaultWorld): void {
  const { contents } = etcd.shared;
  const signs = new NodeSigns(ctx, outages);
  const others = contents.listener;
  contents.listener = (previous, value) => {
    others?.(previous, value);
    signs.changed(previous, value);
  };
}

class NodeSigns {
  readonly #sim: ModelContext['sim'];
  readonly #metrics: Metrics;
  readonly #outages: OutageTracker;

  constructor({ sim, metrics }: ModelContext, outages: OutageTracker) {
    this.#sim = sim;
    this.#metrics = metrics;
    this.#outages = outages;
  }

  readonly changed: ContentsListener = (previous, value) => {
    if (previous === null || value === null || Number.isNaN(this.#outages.lastFaultNs)) return;
    const [before, after] = [nodeOf(previous), nodeOf(value)];
    if (before === null || after === null) return;
    if (before.status.conditions !== after.status.conditions) this.#conditions(before, after);
    if (before.spec.taints !== after.spec.taints) this.#taints(before, after);
  };

  #conditions(before: Node, after: Node): void {
    for (const [key, condition] of CONDITIONS) {
      const status = after.status.conditions[key];
      if (status === before.status.conditions[key]) continue;
      this.#record('wavetank_node_condition_after_fault_seconds', { condition, status });
    }
  }

  #taints(before: Node, after: Node): void {
    for (const taint of after.spec.taints) {
      if (before.spec.taints.some((old) => textOf(old) === textOf(taint))) continue;
      this.#record('wavetank_node_taint_after_fault_seconds', { taint: textOf(taint) });
    }
  }

  #record(name: string, labels: Readonly<Record<string, string>>): void {
    const help = 'From the beginning of the last fault until a node shows this.';
    const tally = this.#metrics.tally(name, labels, { help });
    tally.record(this.#sim.nowNs - this.#outages.lastFaultNs);
  }
}

/** Other contents, such as values of clients of etcd, are no nodes. */
function nodeOf(value: object): Node | null {
  return (value as Partial<KubeObject>).resource === 'nodes' ? (value as Node) : null;
}

/** As `kubectl describe node` prints it, without its key's domain. */
function textOf({ key, effect }: Taint): string {
  return `${key.slice(key.lastIndexOf('/') + 1)}:${effect}`;
}
