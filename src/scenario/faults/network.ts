/** Verbs of the network. */
import { formatUnit } from '../units.ts';
import {
  type CheckContext,
  type FaultWorldNames,
  type OfPart,
  PROCESS_TARGETS,
  partOf,
  type TargetClass,
  type VerbSpecs,
} from './verb.ts';

type Groups = readonly (readonly string[])[];

interface Cut extends OfPart {
  readonly groups: Groups;
  readonly oneWay: boolean;
  readonly mode: 'blackhole' | 'reset';
}

export type NetworkAction =
  | ({ readonly kind: 'partition' } & Cut)
  | ({ readonly kind: 'flap'; readonly downNs: number; readonly upNs: number } & Cut)
  | ({
      readonly kind: 'delay';
      readonly between: readonly [string, string];
      readonly addNs: number;
    } & OfPart)
  | ({
      readonly kind: 'loss';
      readonly between: readonly [string, string];
      readonly probability: number;
    } & OfPart);

const ENDS: readonly TargetClass[] = [...PROCESS_TARGETS, 'end'];

const duration = (ns: number) => formatUnit('duration', ns);
const lists = (groups: Groups) => groups.map((group) => [...group]);

export const networkSpecs: VerbSpecs<NetworkAction> = {
  partition: {
    targets: ENDS,
    read: (fault, { names }) => ({
      kind: 'partition',
      groups: partitionGroups(fault.partition ?? [], names),
      oneWay: fault.oneWay,
      mode: fault.mode,
      ...partOf(fault),
    }),
    check: ({ groups }, context) => checkGroups('partition', groups, context),
    print: ({ groups, oneWay, mode }) => ({ partition: lists(groups), oneWay, mode }),
  },
  flap: {
    targets: ENDS,
    read: (fault, { names, need }) => ({
      kind: 'flap',
      groups: partitionGroups(fault.flap ?? [], names),
      downNs: need('down', fault.down, 1e9, '2s'),
      upNs: need('up', fault.up, 1e9, '5s'),
      oneWay: fault.oneWay,
      mode: fault.mode,
      ...partOf(fault),
    }),
    check: ({ groups }, context) => checkGroups('flap', groups, context),
    print: ({ groups, downNs, upNs, oneWay, mode }) => ({
      flap: lists(groups),
      down: duration(downNs),
      up: duration(upNs),
      oneWay,
      mode,
    }),
  },
  delay: {
    targets: ENDS,
    read: (fault, { need }) => ({
      kind: 'delay',
      between: fault.delay ?? ['', ''],
      addNs: need('add', fault.add, 0, '40ms'),
      ...partOf(fault),
    }),
    print: ({ between, addNs }) => ({ delay: [...between], add: duration(addNs) }),
  },
  loss: {
    targets: ENDS,
    read: (fault, { need }) => ({
      kind: 'loss',
      between: fault.loss ?? ['', ''],
      probability: need('probability', fault.probability, 0, '1%'),
      ...partOf(fault),
    }),
    print: ({ between, probability }) => ({
      loss: [...between],
      probability: formatUnit('ratio', probability),
    }),
  },
};

/** One group of members alone is cut off from all other members, any other from everything. */
function partitionGroups(groups: Groups, { etcd }: FaultWorldNames): Groups {
  if (groups.length !== 1) return groups;
  const [group] = groups;
  if (group.includes('etcd/leader')) return [group, ['etcd/followers']];
  if (group.includes('etcd/followers')) return [group, ['etcd/leader']];
  const names = etcd.members.map((member) => member.name);
  if (group.some((name) => !name.startsWith('etcd/'))) return [group, ['everything']];
  return [group, names.filter((name) => !group.includes(name))];
}

function checkGroups(verb: string, groups: Groups, { path, checker }: CheckContext): void {
  const at = `${path}.${verb}`;
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
