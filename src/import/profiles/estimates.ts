/**
 * Disk profiles of common storage: a lognormal body, and assumed stalls.
 *
 * A lognormal whose p99 is about three times its mean is the shape that fio shows on idle disks;
 * figures marked "estimate" are defaults to override, not facts. Stalls are assumed throughout.
 */
import type { DistributionSpec } from '../../dist/index.ts';
import type { DiskProfile } from '../../scenario/index.ts';
import { assumedStall } from '../assumed-stall.ts';

/** Assumed stalls per second: network storage and VMs; local flash, of which none are reported. */
const STALLS_REMOTE = 0.005;
const STALLS_LOCAL = 0.001;

const SMALLDATUM = 'https://smalldatum.blogspot.com, January 2026';
const EBS_ARTICLE =
  'https://www.besthub.dev/articles/why-upgrading-ebs-volumes-boosted-etcd-write-performance-' +
  'and-what-still-limits-it-5d6d8d0fac94';

interface Estimate {
  readonly name: string;
  readonly description: string;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly stallsPerSecond: number;
  readonly source: string;
}

const estimates: readonly Estimate[] = [
  {
    name: 'nvme-plp',
    description: 'Enterprise NVMe or SSD with power-loss protection',
    meanMs: 0.05,
    p99Ms: 0.15,
    stallsPerSecond: STALLS_LOCAL,
    source: `estimate, from 12 to 58 µs a sync after 16 kB O_DIRECT (${SMALLDATUM})`,
  },
  {
    name: 'local-ssd',
    description: 'Local SSD of a server or a cloud instance',
    meanMs: 0.3,
    p99Ms: 1,
    stallsPerSecond: STALLS_LOCAL,
    source: 'estimate',
  },
  {
    name: 'consumer-nvme',
    description: 'Consumer NVMe without power-loss protection',
    meanMs: 0.9,
    p99Ms: 2.7,
    stallsPerSecond: STALLS_LOCAL,
    source: `mean: fsync after 16 kB (${SMALLDATUM}); p99: estimate, 3 means`,
  },
  {
    name: 'cloud-ssd',
    description: 'SSD volume of a cloud VM',
    meanMs: 0.447,
    p99Ms: 1.4,
    stallsPerSecond: STALLS_REMOTE,
    source: 'mean: fio, 1657 IOPS (https://github.com/etcd-io/etcd/issues/12094); p99: estimate',
  },
  {
    name: 'io2',
    description: 'AWS EBS io2 Block Express',
    meanMs: 0.4,
    p99Ms: 0.8,
    stallsPerSecond: STALLS_REMOTE,
    source: 'estimate, from the design target of less than 0.5 ms at 16 KiB (AWS EBS guide)',
  },
  {
    name: 'gp3',
    description: 'AWS EBS gp3, 3000 IOPS',
    meanMs: 0.7,
    p99Ms: 2,
    stallsPerSecond: STALLS_REMOTE,
    source: `mean: fio, 1105 IOPS (${EBS_ARTICLE}); p99: estimate`,
  },
  {
    name: 'gp2',
    description: 'AWS EBS gp2, 300 GB',
    meanMs: 1.42254,
    p99Ms: 2.671,
    stallsPerSecond: STALLS_REMOTE,
    source: `mean and p99: fio, 709 IOPS (${EBS_ARTICLE})`,
  },
  {
    name: 'pd-ssd',
    description: 'Google Cloud PD-SSD',
    meanMs: 0.9,
    p99Ms: 3,
    stallsPerSecond: STALLS_REMOTE,
    source:
      'estimate; about 0.6 ms on average in 2017 (https://github.com/etcd-io/etcd/issues/7156)',
  },
  {
    name: 'azure-premium',
    description: 'Azure Premium SSD',
    meanMs: 3,
    p99Ms: 8,
    stallsPerSecond: STALLS_REMOTE,
    source:
      'estimate, from means of 2.3 to 4.3 ms and p99 of 5.6 to 9.8 ms in about 25 regions, fio ' +
      '2021 (https://access.redhat.com/solutions/5956421)',
  },
  {
    name: 'hdd',
    description: 'Hard disk, 7200 rpm',
    meanMs: 25,
    p99Ms: 70,
    stallsPerSecond: STALLS_REMOTE,
    source:
      'estimate, from p50 26 ms and p99 69 ms under etcd ' +
      '(https://github.com/etcd-io/etcd/issues/10273)',
  },
];

/** Nothing to wait for: fio 3.33 on Linux tmpfs took 0.31 µs a sync, p99 0.40 µs. */
const tmpfs: DiskProfile = {
  name: 'tmpfs',
  description: 'RAM disk: what is left when storage costs nothing',
  kind: 'service',
  fsync: { kind: 'lognormal', p50: 310, p99: 402 },
  source: 'fio 3.33, fdatasync of 2300-byte writes on tmpfs, 10,029 syncs: mean 0.32 µs',
  stallsAssumed: false,
  observedFsyncsPerSecond: null,
};

function profileOf(estimate: Estimate): DiskProfile {
  const body: DistributionSpec = {
    kind: 'lognormal',
    mean: Math.round(estimate.meanMs * 1e6),
    p99: Math.round(estimate.p99Ms * 1e6),
  };
  return {
    name: estimate.name,
    description: estimate.description,
    kind: 'service',
    fsync: { kind: 'mixture', body, stall: assumedStall(estimate.stallsPerSecond) },
    source: `${estimate.source}; stalls: assumed`,
    stallsAssumed: true,
    observedFsyncsPerSecond: null,
  };
}

export const estimatedProfiles: readonly DiskProfile[] = [...estimates.map(profileOf), tmpfs];
