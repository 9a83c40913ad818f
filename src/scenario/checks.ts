/** Checks across fields: times, workloads and faults against the cluster that they are for. */
import type { Checker } from './checker.ts';
import type { Fields } from './field.ts';
import { type FaultValue, faultFields, verbOf } from './fields/faults.ts';
import type { BaseValue } from './fields/scenario.ts';
import { type WorkloadValue, workloadFields } from './fields/workload.ts';
import { faultSpan, type RunTimes } from './thresholds.ts';
import type {
  EtcdScenario,
  FaultScenario,
  HostScenario,
  NetworkScenario,
  WorkloadScenario,
} from './types.ts';
import { formatUnit } from './units.ts';

export interface Names {
  readonly etcd: EtcdScenario;
  readonly hosts: readonly HostScenario[];
  readonly network: NetworkScenario;
}

/** Rows of timeseries.csv; more would not be read by anyone. */
const SERIES_ROWS_MAX = 1_000_000;
const show = (ns: number) => formatUnit('duration', ns);

export function checkTimes(base: BaseValue, warmupNs: number, checker: Checker): void {
  if (checker.bad('horizon')) return;
  if (warmupNs >= base.horizon) {
    const run = show(base.horizon);
    const message = `a warm-up of ${show(warmupNs)} leaves nothing of a run of ${run}`;
    checker.at('warmup', 'WT1104', message, { expected: `less than ${run}` });
  }
  if (base.horizon / base.seriesInterval > SERIES_ROWS_MAX) {
    checker.at('seriesInterval', 'WT1007', 'too many rows in timeseries.csv', {
      expected: `at least ${show(Math.ceil(base.horizon / SERIES_ROWS_MAX))}`,
    });
  }
}

/** Fields that belong to other verbs or operations than this one. */
function checkOnly(fields: Fields, word: string, path: string, checker: Checker): void {
  for (const key of checker.keysAt(path)) {
    const only = Object.hasOwn(fields, key) ? fields[key].only : undefined;
    if (only === undefined || only.includes(word)) continue;
    checker.at(`${path}.${key}`, 'WT1018', `${key} means nothing for ${word}`, {
      expected: `${key} goes with ${only.join(', ')}`,
    });
  }
}

export function checkWorkloads(
  values: readonly WorkloadValue[],
  workload: readonly WorkloadScenario[],
  names: Names,
  times: RunTimes,
  checker: Checker,
): void {
  for (const [i, value] of values.entries()) {
    const path = `workload[${i}]`;
    const w = workload[i];
    checkOnly(workloadFields, w.op, path, checker);
    checkLoop(value, w, path, checker);
    checkTarget(w, path, names.etcd, checker);
    checkLease(w, path, workload, checker);
    if (w.startNs >= times.horizonNs) {
      checker.at(`${path}.start`, 'WT1106', `it would start past the horizon`, {
        expected: `less than ${show(times.horizonNs)}`,
      });
    } else if (w.stopNs <= w.startNs) {
      checker.at(`${path}.stop`, 'WT1109', 'it would stop before it starts');
    }
    if (value.stop !== Number.POSITIVE_INFINITY && value.stop > times.horizonNs) {
      checker.at(`${path}.stop`, 'WT1106', `it would stop past the horizon`, {
        expected: `at most ${show(times.horizonNs)}`,
      });
    }
    if (w.op === 'txn' && w.keysPerRequest > names.etcd.maxTxnOps) {
      const message = `etcd refuses transactions of ${w.keysPerRequest} operations`;
      checker.at(`${path}.keysPerRequest`, 'WT1109', message, {
        expected: `at most ${names.etcd.maxTxnOps}, the flag max-txn-ops`,
      });
    }
  }
}

/** Keys attach to leases of a workload that has some. */
function checkLease(
  w: WorkloadScenario,
  path: string,
  workload: readonly WorkloadScenario[],
  checker: Checker,
): void {
  const { lease } = w;
  if (lease === undefined) return;
  const lessees = workload.filter((other) => other.op.startsWith('lease-')).map((o) => o.name);
  if (lessees.includes(lease)) return;
  const message = `there is no workload of leases named ${lease}`;
  checker.unknown(`${path}.lease`, message, lease, lessees);
}

/** Fields of the other kind of loop. */
function checkLoop(
  value: WorkloadValue,
  w: WorkloadScenario,
  path: string,
  checker: Checker,
): void {
  if (w.op === 'watch' && value.rate !== undefined) {
    checker.at(`${path}.rate`, 'WT1105', 'watchers have no rate', {
      hint: '`clients` is the number of watchers',
    });
    return;
  }
  const open = value.rate !== undefined;
  const wrong = open ? ['thinkTime'] : ['arrivals', 'maxInFlight'];
  for (const key of checker.keysAt(path)) {
    if (!wrong.includes(key)) continue;
    checker.at(
      `${path}.${key}`,
      'WT1018',
      `${key} means nothing for ${open ? 'an open' : 'a closed'} loop`,
      {
        hint: open ? 'give clients in place of rate' : 'give rate in place of clients',
      },
    );
  }
}

function checkTarget(
  w: WorkloadScenario,
  path: string,
  etcd: EtcdScenario,
  checker: Checker,
): void {
  const members = etcd.members.map((member) => member.name);
  const words = ['leader', 'follower', 'all', 'random', ...members];
  const { target } = w;
  if (target === 'follower' && members.length === 1) {
    checker.at(`${path}.target`, 'WT1101', 'a single member has no follower');
  } else if (!words.includes(target)) {
    const alias = words.find((word) => `etcd/${word}` === target || `etcd/${word}s` === target);
    const hint = alias === undefined ? '' : `here it is just ${alias}`;
    checker.unknown(`${path}.target`, `there is no target ${target}`, target, words, hint);
  }
}

const GROUP_TARGETS = ['etcd/leader', 'etcd/followers', 'etcd/all'];
/** Verbs whose target may be a host as well as a member. */
const HOST_VERBS = [
  'stallDisk',
  'slowDisk',
  'fullDisk',
  'clockStep',
  'clockDrift',
  'kill',
  'pause',
];
const NETWORK_VERBS = ['partition', 'delay', 'loss'];
/** Verbs that take one member by name. */
const ONE_MEMBER_VERBS = ['moveLeader', 'promoteMember', 'addMember'];

export function checkFaults(
  values: readonly FaultValue[],
  faults: readonly FaultScenario[],
  names: Names,
  times: RunTimes,
  checker: Checker,
): void {
  checker.duplicates(
    'faults',
    faults.map((fault, i) => (verbOf(values[i]) === null ? '' : fault.name)),
    'fault',
  );
  for (const [i, fault] of faults.entries()) {
    const path = `faults[${i}]`;
    if (verbOf(values[i]) === null) continue;
    checkOnly(faultFields, fault.action.kind, path, checker);
    checkFaultTimes(values[i], fault, path, times, checker);
    checkFaultTargets(fault, path, names, checker);
    checkFaultAction(values[i], fault, path, names.etcd, checker);
  }
  checkDown(faults, names.etcd, times, checker);
}

function checkFaultTimes(
  value: FaultValue,
  fault: FaultScenario,
  path: string,
  times: RunTimes,
  checker: Checker,
): void {
  if (fault.atNs >= times.horizonNs) {
    checker.at(`${path}.at`, 'WT1106', `${show(fault.atNs)} is past the horizon`, {
      expected: `less than ${show(times.horizonNs)}`,
    });
  }
  if (value.every === 0 && checker.keysAt(path).includes('times')) {
    checker.at(`${path}.times`, 'WT1018', 'times means nothing without every');
  }
  const { fromNs, toNs } = faultSpan({ ...fault, everyNs: 0 }, times.horizonNs);
  if (fault.everyNs > 0 && toNs - fromNs >= fault.everyNs) {
    checker.at(`${path}.every`, 'WT1109', 'it would happen again before it is over', {
      expected:
        toNs === Infinity ? 'a fault with an end: give `for`' : `more than ${show(toNs - fromNs)}`,
    });
  }
}

function targetsOf(fault: FaultScenario): readonly string[] {
  const { action } = fault;
  if ('target' in action) return [action.target];
  if ('between' in action) return action.between;
  return action.kind === 'partition' ? action.groups.flat() : [];
}

function checkFaultTargets(
  fault: FaultScenario,
  path: string,
  names: Names,
  checker: Checker,
): void {
  const verb = fault.action.kind;
  const members = names.etcd.members.map((member) => member.name);
  const joining = names.etcd.joining.map((member) => member.name);
  const hosts = names.hosts.map((host) => host.name);
  const zones = names.hosts.map((host) => host.zone);
  const network = NETWORK_VERBS.includes(verb);
  const known = [
    ...members,
    ...joining,
    ...(ONE_MEMBER_VERBS.includes(verb) ? [] : GROUP_TARGETS),
    ...(network || HOST_VERBS.includes(verb) ? hosts : []),
    ...(network ? [...zones, 'client'] : []),
  ];
  for (const target of targetsOf(fault)) {
    if (target === '') continue;
    if (target === 'etcd/followers' && members.length === 1) {
      checker.at(`${path}.${verb}`, 'WT1101', 'a single member has no followers');
    } else if (verb === 'addMember' && !/^etcd\/\d{1,3}$/.test(target)) {
      checker.at(`${path}.addMember`, 'WT1006', `${target} cannot be the name of a member`, {
        expected: `a new name such as etcd/${members.length}`,
      });
    } else if (!known.includes(target)) {
      const count = members.length;
      const index = /^etcd\/\d+$/.test(target);
      const message = index
        ? `there is no ${target}: the cluster has ${count} member${count === 1 ? '' : 's'}`
        : `there is no target ${target}`;
      checker.unknown(`${path}.${verb}`, message, target, known);
    }
  }
}

function checkFaultAction(
  value: FaultValue,
  fault: FaultScenario,
  path: string,
  etcd: EtcdScenario,
  checker: Checker,
): void {
  const { action } = fault;
  const keys = checker.keysAt(path);
  const members = etcd.members.map((member) => member.name);
  switch (action.kind) {
    case 'kill':
      if (keys.includes('for') && keys.includes('restartAfter')) {
        checker.at(`${path}.restartAfter`, 'WT1009', 'for and restartAfter exclude each other');
      }
      return;
    case 'slowDisk':
      if (!keys.includes('factor') && !keys.includes('fsync')) {
        checker.at(path, 'WT1009', 'slowDisk needs factor or fsync', {
          hint: 'for example factor: 10, or fsync: 25ms',
        });
      }
      return;
    case 'partition':
      checkPartition(action.groups, path, checker);
      return;
    case 'addMember':
      if (members.includes(action.target)) {
        checker.at(`${path}.addMember`, 'WT1011', `${action.target} is there already`, {
          expected: `a new name such as etcd/${members.length}`,
        });
      }
      return;
    case 'promoteMember':
      if (etcd.members.some((member) => member.name === action.target && !member.learner)) {
        checker.at(`${path}.promoteMember`, 'WT1109', `${action.target} is a voter already`);
      }
      return;
    case 'disarm':
      if (value.disarm === false) {
        checker.at(`${path}.disarm`, 'WT1006', 'disarm: false does nothing', { expected: 'true' });
      }
      return;
    default:
      return;
  }
}

function checkPartition(
  groups: readonly (readonly string[])[],
  path: string,
  checker: Checker,
): void {
  const at = `${path}.partition`;
  const all = groups.flat();
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined) {
    checker.at(at, 'WT1109', `${twice} is on both sides of the partition`);
  } else if (groups.length < 2 || groups.some((group) => group.length === 0)) {
    checker.at(at, 'WT1006', 'a partition needs two groups that are not empty', {
      expected: '[[etcd/0], [etcd/1, etcd/2]]',
    });
  }
}

interface Outage {
  readonly index: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly target: string;
}

/** Members that these targets take down: a name counts once, and all are all. */
function countDown(targets: readonly string[], all: number): number {
  const followers = targets.filter((target) => target === 'etcd/followers').length;
  const leaders = targets.filter((target) => target === 'etcd/leader').length;
  const named = new Set(targets.filter((target) => !GROUP_TARGETS.includes(target))).size;
  const sum = named + leaders + followers * (all - 1);
  return targets.includes('etcd/all') ? Math.max(all, sum) : sum;
}

/** More members killed, paused or removed at one time than there are. */
function checkDown(
  faults: readonly FaultScenario[],
  etcd: EtcdScenario,
  times: RunTimes,
  checker: Checker,
): void {
  const count = etcd.members.length + etcd.joining.length;
  const outages: Outage[] = [];
  const down = ['kill', 'pause', 'removeMember'];
  for (const [index, fault] of faults.entries()) {
    const { action } = fault;
    if (!down.includes(action.kind) || !('target' in action)) continue;
    const span = faultSpan(fault, times.horizonNs);
    const toNs = action.kind === 'removeMember' ? Infinity : span.toNs;
    outages.push({ index, fromNs: span.fromNs, toNs, target: action.target });
  }
  for (const outage of outages) {
    const together = outages.filter((o) => o.fromNs <= outage.fromNs && o.toNs > outage.fromNs);
    const targets = together.map((o) => o.target);
    const sum = countDown(targets, etcd.members.length);
    if (sum <= count) continue;
    const verb = faults[outage.index].action.kind;
    const message = `${sum} members would be down at ${show(outage.fromNs)}, of ${count}`;
    checker.at(`faults[${outage.index}].${verb}`, 'WT1102', message, {
      hint: 'let the faults end, with `for`, or leave some out',
    });
    return;
  }
}
