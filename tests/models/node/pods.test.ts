/** What happens to pods on their node beyond a plain start: images, volumes, limits, evictions. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type {
  EventRecord,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from '../../../models/objects/index.ts';
import { metaOf, NO_RESOURCES } from '../../../models/objects/index.ts';
import { status } from '../../support/fake-store.ts';
import {
  APP,
  boundPod,
  container,
  type NodeBed,
  type NodeBedOptions,
  nodeBed,
  nodeGroup,
  steadyRuntime,
} from './bed.ts';

const test = suite('node/pods');
const S = 1e9;
const MS = 1e6;
const GB = 1e9;

const steady = (o: NodeBedOptions = {}) =>
  nodeBed({ groups: [nodeGroup({ images: [APP], runtime: steadyRuntime() })], ...o });

function podOf(bed: NodeBed, name: string): Pod | undefined {
  return bed.cluster.store.get<Pod>('pods', `default/${name}`);
}

/** Time of a stage after the binding at 10 s, in ms. */
function stageMs(bed: NodeBed, pod: Pod, stage: 'volumesMounted' | 'imagesPulled' | 'ready') {
  return ((bed.stages.get(pod.meta.uid)?.get(stage) ?? Number.NaN) - 10 * S) / MS;
}

function bind(bed: NodeBed, name: string, spec: Partial<PodSpec>, atNs = 10 * S): Pod {
  const pod = boundPod(bed.cluster, name, 'workers-0', { spec });
  bed.bind(atNs, pod);
  return pod;
}

// Sandbox at 220.5; manifest 100, layer 100, 2000 to fetch 50 MB, 532 to unpack them.
test('An image that is not there is pulled once the sandbox runs, and is listed by the node.', () => {
  const bed = nodeBed({ groups: [nodeGroup({ runtime: steadyRuntime() })] });
  const pod = bind(bed, 'web', {});
  bed.cluster.run(30 * S);
  assert.ok(Math.abs(stageMs(bed, pod, 'imagesPulled') - 2952.4) < 1);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
  const node = bed.cluster.store.get<Node>('nodes', 'workers-0');
  assert.deepEqual(node?.status.images, { 'app:1': 50e6 });
  assert.equal(bed.calls()['create events'], 4);
});

test('A registry that is down leaves pods pending; they start when it is back, after their back-off.', () => {
  const bed = nodeBed({ groups: [nodeGroup({ runtime: steadyRuntime() })] });
  bed.nodes.setRegistry(false, '');
  bind(bed, 'web', {});
  bed.cluster.run(12 * S);
  assert.equal(podOf(bed, 'web')?.status.reason, 'ImagePullBackOff');
  bed.cluster.run(60 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Pending');
  bed.nodes.setRegistry(true, '');
  bed.cluster.run(120 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
  assert.equal(podOf(bed, 'web')?.status.reason, '');
});

test('A container whose image cannot be had does not keep the others of its pod from starting.', () => {
  const missing = container({
    name: 'b',
    image: { name: 'none', layers: [{ id: 'x', bytes: 1 }] },
  });
  const never = { ...missing, imagePullPolicy: 'Never' } as const;
  const bed = steady();
  bind(bed, 'web', { containers: [never, container()] });
  bed.cluster.run(30 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Pending');
  assert.equal(podOf(bed, 'web')?.status.reason, 'ErrImageNeverPull');
  const reasons = bed.cluster.store.all<EventRecord>('events').map(({ reason }) => reason);
  assert.ok(reasons.includes('Failed') && reasons.includes('Started'));
});

// Each runs for 2 s and is seen up to a second later.
test('Init containers run one after the other before the others start.', () => {
  const init = (name: string) =>
    container({ name, behaviour: { ...container().behaviour, runsForNs: 2 * S } });
  const bed = steady();
  const pod = bind(bed, 'web', { initContainers: [init('a'), init('b')] });
  bed.cluster.run(13 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Pending');
  bed.cluster.run(20 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
  const readyMs = stageMs(bed, pod, 'ready');
  assert.ok(readyMs > 5000 && readyMs < 8500, `${readyMs} ms`);
  assert.equal(bed.calls()['create events'], 9);
});

test('A probe that is not answered in time makes a crash loop of a slow start.', () => {
  const livenessProbe = {
    periodNs: 2 * S,
    timeoutNs: S,
    initialDelayNs: 0,
    failureThreshold: 2,
    successThreshold: 1,
  };
  const slow = { ...container().behaviour, readyAfterNs: 60 * S };
  const bed = steady();
  bind(bed, 'web', { containers: [container({ livenessProbe, behaviour: slow })] });
  bed.cluster.run(100 * S);
  const restarts = podOf(bed, 'web')?.status.restarts ?? 0;
  // Killed after about 3 s each; waits of 0, 10, 20, 40 s, rounded up to retries of 10 to 15 s.
  assert.ok(restarts >= 3 && restarts <= 4, `${restarts} restarts`);
});

// --- Volumes ----------------------------------------------------------------------------------

test('A ConfigMap is listed at its first use on a node and known to the next pod.', () => {
  const bed = steady();
  const spec = { volumes: [{ kind: 'configMap', name: 'settings' }] } as const;
  bind(bed, 'a', spec);
  bind(bed, 'b', spec, 15 * S);
  bed.cluster.run(20 * S);
  const lists = bed.cluster.endpoint.calls.filter(
    (call) => call.resource === 'configmaps' && call.verb === 'list',
  );
  assert.equal(lists.length, 1);
  assert.deepEqual(lists[0].fieldSelector, { field: 'metadata.name', value: 'settings' });
});

// Failures at 20.5 and after 500 ms: the third answer is there at 1.52 s, looked at every 300 ms.
test('A token that is refused is asked for again, and the pod waits.', () => {
  const bed = steady();
  let refusals = 2;
  bed.cluster.endpoint.intercept = ({ call }) => {
    if (call.subresource !== 'token') return null;
    return refusals-- > 0 ? status(500, 'InternalError') : status(201, '');
  };
  const pod = bind(bed, 'web', { serviceAccount: 'default' });
  bed.cluster.run(20 * S);
  assert.equal(bed.calls()['create serviceaccounts/token'], 3);
  assert.equal(stageMs(bed, pod, 'volumesMounted'), 20.5 + 6 * 300);
});

test('A claim is read, and the pod waits until its volume is attached to the node.', () => {
  const bed = steady();
  const claim: PersistentVolumeClaim = {
    resource: 'persistentvolumeclaims',
    meta: metaOf(bed.cluster.uids, 0, { name: 'data', namespace: 'default' }),
    bytes: 1000,
    resourceVersion: 0,
    spec: { storageClass: '', bytes: GB, volumeName: 'pv-1', accessMode: 'ReadWriteOnce' },
    selectedNode: '',
    phase: 'Bound',
  };
  bed.cluster.store.preload([claim]);
  const volumes = [{ kind: 'persistentVolumeClaim', claimName: 'data', readOnly: false }] as const;
  const pod = bind(bed, 'web', { volumes });
  bed.cluster.run(30 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Pending');
  bed.cluster.endpoint.now({
    verb: 'patch',
    resource: 'nodes',
    subresource: 'status',
    path: 'workers-0',
    mutate: (object) => {
      const node = object as Node;
      const attached = { ...node.status, volumesAttached: ['pv-1'] };
      return { ...node, resourceVersion: 0, status: attached } as Node;
    },
  });
  bed.cluster.run(32 * S);
  assert.ok(stageMs(bed, pod, 'volumesMounted') < 20_500);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
});

// --- Limits -----------------------------------------------------------------------------------

test('The kubelet fails what does not fit, and has room again when a pod ends.', () => {
  const requests = { ...NO_RESOURCES, cpuMilli: 3000 };
  const bed = steady();
  bind(bed, 'a', { requests });
  bind(bed, 'b', { requests }, 12 * S);
  bed.cluster.run(20 * S);
  assert.equal(podOf(bed, 'a')?.status.phase, 'Running');
  assert.equal(podOf(bed, 'b')?.status.phase, 'Failed');
  assert.equal(podOf(bed, 'b')?.status.reason, 'OutOfcpu');
  bed.cluster.endpoint.now({ verb: 'delete', resource: 'pods', path: 'default/a' });
  bed.cluster.run(30 * S);
  bind(bed, 'c', { requests }, 31 * S);
  bed.cluster.run(40 * S);
  assert.equal(podOf(bed, 'c')?.status.phase, 'Running');
});

test('Memory that runs out evicts the pod that uses more than it asked for; the pressure is told.', () => {
  const using = (gb: number, requested: number): Partial<PodSpec> => ({
    requests: { ...NO_RESOURCES, memoryBytes: requested * GB },
    containers: [container({ behaviour: { ...container().behaviour, memoryUseBytes: gb * GB } })],
  });
  const bed = steady();
  bind(bed, 'modest', using(5, 5));
  bind(bed, 'greedy', using(6, 1), 20 * S);
  bind(bed, 'last', using(6, 6), 40 * S);
  bed.cluster.run(70 * S);
  assert.equal(podOf(bed, 'modest')?.status.phase, 'Running');
  assert.equal(podOf(bed, 'last')?.status.phase, 'Running');
  assert.equal(podOf(bed, 'greedy')?.status.phase, 'Failed');
  assert.equal(podOf(bed, 'greedy')?.status.reason, 'Evicted');
  const pressure = () =>
    bed.cluster.store.get<Node>('nodes', 'workers-0')?.status.conditions.memoryPressure;
  assert.equal(pressure(), 'True');
  bed.cluster.run(400 * S);
  assert.equal(pressure(), 'False');
});

test('A pod that is force-deleted is stopped, and nothing more is said to the API.', () => {
  const bed = steady();
  bind(bed, 'web', {});
  bed.cluster.run(20 * S);
  const before = bed.calls();
  bed.cluster.endpoint.now({ verb: 'delete', resource: 'pods', path: 'default/web', graceNs: 0 });
  bed.cluster.run(30 * S);
  const after = bed.calls();
  assert.equal(after['patch pods/status'], before['patch pods/status']);
  assert.equal(after['delete pods'], undefined);
  const { cluster } = bed;
  const running = cluster.metrics
    .finish(cluster.sim.nowNs)
    .levels.find((level) => level.name === 'kubelet_running_pods');
  assert.equal(running?.perSegment[0].max, 1);
  assert.equal(running?.perSegment[0].last, 0);
});

test.run();
