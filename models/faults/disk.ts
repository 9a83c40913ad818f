/** Faults of disks: of a member its own disks, of a machine all of them. */
import type { DiskAction } from '../../src/scenario/types.ts';
import type { Disk } from '../machine/index.ts';
import type { FaultHandlers } from './handler.ts';
import { resolveTargets } from './targets.ts';
import type { FaultWorld } from './world.ts';

/** Later than any horizon, and still an integer. */
const NEVER_NS = 2 ** 53;

export const diskFaults: FaultHandlers<DiskAction['kind']> = {
  stallDisk: ({ target, part }, world, forNs) => {
    for (const disk of disksOf(target, world, part)) {
      disk.stall(Math.min(world.ctx.sim.nowNs + forNs, NEVER_NS));
    }
    return () => {};
  },

  slowDisk: ({ target, part, fsync, factor }, world) => {
    const disks = disksOf(target, world, part);
    const before = disks.map((disk) => disk.options.fsync);
    for (const disk of disks) {
      if (fsync !== null) disk.setFsync(fsync);
      else disk.slow(factor);
    }
    return () => {
      disks.forEach((disk, i) => {
        if (fsync !== null) disk.setFsync(before[i]);
        else disk.slow(1);
      });
    };
  },

  fullDisk: ({ target, part }, world) => {
    const disks = disksOf(target, world, part);
    for (const disk of disks) disk.full(true);
    return () => {
      for (const disk of disks) disk.full(false);
    };
  },
};

function disksOf(target: string, world: FaultWorld, part = 1): Disk[] {
  const disks = resolveTargets(target, world, part).flatMap((t) => {
    if (t.kind === 'member') return [t.member.walDisk, t.member.backendDisk];
    return t.kind === 'host' ? t.host.disks : [];
  });
  return [...new Set(disks)];
}
