/** What the verbs of the API do to objects, over storage in memory that takes 1 ms a call. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  EVERYTHING,
  type KubeObject,
  PENDING,
  type Pod,
  type PodDisruptionBudget,
  withMeta,
} from '../../../models/objects/index.ts';
import { TestServers } from '../../support/api-servers.ts';
import { MS, S } from '../../support/scenario.ts';

const test = suite('apiserver/verbs');

test('An object is created once, read, replaced, and read as not found when it is gone.', () => {
  const t = new TestServers();
  const lease = t.object('leases', 'kube-node-lease/n1');
  const created = t.ask({ verb: 'create', resource: 'leases', object: lease });
  assert.equal(created.code, 201);
  assert.equal(created.object?.resourceVersion, 2);
  assert.equal(
    t.ask({ verb: 'create', resource: 'leases', object: lease }).reason,
    'AlreadyExists',
  );
  const path = 'kube-node-lease/n1';
  assert.equal(t.ask({ verb: 'get', resource: 'leases', path }).object, created.object);
  const renewed: KubeObject = { ...lease, resourceVersion: 0, bytes: 301 };
  const put = t.ask({
    verb: 'update',
    resource: 'leases',
    path,
    object: renewed,
    resourceVersion: 2,
  });
  assert.deepEqual([put.code, put.object?.resourceVersion, put.object?.bytes], [200, 3, 301]);
  assert.equal(t.ask({ verb: 'delete', resource: 'leases', path }).code, 200);
  assert.equal(t.ask({ verb: 'get', resource: 'leases', path }).code, 404);
});

test('A replacement made from an old version is a conflict, a patch is computed anew.', () => {
  const t = new TestServers();
  const path = 'default/c';
  t.store.put(t.object('configmaps', path));
  const old = t.store.of('configmaps').get(path)!;
  t.store.put({ ...old, bytes: 7 });
  const object = { ...old, bytes: 8 };
  const put = { verb: 'update', resource: 'configmaps', path, object, resourceVersion: 2 } as const;
  assert.deepEqual([t.ask(put).code, t.ask(put).reason], [409, 'Conflict']);
  const mutate = (o: KubeObject) => ({ ...o, resourceVersion: 0, bytes: o.bytes + 1 });
  assert.equal(t.ask({ verb: 'patch', resource: 'configmaps', path, mutate }).object?.bytes, 8);
  const refused = t.ask({ verb: 'patch', resource: 'configmaps', path, mutate: () => 'no' });
  assert.deepEqual([refused.code, refused.reason], [422, 'no']);
});

test('The version that a client sends again is stored as a version of its own.', () => {
  const t = new TestServers();
  const path = 'ns/l';
  t.store.put(t.object('leases', path));
  const object = { ...t.store.of('leases').get(path)!, resourceVersion: 0, bytes: 5 };
  const first = t.ask({ verb: 'update', resource: 'leases', path, object }).object!;
  assert.equal(first, object);
  // The same again is no write, and no new version.
  assert.equal(t.ask({ verb: 'update', resource: 'leases', path, object }).resourceVersion, 3);
  t.store.put({ ...first, resourceVersion: 0, bytes: 6 });
  const second = t.ask({ verb: 'update', resource: 'leases', path, object }).object!;
  assert.notEqual(second, first);
  assert.deepEqual([first.resourceVersion, second.resourceVersion], [3, 5]);
});

test('Apply creates what is not there.', () => {
  const t = new TestServers();
  const object = t.object('configmaps', 'default/a');
  const mutate = (o: KubeObject) => ({ ...o, resourceVersion: 0, bytes: 9 });
  const call = {
    verb: 'apply',
    resource: 'configmaps',
    path: 'default/a',
    object,
    mutate,
  } as const;
  assert.equal(t.ask(call).object?.bytes, 300);
  assert.equal(t.ask(call).object?.bytes, 9);
});

test('A change of the spec raises the generation, one of the status does not.', () => {
  const t = new TestServers();
  const path = 'default/p';
  t.store.put(t.pod(path, { nodeName: 'n1' }));
  const spec = (o: KubeObject) => ({ ...o, resourceVersion: 0, spec: { ...(o as Pod).spec } });
  const patched = t.ask({ verb: 'patch', resource: 'pods', path, mutate: spec });
  assert.equal(patched.object?.meta.generation, 2);
  const bytes = (o: KubeObject) => ({ ...o, resourceVersion: 0, bytes: 1 });
  const subresource = 'status' as const;
  const status = t.ask({ verb: 'patch', resource: 'pods', subresource, path, mutate: bytes });
  assert.equal(status.object?.meta.generation, 2);
});

test('New pods tolerate lost nodes for 300 s, and pods of one template keep sharing a spec.', () => {
  const t = new TestServers();
  const [a, b] = ['a', 'b'].map((name) => {
    const result = t.ask({ verb: 'create', resource: 'pods', object: t.pod(`default/${name}`) });
    return result.object as Pod;
  });
  assert.deepEqual(
    a.spec.tolerations.map((x) => [x.key, x.effect, x.tolerationNs]),
    [
      ['node.kubernetes.io/not-ready', 'NoExecute', 300 * S],
      ['node.kubernetes.io/unreachable', 'NoExecute', 300 * S],
    ],
  );
  assert.equal(a.spec, b.spec);
});

test('A pod is bound once.', () => {
  const t = new TestServers();
  const path = 'default/p';
  t.store.put(t.pod(path));
  const mutate = (o: KubeObject) => ({ ...o, resourceVersion: 0, nodeName: 'n1' });
  const call = { verb: 'create', resource: 'pods', subresource: 'binding', path, mutate } as const;
  assert.equal(t.ask(call).code, 201);
  assert.equal((t.store.of('pods').get(path) as Pod).nodeName, 'n1');
  assert.equal(t.ask(call).code, 409);
});

test('A bound pod is marked first and goes when its kubelet deletes it without grace.', () => {
  const t = new TestServers();
  const path = 'default/p';
  t.store.put(t.pod(path, { nodeName: 'n1' }));
  const marked = t.ask({ verb: 'delete', resource: 'pods', path }).object!;
  // Read (1 ms), marked (1 ms): deletedNs is when the update ran.
  assert.deepEqual([marked.meta.deletedNs, marked.meta.deletionGraceNs], [2 * MS, 30 * S]);
  assert.deepEqual(t.storages[0].calls, [`get pods ${path}`, `update pods ${path}`]);
  // Once more changes nothing.
  t.ask({ verb: 'delete', resource: 'pods', path });
  assert.equal(t.store.of('pods').get(path), marked);
  assert.equal(t.ask({ verb: 'delete', resource: 'pods', path, graceNs: 0 }).code, 200);
  assert.equal(t.store.of('pods').size, 0);
});

test('An unbound pod goes at once.', () => {
  const t = new TestServers();
  t.store.put(t.pod('default/p'));
  t.ask({ verb: 'delete', resource: 'pods', path: 'default/p' });
  assert.equal(t.store.of('pods').size, 0);
});

test('Finalizers hold what is deleted until the last one is taken away.', () => {
  const t = new TestServers();
  const path = 'default/j';
  const job = t.object('jobs', path);
  t.store.put(withMeta(job, { finalizers: ['x'] }));
  const deleted = t.ask({ verb: 'delete', resource: 'jobs', path, propagation: 'Foreground' });
  assert.deepEqual(deleted.object?.meta.finalizers, ['x', 'foregroundDeletion']);
  const without = (f: string) => (o: KubeObject) =>
    withMeta(o, { finalizers: o.meta.finalizers.filter((other) => other !== f) });
  t.ask({ verb: 'patch', resource: 'jobs', path, mutate: without('x') });
  assert.equal(t.store.of('jobs').size, 1);
  const last = t.ask({
    verb: 'patch',
    resource: 'jobs',
    path,
    mutate: without('foregroundDeletion'),
  });
  assert.equal(last.code, 200);
  assert.equal(t.store.of('jobs').size, 0);
});

test('A delete with the uid of another object of that name is a conflict.', () => {
  const t = new TestServers();
  t.store.put(t.object('configmaps', 'default/a'));
  const result = t.ask({ verb: 'delete', resource: 'configmaps', path: 'default/a', uid: 999 });
  assert.equal(result.code, 409);
});

test('Namespaces are held by their finalizer, and nothing is created in one that goes.', () => {
  const t = new TestServers();
  t.ask({ verb: 'create', resource: 'namespaces', object: t.object('namespaces', 'a') });
  t.ask({ verb: 'delete', resource: 'namespaces', path: 'a' });
  assert.equal(
    (t.store.of('namespaces').get('a') as unknown as { phase: string }).phase,
    'Terminating',
  );
  const created = t.ask({ verb: 'create', resource: 'pods', object: t.pod('a/p') });
  assert.deepEqual([created.code, created.reason], [403, 'NamespaceTerminating']);
});

function budget(t: TestServers, path: string, disruptionsAllowed: number): PodDisruptionBudget {
  return {
    ...t.object('poddisruptionbudgets', path),
    resource: 'poddisruptionbudgets',
    spec: { selector: EVERYTHING, minAvailable: null, maxUnavailable: null },
    status: {
      disruptionsAllowed,
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 2,
      disruptedPods: {},
    },
  };
}

test('Evictions take from the disruption budget of their namespace until it is spent.', () => {
  const t = new TestServers();
  t.store.put(budget(t, 'default/b', 1));
  t.store.put(budget(t, 'other/b', 0));
  const running = { nodeName: 'n1', status: { ...PENDING, phase: 'Running' } } as const;
  for (const name of ['p', 'q', 'r']) t.store.put(t.pod(`default/${name}`, running));
  t.store.put(t.pod('default/r', { nodeName: 'n1' }));
  const evict = (path: string) =>
    t.ask({ verb: 'create', resource: 'pods', subresource: 'eviction', path }).code;
  assert.equal(evict('default/p'), 201);
  assert.equal(t.store.of('pods').get('default/p')?.meta.deletedNs, 3 * MS);
  const spent = t.store.of('poddisruptionbudgets').get('default/b') as PodDisruptionBudget;
  assert.deepEqual(spent.status.disruptedPods, { p: 2 * MS });
  assert.equal(evict('default/q'), 429);
  // What does not run yet is nobody's disruption.
  assert.equal(evict('default/r'), 201);
});

test('A collection is deleted one object after the other.', () => {
  const t = new TestServers();
  for (const name of ['a', 'b']) t.store.put(t.object('configmaps', `default/${name}`));
  t.store.put(t.object('configmaps', 'other/c'));
  const call = { verb: 'deletecollection', resource: 'configmaps', namespace: 'default' } as const;
  const answer = t.send(call);
  t.until(S);
  // A list, then for each object a read and a delete: 1 + 2 x 2 ms.
  assert.deepEqual([answer.result?.code, answer.result?.count, answer.atNs], [200, 2, 5 * MS]);
  assert.deepEqual([...t.store.of('configmaps').keys()], ['other/c']);
});

test('A token costs three linearizable reads.', () => {
  const t = new TestServers();
  const path = 'default/default';
  const call = { verb: 'create', resource: 'serviceaccounts', subresource: 'token', path } as const;
  assert.equal(t.ask(call).code, 201);
  assert.equal(t.sim.nowNs, 3 * MS);
  assert.deepEqual(
    t.storages[0].calls.map((c) => c.split(' ').slice(0, 2).join(' ')),
    ['get serviceaccounts', 'get pods', 'get nodes'],
  );
});

test('Lists select by namespace and labels and count bytes.', () => {
  const t = new TestServers();
  const labelled = withMeta(t.object('configmaps', 'default/a'), { labels: { app: 'x' } });
  t.store.put(labelled);
  t.store.put(t.object('configmaps', 'default/b'));
  t.store.put(t.object('configmaps', 'other/c'));
  const all = t.ask({ verb: 'list', resource: 'configmaps' });
  assert.deepEqual([all.count, all.bytes], [3, 3 * 300 + 200]);
  assert.equal(t.ask({ verb: 'list', resource: 'configmaps', namespace: 'default' }).count, 2);
});

test.run();
