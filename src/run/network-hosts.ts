/** Hosts of the network of a scenario, by the names under which models ask for them. */
import { clientNodeName } from '../../models/etcd/index.ts';
import type { NetworkHost } from '../../models/network/index.ts';
import { loadHost } from '../../models/workload/index.ts';
import type { Scenario } from '../scenario/types.ts';
import type { NodeInterface } from './node-interfaces.ts';

/**
 * One host of the network a member, so that members of one machine still have the network between
 * them that was asked for; the first member of a machine has its name as well, and so have the
 * clients that run there where the machine is one of the control plane.
 */
export function networkHosts(
  scenario: Scenario,
  nodes: readonly NodeInterface[] = [],
): NetworkHost[] {
  const clients = clientHosts(scenario, nodes);
  return [...memberHosts(scenario), ...planeHosts(scenario), ...clients];
}

/** Names of the network's hosts by the machine that they are on. */
export function machineInterfaces(scenario: Scenario): ReadonlyMap<string, readonly string[]> {
  const onPlane = planes(scenario);
  const clients = scenario.workload.map((w) => w.host);
  const members = [...scenario.etcd.members, ...scenario.etcd.joining];
  return new Map(
    scenario.hosts.map(({ name }) => [
      name,
      [
        ...members.filter((m) => m.host === name).map((m) => m.name),
        ...(onPlane.includes(name) ? [name] : []),
        ...(clients.includes(name) ? [clientNodeName(name)] : []),
      ],
    ]),
  );
}

function zones(scenario: Scenario): ReadonlyMap<string, string> {
  return new Map(scenario.hosts.map((h) => [h.name, h.zone]));
}

/** Machines of the control plane. */
function planes(scenario: Scenario): string[] {
  const { kubernetes } = scenario;
  if (kubernetes === null) return [];
  const { apiServer, scheduler, controllerManager, cloud } = kubernetes;
  const components = [
    ...apiServer.replicas,
    ...scheduler.replicas,
    ...controllerManager.replicas,
    ...(cloud?.replicas ?? []),
  ];
  return [...new Set(components.map((component) => component.host))];
}

function memberHosts(scenario: Scenario): NetworkHost[] {
  const zoneOf = zones(scenario);
  const onPlane = planes(scenario);
  const seen = new Set<string>();
  return [...scenario.etcd.members, ...scenario.etcd.joining].map((m) => {
    const first = !seen.has(m.host);
    seen.add(m.host);
    const aliases = first && m.host !== m.name ? [m.host] : [];
    if (first && onPlane.includes(m.host)) aliases.push(clientNodeName(m.host));
    if (scenario.kubernetes?.apiServer.eventsEtcd === true) {
      aliases.push(m.name.replace('etcd/', 'etcd-events/'));
    }
    return { name: m.name, zone: zoneOf.get(m.host) ?? '', aliases };
  });
}

function planeHosts(scenario: Scenario): NetworkHost[] {
  const zoneOf = zones(scenario);
  const members = new Set(scenario.etcd.members.map((m) => m.host));
  return planes(scenario)
    .filter((name) => !members.has(name))
    .map((name) => ({ name, zone: zoneOf.get(name) ?? '', aliases: [clientNodeName(name)] }));
}

function clientHosts(scenario: Scenario, nodes: readonly NodeInterface[]): NetworkHost[] {
  const zoneOf = zones(scenario);
  const members = new Set(scenario.etcd.members.map((m) => m.host));
  const onPlane = planes(scenario);
  const hosts = [...new Set(scenario.workload.map((w) => w.host))].filter(
    (host) => !onPlane.includes(host),
  );
  const clients: NetworkHost[] = hosts.map((host, i) => ({
    name: clientNodeName(host),
    zone: zoneOf.get(host) ?? '',
    aliases: [...(i === 0 ? ['client'] : []), ...(members.has(host) ? [] : [host])].filter(unique),
    client: true,
  }));
  if (scenario.kubernetes === null) return clients;
  const ofNodes = nodes.map((node) => ({ ...node, client: true }));
  return [...clients, ...ofNodes, { name: loadHost, zone: '', client: true }];
}

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}
