/** What operators do to etcd. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const etcdVerbs = {
  fillQuota: field.ratio({
    description: 'Fill the store with other keys, up to this part of the backend quota.',
    min: '0',
    max: '2',
    example: '100%',
  }),
  compact: field.integer({
    description: 'Compact, as `etcdctl compact`, and keep this many revisions.',
    min: '0',
    example: '1000',
  }),
  defrag: verb('Defragment, as `etcdctl defrag`', 'etcd/0'),
  disarm: field.boolean({
    description: 'Clear the NOSPACE alarm, as `etcdctl alarm disarm`.',
    example: 'true',
  }),
  snapshotSave: verb('Save a snapshot, as `etcdctl snapshot save`', 'etcd/0'),
  moveLeader: field.string({
    description: 'Move the leadership to this member, as `etcdctl move-leader`.',
    example: 'etcd/1',
  }),
  addMember: field.string({
    description: 'Add a member with this new name, as `etcdctl member add`, and start it.',
    example: 'etcd/3',
  }),
  promoteMember: field.string({
    description: 'Make a learner a voter, as `etcdctl member promote`.',
    example: 'etcd/3',
  }),
  removeMember: field.string({
    description: 'Remove a member, as `etcdctl member remove`.',
    example: 'etcd/2',
  }),
};

export const etcdOptions = {
  superseded: field.boolean({
    description:
      'Whether it is versions that were overwritten since, such as those of a ConfigMap that changes all the time: a compaction frees them.',
    default: 'false',
    only: ['fillQuota'],
  }),
  learner: field.boolean({
    description: 'Add it as a learner first.',
    default: 'false',
    flag: 'etcdctl member add --learner',
    only: ['addMember', 'replaceMember'],
  }),
};
