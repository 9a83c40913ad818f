/** Verbs of operators of etcd. */
import { formatUnit } from '../units.ts';
import type { CheckContext, TargetClass, VerbSpecs } from './verb.ts';

export type EtcdAction =
  | {
      readonly kind: 'fillQuota';
      readonly toFraction: number;
      /** A compaction frees it; absent = keys that stay. */
      readonly superseded?: true;
    }
  | { readonly kind: 'compact'; readonly keepRevisions: number }
  | { readonly kind: 'defrag'; readonly target: string }
  | { readonly kind: 'disarm' }
  | { readonly kind: 'snapshotSave'; readonly target: string }
  | { readonly kind: 'moveLeader'; readonly target: string }
  | { readonly kind: 'addMember'; readonly target: string; readonly learner: boolean }
  | { readonly kind: 'promoteMember'; readonly target: string }
  | { readonly kind: 'removeMember'; readonly target: string };

const MEMBERS: readonly TargetClass[] = ['member', 'members'];
const ONE_MEMBER: readonly TargetClass[] = ['member'];

export const etcdSpecs: VerbSpecs<EtcdAction> = {
  fillQuota: {
    targets: [],
    read: (fault) => ({
      kind: 'fillQuota',
      toFraction: fault.fillQuota ?? 0,
      ...(fault.superseded ? { superseded: true } : {}),
    }),
    print: ({ toFraction, superseded }) => ({
      fillQuota: formatUnit('ratio', toFraction),
      ...(superseded ? { superseded } : {}),
    }),
  },
  compact: {
    targets: [],
    read: (fault) => ({ kind: 'compact', keepRevisions: fault.compact ?? 0 }),
    print: ({ keepRevisions }) => ({ compact: keepRevisions }),
  },
  defrag: {
    targets: MEMBERS,
    read: (fault) => ({ kind: 'defrag', target: fault.defrag ?? '' }),
  },
  disarm: {
    targets: [],
    read: () => ({ kind: 'disarm' }),
    check: (_, { value, path, checker }) => {
      if (value.disarm !== false) return;
      checker.at(`${path}.disarm`, 'WT1006', 'disarm: false does nothing', { expected: 'true' });
    },
    print: () => ({ disarm: true }),
  },
  snapshotSave: {
    targets: MEMBERS,
    read: (fault) => ({ kind: 'snapshotSave', target: fault.snapshotSave ?? '' }),
  },
  moveLeader: {
    targets: ONE_MEMBER,
    read: (fault) => ({ kind: 'moveLeader', target: fault.moveLeader ?? '' }),
  },
  addMember: {
    targets: ONE_MEMBER,
    read: ({ addMember, learner }) => ({ kind: 'addMember', target: addMember ?? '', learner }),
    check: ({ target }, context) => checkNew(target, context),
    print: ({ learner }) => ({ learner }),
  },
  promoteMember: {
    targets: ONE_MEMBER,
    read: (fault) => ({ kind: 'promoteMember', target: fault.promoteMember ?? '' }),
    check: ({ target }, { names, path, checker }) => {
      const voter = names.etcd.members.some((m) => m.name === target && !m.learner);
      if (voter) checker.at(`${path}.promoteMember`, 'WT1109', `${target} is a voter already`);
    },
  },
  removeMember: {
    targets: MEMBERS,
    read: (fault) => ({ kind: 'removeMember', target: fault.removeMember ?? '' }),
  },
};

/** A member that joins has a name that no member has. */
function checkNew(target: string, { names, path, checker }: CheckContext): void {
  const { members } = names.etcd;
  const at = `${path}.addMember`;
  const expected = `a new name such as etcd/${members.length}`;
  if (members.some((member) => member.name === target)) {
    checker.at(at, 'WT1011', `${target} is there already`, { expected });
  }
}
