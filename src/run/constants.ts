/**
 * Every constant of every model, in one list: what the scenario may override, what constants.csv
 * shows.
 */
import { etcdConstants } from '../../models/etcd/index.ts';
import { machineConstants } from '../../models/machine/index.ts';
import { networkConstants } from '../../models/network/index.ts';
import type { ConstantEntry } from '../core/index.ts';

export function allConstants(): readonly ConstantEntry[] {
  return [...machineConstants, ...networkConstants, ...etcdConstants];
}

/** By name, as the scenario reader takes them: what `constants:` of a scenario may override. */
export function knownConstants(): Readonly<Record<string, ConstantEntry>> {
  return Object.fromEntries(allConstants().map((entry) => [entry.name, entry]));
}
