import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { machineConstants } from '../../../models/machine/index.ts';
import {
  type ConnectionOptions,
  Network,
  type NetworkHost,
  networkConstants,
} from '../../../models/network/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import type { DistributionSpec } from '../../../src/dist/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import type { NetworkScenario } from '../../../src/scenario/types.ts';

const test = suite('network');
const MS = 1e6;
const S = 1e9;
const HOSTS: readonly NetworkHost[] = [
  { name: 'h0', zone: 'a', aliases: ['etcd/0'] },
  { name: 'h1', zone: 'b', aliases: ['etcd/1'] },
  { name: 'h2', zone: 'b', aliases: ['etcd/2'] },
  { name: 'clients', zone: 'c', aliases: ['client'], client: true },
];

function fixed(value: number): DistributionSpec {
  return { kind: 'constant', value };
}

/** Round trip 2 ms between members, 4 ms to clients; no other limits unless asked. */
function net(o: Partial<NetworkScenario> = {}, horizonNs = 3600 * S) {
  const sim = new Simulation({ seed: 'network', horizonNs });
  const metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
  const constants = new Constants([...machineConstants, ...networkConstants]);
  const scenario: NetworkScenario = {
    peerRtt: fixed(2 * MS),
    clientRtt: fixed(4 * MS),
    bandwidthBytesPerSecond: Infinity,
    lossProbability: 0,
    pairs: [],
    ...o,
  };
  const network = new Network({ sim, metrics, constants }, scenario, HOSTS);
  const log: string[] = [];
  const type = sim.eventType('deliver', (a) => log.push(`${sim.nowNs / MS}:${a}`));
  const [h0, h1, h2, clients] = HOSTS.map((host) => network.host(host.name));
  function at(timeNs: number, action: () => void): void {
    sim.scheduleAt(timeNs, sim.eventType('at', action));
  }
  function connect(options: ConnectionOptions = {}) {
    return network.connect('0-1', h0, h1, {
      ...options,
      onDown: (reason) => log.push(`${sim.nowNs / MS}:${reason}`),
      onUp: () => log.push(`${sim.nowNs / MS}:up`),
    });
  }
  function run(toNs = horizonNs): string[] {
    while (!sim.finished && sim.nowNs < toNs) sim.advance(1);
    return log;
  }
  return { sim, metrics, network, type, log, h0, h1, h2, clients, at, connect, run };
}

test('a message takes half of the round trip, one event, and carries its payload', () => {
  const n = net();
  let seen: number[] = [];
  const type = n.sim.eventType('payload', (a, b) => {
    seen = [a, b, n.sim.nowNs];
  });
  const c = n.connect();
  assert.equal(c.send(500, type, 7, -3), true);
  n.run();
  assert.deepEqual(seen, [7, -3, MS]);
  assert.equal(n.sim.eventCount, 1);
  assert.deepEqual(
    [c.sentMessages, c.sentBytes, c.deliveredBytes, c.lostMessages],
    [1, 500, 500, 0],
  );
});

test('the round trip comes from the closest pair, else from the kind of host', () => {
  const n = net({
    pairs: [
      {
        between: ['a', 'b'],
        rtt: fixed(10 * MS),
        bandwidthBytesPerSecond: Infinity,
        lossProbability: 0,
      },
      {
        between: ['etcd/2', 'a'],
        rtt: fixed(20 * MS),
        bandwidthBytesPerSecond: Infinity,
        lossProbability: 0,
      },
      {
        between: ['etcd/0', 'h2'],
        rtt: fixed(30 * MS),
        bandwidthBytesPerSecond: Infinity,
        lossProbability: 0,
      },
    ],
  });
  const { h0, h1, h2, clients } = n;
  const ms = (from: number, to: number) => n.network.connect(`${from}-${to}`, from, to).rttNs / MS;
  assert.equal(ms(h0, h1), 10);
  assert.equal(ms(h1, h0), 10);
  assert.equal(ms(h0, h2), 30);
  assert.equal(ms(h1, h2), 2);
  assert.equal(ms(clients, h1), 4);
  assert.equal(ms(h1, h1), 0.03);
});

test('a message never overtakes an earlier one of its connection', () => {
  const n = net({ peerRtt: { kind: 'exponential', mean: 2 * MS } });
  const c = n.connect();
  let last = -1;
  const type = n.sim.eventType('ordered', (a) => {
    assert.equal(a, last + 1);
    last = a;
  });
  for (let i = 0; i < 2000; i++) n.at(i * 50_000, () => c.send(500, type, i, 0));
  n.run();
  assert.equal(last, 1999);
});

test('messages queue for the interface of the sender and are cut through to the receiver', () => {
  // 1000 bytes take 1 ms.
  const n = net({ bandwidthBytesPerSecond: 1_000_000 }, 100 * MS);
  const c = n.connect();
  const d = n.network.connect('0-2', n.h0, n.h2);
  c.send(1000, n.type, 0, 0);
  c.send(1000, n.type, 1, 0);
  d.send(1000, n.type, 2, 0);
  n.run();
  assert.deepEqual(n.log, ['2:0', '3:1', '4:2']);
  const out = n.metrics.finish(100 * MS).resources.find((r) => r.name === 'h0/nic/out');
  // Busy for 3 of 100 ms; the second waits 1 ms, the third 2 ms.
  assert.equal(out?.utilization, 0.03);
  assert.equal(out?.queueMean, 0.03);
  assert.equal(out?.waitNsTotal, 3 * MS);
});

test('two senders share the interface of one receiver', () => {
  const n = net({ bandwidthBytesPerSecond: 1_000_000 });
  n.network.connect('0-2', n.h0, n.h2).send(1000, n.type, 0, 0);
  n.network.connect('1-2', n.h1, n.h2).send(1000, n.type, 1, 0);
  n.run();
  assert.deepEqual(n.log, ['2:0', '3:1']);
});

test('a pair with a narrower wire is limited by it, in each direction alone', () => {
  const wire = { rtt: fixed(2 * MS), bandwidthBytesPerSecond: 100_000, lossProbability: 0 };
  const n = net({ pairs: [{ between: ['h0', 'h1'], ...wire }] });
  n.connect().send(1000, n.type, 0, 0);
  n.network.connect('1-0', n.h1, n.h0).send(1000, n.type, 1, 0);
  n.network.connect('0-2', n.h0, n.h2).send(1000, n.type, 2, 0);
  n.run();
  assert.deepEqual(n.log, ['1:2', '11:0', '11:1']);
});

test('a heartbeat does not wait for all of a snapshot on another stream', () => {
  // 256 MiB at 256 MiB/s take 1 s; the queue of the interface holds 256 KiB, 1/1024 s.
  const n = net({ bandwidthBytesPerSecond: 268_435_456 });
  n.connect().send(268_435_456, n.type, 0, 0);
  n.network.connect('heartbeat', n.h0, n.h2).send(64, n.type, 1, 0);
  n.run();
  // 1/1024 s of queue, 64 bytes of the other's turn and its own 64 bytes (0.477 us in all), 1 ms of
  // latency.
  assert.deepEqual(n.log, ['1.97704:1', '1001:0']);
});

test('a black hole keeps messages until the retransmission after it has healed', () => {
  const n = net();
  const c = n.connect();
  c.send(100, n.type, 0, 0);
  let id = 0;
  n.at(10 * MS, () => {
    id = n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  });
  n.at(20 * MS, () => assert.equal(c.send(100, n.type, 1, 0), true));
  n.at(500 * MS, () => c.send(100, n.type, 2, 0));
  n.at(1000 * MS, () => n.network.heal(id));
  n.at(1100 * MS, () => c.send(100, n.type, 3, 0));
  n.at(2000 * MS, () => c.send(100, n.type, 4, 0));
  n.run(5 * S);
  // Timeout 200 + 2 ms, doubled: sent at 20, again at 222, 626, 1434. Healed at 1000, so 1434, + 1
  // ms.
  assert.deepEqual(n.log, ['1:0', '1435:1', '1435:2', '1435:3', '2001:4']);
  assert.equal(c.lostMessages, 0);
});

test('an idle connection that was cut and healed goes on at once', () => {
  const n = net();
  const c = n.connect();
  const id = n.network.partition([n.h1], [n.h0], { mode: 'blackhole' });
  n.at(1000 * MS, () => n.network.heal(id));
  n.at(1001 * MS, () => c.send(100, n.type, 0, 0));
  n.run(5 * S);
  assert.deepEqual(n.log, ['1002:0']);
});

test('where only acknowledgements are cut, messages pass until the first timeout or the window is used', () => {
  const n = net();
  const c = n.connect();
  const back = n.network.connect('1-0', n.h1, n.h0);
  // One way, from h1 to h0: data from h0 still reaches h1, its acknowledgements do not come back.
  const id = n.network.partition([n.h1], [n.h0], { oneWay: true, mode: 'blackhole' });
  c.send(14_000, n.type, 0, 0);
  c.send(1000, n.type, 1, 0);
  back.send(100, n.type, 2, 0);
  n.at(300 * MS, () => n.network.heal(id));
  n.run(5 * S);
  // The window of 14,480 bytes takes the first only. Sent at 0, again at 202 and 606 ms; both
  // streams wait alike, the one on the path that is healed is told first.
  assert.deepEqual(n.log, ['1:0', '607:2', '607:1']);
});

test('after the first timeout without acknowledgement nothing new passes', () => {
  const n = net();
  const c = n.connect();
  n.network.partition([n.h1], [n.h0], { oneWay: true, mode: 'blackhole' });
  c.send(100, n.type, 0, 0);
  n.at(201 * MS, () => c.send(100, n.type, 1, 0));
  n.at(203 * MS, () => c.send(100, n.type, 2, 0));
  n.run(5 * S);
  assert.deepEqual(n.log, ['1:0', '202:1']);
  assert.equal(c.waitingMessages, 1);
});

test('an owner with an I/O timeout learns of a black hole when nothing has come for that long', () => {
  const n = net();
  const c = n.connect({ idleTimeoutNs: 5 * S });
  let id = 0;
  n.at(9 * S, () => c.send(100, n.type, 0, 0));
  n.at(10 * S, () => {
    id = n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
    c.send(100, n.type, 1, 0);
  });
  n.at(16 * S, () => {
    assert.equal(c.send(100, n.type, 2, 0), false);
    c.reopen();
    n.network.heal(id);
  });
  n.at(20 * S, () => c.send(100, n.type, 3, 0));
  n.run(60 * S);
  // Last heard at 9.001 s: broken at 14.001 s. The SYN of 16 s meets the black hole, the next,
  // after 1 s, does not; up after one round trip.
  assert.deepEqual(n.log, ['9001:0', '14001:timeout', '17002:up', '20001:3']);
  assert.deepEqual([c.lostMessages, c.lostBytes], [2, 200]);
});

test('an idle stream with keep-alives breaks at the earliest a timeout after its last keep-alive', () => {
  const n = net();
  n.connect({ idleTimeoutNs: 6 * S });
  n.at(60 * S, () => n.network.partition([n.h0], [n.h1], { mode: 'blackhole' }));
  n.run(100 * S);
  // The last keep-alive came at most 2 s before the cut: 60 - 2 + 6.
  assert.deepEqual(n.log, ['64000:timeout']);
});

test('a black hole that is shorter than the I/O timeout breaks nothing', () => {
  const n = net();
  const c = n.connect({ idleTimeoutNs: 5 * S });
  const id = n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  n.at(3 * S, () => n.network.heal(id));
  n.run(60 * S);
  assert.deepEqual(n.log, []);
  assert.equal(c.up, true);
});

test('a reset is noticed at once by connections in both directions, and a dial is refused after a round trip', () => {
  const n = net();
  const c = n.connect();
  const other = n.network.connect('0-2', n.h0, n.h2);
  const back = n.network.connect('1-0', n.h1, n.h0);
  let id = 0;
  n.at(10 * MS, () => {
    id = n.network.partition([n.h0], [n.h1], { mode: 'reset', oneWay: true });
  });
  n.at(20 * MS, () => c.reopen());
  n.at(30 * MS, () => {
    n.network.heal(id);
    c.reopen();
  });
  n.run(S);
  assert.deepEqual(n.log, ['10:reset', '22:reset', '32:up']);
  assert.equal(back.up, false);
  assert.equal(other.up, true);
});

test('a dial into a black hole gives up after its timeout', () => {
  const n = net();
  const c = n.connect({ dialTimeoutNs: 2 * S });
  c.close();
  n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  c.reopen();
  n.run(10 * S);
  assert.deepEqual(n.log, ['2000:dialTimeout']);
});

test('a closed connection loses what waits, and events of its earlier life do nothing to it', () => {
  const n = net();
  const c = n.connect({ idleTimeoutNs: 5 * S });
  const id = n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  c.send(100, n.type, 0, 0);
  n.at(S, () => {
    n.network.heal(id);
    c.close();
    c.reopen();
  });
  n.at(2 * S, () => c.send(100, n.type, 1, 0));
  n.run(60 * S);
  assert.deepEqual(n.log, ['1002:up', '2001:1']);
  assert.equal(c.lostMessages, 1);
});

test('a full send buffer refuses', () => {
  const n = net();
  const c = n.connect({ sendBufferBytes: 250 });
  n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  const taken = [0, 1, 2].map((i) => c.send(100, n.type, i, 0));
  assert.deepEqual(taken, [true, true, false]);
});

test('partitions add up, and one that is older than a connection holds for it too', () => {
  const n = net();
  const first = n.network.partition([n.h0], [n.h1], { mode: 'blackhole' });
  const second = n.network.isolate(n.h1);
  const c = n.connect();
  c.send(100, n.type, 0, 0);
  n.at(100 * MS, () => n.network.heal(first));
  n.at(300 * MS, () => n.network.heal(second));
  n.run(10 * S);
  assert.deepEqual(n.log, ['607:0']);
  assert.throws(() => n.network.heal(second), /not in force/);
});

test('an added delay counts each way and keeps the order when it ends', () => {
  const n = net();
  const c = n.connect();
  const back = n.network.connect('1-0', n.h1, n.h0);
  const id = n.network.addDelay([n.h0], [n.h1], 50 * MS);
  c.send(100, n.type, 0, 0);
  back.send(100, n.type, 1, 0);
  assert.equal(c.rttNs, 102 * MS);
  n.at(10 * MS, () => {
    n.network.heal(id);
    c.send(100, n.type, 2, 0);
  });
  n.at(60 * MS, () => c.send(100, n.type, 3, 0));
  n.run(S);
  assert.deepEqual(n.log, ['51:0', '51:1', '51:2', '61:3']);
});

test('loss costs a timeout on a quiet stream and about 1.25 round trips on a busy one', () => {
  function delays(gapNs: number, bytes: number) {
    const n = net();
    const c = n.connect();
    n.network.setLoss([n.h0], [n.h1], 0.02);
    const late = new Map<number, number>();
    const sent: number[] = [];
    const type = n.sim.eventType('late', (a) => {
      const delayNs = n.sim.nowNs - sent[a] - MS;
      late.set(delayNs, (late.get(delayNs) ?? 0) + 1);
    });
    for (let i = 0; i < 4000; i++) {
      n.at(i * gapNs, () => {
        sent[i] = n.sim.nowNs;
        c.send(bytes, type, i, 0);
      });
    }
    n.run();
    return { late, retransmissions: c.retransmissions };
  }
  const quiet = delays(500 * MS, 100);
  // 2 % of 4000 are 80; the standard deviation is 9.
  assert.ok(quiet.retransmissions > 45 && quiet.retransmissions < 115);
  // A timeout: 202 ms; 2 % of them are lost again: 202 more.
  const once = quiet.late.get(202 * MS) ?? 0;
  assert.ok(once >= quiet.retransmissions - 8, `${once} of ${quiet.retransmissions}`);
  assert.equal((quiet.late.get(0) ?? 0) + quiet.retransmissions, 4000);
  const large = delays(500 * MS, 14_480);
  // Ten segments: 1 - 0.98^10 = 18 %, 732; the others tell of the loss after 1.25 x 2 ms.
  assert.ok(large.retransmissions > 640 && large.retransmissions < 830);
  assert.ok((large.late.get(2.5 * MS) ?? 0) > 0.9 * large.retransmissions);
});

test('messages behind a lost one wait for it', () => {
  const n = net();
  const c = n.connect();
  n.network.setLoss([n.h0], [n.h1], 0.9);
  for (let i = 0; i < 20; i++) c.send(100, n.type, i, 0);
  n.run(3000 * S);
  const order = n.log.map((line) => Number(line.split(':')[1]));
  assert.deepEqual(
    order,
    order.map((_, i) => i),
  );
  assert.ok(c.retransmissions > 10);
});

test.run();
