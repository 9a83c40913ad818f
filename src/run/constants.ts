/** Every constant of every model, in one list: what the scenario may override, what constants.csv shows. */
import { etcdConstants } from '../../models/etcd/constants.ts';
import { machineConstants } from '../../models/machine/constants.ts';
import type { ConstantEntry } from '../core/index.ts';

export function allConstants(): readonly ConstantEntry[] {
  return [...machineConstants, ...etcdConstants];
}
