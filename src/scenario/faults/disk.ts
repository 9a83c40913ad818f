/** Verbs of disks. */
import type { DistributionSpec } from '../../dist/index.ts';
import { distributionNode } from '../print-distribution.ts';
import { type OfPart, partOf, type TargetClass, type VerbSpecs } from './verb.ts';

export type DiskAction =
  | ({ readonly kind: 'stallDisk'; readonly target: string } & OfPart)
  | ({
      readonly kind: 'slowDisk';
      readonly target: string;
      readonly factor: number;
      readonly fsync: DistributionSpec | null;
    } & OfPart)
  | ({ readonly kind: 'fullDisk'; readonly target: string } & OfPart);

/** Disks of nodes are not modelled: what a node reads and writes is part of its latencies. */
const TARGETS: readonly TargetClass[] = ['member', 'members', 'host', 'zone'];

export const diskSpecs: VerbSpecs<DiskAction> = {
  stallDisk: {
    targets: TARGETS,
    read: (fault) => ({ kind: 'stallDisk', target: fault.stallDisk ?? '', ...partOf(fault) }),
  },
  slowDisk: {
    targets: TARGETS,
    read: (fault) => ({
      kind: 'slowDisk',
      target: fault.slowDisk ?? '',
      factor: fault.factor,
      fsync: fault.fsync?.spec ?? null,
      ...partOf(fault),
    }),
    check: (_, { keys, path, checker }) => {
      if (keys.includes('factor') || keys.includes('fsync')) return;
      checker.at(path, 'WT1009', 'slowDisk needs factor or fsync', {
        hint: 'for example factor: 10, or fsync: 25ms',
      });
    },
    print: ({ factor, fsync }) => ({
      factor,
      ...(fsync === null ? {} : { fsync: distributionNode(fsync, 'duration') }),
    }),
  },
  fullDisk: {
    targets: TARGETS,
    read: (fault) => ({ kind: 'fullDisk', target: fault.fullDisk ?? '', ...partOf(fault) }),
  },
};
