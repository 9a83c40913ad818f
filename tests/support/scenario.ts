/**
 * Scenarios of etcd clusters by hand, as plain data: every member on a host of its own with a disk
 * of its own, clients on a host of theirs. Times in the options are ms, so that a test reads like
 * its arithmetic.
 */
import type { DistributionSpec } from '../../src/dist/index.ts';
import type {
  ClockScenario,
  DiskScenario,
  EtcdMemberScenario,
  EtcdScenario,
  FaultAction,
  FaultScenario,
  HostScenario,
  NetworkScenario,
  Scenario,
  WorkloadScenario,
} from '../../src/scenario/types.ts';

export const US = 1e3;
export const MS = 1e6;
export const S = 1e9;
export const CLIENT_HOST = 'client';

export interface ClusterOptions {
  readonly members?: number;
  readonly version?: string;
  /** Sync of every disk: ms of a constant one, or a distribution in ns. */
  readonly fsync?: number | DistributionSpec;
  /** Sync of one member's disk, where it differs. */
  readonly fsyncOf?: Readonly<Record<string, number | DistributionSpec>>;
  /** The backend on a disk of its own with this sync. */
  readonly backendFsync?: number | DistributionSpec;
  readonly disk?: Partial<DiskScenario>;
  readonly peerRtt?: number;
  readonly clientRtt?: number;
  readonly cores?: number;
  readonly clientCores?: number;
  readonly etcd?: Partial<EtcdScenario>;
  readonly network?: Partial<NetworkScenario>;
  readonly workload?: readonly WorkloadScenario[];
  readonly faults?: readonly FaultScenario[];
  readonly constants?: Readonly<Record<string, number>>;
  /** Names of members that join later. */
  readonly joining?: readonly string[];
  /** Members from this index on are learners. */
  readonly learnersFrom?: number;
  readonly horizon?: number;
  readonly warmup?: number;
  readonly seed?: string;
}

/** All CPU costs zero, no waking, no coldness: what is left is syncs, round trips and rules. */
export const freeCpu: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'etcd.grpcRequestNs',
    'etcd.grpcResponseNs',
    'etcd.loopNs',
    'etcd.loopEntryNs',
    'etcd.entryByteNs',
    'etcd.applyNs',
    'etcd.applyByteNs',
    'etcd.messageNs',
    'etcd.readNs',
    'etcd.readKeyNs',
    'etcd.wakeNs',
    'etcd.coldNs',
    'etcd.commitNs',
    'etcd.commitEntryNs',
    'etcd.commitByteNs',
    'client.sendNs',
    'client.receiveNs',
    'client.timerGranularityNs',
  ].map((name) => [name, 0]),
);

export function ms(value: number | DistributionSpec): DistributionSpec {
  return typeof value === 'number' ? { kind: 'constant', value: Math.round(value * MS) } : value;
}

export function clusterScenario(o: ClusterOptions = {}): Scenario {
  const names = Array.from({ length: o.members ?? 3 }, (_, i) => `etcd/${i}`);
  const learnersFrom = o.learnersFrom ?? Infinity;
  const joining = (o.joining ?? []).map((name) => memberOf(o, name, false));
  return {
    name: 'test',
    description: '',
    seed: o.seed ?? 'tests',
    replications: 1,
    kubernetes: null,
    horizonNs: (o.horizon ?? 10_000) * MS,
    warmupNs: (o.warmup ?? 0) * MS,
    seriesIntervalNs: 10 * S,
    etcd: {
      version: o.version ?? '3.6',
      members: names.map((name, i) => memberOf(o, name, i >= learnersFrom)),
      joining,
      ...etcdDefaults(o.version ?? '3.6'),
      ...o.etcd,
    },
    hosts: [
      ...names.map((name) => hostOf(o, name)),
      ...joining.map((m) => hostOf(o, m.name)),
      { ...hostOf(o, CLIENT_HOST), cores: o.clientCores ?? 64 },
    ],
    network: {
      peerRtt: ms(o.peerRtt ?? 1),
      clientRtt: ms(o.clientRtt ?? 0),
      bandwidthBytesPerSecond: Infinity,
      lossProbability: 0,
      pairs: [],
      ...o.network,
    },
    workload: o.workload ?? [],
    faults: o.faults ?? [],
    thresholds: [],
    constants: o.constants ?? {},
  };
}

/** Flags at the defaults of a release (embed/config.go of each tag). */
function etcdDefaults(version: string): Omit<EtcdScenario, 'version' | 'members' | 'joining'> {
  const minor = Number(version.split('.')[1]);
  return {
    heartbeatIntervalNs: 100 * MS,
    electionTimeoutNs: S,
    preVote: minor >= 5,
    snapshotCount: minor >= 6 ? 10_000 : 100_000,
    snapshotCatchUpEntries: 5000,
    quotaBackendBytes: 2 * 2 ** 30,
    maxRequestBytes: 1.5 * 2 ** 20,
    maxTxnOps: 128,
    backendBatchIntervalNs: 100 * MS,
    backendBatchLimit: 10_000,
    autoCompactionMode: 'off',
    autoCompactionRetention: 0,
    timers: 'monotonic',
    strictReconfigCheck: true,
    flagsWithoutEffect: [],
    preloadKeys: 0,
    preloadKeyBytes: 0,
    preloadValueBytes: 0,
  };
}

function memberOf(o: ClusterOptions, name: string, learner: boolean): EtcdMemberScenario {
  return {
    name,
    host: name,
    learner,
    walDisk: 'disk',
    backendDisk: o.backendFsync === undefined ? 'disk' : 'backend',
    cpuWeight: 100,
    cpuQuotaCores: Infinity,
  };
}

function hostOf(o: ClusterOptions, name: string): HostScenario {
  const fsync = ms(o.fsyncOf?.[name] ?? o.fsync ?? 1);
  const backend = o.backendFsync === undefined ? null : ms(o.backendFsync);
  return {
    name,
    cores: o.cores ?? 8,
    memoryBytes: 16 * 2 ** 30,
    zone: '',
    clock: plainClock(),
    disks: [diskOf(o, 'disk', fsync), ...(backend === null ? [] : [diskOf(o, 'backend', backend)])],
  };
}

function diskOf(o: ClusterOptions, name: string, fsync: DistributionSpec): DiskScenario {
  return plainDisk({ name, fsync, ...o.disk });
}

/** A disk of 1 ms a sync whose syncs overlap freely. */
export function plainDisk(changes: Partial<DiskScenario> = {}): DiskScenario {
  return {
    name: 'disk',
    fsync: ms(1),
    fsyncKind: 'service',
    profile: '',
    queueDepth: Infinity,
    iops: Infinity,
    iopsBurst: 0,
    bandwidthBytesPerSecond: Infinity,
    bandwidthBurstBytes: 0,
    capacityBytes: Infinity,
    ...changes,
  };
}

/** A clock without error. */
export function plainClock(changes: Partial<ClockScenario> = {}): ClockScenario {
  return {
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
    ...changes,
  };
}

/** Puts of 8 + 256 B to the leader from 1 s on; give `clients` or `ratePerSecond`. */
export function workload(changes: Partial<WorkloadScenario> = {}): WorkloadScenario {
  return {
    name: 'puts',
    op: 'put',
    ratePerSecond: 0,
    arrivals: 'poisson',
    clients: 0,
    thinkTime: { kind: 'constant', value: 0 },
    connections: 1,
    target: 'leader',
    consistency: 'linearizable',
    keyBytes: 8,
    valueSize: { kind: 'constant', value: 256 },
    keySpace: 1000,
    prefix: '',
    keysPerRequest: 1,
    compareFailure: 0,
    streams: 0,
    leaseTtlNs: 60 * S,
    deadlineNs: Infinity,
    retries: 0,
    retryBackoffNs: 25 * MS,
    startNs: S,
    stopNs: Infinity,
    host: CLIENT_HOST,
    maxInFlight: 100_000,
    ...changes,
  };
}

/** A fault at `at` ms, for `span` ms (without one: for ever). */
export function fault(at: number, action: FaultAction, span = Infinity): FaultScenario {
  return {
    name: action.kind,
    atNs: Math.round(at * MS),
    forNs: span === Infinity ? Infinity : Math.round(span * MS),
    everyNs: 0,
    times: 1,
    action,
  };
}
