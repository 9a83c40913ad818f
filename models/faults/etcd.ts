/** What operators do to etcd: etcdctl and changes of members. */
import type { EtcdAction } from '../../src/scenario/types.ts';
import type { FaultHandlers } from './handler.ts';
import { type MemberOf, resolveTargets } from './targets.ts';
import type { FaultWorld } from './world.ts';

export const etcdFaults: FaultHandlers<EtcdAction['kind']> = {
  fillQuota: ({ toFraction, superseded }, { etcd }) => {
    etcd.fillQuota(toFraction, superseded === true);
    return null;
  },
  compact: ({ keepRevisions }, { etcd }) => {
    etcd.compact(keepRevisions);
    return null;
  },
  defrag: ({ target }, world) => {
    for (const { member } of membersOf(target, world)) member.maintenance.defrag();
    return null;
  },
  disarm: (_, { etcd }) => {
    etcd.disarm();
    return null;
  },
  snapshotSave: ({ target }, world) => {
    for (const { cluster, member } of membersOf(target, world)) cluster.saveSnapshot(member.index);
    return null;
  },
  moveLeader: ({ target }, world) => {
    for (const { cluster, member } of firstOf(target, world)) {
      cluster.moveLeader(member.index);
    }
    return null;
  },
  addMember: ({ target, learner }, world) => {
    for (const { cluster, member } of firstOf(target, world)) {
      cluster.changeMember(member.index, learner ? 'addLearner' : 'addNode');
    }
    return null;
  },
  promoteMember: ({ target }, world) => {
    for (const { cluster, member } of firstOf(target, world)) {
      cluster.changeMember(member.index, 'addNode');
    }
    return null;
  },
  removeMember: ({ target }, world) => {
    for (const { cluster, member } of firstOf(target, world)) {
      cluster.changeMember(member.index, 'removeNode');
    }
    return null;
  },
};

/** Nobody where a group has nobody left, such as the followers of a last member. */
function firstOf(target: string, world: FaultWorld): MemberOf[] {
  return membersOf(target, world).slice(0, 1);
}

function membersOf(target: string, world: FaultWorld): MemberOf[] {
  return resolveTargets(target, world).flatMap((t) => (t.kind === 'member' ? [t] : []));
}
