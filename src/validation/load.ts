/**
 * Rows of load: what each setting means as a scenario. Read are the columns that describe the
 * setting and the words of `experiment`, `group` and `notes` that say where it differs.
 */
import type { DistributionSpec } from '../dist/index.ts';
import type { NetworkPairScenario, Scenario, WorkloadScenario } from '../scenario/types.ts';
import { listOf, numberOf, type Row } from './rows.ts';
import {
  constantMs,
  injectedFsync,
  type MemberDisk,
  realRttMs,
  settingScenario,
  type ValidationSetup,
  workloadOf,
} from './scenario.ts';

const SETTING_COLUMNS = [
  'experiment',
  'group',
  'members',
  'fsync_ms_leader',
  'fsync_ms_followers',
  'rtt_ms',
  'value_bytes',
  'concurrency',
  'arrival_rate',
  'op',
  'heartbeat_ms',
  'election_ms',
];
const WARMUP_S = 2;
/** Simulated window; measured ones are 4 to 12 s. */
const WINDOW_S = 12;
/** Shape of a disk that is only said to be heavy-tailed. */
const PARETO_SHAPE = 1.5;

/** Rows with the same key are repetitions. */
export function settingKey(row: Row): string {
  return SETTING_COLUMNS.map((c) => row[c] ?? '').join('|');
}

/** 'fsync=10/0ms rtt=5ms c=16', for tables. */
export function settingText(row: Row): string {
  const parts: string[] = [];
  const add = (name: string, column: string, unit = ''): void => {
    const value = row[column];
    if (value !== undefined && value !== '') parts.push(`${name}=${value}${unit}`);
  };
  add('group', 'group');
  add('members', 'members');
  const followers = row.fsync_ms_followers;
  const both = followers !== undefined && followers !== '' && followers !== row.fsync_ms_leader;
  parts.push(`fsync=${row.fsync_ms_leader}${both ? `+${followers}` : ''}ms`);
  add('rtt', 'rtt_ms', 'ms');
  add('value', 'value_bytes');
  add('c', 'concurrency');
  add('rate', 'arrival_rate');
  add('op', 'op');
  return parts.join(' ');
}

/** The words that say what is special about a row. */
function wordsOf(row: Row): string {
  return `${row.experiment ?? ''} ${row.group ?? ''} ${row.notes ?? ''}`.toLowerCase();
}

/** Why a row of load cannot be simulated; null where it can. */
export function cannotSimulate(row: Row): string | null {
  if (/strace/.test(wordsOf(row)))
    return 'every system call is slowed by strace, which no model of etcd has';
  const members = numberOf(row, 'members');
  if (!(members >= 1 && members <= 7)) return `members is '${row.members ?? ''}', expected 1 to 7`;
  if (Number.isNaN(numberOf(row, 'fsync_ms_leader'))) return 'fsync_ms_leader is not a number';
  if (!['put', 'getl', 'gets', 'mix50', 'watch', 'lease'].includes(row.op ?? '')) {
    return `op '${row.op ?? ''}' is unknown; expected put, getl, gets, mix50, watch or lease`;
  }
  const rate = numberOf(row, 'arrival_rate', 0);
  const concurrency = numberOf(row, 'concurrency', 0);
  if (!(rate > 0) && !(concurrency > 0)) return 'neither concurrency nor arrival_rate is given';
  return null;
}

export function loadScenario(
  row: Row,
  setup: ValidationSetup,
  constants: Readonly<Record<string, number>>,
  seed: string,
): Scenario {
  return settingScenario({
    name: `${row.experiment} ${settingText(row)}`,
    setup,
    disks: disksOf(row),
    peerRttMs:
      Math.max(...listOf(row, 'rtt_ms', [0.1])) === 0 ? 0.1 : listOf(row, 'rtt_ms', [0.1])[0],
    pairs: pairsOf(row),
    heartbeatMs: numberOf(row, 'heartbeat_ms', 100),
    electionMs: numberOf(row, 'election_ms', 1000),
    workload: workloadOfRow(row),
    horizonNs: (WARMUP_S + WINDOW_S) * 1e9,
    warmupNs: WARMUP_S * 1e9,
    seed,
    constants,
  });
}

/**
 * Sync times of the members: the leader's, then one a follower (the last one given stands for the
 * rest).
 */
function disksOf(row: Row): MemberDisk[] {
  const words = wordsOf(row);
  const members = numberOf(row, 'members');
  const leader = numberOf(row, 'fsync_ms_leader');
  const followers = listOf(row, 'fsync_ms_followers', [leader]);
  const raw = row.group === 'raw';
  const queueDepth = /serial|queue.?depth.?1\b|one at a time/.test(words) ? 1 : Infinity;
  return Array.from({ length: members }, (_, i) => {
    const ms = i === 0 ? leader : followers[Math.min(i - 1, followers.length - 1)];
    const slow = raw
      ? ({ kind: 'constant', value: 600 } as const)
      : injectedFsync(shapeOf(words, ms), ms);
    const fast = injectedFsync(constantMs(0), 0);
    const onlyBackend = /dbslow|walfast|only bbolt|only (the )?backend/.test(words);
    const onlyWal = /dbfast|only wal/.test(words);
    return { wal: onlyBackend ? fast : slow, backend: onlyWal ? fast : slow, queueDepth };
  });
}

/** The injected distribution with this mean: constant unless the words say otherwise. */
function shapeOf(words: string, meanMs: number): DistributionSpec {
  const mean = Math.round(meanMs * 1e6);
  if (mean === 0) return { kind: 'constant', value: 0 };
  if (/pareto|heavy/.test(words)) {
    const given = /(?:shape|alpha)\s*[=:]?\s*([\d.]+)/.exec(words);
    const shape = given === null ? PARETO_SHAPE : Number(given[1]);
    return {
      kind: 'pareto',
      scale: Math.round((mean * (shape - 1)) / shape),
      shape,
      max: mean * 100,
    };
  }
  if (/lognormal/.test(words)) return { kind: 'lognormal', mean, p99: mean * 3 };
  if (/(^|[^a-z])exp(_|\b|onential|disk|fsync)/.test(words)) return { kind: 'exponential', mean };
  return { kind: 'constant', value: mean };
}

/**
 * 'far' members: `rtt_ms` holds the far and the near round trip ('20/1'), or the far one alone
 * (near: 0.1 ms).
 */
function pairsOf(row: Row): NetworkPairScenario[] {
  const words = wordsOf(row);
  const members = numberOf(row, 'members');
  if (!/far/.test(words) || members < 2) return [];
  const [far, near] = listOf(row, 'rtt_ms', [0.1]);
  const farMember = /far.?leader|leader.?far/.test(words) ? 0 : members - 1;
  const pairs: NetworkPairScenario[] = [];
  for (let a = 0; a < members; a++) {
    for (let b = a + 1; b < members; b++) {
      const rtt = a === farMember || b === farMember ? far : (near ?? 0.1);
      pairs.push({
        between: [`etcd/${a}`, `etcd/${b}`],
        rtt: constantMs(realRttMs(rtt)),
        bandwidthBytesPerSecond: Infinity,
        lossProbability: 0,
      });
    }
  }
  return pairs;
}

function workloadOfRow(row: Row): WorkloadScenario[] {
  const words = `${row.experiment ?? ''} ${row.group ?? ''}`
    .toLowerCase()
    .replace(/(slow|far).?followers?/g, '');
  const target = /follower/.test(words) && numberOf(row, 'members') > 1 ? 'etcd/1' : 'leader';
  const rate = numberOf(row, 'arrival_rate', 0);
  const common = {
    target,
    ratePerSecond: rate,
    clients: rate > 0 ? 0 : numberOf(row, 'concurrency', 1),
    valueSize: { kind: 'constant', value: numberOf(row, 'value_bytes', 256) } as const,
  };
  const one = (name: string, o: Partial<WorkloadScenario>): WorkloadScenario =>
    workloadOf({ name, ...common, ...o });
  switch (row.op) {
    case 'getl':
    case 'gets':
      return [
        one('reads', {
          op: 'range',
          keySpace: 1,
          consistency: row.op === 'gets' ? 'serializable' : 'linearizable',
        }),
      ];
    case 'mix50':
      return [
        one('puts', { ratePerSecond: rate / 2 }),
        one('gets', { op: 'range', ratePerSecond: rate / 2 }),
      ];
    case 'watch':
      return [
        one('puts', { prefix: 'watched', clients: 0 }),
        one('watchers', {
          op: 'watch',
          prefix: 'watched',
          ratePerSecond: 0,
          clients: numberOf(row, 'concurrency', 1),
          streams: 1,
        }),
      ];
    case 'lease':
      return [one('leases', { op: 'lease-keepalive', leaseTtlNs: 60e9 })];
    default:
      return [one('puts', {})];
  }
}
