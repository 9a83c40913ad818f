/**
 * The kubelets of one node group in one zone. State of a node that does nothing but live is in
 * arrays of its keepers (lease, status); pods, pulls and watches of secrets exist where they are.
 */
import { mixUniform, type Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { NodeGroupScenario } from '../../src/scenario/types.ts';
import type { ClientPopulation, EventRecorder, Reflector } from '../client-go/index.ts';
import type {
  ApiCall,
  ApiResult,
  ContainerImage,
  KubeObject,
  Lease,
  Node,
} from '../objects/index.ts';
import type { NodesOptions } from './api.ts';
import type { DownloadShares } from './download-shares.ts';
import { Evictions } from './evictions.ts';
import { ImagePuller } from './image-puller.ts';
import { LEASE_CREATE, LeaseKeeper } from './lease-keeper.ts';
import { NodeJoiner } from './node-joiner.ts';
import { imagesOf, LEASE_NAMESPACE, makeLease, makeNode, nodeUser } from './node-objects.ts';
import { NodeStatusKeeper } from './node-status.ts';
import { NodeUsage } from './node-usage.ts';
import { NodeSink, PodSink } from './node-watches.ts';
import { OpTable } from './op-table.ts';
import { Pleg } from './pleg.ts';
import type { PodMetrics } from './pod-metrics.ts';
import { PodVolumes } from './pod-volumes.ts';
import type { PodWorker } from './pod-worker.ts';
import { PodWorkers } from './pod-workers.ts';
import type { PoolLinks } from './pool-links.ts';
import { RuntimeServers } from './runtime-server.ts';
import { StatusManager } from './status-manager.ts';
import { TokenRefresh } from './token-refresh.ts';

/** noKubelet: the machine and its containers run, its kubelet does not. */
export type NodeState = 'absent' | 'joining' | 'up' | 'down' | 'noKubelet';
const STATES: readonly NodeState[] = ['absent', 'joining', 'up', 'down', 'noKubelet'];
const UP = 2;
const DOWN = 3;
const NO_KUBELET = 4;

export interface NodePoolOptions extends NodesOptions {
  readonly group: NodeGroupScenario;
  readonly zone: string;
  /** Members are nodes `first`, `first + step`, ... of the group. */
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Nodes of the pools before this one. */
  readonly firstMember: number;
  /** The first so many members are there at the start; the others join. */
  readonly present: number;
  readonly downloads: DownloadShares;
  /** Index of the group's limits in `downloads`. */
  readonly limits: number;
  readonly metrics: PodMetrics;
  /** A node has joined and is ready. */
  readonly onJoined: () => void;
}

/** A pool of kubelets; `name` is unique among pools. */
export class NodePool {
  readonly name: string;
  readonly count: number;
  readonly group: NodeGroupScenario;
  readonly zone: string;
  readonly pods: PodWorkers;
  readonly images: ImagePuller;
  readonly joiner: NodeJoiner;
  /** Members that are there, or will come. */
  #ordered = 0;
  readonly status: NodeStatusKeeper;
  readonly evictions: Evictions;
  readonly #ctx: ModelContext;
  readonly #o: NodePoolOptions;
  readonly #state: Uint8Array;
  readonly #leases: LeaseKeeper;
  readonly #pleg: Pleg;
  readonly #runtime: RuntimeServers;
  readonly #statuses: StatusManager;
  readonly #volumes: PodVolumes;
  readonly tokens: TokenRefresh;
  readonly #ops = new OpTable();
  readonly #heartbeat: ClientPopulation;
  readonly #kubelets: ClientPopulation;
  readonly #eventClients: ClientPopulation;
  readonly #recorders = new Map<number, EventRecorder>();
  readonly #podSinks: (PodSink | undefined)[] = [];
  readonly #podWatches: (Reflector | undefined)[] = [];
  readonly #nodeWatches: (Reflector | undefined)[] = [];
  readonly #attached = new Map<number, readonly string[]>();
  /** Leases of the members that are there at the start, until they have been handed over. */
  readonly #initialLeases: Lease[] = [];
  readonly #stream: number;
  #draws = 0;

  constructor(ctx: ModelContext, name: string, o: NodePoolOptions) {
    const { group, count } = o;
    const { kubelet } = group;
    this.name = name;
    this.count = count;
    this.group = group;
    this.zone = o.zone;
    this.#ctx = ctx;
    this.#o = o;
    this.#state = new Uint8Array(count);
    const stream = (purpose: string): Stream => ctx.sim.stream(`${name}/${purpose}`);
    this.#stream = stream('phases').u32();
    const nsOf = { kubelet: Number.POSITIVE_INFINITY, heartbeat: heartbeatTimeoutNs(group) };
    this.#kubelets = this.#population({
      qps: kubelet.qps,
      burst: kubelet.burst,
      timeoutNs: nsOf.kubelet,
    });
    this.#heartbeat = this.#population({ qps: Infinity, burst: 1, timeoutNs: nsOf.heartbeat });
    this.#eventClients = this.#population({
      qps: kubelet.eventQps,
      burst: kubelet.eventBurst,
      timeoutNs: nsOf.kubelet,
    });
    const beat = (member: number, call: ApiCall, tag: number) =>
      this.#heartbeat.call(member, call, tag);
    this.#leases = new LeaseKeeper(ctx, stream('lease'), {
      name,
      count,
      leaseDurationNs: kubelet.leaseDurationNs,
      send: beat,
      make: (member) => this.#makeLease(member),
      pathOf: (member) => `${LEASE_NAMESPACE}/${this.nameOf(member)}`,
    });
    this.status = new NodeStatusKeeper(ctx, stream('status'), {
      name,
      count,
      updateNs: kubelet.nodeStatusUpdateNs,
      reportNs: kubelet.nodeStatusReportNs,
      send: beat,
      nameOf: (member) => this.nameOf(member),
    });
    const parts = this.#parts(stream);
    this.#runtime = parts.runtime;
    this.#pleg = parts.pleg;
    this.#statuses = parts.status;
    this.#volumes = parts.volumes;
    this.images = parts.images;
    this.pods = new PodWorkers(ctx, name, parts, o.metrics);
    const { pods, status } = this;
    const links = { pods, status, usage: parts.usage };
    this.evictions = new Evictions(ctx, name, stream('eviction'), group, links);
    this.tokens = new TokenRefresh(ctx, name, stream('tokens'), {
      pods,
      ops: this.#ops,
      send: (member, call, op) => this.#kubelets.call(member, call, op),
    });
    this.joiner = new NodeJoiner(ctx, name, stream('join'), this.#joinLinks());
  }

  nameOf(member: number): string {
    const { group, first, step } = this.#o;
    const index = first + member * step;
    return group.names[index] ?? `${group.name}-${index}`;
  }

  /** Host of the network that a member calls from. */
  networkHostOf(member: number): string {
    const { networkHostOf, zone } = this.#o;
    return networkHostOf?.(zone, this.nameOf(member)) ?? `nodes@${zone}`;
  }

  stateOf(member: number): NodeState {
    return STATES[this.#state[member]];
  }

  /** Node and Lease of each member that is there at the start. */
  initialObjects(): KubeObject[] {
    const { uids, group, zone, present } = this.#o;
    const { nowNs } = this.#ctx.sim;
    const objects: KubeObject[] = [];
    const images = imagesOf(group);
    for (let member = 0; member < present; member++) {
      const lease = this.#makeLease(member);
      this.#initialLeases.push(lease);
      objects.push(lease);
      objects.push(makeNode(uids, nowNs, group, { name: this.nameOf(member), zone, images }, null));
    }
    return objects;
  }

  /** `preloaded`: the nodes have been running; else they register, all at once. */
  start(preloaded: boolean): void {
    this.#pleg.start();
    this.tokens.start();
    const { present } = this.#o;
    for (let member = 0; member < present; member++) {
      const lease = this.#initialLeases[member];
      if (preloaded && lease !== undefined) this.#resume(member, lease);
      else this.joiner.begin(member, Math.floor(this.#draw() * 1e9));
    }
    this.#volumes.flush();
    this.#initialLeases.length = 0;
    this.#planJoins();
  }

  // --- what happens to nodes --------------------------------------------------------------------

  /** The machine dies: kubelet, runtime and containers; the API is not told. */
  crash(member: number): void {
    const state = this.#state[member];
    if (state !== UP && state !== NO_KUBELET) return;
    this.#state[member] = DOWN;
    if (state === UP) this.#end(member, false, true);
    this.evictions.clear(member);
    this.#runtime.hang(member, 0);
    this.joiner.clear(member);
  }

  #end(member: number, keepsContainers: boolean, silently: boolean): void {
    this.#leases.end(member);
    this.status.end(member);
    this.#pleg.end(member);
    this.pods.crash(member, keepsContainers);
    this.#heartbeat.stop(member, silently);
    this.#kubelets.stop(member, silently);
    if (this.#recorders.delete(member)) this.#eventClients.stop(member, silently);
    this.#podWatches[member]?.stop();
    this.#nodeWatches[member]?.stop();
    this.#ops.drop(member);
  }

  /** A machine that died boots again; its kubelet registers as it did before. */
  boot(member: number): void {
    if (this.#state[member] === DOWN) this.#begin(member);
  }

  /**
   * The kubelet's process ends. What it knew goes with it; the containers of pods that it has
   * reported as Running go on, and the next one finds them (`startKubelet`).
   */
  killKubelet(member: number, silently = false): void {
    if (this.#state[member] !== UP) return;
    this.#state[member] = NO_KUBELET;
    this.#end(member, true, silently);
  }

  startKubelet(member: number): void {
    if (this.#state[member] !== NO_KUBELET) return;
    this.#podSinks[member]?.findRunning();
    this.#begin(member);
  }

  #begin(member: number): void {
    this.#heartbeat.restart(member);
    this.#kubelets.restart(member);
    this.#eventClients.restart(member);
    this.joiner.begin(member, 0);
  }

  /** The runtime answers nothing for so long; `isGone`: not even for its status. */
  hangRuntime(member: number, durationNs: number, isGone: boolean): void {
    const untilNs = this.#ctx.sim.nowNs + durationNs;
    this.#runtime.hang(member, untilNs);
    this.joiner.hang(member, isGone, untilNs);
  }

  #resume(member: number, lease: Lease): void {
    this.#state[member] = UP;
    this.#leases.resume(member, lease);
    this.status.resume(member);
    this.#pleg.begin(member, Math.floor(this.#draw() * 1e9));
    this.#watch(member, true);
  }

  /**
   * A machine of the group is ordered: its kubelet starts after `delayNs`. Its name; '' where all
   * that the group may have are there or on their way.
   */
  order(delayNs: number): string {
    if (this.#ordered >= this.count) return '';
    const member = this.#ordered++;
    this.joiner.begin(member, delayNs);
    return this.nameOf(member);
  }

  #planJoins(): void {
    const { group, first, step, present } = this.#o;
    this.#ordered = present;
    // Never: they join when they are ordered.
    if (group.joinAtNs === Infinity) return;
    this.#ordered = this.count;
    for (let member = present; member < this.count; member++) {
      const nth = first + member * step - group.count;
      const atNs = group.joinAtNs + Math.floor((nth * 1e9) / group.joinRatePerSecond);
      this.joiner.begin(member, Math.max(0, atNs - this.#ctx.sim.nowNs));
    }
  }

  #watch(member: number, preloaded: boolean): void {
    const { library } = this.#o;
    const name = this.nameOf(member);
    const client = this.#kubelets.client(member);
    const known = this.#podWatches[member];
    if (known === undefined) {
      const podSink = new PodSink(this.pods, member, preloaded);
      this.#podSinks[member] = podSink;
      const byNode = { fieldSelector: { field: 'spec.nodeName', value: name } } as const;
      this.#podWatches[member] = library.reflector(client, 'pods', byNode, podSink);
      const byName = { fieldSelector: { field: 'metadata.name', value: name } } as const;
      const nodeSink = new NodeSink((node) => this.#onNode(member, node));
      this.#nodeWatches[member] = library.reflector(client, 'nodes', byName, nodeSink);
    }
    this.#podWatches[member]?.start(preloaded);
    this.#nodeWatches[member]?.start(preloaded);
  }

  #onNode(member: number, node: Node): void {
    this.status.onNode(member, node);
    const { volumesAttached } = node.status;
    const before = this.#attached.get(member);
    if (volumesAttached.length === 0 && before === undefined) return;
    this.#attached.set(member, volumesAttached);
    if (volumesAttached !== before) this.#volumes.attachedChanged(member);
  }

  // --- parts ------------------------------------------------------------------------------------

  #parts(stream: (purpose: string) => Stream): PoolLinks {
    const { group, observer, downloads, limits } = this.#o;
    const { count, name } = this;
    const ctx = this.#ctx;
    const usage = new NodeUsage(count);
    const workerOf = (slot: number) => this.pods.workerOf(slot);
    const send = (member: number, call: ApiCall, op: number) =>
      this.#kubelets.call(member, call, op);
    return {
      group,
      observer,
      usage,
      runtime: new RuntimeServers(ctx, {
        name: `${name}/runtime`,
        nodes: count,
        cores: group.capacity.cpuMilli / 1000,
        parallelism: group.runtime.parallelism || Number.POSITIVE_INFINITY,
        podsOn: (node) => usage.pods[node],
      }),
      images: new ImagePuller(ctx, downloads, stream('registry'), {
        name: `${name}/pull`,
        nodes: count,
        limits,
        kubelet: group.kubelet,
        runtime: group.runtime,
        present: group.images,
        done: (slot, step, outcome) => this.pods.starter.pulled(slot, step, outcome),
      }),
      pleg: new Pleg(ctx, {
        name,
        nodes: count,
        evented: group.kubelet.eventedPleg,
        hungUntilNs: (node) => this.#runtime.hungUntilNs(node),
        seen: (_node, slot) => this.pods.seen(slot),
      }),
      status: new StatusManager(ctx, {
        name,
        ops: this.#ops,
        send,
        workerOf,
        reported: (worker) => this.#reported(worker),
        gone: (worker) => this.pods.onGone(worker.pod.meta.uid),
      }),
      volumes: new PodVolumes(ctx, stream('volumes'), {
        name,
        strategy: group.kubelet.configMapStrategy,
        ops: this.#ops,
        send,
        workerOf,
        watch: (member, resource, namespace, value, members, sink) => {
          const fieldSelector = { field: 'metadata.name', value } as const;
          const options = { namespace, fieldSelector, members };
          const client = this.#kubelets.client(member);
          return this.#o.library.reflector(client, resource, options, sink);
        },
        isAttached: (member, volume) => this.#attached.get(member)?.includes(volume) === true,
        mounted: (worker) => this.pods.starter.sandbox(worker),
      }),
      record: (worker, reason, container) => this.#record(worker, reason, container),
      hasNetwork: (member) => this.joiner.hasNetwork(member),
      evictionVerdict: (member, pod) => this.evictions.verdict(member, pod),
      memoryChanged: (member) => this.evictions.changed(member),
      pulledImage: (member, image) => this.#pulledImage(member, image),
      draw: () => this.#draw(),
    };
  }

  #joinLinks() {
    return {
      pool: this,
      options: this.#o,
      ops: this.#ops,
      send: (member: number, call: ApiCall, op: number) => this.#kubelets.call(member, call, op),
      setState: (member: number, state: NodeState) => {
        this.#state[member] = STATES.indexOf(state);
      },
      registered: (member: number) => {
        this.#leases.begin(member);
        this.status.begin(member);
        this.#pleg.begin(member, Math.floor(this.#draw() * 1e9));
        this.#watch(member, false);
      },
    };
  }

  /** The clients of a kubelet share the transport of the first. */
  #population(limits: { qps: number; burst: number; timeoutNs: number }): ClientPopulation {
    const { library, servers, firstMember } = this.#o;
    return library.population({
      component: 'kubelet',
      count: this.count,
      first: firstMember,
      sharing: this.#kubelets,
      networkHost: (member) => this.networkHostOf(member),
      servers,
      ...limits,
      userOf: (member) => nodeUser(this.nameOf(member)),
      onResult: (member, tag, result) => {
        // The heartbeat client alone has the deadline of a heartbeat.
        if (limits.qps === Infinity) this.#onBeat(member, tag, result);
        else this.#onResult(tag, result);
      },
    });
  }

  #onBeat(member: number, tag: number, result: ApiResult): void {
    if (tag <= LEASE_CREATE) this.#leases.onResult(member, tag, result);
    else this.status.onResult(member, tag, result);
  }

  #onResult(tag: number, result: ApiResult): void {
    const op = this.#ops.end(tag);
    switch (op.kind) {
      case 'token':
      case 'config':
      case 'claim':
        this.#volumes.onResult(op, result);
        return;
      case 'register':
        this.joiner.onResult(op, result);
        return;
      case 'tokenRefresh':
        return;
      default:
        this.#statuses.onResult(op, result);
    }
  }

  #reported(worker: PodWorker): void {
    const { status, pod } = worker;
    if (status.phase !== 'Running' || !status.ready) return;
    this.#o.observer.podStage(pod.meta.uid, 'reported', this.#ctx.sim.nowNs);
  }

  #record(worker: PodWorker, reason: string, container = ''): void {
    const { member, pod } = worker;
    let recorder = this.#recorders.get(member);
    if (recorder === undefined) {
      recorder = this.#o.library.recorder(this.#eventClients.client(member));
      this.#recorders.set(member, recorder);
    }
    recorder.record(pod, reason, container);
  }

  #pulledImage(member: number, image: ContainerImage): void {
    const { images } = this.status.findings(member);
    if (images.has(image.name)) return;
    images.set(
      image.name,
      image.layers.reduce((sum, layer) => sum + layer.bytes, 0),
    );
    this.status.changed(member);
  }

  #makeLease(member: number): Lease {
    const { uids, group } = this.#o;
    const { leaseDurationNs } = group.kubelet;
    return makeLease(uids, this.#ctx.sim.nowNs, this.nameOf(member), leaseDurationNs);
  }

  #draw(): number {
    this.#draws = (this.#draws + 1) % 2 ** 31;
    return mixUniform(this.#stream, this.#draws, 0);
  }
}

/** server.go: the heartbeat client's timeout is a status period, and no longer than the lease. */
function heartbeatTimeoutNs({ kubelet }: NodeGroupScenario): number {
  return Math.min(kubelet.nodeStatusUpdateNs, kubelet.leaseDurationNs);
}
