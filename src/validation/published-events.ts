/**
 * Published lengths of things that happen rather than run: defragmentations, snapshots, disk space,
 * stalls that cost a leader.
 */
import { revisionFileBytes, walEntryBytes } from '../../models/etcd/index.ts';
import type { FaultAction, Scenario, WorkloadScenario } from '../scenario/types.ts';
import type { ComparedRow } from './compare.ts';
import { constantMs, settingScenario, workloadOf } from './scenario.ts';
import { openRun, simulateRun } from './simulate.ts';

const S = 1e9;
const FAULT_NS = 3 * S;

export interface PublishedEvent {
  readonly name: string;
  readonly source: string;
  readonly column: string;
  readonly measured: number;
  /** True, or why its error does not count. */
  readonly comparable: true | string;
  simulate(): number;
}

const issue = (n: number) => `https://github.com/etcd-io/etcd/issues/${n}`;
const gardener = (n: number) => `https://github.com/gardener/etcd-backup-restore/issues/${n}`;
const UNKNOWN_DISK = 'speed of the disk not given; simulated without a limit of bandwidth';
const VALUE_BYTES = 8192;
const KEY_BYTES = 80;

export const publishedEvents: readonly PublishedEvent[] = [
  defrag('3.84 GB with 2.12 GB in use', gardener(1061), 3.84e9, 2.12e9, 19),
  defrag('4.1 GB', issue(20_952), 4.1e9, 4.1e9, 15),
  defrag('0.95 GB with 0.6 GB in use', gardener(1052), 0.95e9, 0.6e9, 2.3),
  {
    name: 'snapshot save of 8 GB',
    source: issue(9771),
    column: 'seconds',
    measured: 60,
    comparable: UNKNOWN_DISK,
    simulate: () => {
      const { result } = simulateRun(
        stored(8e9, [], { kind: 'snapshotSave', target: 'etcd/0' }, 90),
      );
      const saved = result.metrics.events.find((e) => e.kind === 'snapshot saved');
      return ((saved?.timeNs ?? Number.NaN) - FAULT_NS) / S;
    },
  },
  {
    name: 'a million puts of 256 + 1024 B on disk',
    source: 'https://github.com/etcd-io/dbtester/tree/master/test-results/2018Q1-01-etcd',
    column: 'gigabytes',
    measured: 2.6,
    comparable: true,
    // The WAL keeps the segments since the last snapshot but a few: 100,000 entries each, 3.2.
    simulate: () => (1e6 * revisionFileBytes(256, 1024) + 4e5 * walEntryBytes(256, 1024)) / 1e9,
  },
  {
    name: 'a disk that stalls for 4 s costs the leader',
    source: issue(7970),
    column: 'elections',
    measured: 1,
    comparable: true,
    simulate: () => {
      const puts = workloadOf({ name: 'puts', ratePerSecond: 100 });
      const stall: FaultAction = { kind: 'stallDisk', target: 'etcd/leader' };
      return simulateRun(cluster(3, 20, [puts], stall, 4)).etcd.elections;
    },
  },
  {
    name: 'a defragmentation of 8 GB costs no election, requests are refused',
    source: issue(15_477),
    column: 'elections + 1',
    measured: 1,
    comparable: true,
    simulate: () => {
      const puts = workloadOf({ name: 'puts', ratePerSecond: 1000, stopNs: 12 * S });
      const scenario = stored(8e9, [puts], { kind: 'defrag', target: 'etcd/leader' }, 15, 3);
      const { etcd, outages } = simulateRun(scenario);
      const refused = outages.results()[0].failed.tooManyRequests ?? 0;
      return refused > 0 ? etcd.elections + 1 : Number.NaN;
    },
  },
];

/** Longest gap between puts while the only member defragments. */
function defrag(
  what: string,
  source: string,
  fileBytes: number,
  inUseBytes: number,
  seconds: number,
): PublishedEvent {
  return {
    name: `defrag of ${what}`,
    source,
    column: 'seconds',
    measured: seconds,
    comparable: UNKNOWN_DISK,
    simulate: () => {
      const puts = workloadOf({ name: 'puts', ratePerSecond: 50, arrivals: 'constant' });
      const { run, cluster: built } = openRun(
        stored(inUseBytes, [puts], { kind: 'defrag', target: 'etcd/0' }, 40),
      );
      const { backend } = built.etcd.members[0];
      backend.grow(fileBytes - inUseBytes);
      backend.free(fileBytes - inUseBytes);
      while (!run.advance(1 << 20)) {
        // To the horizon.
      }
      return built.outages.results()[0].longestGapNs / S;
    },
  };
}

/** Members with this much in use. */
function stored(
  bytes: number,
  workload: readonly WorkloadScenario[],
  action: FaultAction,
  seconds: number,
  members = 1,
): Scenario {
  const scenario = cluster(members, 1, workload, action, Infinity, seconds);
  const preloadKeys = Math.round(bytes / revisionFileBytes(KEY_BYTES, VALUE_BYTES));
  const keys = { preloadKeys, preloadKeyBytes: KEY_BYTES, preloadValueBytes: VALUE_BYTES };
  return { ...scenario, etcd: { ...scenario.etcd, ...keys, quotaBackendBytes: 16 * 2 ** 30 } };
}

function cluster(
  members: number,
  fsyncMs: number,
  workload: readonly WorkloadScenario[],
  action: FaultAction | null,
  faultSeconds: number,
  seconds = 12,
): Scenario {
  const fsync = constantMs(fsyncMs);
  const disks = Array.from({ length: members }, () => ({
    wal: fsync,
    backend: fsync,
    queueDepth: Infinity,
  }));
  const forNs = faultSeconds * S;
  const fault = { name: 'event', atNs: FAULT_NS, forNs, everyNs: 0, times: 1 };
  return settingScenario({
    name: 'published event',
    setup: { version: '3.6', cores: 8, clientRttNs: 200_000 },
    disks,
    peerRttMs: 0.5,
    heartbeatMs: 100,
    electionMs: 1000,
    workload,
    faults: action === null ? [] : [{ ...fault, action }],
    horizonNs: seconds * S,
    warmupNs: 0,
    seed: 'published',
  });
}

export function comparePublishedEvent(event: PublishedEvent): ComparedRow {
  const simulated = event.simulate();
  return {
    file: 'published',
    experiment: 'events',
    setting: event.name,
    column: event.column,
    repetitions: 1,
    measured: event.measured,
    simulated,
    ratio: simulated / event.measured,
    counted: event.comparable === true,
    reason: event.comparable === true ? '' : event.comparable,
  };
}
