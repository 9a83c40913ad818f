/**
 * From a row of measurements to the scenario that repeats it: only columns that describe a setting
 * are read, measured ones never (README of the measurements: injected sync, round trips, load).
 */
import type { DistributionSpec } from '../dist/index.ts';
import type {
  ClockScenario,
  DiskScenario,
  EtcdMemberScenario,
  FaultScenario,
  HostScenario,
  NetworkPairScenario,
  Scenario,
  WorkloadScenario,
} from '../scenario/types.ts';

export interface ValidationSetup {
  /**
   * etcd release, cores of the machine that members and clients share, round trip of the client.
   */
  readonly version: string;
  readonly cores: number;
  readonly clientRttNs: number;
}

export const defaultSetup: ValidationSetup = { version: '3.4.23', cores: 2, clientRttNs: 29_000 };

const NS_PER_MS = 1e6;

/**
 * Injected sync to sync as etcd sees it: the tool's wake-ups, from bare.csv
 * (`wal_fsync_mean_at_*`).
 */
const INJECTED_MS = [0, 1, 2, 5, 10, 20, 50];
const OBSERVED_EXCESS_MS = [0.0894, 0.1503, 0.148, 0.1972, 0.2826, 0.2452, 0.2535];
/**
 * Asked round trip to real one, from bare.csv (`ping_member_to_member_rtt_*_avg`); with no delay
 * asked the README gives 0.15 to 0.3 ms for the switch.
 */
const ASKED_RTT_MS = [0.1, 1, 5, 20];
const REAL_RTT_MS = [0.2, 1.146, 5.162, 20.245];

/**
 * Least wake-up of the injector (README: 0.06 to 0.2 ms); the rest of the mean excess is
 * exponential.
 */
const EXCESS_MIN_MS = 0.06;

/** A sync of the injected length as etcd sees it. */
export function injectedFsync(injected: DistributionSpec, meanMs: number): DistributionSpec {
  const excess = interpolate(INJECTED_MS, OBSERVED_EXCESS_MS, meanMs);
  const wakeUp: DistributionSpec = {
    kind: 'shifted',
    by: EXCESS_MIN_MS * NS_PER_MS,
    of: { kind: 'exponential', mean: Math.round((excess - EXCESS_MIN_MS) * NS_PER_MS) },
  };
  if (injected.kind !== 'constant')
    return { kind: 'shifted', by: Math.round(excess * NS_PER_MS), of: injected };
  return { kind: 'shifted', by: injected.value, of: wakeUp };
}

export function realRttMs(askedMs: number): number {
  if (askedMs > 20) return askedMs + 0.245;
  return interpolate(ASKED_RTT_MS, REAL_RTT_MS, askedMs);
}

function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  if (x <= xs[0]) return ys[0];
  for (let i = 1; i < xs.length; i++) {
    if (x <= xs[i])
      return ys[i - 1] + ((ys[i] - ys[i - 1]) * (x - xs[i - 1])) / (xs[i] - xs[i - 1]);
  }
  return ys[ys.length - 1];
}

export function constantMs(ms: number): DistributionSpec {
  return { kind: 'constant', value: Math.round(ms * NS_PER_MS) };
}

const idealClock: ClockScenario = {
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

export interface MemberDisk {
  readonly wal: DistributionSpec;
  readonly backend: DistributionSpec;
  readonly queueDepth: number;
}

export interface SettingOptions {
  readonly name: string;
  readonly setup: ValidationSetup;
  readonly disks: readonly MemberDisk[];
  readonly peerRttMs: number;
  readonly pairs?: readonly NetworkPairScenario[];
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly workload: readonly WorkloadScenario[];
  readonly faults?: readonly FaultScenario[];
  readonly horizonNs: number;
  readonly warmupNs: number;
  readonly seed: string;
  readonly constants?: Readonly<Record<string, number>>;
}

/**
 * All members and the clients on one machine; every member has a WAL disk and a backend disk of its
 * own, or one disk for both where the device serialises.
 */
export function settingScenario(o: SettingOptions): Scenario {
  const members: EtcdMemberScenario[] = o.disks.map((d, i) => ({
    name: `etcd/${i}`,
    host: 'machine',
    learner: false,
    walDisk: `wal${i}`,
    // A device that serialises holds both files; syncs that overlap need none in common.
    backendDisk: Number.isFinite(d.queueDepth) ? `wal${i}` : `backend${i}`,
    cpuWeight: 100,
    cpuQuotaCores: Infinity,
  }));
  const host: HostScenario = {
    name: 'machine',
    cores: o.setup.cores,
    memoryBytes: 24 * 2 ** 30,
    zone: '',
    clock: idealClock,
    disks: o.disks.flatMap((d, i) => [
      disk(`wal${i}`, d.wal, d.queueDepth),
      disk(`backend${i}`, d.backend, d.queueDepth),
    ]),
  };
  return {
    name: o.name,
    description: '',
    seed: o.seed,
    replications: 1,
    kubernetes: null,
    horizonNs: o.horizonNs,
    warmupNs: o.warmupNs,
    seriesIntervalNs: 1e9,
    etcd: {
      version: o.setup.version,
      members,
      heartbeatIntervalNs: o.heartbeatMs * NS_PER_MS,
      electionTimeoutNs: o.electionMs * NS_PER_MS,
      preVote: !o.setup.version.startsWith('3.4'),
      snapshotCount: o.setup.version >= '3.6' ? 10_000 : 100_000,
      snapshotCatchUpEntries: 5000,
      quotaBackendBytes: 2 * 2 ** 30,
      maxRequestBytes: 1.5 * 2 ** 20,
      maxTxnOps: 128,
      backendBatchIntervalNs: 100e6,
      backendBatchLimit: 10_000,
      autoCompactionMode: 'off',
      autoCompactionRetention: 0,
      timers: 'monotonic',
      strictReconfigCheck: true,
      flagsWithoutEffect: [],
      joining: [],
      preloadKeys: 2000,
      preloadKeyBytes: 16,
      preloadValueBytes: 256,
    },
    hosts: [host],
    network: {
      peerRtt: constantMs(realRttMs(o.peerRttMs)),
      clientRtt: { kind: 'constant', value: o.setup.clientRttNs },
      bandwidthBytesPerSecond: Infinity,
      lossProbability: 0,
      pairs: o.pairs ?? [],
    },
    workload: o.workload,
    faults: o.faults ?? [],
    thresholds: [],
    constants: o.constants ?? {},
  };
}

function disk(name: string, fsync: DistributionSpec, queueDepth: number): DiskScenario {
  return {
    name,
    fsync,
    fsyncKind: 'service',
    profile: '',
    queueDepth,
    iops: Infinity,
    iopsBurst: 0,
    bandwidthBytesPerSecond: Infinity,
    bandwidthBurstBytes: 0,
    capacityBytes: Infinity,
  };
}

/** A workload with everything else at its default: closed loop of puts of 256 B to the leader. */
export function workloadOf(
  partial: Partial<WorkloadScenario> & { name: string },
): WorkloadScenario {
  return {
    op: 'put',
    ratePerSecond: 0,
    arrivals: 'poisson',
    clients: 0,
    thinkTime: { kind: 'constant', value: 0 },
    connections: 1,
    target: 'leader',
    consistency: 'linearizable',
    keyBytes: 16,
    valueSize: { kind: 'constant', value: 256 },
    keySpace: 2000,
    prefix: '',
    keysPerRequest: 1,
    compareFailure: 0,
    streams: 0,
    leaseTtlNs: 60e9,
    deadlineNs: Infinity,
    retries: 0,
    retryBackoffNs: 25e6,
    startNs: 1e9,
    stopNs: Infinity,
    host: 'machine',
    maxInFlight: 100_000,
    ...partial,
  };
}
