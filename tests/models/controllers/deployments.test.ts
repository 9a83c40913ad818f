/** Deployment, ReplicaSet, EndpointSlice and garbage collector, end to end. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { Deployment, EndpointSlice, Pod, ReplicaSet } from '../../../models/objects/index.ts';
import { Bed } from './bed.ts';
import { deployment, replicaSet, service, template, withOwner } from './objects.ts';

const test = suite('controllers/deployments');

const sizes = (bed: Bed) => bed.all<ReplicaSet>('replicasets').map((set) => set.spec.replicas);

test('A deployment becomes a ReplicaSet, pods and endpoints.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(service(bed.uids, 'web', { app: 'web' }));
  bed.apply(deployment(bed.uids, 'web', 5));
  bed.to(20);
  assert.deepEqual(sizes(bed), [5]);
  assert.equal(bed.readyPods.length, 5);
  const status = bed.get<Deployment>('deployments', 'default/web')?.status;
  assert.equal(status?.availableReplicas, 5);
  assert.equal(status?.observedGeneration, 1);
  const slices = bed.all<EndpointSlice>('endpointslices');
  assert.equal(slices.length, 1);
  assert.equal(slices[0].endpoints.filter((e) => e.ready).length, 5);
  assert.equal(bed.count('create pods'), 5);
});

test('A slice says when the first pod that it shows anew became ready.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(service(bed.uids, 'web', { app: 'web' }));
  bed.apply(deployment(bed.uids, 'web', 3));
  bed.to(10);
  const triggers = bed.endpoint.calls
    .filter((c) => c.resource === 'endpointslices' && (c.verb === 'create' || c.verb === 'update'))
    .map((c) => (c.object as EndpointSlice).triggerNs);
  // First the service itself (created at 0); then readiness, as pod after pod gets there.
  const ready = bed.readyPods.map((p) => p.status.readySinceNs).sort((x, y) => x - y);
  assert.equal(triggers[0], 0);
  assert.equal(triggers[1], ready[0]);
  assert.ok(triggers.slice(1).every((t) => t !== undefined && ready.includes(t)));
});

test('A change of the template rolls over within its bounds, and keeps the old ReplicaSet.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 8));
  bed.to(20);
  let most = 0;
  let fewest = 8;
  bed.patch<Deployment>('deployments', 'default/web', (d) => ({
    ...d,
    resourceVersion: 0,
    meta: { ...d.meta, generation: 2 },
    spec: { ...d.spec, template: template({ app: 'web' }, 'h2') },
  }));
  for (let at = 20.1; at < 60; at += 0.1) {
    bed.to(at);
    const active = bed.pods.filter((p) => Number.isNaN(p.meta.deletedNs));
    most = Math.max(most, active.length);
    fewest = Math.min(fewest, bed.readyPods.length);
  }
  assert.deepEqual(sizes(bed), [0, 8]);
  assert.equal(bed.readyPods.length, 8);
  assert.ok(bed.readyPods.every((p) => p.meta.labels['pod-template-hash'] === 'h2'));
  // 25 % of 8, both ways.
  assert.equal(most, 10);
  assert.equal(fewest, 6);
});

test('Recreate takes all old pods away before it makes new ones.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 4, { strategy: 'Recreate' }));
  bed.to(20);
  bed.patch<Deployment>('deployments', 'default/web', (d) => ({
    ...d,
    resourceVersion: 0,
    spec: { ...d.spec, template: template({ app: 'web' }, 'h2') },
  }));
  for (let at = 20; at < 40; at += 0.1) {
    bed.to(at);
    const hashes = new Set(bed.pods.map((p: Pod) => p.meta.labels['pod-template-hash']));
    assert.ok(hashes.size <= 1, 'old and new together');
  }
  assert.deepEqual(sizes(bed), [0, 4]);
  assert.equal(bed.readyPods.length, 4);
});

test('A deployment is scaled up and down without a new ReplicaSet.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 3));
  bed.to(20);
  const resize = (replicas: number) =>
    bed.patch<Deployment>('deployments', 'default/web', (d) => ({
      ...d,
      resourceVersion: 0,
      spec: { ...d.spec, replicas },
    }));
  resize(9);
  bed.to(40);
  assert.equal(bed.readyPods.length, 9);
  resize(2);
  bed.to(60);
  assert.equal(bed.pods.length, 2);
  assert.deepEqual(sizes(bed), [2]);
});

// 20 a second and 30 at once: 600 pods and their few other calls take (600 - 30) / 20 = 28.5 s, and
// no sync asks for more than 500.
test("The rate of creates is the client's, and a sync makes at most 500.", () => {
  const bed = new Bed({ nodes: 10 });
  bed.to(1);
  bed.apply(replicaSet(bed.uids, 'web', 600));
  bed.to(11);
  const made = bed.pods.length;
  // Creates only, and events aggregated to one in ten similar ones by the same client.
  assert.ok(made > 150 && made <= 230, `${made} in ten seconds`);
  bed.to(60);
  assert.equal(bed.pods.length, 600);
});

test('A refused create ends the slow start, and the key comes back.', () => {
  const bed = new Bed();
  bed.to(1);
  let refusals = 0;
  bed.endpoint.intercept = ({ call }) => {
    if (call.verb !== 'create' || call.resource !== 'pods' || bed.sim.nowNs > 3e9) return null;
    refusals++;
    return {
      ...bed.endpoint.now({ verb: 'get', resource: 'pods', path: 'none' }),
      code: 403,
      reason: 'Forbidden',
    };
  };
  bed.apply(replicaSet(bed.uids, 'web', 50));
  bed.to(2.9);
  assert.equal(bed.pods.length, 0);
  // 5 ms, 10 ms, ... up to 1.28 s: some ten tries of one pod each, not of fifty.
  assert.ok(refusals >= 5 && refusals <= 12, `${refusals} refusals`);
  bed.to(30);
  assert.equal(bed.readyPods.length, 50);
});

test('A stale cache stalls the controller, and does not make it create twice.', () => {
  const bed = new Bed({ kubelets: false });
  bed.to(1);
  bed.apply(replicaSet(bed.uids, 'web', 5));
  // The watch of pods says nothing for a while: its events are held by a dead connection.
  const { watches } = bed.endpoint;
  for (const watch of [...watches])
    if (watch.call.resource === 'pods') bed.endpoint.store.unwatch(watch);
  bed.to(200);
  assert.equal(bed.pods.length, 5);
  assert.equal(bed.count('create pods'), 5);
});

test('Deleting a deployment takes its ReplicaSet and pods along, by a GET and a DELETE each.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(service(bed.uids, 'web', { app: 'web' }));
  bed.apply(deployment(bed.uids, 'web', 5));
  bed.to(20);
  bed.endpoint.calls.length = 0;
  bed.delete('deployments', 'default/web');
  bed.to(60);
  assert.equal(bed.all('replicasets').length, 0);
  assert.equal(bed.pods.length, 0);
  assert.equal(bed.count('delete replicasets'), 1);
  assert.equal(bed.count('delete pods'), 5);
  const gets = bed.endpoint.calls.filter((c) => c.verb === 'get' && c.resource === 'pods');
  assert.equal(gets.length, 5);
  assert.deepEqual(
    bed.all<EndpointSlice>('endpointslices').map((s) => s.endpoints.length),
    [0],
  );
});

test('Foreground deletion waits for the pods; orphaning leaves them.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(replicaSet(bed.uids, 'front', 3));
  bed.apply(replicaSet(bed.uids, 'orphan', 3));
  bed.to(10);
  bed.delete('replicasets', 'default/front', { propagation: 'Foreground' });
  bed.delete('replicasets', 'default/orphan', { propagation: 'Orphan' });
  bed.to(10.5);
  assert.notEqual(bed.get('replicasets', 'default/front'), undefined);
  bed.to(30);
  assert.equal(bed.all('replicasets').length, 0);
  assert.equal(bed.pods.length, 3);
  assert.ok(bed.pods.every((p) => p.meta.labels.app === 'orphan' && p.meta.owners.length === 0));
});

test('A standby takes over and goes on where the leader stopped.', () => {
  const bed = new Bed({ replicas: 2 });
  bed.to(5);
  bed.managers[0].process.stop();
  bed.apply(deployment(bed.uids, 'web', 4));
  bed.to(14);
  assert.equal(bed.pods.length, 0);
  const lists = () =>
    bed.endpoint.calls.filter((c) => c.resource === 'replicasets' && c.sendInitialEvents === true);
  assert.equal(lists().length, 0);
  bed.to(40);
  assert.equal(bed.managers[1].isLeader, true);
  // It had no caches while it stood by.
  assert.equal(lists().length, 1);
  assert.equal(bed.readyPods.length, 4);
});

test('A controller manager that was killed forgets nothing that matters.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 40));
  bed.to(2.2);
  bed.managers[0].process.crash();
  bed.to(60);
  assert.equal(bed.readyPods.length, 40);
  assert.equal(bed.pods.length, 40);
});

test('Owners in a circle are left alone while they live, and go when their own owner does.', () => {
  const bed = new Bed();
  bed.to(1);
  const top = replicaSet(bed.uids, 'top', 0);
  bed.apply(top);
  const a = withOwner(replicaSet(bed.uids, 'a', 0), top);
  const b = withOwner(replicaSet(bed.uids, 'b', 0), a);
  const reference = { ...b.meta.owners[0], path: b.meta.path, uid: b.meta.uid };
  bed.apply({ ...a, meta: { ...a.meta, owners: [...a.meta.owners, reference] } });
  bed.apply(b);
  bed.to(60);
  assert.equal(bed.all('replicasets').length, 3);
  bed.delete('replicasets', 'default/top');
  bed.to(120);
  // Each still has a living owner: the other one.
  assert.deepEqual(
    bed.all('replicasets').map((s) => s.meta.name),
    ['a', 'b'],
  );
  bed.delete('replicasets', 'default/a');
  bed.to(180);
  assert.equal(bed.all('replicasets').length, 0);
});

const retemplate = (bed: Bed, hash: string, spec: Partial<Deployment['spec']> = {}) =>
  bed.patch<Deployment>('deployments', 'default/web', (d) => ({
    ...d,
    resourceVersion: 0,
    spec: { ...d.spec, template: template({ app: 'web' }, hash), ...spec },
  }));

test('History is kept to its limit, and a paused deployment rolls nothing out.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 2, { revisionHistoryLimit: 2 }));
  bed.to(10);
  for (let i = 0; i < 4; i++) {
    retemplate(bed, `v${i}`);
    bed.to(40 + 30 * i);
  }
  const hashes = () => bed.all<ReplicaSet>('replicasets').map((s) => s.spec.template.hash);
  assert.deepEqual(hashes(), ['v1', 'v2', 'v3']);
  retemplate(bed, 'v4', { paused: true });
  bed.to(200);
  // Without a ReplicaSet of the new template all three are old ones: the history is tidied.
  assert.deepEqual(hashes(), ['v2', 'v3']);
  retemplate(bed, 'v4', { paused: false });
  bed.to(230);
  assert.deepEqual(hashes(), ['v2', 'v3', 'v4']);
});

test('An old template that comes back is the old ReplicaSet, with the next revision.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 2));
  bed.to(10);
  retemplate(bed, 'v2');
  bed.to(40);
  retemplate(bed, 'h1');
  bed.to(70);
  const sets = bed.all<ReplicaSet>('replicasets');
  assert.deepEqual(
    sets.map((s) => [s.spec.template.hash, s.spec.replicas, s.rollout?.revision]),
    [
      ['h1', 2, 3],
      ['v2', 0, 2],
    ],
  );
});

test('A ReplicationController keeps its pods as a ReplicaSet does.', () => {
  const bed = new Bed();
  bed.to(1);
  const set = replicaSet(bed.uids, 'old', 3);
  bed.apply({ ...set, resource: 'replicationcontrollers' } as ReplicaSet);
  bed.to(10);
  assert.equal(bed.readyPods.length, 3);
  bed.delete('pods', bed.readyPods[0].meta.path);
  bed.to(20);
  assert.equal(bed.readyPods.length, 3);
  assert.equal(bed.count('create pods'), 4);
});

// 20 pods become ready within a second or so: one write for their addresses, not twenty.
test('A batch period merges the updates of a slice.', () => {
  const writes = (endpointUpdatesBatchPeriodNs: number) => {
    const bed = new Bed({ scenario: { endpointUpdatesBatchPeriodNs } });
    bed.to(1);
    bed.apply(service(bed.uids, 'web', { app: 'web' }));
    bed.apply(deployment(bed.uids, 'web', 20));
    bed.to(30);
    const [slice] = bed.all<EndpointSlice>('endpointslices');
    assert.equal(slice.endpoints.filter((e) => e.ready).length, 20);
    return bed.count('update endpointslices');
  };
  const merged = writes(5e9);
  assert.ok(merged <= 2, `${merged}`);
  assert.ok(writes(0) > 2 * merged);
});

test.run();
