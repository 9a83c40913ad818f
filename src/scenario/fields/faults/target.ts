/** What the targets of faults are, in words. */
import * as field from '../../field.ts';

const target =
  'etcd/0, etcd/leader, kube-apiserver/1, kube-scheduler/leader, a host, node/NAME, nodes/GROUP, ' +
  'zone/NAME; see [targets](../models/faults.md#targets)';

/** A field of a verb that has one target. */
export const verb = (description: string, example = 'etcd/leader') =>
  field.string({ description: `${description} (${target})`, example });
