/** Checks of faults: their times, their targets, and what they make together. */
import type { Checker } from '../checker.ts';
import { checkOnly } from '../checks.ts';
import { targetsOf } from '../faults.ts';
import { type FaultValue, faultFields, verbOf } from '../fields/faults.ts';
import { faultSpan, type RunTimes } from '../thresholds.ts';
import type { EtcdScenario, FaultScenario } from '../types.ts';
import { formatUnit } from '../units.ts';
import { specOf } from './specs.ts';
import { TargetNames } from './targets.ts';
import type { FaultWorldNames } from './verb.ts';

const show = (ns: number) => formatUnit('duration', ns);

const GROUP_TARGETS = ['etcd/leader', 'etcd/followers', 'etcd/all'];

export function checkFaults(
  values: readonly FaultValue[],
  faults: readonly FaultScenario[],
  names: FaultWorldNames,
  times: RunTimes,
  checker: Checker,
): void {
  checker.duplicates(
    'faults',
    faults.map((fault, i) => (verbOf(values[i]) === null ? '' : fault.name)),
    'fault',
  );
  const targets = new TargetNames(names);
  for (const [i, fault] of faults.entries()) {
    const path = `faults[${i}]`;
    if (verbOf(values[i]) === null) continue;
    checkOnly(faultFields, fault.action.kind, path, checker);
    checkFaultTimes(values[i], fault, path, times, checker);
    checkFaultTargets(fault, path, targets, names.etcd, checker);
    const keys = checker.keysAt(path);
    const context = { names, value: values[i], path, keys, checker };
    specOf(fault.action.kind).check?.(fault.action, context);
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

function checkFaultTargets(
  fault: FaultScenario,
  path: string,
  targets: TargetNames,
  etcd: EtcdScenario,
  checker: Checker,
): void {
  const verb = fault.action.kind;
  const count = etcd.members.length;
  const classes = specOf(verb).targets;
  if (classes.length === 0) return;
  for (const target of targetsOf(fault.action)) {
    if (target === '') continue;
    if (target === 'etcd/followers' && count === 1) {
      checker.at(`${path}.${verb}`, 'WT1101', 'a single member has no followers');
    } else if (verb === 'addMember' && !/^etcd\/\d{1,3}$/.test(target)) {
      checker.at(`${path}.addMember`, 'WT1006', `${target} cannot be the name of a member`, {
        expected: `a new name such as etcd/${count}`,
      });
    } else if (!targets.knows(target, classes)) {
      const index = /^etcd\/\d+$/.test(target);
      const message = index
        ? `there is no ${target}: the cluster has ${count} member${count === 1 ? '' : 's'}`
        : `there is no target ${target}`;
      checker.unknown(`${path}.${verb}`, message, target, targets.list(classes));
    }
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
    if (!action.target.startsWith('etcd/')) continue;
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
