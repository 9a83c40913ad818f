/** Results of runs by hand: the real Metrics filled by a script, no simulation behind them. */
import { type ConstantEntry, hashSeed, hashText } from '../../src/core/index.ts';
import { Metrics } from '../../src/metrics/index.ts';
import type { RunResult } from '../../src/run/result.ts';
import type { Scenario, ThresholdScenario, WorkloadScenario } from '../../src/scenario/types.ts';
import { CLIENT_HOST, clusterScenario, MS, workload as plainWorkload, S } from './scenario.ts';

export { MS, plainDisk as makeDisk, S } from './scenario.ts';

/** Fills the metrics; `advanceTo` moves simulated time on. */
export type Script = (metrics: Metrics, advanceTo: (nowNs: number) => void) => void;

export interface RunOptions extends Partial<Omit<RunResult, 'metrics'>> {
  readonly script?: Script;
  /** Ends the run there, as Ctrl-C does. */
  readonly endNs?: number;
}

/** Three members on hosts of their own; 10 s of which 1 s is warm-up. */
export function makeScenario(changes: Partial<Scenario> = {}): Scenario {
  const cluster = clusterScenario({ cores: 4, peerRtt: 0, warmup: 1000, seed: 'seed' });
  const hosts = cluster.hosts.filter((host) => host.name !== CLIENT_HOST);
  return { ...cluster, seriesIntervalNs: S, hosts, ...changes };
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

/** 200 puts/s of 16 + 256 B, open loop. */
export function workload(changes: Partial<WorkloadScenario> = {}): WorkloadScenario {
  return plainWorkload({
    name: 'writers',
    ratePerSecond: 200,
    keyBytes: 16,
    keySpace: 2000,
    prefix: 'writers',
    leaseTtlNs: 0,
    retryBackoffNs: 0,
    startNs: 0,
    ...changes,
  });
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
