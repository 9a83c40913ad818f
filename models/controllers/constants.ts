/**
 * CPU time of controllers, of one core. What they cost is small beside the calls they make; the
 * figures say so rather than measure it.
 */
import type { ConstantEntry } from '../../src/core/index.ts';
import type { ControllerEnvironment } from './environment.ts';

const WALK = 'order of magnitude of a sync in Go: lister reads, deep copies, comparison';

export const controllerConstants: readonly ConstantEntry[] = [
  entry('controllers.syncNs', 60_000, 10_000, 500_000, WALK),
  entry('controllers.podNs', 400, 100, 4_000, 'one pod of a list that is filtered and counted'),
  entry('controllers.nodeHealthNs', 12_000, 3_000, 60_000, 'one node of a monitoring pass'),
  entry('controllers.daemonNodeNs', 2_500, 500, 15_000, 'one node of a DaemonSet sync'),
  entry('controllers.endpointNs', 2_000, 300, 10_000, 'hash, compare and place one endpoint'),
];

function entry(
  name: string,
  value: number,
  low: number,
  high: number,
  source: string,
): ConstantEntry {
  return { name, value, unit: 'ns', low, high, mark: 'estimate', source };
}

export function cost(env: ControllerEnvironment, name: string): number {
  return env.constants.get(name);
}
