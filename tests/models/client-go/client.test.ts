import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import type { ApiCall, ApiResult } from '../../../models/objects/index.ts';
import { metaOf } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const test = suite('clients');
const MS = 1e6;
const S = 1e9;

function configMap(c: FakeCluster, name: string) {
  const meta = metaOf(c.uids, c.sim.nowNs, { name, namespace: 'd' });
  return { resource: 'configmaps' as const, meta, bytes: 100, resourceVersion: 0, data: {} };
}

const GET: ApiCall = { verb: 'get', resource: 'configmaps', path: 'd/a' };

/** Calls at a time; the codes and times (ms) of the results. */
function calls(c: FakeCluster, o: Parameters<FakeCluster['clientOptions']>[1], n: number) {
  const client = c.library.client(c.clientOptions('test/0', o));
  const log: [number, number, string][] = [];
  for (let i = 0; i < n; i++) {
    client.call(GET, (r) => log.push([c.sim.nowNs / MS, r.code, r.reason]));
  }
  return { client, log };
}

test('a first call pays for TCP and TLS, and one round trip; the next for its round trip alone', () => {
  const c = fakeCluster();
  c.store.preload([configMap(c, 'a')]);
  const { client, log } = calls(c, {}, 1);
  c.at(S, () => client.call(GET, (r) => log.push([c.sim.nowNs / MS, r.code, r.reason])));
  c.run(2 * S);
  // 2 round trips of 1 ms, then 0.5 ms each way.
  assert.deepEqual(log, [
    [3, 200, ''],
    [1001, 200, ''],
  ]);
});

test('without TLS a dial is one round trip', () => {
  const c = fakeCluster({ tls: false });
  const { log } = calls(c, {}, 1);
  c.run(S);
  assert.deepEqual(log, [[2, 404, 'NotFound']]);
});

test('a client waits for its token bucket, first in first out', () => {
  const c = fakeCluster();
  const { log } = calls(c, { qps: 10, burst: 3 }, 6);
  c.run(10 * S);
  // Three at once, then one every 100 ms; the connection is there by then.
  assert.deepEqual(
    log.map(([ms]) => ms),
    [3, 3, 3, 101, 201, 301],
  );
});

test('a bucket grants what a token bucket of that rate and burst does', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), (gapsMs, burst) => {
      const c = fakeCluster();
      const client = c.library.client(c.clientOptions('test/0', { qps: 8, burst }));
      const sent: number[] = [];
      c.endpoint.intercept = () => {
        sent.push(c.sim.nowNs);
        return status(200, '');
      };
      // The connection is there before.
      client.call(GET, () => {});
      let atNs = 1000 * S;
      const expected: number[] = [];
      let tokens = burst;
      let lastNs = 0;
      for (const gap of gapsMs) {
        atNs += gap * MS;
        // The oracle refills step by step: 8 a second, at most `burst`, and owes what was reserved.
        tokens = Math.min(burst, tokens + ((atNs - lastNs) * 8) / S) - 1;
        lastNs = atNs;
        expected.push(tokens >= 0 ? atNs : atNs + Math.ceil((-tokens * S) / 8 - 1e-3));
        c.at(atNs, () => client.call(GET, () => {}));
      }
      c.run(1100 * S);
      const seen = sent.slice(1).map((ns) => ns - 0.5 * MS);
      assert.equal(seen.length, expected.length);
      seen.forEach((ns, i) => {
        assert.ok(Math.abs(ns - expected[i]) <= 1, `${i}: ${ns} is not ${expected[i]}`);
      });
    }),
    { numRuns: 50 },
  );
});

test('429 with Retry-After is tried ten more times, without jitter', () => {
  const c = fakeCluster();
  c.endpoint.intercept = () => status(429, 'TooManyRequests', 1);
  const { log } = calls(c, {}, 1);
  c.run(60 * S);
  assert.equal(c.endpoint.calls.length, 11);
  // 3 ms, then ten times 1 s and a round trip of 1 ms.
  assert.deepEqual(log, [[10_013, 429, 'TooManyRequests']]);
});

test('an error without Retry-After is handed over at once', () => {
  const c = fakeCluster();
  c.endpoint.intercept = () => status(500, 'InternalError');
  const { log } = calls(c, {}, 1);
  c.run(60 * S);
  assert.deepEqual(log, [[3, 500, 'InternalError']]);
});

test('a call that is not answered ends with the timeout of its client; the connection stays', () => {
  const c = fakeCluster();
  let silent = true;
  c.endpoint.intercept = () => (silent ? 'never' : null);
  const { client, log } = calls(c, { timeoutNs: 10 * S }, 2);
  c.at(10.5 * S, () => {
    silent = false;
    client.call(GET, (r) => log.push([c.sim.nowNs / MS, r.code, r.reason]));
  });
  c.run(60 * S);
  assert.deepEqual(log, [
    [10_000, 0, 'ClientTimeout'],
    [10_000, 0, 'ClientTimeout'],
    [10_501, 404, 'NotFound'],
  ]);
});

test('a late answer to a call that timed out is nobody’s', () => {
  const c = fakeCluster({ delayNs: 3 * S });
  const { log } = calls(c, { timeoutNs: S }, 1);
  c.run(60 * S);
  assert.deepEqual(log, [[1000, 0, 'ClientTimeout']]);
});

test('a killed server resets connections: reads are tried again after 1 s, writes fail', () => {
  const c = fakeCluster({ delayNs: 100 * MS });
  const { client, log } = calls(c, {}, 1);
  const object = configMap(c, 'b');
  client.call({ verb: 'create', resource: 'configmaps', object }, (r) => {
    log.push([c.sim.nowNs / MS, r.code, r.reason]);
  });
  c.at(50 * MS, () => c.endpoint.crash());
  c.at(60 * MS, () => c.endpoint.restart());
  c.run(60 * S);
  assert.deepEqual(log, [
    [50.5, 0, 'Reset'],
    // Reset at 50.5, again at 1050.5: dial 2 ms, half a trip, 100 ms, half a trip.
    [1153.5, 404, 'NotFound'],
  ]);
});

test('a server that does not listen refuses after one round trip, and every waiting call at once', () => {
  const c = fakeCluster();
  c.endpoint.crash();
  const { log } = calls(c, {}, 3);
  c.run(S);
  assert.deepEqual(log, [
    [1, 0, 'Refused'],
    [1, 0, 'Refused'],
    [1, 0, 'Refused'],
  ]);
});

test('clients of one transport share a connection until its streams are used up', () => {
  const c = fakeCluster({ delayNs: 50 * MS, overrides: { 'clientGo.streamsMax': 2 } });
  const a = c.library.client(c.clientOptions('kcm/a', { transport: 'kcm' }));
  const b = c.library.client(c.clientOptions('kcm/b', { transport: 'kcm' }));
  for (const client of [a, b, a, b, a]) client.call(GET, () => {});
  c.run(S);
  assert.equal(c.endpoint.calls.length, 5);
  assert.equal(new Set(c.endpoint.requests.map((r) => r.connection)).size, 3);
});

test('a stopped client is never answered; after restart it has a new connection and full bucket', () => {
  const c = fakeCluster({ delayNs: 100 * MS });
  const { client, log } = calls(c, { qps: 1, burst: 2 }, 4);
  c.at(50 * MS, () => client.stop());
  c.at(10 * S, () => {
    client.restart();
    for (let i = 0; i < 2; i++) {
      client.call(GET, (r) => log.push([c.sim.nowNs / MS, r.code, r.reason]));
    }
  });
  c.run(60 * S);
  assert.deepEqual(log, [
    [10_103, 404, 'NotFound'],
    [10_103, 404, 'NotFound'],
  ]);
  assert.equal(c.endpoint.calls.length, 4);
});

test('members of a population have buckets of their own and answer to one handler', () => {
  const c = fakeCluster();
  const results: [number, number, number][] = [];
  const population = c.library.population({
    ...c.clientOptions('unused', { qps: 1, burst: 1 }),
    component: 'kubelet',
    count: 1000,
    userOf: (member) => ({ ...c.clientOptions('x').user, name: `system:node:n${member}` }),
    onResult: (member, tag, r: ApiResult) => results.push([member, tag, r.code]),
  });
  population.call(7, GET, 70);
  population.call(7, GET, 71);
  population.call(999, GET, 72);
  c.run(500 * MS);
  assert.deepEqual(results, [
    [7, 70, 404],
    [999, 72, 404],
  ]);
  c.run(2 * S);
  assert.deepEqual(results[2], [7, 71, 404]);
  assert.deepEqual(
    c.endpoint.requests.map((r) => r.user.name),
    ['system:node:n7', 'system:node:n999', 'system:node:n7'],
  );
});

test('an answer costs its component CPU, and waits while that is frozen', () => {
  const c = fakeCluster();
  const process = c.process('scheduler/0');
  const client = c.library.client(c.clientOptions('scheduler/0'), process);
  const log: number[] = [];
  client.call(GET, () => log.push(c.sim.nowNs));
  c.at(S, () => process.pause());
  c.at(1.5 * S, () => client.call(GET, () => log.push(c.sim.nowNs)));
  c.at(5 * S, () => process.resume());
  c.run(10 * S);
  // 20 us and 4 ns for each of 200 bytes of a status.
  const costNs = 20_000 + 4 * 200;
  assert.deepEqual(log, [3 * MS + costNs, 5 * S + costNs]);
});

test('requests are counted by code and method', () => {
  const c = fakeCluster({ horizonNs: 2 * S });
  calls(c, {}, 2);
  c.run(S);
  while (!c.sim.finished) c.sim.advance(1000);
  const { counters, tallies } = c.metrics.finish(2 * S);
  const found = counters.find((x) => x.name === 'rest_client_requests_total');
  assert.deepEqual(found?.labels, { component: 'test', code: '404', method: 'GET' });
  assert.ok(tallies.some((x) => x.name === 'rest_client_rate_limiter_duration_seconds'));
});

test.run();
