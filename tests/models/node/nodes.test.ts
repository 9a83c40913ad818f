/** Life of nodes: they join, die, come back, lose the API, and their runtimes hang. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { Lease, Node, Pod } from '../../../models/objects/index.ts';
import { status } from '../../support/fake-store.ts';
import {
  APP,
  boundPod,
  kubelet,
  kubeProxy,
  type NodeBed,
  nodeBed,
  nodeGroup,
  steadyRuntime,
} from './bed.ts';

const test = suite('node/nodes');
const S = 1e9;

function nodeOf(bed: NodeBed, name: string): Node | undefined {
  return bed.cluster.store.get<Node>('nodes', name);
}

function renewedS(bed: NodeBed, name: string): number {
  const lease = bed.cluster.store.get<Lease>('leases', `kube-node-lease/${name}`);
  return (lease?.renewNs ?? Number.NaN) / S;
}

const RUNNING = {
  phase: 'Running',
  ready: true,
  hasIP: true,
  startNs: 0,
  readySinceNs: 0,
} as const;

test('Nodes join at their rate: certificate, node, lease, NotReady, then Ready.', () => {
  const group = nodeGroup({
    count: 1,
    joining: 10,
    joinAtNs: 100 * S,
    joinRatePerSecond: 2,
    kubeProxy: kubeProxy({ mode: 'iptables' }),
  });
  const bed = nodeBed({ groups: [group], cloud: true });
  bed.cluster.run(99 * S);
  assert.equal(bed.cluster.store.all('nodes').length, 1);
  bed.cluster.run(150 * S);
  const calls = bed.calls();
  assert.equal(calls['create certificatesigningrequests'], 10);
  assert.equal(calls['create nodes'], 10);
  assert.equal(calls['create leases'], 10);
  const last = nodeOf(bed, 'workers-10');
  assert.equal(last?.status.conditions.ready, 'True');
  assert.deepEqual(
    last?.spec.taints.map(({ key }) => key),
    ['node.kubernetes.io/not-ready', 'node.cloudprovider.kubernetes.io/uninitialized'],
  );
  // 4.5 s after the first; 1.5 to 4.5 s to boot, up to 10 s for the certificate.
  const createdS = (last?.meta.createdNs ?? 0) / S;
  assert.ok(createdS > 106 && createdS < 119, `created at ${createdS} s`);
  assert.ok(renewedS(bed, 'workers-10') > 135);
  assert.equal(bed.nodes.stateOf('workers-10'), 'up');
  // Proxies of all that joined list and watch together.
  const members = bed.cluster.endpoint.calls
    .filter(({ resource, verb }) => resource === 'services' && verb === 'list')
    .reduce((sum, call) => sum + (call.members ?? 1), 0);
  assert.equal(members, 10);
});

test('A cluster that starts cold registers all its nodes.', () => {
  const bed = nodeBed({ groups: [nodeGroup({ count: 5 })], preloaded: false });
  bed.cluster.run(60 * S);
  const ready = bed.cluster.store
    .all<Node>('nodes')
    .filter((node) => node.status.conditions.ready === 'True');
  assert.equal(ready.length, 5);
});

test('A node that dies is silent; when it boots, its pods are started anew.', () => {
  const bed = nodeBed({
    groups: [nodeGroup({ images: [APP], runtime: steadyRuntime() })],
    running: (c) => [boundPod(c, 'web', 'workers-0', { status: RUNNING })],
  });
  bed.cluster.at(50 * S, () => bed.nodes.crash('workers-0'));
  bed.cluster.run(51 * S);
  const before = bed.cluster.endpoint.calls.length;
  bed.cluster.run(200 * S);
  assert.equal(bed.cluster.endpoint.calls.length, before);
  assert.equal(bed.nodes.stateOf('workers-0'), 'down');
  bed.nodes.boot('workers-0');
  bed.cluster.run(260 * S);
  assert.ok(renewedS(bed, 'workers-0') > 245);
  assert.equal(nodeOf(bed, 'workers-0')?.status.conditions.ready, 'True');
  const pod = bed.cluster.store.get<Pod>('pods', 'default/web');
  assert.equal(pod?.status.phase, 'Running');
  assert.ok((pod?.status.startNs ?? 0) > 200 * S, 'its containers are new');
});

// Each PUT waits 10 s and is tried five times; then GETs. Nothing is renewed for 100 s.
test('While the API does not answer leases are tried again and again, and renewed soon after.', () => {
  const bed = nodeBed();
  let isDown = false;
  bed.cluster.endpoint.intercept = () => (isDown ? 'never' : null);
  bed.cluster.at(60 * S, () => {
    isDown = true;
  });
  bed.cluster.at(160 * S, () => {
    isDown = false;
  });
  bed.cluster.run(159 * S);
  assert.ok(renewedS(bed, 'workers-0') < 60);
  // Ten-second tries, and waits of at most 7 s.
  bed.cluster.run(178 * S);
  assert.ok(renewedS(bed, 'workers-0') > 160);
});

test('A lease that somebody else changed is read and renewed at once.', () => {
  const bed = nodeBed();
  bed.cluster.at(55 * S, () => {
    bed.cluster.endpoint.now({
      verb: 'patch',
      resource: 'leases',
      path: 'kube-node-lease/workers-0',
      mutate: (lease) => ({ ...lease, resourceVersion: 0 }),
    });
  });
  bed.cluster.run(80 * S);
  assert.equal(bed.calls()['get leases'], 1);
  assert.ok(renewedS(bed, 'workers-0') > 69);
});

test('A kubelet that sees its node called Unknown says within 10 s that it is Ready.', () => {
  const bed = nodeBed();
  bed.cluster.at(55 * S, () => {
    bed.cluster.endpoint.now({
      verb: 'patch',
      resource: 'nodes',
      subresource: 'status',
      path: 'workers-0',
      mutate: (object) => {
        const node = object as Node;
        const conditions = { ...node.status.conditions, ready: 'Unknown' };
        return { ...node, resourceVersion: 0, status: { ...node.status, conditions } } as Node;
      },
    });
  });
  bed.cluster.run(55.1 * S);
  assert.equal(nodeOf(bed, 'workers-0')?.status.conditions.ready, 'Unknown');
  bed.cluster.run(65.2 * S);
  assert.equal(nodeOf(bed, 'workers-0')?.status.conditions.ready, 'True');
});

test('A runtime that tells no status for 30 s makes its node NotReady until it answers.', () => {
  const bed = nodeBed();
  bed.cluster.at(20 * S, () => bed.nodes.hangRuntime('workers-0', 100 * S, true));
  const ready = () => nodeOf(bed, 'workers-0')?.status.conditions.ready;
  // Asked for at most 5 s before, 30 s of patience, told within 10 s.
  bed.cluster.run(44 * S);
  assert.equal(ready(), 'True');
  bed.cluster.run(61 * S);
  assert.equal(ready(), 'False');
  bed.cluster.run(131 * S);
  assert.equal(ready(), 'True');
});

test('A runtime whose lists hang makes its node NotReady after three minutes, though its lease is fine.', () => {
  const bed = nodeBed();
  bed.cluster.at(20 * S, () => bed.nodes.hangRuntime('workers-0', 400 * S));
  const ready = () => nodeOf(bed, 'workers-0')?.status.conditions.ready;
  bed.cluster.run(199 * S);
  assert.equal(ready(), 'True');
  bed.cluster.run(215 * S);
  assert.equal(ready(), 'False');
  assert.ok(renewedS(bed, 'workers-0') > 200);
  bed.cluster.run(440 * S);
  assert.equal(ready(), 'True');
});

test('A call to the runtime that takes longer than its timeout has failed, and is made again.', () => {
  const startedS = (timeoutS: number) => {
    const bed = nodeBed({
      horizonNs: 400 * S,
      groups: [nodeGroup({ kubelet: kubelet({ runtimeTimeoutNs: timeoutS * S }) })],
    });
    bed.cluster.at(5 * S, () => bed.nodes.hangRuntime('workers-0', 200 * S));
    const pod = boundPod(bed.cluster, 'p', 'workers-0');
    bed.bind(10 * S, pod);
    bed.cluster.run(300 * S);
    return (bed.stages.get(pod.meta.uid)?.get('containersStarted') ?? Number.NaN) / S;
  };
  // Asked for a sandbox at 10 s, which twice 100 s wait for; it begins at 205 s.
  const patient = startedS(100);
  assert.ok(patient > 205 && patient < 212, `${patient}`);
  // Twice 60 s do not: the worker's back-off of 10 to 15 s, and again.
  const again = startedS(60);
  assert.ok(again > 215 && again < 228, `${again}`);
});

test('A status that is refused is tried five times, reading the node in between.', () => {
  const bed = nodeBed();
  bed.cluster.endpoint.intercept = ({ call }) =>
    call.resource === 'nodes' && call.verb === 'patch' ? status(500, 'InternalError') : null;
  bed.cluster.run(311 * S);
  const calls = bed.calls();
  const rounds = calls['patch nodes/status'] / 5;
  assert.ok(rounds >= 1 && Number.isInteger(rounds));
  assert.equal(calls['get nodes'], 4 * rounds);
});

test('The same seed gives the same events, another seed others.', () => {
  const digest = (seed: string) => {
    const bed = nodeBed({ seed, groups: [nodeGroup({ count: 10, zones: ['a', 'b', 'c'] })] });
    for (let i = 0; i < 20; i++) {
      const pod = boundPod(bed.cluster, `p${i}`, `workers-${i % 10}`, {
        spec: { serviceAccount: 'default' },
      });
      bed.bind((10 + i) * S, pod);
    }
    bed.cluster.run(60 * S);
    return bed.cluster.sim.digest();
  };
  assert.equal(digest('one'), digest('one'));
  assert.notEqual(digest('one'), digest('two'));
});

test.run();
