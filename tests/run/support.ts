/** A scenario as plain data, without the parser: for tests that are about driving a run. */
import type { DistributionSpec } from '../../src/dist/index.ts';
import type { Scenario } from '../../src/scenario/types.ts';

const none: DistributionSpec = { kind: 'constant', value: 0 };
const NS_PER_MS = 1_000_000;
const NS_PER_S = 1_000_000_000;

export function makeScenario(changes: Partial<Scenario> = {}): Scenario {
  return {
    name: 'test',
    description: '',
    seed: 'seed',
    replications: 1,
    horizonNs: 10 * NS_PER_S,
    warmupNs: NS_PER_S,
    seriesIntervalNs: NS_PER_S,
    etcd: {
      version: '3.6',
      members: [],
      heartbeatIntervalNs: 100 * NS_PER_MS,
      electionTimeoutNs: NS_PER_S,
      preVote: true,
      snapshotCount: 10_000,
      snapshotCatchUpEntries: 5_000,
      quotaBackendBytes: 2 ** 31,
      maxRequestBytes: 1.5 * 2 ** 20,
      maxTxnOps: 128,
      backendBatchIntervalNs: 100 * NS_PER_MS,
      backendBatchLimit: 10_000,
      autoCompactionMode: 'off',
      autoCompactionRetention: 0,
      timers: 'monotonic',
      strictReconfigCheck: true,
      flagsWithoutEffect: [],
      preloadKeys: 0,
      preloadKeyBytes: 0,
      preloadValueBytes: 0,
    },
    hosts: [],
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
