/** Clients of client-go over API servers over etcd: what survives a server, and who pays. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { ApiClient } from '../../../models/client-go/index.ts';
import type { KubeObject } from '../../../models/objects/index.ts';
import { apiServerDefaults, node, somebody, TestServers } from '../../support/api-servers.ts';
import { S } from '../../support/scenario.ts';

const test = suite('apiserver/clients');
const [first] = apiServerDefaults.replicas;
const replicas = [0, 1, 2].map((i) => ({ ...first, name: `kube-apiserver/${i}`, host: `h${i}` }));
const servers = replicas.map((r) => r.name);

function open(version: string): TestServers {
  return new TestServers({ etcd: true, constants: {}, scenario: { replicas }, version });
}

function client(library: ReturnType<TestServers['library']>, i: number): ApiClient {
  return library.client({
    name: `agent/${i}`,
    user: { ...node, name: `system:node:n${i}` },
    networkHost: 'clients',
    qps: Infinity,
    burst: 1,
    timeoutNs: 60 * S,
    servers,
  });
}

for (const version of ['1.30', '1.35']) {
  test(`Informers of ${version} miss nothing when servers are killed in turn.`, () => {
    const t = open(version);
    const library = t.library();
    const clients = Array.from({ length: 6 }, (_, i) => client(library, i));
    const informers = clients.map((c) => {
      const factory = library.informers(c, null);
      const informer = factory.informer('configmaps');
      factory.start(false);
      return informer;
    });
    const alive = new Set<string>();
    let made = 0;
    const touch = (o: KubeObject): KubeObject => ({ ...o, resourceVersion: 0, bytes: o.bytes + 1 });
    for (let i = 0; i < 60; i++) {
      t.at((2 + i) * S, () => {
        const [writer] = clients;
        const name = `default/c${made++}`;
        const object = t.object('configmaps', name);
        writer.call({ verb: 'create', resource: 'configmaps', object }, (result) => {
          if (result.code === 201) alive.add(name);
        });
        const path = `default/c${i >> 1}`;
        writer.call({ verb: 'patch', resource: 'configmaps', path, mutate: touch }, () => {});
        const gone = `default/c${i >> 2}`;
        if (i % 4 === 3) {
          writer.call({ verb: 'delete', resource: 'configmaps', path: gone }, (result) => {
            if (result.code === 200) alive.delete(gone);
          });
        }
      });
    }
    for (const [i, second] of [10, 25, 40].entries()) {
      t.at(second * S, () => t.servers.replicas[i].kill());
    }
    t.until(120 * S);
    assert.ok(alive.size > 30, String(alive.size));
    const truth = new Map<string, number>();
    const list = t.ask({ verb: 'list', resource: 'configmaps' }, { replica: 1 });
    for (const o of list.items!) truth.set(o.meta.path, o.resourceVersion);
    for (const path of alive) assert.ok(truth.has(path), path);
    for (const informer of informers) {
      const seen = new Map([...informer.values()].map((o) => [o.meta.path, o.resourceVersion]));
      assert.deepEqual(new Map([...seen].sort()), new Map([...truth].sort()));
    }
  });
}

test('After one of three servers was killed, its clients are at the others, and stay there.', () => {
  const t = open('1.34');
  const library = t.library();
  const clients = Array.from({ length: 30 }, (_, i) => client(library, i));
  for (const c of clients) {
    const factory = library.informers(c, null);
    factory.informer('leases');
    factory.start(false);
  }
  t.until(10 * S);
  const watches = () => t.servers.replicas.map((r) => r.watchCount);
  // Each client begins somewhere in its list.
  assert.ok(
    watches().every((n) => n > 3),
    watches().join(' '),
  );
  t.servers.replicas[0].kill();
  t.until(100 * S);
  assert.equal(t.servers.replicas[0].isReady, true);
  const after = watches();
  assert.deepEqual([after[0], after[1] + after[2]], [0, 30]);
});

test('A client that is refused comes back after the Retry-After of the server.', () => {
  const scenario = {
    replicas: replicas.slice(0, 1),
    priorityAndFairness: false,
    maxMutatingRequestsInFlight: 5,
  };
  const t = new TestServers({ etcd: true, constants: {}, scenario });
  const library = t.library();
  const codes: number[] = [];
  for (let i = 0; i < 20; i++) {
    const c = library.client({
      name: `client/${i}`,
      user: somebody,
      networkHost: 'clients',
      qps: Infinity,
      burst: 1,
      timeoutNs: Infinity,
      servers: ['kube-apiserver/0'],
    });
    const object = t.object('configmaps', `default/c${i}`);
    c.call({ verb: 'create', resource: 'configmaps', object }, (result) => codes.push(result.code));
  }
  t.until(60 * S);
  assert.deepEqual(codes, new Array(20).fill(201));
  const refused = t.results.counters.filter(
    (c) => c.name === 'apiserver_request_total' && c.labels.code === '429',
  );
  assert.ok(refused[0].perSegment[0] > 0);
});

test.run();
