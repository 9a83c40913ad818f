import assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { ApiCall } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';

const test = suite('transport');
const MS = 1e6;
const S = 1e9;
const GET: ApiCall = { verb: 'get', resource: 'configmaps', path: 'd/a' };
const WRITE: ApiCall = { verb: 'delete', resource: 'configmaps', path: 'd/a' };

function logged(c: FakeCluster) {
  const log: [number, number, string][] = [];
  return {
    log,
    done: (r: { code: number; reason: string }) => log.push([c.sim.nowNs / MS, r.code, r.reason]),
  };
}

function cut(c: FakeCluster, server = 'kube-apiserver/0') {
  const [a, b] = [c.network.host('control-plane'), c.network.host(server)];
  return c.network.partition([a], [b], { mode: 'blackhole' });
}

test('a black hole is noticed 45 s after the last frame, and fails what waits', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(10 * S, () => cut(c));
  c.at(12 * S, () => client.call(WRITE, done));
  c.run(200 * S);
  // The answer came at 3 ms; no ping was sent before the cut: 3 ms + 30 s + 15 s.
  assert.deepEqual(log, [
    [3, 404, 'NotFound'],
    [45_003, 0, 'Reset'],
  ]);
});

test('pings of a healthy connection move that deadline on', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(70 * S, () => cut(c));
  c.at(71 * S, () => client.call(WRITE, done));
  c.run(200 * S);
  // Answered pings at 30 and 60 s: 60.003 + 45.
  assert.deepEqual(log[1], [105_003, 0, 'Reset']);
});

test('a cut that heals in time delays by the next retransmission and loses nothing', () => {
  const c = fakeCluster({ delayNs: 5 * S });
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(WRITE, done);
  let id = 0;
  c.at(6 * S, () => {
    client.call(GET, done);
    client.call(WRITE, done);
  });
  c.at(7 * S, () => {
    id = cut(c);
  });
  c.at(10 * S, () => client.call(WRITE, done));
  c.at(20 * S, () => c.network.heal(id));
  c.run(100 * S);
  assert.deepEqual(
    log.map(([, code]) => code),
    [404, 404, 404, 404],
  );
  // What waits first was sent at 10 s: RTO 201 ms, doubled each time; six in a row end at 22.7 s.
  const retransmitMs = 10_000 + 201 * (2 ** 6 - 1);
  assert.ok(retransmitMs > 20_000);
  assert.deepEqual(log[1][0], log[2][0]);
  assert.equal(log[1][0], retransmitMs + 0.5);
  assert.equal(log[3][0], retransmitMs + 0.5 + 5000 + 0.5);
});

test('the second cut begins its own 45 s', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  let id = 0;
  c.at(10 * S, () => {
    id = cut(c);
  });
  c.at(11 * S, () => c.network.heal(id));
  c.at(40 * S, () => client.call(GET, done));
  c.at(41 * S, () => cut(c));
  c.at(42 * S, () => client.call(WRITE, done));
  c.run(300 * S);
  assert.deepEqual(log[2], [85_001, 0, 'Reset']);
});

test('a dial into a black hole is given up after 30 s', () => {
  const c = fakeCluster();
  cut(c);
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.run(100 * S);
  assert.deepEqual(log, [[30_000, 0, 'Refused']]);
});

test('a dial goes on with the first SYN after the path has healed', () => {
  const c = fakeCluster();
  const id = cut(c);
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(5 * S, () => c.network.heal(id));
  c.run(100 * S);
  // SYNs at 0, 1, 3, 7 s.
  assert.deepEqual(log, [[7003, 404, 'NotFound']]);
});

test('a path that refuses resets the connection at once', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  c.endpoint.intercept = () => 'never';
  client.call(WRITE, done);
  c.at(S, () => {
    const [a, b] = [c.network.host('control-plane'), c.network.host('kube-apiserver/0')];
    c.network.partition([a], [b], { mode: 'reset' });
  });
  c.at(2 * S, () => client.call(WRITE, done));
  c.run(10 * S);
  assert.deepEqual(log, [
    [1000, 0, 'Reset'],
    [2001, 0, 'Refused'],
  ]);
});

test('a server that stands still answers no pings: its connections end after 45 s', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(10 * S, () => c.endpoint.freeze(true));
  c.at(12 * S, () => client.call(WRITE, done));
  // Its kernel accepts the next dial; TLS is given up after 10 s, polled each second.
  c.at(50 * S, () => client.call(WRITE, done));
  c.at(70 * S, () => c.endpoint.freeze(false));
  c.at(71 * S, () => client.call(WRITE, done));
  c.run(200 * S);
  assert.deepEqual(log, [
    [3, 404, 'NotFound'],
    [45_003, 0, 'Reset'],
    [60_002, 0, 'Refused'],
    [71_003, 404, 'NotFound'],
  ]);
});

test('one that goes on in time has lost nothing', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(10 * S, () => c.endpoint.freeze(true));
  c.at(12 * S, () => client.call(WRITE, done));
  c.at(30 * S, () => c.endpoint.freeze(false));
  c.at(100 * S, () => client.call(WRITE, done));
  c.run(200 * S);
  assert.deepEqual(
    log.map(([ms, code]) => [ms, code]),
    [
      [3, 404],
      [30_000.5, 404],
      [100_001, 404],
    ],
  );
});

test('after GOAWAY what is under way is answered, and the next call dials', () => {
  const c = fakeCluster({ delayNs: S });
  const client = c.library.client(c.clientOptions('test/0'));
  const { log, done } = logged(c);
  client.call(GET, done);
  c.at(500 * MS, () => c.endpoint.goaway(c.endpoint.requests[0].connection));
  c.at(600 * MS, () => client.call(GET, done));
  c.run(10 * S);
  assert.deepEqual(
    log.map(([, code]) => code),
    [404, 404],
  );
  const [first, second] = c.endpoint.requests.map((r) => r.connection);
  assert.notEqual(first, second);
});

/** Clients that each make one call; how many each replica got. */
function spread(c: FakeCluster, clients: number): number[] {
  const before = c.endpoints.map((endpoint) => endpoint.calls.length);
  for (let i = 0; i < clients; i++) {
    const options = c.clientOptions(`agent/${c.sim.nowNs}-${i}`, { servers: ['loadBalancer'] });
    c.library.client(options).call(GET, () => {});
  }
  return before;
}

function received(c: FakeCluster, before: readonly number[]): number[] {
  return c.endpoints.map((endpoint, i) => {
    const own = endpoint.calls.slice(before[i]).filter((call) => call.subresource === undefined);
    return own.length;
  });
}

test('a load balancer draws a replica for each connection', () => {
  const c = fakeCluster({ replicas: 3, loadBalancer: { kind: 'loadBalancer' } });
  const before = spread(c, 3000);
  c.run(S);
  const counts = received(c, before);
  assert.equal(counts[0] + counts[1] + counts[2], 3000);
  // Binomial, standard deviation 26.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 4 * 26, `${counts}`);
});

test('health checks take a dead replica out after their threshold, and back in', () => {
  const c = fakeCluster({ replicas: 2, loadBalancer: { kind: 'loadBalancer' } });
  // Probes at 10, 20, 30, ...: those of 10, 20 and 30 fail, which is known at 20, 30 and 40 s.
  c.at(5 * S, () => c.endpoints[1].crash());
  c.run(39 * S);
  let before = spread(c, 100);
  c.run(39.5 * S);
  assert.ok(received(c, before)[0] < 80, 'before, connections to it are refused');
  c.run(41 * S);
  before = spread(c, 100);
  c.run(42 * S);
  assert.deepEqual(received(c, before), [100, 0]);
  c.endpoints[1].restart();
  c.run(81 * S);
  before = spread(c, 100);
  c.run(82 * S);
  assert.ok(received(c, before)[1] > 20);
});

test('without a health check a dead replica gets its share of dials, which are refused', () => {
  const c = fakeCluster({ replicas: 2, loadBalancer: { kind: 'loadBalancer' } });
  const { balancer } = c.library.transport;
  c.endpoints[1].crash();
  c.run(60 * S);
  let before = spread(c, 1000);
  c.run(61 * S);
  assert.deepEqual(received(c, before), [1000, 0]);
  balancer.ignoreHealth('kube-apiserver/1', true);
  before = spread(c, 1000);
  c.run(62 * S);
  // Binomial, standard deviation 16: about half of the calls are lost, for calls do not dial again.
  const [first] = received(c, before);
  assert.ok(Math.abs(first - 500) < 4 * 16, `${first}`);
  balancer.ignoreHealth('kube-apiserver/1', false);
  before = spread(c, 1000);
  c.run(63 * S);
  assert.deepEqual(received(c, before), [1000, 0]);
});

test('clients stay with the replica that they have when another comes back', () => {
  const c = fakeCluster({
    replicas: 2,
    loadBalancer: { kind: 'loadBalancer', healthThreshold: 1 },
  });
  const options = (i: number) => c.clientOptions(`agent/${i}`, { servers: ['loadBalancer'] });
  const clients = Array.from({ length: 40 }, (_, i) => c.library.client(options(i)));
  const ask = () => {
    const before = c.endpoints.map((endpoint) => endpoint.calls.length);
    for (const client of clients) client.call(GET, () => {});
    return before;
  };
  ask();
  c.run(S);
  c.endpoints[0].crash();
  c.run(60 * S);
  ask();
  c.endpoints[0].restart();
  c.run(120 * S);
  const before = ask();
  c.run(121 * S);
  assert.deepEqual(received(c, before), [0, 40]);
  c.endpoints[1].goaway(-1);
  const after = ask();
  c.run(122 * S);
  assert.ok(received(c, after)[0] > 8, 'GOAWAY spreads them again');
});

test('a client with a list of servers goes on to the next that answers', () => {
  const c = fakeCluster({ replicas: 3 });
  const servers = c.endpoints.map((endpoint) => endpoint.name);
  c.endpoints[0].crash();
  c.endpoints[1].crash();
  const codes: number[] = [];
  for (let i = 0; i < 20; i++) {
    const client = c.library.client(c.clientOptions(`agent/${i}`, { servers }));
    client.call(GET, (r) => codes.push(r.code));
  }
  c.run(S);
  assert.deepEqual(codes, new Array(20).fill(404));
});

test('the server learns that a client is gone, and ends its watch', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('test/0'));
  const factory = c.library.informers(client, null);
  factory.informer('pods');
  factory.start(false);
  c.run(S);
  assert.equal(c.endpoint.watches.size, 1);
  client.stop();
  c.run(2 * S);
  assert.equal(c.endpoint.watches.size, 0);
});

test.run();
