/**
 * Targets of faults, resolved when a fault begins: `etcd/leader` is who leads then. The grammar is
 * that of the scenario (src/scenario/faults/verb.ts), which has checked the names.
 */
import { assert } from '../../src/core/index.ts';
import type { ApiServer } from '../apiserver/index.ts';
import type { EtcdCluster, EtcdMember } from '../etcd/index.ts';
import type { Host } from '../machine/index.ts';
import type { FaultComponent, FaultWorld, KubernetesWorld } from './world.ts';

export interface MemberOf {
  readonly cluster: EtcdCluster;
  readonly member: EtcdMember;
}

export type Target =
  | ({ readonly kind: 'member' } & MemberOf)
  | { readonly kind: 'host'; readonly host: Host }
  | { readonly kind: 'apiServer'; readonly server: ApiServer }
  | { readonly kind: 'component'; readonly component: FaultComponent }
  | { readonly kind: 'node'; readonly node: string }
  | { readonly kind: 'kubelet'; readonly node: string }
  | { readonly kind: 'proxy'; readonly node: string }
  | { readonly kind: 'runtime'; readonly node: string };

/** `part`: of nodes of a group, or of all in a zone, the first so many; at least one. */
export function resolveTargets(target: string, world: FaultWorld, part = 1): Target[] {
  const [prefix, ...rest] = target.split('/');
  const name = rest.join('/');
  switch (prefix) {
    case 'etcd':
    case 'etcd-events':
      return members(clusterOf(target, world), target);
    case 'kube-apiserver':
      return apiServers(name, world);
    case 'kube-scheduler':
    case 'kube-controller-manager':
    case 'cloud-controller-manager':
      return components(prefix, name, world);
    case 'node':
      return [{ kind: 'node', node: name }];
    case 'nodes':
      return firstPart(
        nodesOf(world, (group) => group === name),
        part,
      );
    case 'zone':
      return zoneTargets(name, world, part);
    case 'kubelet':
      return [{ kind: 'kubelet', node: name }];
    case 'kube-proxy':
      return [{ kind: 'proxy', node: name }];
    case 'container-runtime':
      return [{ kind: 'runtime', node: name }];
    default:
      return [{ kind: 'host', host: hostOf(target, world) }];
  }
}

/** Machines that the targets are or run on, each once; nodes have no machine of this kind. */
export function hostsOf(targets: readonly Target[], world: FaultWorld): Host[] {
  const hosts: Host[] = [];
  for (const target of targets) {
    if (target.kind === 'member') hosts.push(target.member.host);
    else if (target.kind === 'host') hosts.push(target.host);
    else if (target.kind === 'apiServer') hosts.push(hostOf(target.server.networkHost, world));
    else if (target.kind === 'component') hosts.push(target.component.process.host);
  }
  return [...new Set(hosts)];
}

/** Of a target `etcd/...` or `etcd-events/...`. */
export function clusterOf(target: string, world: FaultWorld): EtcdCluster {
  if (!target.startsWith('etcd-events/')) return world.etcd;
  if (world.eventsEtcd === null) assert(false, `events have no etcd for ${target}`);
  return world.eventsEtcd;
}

/** Names of the nodes among those that are meant; hosts of a zone are none. */
export function nodeNamesOf(target: string, world: FaultWorld, part?: number): string[] {
  return resolveTargets(target, world, part).flatMap((t) => (t.kind === 'node' ? [t.node] : []));
}

export function kubernetesOf(world: FaultWorld): KubernetesWorld {
  if (world.kubernetes === null) assert(false, 'there is no Kubernetes in this run');
  return world.kubernetes;
}

function members(cluster: EtcdCluster, target: string): Target[] {
  const own = target.replace('etcd-events/', 'etcd/');
  const named = cluster.members.some((member) => member.name === target);
  return cluster
    .resolve(named ? target : own)
    .map((index) => ({ kind: 'member', cluster, member: cluster.members[index] }));
}

function apiServers(name: string, world: FaultWorld): Target[] {
  const { servers } = kubernetesOf(world);
  const all: Target[] = servers.replicas.map((server) => ({ kind: 'apiServer', server }));
  if (name === 'all') return all;
  if (name === 'random') return [all[Math.floor(world.draw() * all.length)]];
  return [{ kind: 'apiServer', server: servers.replica(`kube-apiserver/${name}`) }];
}

/** `leader` where nobody leads: nobody. */
function components(prefix: string, name: string, world: FaultWorld): Target[] {
  return kubernetesOf(world)
    .components.filter((component) => {
      if (!component.name.startsWith(`${prefix}/`)) return false;
      if (name === 'all') return true;
      return name === 'leader' ? component.isLeader : component.name === `${prefix}/${name}`;
    })
    .map((component) => ({ kind: 'component', component }));
}

/** All hosts of the zone, and its nodes; `part` of each. */
function zoneTargets(zone: string, world: FaultWorld, part: number): Target[] {
  const hosts: Target[] = [...world.hosts.values()]
    .filter((host) => host.zone === zone)
    .map((host) => ({ kind: 'host', host }));
  const nodes = nodesOf(world, (_, itsZone) => itsZone === zone);
  return [...firstPart(hosts, part), ...firstPart(nodes, part)];
}

/** Nodes that are there or were, in the order of their numbers in each group. */
function nodesOf(world: FaultWorld, takes: (group: string, zone: string) => boolean): Target[] {
  if (world.kubernetes === null) return [];
  const { pools } = world.kubernetes.nodes;
  const byGroup = new Map<string, (typeof pools)[number][]>();
  for (const pool of pools) {
    if (!takes(pool.group.name, pool.zone)) continue;
    const known = byGroup.get(pool.group.name);
    if (known === undefined) byGroup.set(pool.group.name, [pool]);
    else known.push(pool);
  }
  const targets: Target[] = [];
  for (const group of byGroup.values()) {
    const most = group.reduce((max, pool) => Math.max(max, pool.count), 0);
    for (let member = 0; member < most; member++) {
      for (const pool of group) {
        if (member >= pool.count || pool.stateOf(member) === 'absent') continue;
        targets.push({ kind: 'node', node: pool.nameOf(member) });
      }
    }
  }
  return targets;
}

function firstPart(targets: readonly Target[], part: number): Target[] {
  return targets.slice(0, Math.ceil(targets.length * part));
}

function hostOf(name: string, world: FaultWorld): Host {
  const host = world.hosts.get(name);
  if (host === undefined) assert(false, `there is no host ${name}`);
  return host;
}
