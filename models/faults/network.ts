/**
 * Faults of the network. An end is the machines that its targets run on: what shares a machine
 * shares its cable.
 */
import { assert } from '../../src/core/index.ts';
import type { NetworkAction } from '../../src/scenario/types.ts';
import { clientNodeName } from '../etcd/index.ts';
import type { HostId } from '../network/index.ts';
import { loadHost } from '../workload/index.ts';
import type { FaultHandlers } from './handler.ts';
import { resolveTargets, type Target } from './targets.ts';
import type { FaultWorld } from './world.ts';

type Cut = Extract<NetworkAction, { readonly kind: 'partition' | 'flap' }>;

export const networkFaults: FaultHandlers<NetworkAction['kind']> = {
  partition: (action, world) => cut(action, endsOf(action, world), world),

  /** Both edges are of the clock: cut, open, cut, until it is over. */
  flap: (action, world) => {
    const ends = endsOf(action, world);
    let isOver = false;
    let heal = cut(action, ends, world);
    let isCut = true;
    const turn = () => {
      if (isOver) return;
      if (isCut) heal();
      else heal = cut(action, ends, world);
      isCut = !isCut;
      world.after(isCut ? action.downNs : action.upNs, turn);
    };
    world.after(action.downNs, turn);
    return () => {
      isOver = true;
      if (isCut) heal();
    };
  },

  delay: ({ between, part, addNs }, world) => {
    const [a, b] = between.map((name) => networkEnd(name, world, part));
    const id = world.network.addDelay(a, b, addNs);
    return () => world.network.heal(id);
  },

  loss: ({ between, part, probability }, world) => {
    const [a, b] = between.map((name) => networkEnd(name, world, part));
    const id = world.network.setLoss(a, b, probability);
    return () => world.network.heal(id);
  },
};

/** The groups as hosts of the network; `everything` is what no other group has. */
function endsOf({ groups, part }: Cut, world: FaultWorld): HostId[][] {
  const ends = groups.map((names) => names.flatMap((name) => networkEnd(name, world, part)));
  const named = new Set(ends.flat());
  return ends.map((end, i) => {
    if (!groups[i].includes('everything')) return end;
    return [...world.network.hosts.keys()].filter((id) => !named.has(id));
  });
}

function cut({ oneWay, mode }: Cut, ends: readonly HostId[][], { network }: FaultWorld) {
  const ids: number[] = [];
  for (let i = 0; i < ends.length; i++) {
    for (let j = i + 1; j < ends.length; j++) {
      ids.push(network.partition(ends[i], ends[j], { oneWay, mode }));
    }
  }
  return () => {
    for (const id of ids) network.heal(id);
  };
}

/** Hosts of the network that an end of the scenario means. */
function networkEnd(name: string, world: FaultWorld, part = 1): HostId[] {
  const { network, kubernetes } = world;
  switch (name) {
    case 'everything':
      return [];
    case 'client':
    case 'clients': {
      const clients = world.clientHosts.map((host) => network.host(clientNodeName(host)));
      return kubernetes === null ? clients : [...clients, network.host(loadHost)];
    }
    case 'nodes':
      return idsOf(world, (host) => host.name.startsWith('nodes@'));
    case 'loadBalancer':
      return idsOf(world, (host) => host.client === true);
    default: {
      if (!name.includes('/') && !world.hosts.has(name)) return zoneEnd(name, world);
      const targets = resolveTargets(name, world, part);
      const ids = targets.flatMap((target) => targetEnd(target, world));
      const isZone = name.startsWith('zone/') && part === 1;
      return [...new Set(isZone ? [...ids, ...zoneEnd(name.slice(5), world)] : ids)];
    }
  }
}

function zoneEnd(zone: string, world: FaultWorld): HostId[] {
  return idsOf(world, (host) => host.zone === zone);
}

function idsOf(
  { network }: FaultWorld,
  takes: (host: { name: string; zone: string; client?: boolean }) => boolean,
): HostId[] {
  return network.hosts.flatMap((host, id) => (takes(host) ? [id] : []));
}

function targetEnd(target: Target, world: FaultWorld): HostId[] {
  const { network } = world;
  switch (target.kind) {
    case 'member':
      return [network.host(target.member.name)];
    case 'host':
      return machineEnd(target.host.name, world);
    case 'apiServer':
      return [network.host(target.server.networkHost)];
    case 'component':
      return [network.host(target.component.process.host.name)];
    default:
      return nodeEnd(target.node, world);
  }
}

/** All interfaces of a machine. */
export function machineEnd(machine: string, { network, networkHostsOf }: FaultWorld): HostId[] {
  return [...new Set((networkHostsOf.get(machine) ?? []).map((name) => network.host(name)))];
}

function nodeEnd(node: string, world: FaultWorld): HostId[] {
  const { kubernetes, network } = world;
  if (kubernetes === null) assert(false, `there is no node ${node}`);
  return [network.host(kubernetes.nodes.networkHostOf(node))];
}
