/** Watches, probes, and the life of a server's process. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { ApiCall } from '../../../models/objects/index.ts';
import { admin, apiServerDefaults, freeServer, TestServers } from '../../support/api-servers.ts';
import { MS, S } from '../../support/scenario.ts';

const test = suite('apiserver/life');
const WATCH: ApiCall = { verb: 'watch', resource: 'leases', resourceVersion: 1 };
const GET: ApiCall = { verb: 'get', resource: 'leases', path: 'ns/l' };
const [replica] = apiServerDefaults.replicas;

function seats(t: TestServers, level: string): number {
  const labels = { instance: 'kube-apiserver/0', priority_level: level };
  return t.metrics.level('apiserver_flowcontrol_current_executing_seats', labels).value;
}

// --- Watches -------------------------------------------------------------------------------------

test('A watch is told of changes until its client stops it.', () => {
  const t = new TestServers();
  const answer = t.send(WATCH);
  t.until(S);
  assert.deepEqual([answer.result?.code, t.servers.replicas[0].watchCount], [200, 1]);
  const lease = t.store.put(t.object('leases', 'ns/l'));
  assert.deepEqual(
    answer.events.map((e) => [e.type, e.object]),
    [['ADDED', lease]],
  );
  answer.watch!.stop();
  t.store.put({ ...lease, resourceVersion: 0 });
  assert.deepEqual([answer.events.length, t.servers.replicas[0].watchCount], [1, 0]);
  assert.equal(t.store.watches.size, 0);
  assert.equal(answer.ended, null);
});

test('A watch that is stopped before it is served never is.', () => {
  const t = new TestServers();
  const answer = t.send(WATCH);
  answer.watch!.stop();
  t.until(S);
  assert.deepEqual([answer.result, t.store.watches.size, seats(t, 'node-high')], [null, 0, 0]);
});

test('A watch ends after the time that its client asked for.', () => {
  const t = new TestServers();
  const answer = t.send({ ...WATCH, timeoutNs: 300 * S });
  t.until(300 * S);
  assert.equal(answer.ended, null);
  t.until(301 * S);
  assert.equal(answer.ended, '');
});

test('Otherwise it ends after half an hour to an hour.', () => {
  const t = new TestServers();
  const answers = Array.from({ length: 50 }, (_, i) => t.send(WATCH, { connection: i }));
  t.until(1800 * S);
  assert.ok(answers.every((a) => a.ended === null));
  t.until(2700 * S);
  const half = answers.filter((a) => a.ended !== null).length;
  assert.ok(half > 12 && half < 38, String(half));
  t.until(3601 * S);
  assert.ok(answers.every((a) => a.ended === ''));
});

test('A watch that begins with all objects holds its seats until they have been sent.', () => {
  const t = new TestServers();
  t.store.put(t.object('leases', 'ns/l'));
  t.storages[0].delayNs = 5 * S;
  const answer = t.send({ verb: 'watch', resource: 'leases', sendInitialEvents: true });
  t.until(4 * S);
  assert.equal(seats(t, 'node-high'), 1);
  t.until(6 * S);
  assert.deepEqual([seats(t, 'node-high'), answer.events.length], [0, 2]);
});

test('A watch of before the start is there at once and costs nothing.', () => {
  const t = new TestServers({ constants: {} });
  const [server] = t.servers.replicas;
  let accepted = Number.NaN;
  server.handle({
    call: { ...WATCH, members: 10 },
    user: admin,
    deadlineNs: Infinity,
    connection: 9,
    preloaded: true,
    sink: { send: () => true, end: () => {} },
    respond: () => {
      accepted = t.sim.nowNs;
    },
  });
  t.until(S);
  assert.deepEqual([accepted, server.watchCount], [MS, 10]);
  assert.equal(server.process.host.cpu.runnable(), 0);
  assert.ok(!t.results.counters.some((c) => c.name === 'apiserver_request_total'));
});

test('GOAWAY is said to as many requests as was asked for.', () => {
  const t = new TestServers({ scenario: { goawayChance: 0.02 } });
  t.store.put(t.object('leases', 'ns/l'));
  const told: string[] = [];
  t.servers.replicas[0].onDisconnect((kind, connection) => told.push(`${kind} ${connection}`));
  for (let i = 0; i < 5000; i++) t.send(GET, { connection: i, user: admin });
  t.until(S);
  assert.ok(told.length > 60 && told.length < 140, String(told.length));
  assert.match(told[0], /^goaway \d+$/);
});

// --- Probes --------------------------------------------------------------------------------------

test('/readyz fails without etcd and, since 1.36, without watch caches.', () => {
  const code = (version: string, etcdHealthy: boolean, isReady: boolean) => {
    const t = new TestServers({ version });
    Object.assign(t.storages[0], { etcdHealthy, isReady });
    return t.ask({ verb: 'get', resource: 'pods', subresource: 'healthz' }).code;
  };
  assert.deepEqual(
    [code('1.36', true, true), code('1.36', true, false), code('1.35', true, false)],
    [200, 500, 200],
  );
  assert.equal(code('1.35', false, true), 500);
});

test('The kubelet ends a server whose /livez has failed for 80 s, and starts it again.', () => {
  const t = new TestServers({ scenario: { replicas: [{ ...replica, supervisor: 'kubelet' }] } });
  const stops: number[] = [];
  t.servers.replicas[0].onStop(() => stops.push(t.sim.nowNs));
  t.until(5 * S);
  t.storages[0].etcdHealthy = false;
  t.until(85 * S);
  // Probes at 10 s, 20 s, ... 80 s.
  assert.deepEqual(stops, [80 * S]);
  assert.equal(t.servers.replicas[0].state, 'running');
});

// --- Processes -----------------------------------------------------------------------------------

test('A server writes its identity lease every 10 s, 4 % more at most.', () => {
  const t = new TestServers();
  t.until(100 * S);
  const path = 'kube-system/apiserver-kube-apiserver-0';
  const calls = t.storages[0].calls.filter((c) => c.includes('apiserver'));
  assert.deepEqual(calls.slice(0, 3), [
    `get leases ${path}`,
    `create leases ${path}`,
    `update leases ${path}`,
  ]);
  // 9 renewals in 100 s: the first two calls are one.
  assert.equal(calls.length, 10);
});

test('A machine without power takes its server with it, and starts it when it is back.', () => {
  const t = new TestServers();
  const [server] = t.servers.replicas;
  t.until(S);
  server.process.host.crash();
  assert.equal(server.state, 'down');
  t.until(60 * S);
  assert.equal(server.state, 'down');
  server.process.host.boot();
  t.until(70 * S);
  assert.equal(server.state, 'running');
});

test('A server of a machine that stands still answers when that goes on.', () => {
  const t = new TestServers();
  t.store.put(t.object('leases', 'ns/l'));
  const { host } = t.servers.replicas[0].process;
  t.until(S);
  host.pause();
  const get = t.send(GET);
  t.until(3 * S);
  host.resume();
  t.until(4 * S);
  assert.equal(get.atNs, 3 * S + MS);
});

test('A killed server answers nothing, resets its connections and comes back cold.', () => {
  const constants = { ...freeServer, 'apiserver.startNs': 3 * S, 'apiserver.startCpuNs': S };
  const t = new TestServers({ constants });
  t.store.put(t.object('leases', 'ns/l'));
  const [server] = t.servers.replicas;
  const told: string[] = [];
  server.onDisconnect((kind, connection) => told.push(`${kind} ${connection}`));
  const get = t.send(GET);
  const watch = t.send(WATCH);
  t.until(MS / 2);
  server.kill();
  assert.deepEqual([told, server.isListening], [['reset -1'], false]);
  // systemd after 5 s, then 3 s until it listens.
  t.until(7 * S);
  assert.deepEqual([server.state, server.handle.length], ['starting', 1]);
  t.until(9 * S);
  assert.equal(server.state, 'running');
  assert.deepEqual([get.result, watch.result, watch.ended], [null, null, null]);
  assert.deepEqual([server.requestsInFlight, server.watchCount], [0, 0]);
  assert.equal(t.ask(GET).code, 200);
});

test('Seats of requests that died with their process are free in the next one.', () => {
  const t = new TestServers();
  t.store.put(t.object('leases', 'ns/l'));
  t.storages[0].delayNs = 100 * S;
  for (let i = 0; i < 300; i++) t.send(GET, { connection: i });
  t.until(S);
  assert.ok(seats(t, 'node-high') > 50);
  t.servers.replicas[0].kill();
  t.until(10 * S);
  assert.equal(seats(t, 'node-high'), 0);
  t.storages[0].delayNs = MS;
  const answers = Array.from({ length: 50 }, (_, i) => t.send(GET, { connection: 1000 + i }));
  t.until(200 * S);
  assert.ok(answers.every((a) => a.atNs === 10 * S + MS));
});

test('A server that shuts down finishes what is under way and refuses what still comes.', () => {
  const t = new TestServers({ scenario: { shutdownDelayNs: 10 * S } });
  t.store.put(t.object('leases', 'ns/l'));
  t.storages[0].delayNs = 5 * S;
  const [server] = t.servers.replicas;
  t.servers.setRestart(server.name, false);
  const stops: string[] = [];
  server.onStop((drained) => stops.push(`${drained} ${t.sim.nowNs / S}`));
  const watch = t.send(WATCH);
  t.until(6 * S);
  server.shutdown();
  assert.deepEqual([server.isReady, server.isListening], [false, true]);
  t.until(14 * S);
  const last = t.send(GET);
  t.until(17 * S);
  assert.deepEqual([server.state, watch.ended], ['draining', '']);
  const late = t.send(GET);
  t.until(30 * S);
  assert.deepEqual([last.result?.code, last.atNs], [200, 19 * S]);
  assert.deepEqual([late.result?.code, late.result?.retryAfterS], [429, 5]);
  assert.deepEqual([stops, server.state], [['true 19'], 'down']);
});

test('What takes longer than a minute is cut off at shutdown.', () => {
  const t = new TestServers({ scenario: { requestTimeoutNs: 300 * S } });
  t.store.put(t.object('leases', 'ns/l'));
  t.storages[0].delayNs = 200 * S;
  const [server] = t.servers.replicas;
  t.servers.setRestart(server.name, false);
  const get = t.send(GET);
  t.until(S);
  server.shutdown();
  t.until(60 * S);
  assert.equal(server.state, 'draining');
  t.until(62 * S);
  assert.deepEqual([server.state, get.result], ['down', null]);
});

test('A stopped process looks at what came when it goes on.', () => {
  const t = new TestServers();
  t.store.put(t.object('leases', 'ns/l'));
  const [server] = t.servers.replicas;
  server.pause();
  const get = t.send(GET);
  const gone = t.send(WATCH);
  const watch = t.send(WATCH);
  t.until(5 * S);
  assert.equal(get.result, null);
  gone.watch!.stop();
  server.resume();
  t.until(6 * S);
  assert.deepEqual([get.atNs, watch.atNs, gone.result], [5 * S + MS, 5 * S + MS, null]);
  watch.watch!.stop();
  assert.equal(server.watchCount, 0);
});

test('Lists that are encoded item by item from the cache need no memory.', () => {
  const bytes = (version: string) => {
    const t = new TestServers({ version });
    for (let i = 0; i < 10; i++) t.store.put(t.object('pods', `a/p${i}`, { bytes: 1e7 }));
    t.until(S);
    const before = t.servers.replicas[0].process.memoryBytes;
    t.send({ verb: 'list', resource: 'pods' });
    t.until(S + 10 * MS);
    return t.servers.replicas[0].process.memoryBytes - before;
  };
  assert.deepEqual([bytes('1.32'), bytes('1.33')], [1e8, 0]);
});

test('Large lists at once are killed by the memory limit of the server.', () => {
  const limited = { ...replica, memoryLimitBytes: 1e9 };
  const constants = { ...freeServer, 'apiserver.baseMemoryBytes': 3e8 };
  const scenario = { replicas: [limited] };
  const t = new TestServers({ scenario, constants, version: '1.32' });
  t.storages[0].cacheBytes = 1e8;
  // 100 MB a list, 250 MB of cache, 300 MB anyway: five lists are too many.
  for (let i = 0; i < 10; i++) t.store.put(t.object('pods', `a/p${i}`, { bytes: 1e7 }));
  const [server] = t.servers.replicas;
  t.until(2 * S);
  const list = (n: number) => {
    for (let i = 0; i < n; i++) t.send({ verb: 'list', resource: 'pods' }, { connection: i });
  };
  list(4);
  t.until(3 * S);
  assert.equal(server.state, 'running');
  t.until(4 * S);
  list(5);
  t.until(5 * S);
  assert.equal(server.state, 'down');
  assert.ok(t.results.events.some((e) => e.kind === 'oomKill'));
});

test.run();
