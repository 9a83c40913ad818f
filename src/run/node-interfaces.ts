/**
 * Hosts of the network for nodes. The nodes of a zone share one (`nodes@ZONE`), so that many of
 * them cost nothing; but what a fault of the network tells apart needs an interface of its own.
 *
 * The one idea: nodes that are named by the same faults stay together, so there are as many hosts
 * as there are different sets of faults, not as there are nodes.
 */
import type { FaultScenario, NodeGroupScenario, Scenario } from '../scenario/types.ts';

export interface NodeInterface {
  readonly name: string;
  readonly zone: string;
}

/** Whether a node of a group, by its number, is one of those that a target means. */
type Takes = (group: NodeGroupScenario, index: number, name: string) => boolean;

export class NodeInterfaces {
  readonly all: readonly NodeInterface[];
  readonly #own = new Map<string, string>();

  constructor({ kubernetes }: Scenario, faults: readonly FaultScenario[]) {
    const groups = kubernetes?.nodeGroups ?? [];
    const zones = [...new Set(groups.flatMap((group) => group.zones))];
    const takers = takersOf(groups, faults);
    const found = new Map<string, NodeInterface>();
    for (const zone of zones) found.set(sharedName(zone), { name: sharedName(zone), zone });
    if (takers.length > 0) {
      for (const group of groups) {
        for (let i = 0; i < group.count + group.joining; i++) {
          const name = group.names[i] ?? `${group.name}-${i}`;
          const zone = zoneOf(group, i);
          const by = takers.flatMap((takes, t) => (takes(group, i, name) ? [t] : []));
          if (by.length === 0) continue;
          const host = `${sharedName(zone)}/${by.join('+')}`;
          found.set(host, { name: host, zone });
          this.#own.set(name, host);
        }
      }
    }
    this.all = [...found.values()];
  }

  /** One of its own where a fault tells the node apart, else what the nodes of the zone share. */
  hostOf(zone: string, node: string): string {
    return this.#own.get(node) ?? sharedName(zone);
  }
}

function sharedName(zone: string): string {
  return `nodes@${zone}`;
}

function zoneOf({ zones }: NodeGroupScenario, index: number): string {
  return zones.length === 0 ? '' : zones[index % zones.length];
}

/** One for each target of a fault of the network that means some of the nodes of a zone. */
function takersOf(
  groups: readonly NodeGroupScenario[],
  faults: readonly FaultScenario[],
): readonly Takes[] {
  const takers = new Map<string, Takes>();
  for (const { action } of faults) {
    const ends = 'between' in action ? action.between : 'groups' in action && action.groups.flat();
    if (ends === false) continue;
    const part = 'part' in action ? (action.part ?? 1) : 1;
    for (const end of ends) {
      const takes = takerOf(end, part, groups);
      if (takes !== null) takers.set(`${end} ${part}`, takes);
    }
  }
  return [...takers.values()];
}

/** null: no nodes, or all of their zones. */
function takerOf(end: string, part: number, groups: readonly NodeGroupScenario[]): Takes | null {
  const [prefix, ...rest] = end.split('/');
  const name = rest.join('/');
  switch (prefix) {
    case 'node':
    case 'kubelet':
      return (_, __, node) => node === name;
    case 'nodes':
      return takerOfGroup(name, part, groups);
    case 'zone':
      return part === 1 ? null : takerOfZone(name, part, groups);
    default:
      return null;
  }
}

function takerOfGroup(
  name: string,
  part: number,
  groups: readonly NodeGroupScenario[],
): Takes | null {
  const group = groups.find((g) => g.name === name);
  if (group === undefined) return null;
  const others = groups.filter((g) => g !== group && g.zones.some((z) => group.zones.includes(z)));
  if (part === 1 && others.length === 0) return null;
  const count = Math.ceil(group.count * part);
  return (g, index) => g === group && (part === 1 || index < count);
}

/** The first ones in the order of groups and numbers, as the fault takes them. */
function takerOfZone(zone: string, part: number, groups: readonly NodeGroupScenario[]): Takes {
  const first = new Map<NodeGroupScenario, number>();
  let total = 0;
  for (const group of groups) {
    first.set(group, total);
    for (let i = 0; i < group.count; i++) if (zoneOf(group, i) === zone) total++;
  }
  const count = Math.ceil(total * part);
  return (group, index) => {
    if (zoneOf(group, index) !== zone) return false;
    return (first.get(group) ?? 0) + Math.floor(index / group.zones.length) < count;
  };
}
