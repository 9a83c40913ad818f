/** Faults as read to faults as the run takes them: names given, verbs to actions. */
import type { Checker } from './checker.ts';
import { type FaultValue, type FaultVerb, verbOf } from './fields/faults.ts';
import type { EtcdScenario, FaultAction, FaultScenario } from './types.ts';

export function faultOf(
  fault: FaultValue,
  index: number,
  all: readonly FaultValue[],
  etcd: EtcdScenario,
  checker: Checker,
): FaultScenario {
  const verb = verbOf(fault) ?? 'disarm';
  const same = all.slice(0, index).filter((f) => f.name === undefined && verbOf(f) === verb).length;
  return {
    name: fault.name ?? (same === 0 ? verb : `${verb}-${same + 1}`),
    atNs: fault.at,
    forNs: fault.for,
    everyNs: fault.every,
    times: fault.every === 0 ? 1 : fault.times,
    action: actionOf(fault, verb, index, etcd, checker),
  };
}

function actionOf(
  fault: FaultValue,
  verb: FaultVerb,
  index: number,
  etcd: EtcdScenario,
  checker: Checker,
): FaultAction {
  const need = <T>(
    name: keyof FaultValue,
    value: T | undefined,
    fallback: T,
    example: string,
  ): T => {
    if (value !== undefined) return value;
    checker.at(`faults[${index}]`, 'WT1003', `\`${name}\` is missing beside ${verb}`, {
      hint: `for example ${name}: ${example}`,
    });
    return fallback;
  };
  switch (verb) {
    case 'kill': {
      const restartAfterNs = fault.restartAfter ?? Number.NaN;
      return { kind: verb, target: fault.kill ?? '', restartAfterNs, loseData: fault.loseData };
    }
    case 'restart':
      return { kind: verb, target: fault.restart ?? '', graceful: fault.graceful };
    case 'slowDisk': {
      const fsync = fault.fsync?.spec ?? null;
      return { kind: verb, target: fault.slowDisk ?? '', factor: fault.factor, fsync };
    }
    case 'partition': {
      const groups = partitionGroups(fault.partition ?? [], etcd);
      return { kind: verb, groups, oneWay: fault.oneWay, mode: fault.mode };
    }
    case 'delay': {
      const addNs = need('add', fault.add, 0, '40ms');
      return { kind: verb, between: fault.delay ?? ['', ''], addNs };
    }
    case 'loss': {
      const probability = need('probability', fault.probability, 0, '1%');
      return { kind: verb, between: fault.loss ?? ['', ''], probability };
    }
    case 'clockStep':
      return { kind: verb, target: fault.clockStep ?? '', byNs: need('by', fault.by, 0, '600ms') };
    case 'clockDrift': {
      const ppm = need('rate', fault.rate, 0, '200ppm');
      return { kind: verb, target: fault.clockDrift ?? '', ppm };
    }
    case 'fillQuota':
      return { kind: verb, toFraction: fault.fillQuota ?? 0 };
    case 'compact':
      return { kind: verb, keepRevisions: fault.compact ?? 0 };
    case 'disarm':
      return { kind: verb };
    case 'addMember':
      return { kind: verb, target: fault.addMember ?? '', learner: fault.learner };
    default:
      return { kind: verb, target: fault[verb] ?? '' };
  }
}

/** One group alone is cut off from all other members. */
function partitionGroups(
  groups: readonly (readonly string[])[],
  etcd: EtcdScenario,
): readonly (readonly string[])[] {
  if (groups.length !== 1) return groups;
  const [group] = groups;
  if (group.includes('etcd/leader')) return [group, ['etcd/followers']];
  if (group.includes('etcd/followers')) return [group, ['etcd/leader']];
  const names = etcd.members.map((member) => member.name);
  return [group, names.filter((name) => !group.includes(name))];
}
