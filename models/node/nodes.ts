/**
 * All nodes of a cluster: a pool of kubelets for each node group and zone, their container
 * runtimes, the registry that they share, and their kube-proxies.
 */
import { assert } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { Clock } from '../machine/index.ts';
import { type ClusterWitness, type KubeObject, silentWitness } from '../objects/index.ts';
import type { NodesOptions } from './api.ts';
import { DownloadShares } from './download-shares.ts';
import type { PressureSignal } from './evictions.ts';
import { KubeProxies } from './kube-proxies.ts';
import { NodePool, type NodeState } from './node-pool.ts';
import { PodMetrics } from './pod-metrics.ts';
import type { CrashLoops } from './pod-workers.ts';

export class Nodes {
  readonly pools: readonly NodePool[];
  readonly #ctx: ModelContext;
  readonly #witness: ClusterWitness;
  readonly #proxies: KubeProxies[] = [];
  readonly #downloads: DownloadShares;
  readonly #registryBytesPerSecond: number;
  /** Pool and member by node name; made when first asked for. */
  #places: Map<string, { readonly pool: NodePool; readonly member: number }> | null = null;

  constructor(ctx: ModelContext, groups: readonly NodeGroupScenario[], options: NodesOptions) {
    this.#ctx = ctx;
    this.#witness = options.witness ?? silentWitness;
    const metrics = new PodMetrics(ctx, this.#witness);
    this.#registryBytesPerSecond = Math.min(
      Infinity,
      ...groups.map(({ runtime }) => runtime.registryBytesPerSecond),
    );
    const downloads = new DownloadShares(
      ctx,
      'registry',
      groups.map(({ runtime }) => ({
        streamBytesPerSecond: runtime.layerBytesPerSecond,
        nodeBytesPerSecond: runtime.nodeBytesPerSecond,
      })),
      this.#registryBytesPerSecond,
    );
    this.#downloads = downloads;
    let firstMember = 0;
    this.pools = groups.flatMap((group, limits) => {
      const zones = group.zones.length === 0 ? [''] : group.zones;
      const step = zones.length;
      const share = (nodes: number, first: number) =>
        Math.max(0, Math.floor((nodes - first + step - 1) / step));
      return zones.map((zone, first) => {
        const name = step === 1 ? `nodes/${group.name}` : `nodes/${group.name}/${zone}`;
        const present = share(group.count, first);
        const proxies = this.#addProxies(name, group, { ...options, zone, nodes: present });
        const count = share(group.count + group.joining, first);
        firstMember += count;
        return new NodePool(ctx, name, {
          ...options,
          group,
          zone,
          first,
          step,
          count,
          firstMember: firstMember - count,
          present,
          downloads,
          limits,
          metrics,
          onJoined: () => proxies?.joined(),
        });
      });
    });
  }

  /** What exists of nodes at the start; to be stored before `start(true)`. */
  initialObjects(): KubeObject[] {
    return this.pools.flatMap((pool) => pool.initialObjects());
  }

  start(preloaded: boolean): void {
    for (const pool of this.pools) pool.start(preloaded);
    for (const proxies of this.#proxies) proxies.start(preloaded);
  }

  get nodeNames(): string[] {
    return [...this.#index().keys()];
  }

  stateOf(node: string): NodeState {
    const { pool, member } = this.#place(node);
    return pool.stateOf(member);
  }

  /** Host of the network that a node calls from. */
  networkHostOf(node: string): string {
    const { pool, member } = this.#place(node);
    return pool.networkHostOf(member);
  }

  /** The machine dies with its pods; nobody is told. */
  crash(node: string): void {
    const { pool, member } = this.#place(node);
    this.#witness.nodeLives(node, false);
    pool.crash(member);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'nodeCrash', node, '');
  }

  boot(node: string): void {
    const { pool, member } = this.#place(node);
    this.#witness.nodeLives(node, true);
    pool.boot(member);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'nodeBoot', node, '');
  }

  /** The kubelet dies alone: containers go on, and nobody reports of them. */
  killKubelet(node: string): void {
    const { pool, member } = this.#place(node);
    pool.killKubelet(member);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'exit', `kubelet/${node}`, 'killed');
  }

  /** The machine stands still: nobody is told, and its kernel answers nothing. */
  pause(node: string): void {
    const { pool, member } = this.#place(node);
    pool.killKubelet(member, true);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'nodePaused', node, '');
  }

  resume(node: string): void {
    const { pool, member } = this.#place(node);
    pool.startKubelet(member);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'nodeResumed', node, '');
  }

  startKubelet(node: string): void {
    const { pool, member } = this.#place(node);
    pool.startKubelet(member);
    this.#ctx.metrics.event(this.#ctx.sim.nowNs, 'start', `kubelet/${node}`, '');
  }

  /** A clock of a node's own, which a fault has made. */
  followClock(node: string, clock: Clock): void {
    const { pool, member } = this.#place(node);
    pool.tokens.follow(member, clock);
  }

  /** Orders a machine of a group, of the next zone that has one; its name, or ''. */
  order(group: string, delayNs: number): string {
    for (const pool of this.pools) {
      if (pool.group.name !== group) continue;
      const name = pool.order(delayNs);
      if (name !== '') return name;
    }
    return '';
  }

  /** `isGone`: its status call hangs or fails as well, not only what takes locks. */
  hangRuntime(node: string, durationNs: number, isGone = false): void {
    const { pool, member } = this.#place(node);
    pool.hangRuntime(member, durationNs, isGone);
  }

  /** Others than pods take this part more of a node, or give it back where it is negative. */
  take(node: string, signal: PressureSignal, part: number): void {
    const { pool, member } = this.#place(node);
    pool.evictions.take(member, signal, part);
  }

  /** The network plugin of a node goes, or comes back. */
  setNetwork(node: string, isUp: boolean): void {
    const { pool, member } = this.#place(node);
    pool.joiner.setNetwork(member, isUp);
  }

  /** Containers of these pods crash, soon after each start, until they are removed. */
  addCrashes(crashes: CrashLoops): void {
    for (const pool of this.pools) pool.pods.addCrashes(crashes);
  }

  removeCrashes(crashes: CrashLoops): void {
    for (const pool of this.pools) pool.pods.removeCrashes(crashes);
  }

  /** Off: pulls of a node group ('': of all) fail; what is being fetched goes on. */
  setRegistry(available: boolean, group: string): void {
    for (const pool of this.pools) {
      if (group === '' || pool.group.name === group) pool.images.registryAvailable = available;
    }
  }

  /** What the registry gives to all nodes together, bytes a second; null: as in the scenario. */
  setRegistryBandwidth(bytesPerSecond: number | null): void {
    this.#downloads.setBandwidth(bytesPerSecond ?? this.#registryBytesPerSecond);
  }

  #addProxies(
    pool: string,
    group: NodeGroupScenario,
    o: NodesOptions & { readonly zone: string; readonly nodes: number },
  ): KubeProxies | null {
    if (group.kubeProxy.mode === 'none') return null;
    const nodeName = group.names[0] ?? `${group.name}-0`;
    const stream = this.#ctx.sim.stream(`${pool}/proxies`);
    const proxies = new KubeProxies(this.#ctx, pool, stream, {
      ...o,
      scenario: group.kubeProxy,
      nodeName,
    });
    this.#proxies.push(proxies);
    return proxies;
  }

  #place(node: string) {
    const place = this.#index().get(node);
    if (place === undefined) assert(false, `there is no node ${node}`);
    return place;
  }

  #index() {
    if (this.#places !== null) return this.#places;
    const places = new Map<string, { readonly pool: NodePool; readonly member: number }>();
    for (const pool of this.pools) {
      for (let member = 0; member < pool.count; member++) {
        places.set(pool.nameOf(member), { pool, member });
      }
    }
    this.#places = places;
    return places;
  }
}
