/**
 * A controller manager before an API server in memory, with stand-ins for the scheduler and the
 * kubelets: bound after 10 ms, ready a second later, gone a second after their deletion.
 */
import { ClientLibrary, clientGoConstants } from '../../../models/client-go/index.ts';
import {
  type ControllerHooks,
  ControllerManager,
  controllerConstants,
} from '../../../models/controllers/index.ts';
import { Host, machineConstants } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import {
  type ApiCall,
  type KubeObject,
  type Lease,
  type Node,
  type Pod,
  type ResourceName,
  silentObserver,
  Uids,
  type WatchEvent,
  withPodStatus,
} from '../../../models/objects/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import type { ControllerManagerScenario } from '../../../src/scenario/kubernetes-types.ts';
import { FakeEndpoint } from '../../support/fake-endpoint.ts';
import { plainClock } from '../../support/scenario.ts';
import { lease, node, RUNNING, S } from './objects.ts';

const HORIZON_S = 3600;

export const scenario: ControllerManagerScenario = {
  replicas: [],
  leaderElection: {
    enabled: true,
    leaseDurationNs: 15 * S,
    renewDeadlineNs: 10 * S,
    retryPeriodNs: 2 * S,
    releaseOnExit: false,
  },
  qps: 20,
  burst: 30,
  concurrentSyncs: {},
  disabledControllers: [],
  nodeMonitorPeriodNs: 5 * S,
  nodeMonitorGracePeriodNs: 50 * S,
  nodeStartupGracePeriodNs: 60 * S,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  largeClusterSizeThreshold: 50,
  unhealthyZoneThreshold: 0.55,
  terminatedPodGcThreshold: 12_500,
  endpointUpdatesBatchPeriodNs: 0,
  maxEndpointsPerSlice: 100,
  hpaSyncPeriodNs: 15 * S,
  hpaTolerance: 0.1,
  hpaDownscaleStabilizationNs: 300 * S,
};

export interface BedOptions {
  readonly scenario?: Partial<ControllerManagerScenario>;
  readonly nodes?: number;
  readonly zones?: number;
  readonly preload?: (uids: Uids) => readonly KubeObject[];
  /** The caches begin full. Default true. */
  readonly preloaded?: boolean;
  /** Pods become ready and go by themselves. Default true. */
  readonly kubelets?: boolean;
  readonly replicas?: number;
  readonly hooks?: ControllerHooks;
}

export class Bed {
  readonly sim = new Simulation({ seed: 'tests', horizonNs: HORIZON_S * S });
  readonly metrics = new Metrics({
    warmupNs: 0,
    horizonNs: HORIZON_S * S,
    cutsNs: [],
    seriesIntervalNs: 0,
  });
  readonly uids = new Uids();
  readonly endpoint: FakeEndpoint;
  readonly managers: ControllerManager[] = [];
  /** Nodes whose kubelet is dead: no heartbeats, pods stay as they are. */
  readonly dead = new Set<string>();
  /** Pods with this label value of `app` end at once with that phase. */
  readonly ends = new Map<string, 'Succeeded' | 'Failed'>();
  #bound = 0;
  readonly #nodes: number;
  readonly #pods: string[] = [];
  readonly #kubeletType: number;
  #stopped = false;

  constructor(o: BedOptions = {}) {
    const entries = [machineConstants, networkConstants, clientGoConstants, controllerConstants];
    const constants = new Constants(entries.flat());
    const { sim, metrics, uids } = this;
    const ctx = { sim, metrics, constants };
    this.#nodes = o.nodes ?? 3;
    const host = new Host(ctx, 'control', {
      name: 'control',
      cores: 8,
      memoryBytes: 64e9,
      zone: 'a',
      clock: plainClock(),
      disks: [],
    });
    const network = networkOf(ctx);
    this.endpoint = new FakeEndpoint(sim, { networkHost: 'control', delayNs: 1e6 });
    const { store } = this.endpoint;
    store.preload(nodesOf(uids, this.#nodes, o.zones ?? 1));
    store.preload(o.preload?.(uids) ?? []);
    const library = new ClientLibrary(ctx, {
      network,
      hosts: new Map([['control', host]]),
      endpoints: [this.endpoint],
      loadBalancer: { kind: 'none', healthIntervalNs: S, healthThreshold: 3 },
      version: '1.35',
      uids,
      preloaded: (resource: ResourceName) => ({
        items: store.all(resource),
        resourceVersion: store.revision,
      }),
    });
    this.#kubeletType = sim.eventType('kubelet', (index) => this.#kubelet(this.#pods[index]));
    if (o.kubelets !== false) {
      const call: ApiCall = { verb: 'watch', resource: 'pods', resourceVersion: 0 };
      store.watch({ call, emit: (event) => this.#onPod(event) });
    }
    for (let i = 0; i < (o.replicas ?? 1); i++) {
      const manager = new ControllerManager(
        ctx,
        { ...scenario, ...o.scenario },
        {
          name: `kube-controller-manager/${i}`,
          host: 'control',
          cpuWeight: 100,
          cpuQuotaCores: Number.POSITIVE_INFINITY,
          memoryLimitBytes: Number.POSITIVE_INFINITY,
          supervisor: 'kubelet',
        },
        {
          library,
          host,
          uids,
          observer: silentObserver,
          version: '1.35',
          servers: ['kube-apiserver/0'],
          hooks: o.hooks,
        },
      );
      this.managers.push(manager);
      if (i === 0 && o.preloaded !== false) store.preload([manager.initialLease()]);
      manager.start(o.preloaded ?? true);
    }
    const heartbeat = sim.eventType('heartbeat', () => {
      for (let i = 0; i < this.#nodes; i++) this.#renew(`n${i}`);
      sim.schedule(10 * S, heartbeat);
    });
    sim.schedule(10 * S, heartbeat);
  }

  /** Runs until that many seconds. */
  to(seconds: number): this {
    this.#stopped = false;
    this.sim.scheduleAt(
      Math.round(seconds * S),
      this.sim.eventType('stop', () => {
        this.#stopped = true;
      }),
    );
    while (!this.#stopped) this.sim.advance(1);
    return this;
  }

  /** At once, past every client. */
  apply(object: KubeObject): void {
    const result = this.endpoint.now({ verb: 'create', resource: object.resource, object });
    if (result.code >= 300) throw new Error(`${object.meta.path}: ${result.reason}`);
  }

  patch<T extends KubeObject>(
    resource: ResourceName,
    path: string,
    change: (object: T) => T,
  ): void {
    const mutate = (object: KubeObject) => change(object as T);
    const result = this.endpoint.now({ verb: 'patch', resource, path, mutate });
    if (result.code >= 300) throw new Error(`${path}: ${result.reason}`);
  }

  delete(resource: ResourceName, path: string, o: Partial<ApiCall> = {}): void {
    this.endpoint.now({ verb: 'delete', resource, path, ...o });
  }

  get<T extends KubeObject>(resource: ResourceName, path: string): T | undefined {
    return this.endpoint.store.get<T>(resource, path);
  }

  all<T extends KubeObject>(resource: ResourceName): T[] {
    return this.endpoint.store.all<T>(resource);
  }

  get pods(): Pod[] {
    return this.all<Pod>('pods');
  }

  get readyPods(): Pod[] {
    return this.pods.filter((p) => p.status.ready && Number.isNaN(p.meta.deletedNs));
  }

  /** Calls that write, leases apart, as 'verb resource/subresource'. */
  writes(): string[] {
    const reads = new Set(['get', 'list', 'watch']);
    return this.endpoint.calls
      .filter((call) => !reads.has(call.verb) && call.resource !== 'leases')
      .map((c) => `${c.verb} ${c.resource}${c.subresource ? `/${c.subresource}` : ''}`);
  }

  count(what: string): number {
    return this.writes().filter((write) => write === what).length;
  }

  setReady(name: string, ready: Node['status']['conditions']['ready']): void {
    this.patch<Node>('nodes', name, (n) => ({
      ...n,
      resourceVersion: 0,
      status: { ...n.status, conditions: { ...n.status.conditions, ready } },
    }));
  }

  #renew(name: string): void {
    if (this.dead.has(name) || this.get('nodes', name) === undefined) return;
    const renewNs = this.sim.nowNs;
    this.patch<Lease>('leases', `kube-node-lease/${name}`, (l) => ({
      ...l,
      renewNs,
      resourceVersion: 0,
    }));
    if (this.get<Node>('nodes', name)?.status.conditions.ready === 'Unknown')
      this.setReady(name, 'True');
  }

  #onPod({ object }: WatchEvent): void {
    const pod = object as Pod | null; // The watch is of pods.
    if (pod === null) return;
    const waits = pod.nodeName === '' ? 0.01 : 1;
    this.#pods.push(pod.meta.path);
    this.sim.schedule(Math.round(waits * S), this.#kubeletType, this.#pods.length - 1);
  }

  /** The next step of a pod: bound, running, ended, or gone. */
  #kubelet(path: string): void {
    const pod = this.get<Pod>('pods', path);
    if (pod === undefined) return;
    if (pod.nodeName === '') {
      const nodeName = bindTo(pod) ?? `n${this.#bound++ % this.#nodes}`;
      this.patch<Pod>('pods', path, (p) => ({ ...p, resourceVersion: 0, nodeName }));
    } else if (!this.dead.has(pod.nodeName)) this.#step(pod);
  }

  #step(pod: Pod): void {
    const { path } = pod.meta;
    const end = this.ends.get(pod.meta.labels.app ?? '');
    const over = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
    if (!Number.isNaN(pod.meta.deletedNs)) this.delete('pods', path, { graceNs: 0 });
    else if (end !== undefined && !over) {
      this.patch<Pod>('pods', path, (p) => withPodStatus(p, { phase: end, ready: false }));
    } else if (pod.status.phase === 'Pending') {
      const readySinceNs = this.sim.nowNs;
      this.patch<Pod>('pods', path, (p) => withPodStatus(p, { ...RUNNING, readySinceNs }));
    }
  }
}

function nodesOf(uids: Uids, count: number, zones: number): KubeObject[] {
  const objects: KubeObject[] = [];
  for (let i = 0; i < count; i++) {
    objects.push(node(uids, `n${i}`, `z${i % zones}`), lease(uids, `n${i}`, 0));
  }
  return objects;
}

function networkOf(ctx: ModelContext): Network {
  const rtt = { kind: 'constant', value: 100_000 } as const;
  const options = { peerRtt: rtt, clientRtt: rtt, lossProbability: 0, pairs: [] };
  const hosts = [{ name: 'control', zone: 'a' }];
  return new Network(ctx, { ...options, bandwidthBytesPerSecond: 1e9 }, hosts);
}

/** A pod of a DaemonSet says where it belongs. */
function bindTo(pod: Pod): string | undefined {
  return pod.spec.affinity?.nodeRequired?.[0]?.matchFields[0]?.values[0];
}
