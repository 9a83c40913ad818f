/**
 * Whatever is asked of a server and whatever happens to it: each request is answered once or its
 * server died, and when nothing is asked any more nothing is held.
 */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import type { ApiCall, KubeObject, User } from '../../../models/objects/index.ts';
import {
  type Answer,
  admin,
  freeServer,
  node,
  somebody,
  TestServers,
} from '../../support/api-servers.ts';
import { MS, S, US } from '../../support/scenario.ts';

const test = suite('apiserver/soundness');
const users: readonly User[] = [node, admin, somebody];

const touch = (o: KubeObject): KubeObject => ({ ...o, resourceVersion: 0, bytes: o.bytes + 1 });

function callOf(t: TestServers, kind: number, name: number): ApiCall {
  const path = `default/o${name}`;
  const resource = 'configmaps';
  switch (kind) {
    case 0:
      return { verb: 'create', resource, object: t.object(resource, path) };
    case 1:
      return { verb: 'patch', resource, path, mutate: touch };
    case 2:
      return { verb: 'delete', resource, path };
    case 3:
      return { verb: 'list', resource };
    case 4:
      return { verb: 'get', resource, path, timeoutNs: 2 * S };
    case 5:
      return { verb: 'deletecollection', resource, namespace: 'default' };
    case 6:
      return { verb: 'create', resource: 'pods', object: t.pod(path) };
    case 7:
      return { verb: 'create', resource: 'pods', subresource: 'eviction', path };
    case 8:
      return { verb: 'watch', resource, sendInitialEvents: true, timeoutNs: 5 * S };
    default:
      return { verb: 'watch', resource, resourceVersion: 1, timeoutNs: 3 * S };
  }
}

const step = fc.record({
  afterUs: fc.nat(3000),
  kind: fc.nat(9),
  name: fc.nat(5),
  user: fc.nat(2),
  connection: fc.nat(2),
  burst: fc.integer({ min: 1, max: 120 }),
  /** Mostly nothing happens to the server. */
  fate: fc.oneof(
    { weight: 30, arbitrary: fc.constant('none' as const) },
    { weight: 3, arbitrary: fc.constantFrom('pause' as const, 'resume', 'stopWatches') },
    { weight: 1, arbitrary: fc.constantFrom('kill' as const, 'shutdown') },
  ),
});

function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
  const constants = { ...freeServer, 'apiserver.httpNs': 50 * US, 'apiserver.authzNs': 50 * US };
  const scenario = {
    maxRequestsInFlight: 30,
    maxMutatingRequestsInFlight: 30,
    audit: 'log-blocking' as const,
  };
  const t = new TestServers({ cores: 2, constants, scenario });
  const [server] = t.servers.replicas;
  t.storages[0].delayNs = 20 * MS;
  const answers: { readonly answer: Answer; readonly life: number }[] = [];
  let stops = 0;
  server.onStop(() => stops++);
  let nowNs = 0;
  for (const s of steps) {
    nowNs += s.afterUs * US;
    t.at(nowNs, () => {
      if (s.fate === 'kill') server.kill();
      if (s.fate === 'shutdown') server.shutdown();
      if (s.fate === 'pause') server.pause();
      if (s.fate === 'resume') server.resume();
      if (s.fate === 'stopWatches') for (const { answer } of answers) answer.watch?.stop();
      if (server.state !== 'running' && server.state !== 'draining') return;
      for (let i = 0; i < s.burst; i++) {
        const call = callOf(t, s.kind, s.name);
        const answer = t.send(call, { user: users[s.user], connection: s.connection });
        answers.push({ answer, life: stops });
      }
    });
  }
  t.at(nowNs + S, () => server.resume());
  t.until(nowNs + 200 * S);
  assert.equal(server.state, 'running');
  assert.deepEqual([server.requestsInFlight, server.watchCount], [0, 0]);
  for (const { answer, life } of answers) {
    if (life === stops) assert.ok(answer.result !== null || answer.watch !== null);
  }
  for (const level of t.results.levels) {
    if (/executing_seats|inqueue|demand|inflight/.test(level.name)) {
      assert.equal(level.perSegment[0].last, 0, `${level.name} ${JSON.stringify(level.labels)}`);
    }
  }
}

test('Requests are answered once, and nothing is held when all is quiet.', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => play(steps)),
    { numRuns: 25 },
  );
});

test.run();
