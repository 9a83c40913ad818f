/**
 * The way of a request through a server: stages, seats, refusals, webhooks, audit. CPU is free
 * unless a test sets a cost; a call of the storage takes 1 ms.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { ApiCall, KubeObject, ResourceQuota } from '../../../models/objects/index.ts';
import type { TallyResult } from '../../../src/metrics/index.ts';
import type { WebhookScenario } from '../../../src/scenario/types.ts';
import {
  type Answer,
  admin,
  freeServer,
  node,
  somebody,
  TestServers,
} from '../../support/api-servers.ts';
import { MS, S, US } from '../../support/scenario.ts';

const test = suite('apiserver/request-path');
const PUT: ApiCall = { verb: 'patch', resource: 'leases', path: 'ns/l', mutate: touch };

function touch(o: KubeObject): KubeObject {
  return { ...o, resourceVersion: 0, bytes: o.bytes + 1 };
}

function withLease(t: TestServers): TestServers {
  t.store.put(t.object('leases', 'ns/l'));
  return t;
}

function costs(o: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const named = Object.entries(o).map(([name, value]) => [`apiserver.${name}`, value]);
  return { ...freeServer, ...Object.fromEntries(named) };
}

function tally(
  t: TestServers,
  name: string,
  labels: Readonly<Record<string, string>>,
): TallyResult {
  const { tallies } = t.results;
  const found = tallies.find(
    (x) => x.name === name && Object.entries(labels).every(([k, v]) => x.labels[k] === v),
  );
  assert.ok(found, `no ${name} ${JSON.stringify(labels)}`);
  return found;
}

function maxOf(t: TestServers, name: string, labels: Readonly<Record<string, string>>): number {
  return tally(t, name, labels).perSegment[0].max;
}

// --- CPU and stages ------------------------------------------------------------------------------

const priced = costs({
  httpNs: 50 * US,
  authnX509Ns: 100 * US,
  authzNs: 10 * US,
  decodeNs: 20 * US,
  patchNs: 30 * US,
  responseNs: 40 * US,
  encodeNs: 5 * US,
});

test('A patch of a lease takes the CPU of its steps, and the time of its transaction.', () => {
  const t = withLease(new TestServers({ constants: priced }));
  const answer = t.send(PUT);
  t.until(S);
  // 50 + 100 + 10 + 20 + 30 us, 1 ms, 40 + 5 us.
  assert.equal(answer.atNs, 210 * US + MS + 45 * US);
  const stage = (name: string) =>
    maxOf(t, 'wavetank_api_request_stage_duration_seconds', { verb: 'PATCH', stage: name });
  assert.deepEqual(['authn', 'authz', 'admission', 'etcd', 'encode'].map(stage), [
    150 * US,
    10 * US,
    50 * US,
    MS,
    45 * US,
  ]);
});

test('Where the cores are busy, authentication is a step of its own and takes as long in all.', () => {
  const t = withLease(new TestServers({ constants: priced, cores: 1 }));
  const answers = [t.send(PUT), t.send(PUT)];
  t.until(S);
  // The first needs 210 us before storage; then the second 150 us, and 60 us without waiting again.
  // Then each 1 ms and 45 us.
  assert.equal(answers[0].atNs, 210 * US + MS + 45 * US);
  assert.equal(answers[1].atNs, 420 * US + MS + 45 * US);
});

test('A TLS handshake is paid once a connection.', () => {
  const t = withLease(new TestServers({ constants: costs({ tlsHandshakeNs: 2 * MS }) }));
  const first = t.send(PUT, { connection: 5 });
  t.until(S);
  const second = t.send(PUT, { connection: 5 });
  t.until(2 * S);
  assert.deepEqual([first.atNs, second.atNs - S], [3 * MS, MS]);
});

test('A token is verified once in 10 s, a certificate with each request.', () => {
  const t = withLease(new TestServers({ constants: costs({ authnTokenNs: MS, authnX509Ns: MS }) }));
  const took = (user = somebody) => {
    const from = t.sim.nowNs;
    t.ask(PUT, { user });
    return (t.sim.nowNs - from) / MS;
  };
  assert.deepEqual([took(), took(), took(node), took(node)], [2, 1, 2, 2]);
  t.until(11 * S);
  assert.equal(took(), 2);
});

test('Members of a cohort are charged and counted one by one.', () => {
  const t = withLease(new TestServers({ constants: costs({ httpNs: 10 * US }) }));
  const answer = t.send({ ...PUT, members: 50 });
  t.until(S);
  assert.equal(answer.atNs, 500 * US + MS);
  const { counters } = t.results;
  const total = counters.find((c) => c.name === 'apiserver_request_total');
  assert.deepEqual([total?.labels.code, total?.perSegment[0]], ['200', 50]);
});

test('A large list is encoded by its bytes, and compressed above 128 KiB.', () => {
  const t = new TestServers({ constants: costs({ encodeByteNs: 2, gzipByteNs: 10 }) });
  for (let i = 0; i < 40; i++) t.store.put(t.object('pods', `default/p${i}`, { bytes: 5000 }));
  const answer = t.send({ verb: 'list', resource: 'pods' });
  t.until(S);
  // 200,200 bytes: 15 % of it is sent. 200,000 x 2 ns to encode, 200,200 x 10 ns to compress.
  assert.equal(answer.result?.bytes, 30_030);
  assert.equal(answer.atNs, MS + 400_000 + 2_002_000);
});

// --- Seats ---------------------------------------------------------------------------------------

/** 600 seats of which global-default may use few: it has 49, and lends half. */
function crowd(t: TestServers, count: number, call = PUT): Answer[] {
  return Array.from({ length: count }, (_, i) => t.send(call, { user: somebody, connection: i }));
}

test('What finds no seat waits in its queue, and is refused after a quarter of its time.', () => {
  const t = withLease(new TestServers());
  t.storages[0].delayNs = 20 * S;
  const answers = crowd(t, 100, { ...PUT, timeoutNs: 30 * S });
  t.until(50 * S);
  const codes = answers.map((a) => a.result?.code);
  const ran = codes.filter((code) => code === 200).length;
  const refused = answers.filter((a) => a.result?.code === 429);
  // Seats at the start: the lower bounds in proportion, 602 / 258 of them: 24 x 2.33 = 56.
  assert.deepEqual([ran, refused.length], [56, 44]);
  for (const answer of refused) {
    assert.equal(answer.atNs, 7.5 * S);
    assert.equal(answer.result?.reason, 'TooManyRequests');
    assert.ok(answer.result!.retryAfterS >= 1);
  }
});

test('A request that is told to be quick waits for a quarter of that.', () => {
  const t = withLease(new TestServers());
  t.storages[0].delayNs = 20 * S;
  crowd(t, 56);
  const answer = t.send({ ...PUT, timeoutNs: 10 * S }, { user: somebody });
  t.until(30 * S);
  assert.deepEqual([answer.result?.code, answer.atNs], [429, 2.5 * S]);
});

test('Waiting is in the duration of a request, and not in its SLI.', () => {
  const t = withLease(new TestServers());
  t.storages[0].delayNs = 2 * S;
  const answers = crowd(t, 57);
  t.until(30 * S);
  assert.equal(answers[56].atNs, 4 * S);
  const labels = { verb: 'PATCH', resource: 'leases' };
  assert.equal(maxOf(t, 'apiserver_request_duration_seconds', labels), 4 * S);
  assert.equal(maxOf(t, 'apiserver_request_sli_duration_seconds', labels), 2 * S);
});

test('system:masters and probes are exempt.', () => {
  const t = withLease(new TestServers());
  t.storages[0].delayNs = 5 * S;
  crowd(t, 100);
  const mine = t.send(PUT, { user: admin });
  const probe = t.send(
    { verb: 'get', resource: 'pods', subresource: 'healthz' },
    { user: somebody },
  );
  t.until(6 * S);
  assert.deepEqual([mine.atNs, probe.atNs, probe.result?.code], [5 * S, 0, 200]);
});

test('A level that uses more than its seats borrows what others do not use.', () => {
  const t = withLease(new TestServers());
  t.storages[0].delayNs = 4 * S;
  for (let i = 0; i < 40; i++) t.at(i * S, () => crowd(t, 40));
  t.until(40 * S);
  const { levels } = t.results;
  const limit = levels.find(
    (l) =>
      l.name === 'apiserver_flowcontrol_current_limit_seats' &&
      l.labels.priority_level === 'global-default',
  );
  // 160 requests are under way at once: more than 56 + what waits.
  assert.ok(limit!.perSegment[0].last > 100, String(limit!.perSegment[0].last));
});

test('Without priority and fairness, 200 changing requests run at once and the next is refused.', () => {
  const t = withLease(new TestServers({ scenario: { priorityAndFairness: false } }));
  const answers = crowd(t, 201);
  const read = t.send({ verb: 'get', resource: 'leases', path: 'ns/l' }, { connection: 500 });
  const exempt = t.send(PUT, { user: admin });
  t.until(S);
  assert.deepEqual([answers[200].result?.code, answers[200].result?.retryAfterS], [429, 1]);
  assert.equal(answers.filter((a) => a.result?.code === 200).length, 200);
  assert.deepEqual([read.result?.code, exempt.result?.code], [200, 200]);
  const name = 'apiserver_request_terminations_total';
  assert.equal(t.results.counters.find((c) => c.name === name)?.perSegment[0], 1);
});

test('A write that many watch holds seats after its answer.', () => {
  const t = withLease(new TestServers());
  for (let i = 0; i < 100; i++) t.send({ verb: 'watch', resource: 'leases' }, { connection: i });
  t.until(S);
  t.send(PUT, { user: somebody });
  t.until(S + 2 * MS);
  const level = () =>
    t.metrics.level('apiserver_flowcontrol_current_executing_seats', {
      instance: 'kube-apiserver/0',
      priority_level: 'global-default',
    }).value;
  // 100 watchers: 10 seats for 5 ms, cut to the 8 of this level for 6.25 ms (49 x 15 % = 8).
  assert.equal(level(), 8);
  t.until(S + 7.25 * MS + 1);
  assert.equal(level(), 0);
});

test('The hundred-and-first stream of a connection waits for one to end.', () => {
  const t = withLease(new TestServers());
  const answers = Array.from({ length: 101 }, () => t.send(PUT, { user: admin, connection: 3 }));
  t.until(S);
  assert.deepEqual([answers[99].atNs, answers[100].atNs], [MS, 2 * MS]);
});

// --- Webhooks, quota, audit ----------------------------------------------------------------------

function webhook(name: string, ms: number, o: Partial<WebhookScenario> = {}): WebhookScenario {
  return {
    name,
    kind: 'mutating',
    resources: ['*'],
    verbs: ['*'],
    latency: { kind: 'constant', value: ms * MS },
    timeoutNs: 10 * S,
    failurePolicy: 'Fail',
    reinvocation: false,
    ...o,
  };
}

function create(t: TestServers, name: string): Answer {
  const object = t.object('configmaps', `default/${name}`);
  return t.send({ verb: 'create', resource: 'configmaps', object });
}

test('Changing webhooks run one after the other, some again, checking ones all at once.', () => {
  const webhooks = [
    webhook('a', 10, { reinvocation: true }),
    webhook('b', 20),
    webhook('c', 40, { kind: 'validating' }),
    webhook('d', 30, { kind: 'validating' }),
  ];
  const t = withLease(new TestServers({ scenario: { webhooks } }));
  const answer = create(t, 'x');
  const lease = t.send(PUT);
  t.until(S);
  // 10 + 20 + 10 again, then max(40, 30), then the transaction.
  assert.equal(answer.atNs, 81 * MS);
  assert.equal(lease.atNs, MS);
  const labels = { verb: 'POST', resource: 'configmaps' };
  assert.equal(maxOf(t, 'apiserver_request_sli_duration_seconds', labels), MS);
});

test('A webhook that is gone fails the call after its timeout, or lets it pass.', () => {
  const outcomes = (['Fail', 'Ignore'] as const).map((failurePolicy) => {
    const webhooks = [webhook('a', 1, { failurePolicy })];
    const t = new TestServers({ scenario: { webhooks } });
    t.servers.setWebhookOutage('a', 'timeout');
    const answer = create(t, 'x');
    t.until(20 * S);
    return [answer.result?.code, answer.atNs];
  });
  assert.deepEqual(outcomes, [
    [500, 10 * S],
    [201, 10 * S + MS],
  ]);
});

test('A webhook that answers with errors fails calls after its own time, not its timeout.', () => {
  const t = new TestServers({ scenario: { webhooks: [webhook('a', 30)] } });
  t.servers.setWebhookOutage('a', 'error');
  const failed = create(t, 'x');
  t.until(S);
  assert.deepEqual([failed.result?.code, failed.atNs], [500, 30 * MS]);
  t.servers.setWebhookOutage('a', 'none');
  const admitted = create(t, 'x');
  t.until(2 * S);
  assert.deepEqual([admitted.result?.code, admitted.atNs], [201, S + 31 * MS]);
});

test('A webhook that is slow for a while is as fast as before afterwards.', () => {
  const t = new TestServers({ scenario: { webhooks: [webhook('a', 10)] } });
  t.servers.setWebhookLatency('a', { kind: 'constant', value: 700 * MS });
  const slow = create(t, 'x');
  t.until(S);
  t.servers.setWebhookLatency('a', null);
  const fast = create(t, 'y');
  t.until(2 * S);
  assert.deepEqual([slow.atNs, fast.atNs], [701 * MS, S + 11 * MS]);
});

test('A webhook that is slower than the request may take ends it with 504.', () => {
  const webhooks = [webhook('a', 5000)];
  const t = new TestServers({ scenario: { webhooks, requestTimeoutNs: 2 * S } });
  const answer = create(t, 'x');
  t.until(20 * S);
  assert.deepEqual([answer.result?.code, answer.atNs], [504, 2 * S]);
});

test('Custom resources behind a conversion webhook wait for it after storage.', () => {
  const conversion = { kind: 'conversion', resources: ['customresources'] } as const;
  const t = new TestServers({ scenario: { webhooks: [webhook('c', 30, conversion)] } });
  t.store.put(t.object('customresources', 'default/x'));
  const list = t.send({ verb: 'list', resource: 'customresources' });
  const pods = t.send({ verb: 'list', resource: 'pods' });
  t.until(S);
  assert.deepEqual([list.atNs, list.result?.count, pods.atNs], [31 * MS, 1, MS]);
  t.servers.setWebhookOutage('c', 'refused');
  const failed = t.ask({ verb: 'list', resource: 'customresources' });
  assert.deepEqual([failed.code, failed.items], [500, null]);
});

test('Quotas are written for the pods that came together, and refuse what exceeds them.', () => {
  const t = new TestServers();
  const quota: ResourceQuota = {
    ...t.object('resourcequotas', 'default/q'),
    resource: 'resourcequotas',
    hardPods: 2,
    hardRequests: null,
    used: { pods: 0, requests: { cpuMilli: 0, memoryBytes: 0, ephemeralBytes: 0, extended: {} } },
  };
  t.store.put(quota);
  const answers = ['a', 'b', 'c'].map((name) =>
    t.send({ verb: 'create', resource: 'pods', object: t.pod(`default/${name}`) }),
  );
  t.until(S);
  assert.deepEqual(
    answers.map((a) => a.result?.code),
    [201, 201, 403],
  );
  const writes = t.storages[0].calls.filter((c) => c.startsWith('update resourcequotas'));
  // One for the first, one for the two that came meanwhile.
  assert.equal(writes.length, 2);
  assert.equal((t.store.of('resourcequotas').get('default/q') as ResourceQuota).used.pods, 2);
});

test('Blocking audit writes one line after the other; batches hold nobody up.', () => {
  const took = (audit: 'log-blocking' | 'log-batch') => {
    const constants = costs({ auditWriteNs: 10 * MS });
    const t = withLease(new TestServers({ scenario: { audit }, constants }));
    const answers = [1, 2, 3].map(() => t.send(PUT));
    t.until(100 * S);
    return answers.map((a) => a.atNs / MS);
  };
  assert.deepEqual(took('log-blocking'), [11, 21, 31]);
  assert.deepEqual(took('log-batch'), [1, 1, 1]);
});

test('A log that is slower than its events drops what its buffer does not hold.', () => {
  const constants = costs({ auditWriteNs: MS });
  const t = withLease(new TestServers({ scenario: { audit: 'log-batch' }, constants }));
  t.send({ ...PUT, members: 9_000 });
  t.until(2 * S);
  // 2000 of 9000 lines are written, so 3000 find room.
  t.send({ ...PUT, members: 4_000 });
  t.until(4 * S);
  const dropped = t.results.counters.find((c) => c.name === 'apiserver_audit_error_total');
  assert.equal(dropped?.perSegment[0], 1000);
});

test('A full audit buffer drops events.', () => {
  const constants = costs({ auditWebhookWaitNs: S });
  const t = withLease(new TestServers({ scenario: { audit: 'webhook-batch' }, constants }));
  t.send({ ...PUT, members: 15_000 });
  t.until(10 * S);
  const { counters } = t.results;
  const dropped = counters.find((c) => c.name === 'apiserver_audit_error_total');
  assert.equal(dropped?.perSegment[0], 5000);
});

test.run();
