/** Random scenarios that are valid, as the plain value of their YAML. */
import fc from 'fast-check';

type Plain = unknown;

const ms = (min: number, max: number) =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((us) => `${us}us`);
const latency: fc.Arbitrary<Plain> = fc.oneof(
  ms(0, 100),
  fc.record({ constant: ms(0, 100) }),
  fc.record({ exponential: fc.record({ mean: ms(1, 100) }) }),
  fc
    .tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 12 }))
    .map(([p50, times]) => {
      return { lognormal: { p50: `${p50 / 10}ms`, p99: `${(p50 * times) / 10}ms` } };
    }),
  fc.tuple(ms(1, 9), ms(10, 90)).map(([min, max]) => ({ uniform: { min, max } })),
  fc.record({ gamma: fc.record({ mean: ms(1, 9), shape: fc.constantFrom(0.5, 1, 4.25) }) }),
  fc.record({ samples: fc.array(ms(0, 50), { minLength: 1, maxLength: 5 }) }),
  fc.record({ profile: fc.constantFrom('hdd', 'production-a') }),
  fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 4 }).map((counts) => ({
    histogram: {
      bounds: counts.map((_, i) => (i === 3 ? 'unlimited' : `${2 ** i}ms`)),
      counts: [counts[0] + 1, ...counts.slice(1)],
    },
  })),
  ms(1, 5).map((body) => ({
    mixture: {
      body,
      stall: { startPerSecond: 0.013, length: { exponential: '200ms' }, correlation: '12.5%' },
    },
  })),
);

const size: fc.Arbitrary<Plain> = fc.oneof(
  fc.integer({ min: 0, max: 100_000 }),
  fc.constantFrom('1KiB', '1.5MB', { lognormal: { p50: '300B', p99: '4KiB' } }),
);

/** A record in which every field may be left out. */
function some(fields: Record<string, fc.Arbitrary<Plain>>, requiredKeys: string[] = []) {
  return fc.record(fields, { requiredKeys });
}

const disk = some({
  fsync: latency,
  fsyncKind: fc.constantFrom('service', 'response'),
  queueDepth: fc.constantFrom<Plain>(1, 8, 'unlimited'),
  iops: fc.constantFrom('3000/s', '100.5/s', 'unlimited'),
  iopsBurst: fc.constantFrom<Plain>(1, 5_400_000),
  bandwidth: fc.constantFrom('125MB/s', '1Gbit/s', '7MiB/s'),
  bandwidthBurst: fc.constantFrom('64MiB', '1B'),
  capacity: fc.constantFrom('20GiB', 'unlimited', '3GB'),
});

const clock = some({
  shape: fc.constantFrom('ideal', 'linear', 'periodic', 'noisy', 'step'),
  offset: fc.constantFrom('600ms', '-1.5s', '0s'),
  drift: fc.constantFrom('50ppm', '-3ppb', '1%'),
  amplitude: ms(0, 50),
  ntp: fc.constantFrom('none', 'slew', 'step'),
});

const extraArgs = some({
  'heartbeat-interval': fc.constantFrom<Plain>('50', 100),
  'election-timeout': fc.constantFrom('1000', '50000'),
  'pre-vote': fc.boolean(),
  'quota-backend-bytes': fc.constantFrom('-1', '0', '8589934592'),
  'backend-batch-interval': fc.constantFrom('10ms', '1m0.5s', '0s'),
  'auto-compaction-retention': fc.constantFrom('0', '1', '90m'),
  'log-level': fc.constantFrom('debug', 'info'),
  'snapshot-count': fc.constantFrom('5000', '100000'),
});

const open = some(
  {
    op: fc.constantFrom('put', 'range', 'txn', 'delete', 'lease-grant'),
    rate: fc.constantFrom('1000/s', '0.25/s', '90/min'),
    arrivals: fc.constantFrom('poisson', 'constant'),
    valueSize: size,
    deadline: fc.constantFrom('forever', '5s'),
    start: ms(0, 5000),
    target: fc.constantFrom('leader', 'all', 'random', 'etcd/0'),
  },
  ['op', 'rate'],
);
const closed = some(
  {
    op: fc.constantFrom('put', 'range', 'watch', 'lease-keepalive', 'compact'),
    clients: fc.integer({ min: 1, max: 5000 }),
    thinkTime: latency,
    consistency: fc.constantFrom('linearizable', 'serializable'),
    keySpace: fc.integer({ min: 1, max: 10_000 }),
    stop: fc.constantFrom('10s', '19.5s'),
    prefix: fc.constantFrom('/registry', 'yes', '0x1', ' a: b'),
  },
  ['op', 'clients'],
);

const at = ms(3000, 15_000);
const lasting = { at, for: fc.constantFrom('1s', '300ms') };
const fault: fc.Arbitrary<Plain> = fc.oneof(
  fc.record({ ...lasting, kill: fc.constant('etcd/0'), loseData: fc.boolean() }),
  fc.record({ at, kill: fc.constant('etcd/leader'), restartAfter: fc.constantFrom('0s', '2s') }),
  fc.record({ at, restart: fc.constant('etcd/0'), graceful: fc.boolean() }),
  fc.record({
    ...lasting,
    stallDisk: fc.constant('etcd/all'),
    every: fc.constant('2s'),
    times: fc.constant(3),
  }),
  fc.record({ at, slowDisk: fc.constant('etcd/0'), factor: fc.constantFrom(2, 0.5) }),
  fc.record({ ...lasting, slowDisk: fc.constant('etcd/0'), fsync: latency }),
  fc.record({ ...lasting, partition: fc.constantFrom<Plain>('etcd/0', [['etcd/0'], ['client']]) }),
  fc.record({ at, delay: fc.constant(['etcd/0', 'client']), add: ms(1, 50) }),
  fc.record({ at, loss: fc.constant(['etcd/0', 'client']), probability: fc.constant('0.3%') }),
  fc.record({ at, clockStep: fc.constant('etcd/0'), by: fc.constantFrom('-600ms', '2s') }),
  fc.record({ at, clockDrift: fc.constant('etcd/0'), rate: fc.constant('200ppm') }),
  fc.record({ at, fillQuota: fc.constantFrom('100%', '95%') }),
  fc.record({ at, compact: fc.nat({ max: 1000 }) }),
  fc.record({ at, disarm: fc.constant(true) }),
  fc.record({ at, addMember: fc.constant('etcd/9'), learner: fc.boolean() }),
  fc.record({ at, defrag: fc.constant('etcd/0') }),
);

const span = fc.constantFrom<Plain>(
  '30d',
  { constant: '2h' },
  { gamma: { mean: '40d', shape: 2 } },
  { lognormal: { p50: '5m', p99: '2h' } },
);
const randomFault: fc.Arbitrary<Plain> = fc.oneof(
  fc.record(
    {
      kill: fc.constantFrom('etcd/all', 'etcd/0', 'etcd/leader'),
      mtbf: span,
      mttr: span,
      units: fc.constantFrom('separate', 'together'),
      loseData: fc.boolean(),
    },
    { requiredKeys: ['kill', 'mtbf', 'mttr'] },
  ),
  fc.record({ clockStep: fc.constant('etcd/0'), by: ms(1, 900), mtbf: span }),
);

const availability: fc.Arbitrary<Plain> = some(
  {
    period: fc.constantFrom('30d', '365d'),
    lead: fc.constantFrom('0s', '1m'),
    services: fc.constant([{ name: 'writes', metric: 'wavetank_client_requests{op="put"}' }]),
    elasticities: fc.boolean(),
  },
  ['services'],
);

const threshold = fc.record({
  metric: fc.constantFrom('etcd_server_leader_changes_seen_total', 'm{op="put",x="a b"}'),
  expect: fc.constantFrom('p99 < 50ms', 'availability > 99.5%', 'count == 0', 'rate>=9/s'),
  window: fc.constantFrom('all', '3s..15s', '4s..'),
});

const named = (prefix: string) => (items: Plain[]) =>
  items.map((item, i) => ({ name: `${prefix}${i}`, ...(item as object) }));

interface Shape {
  readonly etcd?: { readonly members?: number };
  readonly faults?: readonly { readonly partition?: Plain }[];
}

/** `partition: etcd/0` cuts it off from all others; of one member that is a mistake (WT1006). */
function cutsOffTheOnlyMember({ etcd, faults }: Shape): boolean {
  return etcd?.members === 1 && (faults ?? []).some((f) => f.partition === 'etcd/0');
}

/** Horizon 20 s, warm-up 2 s; from one to five members on hosts of their own or on one. */
export const scenarioValue: fc.Arbitrary<Plain> = some(
  {
    apiVersion: fc.constant('wavetank/v1alpha1'),
    kind: fc.constant('Scenario'),
    metadata: some({ name: fc.constantFrom('a', 'slow-disk 2'), description: fc.string() }, [
      'name',
    ]),
    horizon: fc.constant('20s'),
    warmup: fc.constantFrom('2s', '1.5s'),
    seed: fc.constantFrom<Plain>('a', 7, '007'),
    replications: fc.integer({ min: 1, max: 9 }),
    etcd: some({
      version: fc.constantFrom<Plain>('3.4', '3.5', '3.5.21', '3.6', 'v3.7.1'),
      members: fc.integer({ min: 1, max: 5 }),
      learners: fc.nat({ max: 1 }),
      placement: fc.constantFrom('separate', 'shared'),
      extraArgs,
      disk,
      walDisk: disk,
      cpuWeight: fc.integer({ min: 1, max: 10_000 }),
      cpuQuota: fc.constantFrom<Plain>('unlimited', 1.5),
      overrides: some({ 'etcd/0': some({ disk, backendDisk: disk, cpuWeight: fc.constant(7) }) }),
      preload: some({ keys: fc.nat({ max: 9999 }), valueSize: fc.constantFrom('1KiB', 100) }),
      timers: fc.constantFrom('monotonic', 'wall'),
    }),
    hosts: fc.constantFrom<Plain>(
      [],
      [{ name: 'client', cores: 2.5, zone: 'b', memory: '16GB' }],
      [{ name: 'spare', disks: [{ name: 'd', fsync: '3ms' }] }],
    ),
    network: some({
      peerRtt: latency,
      clientRtt: latency,
      bandwidth: fc.constantFrom('1Gbit/s', 'unlimited'),
      loss: fc.constantFrom('0.1%', 0),
      pairs: fc.array(some({ between: fc.constant(['etcd/0', 'a']), rtt: latency }, ['between']), {
        maxLength: 2,
      }),
    }),
    workload: fc.array(fc.oneof(open, closed), { maxLength: 3 }).map(named('w')),
    faults: fc.array(fault, { maxLength: 2 }).map(named('f')),
    randomFaults: fc.array(randomFault, { maxLength: 2 }).map(named('r')),
    availability,
    thresholds: fc.array(threshold, { maxLength: 2 }),
    constants: fc.constantFrom({}, { 'etcd.applyNsPerEntry': '20us', x: 3.25 }),
  },
  ['apiVersion', 'kind', 'metadata', 'horizon', 'warmup'],
).filter((value) => !cutsOffTheOnlyMember(value as Shape));

export { clock, disk, latency };
