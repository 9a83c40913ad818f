/** API servers over storage in memory, with costs by hand, for tests of their request path. */
import {
  ApiServers,
  apiServerConstants,
  etcdStorage,
  ObjectStore,
  storageConstants,
} from '../../models/apiserver/index.ts';
import { ClientLibrary, clientGoConstants } from '../../models/client-go/index.ts';
import { EtcdCluster, etcdConstants } from '../../models/etcd/index.ts';
import { Host, machineConstants } from '../../models/machine/index.ts';
import { Network, networkConstants } from '../../models/network/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type ClusterObserver,
  type KubeObject,
  metaOf,
  NO_RESOURCES,
  PENDING,
  PLAIN_POD_SPEC,
  type Pod,
  type PodSpec,
  type ResourceName,
  type ServedWatch,
  silentObserver,
  Uids,
  type User,
  type WatchEvent,
} from '../../models/objects/index.ts';
import { Constants, Simulation } from '../../src/core/index.ts';
import { Metrics, type MetricsResult } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ApiServerScenario, HostScenario } from '../../src/scenario/types.ts';
import { MemoryStorage, MemoryStore } from './memory-storage.ts';
import { clusterScenario, S } from './scenario.ts';

/** All CPU of the server zero: what is left is waiting. */
export const freeServer: Readonly<Record<string, number>> = Object.fromEntries(
  apiServerConstants.filter((c) => c.unit === 'ns').map((c) => [c.name, 0]),
);

export const node: User = {
  name: 'system:node:n1',
  groups: ['system:nodes', 'system:authenticated'],
  agent: 'kubelet',
  authentication: 'x509',
};
export const admin: User = {
  name: 'kubernetes-admin',
  groups: ['system:masters'],
  agent: 'kubectl',
  authentication: 'x509',
};
export const somebody: User = {
  name: 'somebody',
  groups: ['system:authenticated'],
  agent: 'curl',
  authentication: 'oidc',
};

export const apiServerDefaults: ApiServerScenario = {
  replicas: [
    {
      name: 'kube-apiserver/0',
      host: 'h0',
      cpuWeight: 100,
      cpuQuotaCores: Infinity,
      memoryLimitBytes: Infinity,
      supervisor: 'systemd',
      etcdMembers: [],
    },
  ],
  loadBalancer: 'none',
  loadBalancerHealthIntervalNs: 10 * S,
  loadBalancerHealthThreshold: 3,
  eventsEtcd: false,
  priorityAndFairness: true,
  maxRequestsInFlight: 400,
  maxMutatingRequestsInFlight: 200,
  requestTimeoutNs: 60 * S,
  minRequestTimeoutNs: 1800 * S,
  shutdownDelayNs: 0,
  goawayChance: 0,
  watchCache: true,
  eventTtlNs: 3600 * S,
  etcdCompactionIntervalNs: 300 * S,
  encryption: 'none',
  audit: 'off',
  tls: true,
  webhooks: [],
  priorityLevels: [],
  flowSchemas: [],
  admissionPlugins: [
    'DefaultTolerationSeconds',
    'MutatingAdmissionWebhook',
    'ValidatingAdmissionWebhook',
    'ResourceQuota',
  ],
};

function host(name: string, cores: number): HostScenario {
  return {
    name,
    cores,
    memoryBytes: 64e9,
    zone: '',
    disks: [],
    clock: {
      shape: 'ideal',
      offsetNs: 0,
      driftPpm: 0,
      amplitudeNs: 0,
      periodNs: 0,
      stepAtNs: 0,
      stepNs: 0,
      ntp: 'none',
      ntpPollNs: 0,
      ntpMaxSlewPpm: 0,
    },
  };
}

export interface ServerOptions {
  readonly scenario?: Partial<ApiServerScenario>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly version?: string;
  readonly cores?: number;
  readonly observer?: ClusterObserver;
  readonly horizonNs?: number;
  /** Storage in an etcd of three members, with syncs of 2 ms, in place of that in memory. */
  readonly etcd?: boolean;
}

/** A cluster of one or more servers, and clients that ask them directly. */
export class TestServers {
  readonly sim: Simulation;
  readonly metrics: Metrics;
  readonly servers: ApiServers;
  /** Of option `etcd`. */
  etcd: EtcdCluster | null = null;
  /** Of option `etcd`: members, servers, and a host 'clients'. */
  network: Network | null = null;
  readonly store = new MemoryStore();
  readonly storages: MemoryStorage[] = [];
  readonly uids = new Uids();
  readonly #run: number;
  readonly #steps: (() => void)[] = [];
  #results: MetricsResult | null = null;
  readonly #constants: Constants;
  readonly #version: string;

  constructor(o: ServerOptions = {}) {
    const horizonNs = o.horizonNs ?? 7200 * S;
    this.sim = new Simulation({ seed: 'api', horizonNs });
    this.metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
    const constants = new Constants(
      [
        ...machineConstants,
        ...networkConstants,
        ...etcdConstants,
        ...storageConstants,
        ...apiServerConstants,
        ...clientGoConstants,
      ],
      o.constants ?? freeServer,
    );
    this.#constants = constants;
    this.#version = o.version ?? '1.34';
    const { sim, metrics } = this;
    const ctx = { sim, metrics, constants };
    const scenario = { ...apiServerDefaults, ...o.scenario };
    const names = [...new Set(scenario.replicas.map((r) => r.host))];
    const hosts = new Map(names.map((n) => [n, new Host(ctx, n, host(n, o.cores ?? 8))]));
    const etcd = o.etcd === true ? this.#createEtcd(ctx, hosts) : null;
    this.servers = new ApiServers(ctx, scenario, {
      hosts,
      uids: this.uids,
      observer: o.observer ?? silentObserver,
      version: o.version ?? '1.34',
      createStorage: (options) => {
        if (etcd !== null) return etcd(options);
        const storage = new MemoryStorage(sim, options.name, this.store);
        this.storages.push(storage);
        return storage;
      },
    });
    this.#run = sim.eventType('test', (i) => this.#steps[i]());
    this.etcd?.start();
    this.servers.start();
  }

  /** Hosts of members beside those of the servers; what makes the storage of a replica. */
  #createEtcd(ctx: ModelContext, hosts: Map<string, Host>) {
    const servers = [...hosts.keys()];
    const scenario = clusterScenario({ members: 3, fsync: 2, clientRtt: 0.5, peerRtt: 0.5 });
    for (const h of scenario.hosts) hosts.set(h.name, new Host(ctx, h.name, h));
    const names = [...scenario.etcd.members.map((m) => m.name), ...servers, 'clients'];
    const nodes = names.map((name) => ({ name, zone: '' }));
    this.network = new Network(ctx, scenario.network, nodes);
    this.etcd = new EtcdCluster(ctx, scenario, hosts, this.network);
    const store = new ObjectStore(this.etcd, null);
    return etcdStorage({ store, networkHostOf: (_, hostName) => hostName });
  }

  /** Clients of client-go on the host 'clients' of the network, in front of the servers. */
  library(kind: 'loadBalancer' | 'clientList' = 'clientList'): ClientLibrary {
    const { sim, metrics } = this;
    const ctx = { sim, metrics, constants: this.#constants };
    return new ClientLibrary(ctx, {
      network: this.network!,
      hosts: new Map(),
      endpoints: this.servers.replicas,
      loadBalancer: { kind, healthIntervalNs: 10 * S, healthThreshold: 3 },
      version: this.#version,
    });
  }

  at(timeNs: number, step: () => void): void {
    this.#steps.push(step);
    this.sim.scheduleAt(timeNs, this.#run, this.#steps.length - 1, 0);
  }

  /** Runs everything until `timeNs`. */
  until(timeNs: number): void {
    let reached = false;
    this.at(timeNs, () => {
      reached = true;
    });
    while (!reached) this.sim.advance(1);
  }

  send(call: ApiCall, o: SendOptions = {}): Answer {
    const answer: Answer = { result: null, atNs: Number.NaN, watch: null, events: [], ended: null };
    const { sim } = this;
    answer.watch = this.servers.replicas[o.replica ?? 0].handle({
      call,
      user: o.user ?? node,
      deadlineNs: sim.nowNs + (o.timeoutNs ?? Infinity),
      connection: o.connection ?? 1,
      sink:
        call.verb === 'watch'
          ? {
              send: (events) => {
                answer.events.push(...events);
                return true;
              },
              end: (reason) => {
                answer.ended = reason;
              },
            }
          : null,
      respond: (result) => {
        if (answer.result !== null) throw new Error('answered twice');
        answer.result = result;
        answer.atNs = sim.nowNs;
      },
    });
    return answer;
  }

  /** Sends it and runs until it is answered. */
  ask(call: ApiCall, o: SendOptions = {}): ApiResult {
    const answer = this.send(call, o);
    while (answer.result === null) this.sim.advance(1);
    return answer.result;
  }

  /** Ends the measurement; what was measured. */
  get results(): MetricsResult {
    this.#results ??= this.metrics.finish(this.sim.nowNs);
    return this.#results;
  }

  /** An object of any resource, as its creator makes it. */
  object(resource: ResourceName, path: string, o: Partial<KubeObject> = {}): KubeObject {
    const [namespace, name] = path.includes('/') ? path.split('/') : ['', path];
    const meta = metaOf(this.uids, this.sim.nowNs, { name, namespace });
    return { resource, meta, bytes: 300, resourceVersion: 0, ...o };
  }

  pod(path: string, o: Partial<Pod> = {}): Pod {
    const object = this.object('pods', path, { bytes: 5000 });
    return { ...object, resource: 'pods', spec: podSpec, nodeName: '', status: PENDING, ...o };
  }
}

export interface SendOptions {
  readonly user?: User;
  readonly replica?: number;
  readonly connection?: number;
  readonly timeoutNs?: number;
}

export interface Answer {
  result: ApiResult | null;
  atNs: number;
  watch: ServedWatch | null;
  readonly events: WatchEvent[];
  ended: string | null;
}

export const podSpec: PodSpec = {
  ...PLAIN_POD_SPEC,
  requests: { ...NO_RESOURCES, cpuMilli: 100, memoryBytes: 1e8 },
};
