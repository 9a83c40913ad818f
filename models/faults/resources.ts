/**
 * Faults of machines' resources: other work on a host, memory that leaks, the kernel's
 * out-of-memory killer.
 *
 * A neighbour has a cgroup of its own, so its weight decides against the processes of the host;
 * what it writes goes through the same queue of the disk. Where memory runs out the kernel kills it
 * before what is critical to the node. A process that leaks is killed when it
 * reaches its limit or the machine is full, and begins again with nothing.
 *
 * *Left out:* what a neighbour takes of caches and memory bandwidth; pressure of memory before
 * anybody is killed (reclaim); pods that the scheduler puts on the control plane's machines, which
 * are neighbours of a known size here.
 */
import { log, NS_PER_S } from '../../src/core/index.ts';
import type { DisasterAction } from '../../src/scenario/types.ts';
import type { Disk, Host } from '../machine/index.ts';
import { type FaultHandlers, type Undo, undoAll } from './handler.ts';
import { type MemberOf, resolveTargets, type Target } from './targets.ts';
import type { FaultWorld } from './world.ts';

/** A busy thread is shown to the CPU in pieces as long as a time slice. */
const SLICE_NS = 10e6;
/** Writes without syncs of their own come so often. */
const WRITES_PER_SECOND = 10;
/** Syncs that it has under way at most; it waits for them, as databases do. */
const SYNCS_MAX = 32;
const LEAK_STEP_NS = NS_PER_S;
/** The kubelet sees a container that ended, and starts it again. */
const RESTART_NS = 2 * NS_PER_S;

type Kinds = 'noisyNeighbour' | 'leakMemory' | 'oomKill';
type Neighbour = Extract<DisasterAction, { readonly kind: 'noisyNeighbour' }>;

export const resourceFaults: FaultHandlers<Kinds> = {
  noisyNeighbour: (action, world) => {
    const ends = resolveTargets(action.target, world).flatMap((target) =>
      target.kind === 'host' ? neighbour(target.host, action, world) : [],
    );
    return undoAll(ends);
  },

  leakMemory: ({ target, bytesPerSecond }, world) => {
    const stepBytes = Math.round((bytesPerSecond * LEAK_STEP_NS) / NS_PER_S);
    const leaks = resolveTargets(target, world).map((one) => leakOf(one, world));
    let isOver = false;
    const step = (): void => {
      if (isOver) return;
      for (const leak of leaks) leak(stepBytes);
      world.after(LEAK_STEP_NS, step);
    };
    step();
    // What has leaked stays until the process ends.
    return () => {
      isOver = true;
    };
  },

  oomKill: ({ target }, world) => {
    for (const one of resolveTargets(target, world)) oomKill(one, world);
    return null;
  },
};

// --- Neighbours ---------------------------------------------------------------------------------

function neighbour(host: Host, action: Neighbour, world: FaultWorld): Undo[] {
  const number = world.neighbours.length;
  const name = `neighbour/${number}`;
  world.neighbours.push(name);
  const ends: Undo[] = [];
  if (action.cores > 0) ends.push(burn(host, name, action, world));
  if (action.memoryBytes > 0) ends.push(occupy(host, name, action.memoryBytes));
  const syncs = action.syncsPerSecond > 0 ? action.syncsPerSecond : WRITES_PER_SECOND;
  if (action.syncsPerSecond > 0 || action.bytesPerSecond > 0) {
    const disk = action.disk === '' ? host.disks[0] : host.disk(action.disk);
    ends.push(write(disk, name, syncs, action.bytesPerSecond / syncs, world));
  }
  return ends;
}

/** Threads that never wait; the last one runs for its part of the time, as one with a quota. */
function burn(host: Host, name: string, { cores, weight }: Neighbour, world: FaultWorld): Undo {
  const { sim } = world.ctx;
  const id = host.cpu.process(`${host.name}/${name}`, { weight, quotaCores: cores });
  let isOver = false;
  let isRunning = false;
  const type = sim.eventType(`${host.name}/${name}/slice`, () => {
    if (!isOver) host.cpu.execute(id, SLICE_NS, type, 0, 0);
  });
  const begin = (): void => {
    isRunning = true;
    for (let i = 0; i < Math.ceil(cores); i++) host.cpu.execute(id, SLICE_NS, type, 0, 0);
  };
  host.onState((state) => {
    if (isOver) return;
    if (state === 'up' && !isRunning) begin();
    if (state !== 'down') return;
    isRunning = false;
    host.cpu.drop(id);
  });
  begin();
  return () => {
    isOver = true;
    host.cpu.drop(id);
  };
}

function occupy(host: Host, name: string, bytes: number): Undo {
  // Pods of users are not critical to the node.
  const id = host.memory.process(`${host.name}/${name}`, { isExpendable: true });
  host.memory.set(id, bytes);
  return () => host.memory.set(id, 0);
}

/** Syncs of so many bytes, at random times; none while as many as it may have are under way. */
function write(
  disk: Disk,
  name: string,
  syncsPerSecond: number,
  bytes: number,
  world: FaultWorld,
): Undo {
  const { sim } = world.ctx;
  let isOver = false;
  let underWay = 0;
  const doneType = sim.eventType(`${disk.name}/${name}/synced`, () => {
    underWay--;
  });
  const nextType = sim.eventType(`${disk.name}/${name}/next`, () => next());
  const next = (): void => {
    if (isOver) return;
    if (underWay < SYNCS_MAX && disk.fsync(Math.round(bytes), doneType, 0, 0)) underWay++;
    const gapNs = (-log(1 - world.draw()) * NS_PER_S) / syncsPerSecond;
    sim.schedule(Math.max(1, Math.round(gapNs)), nextType, 0, 0);
  };
  next();
  return () => {
    isOver = true;
  };
}

// --- Memory -------------------------------------------------------------------------------------

type Leak = (bytes: number) => void;

function leakOf(target: Target, world: FaultWorld): Leak {
  switch (target.kind) {
    case 'apiServer':
      return (bytes) => target.server.process.leak(bytes);
    case 'component':
      return (bytes) => target.component.process.addMemory(bytes);
    case 'member':
      return memberLeak(target, world);
    default:
      return () => {};
  }
}

/** What a member of etcd holds otherwise is not accounted; what it leaks is. */
function memberLeak(target: MemberOf, world: FaultWorld): Leak {
  const { member } = target;
  const { memory } = member.host;
  const id = memory.process(`${member.name}/leak`, { onOomKill: () => killMember(target, world) });
  let { incarnation } = member.process;
  return (bytes) => {
    if (incarnation !== member.process.incarnation) memory.set(id, 0);
    incarnation = member.process.incarnation;
    if (member.isUp) memory.add(id, bytes);
  };
}

function killMember({ cluster, member }: MemberOf, world: FaultWorld): void {
  cluster.kill(member.index, false);
  world.after(RESTART_NS, () => {
    if (member.host.state === 'up') cluster.boot(member.index);
  });
}

function oomKill(target: Target, world: FaultWorld): void {
  switch (target.kind) {
    case 'apiServer':
      world.event('oomKill', target.server.name, 'by the fault');
      target.server.kill();
      return;
    case 'component':
      target.component.process.exit('out of memory');
      return;
    case 'member':
      world.event('oomKill', target.member.name, 'by the fault');
      killMember(target, world);
      return;
    default:
  }
}
