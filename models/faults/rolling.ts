/**
 * A rolling restart: one after the other, each only when the one before is ready, as operators and
 * `kubeadm upgrade` do it.
 */
import { assert } from '../../src/core/index.ts';
import { restart } from './process.ts';
import type { Target } from './targets.ts';
import type { FaultWorld } from './world.ts';

/** How often the operator looks, and how long a process takes at most to notice its signal. */
const LOOK_NS = 1e9;
/** After so many looks the operator goes on: it will not come. */
const LOOKS_MAX = 600;

export function rollingRestart(
  targets: readonly Target[],
  graceful: boolean,
  world: FaultWorld,
): void {
  let index = 0;
  let looks = 0;
  let wasDown = false;
  const look = () => {
    const target = targets[index];
    const ready = isReady(target);
    wasDown ||= !ready;
    looks++;
    if ((wasDown && ready) || looks >= LOOKS_MAX) next();
    else world.after(LOOK_NS, look);
  };
  const begin = () => {
    looks = 0;
    restart(targets[index], graceful, world);
    wasDown = !isReady(targets[index]);
    world.after(LOOK_NS, look);
  };
  const next = () => {
    index++;
    if (index < targets.length) begin();
  };
  if (targets.length > 0) begin();
}

function isReady(target: Target): boolean {
  switch (target.kind) {
    case 'member':
      return target.member.isListening;
    case 'apiServer':
      return target.server.isReady;
    case 'component':
      return target.component.process.isRunning;
    case 'host':
      return target.host.state === 'up';
    default:
      assert(false, `${target.kind} cannot be restarted one after the other`);
      return true;
  }
}
