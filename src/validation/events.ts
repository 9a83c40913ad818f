/**
 * Rows of events: one trial a row. The same trial is simulated many times with other seeds, and
 * the distributions are laid side by side.
 *
 * The clients of the elections start a put to every member each 20 ms, whatever is pending. An
 * outage is counted from the action to the end of the longest gap between acknowledged puts.
 */
import type { FaultAction, FaultScenario, Scenario, WorkloadScenario } from '../scenario/types.ts';
import { maintenanceKind } from './maintenance.ts';
import { groupBy, numberOf, type ProblemRow, type Row } from './rows.ts';
import { constantMs, injectedFsync, type ValidationSetup, workloadOf } from './scenario.ts';
import { simulateRun } from './simulate.ts';
import { type EventKind, type Figures, type Trial, trialScenario } from './trial.ts';

/**
 * Trials of a setting: enough that the simulated distribution's own noise is small beside the
 * measured one's.
 */
const TRIALS = 100;
const LONG_TRIALS = 24;
const PUT_RATE_PER_MEMBER = 50;
/** The action comes here, spread over a second by the golden section so that phases differ. */
const ACTION_NS = 3e9;
const GOLDEN = 0.6180339887498949;

export interface EventGroup {
  readonly file: string;
  readonly experiment: string;
  readonly setting: string;
  readonly rows: readonly Row[];
}

/** Samples of one figure, measured and simulated. */
export interface EventFigure {
  readonly column: string;
  readonly measured: readonly number[];
  readonly simulated: readonly number[];
}

/** Groups of repeated events, and the rows that cannot be simulated. */
export function eventGroups(
  file: string,
  rows: readonly Row[],
): { groups: EventGroup[]; problems: ProblemRow[] } {
  const problems: ProblemRow[] = [];
  const usable: Row[] = [];
  rows.forEach((row, i) => {
    const reason = kindOf(row) === null ? unknownReason(row) : null;
    if (reason === null) usable.push(row);
    else problems.push({ file, line: i + 2, experiment: row.experiment ?? '', reason });
  });
  const groups = groupBy(usable, eventKey).map((group) => ({
    file,
    experiment: group[0].experiment ?? '',
    setting: eventText(group[0]),
    rows: group,
  }));
  return { groups, problems };
}

export function compareEvents(
  group: EventGroup,
  setup: ValidationSetup,
  constants: Readonly<Record<string, number>>,
): EventFigure[] {
  const kind = kindOf(group.rows[0]);
  if (kind === null) return [];
  const trials: Figures[] = [];
  for (let index = 0; index < kind.trials; index++) {
    // The repetitions differ in the measured length of a pause: all of them take their turn.
    const row = group.rows[index % group.rows.length];
    const seed = `${group.file}/${group.setting}/${index}`;
    trials.push(kind.trial({ row, setup, constants, seed, index }));
  }
  return kind.columns.map((column) => ({
    column,
    measured: group.rows.map((row) => numberOf(row, column)).filter((v) => Number.isFinite(v)),
    simulated: trials.map((t) => t[column]).filter((v) => Number.isFinite(v)),
  }));
}

/**
 * Pauses and partitions are measured to a tenth of a millisecond; their setting is the round
 * number.
 */
function paramOf(row: Row): number {
  const param = numberOf(row, 'param', 0);
  return row.experiment === 'e_pause' || row.experiment === 'e_partition'
    ? Math.round(param / 100) * 100
    : param;
}

function eventKey(row: Row): string {
  const columns = [
    'experiment',
    'members',
    'heartbeat_ms',
    'election_ms',
    'fsync_ms',
    'rtt_ms',
    'action',
    'unit',
  ];
  return [...columns.map((c) => row[c] ?? ''), paramOf(row)].join('|');
}

function eventText(row: Row): string {
  const param = row.param === undefined || row.param === '' ? '' : ` ${paramOf(row)}`;
  return `${row.action}${param} members=${row.members} fsync=${row.fsync_ms}ms rtt=${row.rtt_ms}ms ${row.heartbeat_ms}/${row.election_ms}`;
}

function kindOf(row: Row): EventKind | null {
  const name = row.experiment ?? '';
  const action = (row.action ?? '').toLowerCase();
  if (!(numberOf(row, 'members') >= 1 && numberOf(row, 'members') <= 7)) return null;
  if (name.startsWith('e_kill') || /sigkill (leader|follower)/.test(action)) {
    return election(
      ['outage_ms', 'gap_ms', 'detect_ms', 'elected_ms'],
      (row) => ({
        kind: 'kill',
        target: targetOf(row),
        restartAfterNs: Number.NaN,
        loseData: false,
      }),
      () => Infinity,
    );
  }
  if (name.startsWith('e_pause') || /sigstop/.test(action)) {
    return election(
      ['outage_ms', 'gap_ms'],
      (row) => ({ kind: 'pause', target: targetOf(row) }),
      (row) => Math.round(numberOf(row, 'param') * 1e6),
    );
  }
  if (name.startsWith('e_part')) {
    return election(
      ['outage_ms', 'gap_ms'],
      (row) => partitionOf(row),
      (row) => Math.round(numberOf(row, 'param') * 1e6),
    );
  }
  if (name.startsWith('e_transfer') || /move.?leader|transfer/.test(action)) {
    return election(
      ['outage_ms', 'gap_ms'],
      () => ({ kind: 'moveLeader', target: 'etcd/1' }),
      () => Infinity,
    );
  }
  if (name.startsWith('f_'))
    return { columns: ['gap_ms', 'elections_won'], trials: LONG_TRIALS, trial: storm };
  if (name.startsWith('g_'))
    return { columns: ['value', 'elections_won'], trials: LONG_TRIALS, trial: clock };
  return maintenanceKind(row);
}

function unknownReason(row: Row): string {
  if (/endpoint status/.test(row.action ?? ''))
    return 'start-up of the etcdctl program, not of etcd';
  if (/snapshot restore/.test(row.action ?? ''))
    return 'restore is done by etcdctl on files, without a cluster';
  return `experiment '${row.experiment ?? ''}', action '${row.action ?? ''}' is unknown`;
}

function targetOf(row: Row): string {
  return /follower/i.test(row.action ?? '') ? 'etcd/1' : 'etcd/leader';
}

function partitionOf(row: Row): FaultAction {
  const members = numberOf(row, 'members');
  const cut = /follower/i.test(row.action ?? '') ? 1 : 0;
  const names = Array.from({ length: members }, (_, i) => `etcd/${i}`);
  const oneWay = /one.?way/i.test(row.action ?? '');
  return {
    kind: 'partition',
    groups: [[names[cut]], names.filter((_, i) => i !== cut)],
    oneWay,
    mode: /reset|reject/i.test(row.action ?? '') ? 'reset' : 'blackhole',
  };
}

function election(
  columns: readonly string[],
  action: (row: Row) => FaultAction,
  forNs: (row: Row) => number,
): EventKind {
  const trial = (t: Trial): Figures => {
    const { row } = t;
    const fault = faultAt(t.index, action(row), forNs(row));
    const tail = Math.max(8, (6 * numberOf(row, 'election_ms', 1000)) / 1000) * 1e9;
    const horizonNs = fault.atNs + (Number.isFinite(fault.forNs) ? fault.forNs : 0) + tail;
    return electionFigures(eventScenario(t, [fault], horizonNs));
  };
  return { columns, trials: TRIALS, trial };
}

function faultAt(i: number, action: FaultAction, forNs: number): FaultScenario {
  const phase = (i * GOLDEN) % 1;
  return {
    name: 'event',
    atNs: Math.round(ACTION_NS + phase * 1e9),
    forNs,
    everyNs: 0,
    times: 1,
    action,
  };
}

/** Sync of the whole cluster, or of the leader alone, becomes slow for a minute. */
function storm(trial: Trial): Figures {
  const { row, index } = trial;
  const ms = paramOf(row);
  const target = /leader/i.test(row.action ?? '')
    ? 'etcd/leader'
    : /follower/i.test(row.action ?? '')
      ? 'etcd/followers'
      : 'etcd/all';
  const action: FaultAction = {
    kind: 'slowDisk',
    target,
    factor: 1,
    fsync: injectedFsync(constantMs(ms), ms),
  };
  const fault = faultAt(index, action, Infinity);
  const observedNs = (row.unit ?? '').startsWith('s') ? numberOf(row, 'value', 60) * 1e9 : 60e9;
  const quiet: Row = { ...row, fsync_ms: '0' };
  return electionFigures(eventScenario({ ...trial, row: quiet }, [fault], fault.atNs + observedNs));
}

/** A step or a drift of wall clocks, and how long a lease of 8 s lives. */
function clock(trial: Trial): Figures {
  const { row, index } = trial;
  const words = /wall clock of (\w+): step (-?[\d.]+) ms; drift (-?[\d.]+) ppm/.exec(
    row.action ?? '',
  );
  const target =
    words === null || words[1] === 'none'
      ? null
      : words[1] === 'all'
        ? 'etcd/all'
        : words[1] === 'leader'
          ? 'etcd/leader'
          : 'etcd/1';
  const faults: FaultScenario[] = [];
  if (target !== null && words !== null) {
    const stepMs = Number(words[2]);
    const ppm = Number(words[3]);
    if (stepMs !== 0)
      faults.push(faultAt(index, { kind: 'clockStep', target, byNs: stepMs * 1e6 }, Infinity));
    if (ppm !== 0)
      faults.push({
        ...faultAt(index, { kind: 'clockDrift', target, ppm }, Infinity),
        name: 'drift',
      });
  }
  const grantNs = Math.round(ACTION_NS - 0.5e9 + ((index * GOLDEN) % 1) * 1e9);
  const lease = workloadOf({
    name: 'lease',
    op: 'lease-grant',
    clients: 1,
    leaseTtlNs: 8e9,
    thinkTime: { kind: 'constant', value: 60e9 },
    startNs: grantNs,
  });
  const scenario = eventScenario(trial, faults, 30e9);
  const { result, etcd } = simulateRun({ ...scenario, workload: [...scenario.workload, lease] });
  const gone = result.metrics.events.find((e) => e.kind === 'lease expired');
  return {
    value: gone === undefined ? Number.NaN : (gone.timeNs - grantNs) / 1e9,
    elections_won: etcd.elections,
  };
}

function electionFigures(scenario: Scenario): Figures {
  const { result, etcd, outages } = simulateRun(scenario);
  const [fault] = scenario.faults;
  const [outage] = outages.results();
  const after = result.metrics.events.filter((e) => e.timeNs >= fault.atNs);
  const elected = after.find((e) => e.kind === 'elected');
  const campaign = after.find((e) => e.kind === 'campaign');
  const ms = (timeNs: number | undefined): number =>
    timeNs === undefined ? Number.NaN : (timeNs - fault.atNs) / 1e6;
  return {
    outage_ms: ms(outage.longestGapEndNs),
    gap_ms: outage.longestGapNs / 1e6,
    detect_ms: ms(campaign?.timeNs),
    elected_ms: ms(elected?.timeNs),
    elections_won: etcd.elections,
  };
}

function eventScenario(
  trial: Trial,
  faults: readonly FaultScenario[],
  horizonNs: number,
): Scenario {
  const { row } = trial;
  const workload: WorkloadScenario[] = Array.from({ length: numberOf(row, 'members') }, (_, i) =>
    workloadOf({
      name: `puts-${i}`,
      target: `etcd/${i}`,
      ratePerSecond: PUT_RATE_PER_MEMBER,
      arrivals: 'constant',
      startNs: 1e9 + i * 1e6,
      maxInFlight: 100_000,
    }),
  );
  return trialScenario(trial, { name: eventText(row), workload, faults, horizonNs, warmupNs: 1e9 });
}
