/**
 * The validated scenario: plain data, all units resolved (ns, bytes, per second), every default
 * filled in.
 * `src/scenario` produces it from YAML; `src/run` and the models read it; nothing mutates it.
 */
import type { DistributionSpec } from '../dist/index.ts';
import type { AvailabilityScenario, RandomFaultScenario } from './availability-types.ts';
import type { ClockAction } from './faults/clock.ts';
import type { CredentialAction } from './faults/credentials.ts';
import type { DisasterAction } from './faults/disaster.ts';
import type { DiskAction } from './faults/disk.ts';
import type { EtcdAction } from './faults/etcd.ts';
import type { NetworkAction } from './faults/network.ts';
import type { ProcessAction } from './faults/process.ts';
import type { WorldAction } from './faults/world.ts';
import type { KubernetesScenario } from './kubernetes-types.ts';

export type * from './availability-types.ts';
export type { ClockAction } from './faults/clock.ts';
export type { CredentialAction } from './faults/credentials.ts';
export type { DisasterAction } from './faults/disaster.ts';
export type { DiskAction } from './faults/disk.ts';
export type { EtcdAction } from './faults/etcd.ts';
export type { NetworkAction } from './faults/network.ts';
export type { ProcessAction } from './faults/process.ts';
export type { WorldAction } from './faults/world.ts';
export type * from './kubernetes-types.ts';

export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly seed: string;
  /** 1 where no input is random, else 5 unless asked. */
  readonly replications: number;
  readonly horizonNs: number;
  readonly warmupNs: number;
  /** Width of a row of timeseries.csv. */
  readonly seriesIntervalNs: number;
  readonly etcd: EtcdScenario;
  /** Every host by name; members without their own `host` get a host of their member name. */
  readonly hosts: readonly HostScenario[];
  readonly network: NetworkScenario;
  readonly workload: readonly WorkloadScenario[];
  /** null: etcd and its clients alone. */
  readonly kubernetes: KubernetesScenario | null;
  readonly faults: readonly FaultScenario[];
  /** Drawn when a run starts; absent where there are none. */
  readonly randomFaults?: readonly RandomFaultScenario[];
  /** Absent where the run is simulated from its start to its horizon. */
  readonly availability?: AvailabilityScenario;
  readonly thresholds: readonly ThresholdScenario[];
  /** Overrides of constants by name, in the constant's own unit. */
  readonly constants: Readonly<Record<string, number>>;
}

export interface HostScenario {
  readonly name: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly zone: string;
  readonly clock: ClockScenario;
  readonly disks: readonly DiskScenario[];
}

export interface ClockScenario {
  readonly shape: 'ideal' | 'linear' | 'periodic' | 'noisy' | 'step';
  /** Wall-clock error at time zero. */
  readonly offsetNs: number;
  /** Rate error of the monotonic (and so the wall) clock in parts per million. */
  readonly driftPpm: number;
  /** periodic: amplitude and period of the wall offset; noisy: standard deviation per second. */
  readonly amplitudeNs: number;
  readonly periodNs: number;
  /** step: the wall clock jumps by `stepNs` at `stepAtNs`. */
  readonly stepAtNs: number;
  readonly stepNs: number;
  readonly ntp: 'none' | 'slew' | 'step';
  readonly ntpPollNs: number;
  readonly ntpMaxSlewPpm: number;
}

export interface DiskScenario {
  readonly name: string;
  readonly fsync: DistributionSpec;
  /**
   * 'service': latency of an idle disk; 'response': a production histogram, contention
   * included.
   */
  readonly fsyncKind: 'service' | 'response';
  /** Name of the profile, or '' where the distribution was written in the scenario. */
  readonly profile: string;
  /** Syncs in service at once; Infinity = they overlap freely, 1 = the device serialises. */
  readonly queueDepth: number;
  readonly iops: number;
  readonly iopsBurst: number;
  readonly bandwidthBytesPerSecond: number;
  readonly bandwidthBurstBytes: number;
  readonly capacityBytes: number;
}

export interface EtcdScenario {
  /** '3.4' | '3.5' | '3.6' | '3.7', with or without a patch number. */
  readonly version: string;
  readonly members: readonly EtcdMemberScenario[];
  /** Not there at the start: an `addMember` fault with this name starts them. */
  readonly joining: readonly EtcdMemberScenario[];
  readonly heartbeatIntervalNs: number;
  readonly electionTimeoutNs: number;
  readonly preVote: boolean;
  readonly snapshotCount: number;
  readonly snapshotCatchUpEntries: number;
  readonly quotaBackendBytes: number;
  readonly maxRequestBytes: number;
  readonly maxTxnOps: number;
  readonly backendBatchIntervalNs: number;
  readonly backendBatchLimit: number;
  readonly autoCompactionMode: 'periodic' | 'revision' | 'off';
  /** ns for periodic, revisions for revision. */
  readonly autoCompactionRetention: number;
  /** Elections timed by the wall clock: software that etcd is not; see the clock experiment. */
  readonly timers: 'monotonic' | 'wall';
  readonly strictReconfigCheck: boolean;
  /**
   * Flags that were given ('name=value'), are known and have no effect here; listed in the
   * summary.
   */
  readonly flagsWithoutEffect: readonly string[];
  /** Keys already in the store at start, and the size of each (key + value). */
  readonly preloadKeys: number;
  readonly preloadKeyBytes: number;
  readonly preloadValueBytes: number;
}

export interface EtcdMemberScenario {
  /** 'etcd/0', 'etcd/1', ... */
  readonly name: string;
  readonly host: string;
  readonly learner: boolean;
  /** Names of disks of the host; the same name = one disk for both. */
  readonly walDisk: string;
  readonly backendDisk: string;
  /** cgroup cpu.weight, relative. */
  readonly cpuWeight: number;
  /** CFS quota in cores; Infinity = none. */
  readonly cpuQuotaCores: number;
}

export interface NetworkScenario {
  /** Round-trip time between hosts of members; `pairs` override it. */
  readonly peerRtt: DistributionSpec;
  readonly clientRtt: DistributionSpec;
  readonly bandwidthBytesPerSecond: number;
  /** Probability that a segment is lost (paid as a retransmission delay). */
  readonly lossProbability: number;
  readonly pairs: readonly NetworkPairScenario[];
}

export interface NetworkPairScenario {
  /** Member, host or zone names; 'client' is the host of the clients. */
  readonly between: readonly [string, string];
  readonly rtt: DistributionSpec;
  readonly bandwidthBytesPerSecond: number;
  readonly lossProbability: number;
}

export type WorkloadOp =
  | 'put'
  | 'delete'
  | 'range'
  | 'txn'
  | 'watch'
  | 'lease-grant'
  | 'lease-keepalive'
  | 'lease-revoke'
  | 'compact';

export interface WorkloadScenario {
  readonly name: string;
  readonly op: WorkloadOp;
  /** Open loop: arrivals per second (0 = closed loop). Latency counts from the planned arrival. */
  readonly ratePerSecond: number;
  readonly arrivals: 'poisson' | 'constant';
  /** Closed loop: number of clients, one request outstanding each (0 = open loop). */
  readonly clients: number;
  readonly thinkTime: DistributionSpec;
  /** gRPC connections that the clients share; 0 = one a client. */
  readonly connections: number;
  /** 'leader', 'all' (round robin over the members), 'follower', 'random', or a member name. */
  readonly target: string;
  readonly consistency: 'linearizable' | 'serializable';
  readonly keyBytes: number;
  readonly valueSize: DistributionSpec;
  /** Number of distinct keys, uniform; prefix separates workloads. */
  readonly keySpace: number;
  readonly prefix: string;
  /** range: keys a request returns. txn: operations a request carries. */
  readonly keysPerRequest: number;
  /** txn: probability that the compare fails. */
  readonly compareFailure: number;
  /** watch: streams the watchers share; 0 = one stream a watcher. */
  readonly streams: number;
  readonly leaseTtlNs: number;
  /** put, txn: keys attach to a lease of the named workload ('' or absent = none). */
  readonly lease?: string;
  readonly deadlineNs: number;
  readonly retries: number;
  readonly retryBackoffNs: number;
  readonly startNs: number;
  readonly stopNs: number;
  /** Host of the clients. */
  readonly host: string;
  /** Open loop: requests in flight beyond which arrivals are dropped and counted. */
  readonly maxInFlight: number;
}

/** `at` is simulated time from the start; `forNs` = Infinity where the fault stays. */
export interface FaultScenario {
  readonly name: string;
  readonly atNs: number;
  readonly forNs: number;
  /** Repeat every `everyNs` (0 = once), at most `times` times. */
  readonly everyNs: number;
  readonly times: number;
  readonly action: FaultAction;
}

/** By topic, beside how each is read; targets are in the grammar of docs/models/faults.md. */
export type FaultAction =
  | ProcessAction
  | DiskAction
  | NetworkAction
  | ClockAction
  | CredentialAction
  | EtcdAction
  | WorldAction
  | DisasterAction;

export interface ThresholdScenario {
  /** As written, e.g. 'wavetank_client_request_duration_seconds{op="put"}'. */
  readonly metric: string;
  /** As written, e.g. 'p99 < 50ms'. */
  readonly expect: string;
  /** Labels: each of their values is judged for itself, the worst decides. Absent: all together. */
  readonly each?: readonly string[];
  readonly window: WindowScenario;
}

/** Both resolved to simulated time; the whole run after warm-up where none is given. */
export interface WindowScenario {
  readonly text: string;
  readonly fromNs: number;
  readonly toNs: number;
}
