/**
 * Every constant of every model, in one list: what the scenario may override, what constants.csv
 * shows.
 */
import { apiServerConstants, storageConstants } from '../../models/apiserver/index.ts';
import { clientGoConstants } from '../../models/client-go/index.ts';
import { controllerConstants } from '../../models/controllers/index.ts';
import { etcdConstants } from '../../models/etcd/index.ts';
import { machineConstants } from '../../models/machine/index.ts';
import { networkConstants } from '../../models/network/index.ts';
import { nodeConstants } from '../../models/node/index.ts';
import { schedulerConstants } from '../../models/scheduler/index.ts';
import type { ConstantEntry } from '../core/index.ts';
import type { Scenario } from '../scenario/types.ts';

const etcd: readonly ConstantEntry[] = [...machineConstants, ...networkConstants, ...etcdConstants];
const all: readonly ConstantEntry[] = [
  ...etcd,
  ...apiServerConstants,
  ...storageConstants,
  ...clientGoConstants,
  ...schedulerConstants,
  ...controllerConstants,
  ...nodeConstants,
];

export function allConstants(): readonly ConstantEntry[] {
  return all;
}

/** Those that a run without Kubernetes can depend on. */
export function etcdRunConstants(): readonly ConstantEntry[] {
  return etcd;
}

/** Those that a run of this scenario can depend on. */
export function constantsOf({ kubernetes }: Scenario): readonly ConstantEntry[] {
  return kubernetes === null ? etcd : all;
}

/** By name, as the scenario reader takes them: what `constants:` of a scenario may override. */
export function knownConstants(): Readonly<Record<string, ConstantEntry>> {
  return Object.fromEntries(allConstants().map((entry) => [entry.name, entry]));
}
