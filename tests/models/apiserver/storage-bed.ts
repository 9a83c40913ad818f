/** Replicas' storage over a real etcd, without the request path before it. Times are ms. */

import { storageConstants } from '../../../models/apiserver/constants-storage.ts';
import { ObjectStore } from '../../../models/apiserver/storage/object-store.ts';
import {
  EtcdReplicaStorage,
  type EtcdReplicaStorageOptions,
} from '../../../models/apiserver/storage/replica-storage.ts';
import type {
  ListOptions,
  ReplicaCpu,
  StoreResult,
  Transformer,
  WatchOptions,
  WatchResult,
} from '../../../models/apiserver/storage/types.ts';
import { EtcdCluster, etcdConstants } from '../../../models/etcd/index.ts';
import { Host, machineConstants } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import type { KubeObject, Labels, WatchEvent, WatchSink } from '../../../models/objects/index.ts';
import { metaOf, Uids } from '../../../models/objects/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import { type ClusterOptions, clusterScenario, MS, S } from '../../support/scenario.ts';

export interface StorageBedOptions extends ClusterOptions {
  readonly replicas?: number;
  readonly kubernetes?: string;
  readonly eventsEtcd?: boolean;
  readonly compaction?: number;
  readonly watchCache?: boolean;
  readonly preload?: readonly KubeObject[];
  /** false: replicas start with empty caches. */
  readonly preloaded?: boolean;
  /** Each replica talks to the member of its own number alone. */
  readonly stacked?: boolean;
  readonly progressNotify?: number;
  readonly serverCores?: number;
  readonly transformer?: Transformer;
}

const EVENTS_MEMBER = 'events-0';

/** The CPU of one replica, which can be killed. */
class TestCpu implements ReplicaCpu {
  readonly #host: Host;
  readonly #id: number;

  constructor(host: Host, name: string) {
    this.#host = host;
    this.#id = host.cpu.process(name);
  }

  /** All that it was asked to do. */
  workNs = 0;

  execute(workNs: number, doneType: number, a: number, b: number): void {
    this.workNs += workNs;
    this.#host.cpu.execute(this.#id, workNs, doneType, a, b);
  }

  drop(): void {
    this.#host.cpu.drop(this.#id);
  }
}

export interface StorageBed {
  readonly sim: Simulation;
  readonly etcd: EtcdCluster;
  readonly events: EtcdCluster | null;
  readonly store: ObjectStore;
  readonly storages: EtcdReplicaStorage[];
  readonly metrics: Metrics;
  now(): number;
  to(ms: number): void;
  at(ms: number, action: () => void): void;
  kill(replica: number): void;
  restart(replica: number): void;
  /** CPU that a replica was asked for since the start, ns. */
  cpuNs(replica: number): number;
}

/** The machines, the etcd clusters and the network between them and the servers. */
function createClusters(
  ctx: ModelContext,
  o: StorageBedOptions,
  servers: readonly string[],
): { etcd: EtcdCluster; events: EtcdCluster | null; hosts: Map<string, Host> } {
  const scenario = clusterScenario(o);
  const extraHosts = [...servers, ...(o.eventsEtcd === true ? [EVENTS_MEMBER] : [])];
  const hosts = new Map(scenario.hosts.map((h) => [h.name, new Host(ctx, h.name, h)]));
  for (const name of extraHosts) {
    const like = { ...scenario.hosts[0], name, cores: o.serverCores ?? 8 };
    hosts.set(name, new Host(ctx, name, like));
  }
  const members = [...scenario.etcd.members, ...scenario.etcd.joining].map(({ name }) => name);
  const nodes = [...members, ...extraHosts].map((name) => ({ name, zone: '' }));
  const network = new Network(ctx, scenario.network, nodes);
  const progressNotifyNs = (o.progressNotify ?? 600_000) * MS;
  const etcd = new EtcdCluster(ctx, scenario, hosts, network, { progressNotifyNs });
  if (o.eventsEtcd !== true) return { etcd, events: null, hosts };
  const member = { ...scenario.etcd.members[0], name: EVENTS_MEMBER, host: EVENTS_MEMBER };
  const ofEvents = { ...scenario, etcd: { ...scenario.etcd, members: [member] } };
  const events = new EtcdCluster(ctx, ofEvents, hosts, network, { name: 'etcd-events' });
  return { etcd, events, hosts };
}

function replicaOptions(
  o: StorageBedOptions,
  server: string,
  replica: number,
  store: ObjectStore,
  cpu: ReplicaCpu,
): EtcdReplicaStorageOptions {
  const members = store.main.members.map(({ name }) => name);
  return {
    name: `kube-apiserver/${replica}`,
    replica,
    networkHost: server,
    hostName: server,
    cores: o.serverCores ?? 8,
    cpu,
    store,
    members: o.stacked === true ? [members[replica]] : members,
    eventMembers: [EVENTS_MEMBER],
    version: o.kubernetes ?? '1.34',
    scenario: {
      watchCache: o.watchCache ?? true,
      eventTtlNs: 3600 * S,
      etcdCompactionIntervalNs: (o.compaction ?? 300_000) * MS,
    },
    transformer: o.transformer ?? null,
  };
}

export function openStorage(o: StorageBedOptions = {}): StorageBed {
  const servers = Array.from({ length: o.replicas ?? 1 }, (_, i) => `server-${i}`);
  const constants = new Constants(
    [...machineConstants, ...networkConstants, ...etcdConstants, ...storageConstants],
    o.constants ?? {},
  );
  const horizonNs = (o.horizon ?? 600_000) * MS;
  const sim = new Simulation({ seed: o.seed ?? 'tests', horizonNs });
  const metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 10 * S });
  const ctx: ModelContext = { sim, metrics, constants };
  const { etcd, events, hosts } = createClusters(ctx, o, servers);
  const store = new ObjectStore(etcd, events);
  for (const object of o.preload ?? []) store.preload(object);
  const cpus = servers.map((name) => new TestCpu(hosts.get(name) as Host, name));
  const storages = servers.map(
    (name, i) => new EtcdReplicaStorage(ctx, replicaOptions(o, name, i, store, cpus[i])),
  );
  etcd.start();
  events?.start();
  for (const storage of storages) storage.start(o.preloaded ?? true);
  const actions: (() => void)[] = [];
  const atType = sim.eventType('test/at', (i) => actions[i]());
  const at = (ms: number, action: () => void): void => {
    actions.push(action);
    sim.scheduleAt(Math.round(ms * MS), atType, actions.length - 1);
  };
  const to = (ms: number): void => {
    let reached = false;
    at(ms, () => {
      reached = true;
    });
    while (!reached && sim.advance(1) > 0) {
      // One event at a time.
    }
  };
  const kill = (replica: number): void => {
    cpus[replica].drop();
    storages[replica].stop();
  };
  const restart = (replica: number): void => storages[replica].start(false);
  const cpuNs = (replica: number): number => cpus[replica].workNs;
  const now = (): number => sim.nowNs / MS;
  return { sim, etcd, events, store, storages, metrics, now, at, to, kill, restart, cpuNs };
}

export const uids = (): Uids => new Uids();

export function configMap(
  ids: Uids,
  path: string,
  data: Record<string, string> = {},
  labels: Labels = {},
  bytes = 1000,
): KubeObject & { readonly data: Record<string, string> } {
  const [namespace, name] = path.split('/');
  return {
    resource: 'configmaps',
    meta: metaOf(ids, 0, { name, namespace, labels }),
    bytes,
    resourceVersion: 0,
    data,
  };
}

export const ANY = { deadlineNs: Infinity, members: 1 } as const;
export const NO_CONDITIONS = { uid: 0, resourceVersion: 0 } as const;

export function listOptions(changes: Partial<ListOptions> = {}): ListOptions {
  return {
    ...ANY,
    consistency: 'consistent',
    resourceVersion: 0,
    namespace: '',
    labelSelector: null,
    fieldSelector: null,
    limit: 0,
    continueAt: 0,
    wantItems: true,
    ...changes,
  };
}

/** Writes down what it is sent. */
export class TestSink implements WatchSink {
  readonly events: WatchEvent[] = [];
  ended = '';
  isConnected = true;

  send(events: readonly WatchEvent[], _bytes: number): boolean {
    this.events.push(...events);
    return this.isConnected;
  }

  end(reason: string): void {
    this.ended = reason;
  }
}

export function watchOptions(sink: WatchSink, changes: Partial<WatchOptions> = {}): WatchOptions {
  return {
    resourceVersion: 0,
    consistency: 'any',
    namespace: '',
    labelSelector: null,
    fieldSelector: null,
    sendInitialEvents: false,
    allowBookmarks: false,
    deadlineNs: Infinity,
    members: 1,
    sink,
    ...changes,
  };
}

/** The result of a call, once it is there. */
export class Answer {
  result: StoreResult | null = null;
  watched: WatchResult | null = null;
  readonly done = (result: StoreResult): void => {
    this.result = result;
  };
  readonly accepted = (result: WatchResult): void => {
    this.watched = result;
  };

  get code(): string {
    return this.result?.code ?? this.watched?.code ?? 'none';
  }
}
