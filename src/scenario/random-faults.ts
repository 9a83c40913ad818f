/** Random faults and availability as read to what the run takes, and back. */
import { checkDistribution, type DistributionSpec, mean } from '../dist/index.ts';
import type { Checker } from './checker.ts';
import { checkOnly } from './checks.ts';
import { parseMetric } from './expression.ts';
import { specOf } from './faults/specs.ts';
import { TargetNames } from './faults/targets.ts';
import type { FaultWorldNames, Printed } from './faults/verb.ts';
import { actionNode, readAction, targetsOf } from './faults.ts';
import { type FaultValue, lastingVerbs, verbOf } from './fields/faults.ts';
import {
  type AvailabilityValue,
  type RandomFaultValue,
  randomFaultFields,
  type TimesValue,
} from './fields/random-faults.ts';
import { distributionNode } from './print-distribution.ts';
import type {
  AvailabilityScenario,
  FaultAction,
  RandomFaultScenario,
  ServiceScenario,
  WorkloadScenario,
} from './types.ts';
import { formatUnit } from './units.ts';

/** What a distribution is made of where it could not be read. */
const UNKNOWN: DistributionSpec = { kind: 'exponential', mean: 1 };

export function randomFaultsOf(
  values: readonly RandomFaultValue[],
  names: FaultWorldNames,
  checker: Checker,
): RandomFaultScenario[] {
  checker.duplicates(
    'randomFaults',
    values.map(({ name }) => name),
    'random fault',
  );
  const targets = new TargetNames(names);
  return values.map((value, i) => randomFaultOf(value, i, names, targets, checker));
}

function randomFaultOf(
  value: RandomFaultValue,
  index: number,
  names: FaultWorldNames,
  targets: TargetNames,
  checker: Checker,
): RandomFaultScenario {
  const path = `randomFaults[${index}]`;
  const fault: FaultValue = {
    ...value,
    at: 0,
    for: Number.POSITIVE_INFINITY,
    every: 0,
    times: Number.POSITIVE_INFINITY,
    restartAfter: undefined,
  };
  const verb = verbOf(fault) ?? 'disarm';
  const action = readAction(fault, verb, path, names, checker);
  if (verbOf(fault) !== null) {
    checkOnly(randomFaultFields, verb, path, checker);
    checkTargets(action, path, targets, checker);
    const context = { names, value: fault, path, keys: checker.keysAt(path), checker };
    specOf(verb).check?.(action, context);
  }
  const lasts = lastingVerbs.includes(verb);
  if (lasts && value.mttr === undefined) {
    checker.at(path, 'WT1003', `\`mttr\` is missing beside ${verb}`, {
      hint: 'for example mttr: 10m',
    });
  } else if (!lasts && value.mttr !== undefined) {
    checker.at(`${path}.mttr`, 'WT1018', `${verb} happens at one moment and has no mttr`);
  }
  const separate = value.units === 'separate';
  const units = separate ? unitsOf(action, names) : [{ unit: '', action }];
  if (value.commonCause > 0 && units.length < 2) {
    const message = 'a common cause needs several units that fail apart as well';
    checker.at(`${path}.commonCause`, 'WT1109', message, { hint: 'for example kill: etcd/all' });
  }
  return {
    name: value.name,
    action,
    units,
    mtbf: specOfTimes(value.mtbf, `${path}.mtbf`, checker),
    mttr: value.mttr === undefined ? null : specOfTimes(value.mttr, `${path}.mttr`, checker),
    commonCause: value.commonCause,
  };
}

function checkTargets(
  action: FaultAction,
  path: string,
  targets: TargetNames,
  checker: Checker,
): void {
  const { targets: classes } = specOf(action.kind);
  if (classes.length === 0) return;
  for (const target of targetsOf(action)) {
    if (target === '' || targets.knows(target, classes)) continue;
    const message = `there is no target ${target}`;
    checker.unknown(`${path}.${action.kind}`, message, target, targets.list(classes));
  }
}

/** All that a target stands for, each with the action on it alone. */
function unitsOf(action: FaultAction, names: FaultWorldNames): RandomFaultScenario['units'] {
  if (!('target' in action)) return [{ unit: '', action }];
  const { target } = action;
  const part = 'part' in action ? action.part : undefined;
  const members = part === undefined ? membersOf(target, names) : [];
  if (members.length === 0) return [{ unit: target, action }];
  // The same action on another target of its own kind.
  return members.map((unit) => ({ unit, action: { ...action, target: unit } as FaultAction }));
}

/** Empty where a target is one thing, or is told only when the fault begins. */
function membersOf(target: string, { etcd, kubernetes }: FaultWorldNames): string[] {
  const [prefix, name] = target.split('/');
  const voters = etcd.members.map((member) => member.name);
  if (target === 'etcd/all') return voters;
  if (target === 'etcd-events/all') return voters.map((v) => v.replace('etcd/', 'etcd-events/'));
  if (kubernetes === null) return [];
  if (prefix === 'nodes') {
    const group = kubernetes.nodeGroups.find((g) => g.name === name);
    if (group === undefined) return [];
    const nameOf = (i: number) => group.names[i] ?? `${group.name}-${i}`;
    return Array.from({ length: group.count }, (_, i) => `node/${nameOf(i)}`);
  }
  if (name !== 'all') return [];
  const { apiServer, scheduler, controllerManager, cloud } = kubernetes;
  const replicas = [
    ...apiServer.replicas,
    ...scheduler.replicas,
    ...controllerManager.replicas,
    ...(cloud?.replicas ?? []),
  ];
  return replicas.map((r) => r.name).filter((replica) => replica.startsWith(`${prefix}/`));
}

function specOfTimes(
  value: TimesValue | undefined,
  path: string,
  checker: Checker,
): DistributionSpec {
  const spec = timesSpec(value);
  if (spec === null || checker.bad(path)) return UNKNOWN;
  const bad = checkDistribution(spec);
  if (bad !== null) checker.at(path, bad.code, bad.message, { hint: bad.hint });
  else if (mean(spec) >= 1) return spec;
  else checker.at(path, 'WT1007', 'the mean is zero', { expected: 'a time such as 30d' });
  return UNKNOWN;
}

function timesSpec(value: TimesValue | undefined): DistributionSpec | null {
  if (value === undefined) return null;
  if (value.constant !== undefined) return { kind: 'constant', value: value.constant };
  if (value.uniform !== undefined) return { kind: 'uniform', ...value.uniform };
  if (value.exponential !== undefined) return { kind: 'exponential', ...value.exponential };
  if (value.gamma !== undefined) return { kind: 'gamma', ...value.gamma };
  if (value.lognormal === undefined) return null;
  const { p50, p99 } = value.lognormal;
  if (p50 !== undefined) return { kind: 'lognormal', p50, p99 };
  return { kind: 'lognormal', mean: value.lognormal.mean ?? 0, p99 };
}

export function randomFaultNode(entry: RandomFaultScenario): Printed {
  const { name, action, units, mtbf, mttr, commonCause } = entry;
  return {
    name,
    ...actionNode({ action }),
    mtbf: distributionNode(mtbf, 'duration'),
    ...(mttr === null ? {} : { mttr: distributionNode(mttr, 'duration') }),
    units: units.length === 1 && units[0].unit === '' ? 'together' : 'separate',
    commonCause: formatUnit('ratio', commonCause),
  };
}

export function availabilityOf(
  value: AvailabilityValue,
  workload: readonly WorkloadScenario[],
  hasKubernetes: boolean,
  checker: Checker,
): AvailabilityScenario {
  checker.duplicates(
    'availability.services',
    value.services.map(({ name }) => name),
    'service',
  );
  value.services.forEach(({ metric }, i) => {
    const parsed = parseMetric(metric);
    if (!('error' in parsed) || metric === '') return;
    const { code, start, end, message, expected, nearest } = parsed.error;
    const path = `availability.services[${i}].metric`;
    checker.within(path, start, end, code, message, { expected, nearest });
  });
  const services = value.services.length > 0 ? value.services : servicesOf(workload);
  if (services.length === 0) {
    const hint = hasKubernetes
      ? `for example services: [{ name: scheduling, metric: 'scheduler_schedule_attempts_total{result="scheduled"}' }]`
      : 'give a workload with an operation, or services';
    checker.at('availability', 'WT1003', 'there is no service to be up or down', { hint });
  }
  return {
    periodNs: value.period,
    leadNs: value.lead,
    settleNs: value.settle,
    services,
    elasticities: value.elasticities,
  };
}

/** One for each operation of the workload. */
function servicesOf(workload: readonly WorkloadScenario[]): ServiceScenario[] {
  const ops = [...new Set(workload.map(({ op }) => op))].filter((op) => op !== 'watch');
  return ops.map((op) => ({ name: op, metric: `wavetank_client_requests{op="${op}"}` }));
}

export function availabilityNode(availability: AvailabilityScenario): Printed {
  const duration = (ns: number) => formatUnit('duration', ns);
  return {
    period: duration(availability.periodNs),
    lead: duration(availability.leadNs),
    settle: duration(availability.settleNs),
    services: availability.services.map(({ name, metric }) => ({ name, metric })),
    elasticities: availability.elasticities,
  };
}
