/** Reads: what a linearizable one waits for and a serializable one does not. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { fault, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { near, open, simulate } from './bed.ts';

const test = suite('etcd/reads');

const reads = workload({ name: 'reads', op: 'range', keySpace: 1 });
const rare = { heartbeatIntervalNs: 20 * S, electionTimeoutNs: 200 * S };

// One round of heartbeats to a quorum: RTT. No sync on the way.
test('A linearizable read alone takes one round trip, whatever the disks do.', () => {
  const o = simulate({
    fsync: 50,
    peerRtt: 20,
    constants: freeCpu,
    etcd: rare,
    workload: [{ ...reads, clients: 1 }],
    horizon: 4000,
    warmup: 1500,
  });
  assert.deepEqual([o.latency().p(0.01), o.latency().p(0.99)], [20, 20]);
});

// One round at a time, shared by all that came before it began; the next begins at once. Clients
// fall into two groups: while one's round is under way the other waits. Each read takes two rounds.
test('Reads that meet a round under way share the next one.', () => {
  const o = simulate({
    fsync: 50,
    peerRtt: 20,
    constants: freeCpu,
    etcd: rare,
    workload: [{ ...reads, clients: 16 }],
    horizon: 8000,
    warmup: 2000,
  });
  assert.deepEqual([o.latency().p(0.01), o.latency().p(0.5), o.latency().p(0.99)], [40, 40, 40]);
  near(o.throughput(), 16 / 0.04, 0.01);
});

test('A single member needs no round.', () => {
  const o = simulate({
    members: 1,
    clientRtt: 3,
    constants: freeCpu,
    workload: [{ ...reads, clients: 4 }],
    horizon: 2000,
    warmup: 1100,
  });
  assert.deepEqual([o.latency().p(0.01), o.latency().p(0.99)], [3, 3]);
});

// A round waits for a turn of the leader, for a follower that is in a sync and for the leader
// again: 2 to 3.5 syncs; half a round is under way when a read comes. (Measured on a real cluster
// with half as many reads: 4.8 syncs.)
test('Under writes a linearizable read waits for syncs, a serializable one does not.', () => {
  const o = simulate({
    fsync: 10,
    backendFsync: 0,
    peerRtt: 1,
    constants: freeCpu,
    workload: [
      workload({ ratePerSecond: 1000 }),
      workload({ name: 'linearizable', op: 'range', ratePerSecond: 50 }),
      workload({
        name: 'serializable',
        op: 'range',
        ratePerSecond: 50,
        consistency: 'serializable',
      }),
    ],
    horizon: 9000,
    warmup: 2000,
  });
  const linearizable = o.latency('linearizable').mean;
  assert.ok(linearizable > 1.5 * 20 && linearizable < 1.5 * 40, `${linearizable}`);
  assert.equal(o.latency('serializable').p(0.99), 0);
});

// Asked of a follower: its request and the answer are two more messages, the wait for its own
// apply.
test('A follower asks the leader: one more round trip.', () => {
  const o = simulate({
    peerRtt: 20,
    constants: freeCpu,
    etcd: rare,
    workload: [{ ...reads, clients: 1, target: 'etcd/1' }],
    horizon: 4000,
    warmup: 1500,
  });
  assert.deepEqual([o.latency().p(0.01), o.latency().p(0.99)], [40, 40]);
});

const cutOff = fault(
  3000,
  {
    kind: 'partition',
    groups: [['etcd/2'], ['etcd/0', 'etcd/1']],
    oneWay: false,
    mode: 'blackhole',
  },
  60_000,
);

// 3.4 tries once; since 3.5 the member asks again each 500 ms. Both give up after 5 s + 2 x 1 s.
test('On a member that is cut off serializable reads go on, linearizable ones fail after 7 s.', () => {
  for (const version of ['3.4', '3.5']) {
    const one = { ...reads, target: 'etcd/2', clients: 1, startNs: 3.2 * S };
    const bed = open({
      version,
      workload: [
        { ...one, name: 'linearizable' },
        { ...one, name: 'serializable', consistency: 'serializable' },
      ],
      faults: [cutOff],
      horizon: 20_000,
    });
    const o = bed.end();
    assert.deepEqual(Object.keys(o.outcomes('serializable')), ['ok']);
    const { ok = 0, serverTimeout = 0, leaderChanged = 0 } = o.outcomes('linearizable');
    assert.equal(ok, 0);
    // At 3.2 s the member still believes in its leader; its first campaign ends that read at once.
    assert.deepEqual([leaderChanged, serverTimeout], [1, 2]);
  }
});

// Connections of a follower are reset for 300 ms, too short for an election. The request that was
// on its way is lost: 3.5 asks again after 500 ms, in 3.4 it and all behind it wait for its 7 s to
// pass.
test('A request for a read index that got lost is repeated from 3.5 on.', () => {
  const others = ['etcd/0', 'etcd/1'];
  const reset = {
    kind: 'partition',
    groups: [['etcd/2'], others],
    oneWay: false,
    mode: 'reset',
  } as const;
  const run = (version: string) => {
    const steady = { ratePerSecond: 100, arrivals: 'constant', target: 'etcd/2' } as const;
    const faults = [fault(3000, reset, 300)];
    const o = simulate({ version, workload: [{ ...reads, ...steady }], faults, horizon: 14_000 });
    return { worst: o.latency().p(0.9999), outcomes: o.outcomes() };
  };
  const [before, after] = [run('3.4'), run('3.5')];
  assert.equal(before.outcomes.serverTimeout, 1);
  near(before.worst, 7000, 0.01);
  assert.deepEqual(Object.keys(after.outcomes), ['ok']);
  near(after.worst, 500, 0.02);
});

// 1 + 999 x 1.2 us of bolt and filter for a thousand keys, and their bytes.
test('A range costs by the key.', () => {
  const range = (keysPerRequest: number): number =>
    simulate({
      members: 1,
      version: '3.5',
      constants: { ...freeCpu, 'etcd.readNs': 8000, 'etcd.readKeyNs': 1200 },
      workload: [{ ...reads, clients: 1, keysPerRequest, consistency: 'serializable' }],
      horizon: 1500,
      warmup: 1100,
    }).latency().mean * MS;
  assert.equal(Math.round(range(1)), 8000);
  assert.equal(Math.round(range(1000)), 8000 + 999 * 1200);
});

test.run();
