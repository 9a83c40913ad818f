/**
 * Random small etcd scenarios with everything going wrong at once, as the plain value of their
 * YAML.
 */
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseScenario } from '../../src/scenario/index.ts';

type Plain = unknown;

export const HORIZON_MS = 9000;
/** No request is planned after this. */
export const STOP_MS = 5500;
/** Every fault is over by then, but for those that stay. */
const HEALED_MS = 5000;

const ms = (min: number, max: number) => fc.integer({ min, max }).map((n) => `${n}ms`);
const us = (min: number, max: number) => fc.integer({ min, max }).map((n) => `${n}us`);
const constants = (...values: Plain[]) => fc.constantFrom(...values);

function some(fields: Record<string, fc.Arbitrary<Plain>>, requiredKeys: string[] = []) {
  return fc.record(fields, { requiredKeys });
}

const fsync: fc.Arbitrary<Plain> = fc.oneof(
  us(0, 20_000),
  fc.tuple(us(100, 2000), ms(2, 30)).map(([p50, p99]) => ({ lognormal: { p50, p99 } })),
  us(100, 5000).map((mean) => ({ exponential: { mean } })),
  us(100, 2000).map((body) => ({
    mixture: { body, stall: { startPerSecond: 1, length: '300ms', correlation: '50%' } },
  })),
);

const disk = some(
  { fsync, queueDepth: constants(1, 8, 'unlimited'), iops: constants('500/s', 'unlimited') },
  ['fsync'],
);

const intervals = fc
  .tuple(constants('50', '100'), constants('600', '1000', '1500'))
  .map(([beat, election]) => ({ 'heartbeat-interval': beat, 'election-timeout': election }));
const otherArgs = some({
  'pre-vote': fc.boolean(),
  'snapshot-count': constants('50', '1000'),
  'backend-batch-interval': constants('10ms', '100ms'),
  'backend-batch-limit': constants('5', '10000'),
  'quota-backend-bytes': constants('17000000', '0'),
  'auto-compaction-mode': constants('revision'),
  'auto-compaction-retention': constants('0', '100'),
});

const extraArgs = fc.tuple(intervals, otherArgs).map(([a, b]) => ({ ...a, ...(b as object) }));

const request = {
  target: constants('leader', 'all', 'random'),
  deadline: ms(300, 2500),
  retries: constants(0, 0, 3),
  keySpace: constants(1, 10, 1000),
  valueSize: constants('0B', '256B', '4KiB'),
  connections: constants(0, 1, 2),
  stop: constants(`${STOP_MS}ms`),
};
const always = ['op', 'stop', 'deadline'];

const open = some(
  {
    ...request,
    op: constants('put', 'put', 'range', 'txn', 'delete', 'lease-grant', 'compact'),
    rate: fc.integer({ min: 1, max: 60 }).map((n) => `${n}/s`),
    arrivals: constants('constant', 'poisson'),
    maxInFlight: constants(3, 10_000),
  },
  [...always, 'rate'],
);
const closed = some(
  {
    ...request,
    op: constants('put', 'range', 'txn', 'lease-keepalive', 'lease-revoke'),
    clients: fc.integer({ min: 1, max: 5 }),
    thinkTime: ms(5, 200),
  },
  [...always, 'clients', 'thinkTime'],
);
const watch = some(
  {
    op: constants('watch'),
    clients: constants(1, 20),
    streams: constants(0, 2),
    keySpace: constants(1, 10),
  },
  ['op', 'clients'],
);

function faultOf(members: number): fc.Arbitrary<Plain> {
  const one = fc.nat({ max: members - 1 }).map((i) => `etcd/${i}`);
  const groups = ['etcd/leader', 'etcd/all', ...(members > 1 ? ['etcd/followers'] : [])];
  const who = fc.oneof(one, fc.constantFrom(...groups));
  const at = ms(0, 4000);
  const lasting = { at, for: ms(1, HEALED_MS - 4000) };
  const pair = fc.tuple(one, constants('client'));
  const single: fc.Arbitrary<Plain>[] = [
    fc.record({ ...lasting, kill: who }),
    fc.record({ at, kill: one }),
    fc.record({ ...lasting, kill: one, loseData: constants(true) }),
    fc.record({ at, restart: who, graceful: fc.boolean() }),
    fc.record({ ...lasting, pause: who }),
    fc.record({ ...lasting, stallDisk: who }),
    fc.record({ ...lasting, slowDisk: who, factor: constants(3, 20) }),
    fc.record({ ...lasting, fullDisk: one }),
    fc.record({
      ...lasting,
      partition: pair.map((names) => names.map((name) => [name])),
      oneWay: fc.boolean(),
    }),
    fc.record({ ...lasting, delay: pair, add: ms(1, 400) }),
    fc.record({ ...lasting, loss: pair, probability: constants('1%', '30%') }),
    fc.record({ at, clockStep: who, by: constants('-600ms', '600ms', '2h', '-2h') }),
    fc.record({
      ...lasting,
      clockDrift: who,
      rate: constants('200ppm', '-100000ppm', '200000ppm'),
    }),
    fc.record({ at, fillQuota: constants('50%', '100%') }),
    fc.record({ at, compact: constants(0, 50) }),
    fc.record({ at, defrag: who }),
    fc.record({ at, snapshotSave: one }),
    fc.record({ at, disarm: constants(true) }),
  ];
  if (members === 1) return fc.oneof(...single);
  return fc.oneof(
    ...single,
    fc.record({
      ...lasting,
      partition: one,
      mode: constants('blackhole', 'reset'),
      oneWay: fc.boolean(),
    }),
    fc.record({ at, moveLeader: one }),
    fc.record({ at, removeMember: one }),
    fc.record({ at, addMember: fc.constant(`etcd/${members}`), learner: fc.boolean() }),
  );
}

/** One addMember at most: a name can join once. */
function joinsOnce(faults: readonly Plain[]): boolean {
  return faults.filter((fault) => 'addMember' in (fault as object)).length <= 1;
}

/** No more members down at a time than there are. */
function isPossible(value: Plain): boolean {
  const { problems } = parseScenario(stringify(value), { file: 'chaos.yaml' });
  return !problems.some((problem) => problem.code === 'WT1102');
}

const named = (prefix: string) => (items: readonly Plain[]) =>
  items.map((item, i) => ({ name: `${prefix}${i}`, ...(item as object) }));

const anyValue: fc.Arbitrary<Plain> = fc.integer({ min: 1, max: 7 }).chain((members) =>
  fc.record({
    apiVersion: fc.constant('wavetank/v1alpha1'),
    kind: fc.constant('Scenario'),
    metadata: fc.constant({ name: 'chaos' }),
    horizon: fc.constant(`${HORIZON_MS}ms`),
    warmup: fc.constant('0s'),
    seed: fc.nat({ max: 99 }),
    replications: fc.constant(1),
    etcd: some(
      {
        members: fc.constant(members),
        version: constants('3.4', '3.5', '3.6', '3.7'),
        placement: constants('separate', 'shared'),
        timers: constants('monotonic', 'monotonic', 'wall'),
        extraArgs,
        disk,
        preload: fc.record({ keys: constants(0, 100), valueSize: constants('1KiB') }),
      },
      ['members', 'disk'],
    ),
    network: some({
      peerRtt: fc.oneof(us(50, 5000), ms(5, 60)),
      clientRtt: us(50, 5000),
      loss: constants(0, '0.5%'),
    }),
    workload: fc
      .array(fc.oneof(open, open, closed, watch), { minLength: 1, maxLength: 4 })
      .map(named('w')),
    faults: fc.array(faultOf(members), { maxLength: 5 }).filter(joinsOnce).map(named('f')),
  }),
);

export const runValue: fc.Arbitrary<Plain> = anyValue.filter(isPossible);
