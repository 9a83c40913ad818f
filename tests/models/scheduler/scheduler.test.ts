/** Schedulers before an API server: what pods get, what is written, and when. */
import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { NO_RESOURCES, type Node, type Pod, type Uids } from '../../../models/objects/index.ts';
import { defaultProfile } from '../../../models/scheduler/index.ts';
import { Bed } from './bed.ts';
import { GI, nodeOf, podOf, S, specOf } from './objects.ts';

const test = suite('scheduler');

const cpu = (cpuMilli: number) => ({ ...NO_RESOURCES, cpuMilli, memoryBytes: GI });
const nodes = (n: number) => (uids: Uids) =>
  Array.from({ length: n }, (_, i) => nodeOf(uids, `n${i}`, { zone: `z${i % 3}` }));

test('a pod is bound by one POST, and its stages are stamped in order', () => {
  const bed = new Bed({ preload: nodes(3) });
  bed.to(1);
  const pod = bed.create(podOf(bed.uids, 'a', specOf()));
  bed.to(2);
  assert.match(bed.nodeOf('a'), /^n[012]$/);
  assert.equal(bed.pod('a')?.status.scheduled, 'True');
  assert.equal(bed.count('create pods/binding'), 1);
  assert.equal(bed.count('patch pods/status'), 0);
  const at = (stage: string) => bed.stages.get(`${pod.meta.uid}/${stage}`) ?? Number.NaN;
  assert.ok(S < at('queued') && at('queued') <= at('popped') && at('popped') < at('scheduled'));
  assert.equal(bed.attempts.get(pod.meta.uid)?.nodesFeasible, 3);
});

test('pods spread over equal nodes as requests fill them', () => {
  const bed = new Bed({ preload: nodes(3) });
  for (let i = 0; i < 30; i++) bed.create(podOf(bed.uids, `p${i}`, specOf()));
  bed.to(5);
  assert.equal(bed.bound, 30);
  const counts = [0, 1, 2].map(
    (i) => bed.endpoint.store.all<Pod>('pods').filter((p) => p.nodeName === `n${i}`).length,
  );
  assert.deepEqual(counts, [10, 10, 10]);
});

test('the client of a scheduler binds 100 pods at once and 50 a second after that', () => {
  const bed = new Bed({ preload: nodes(50) });
  bed.to(1);
  for (let i = 0; i < 300; i++) bed.create(podOf(bed.uids, `p${i}`, specOf()));
  bed.to(3);
  // 100 of the burst and two seconds of 50, less what the first milliseconds took.
  assert.ok(bed.bound >= 190 && bed.bound <= 200, `${bed.bound} bound`);
  bed.to(6);
  assert.equal(bed.bound, 300);
});

test('a pod that fits nowhere is told so once, and scheduled when a node comes', () => {
  const bed = new Bed({ preload: nodes(2) });
  bed.to(1);
  const pod = bed.create(podOf(bed.uids, 'big', specOf({ requests: cpu(6000) })));
  bed.to(3);
  assert.equal(bed.pod('big')?.status.scheduled, 'Unschedulable');
  assert.equal(bed.count('patch pods/status'), 1);
  assert.deepEqual(bed.attempts.get(pod.meta.uid)?.removed, [
    { plugin: 'NodeResourcesFit', reason: 'Insufficient cpu', nodes: 2 },
  ]);
  bed.create(nodeOf(bed.uids, 'small'));
  bed.to(10);
  assert.equal(bed.nodeOf('big'), '');
  // The hint of NodeResourcesFit saw that it would not fit there either: no second attempt.
  assert.equal(bed.attempts.get(pod.meta.uid)?.nodesTotal, 2);
  bed.create(nodeOf(bed.uids, 'large', { cpuMilli: 8000 }));
  bed.to(11);
  assert.equal(bed.nodeOf('big'), 'large');
});

test('before queueing hints any new node that admits the pod wakes it, fit or not by what runs', () => {
  const bed = new Bed({ preload: nodes(1), version: '1.30' });
  for (let i = 0; i < 2; i++) bed.create(podOf(bed.uids, `f${i}`, specOf({ requests: cpu(2000) })));
  bed.to(1);
  const pod = bed.create(podOf(bed.uids, 'next', specOf({ requests: cpu(500) })));
  bed.to(2);
  assert.equal(bed.attempts.get(pod.meta.uid)?.nodeName, '');
  bed.delete('pods', 'default/f0');
  bed.to(5);
  assert.equal(bed.nodeOf('next'), 'n0');
});

test('a gated pod waits until its gates are gone', () => {
  const bed = new Bed({ preload: nodes(1) });
  const spec = specOf({ schedulingGates: ['example.com/wait'] });
  bed.create(podOf(bed.uids, 'g', spec));
  bed.to(5);
  assert.equal(bed.nodeOf('g'), '');
  assert.equal(bed.schedulers[0].queue?.gated, 1);
  bed.patch<Pod>('pods', 'default/g', (p) => ({
    ...p,
    resourceVersion: 0,
    spec: { ...p.spec, schedulingGates: [] },
  }));
  bed.to(6);
  assert.equal(bed.nodeOf('g'), 'n0');
});

test('a binding that is refused is forgotten and tried again after its back-off', () => {
  const bed = new Bed({ preload: nodes(2) });
  let refused = 0;
  bed.endpoint.intercept = ({ call }) => {
    if (call.subresource !== 'binding' || refused > 0) return null;
    refused++;
    return {
      code: 500,
      reason: 'InternalError',
      object: null,
      items: null,
      count: 0,
      continueAt: 0,
      resourceVersion: 0,
      retryAfterS: 0,
      bytes: 100,
    };
  };
  bed.create(podOf(bed.uids, 'a', specOf()));
  bed.to(0.5);
  assert.equal(bed.nodeOf('a'), '');
  // Errors are not popped early: one second of back-off, looked at every second.
  bed.to(3);
  assert.notEqual(bed.nodeOf('a'), '');
  assert.equal(bed.count('create pods/binding'), 2);
});

test('a pod of higher priority gets the room of those that matter least', () => {
  const bed = new Bed({ preload: nodes(1) });
  const low = (p: number) => specOf({ priority: p, requests: cpu(1300) });
  for (const [name, priority] of [
    ['l1', 1],
    ['l2', 2],
    ['l3', 3],
  ] as const) {
    bed.create(podOf(bed.uids, name, low(priority)));
  }
  bed.to(2);
  assert.equal(bed.bound, 3);
  const high = bed.create(podOf(bed.uids, 'high', specOf({ priority: 100, requests: cpu(1300) })));
  bed.to(3);
  assert.equal(bed.pod('high')?.status.nominatedNodeName, 'n0');
  assert.ok(!Number.isNaN(bed.pod('l1')?.meta.deletedNs));
  assert.ok(Number.isNaN(bed.pod('l2')?.meta.deletedNs));
  assert.equal(bed.attempts.get(high.meta.uid)?.preemption, 'nominated to n0, 1 victims');
  bed.delete('pods', 'default/l1');
  bed.to(6);
  assert.equal(bed.nodeOf('high'), 'n0');
});

test('before 1.33 the victims are deleted within the cycle, and the next pod waits for that', () => {
  for (const version of ['1.32', '1.33']) {
    const bed = new Bed({ preload: nodes(1), version, delayNs: 100e6 });
    bed.create(podOf(bed.uids, 'low', specOf({ requests: cpu(3000) })));
    bed.to(2);
    bed.create(podOf(bed.uids, 'high', specOf({ priority: 10, requests: cpu(3000) })));
    const next = bed.create(podOf(bed.uids, 'next', specOf()));
    bed.to(4);
    assert.ok(!Number.isNaN(bed.pod('low')?.meta.deletedNs), version);
    const popped = bed.stages.get(`${next.meta.uid}/popped`) ?? Number.NaN;
    const waitedNs = popped - 2 * S;
    // Three calls of 100 ms each (condition, deletion, status of the preemptor), or the last alone.
    const calls = version === '1.32' ? 3 : 1;
    assert.equal(Math.floor(waitedNs / 100e6), calls, `${version}: ${waitedNs} ns`);
  }
});

test('profiles differ in plugins and weights, and share the cluster', () => {
  const packing = {
    ...defaultProfile,
    schedulerName: 'packing',
    scoringStrategy: 'MostAllocated' as const,
    disabled: ['TaintToleration', 'NodeResourcesBalancedAllocation'],
  };
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule', addedNs: 0 } as const;
  const bed = new Bed({
    scenario: { profiles: [defaultProfile, packing] },
    preload: (uids) => [nodeOf(uids, 'n0'), nodeOf(uids, 'n1', { taints: [taint] })],
  });
  bed.create(podOf(bed.uids, 'first', specOf()));
  bed.to(1);
  assert.equal(bed.nodeOf('first'), 'n0');
  for (let i = 0; i < 3; i++) {
    bed.create(podOf(bed.uids, `p${i}`, specOf({ schedulerName: 'packing' })));
  }
  bed.to(2);
  assert.deepEqual(
    [0, 1, 2].map((i) => bed.nodeOf(`p${i}`)),
    ['n0', 'n0', 'n0'],
  );
  const attempt = bed.attempts.get(bed.pod('p0')?.meta.uid ?? 0);
  assert.equal(attempt?.nodesFeasible, 2);
});

test('a standby leads 15 to 18 s after the leader froze, and takes what waits', () => {
  const bed = new Bed({ preload: nodes(3), replicas: 2 });
  bed.to(10);
  assert.equal(bed.schedulers[0].isLeader, true);
  bed.schedulers[0].process.stop();
  bed.create(podOf(bed.uids, 'a', specOf()));
  bed.to(24);
  assert.equal(bed.nodeOf('a'), '');
  bed.to(34);
  assert.equal(bed.schedulers[1].isLeader, true);
  assert.notEqual(bed.nodeOf('a'), '');
});

test('pods of another scheduler are left alone but take room', () => {
  const bed = new Bed({ preload: nodes(1) });
  bed.create(podOf(bed.uids, 'other', specOf({ schedulerName: 'mine' })));
  bed.to(5);
  assert.equal(bed.nodeOf('other'), '');
  bed.patch<Pod>('pods', 'default/other', (p) => ({ ...p, resourceVersion: 0, nodeName: 'n0' }));
  bed.create(podOf(bed.uids, 'big', specOf({ requests: cpu(3950) })));
  bed.to(8);
  assert.equal(bed.nodeOf('big'), '');
});

test('an unschedulable pod is woken by the change of a taint', () => {
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule', addedNs: 0 } as const;
  const bed = new Bed({ preload: (uids) => [nodeOf(uids, 'n0', { taints: [taint] })] });
  const pod = bed.create(podOf(bed.uids, 'p', specOf()));
  bed.to(3);
  assert.deepEqual(bed.attempts.get(pod.meta.uid)?.removed, [
    { plugin: 'TaintToleration', reason: 'node(s) had untolerated taint {a: b}', nodes: 1 },
  ]);
  bed.patch<Node>('nodes', 'n0', (n) => ({
    ...n,
    resourceVersion: 0,
    spec: { ...n.spec, taints: [] },
  }));
  bed.to(4);
  assert.equal(bed.nodeOf('p'), 'n0');
});

test.run();
