/**
 * Published results of real etcd clusters, as data: what was measured, on what, by whom. Figures
 * are quoted, never computed; what a source does not say is left open and named in `unknown`.
 */

/** Throughput in operations a second, latencies in ms. */
export type PublishedColumn =
  | 'throughput_ops'
  | 'mean_ms'
  | 'p10_ms'
  | 'p50_ms'
  | 'p90_ms'
  | 'p99_ms';

export type Measured = Readonly<Partial<Record<PublishedColumn, number>>>;

export interface PublishedHardware {
  readonly text: string;
  /** Cores of a member and of the machine of the load generator. */
  readonly cores: number;
  readonly clientCores: number;
  /** Mean time of a sync; 0 where nobody says. */
  readonly fsyncMs: number;
  /** ping between members, and the round trip of a client without its own and the server's CPU. */
  readonly peerRttMs: number;
  readonly clientRttMs: number;
}

export interface PublishedRow {
  /** Where it belongs: rows of one group are summed up together. */
  readonly group: string;
  readonly name: string;
  readonly source: string;
  readonly version: string;
  readonly hardware: PublishedHardware;
  readonly members: number;
  readonly op: 'put' | 'range';
  readonly consistency: 'linearizable' | 'serializable';
  readonly clients: number;
  readonly connections: number;
  readonly target: 'leader' | 'all';
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Distinct keys; etcd's benchmark tool writes one unless told otherwise. */
  readonly keySpace: number;
  readonly measured: Measured;
  /** The row set one of the constants of its group: it fits by construction. */
  readonly sets: string;
  /** Likely reason why a figure is not close. */
  readonly missed: Readonly<Partial<Record<PublishedColumn, string>>>;
  /** Why it cannot be compared; '' where it can. */
  readonly unknown: string;
  /** Nothing of it can be simulated. */
  readonly beyondModel: boolean;
}

/** fsync of 256 B ~600 us, ping ~300 us, gRPC ping-pong ~300 us (etcd#7156). */
const GCE_2017 = { fsyncMs: 0.6, peerRttMs: 0.3, clientRttMs: 0.207 } as const;

const gce8: PublishedHardware = {
  text: 'GCE, 8 vCPU, 16 GB, 50 GB SSD; client 16 vCPU',
  cores: 8,
  clientCores: 16,
  ...GCE_2017,
};
const gce16: PublishedHardware = {
  text: 'GCE, 16 vCPU, 60 GB, 300 GB SSD; client alike',
  cores: 16,
  clientCores: 16,
  ...GCE_2017,
};
const standard8: PublishedHardware = {
  text: 'GCE n1-standard-8, SSD; client alike',
  cores: 8,
  clientCores: 8,
  ...GCE_2017,
};
const highcpu2: PublishedHardware = {
  text: 'GCE n1-highcpu-2, 1.8 GB, local SSD',
  cores: 2,
  clientCores: 8,
  ...GCE_2017,
};

const PERFORMANCE = 'https://etcd.io/docs/v3.6/op-guide/performance/';
const V2_2 = 'https://etcd.io/docs/v3.4/benchmarks/etcd-2-2-0-benchmarks/';
const V3_DEMO = 'https://etcd.io/docs/v3.4/benchmarks/etcd-3-demo-benchmarks/';
const DBTESTER = 'https://github.com/etcd-io/dbtester/tree/master/test-results';
const issue = (n: number) => `https://github.com/etcd-io/etcd/issues/${n}`;

const SEQUENTIAL = '2.x saves to the WAL before it sends, and serves HTTP from a v2 store';
const GENERATOR = 'measures the load generator:';

type Given = Pick<
  PublishedRow,
  'group' | 'name' | 'source' | 'version' | 'hardware' | 'clients' | 'measured'
> &
  Partial<PublishedRow>;

function clientsText(clients: number): string {
  return clients === 1 ? '1 client' : `${clients} clients`;
}

/** Puts of 8 + 256 B on one key to the leader of three members, unless said otherwise. */
function row(given: Given): PublishedRow {
  return {
    members: 3,
    op: 'put',
    consistency: 'linearizable',
    connections: 1,
    target: 'leader',
    keyBytes: 8,
    valueBytes: 256,
    keySpace: 1,
    sets: '',
    missed: {},
    unknown: '',
    beyondModel: false,
    ...given,
  };
}

const performance: readonly PublishedRow[] = [
  row({
    group: 'performance.md',
    name: 'performance.md put, 1 client',
    source: PERFORMANCE,
    version: '3.2.0',
    hardware: gce8,
    clients: 1,
    measured: { throughput_ops: 583, mean_ms: 1.6 },
  }),
  row({
    group: 'performance.md',
    name: 'performance.md put, 1000 clients',
    source: PERFORMANCE,
    version: '3.2.0',
    hardware: gce8,
    clients: 1000,
    connections: 100,
    target: 'all',
    measured: { throughput_ops: 50_104, mean_ms: 20 },
    sets: 'etcd.applyNs',
  }),
  row({
    group: 'performance.md',
    name: 'performance.md serializable range, 1 client',
    source: PERFORMANCE,
    version: '3.2.0',
    hardware: gce8,
    op: 'range',
    consistency: 'serializable',
    clients: 1,
    target: 'all',
    measured: { throughput_ops: 2909, mean_ms: 0.3 },
    missed: {
      mean_ms:
        '0.3 is rounded: 2909/s of one client are 0.344 ms; and the CPU of a request was read off saturated servers',
    },
  }),
  row({
    group: 'performance.md',
    name: 'performance.md linearizable range, 1000 clients',
    source: PERFORMANCE,
    version: '3.2.0',
    hardware: gce8,
    op: 'range',
    clients: 1000,
    connections: 100,
    target: 'all',
    measured: { throughput_ops: 141_578, mean_ms: 5.5 },
    unknown: `${GENERATOR} 141,578/s x 5.5 ms = 779 requests under way, not 1000`,
  }),
];

const v2: readonly PublishedRow[] = (
  [
    ['read leader', 1, 2303, 0.49],
    ['read leader', 64, 15_048, 7.6],
    ['read all', 256, 46_592, 10.14],
    ['write leader', 1, 55, 24.51],
    ['write leader', 64, 2139, 35.23],
    ['write all', 256, 4461, 89.47],
  ] as const
).map(([what, clients, throughput_ops, p90_ms]) =>
  row({
    group: 'etcd 2.2.0',
    name: `etcd 2.2.0 ${what}, ${clientsText(clients)}`,
    source: V2_2,
    version: '2.2.0',
    hardware: highcpu2,
    op: what.startsWith('read') ? 'range' : 'put',
    clients,
    target: what.endsWith('all') ? 'all' : 'leader',
    keyBytes: 64,
    measured: { throughput_ops, p90_ms },
    unknown: SEQUENTIAL,
    beyondModel: true,
  }),
);

const v3Demo: readonly PublishedRow[] = (
  [
    ['read', 1, 2716, 0.4],
    ['read', 256, 16_622, 21.7],
    ['read after put', 64, 13_582, 8.6],
  ] as const
).map(([what, clients, throughput_ops, p90_ms]) =>
  row({
    group: 'etcd v3 demo',
    name: `etcd v3 demo ${what}, ${clientsText(clients)}`,
    source: V3_DEMO,
    version: '3.0.0',
    hardware: highcpu2,
    members: 1,
    op: 'range',
    consistency: 'serializable',
    clients,
    valueBytes: what === 'read' ? 0 : 256,
    measured: { throughput_ops, p90_ms },
    missed: { p90_ms: 'every read costs the same CPU, so that latencies hardly spread' },
  }),
);

const dbtester: readonly PublishedRow[] = [
  {
    ...dbtesterRow('2018Q1-04, put, 1 client', '3.3.0', 1, [571, 1.746, 1.513, 2.367, 3.991]),
    // One connection is pinned to one member; which one is not said.
    target: 'leader',
  },
  {
    ...dbtesterRow(
      '2018Q1-01, put, 1000 clients',
      '3.2.0',
      1000,
      [35_400, 28.16, 21.84, 54.77, 78.39],
    ),
    sets: 'etcd.commitByteNs',
  },
  dbtesterRow('2018Q1-01, put, 1000 clients', '3.3.0', 1000, [35_682, 27.93, 21.07, 53.85, 87.17]),
  dbtesterRow('2017Q1-00, put, 1000 clients', '3.1.0', 1000, [27_353, 36.33, 23.92, 64.37, 167.1]),
  dbtesterRow('2018Q2-01, put, 1000 clients', '3.4.0', 1000, [35_538, 28.03, 21.91, 59.34, 81.3]),
  {
    ...dbtesterRow(
      '2017Q2-01, put, 1 to 1000 clients',
      '3.2.0',
      1000,
      [2844, 13.57, 10.11, 26.59, 59.93],
    ),
    unknown: 'one figure over steps from 1 to 1000 clients, whose lengths are not part of the row',
    beyondModel: true,
  },
  {
    ...dbtesterRow(
      '2018Q1-01, get, 1000 clients',
      '3.3.0',
      1000,
      [156_549, 4.853, 4.167, 8.5, 13.64],
    ),
    op: 'range',
    keySpace: 1,
    sets: 'etcd.readNs and the CPU of the client',
    unknown: `${GENERATOR} its client used 14.6 of 16 cores`,
  },
];

/** 256 B keys, 1 KiB values, every put a new key, a connection a client, over all members. */
function dbtesterRow(
  what: string,
  version: string,
  clients: number,
  [throughput_ops, mean_ms, p50_ms, p90_ms, p99_ms]: readonly number[],
): PublishedRow {
  return row({
    group: 'dbtester',
    name: `dbtester ${what}, ${version}`,
    source: `${DBTESTER}/${what.slice(0, 9)}`,
    version,
    hardware: gce16,
    clients,
    connections: clients,
    target: 'all',
    keyBytes: 256,
    valueBytes: 1024,
    keySpace: 1_000_000,
    measured: { throughput_ops, mean_ms, p50_ms, p90_ms, p99_ms },
    missed: { p99_ms: 'no garbage collector, no rare slow syncs' },
  });
}

const others: readonly PublishedRow[] = [
  row({
    group: 'issues',
    name: 'etcd#7156 1 member, client beside it',
    source: issue(7156),
    version: '3.1.0',
    hardware: { ...standard8, clientRttMs: 0.007 },
    members: 1,
    clients: 1,
    measured: { throughput_ops: 1000 },
    sets: 'etcd.grpcRequestNs, etcd.grpcResponseNs, etcd.loopNs',
  }),
  row({
    group: 'issues',
    name: 'etcd#7156 1 member',
    source: issue(7156),
    version: '3.1.0',
    hardware: standard8,
    members: 1,
    clients: 1,
    measured: { throughput_ops: 819 },
    sets: 'round trip of the client',
  }),
  row({
    group: 'issues',
    name: 'etcd#7156 3 members',
    source: issue(7156),
    version: '3.1.0',
    hardware: standard8,
    clients: 1,
    measured: { throughput_ops: 580 },
    sets: 'etcd.messageNs',
  }),
  row({
    group: 'issues',
    name: 'etcd#4633 500 clients',
    source: issue(4633),
    version: '2.3.0',
    hardware: { ...highcpu2, text: '2 vCPU, 8 GB, SSD', fsyncMs: 0 },
    clients: 500,
    measured: {
      throughput_ops: 8529,
      mean_ms: 58.6,
      p10_ms: 35.9,
      p50_ms: 57.4,
      p90_ms: 82.3,
      p99_ms: 105.7,
    },
    unknown: 'before 3.0 the WAL is saved before anything is sent; time of a sync not given',
    beyondModel: true,
  }),
  row({
    group: 'issues',
    name: 'etcd#22223 64 clients',
    source: issue(22223),
    version: '3.7.0',
    hardware: {
      text: 'a laptop',
      cores: 0,
      clientCores: 0,
      fsyncMs: 0,
      peerRttMs: 0,
      clientRttMs: 0,
    },
    clients: 64,
    valueBytes: 1024,
    measured: {
      throughput_ops: 10_023,
      mean_ms: 6.44,
      p50_ms: 4.86,
      p90_ms: 11.94,
      p99_ms: 27.5,
    },
    unknown: 'cores, disk and number of members of the laptop are not given',
    beyondModel: true,
  }),
  row({
    group: 'check perf',
    name: 'etcdctl check perf --load l, 5 members',
    source: 'https://www.besthub.dev (gp2 against gp3 and io2)',
    version: '3.5.0',
    hardware: {
      text: 'AWS m6i.xlarge, gp2 300 GB (709 IOPS by fio: mean 1.42, p99 2.67 ms)',
      cores: 4,
      clientCores: 0,
      fsyncMs: 1.42,
      peerRttMs: 0,
      clientRttMs: 0,
    },
    members: 5,
    clients: 500,
    keyBytes: 256,
    valueBytes: 1024,
    measured: { throughput_ops: 6600 },
    unknown: 'round trips, and where its client ran, are not given',
    beyondModel: true,
  }),
  row({
    group: 'check perf',
    name: 'etcdctl check perf, a VM',
    source: issue(18768),
    version: '3.5.0',
    hardware: {
      text: 'a VM',
      cores: 0,
      clientCores: 0,
      fsyncMs: 0,
      peerRttMs: 0,
      clientRttMs: 0,
    },
    clients: 500,
    keyBytes: 256,
    valueBytes: 1024,
    measured: { throughput_ops: 3955 },
    unknown: 'cores, disk and network of the VM are not given',
    beyondModel: true,
  }),
  row({
    group: 'issues',
    name: 'etcd#13053 1000 clients',
    source: issue(13053),
    version: '3.4.0',
    hardware: {
      text: 'GCP n1-standard-16, local SSD (fio 782 IOPS), peer RTT 0.308 ms',
      cores: 16,
      clientCores: 16,
      fsyncMs: 1.28,
      peerRttMs: 0.308,
      clientRttMs: 0.207,
    },
    clients: 1000,
    connections: 100,
    target: 'all',
    measured: { throughput_ops: 23_910, mean_ms: 41.6 },
    unknown:
      'release, TLS and where its client ran are not given; half of performance.md on better hardware',
  }),
];

export const publishedRows: readonly PublishedRow[] = [
  ...performance,
  ...v2,
  ...v3Demo,
  ...dbtester,
  ...others,
];
