/** Schedulers before an API server in memory. */
import { ClientLibrary, clientGoConstants } from '../../../models/client-go/index.ts';
import { Host, machineConstants } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import {
  type ClusterObserver,
  type KubeObject,
  type Pod,
  type PodStage,
  type ResourceName,
  type SchedulingAttempt,
  Uids,
} from '../../../models/objects/index.ts';
import { defaultProfile, Scheduler, schedulerConstants } from '../../../models/scheduler/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import type { SchedulerScenario } from '../../../src/scenario/kubernetes-types.ts';
import { FakeEndpoint } from '../../support/fake-endpoint.ts';
import { plainClock } from '../../support/scenario.ts';
import { S } from './objects.ts';

export const scenario: SchedulerScenario = {
  replicas: [],
  leaderElection: {
    enabled: true,
    leaseDurationNs: 15 * S,
    renewDeadlineNs: 10 * S,
    retryPeriodNs: 2 * S,
    releaseOnExit: false,
  },
  qps: 50,
  burst: 100,
  percentageOfNodesToScore: 0,
  parallelism: 16,
  podInitialBackoffNs: S,
  podMaxBackoffNs: 10 * S,
  profiles: [defaultProfile],
};

export interface BedOptions {
  readonly scenario?: Partial<SchedulerScenario>;
  readonly preload?: (uids: Uids) => readonly KubeObject[];
  readonly preloaded?: boolean;
  readonly replicas?: number;
  readonly version?: string;
  readonly cores?: number;
  readonly horizonS?: number;
  /** Of the API server, for each call; default 1 ms. */
  readonly delayNs?: number;
}

export class Bed implements ClusterObserver {
  readonly sim: Simulation;
  readonly metrics: Metrics;
  readonly uids = new Uids();
  readonly endpoint: FakeEndpoint;
  readonly schedulers: Scheduler[] = [];
  readonly stages = new Map<string, number>();
  readonly attempts = new Map<number, SchedulingAttempt>();
  #stopped = false;

  constructor(o: BedOptions = {}) {
    const horizonNs = (o.horizonS ?? 3600) * S;
    this.sim = new Simulation({ seed: 'tests', horizonNs });
    this.metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
    const constants = new Constants([
      ...machineConstants,
      ...networkConstants,
      ...clientGoConstants,
      ...schedulerConstants,
    ]);
    const { sim, metrics, uids } = this;
    const ctx = { sim, metrics, constants };
    const host = new Host(ctx, 'control', {
      name: 'control',
      cores: o.cores ?? 8,
      memoryBytes: 64e9,
      zone: 'a',
      clock: plainClock(),
      disks: [],
    });
    const rtt = { kind: 'constant', value: 100_000 } as const;
    const network = new Network(
      ctx,
      { peerRtt: rtt, clientRtt: rtt, bandwidthBytesPerSecond: 1e9, lossProbability: 0, pairs: [] },
      [{ name: 'control', zone: 'a' }],
    );
    this.endpoint = new FakeEndpoint(sim, { networkHost: 'control', delayNs: o.delayNs ?? 1e6 });
    const { store } = this.endpoint;
    store.preload(o.preload?.(uids) ?? []);
    const version = o.version ?? '1.35';
    const library = new ClientLibrary(ctx, {
      network,
      hosts: new Map([['control', host]]),
      endpoints: [this.endpoint],
      loadBalancer: { kind: 'none', healthIntervalNs: S, healthThreshold: 3 },
      version,
      uids,
      preloaded: (resource: ResourceName) => ({
        items: store.all(resource),
        resourceVersion: store.revision,
      }),
    });
    for (let i = 0; i < (o.replicas ?? 1); i++) {
      const component = {
        name: `kube-scheduler/${i}`,
        host: 'control',
        cpuWeight: 100,
        cpuQuotaCores: Number.POSITIVE_INFINITY,
        memoryLimitBytes: Number.POSITIVE_INFINITY,
        supervisor: 'kubelet',
      } as const;
      const servers = ['kube-apiserver/0'];
      const links = { library, host, uids, observer: this, version, servers };
      const scheduler = new Scheduler(ctx, { ...scenario, ...o.scenario }, component, links);
      this.schedulers.push(scheduler);
      if (i === 0 && o.preloaded !== false) store.preload([scheduler.initialLease()]);
    }
    for (const scheduler of this.schedulers) scheduler.start(o.preloaded ?? true);
  }

  // --- ClusterObserver ---

  created(): void {}

  podStage(uid: number, stage: PodStage, atNs: number): void {
    this.stages.set(`${uid}/${stage}`, atNs);
  }

  message(): void {}

  wantsMessages(): boolean {
    return false;
  }

  schedulingAttempt(uid: number, attempt: SchedulingAttempt): void {
    this.attempts.set(uid, attempt);
  }

  // --- the test's side ---

  /** Runs until that many seconds. */
  to(seconds: number): this {
    this.#stopped = false;
    const stop = this.sim.eventType('stop', () => {
      this.#stopped = true;
    });
    this.sim.scheduleAt(Math.round(seconds * S), stop);
    while (!this.#stopped) this.sim.advance(1);
    return this;
  }

  /** At once, past every client. */
  create<T extends KubeObject>(object: T): T {
    const result = this.endpoint.now({ verb: 'create', resource: object.resource, object });
    if (result.code >= 300) throw new Error(`${object.meta.path}: ${result.reason}`);
    return object;
  }

  patch<T extends KubeObject>(resource: ResourceName, path: string, change: (o: T) => T): void {
    const mutate = (object: KubeObject) => change(object as T);
    const result = this.endpoint.now({ verb: 'patch', resource, path, mutate });
    if (result.code >= 300) throw new Error(`${path}: ${result.reason}`);
  }

  delete(resource: ResourceName, path: string): void {
    this.endpoint.now({ verb: 'delete', resource, path, graceNs: 0 });
  }

  pod(name: string): Pod | undefined {
    return this.endpoint.store.get<Pod>('pods', `default/${name}`);
  }

  nodeOf(name: string): string {
    return this.pod(name)?.nodeName ?? 'gone';
  }

  get bound(): number {
    return this.endpoint.store.all<Pod>('pods').filter((p) => p.nodeName !== '').length;
  }

  /** Calls that write, leases and events apart. */
  count(what: string): number {
    return this.endpoint.calls.filter(
      (c) => `${c.verb} ${c.resource}${c.subresource ? `/${c.subresource}` : ''}` === what,
    ).length;
  }
}
