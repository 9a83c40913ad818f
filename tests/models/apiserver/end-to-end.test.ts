/** API servers over an etcd of three members: what a client sees, with all costs as they are. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { KubeObject, Pod } from '../../../models/objects/index.ts';
import { apiServerDefaults, freeServer, TestServers } from '../../support/api-servers.ts';
import { MS, S } from '../../support/scenario.ts';

const test = suite('apiserver/end-to-end');
const [first] = apiServerDefaults.replicas;
const replicas = [0, 1, 2].map((i) => ({ ...first, name: `kube-apiserver/${i}`, host: `h${i}` }));

function open(count = 1): TestServers {
  const scenario = { replicas: replicas.slice(0, count) };
  const t = new TestServers({ etcd: true, constants: {}, scenario });
  t.until(S);
  return t;
}

const renew = (o: KubeObject): KubeObject => ({ ...o, resourceVersion: 0, bytes: o.bytes });

test('A lease is written in about 8 ms, as kubernetes#123178 says of an idle cluster.', () => {
  const t = open();
  const path = 'kube-node-lease/n1';
  t.ask({ verb: 'create', resource: 'leases', object: t.object('leases', path) });
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    t.until((2 + i) * S);
    const answer = t.send({ verb: 'patch', resource: 'leases', path, mutate: renew });
    t.until((2 + i) * S + S / 2);
    assert.equal(answer.result?.code, 200);
    times.push((answer.atNs - (2 + i) * S) / MS);
  }
  const mean = times.reduce((a, b) => a + b, 0) / times.length;
  assert.ok(mean > 3 && mean < 10, `${mean} ms`);
});

test('KMS v1 asks its plugin for each object that is written, KMS v2 does not.', () => {
  const took = (encryption: 'none' | 'kmsv1' | 'kmsv2') => {
    const constants = { ...freeServer, 'apiserver.kmsWaitNs': 100 * MS };
    const t = new TestServers({ etcd: true, constants, scenario: { encryption } });
    t.until(S);
    t.ask({ verb: 'create', resource: 'secrets', object: t.object('secrets', 'default/s') });
    return t.sim.nowNs - S;
  };
  const [none, v1, v2] = [took('none'), took('kmsv1'), took('kmsv2')];
  assert.ok(v1 - none > 95 * MS && v1 - none < 105 * MS, `${none} ${v1}`);
  assert.ok(Math.abs(v2 - none) < 5 * MS, `${none} ${v2}`);
});

test('What one server writes, a watch at another one sees, in order.', () => {
  const t = open(3);
  const watch = t.send(
    { verb: 'watch', resource: 'pods', resourceVersion: 1, consistency: 'notOlderThan' },
    { replica: 2 },
  );
  t.until(2 * S);
  assert.equal(watch.result?.code, 200);
  const created = t.ask({ verb: 'create', resource: 'pods', object: t.pod('default/p') });
  assert.equal(created.code, 201);
  const path = 'default/p';
  const mutate = (o: KubeObject) => ({ ...o, resourceVersion: 0, nodeName: 'n1' });
  const binding = { verb: 'create', resource: 'pods', subresource: 'binding', path } as const;
  assert.equal(t.ask({ ...binding, mutate }, { replica: 1 }).code, 201);
  assert.equal(t.ask({ verb: 'delete', resource: 'pods', path }, { replica: 2 }).code, 200);
  assert.equal(t.ask({ verb: 'delete', resource: 'pods', path, graceNs: 0 }).code, 200);
  t.until(t.sim.nowNs + S);
  const seen = watch.events.filter((e) => e.type !== 'BOOKMARK');
  assert.deepEqual(
    seen.map((e) => [e.type, (e.object as Pod).nodeName, e.object!.meta.deletedNs > 0]),
    [
      ['ADDED', '', false],
      ['MODIFIED', 'n1', false],
      ['MODIFIED', 'n1', true],
      ['DELETED', 'n1', true],
    ],
  );
  const versions = seen.map((e) => e.resourceVersion);
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
  );
});

test('Of two servers that write the same version, one is told of the conflict.', () => {
  const t = open(2);
  const path = 'default/c';
  const created = t.ask({
    verb: 'create',
    resource: 'configmaps',
    object: t.object('configmaps', path),
  });
  t.until(2 * S);
  const { resourceVersion } = created.object!;
  const answers = [0, 1].map((replica) => {
    const object = { ...created.object!, resourceVersion: 0, bytes: 400 + replica };
    return t.send(
      { verb: 'update', resource: 'configmaps', path, object, resourceVersion },
      { replica },
    );
  });
  t.until(3 * S);
  assert.deepEqual(answers.map((a) => a.result?.code).sort(), [200, 409]);
});

test('Two patches of one object at two servers are both there afterwards.', () => {
  const t = open(2);
  const path = 'default/c';
  t.ask({ verb: 'create', resource: 'configmaps', object: t.object('configmaps', path) });
  t.until(2 * S);
  const mutate = (o: KubeObject) => ({ ...o, resourceVersion: 0, bytes: o.bytes + 1 });
  const call = { verb: 'patch', resource: 'configmaps', path, mutate } as const;
  const answers = [0, 1].map((replica) => t.send(call, { replica }));
  t.until(3 * S);
  assert.deepEqual(
    answers.map((a) => a.result?.code),
    [200, 200],
  );
  assert.equal(t.ask({ verb: 'get', resource: 'configmaps', path }).object?.bytes, 302);
});

test('A server that was killed serves again what etcd has, and resumes watches.', () => {
  const t = open();
  const object = t.object('configmaps', 'default/c');
  t.ask({ verb: 'create', resource: 'configmaps', object });
  t.servers.replicas[0].kill();
  t.until(30 * S);
  assert.ok(t.servers.replicas[0].isListening && t.servers.replicas[0].isReady);
  const found = t.ask({ verb: 'list', resource: 'configmaps', consistency: 'any' });
  assert.deepEqual([found.code, found.items?.[0]?.meta.name], [200, 'c']);
});

test('The same run gives the same events.', () => {
  const digest = () => {
    const t = open(2);
    for (let i = 0; i < 20; i++) {
      const object = t.pod(`default/p${i}`);
      t.send({ verb: 'create', resource: 'pods', object }, { replica: i % 2 });
    }
    t.until(20 * S);
    return t.sim.digest();
  };
  assert.equal(digest(), digest());
});

test.run();
