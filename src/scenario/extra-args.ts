/** Flags of etcd as given under extraArgs: checked as etcd would, and turned into settings. */

import type { ProblemCode } from './codes.ts';
import {
  type EtcdFlag,
  type EtcdMinor,
  etcdFlags,
  etcdVersions,
  modelledFlags,
  replacedFlags,
} from './etcd-flags.ts';
import { nearestName } from './nearest.ts';
import type { ProblemDetails } from './problem.ts';
import type { EtcdScenario } from './types.ts';
import { parseGoDuration } from './units.ts';

export type FlagSettings = Pick<
  EtcdScenario,
  | 'heartbeatIntervalNs'
  | 'electionTimeoutNs'
  | 'preVote'
  | 'snapshotCount'
  | 'snapshotCatchUpEntries'
  | 'quotaBackendBytes'
  | 'maxRequestBytes'
  | 'maxTxnOps'
  | 'backendBatchIntervalNs'
  | 'backendBatchLimit'
  | 'autoCompactionMode'
  | 'autoCompactionRetention'
  | 'strictReconfigCheck'
  | 'flagsWithoutEffect'
> & { readonly maxLearners: number };

/** Reports a problem with one flag, or with all of them where the name is ''. */
export type FlagProblem = (
  flag: string,
  code: ProblemCode,
  message: string,
  details?: ProblemDetails,
) => void;

const NS_PER_MS = 1e6;
const NS_PER_HOUR = 3600e9;
/** E:server/embed/config.go maxElectionMs. */
const ELECTION_MS_MAX = 50_000;
/** E:server/storage/quota.go DefaultQuotaBytes. */
const QUOTA_BYTES_DEFAULT = 2 * 1024 * 1024 * 1024;

/** '3.5.21' to '3.5', or null for a version that is not modelled. */
export function minorOf(version: string): EtcdMinor | null {
  const match = /^v?(\d+\.\d+)(?:\.\d+)?$/.exec(version);
  return etcdVersions.find((minor) => minor === match?.[1]) ?? null;
}

function patchOf(version: string): number {
  return Number(/^v?\d+\.\d+\.(\d+)$/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** Patches of 3.4 that brought a flag: CHANGELOG-3.4.md. */
const sincePatch34: Readonly<Record<string, number>> = {
  'max-concurrent-streams': 20,
  'experimental-enable-lease-checkpoint-persist': 20,
  'experimental-warning-apply-duration': 16,
  'experimental-watch-progress-notify-interval': 11,
  'unsafe-no-fsync': 10,
  'auth-token-ttl': 10,
};

/** Settings of a version with the given flags over its defaults. */
export function readFlags(
  args: Readonly<Record<string, string>>,
  version: string,
  problem: FlagProblem,
): FlagSettings {
  const minor = minorOf(version) ?? '3.6';
  const good: Record<string, string> = {};
  const withoutEffect: string[] = [];
  for (const [name, text] of Object.entries(args)) {
    if (!isKnown(name, minor, version, problem)) continue;
    // isKnown has looked it up.
    const flag = etcdFlags.get(name) as EtcdFlag;
    const complaint = typeProblem(flag, text);
    if (complaint !== null) {
      problem(name, 'WT1203', `\`${text}\` is not a value of ${name}`, { expected: complaint });
    } else if (Object.hasOwn(modelledFlags, name)) good[name] = text;
    else withoutEffect.push(`${name}=${text}`);
  }
  return settingsOf(good, minor, withoutEffect, problem);
}

function isKnown(name: string, minor: EtcdMinor, version: string, problem: FlagProblem): boolean {
  const flag = etcdFlags.get(name);
  if (flag === undefined) {
    const bare = name.replace(/^--?/, '');
    const hint = name.startsWith('-')
      ? 'flags are written without dashes at the start'
      : /[A-Z]/.test(name)
        ? 'flags are in kebab-case, as on the command line of etcd'
        : '';
    const names = [...etcdFlags.values()]
      .filter((f) => f.since <= minor && minor <= f.until)
      .map((f) => f.name);
    const nearest = names.includes(bare) ? bare : nearestName(bare, names);
    problem(name, 'WT1201', `etcd has no flag --${bare}`, { nearest, hint });
    return false;
  }
  const before = minor < flag.since;
  const patch = minor === '3.4' ? (sincePatch34[name] ?? 0) : 0;
  if (!before && minor <= flag.until && patchOf(version) >= patch) return true;
  const when = before
    ? `came with ${flag.since}`
    : minor > flag.until
      ? `was removed after ${flag.until}`
      : `came with ${minor}.${patch}`;
  problem(name, 'WT1202', `etcd ${version} has no flag --${name}: it ${when}`, {
    hint: replacementHint(name, minor),
  });
  return false;
}

function replacementHint(name: string, minor: EtcdMinor): string {
  const newer = replacedFlags[name];
  if (newer !== undefined && minor > (etcdFlags.get(name)?.until ?? minor)) return `use ${newer}`;
  const older = Object.keys(replacedFlags).find((old) => {
    const flag = etcdFlags.get(old);
    return (
      replacedFlags[old] === name &&
      flag !== undefined &&
      minor <= flag.until &&
      minor >= flag.since
    );
  });
  return older === undefined ? '' : `in ${minor} it is called ${older}`;
}

/** What is expected where the value is not of the flag's type, else null. Go's strconv and flag. */
function typeProblem(flag: EtcdFlag, text: string): string | null {
  switch (flag.type) {
    case 'bool':
      return /^(1|0|t|f|true|false|T|F|TRUE|FALSE|True|False)$/.test(text) ? null : 'true or false';
    case 'uint':
      return /^\d{1,15}$/.test(text) ? null : expectedNumber(flag.name);
    case 'int':
      return /^-?\d{1,15}$/.test(text) ? null : expectedNumber(flag.name);
    case 'duration':
      return Number.isNaN(parseGoDuration(text)) ? 'a Go duration such as 100ms or 5m0s' : null;
    case 'string':
      return null;
  }
}

function expectedNumber(name: string): string {
  if (name === 'heartbeat-interval' || name === 'election-timeout') {
    return 'a whole number of milliseconds, without a unit, as etcd takes it';
  }
  return name.endsWith('-bytes') ? 'a whole number of bytes, without a unit' : 'a whole number';
}

function isTrue(text: string | undefined, fallback: boolean): boolean {
  return text === undefined ? fallback : /^(1|t|true)$/i.test(text);
}

function settingsOf(
  args: Readonly<Record<string, string>>,
  minor: EtcdMinor,
  flagsWithoutEffect: readonly string[],
  problem: FlagProblem,
): FlagSettings {
  const number = (name: string, fallback: number) =>
    args[name] === undefined ? fallback : Number(args[name]);
  const old = minor === '3.4' || minor === '3.5';
  const heartbeatMs = number('heartbeat-interval', 100);
  const electionMs = number('election-timeout', 1000);
  const given = args['election-timeout'] === undefined ? 'heartbeat-interval' : 'election-timeout';
  checkElection(heartbeatMs, electionMs, given, problem);
  const quota = number('quota-backend-bytes', 0);
  const catchUp =
    args['snapshot-catchup-entries'] ?? args['experimental-snapshot-catchup-entries'] ?? '5000';
  return {
    heartbeatIntervalNs: heartbeatMs * NS_PER_MS,
    electionTimeoutNs: electionMs * NS_PER_MS,
    preVote: isTrue(args['pre-vote'], minor !== '3.4'),
    snapshotCount: number('snapshot-count', old ? 100_000 : 10_000),
    snapshotCatchUpEntries: Number(catchUp),
    quotaBackendBytes:
      quota < 0 ? Number.POSITIVE_INFINITY : quota === 0 ? QUOTA_BYTES_DEFAULT : quota,
    maxRequestBytes: number('max-request-bytes', 1.5 * 1024 * 1024),
    maxTxnOps: number('max-txn-ops', 128),
    ...backendBatch(args, problem),
    ...compaction(args, problem),
    strictReconfigCheck: isTrue(args['strict-reconfig-check'], true),
    flagsWithoutEffect,
    maxLearners: number('max-learners', 1),
  };
}

/** Zero or negative values mean the default: E:server/storage/backend.go newBackend. */
function backendBatch(args: Readonly<Record<string, string>>, problem: FlagProblem) {
  const intervalNs = Math.round(parseGoDuration(args['backend-batch-interval'] ?? '0'));
  const limit = Number(args['backend-batch-limit'] ?? '0');
  if (intervalNs < 0) {
    problem('backend-batch-interval', 'WT1203', 'a negative interval', { expected: '100ms, say' });
  }
  if (limit < 0) {
    problem('backend-batch-limit', 'WT1203', 'a negative limit', { expected: '10000, say' });
  }
  return {
    backendBatchIntervalNs: intervalNs > 0 ? intervalNs : 100 * NS_PER_MS,
    backendBatchLimit: limit > 0 ? limit : 10_000,
  };
}

/** E:server/embed/config.go Validate. */
function checkElection(
  heartbeatMs: number,
  electionMs: number,
  given: string,
  problem: FlagProblem,
): void {
  if (heartbeatMs === 0 || electionMs === 0) {
    const name = heartbeatMs === 0 ? 'heartbeat-interval' : 'election-timeout';
    problem(name, 'WT1203', `etcd refuses a ${name} of 0`, { expected: 'a number above 0' });
  } else if (5 * heartbeatMs > electionMs) {
    problem(
      given,
      'WT1103',
      `an election timeout of ${electionMs} ms is too short for heartbeats of ${heartbeatMs} ms`,
      {
        expected: `at least ${5 * heartbeatMs}, five times the heartbeat interval`,
        hint: 'etcd refuses to start so; ten times is usual',
      },
    );
  } else if (electionMs > ELECTION_MS_MAX) {
    problem(given, 'WT1103', `an election timeout of ${electionMs} ms is too long`, {
      expected: `at most ${ELECTION_MS_MAX}`,
    });
  }
}

/** E:server/embed/etcd.go parseCompactionRetention: a bare number is hours when periodic. */
function compaction(args: Readonly<Record<string, string>>, problem: FlagProblem) {
  const mode = args['auto-compaction-mode'] ?? 'periodic';
  const retention = args['auto-compaction-retention'] ?? '0';
  const off = { autoCompactionMode: 'off', autoCompactionRetention: 0 } as const;
  if (mode !== 'periodic' && mode !== 'revision') {
    problem('auto-compaction-mode', 'WT1203', `etcd has no compaction mode \`${mode}\``, {
      expected: 'periodic or revision',
      nearest: nearestName(mode, ['periodic', 'revision']),
    });
    return off;
  }
  const whole = /^\d{1,15}$/.test(retention);
  const value = whole
    ? Number(retention) * (mode === 'periodic' ? NS_PER_HOUR : 1)
    : Math.round(parseGoDuration(retention));
  if (Number.isNaN(value) || value < 0 || (mode === 'revision' && !whole)) {
    problem('auto-compaction-retention', 'WT1203', `\`${retention}\` is not a retention`, {
      expected:
        mode === 'periodic' ? 'hours, or a Go duration such as 5m' : 'a number of revisions',
    });
    return off;
  }
  if (value === 0) return off;
  return { autoCompactionMode: mode, autoCompactionRetention: value } as const;
}
