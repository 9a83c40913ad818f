/** Results of runs by hand: the real Metrics filled by a script, no simulation behind them. */
import { type ConstantEntry, hashSeed, hashText } from '../../src/core/index.ts';
import { Metrics } from '../../src/metrics/index.ts';
import type { RunResult } from '../../src/run/result.ts';
import type {
  DiskScenario,
  EtcdScenario,
  Scenario,
  ThresholdScenario,
  WorkloadScenario,
} from '../../src/scenario/types.ts';

export const MS = 1e6;
export const S = 1e9;

/** Fills the metrics; `advanceTo` moves simulated time on. */
export type Script = (metrics: Metrics, advanceTo: (nowNs: number) => void) => void;

export interface RunOptions extends Partial<Omit<RunResult, 'metrics'>> {
  readonly script?: Script;
  /** Ends the run there, as Ctrl-C does. */
  readonly endNs?: number;
}

function makeEtcd(names: readonly string[]): EtcdScenario {
  return {
    version: '3.6',
    members: names.map((name) => ({
      name,
      host: name,
      learner: false,
      walDisk: 'disk',
      backendDisk: 'disk',
      cpuWeight: 100,
      cpuQuotaCores: Infinity,
    })),
    joining: [],
    heartbeatIntervalNs: 100 * MS,
    electionTimeoutNs: S,
    preVote: true,
    snapshotCount: 10_000,
    snapshotCatchUpEntries: 5000,
    quotaBackendBytes: 2 ** 31,
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

/** Three members on hosts of their own; 10 s of which 1 s is warm-up. */
export function makeScenario(changes: Partial<Scenario> = {}): Scenario {
  const none = { kind: 'constant', value: 0 } as const;
  const names = ['etcd/0', 'etcd/1', 'etcd/2'];
  return {
    name: 'test',
    description: '',
    seed: 'seed',
    replications: 1,
    kubernetes: null,
    horizonNs: 10 * S,
    warmupNs: S,
    seriesIntervalNs: S,
    etcd: makeEtcd(names),
    hosts: names.map((name) => ({
      name,
      cores: 4,
      memoryBytes: 2 ** 34,
      zone: '',
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
      disks: [makeDisk()],
    })),
    network: {
      peerRtt: none,
      clientRtt: none,
      bandwidthBytesPerSecond: Infinity,
      lossProbability: 0,
      pairs: [],
    },
    workload: [],
    faults: [],
    thresholds: [],
    constants: {},
    ...changes,
  };
}

export function makeDisk(changes: Partial<DiskScenario> = {}): DiskScenario {
  return {
    name: 'disk',
    fsync: { kind: 'constant', value: MS },
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

export function buildRun(scenario: Scenario, options: RunOptions = {}): RunResult {
  const { script, endNs, ...given } = options;
  const cutsNs = scenario.thresholds.flatMap((t) => [t.window.fromNs, t.window.toNs]);
  const metrics = new Metrics({
    warmupNs: scenario.warmupNs,
    horizonNs: scenario.horizonNs,
    cutsNs: cutsNs.filter(Number.isFinite),
    seriesIntervalNs: scenario.seriesIntervalNs,
  });
  script?.(metrics, (nowNs) => {
    while (metrics.nextCutNs() <= nowNs) metrics.cut(metrics.nextCutNs());
  });
  const last = endNs ?? scenario.horizonNs;
  const replication = given.replication ?? 0;
  const seed = hashSeed(scenario.seed, replication);
  return {
    point: 0,
    replication,
    timeline: null,
    seed,
    key: hashText(`key ${seed}`),
    digest: hashText(`digest ${seed}`).slice(0, 16),
    checkpoints: [],
    eventCount: 1000,
    simulatedNs: last,
    interrupted: endNs !== undefined,
    outages: [],
    constants: [],
    warnings: [],
    metrics: metrics.finish(last),
    ...given,
  };
}

export function workload(changes: Partial<WorkloadScenario> = {}): WorkloadScenario {
  const none = { kind: 'constant', value: 0 } as const;
  return {
    name: 'writers',
    op: 'put',
    ratePerSecond: 200,
    arrivals: 'poisson',
    clients: 0,
    thinkTime: none,
    connections: 1,
    target: 'leader',
    consistency: 'linearizable',
    keyBytes: 16,
    valueSize: { kind: 'constant', value: 256 },
    keySpace: 2000,
    prefix: 'writers',
    keysPerRequest: 1,
    compareFailure: 0,
    streams: 0,
    leaseTtlNs: 0,
    deadlineNs: Infinity,
    retries: 0,
    retryBackoffNs: 0,
    startNs: 0,
    stopNs: Infinity,
    host: 'client',
    maxInFlight: 100_000,
    ...changes,
  };
}

export function threshold(
  metric: string,
  expect: string,
  window?: Partial<ThresholdScenario['window']>,
): ThresholdScenario {
  return { metric, expect, window: { text: 'all', fromNs: S, toNs: 10 * S, ...window } };
}

/** A sequence of integers 0..2^32-1 that looks random and is the same everywhere. */
export function sequence(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

const CONSTANTS: readonly ConstantEntry[] = [
  {
    name: 'etcd.applyNsPerEntry',
    value: 20_000,
    unit: 'ns',
    low: 10_000,
    high: 40_000,
    mark: 'fitted',
    source: 'validation/etcd/single.csv',
  },
  {
    name: 'client.sendNs',
    value: 15_000,
    unit: 'ns',
    low: 5000,
    high: 50_000,
    mark: 'measured',
    source: 'bare.csv, "CPU per operation"',
  },
];

/** Puts at 200/s that take 2 to 6 ms, 100 ms while a disk stalls from 6 s to 7 s of 10 s. */
export function stallScenario(changes: Partial<Scenario> = {}): Scenario {
  const put = 'wavetank_client_request_duration_seconds{op="put"}';
  return makeScenario({
    name: 'stall',
    description: 'The disk of the leader stalls for a second.',
    seed: '42',
    replications: 3,
    workload: [workload()],
    faults: [
      {
        name: 'stall',
        atNs: 6 * S,
        forNs: S,
        everyNs: 0,
        times: 1,
        action: { kind: 'stallDisk', target: 'etcd/leader' },
      },
    ],
    thresholds: [
      threshold(put, 'p90 < 10ms', { text: 'before(stall)', toNs: 6 * S }),
      threshold('wavetank_client_requests{op="put"}', 'availability > 99.9%'),
      threshold(put, 'p99 < 50ms'),
    ],
    ...changes,
  });
}

function stallScript(replication: number, slower: number): Script {
  const draw = sequence(replication + 7);
  return (m, advanceTo) => {
    const labels = { op: 'put', workload: 'writers' };
    const latency = m.tally('wavetank_client_request_duration_seconds', labels, {
      help: 'Latency of answered requests.',
    });
    const ok = m.counter('wavetank_client_requests', { ...labels, outcome: 'ok' });
    const timeout = m.counter('wavetank_client_requests', { ...labels, outcome: 'timeout' });
    const stage = (name: string, slow: boolean) =>
      m.tally(`wavetank_request_${slow ? 'slow_' : ''}stage_duration_seconds`, {
        op: 'put',
        stage: name,
      });
    const fsync = [0, 1].map((i) =>
      m.tally(
        'etcd_disk_wal_fsync_duration_seconds',
        { member: `etcd/${i}` },
        {
          buckets: [0.001, 0.002, 0.004, 0.008],
        },
      ),
    );
    const size = m.level('etcd_mvcc_db_total_size_in_bytes', { member: 'etcd/0' });
    const disk = m.resource('etcd/0/disk/wal', 'disk', 1);
    const cpu = m.resource('etcd/0/cpu', 'processor-sharing', 4);
    for (let i = 0; i < 2000; i++) {
      const now = i * 5 * MS;
      advanceTo(now);
      const stalled = now >= 6 * S && now < 7 * S;
      const fsyncNs = Math.round((MS + (draw() % MS) * 2) * slower) + (stalled ? 95 * MS : 0);
      const restNs = MS + (draw() % MS);
      disk.arrive();
      disk.busy(now, stalled ? 1 : 0.4);
      disk.wait(stalled ? 50 * MS : draw() % (MS / 10));
      disk.service(fsyncNs);
      cpu.arrive();
      cpu.busy(now, 0.5);
      cpu.wait(1000);
      cpu.service(restNs);
      size.set(now, 4096 * (i + 1));
      fsync[i % 2].record(fsyncNs);
      if (stalled && i % 50 === 0) timeout.add();
      else ok.add();
      latency.record(fsyncNs + restNs);
      for (const slow of stalled ? [false, true] : [false]) {
        stage('WAL fsync', slow).record(fsyncNs);
        stage('apply', slow).record(restNs);
      }
    }
    m.event(6 * S, 'fault', 'etcd/0', 'stallDisk, "stall"');
    m.event(7 * S, 'fault ends', 'etcd/0', 'stallDisk');
  };
}

export function stallRun(
  scenario: Scenario,
  replication: number,
  point = 0,
  slower = 1,
): RunResult {
  return buildRun(scenario, {
    script: stallScript(replication, slower),
    point,
    replication,
    eventCount: 40_000 + replication,
    constants: CONSTANTS,
    outages: [
      {
        fault: 'stall',
        atNs: 6 * S,
        detectedNs: Number.NaN,
        firstErrorNs: 6.1 * S,
        firstSuccessNs: 7.05 * S,
        longestGapNs: 1.02 * S,
        elections: 0,
        restarts: 0,
        objectsLost: 0,
        failed: { timeout: 4 },
        ambiguous: 4,
      },
    ],
  });
}
