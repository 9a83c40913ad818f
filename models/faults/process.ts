/**
 * Faults of processes and machines.
 *
 * A process that is killed is started again by its supervisor (the kubelet, systemd), with its
 * back-off, unless the fault says for how long it stays away; a member of etcd stays away until
 * then. A machine that is lost takes all with it, and its peers are told nothing: they notice by
 * timeouts.
 *
 * *Left out:* a node that stands still keeps what it knew: here its kubelet finds its pods again,
 * as one that was killed does.
 */
import type { ProcessAction } from '../../src/scenario/types.ts';
import { type FaultHandlers, type Undo, undoAll } from './handler.ts';
import { bootHost, crashHost, pauseHost, resumeHost } from './machines.ts';
import { rollingRestart } from './rolling.ts';
import { kubernetesOf, resolveTargets, type Target } from './targets.ts';
import type { FaultComponent, FaultWorld } from './world.ts';

export const processFaults: FaultHandlers<ProcessAction['kind']> = {
  kill: ({ target, part, loseData, restartAfterNs }, world, forNs) => {
    const awayNs = Number.isNaN(restartAfterNs) ? forNs : restartAfterNs;
    const targets = resolveTargets(target, world, part);
    const undo = undoAll(targets.map((one) => kill(one, world, awayNs, loseData)));
    if (Number.isNaN(restartAfterNs)) return undo;
    world.after(restartAfterNs, undo);
    return null;
  },

  restart: ({ target, part, graceful, rolling }, world) => {
    const targets = resolveTargets(target, world, part);
    if (rolling) rollingRestart(targets, graceful, world);
    else for (const one of targets) restart(one, graceful, world);
    return null;
  },

  pause: ({ target, part }, world) => {
    const targets = resolveTargets(target, world, part);
    return undoAll(
      targets.map((one) =>
        world.holds.hold(
          `${nameOf(one)}/paused`,
          () => pause(one, world),
          () => resume(one, world),
        ),
      ),
    );
  },
};

function nameOf(target: Target): string {
  switch (target.kind) {
    case 'member':
      return target.member.name;
    case 'host':
      return target.host.name;
    case 'apiServer':
      return target.server.name;
    case 'component':
      return target.component.name;
    default:
      return `${target.kind}/${target.node}`;
  }
}

/** null: somebody else starts it again. */
export function kill(
  target: Target,
  world: FaultWorld,
  awayNs: number,
  loseData: boolean,
): Undo | null {
  if (awayNs === Infinity && crash(target)) return null;
  const undo = holdDown(target, world, loseData);
  if (awayNs < Infinity || target.kind !== 'kubelet') return undo;
  world.after(KUBELET_RESTART_NS, undo);
  return null;
}

function holdDown(target: Target, world: FaultWorld, loseData: boolean): Undo {
  return world.holds.hold(
    `${nameOf(target)}/down`,
    () => takeDown(target, world, loseData),
    () => bringUp(target, world),
  );
}

/** A crash that a supervisor sees to; false where nothing does. */
function crash(target: Target): boolean {
  if (target.kind === 'apiServer') target.server.kill();
  else if (target.kind === 'component') target.component.process.crash();
  else return false;
  return true;
}

function takeDown(target: Target, world: FaultWorld, loseData: boolean): void {
  switch (target.kind) {
    case 'member':
      target.cluster.kill(target.member.index, loseData);
      return;
    case 'host':
      crashHost(target.host, world, loseData);
      return;
    case 'apiServer':
      kubernetesOf(world).servers.setRestart(target.server.name, false);
      target.server.kill();
      return;
    case 'component':
      world.event('exit', target.component.name, 'killed');
      target.component.process.stop();
      return;
    default:
      takeNodeDown(target, world);
  }
}

function bringUp(target: Target, world: FaultWorld): void {
  switch (target.kind) {
    case 'member':
      if (target.member.host.state !== 'down') target.cluster.boot(target.member.index);
      return;
    case 'host':
      bootHost(target.host, world);
      return;
    case 'apiServer':
      kubernetesOf(world).servers.setRestart(target.server.name, true);
      if (target.server.process.host.state === 'up') target.server.start(false);
      return;
    case 'component':
      if (target.component.process.host.state !== 'down') target.component.process.start();
      return;
    default:
      bringNodeUp(target, world);
  }
}

/** A machine that reboots: firmware, kernel, init; about a minute for a virtual machine. */
const REBOOT_NS = 60e9;
/** RestartSec of kubelet.service as kubeadm's packages have it (kubernetes/release). */
const KUBELET_RESTART_NS = 10e9;

type NodeTarget = Extract<Target, { readonly node: string }>;

function takeNodeDown({ kind, node }: NodeTarget, world: FaultWorld): void {
  const { nodes } = kubernetesOf(world);
  if (kind === 'kubelet') nodes.killKubelet(node);
  else nodes.crash(node);
}

function bringNodeUp({ kind, node }: NodeTarget, world: FaultWorld): void {
  const { nodes } = kubernetesOf(world);
  if (kind === 'kubelet') nodes.startKubelet(node);
  else nodes.boot(node);
}

/** What is down is not restarted: it is somebody else's to start. */
export function restart(target: Target, graceful: boolean, world: FaultWorld): void {
  if (world.holds.isHeld(`${nameOf(target)}/down`)) return;
  switch (target.kind) {
    case 'member':
      target.cluster.restart(target.member.index, graceful);
      return;
    case 'apiServer':
      if (graceful) target.server.shutdown();
      else target.server.kill();
      return;
    case 'component':
      restartComponent(target.component, graceful);
      return;
    default: {
      const awayNs = target.kind === 'kubelet' ? KUBELET_RESTART_NS : REBOOT_NS;
      world.after(awayNs, holdDown(target, world, false));
    }
  }
}

/** A leader that ends in order gives its lease back first, where it was told to. */
function restartComponent(component: FaultComponent, graceful: boolean): void {
  const { process } = component;
  if (!process.isRunning) return;
  const { life } = process;
  if (!graceful) process.exit('killed');
  else {
    component.release(() => {
      if (process.life === life) process.exit('restarted');
    });
  }
}

function pause(target: Target, world: FaultWorld): void {
  if (target.kind === 'member') target.member.pause();
  else if (target.kind === 'host') pauseHost(target.host, world);
  else if (target.kind === 'apiServer') target.server.pause();
  else if (target.kind === 'component') target.component.process.pause();
  else if (target.kind === 'node') kubernetesOf(world).nodes.pause(target.node);
  else kubernetesOf(world).nodes.killKubelet(target.node);
}

function resume(target: Target, world: FaultWorld): void {
  if (target.kind === 'member') target.member.resume();
  else if (target.kind === 'host') resumeHost(target.host, world);
  else if (target.kind === 'apiServer') target.server.resume();
  else if (target.kind === 'component') target.component.process.resume();
  else if (target.kind === 'node') kubernetesOf(world).nodes.resume(target.node);
  else kubernetesOf(world).nodes.startKubelet(target.node);
}
