/**
 * The names of all that faults may act on, and whether a target is one of them. Nodes of a group
 * are known by the pattern of their names: a million of them is no list.
 */
import type { NodeGroupScenario } from '../types.ts';
import type { FaultWorldNames, TargetClass } from './verb.ts';

/** Names of nodes of a group that are offered in place of a wrong one. */
const SHOWN_MAX = 8;

export class TargetNames {
  readonly #names: FaultWorldNames;
  /** Names of imported nodes; made when first asked for. */
  #imported: Set<string> | null = null;

  constructor(names: FaultWorldNames) {
    this.#names = names;
  }

  knows(target: string, classes: readonly TargetClass[]): boolean {
    return classes.some((kind) => this.#isOne(target, kind, classes));
  }

  /** For messages: what could have been meant; of nodes the first ones of each group. */
  list(classes: readonly TargetClass[]): string[] {
    return [...new Set(classes.flatMap((kind) => this.#listOf(kind, classes)))];
  }

  /** A name of a node of the scenario, of those that join later too. */
  isNode(name: string): boolean {
    return this.#groups.some((group) => this.#isNodeOf(group, name));
  }

  get #groups(): readonly NodeGroupScenario[] {
    return this.#names.kubernetes?.nodeGroups ?? [];
  }

  #isOne(target: string, kind: TargetClass, classes: readonly TargetClass[]): boolean {
    const [prefix, ...rest] = target.split('/');
    const name = rest.join('/');
    switch (kind) {
      case 'node':
        if (prefix === 'nodes') return this.#groups.some((group) => group.name === name);
        return prefix === 'node' && this.isNode(name);
      case 'agent':
        return prefix === 'kubelet' && this.isNode(name);
      case 'proxy':
        return prefix === 'kube-proxy' && this.isNode(name);
      case 'runtime':
        return prefix === 'container-runtime' && this.isNode(name);
      default:
        return this.#listOf(kind, classes).includes(target);
    }
  }

  #listOf(kind: TargetClass, classes: readonly TargetClass[]): string[] {
    const { etcd, hosts } = this.#names;
    switch (kind) {
      case 'member':
        return [...etcd.members, ...etcd.joining].flatMap(({ name }) => this.#bothEtcds(name));
      case 'members':
        return ['etcd/leader', 'etcd/followers', 'etcd/all'].flatMap((n) => this.#bothEtcds(n));
      case 'host':
        return hosts.map((host) => host.name);
      case 'zone':
        // What acts on nodes alone needs a zone that has some.
        return this.#zones(classes.includes('host')).map((zone) => `zone/${zone}`);
      case 'end': {
        const clients = ['client', 'clients', 'everything'];
        const nodes = this.#names.kubernetes === null ? [] : ['nodes', 'loadBalancer'];
        return [...this.#zones(true), ...clients, ...nodes];
      }
      case 'apiServer':
      case 'component':
        return this.#components(kind);
      case 'node':
        return [
          ...this.#groups.map((group) => `nodes/${group.name}`),
          ...this.#someNodes().map((name) => `node/${name}`),
        ];
      case 'agent':
        return this.#someNodes().map((name) => `kubelet/${name}`);
      case 'proxy':
        return this.#someNodes().map((name) => `kube-proxy/${name}`);
      case 'runtime':
        return this.#someNodes().map((name) => `container-runtime/${name}`);
    }
  }

  #bothEtcds(name: string): string[] {
    const events = this.#names.kubernetes?.apiServer.eventsEtcd === true;
    return events ? [name, name.replace('etcd/', 'etcd-events/')] : [name];
  }

  #zones(ofHosts: boolean): string[] {
    const zones = ofHosts ? this.#names.hosts.map((host) => host.zone) : [];
    return [...new Set([...zones, ...this.#groups.flatMap((group) => group.zones)])].filter(
      (zone) => zone !== '',
    );
  }

  #components(kind: 'apiServer' | 'component'): string[] {
    const { kubernetes } = this.#names;
    if (kubernetes === null) return [];
    if (kind === 'apiServer') {
      const names = kubernetes.apiServer.replicas.map((replica) => replica.name);
      return [...names, 'kube-apiserver/all', 'kube-apiserver/random'];
    }
    const { scheduler, controllerManager, cloud } = kubernetes;
    const all = [scheduler.replicas, controllerManager.replicas, cloud?.replicas ?? []];
    return all.flatMap((replicas) => {
      if (replicas.length === 0) return [];
      const [component] = replicas[0].name.split('/');
      return [...replicas.map((r) => r.name), `${component}/leader`, `${component}/all`];
    });
  }

  #someNodes(): string[] {
    return this.#groups.flatMap((group) => {
      if (group.names.length > 0) return group.names.slice(0, SHOWN_MAX);
      const count = Math.min(SHOWN_MAX, group.count + group.joining);
      return Array.from({ length: count }, (_, i) => `${group.name}-${i}`);
    });
  }

  #isNodeOf(group: NodeGroupScenario, name: string): boolean {
    if (group.names.length > 0) {
      this.#imported ??= new Set(this.#groups.flatMap((g) => g.names));
      if (this.#imported.has(name)) return true;
    }
    if (!name.startsWith(`${group.name}-`)) return false;
    const index = name.slice(group.name.length + 1);
    if (!/^(0|[1-9]\d{0,8})$/.test(index)) return false;
    return Number(index) >= group.names.length && Number(index) < group.count + group.joining;
  }
}
