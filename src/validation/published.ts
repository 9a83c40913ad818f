/**
 * Published results as scenarios, with costs of the hardware that they were measured on, and the
 * comparison in the shape of the other tables.
 *
 * "GCE 2017" are unit costs of Go 1.5 to 1.9 on n1 machines. Only the rows that say what they set
 * were used for them; the others check them. Everything else (mechanism, page arithmetic, rules)
 * is the model as it is. Rows that cannot be compared are listed with the reason; where something
 * of them can be simulated their error is printed, but does not count.
 */
import { isClose } from '../analyze/index.ts';
import type { DistributionSpec } from '../dist/index.ts';
import {
  type MetricsResult,
  meanOf,
  mergeHistograms,
  quantileRank,
  sampleOfRank,
} from '../metrics/index.ts';
import type { HostScenario, Scenario } from '../scenario/types.ts';
import type { ComparedRow } from './compare.ts';
import { compareElections, compareStalls, electionTables } from './published-elections.ts';
import { comparePublishedEvent, publishedEvents } from './published-events.ts';
import { type PublishedColumn, type PublishedRow, publishedRows } from './published-rows.ts';
import { settingScenario, workloadOf } from './scenario.ts';
import { simulateRun } from './simulate.ts';

export interface CostSet {
  readonly name: string;
  readonly source: string;
  readonly values: Readonly<Record<string, number>>;
}

const ESTIMATE = '40,000 draws of the tick rules';
/** Shape of a cloud disk's sync: p99 of three times the mean. */
const FSYNC_TAIL = 3;
const MS = 1e6;
const S = 1e9;

/**
 * In our terms: a put passes three and a third turns of a loop, so that 80 us a turn are what the
 * single-client rows leave for them; the client's CPU is what the read row shows per request.
 */
export const gce2017: CostSet = {
  name: 'GCE 2017',
  source:
    'etcd#7156 (single client, three settings); performance.md put with 1000 clients (apply);' +
    ' dbtester 2018Q1-01 put (bytes of a commit) and get (CPU of a read, of the client)',
  values: {
    'etcd.grpcRequestNs': 80_000,
    'etcd.grpcResponseNs': 70_000,
    'etcd.loopNs': 80_000,
    'etcd.loopEntryNs': 5_000,
    'etcd.entryByteNs': 0,
    'etcd.messageNs': 80_000,
    'etcd.applyNs': 18_000,
    'etcd.applyByteNs': 2,
    'etcd.readNs': 20_000,
    'etcd.commitNs': 800_000,
    'etcd.commitEntryNs': 0,
    'etcd.commitByteNs': 3.33,
    'etcd.wakeNs': 0,
    'etcd.coldNs': 0,
    'client.sendNs': 46_000,
    'client.receiveNs': 47_000,
  },
};

/** A figure of a published result, and what explains it where it is missed. */
export interface PublishedFigure extends ComparedRow {
  readonly source: string;
  /** Likely reason of a figure that is not close; '' where nobody knows one, or none is needed. */
  readonly likely: string;
}

export interface PublishedStep {
  readonly name: string;
  /** It counts, or takes a second at most. */
  readonly quick: boolean;
  compare(): PublishedFigure[];
}

export interface PublishedSetting {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  readonly hardware: string;
  /** Null where nothing of it can be simulated. */
  readonly scenario: Scenario | null;
  readonly measured: PublishedRow['measured'];
  /** True, or why its errors do not count. */
  readonly comparable: true | string;
  readonly missed: PublishedRow['missed'];
}

export function publishedSettings(): PublishedSetting[] {
  return publishedRows.map((row) => ({
    group: row.group,
    name: row.name,
    source: row.source,
    hardware: row.hardware.text,
    scenario: row.beyondModel ? null : publishedScenario(row),
    measured: row.measured,
    comparable: row.unknown !== '' ? row.unknown : row.sets === '' ? true : `sets ${row.sets}`,
    missed: row.missed,
  }));
}

/** One line a figure; a row that cannot be simulated has NaN there. */
export function comparePublished(setting: PublishedSetting): PublishedFigure[] {
  const columns = Object.keys(setting.measured) as PublishedColumn[];
  const simulated =
    setting.scenario === null
      ? null
      : figuresOf(simulateRun(setting.scenario).result.metrics, setting.scenario);
  return columns.map((column) => {
    const measured = setting.measured[column] ?? Number.NaN;
    const ours = simulated === null ? Number.NaN : simulated[column];
    const ratio = ours / measured;
    return {
      file: 'published',
      experiment: setting.group,
      setting: `${setting.name} (${setting.hardware})`,
      column,
      repetitions: 1,
      measured,
      simulated: ours,
      ratio,
      counted: setting.comparable === true,
      reason: setting.comparable === true ? '' : setting.comparable,
      source: setting.source,
      likely: setting.comparable === true && !isClose(ratio) ? (setting.missed[column] ?? '') : '',
    };
  });
}

/** Everything that is published, in steps. */
export function publishedSteps(): PublishedStep[] {
  const estimate = (rows: readonly ComparedRow[]): PublishedFigure[] =>
    rows.map((row) => ({ ...row, source: ESTIMATE, likely: '' }));
  return [
    ...publishedSettings().map((setting) => ({
      name: setting.name,
      quick: setting.comparable === true || isLight(setting),
      compare: () => comparePublished(setting),
    })),
    ...publishedEvents.map((event) => ({
      name: event.name,
      quick: true,
      compare: () => [{ ...comparePublishedEvent(event), source: event.source, likely: '' }],
    })),
    ...electionTables.map((table, i) => ({
      name: `elections of ${table.members} members`,
      quick: i === 0,
      compare: () => estimate(compareElections(table)),
    })),
    { name: 'stalls of a leader', quick: false, compare: () => estimate(compareStalls()) },
  ];
}

function isLight({ scenario }: PublishedSetting): boolean {
  return (scenario?.workload[0].clients ?? 0) <= SINGLE_CLIENTS_MAX;
}

function figuresOf(metrics: MetricsResult, scenario: Scenario): Record<PublishedColumn, number> {
  const histogram = mergeHistograms(
    metrics.tallies
      .filter((t) => t.name === 'wavetank_client_request_duration_seconds')
      .flatMap((t) => t.perSegment),
  );
  const quantile = (p: number): number =>
    sampleOfRank(histogram, quantileRank(histogram.total, p)) / MS;
  return {
    throughput_ops: (histogram.total * S) / (scenario.horizonNs - scenario.warmupNs),
    mean_ms: meanOf(histogram) / MS,
    p10_ms: quantile(0.1),
    p50_ms: quantile(0.5),
    p90_ms: quantile(0.9),
    p99_ms: quantile(0.99),
  };
}

// --- Scenarios ---------------------------------------------------------------------------------

/** Clients start at 1 s; single clients need a longer window for a steady p99. */
const WARMUP_NS = 1.5 * S;
const WINDOW_NS = 3 * S;
const SINGLE_WINDOW_NS = 12 * S;
const SINGLE_CLIENTS_MAX = 4;

function publishedScenario(row: PublishedRow): Scenario {
  const { hardware, members } = row;
  const mean = hardware.fsyncMs * MS;
  const fsync: DistributionSpec = { kind: 'lognormal', mean, p99: FSYNC_TAIL * mean };
  const names = Array.from({ length: members }, (_, i) => `etcd/${i}`);
  const base = settingScenario({
    name: row.name,
    setup: { version: row.version, cores: hardware.cores, clientRttNs: hardware.clientRttMs * MS },
    disks: names.map(() => ({ wal: fsync, backend: fsync, queueDepth: Infinity })),
    peerRttMs: hardware.peerRttMs,
    heartbeatMs: 100,
    electionMs: 1000,
    workload: [loadOf(row)],
    horizonNs: WARMUP_NS + (row.clients <= SINGLE_CLIENTS_MAX ? SINGLE_WINDOW_NS : WINDOW_NS),
    warmupNs: WARMUP_NS,
    seed: row.name,
    constants: gce2017.values,
  });
  const hostOf = (name: string, cores: number, i: number): HostScenario => ({
    ...base.hosts[0],
    name,
    cores,
    disks: base.hosts[0].disks.filter((disk) => disk.name === `wal${i}`),
  });
  return {
    ...base,
    etcd: {
      ...base.etcd,
      // The default was 10,000 up to 3.1 (CHANGELOG-3.2).
      snapshotCount: row.version < '3.2' ? 10_000 : 100_000,
      preVote: false,
      preloadKeys: 0,
      members: base.etcd.members.map((member, i) => ({
        ...member,
        host: member.name,
        walDisk: `wal${i}`,
        backendDisk: `wal${i}`,
      })),
    },
    hosts: [
      ...names.map((name, i) => hostOf(name, hardware.cores, i)),
      hostOf(CLIENT_HOST, hardware.clientCores, -1),
    ],
    network: { ...base.network, peerRtt: { kind: 'constant', value: hardware.peerRttMs * MS } },
  };
}

const CLIENT_HOST = 'client';

function loadOf(row: PublishedRow) {
  return workloadOf({
    name: 'load',
    op: row.op,
    consistency: row.consistency,
    clients: row.clients,
    connections: row.connections,
    target: row.target,
    keyBytes: row.keyBytes,
    valueSize: { kind: 'constant', value: row.valueBytes },
    keySpace: row.keySpace,
    host: CLIENT_HOST,
  });
}
