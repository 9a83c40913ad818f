/**
 * A ClientLibrary over API servers in memory, on hosts of the real machine and network models: for
 * tests of components.
 */
import {
  ClientLibrary,
  type ClientOptions,
  type ComponentProcess,
  clientGoConstants,
  type LoadBalancerOptions,
} from '../../models/client-go/index.ts';
import { Host, machineConstants } from '../../models/machine/index.ts';
import { Network, networkConstants } from '../../models/network/index.ts';
import { type ClusterObserver, Uids, type User } from '../../models/objects/index.ts';
import { type ConstantEntry, Constants, Simulation } from '../../src/core/index.ts';
import { Metrics } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { ClockScenario, HostScenario, NetworkScenario } from '../../src/scenario/types.ts';
import { FakeEndpoint } from './fake-endpoint.ts';
import { FakeStore } from './fake-store.ts';

export interface FakeClusterOptions {
  /** API servers 'kube-apiserver/0', ... on hosts of the network of these names; default 1. */
  readonly replicas?: number;
  /** Hosts of components; each has 8 cores. Default ['control-plane']. */
  readonly hosts?: readonly string[];
  /** Hosts of the network without a machine: `nodes@a`. */
  readonly networkHosts?: readonly string[];
  readonly clocks?: Readonly<Record<string, Partial<ClockScenario>>>;
  readonly delayNs?: number;
  /** Round trip between any two hosts; default 1 ms. */
  readonly rttNs?: number;
  readonly version?: string;
  readonly tls?: boolean;
  readonly loadBalancer?: Partial<LoadBalancerOptions>;
  readonly observer?: ClusterObserver;
  readonly horizonNs?: number;
  readonly seed?: string;
  /** Constants of the component under test. */
  readonly constants?: readonly ConstantEntry[];
  readonly overrides?: Readonly<Record<string, number>>;
}

export interface FakeCluster {
  readonly ctx: ModelContext;
  readonly sim: Simulation;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly store: FakeStore;
  readonly endpoints: readonly FakeEndpoint[];
  readonly endpoint: FakeEndpoint;
  readonly library: ClientLibrary;
  readonly uids: Uids;
  /** A client of the first host without limits, unless told otherwise. */
  clientOptions(name: string, o?: Partial<ClientOptions>): ClientOptions;
  process(name: string, host?: string): ComponentProcess;
  at(timeNs: number, action: () => void): void;
  /** Runs until that time (simulated ns), events at it included. */
  run(untilNs: number): void;
}

export const IDEAL_CLOCK: ClockScenario = {
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
};

export const ADMIN: User = {
  name: 'kubernetes-admin',
  groups: ['system:masters'],
  agent: 'test',
  authentication: 'x509',
};

export function fakeCluster(o: FakeClusterOptions = {}): FakeCluster {
  const horizonNs = o.horizonNs ?? 24 * 3600e9;
  const sim = new Simulation({ seed: o.seed ?? 'fake', horizonNs });
  const metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
  const entries = [...machineConstants, ...networkConstants, ...clientGoConstants];
  const constants = new Constants([...entries, ...(o.constants ?? [])], o.overrides);
  const ctx: ModelContext = { sim, metrics, constants };
  const names = o.hosts ?? ['control-plane'];
  const hosts = new Map(names.map((name) => [name, makeHost(ctx, name, o.clocks?.[name])]));
  const servers = Array.from({ length: o.replicas ?? 1 }, (_, i) => `kube-apiserver/${i}`);
  const everywhere = [...names, ...servers, ...(o.networkHosts ?? [])];
  const network = makeNetwork(ctx, o.rttNs ?? 1e6, everywhere);
  const store = new FakeStore();
  const endpoints = servers.map(
    (name) => new FakeEndpoint(sim, { name, store, delayNs: o.delayNs }),
  );
  const uids = new Uids();
  const library = new ClientLibrary(ctx, {
    network,
    hosts,
    endpoints,
    loadBalancer: {
      kind: 'none',
      healthIntervalNs: 10e9,
      healthThreshold: 3,
      ...o.loadBalancer,
    },
    version: o.version ?? '1.34',
    tls: o.tls,
    observer: o.observer,
    uids,
    preloaded: (resource) => ({ items: store.all(resource), resourceVersion: store.revision }),
  });
  return {
    ctx,
    sim,
    metrics,
    network,
    hosts,
    store,
    endpoints,
    endpoint: endpoints[0],
    library,
    uids,
    clientOptions: (name, changes = {}) => ({
      name,
      user: ADMIN,
      networkHost: names[0],
      qps: Infinity,
      burst: 1,
      timeoutNs: Infinity,
      servers: [servers[0]],
      ...changes,
    }),
    process: (name, host = names[0]) =>
      library.process(hosts.get(host)!, {
        name,
        cpuWeight: 100,
        cpuQuotaCores: Infinity,
        memoryLimitBytes: Infinity,
        supervisor: 'kubelet',
      }),
    at: (timeNs, action) => {
      sim.scheduleAt(timeNs, sim.eventType('test/at', action));
    },
    run: (untilNs) => runUntil(sim, untilNs),
  };
}

function runUntil(sim: Simulation, untilNs: number): void {
  let reached = false;
  const type = sim.eventType('test/until', () => {
    reached = true;
  });
  sim.scheduleAt(untilNs, type);
  while (!reached && !sim.finished) sim.advance(1);
}

function makeNetwork(ctx: ModelContext, rttNs: number, hosts: readonly string[]): Network {
  const rtt = { kind: 'constant', value: rttNs } as const;
  const scenario: NetworkScenario = {
    peerRtt: rtt,
    clientRtt: rtt,
    bandwidthBytesPerSecond: Infinity,
    lossProbability: 0,
    pairs: [],
  };
  const named = hosts.map((name) => ({ name, zone: '' }));
  return new Network(ctx, scenario, named);
}

function makeHost(ctx: ModelContext, name: string, clock: Partial<ClockScenario> = {}): Host {
  const scenario: HostScenario = {
    name,
    cores: 8,
    memoryBytes: 64 * 2 ** 30,
    zone: '',
    clock: { ...IDEAL_CLOCK, ...clock },
    disks: [],
  };
  return new Host(ctx, name, scenario);
}
