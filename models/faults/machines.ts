/**
 * Machines of the control plane that are lost, or stand still with all that runs on them.
 *
 * A machine that is lost is cut off first: what its processes would say as they die never leaves
 * it. When it boots, what peers send to connections of before is answered with resets.
 */
import type { Host } from '../machine/index.ts';
import { machineEnd } from './network.ts';
import type { MemberOf } from './targets.ts';
import type { FaultWorld } from './world.ts';

export function crashHost(host: Host, world: FaultWorld, loseData: boolean): void {
  world.event('hostCrash', host.name, loseData ? 'data lost' : '');
  const ids = machineEnd(host.name, world).map((id) => world.network.isolate(id));
  world.cuts.set(host.name, ids);
  for (const { cluster, member } of membersOn(host, world)) cluster.kill(member.index, loseData);
  host.crash();
}

/** What was held down for itself stays down. */
export function bootHost(host: Host, world: FaultWorld): void {
  world.event('hostBoot', host.name, '');
  for (const id of world.cuts.get(host.name) ?? []) world.network.heal(id);
  world.cuts.delete(host.name);
  host.boot();
  for (const { cluster, member } of membersOn(host, world)) {
    if (!world.holds.isHeld(`${member.name}/down`)) cluster.boot(member.index);
  }
  for (const { name, process } of world.kubernetes?.components ?? []) {
    if (process.host === host && world.holds.isHeld(`${name}/down`)) process.stop();
  }
}

export function pauseHost(host: Host, world: FaultWorld): void {
  for (const { member } of membersOn(host, world)) member.pause();
  host.pause();
}

export function resumeHost(host: Host, world: FaultWorld): void {
  host.resume();
  for (const { member } of membersOn(host, world)) {
    if (!world.holds.isHeld(`${member.name}/paused`)) member.resume();
  }
}

export function membersOn(host: Host, { etcd, eventsEtcd }: FaultWorld): MemberOf[] {
  return [etcd, eventsEtcd].flatMap((cluster) =>
    cluster === null
      ? []
      : cluster.members.filter((m) => m.host === host).map((member) => ({ cluster, member })),
  );
}
