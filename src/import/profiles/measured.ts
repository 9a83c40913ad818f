/** Disk profiles with the measured distribution itself: histograms that people published. */
import type { DistributionSpec } from '../../dist/index.ts';
import type { DiskProfile } from '../../scenario/index.ts';
import { assumedStall } from '../assumed-stall.ts';

/** Buckets of etcd_disk_wal_fsync_duration_seconds: 1 ms times 2^0..13, in ns. */
const ETCD_BOUNDS_NS: readonly number[] = [
  1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6, 128e6, 256e6, 512e6, 1024e6, 2048e6, 4096e6, 8192e6,
];

/** Cumulative counts as etcd serves them, +Inf last, and the sum in seconds where it was quoted. */
function etcdHistogram(cumulative: readonly number[], sumSeconds: number | null): DistributionSpec {
  const bounds: number[] = [];
  const counts: number[] = [];
  const edges = [...ETCD_BOUNDS_NS, Number.POSITIVE_INFINITY];
  for (let i = 0; i < cumulative.length; i++) {
    const count = cumulative[i] - (i === 0 ? 0 : cumulative[i - 1]);
    if (count > 0 || counts.length > 0 || cumulative[i + 1] > cumulative[i]) {
      bounds.push(edges[i]);
      counts.push(count);
    }
  }
  while (counts.at(-1) === 0) {
    bounds.pop();
    counts.pop();
  }
  return sumSeconds === null
    ? { kind: 'histogram', bounds, counts }
    : { kind: 'histogram', bounds, counts, sum: Math.round(sumSeconds * 1e9) };
}

interface Production {
  readonly name: string;
  readonly description: string;
  readonly cumulative: readonly number[];
  readonly sumSeconds: number | null;
  readonly source: string;
}

const productions: readonly Production[] = [
  {
    name: 'production-vm-a',
    description: 'VM disk of a production etcd that lost its leader again and again, 18.8 M fsyncs',
    cumulative: [
      0, 819, 13_400_495, 17_852_494, 18_745_663, 18_788_077, 18_797_500, 18_808_099, 18_813_756,
      18_820_377, 18_823_831, 18_823_904, 18_823_920, 18_823_939, 18_823_948,
    ],
    sumSeconds: 85016.59519294072,
    source: 'https://github.com/etcd-io/etcd/issues/7312, /metrics as quoted, 2017',
  },
  {
    name: 'production-vm-b',
    description: 'VM disk of a production etcd with warnings of slow syncs, 0.76 M fsyncs',
    cumulative: [
      637_196, 710_850, 730_239, 743_796, 752_192, 757_535, 759_625, 760_202, 760_241, 760_263,
      760_276, 760_277, 760_277, 760_277, 760_277,
    ],
    sumSeconds: 1050.985334558008,
    source: 'https://github.com/etcd-io/etcd/issues/12405, /metrics as quoted, 2020',
  },
  {
    name: 'production-gp2',
    description: 'AWS EBS gp2 under an etcd that lost its leader, 0.37 M fsyncs',
    cumulative: [
      340_252, 348_832, 366_540, 366_978, 367_038, 367_069, 367_099, 367_181, 367_332, 367_487,
      367_535, 367_535, 367_535, 367_535, 367_535,
    ],
    sumSeconds: 344.94922837100324,
    source: 'https://github.com/etcd-io/etcd/issues/9544, /metrics as quoted, 2018',
  },
  {
    name: 'production-hdd',
    description: 'Hard disk under a busy etcd, 57,035 fsyncs, two of them of 4 to 8 s',
    cumulative: [
      0, 0, 0, 0, 132, 47_595, 56_418, 57_029, 57_033, 57_033, 57_033, 57_033, 57_033, 57_035,
      57_035,
    ],
    sumSeconds: null,
    source: 'https://github.com/etcd-io/etcd/issues/10273, /metrics as quoted, 2018; sum not known',
  },
  {
    name: 'slow-hdd',
    description: 'Overloaded hard disk under an etcd, 35.8 M fsyncs, half of them above 53 ms',
    cumulative: [
      0, 0, 0, 0, 529, 848_052, 27_211_701, 33_938_307, 35_416_560, 35_706_348, 35_748_624,
      35_752_424, 35_752_512,
    ],
    sumSeconds: null,
    source:
      'https://github.com/etcd-io/etcd/issues/8586, /metrics as quoted up to 4.096 s, 2017; sum ' +
      'not known',
  },
];

function productionProfile(production: Production): DiskProfile {
  return {
    name: production.name,
    description: production.description,
    kind: 'response',
    fsync: etcdHistogram(production.cumulative, production.sumSeconds),
    source: production.source,
    stallsAssumed: true,
    observedFsyncsPerSecond: null,
  };
}

/**
 * fio's example of IBM: percentiles as printed, in µs; 22 MiB in writes of 2300 B are 10,029 syncs.
 * Between two of them the syncs are spread evenly; p99.9 and beyond were the maximum.
 */
const IBM_SYNCS = 10_029;
const IBM_MIN_US = 534;
const IBM_MEAN_US = 1273.08;
const IBM_PERCENTILES_US: readonly (readonly [number, number])[] = [
  [1, 553],
  [5, 578],
  [10, 594],
  [20, 627],
  [30, 709],
  [40, 750],
  [50, 783],
  [60, 1549],
  [70, 1729],
  [80, 1991],
  [90, 2180],
  [95, 2278],
  [99, 2376],
  [99.5, 9634],
  [100, 15_766],
];

function ibmHistogram(): DistributionSpec {
  const bounds = [IBM_MIN_US * 1000];
  const counts = [0];
  let seen = 0;
  for (const [p, us] of IBM_PERCENTILES_US) {
    const next = Math.round((IBM_SYNCS * p) / 100);
    bounds.push(us * 1000);
    counts.push(next - seen);
    seen = next;
  }
  return { kind: 'histogram', bounds, counts, sum: Math.round(IBM_MEAN_US * 1000 * IBM_SYNCS) };
}

const ibmSsd: DiskProfile = {
  name: 'ibm-ssd',
  description: 'SSD volume of a cloud VM, the example of a much-quoted article on etcd and fio',
  kind: 'service',
  fsync: { kind: 'mixture', body: ibmHistogram(), stall: assumedStall(0.005) },
  source:
    'fio percentiles of https://www.ibm.com/blogs/cloud-archive/2019/04/using-fio-to-tell-' +
    'whether-your-storage-is-fast-enough-for-etcd/; stalls: assumed',
  stallsAssumed: true,
  observedFsyncsPerSecond: null,
};

/**
 * Built from percentiles read off an issue by linear interpolation in power-of-two buckets: 30 %
 * either way (estimate). Between p0 and p50 the fsyncs spread from 8 ms, between p99.9 and the end
 * to 2.6 s.
 */
const sickVirtualDisk: DiskProfile = {
  name: 'sick-virtual-disk',
  description: 'Virtual disk under an etcd that missed heartbeats, one fsync in ten above 0.78 s',
  kind: 'response',
  fsync: {
    kind: 'histogram',
    bounds: [8e6, 29.4e6, 783e6, 1023e6, 1943e6, 2600e6],
    counts: [0, 5000, 4000, 900, 90, 10],
  },
  source: 'estimate, from percentiles of https://github.com/etcd-io/etcd/issues/5870, 2016',
  stallsAssumed: true,
  observedFsyncsPerSecond: null,
};

export const measuredProfiles: readonly DiskProfile[] = [
  ibmSsd,
  ...productions.map(productionProfile),
  sickVirtualDisk,
];
