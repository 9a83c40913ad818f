/** Kubelets end to end, against an API server in memory: what they do, and when. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type Lease, type Pod, podStages } from '../../../models/objects/index.ts';
import { APP, boundPod, container, nodeBed, nodeGroup, steadyRuntime } from './bed.ts';

const test = suite('node/kubelet');
const S = 1e9;
const MS = 1e6;

test('Each node renews its lease every 10 s and up to 4 % more, whatever else happens.', () => {
  const bed = nodeBed({ groups: [nodeGroup({ count: 20 })] });
  bed.cluster.run(1000 * S);
  const { 'update leases': puts, ...others } = bed.calls();
  // 20 nodes, 1000 s, every 10.2 s on average plus the round trip; dials are once.
  assert.ok(Math.abs(puts - (20 * 1000) / 10.201) < 30, `${puts} renewals`);
  const lease = bed.cluster.store.get<Lease>('leases', 'kube-node-lease/workers-7');
  assert.ok((lease?.renewNs ?? 0) > 989 * S);
  // A report in every 300 to 310 s.
  const patches = others['patch nodes/status'];
  assert.ok(patches >= 60 && patches <= 68, `${patches} reports`);
});

test('A pod comes up through all its stages in order, with two status updates and three events.', () => {
  const group = nodeGroup({ images: [APP], runtime: steadyRuntime() });
  const bed = nodeBed({ groups: [group] });
  const pod = boundPod(bed.cluster, 'web', 'workers-0', { spec: { serviceAccount: 'default' } });
  bed.bind(100 * S, pod);
  bed.cluster.run(110 * S);
  const stored = bed.cluster.store.get<Pod>('pods', 'default/web');
  assert.equal(stored?.status.phase, 'Running');
  assert.equal(stored?.status.ready, true);
  const stamps = bed.stages.get(pod.meta.uid);
  const times = podStages.flatMap((stage) => {
    const atNs = stamps?.get(stage);
    return atNs === undefined ? [] : [atNs];
  });
  assert.equal(times.length, 8, 'received to reported');
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  const at = (stage: (typeof podStages)[number]) => ((stamps?.get(stage) ?? 0) - 100 * S) / MS;
  // Watch 0.5, worker 20; volumes are looked at 300 ms later; four operations of 100 ms.
  assert.equal(at('received'), 0.5);
  assert.equal(at('started'), 20.5);
  assert.equal(at('volumesMounted'), 320.5);
  assert.equal(at('sandboxReady'), 520.5);
  assert.equal(at('containersStarted'), 720.5);
  // A relist within a second, then GET and PATCH.
  assert.ok(at('ready') > 720.5 && at('ready') < 1750);
  assert.ok(at('reported') - at('ready') < 10);
  const calls = bed.calls();
  assert.equal(calls['get pods'], 2);
  assert.equal(calls['patch pods/status'], 2);
  assert.equal(calls['create serviceaccounts/token'], 1);
  assert.equal(calls['create events'], 3);
  assert.equal(calls['delete pods'], undefined);
});

// 0.5 watch; SIGTERM is obeyed after 5 s; stop 0.1; a relist; status; 0.3 teardown; DELETE.
test('A deleted pod ends when its containers do, and is removed by its kubelet alone.', () => {
  const spec = { containers: [container({ behaviour: behaviour({ stopsAfterNs: 5 * S }) })] };
  const bed = nodeBed({
    groups: [nodeGroup({ images: [APP], runtime: steadyRuntime() })],
    running: (c) => [boundPod(c, 'web', 'workers-0', { spec, status: RUNNING })],
  });
  bed.cluster.at(50 * S, () => {
    bed.cluster.endpoint.now({ verb: 'delete', resource: 'pods', path: 'default/web' });
  });
  bed.cluster.run(55.3 * S);
  assert.notEqual(bed.cluster.store.get('pods', 'default/web'), undefined);
  bed.cluster.run(57 * S);
  assert.equal(bed.cluster.store.get('pods', 'default/web'), undefined);
  const calls = bed.calls();
  assert.equal(calls['patch pods/status'], 1);
  assert.equal(calls['delete pods'], 1);
  assert.equal(calls['create events'], 1, 'Killing');
});

test('A container that ignores SIGTERM is killed when its grace is over.', () => {
  const spec = { containers: [container({ behaviour: behaviour({ stopsAfterNs: 100 * S }) })] };
  const bed = nodeBed({
    running: (c) => [boundPod(c, 'web', 'workers-0', { spec, status: RUNNING })],
  });
  bed.cluster.at(50 * S, () => {
    bed.cluster.endpoint.now({ verb: 'delete', resource: 'pods', path: 'default/web' });
  });
  bed.cluster.run(80 * S);
  assert.notEqual(bed.cluster.store.get('pods', 'default/web'), undefined);
  bed.cluster.run(83 * S);
  assert.equal(bed.cluster.store.get('pods', 'default/web'), undefined);
});

// 10, 20, 40 ... s after each end; retries come every 10 to 15 s.
test('A container that crashes is restarted at once, then after 10 s, 20 s and so on.', () => {
  const spec = {
    containers: [container({ behaviour: behaviour({ runsForNs: 1 * S, exitCode: 1 }) })],
  };
  const bed = nodeBed({ groups: [nodeGroup({ images: [APP], runtime: steadyRuntime() })] });
  bed.bind(10 * S, boundPod(bed.cluster, 'web', 'workers-0', { spec }));
  const restarts = (): [number, string] => {
    const pod = bed.cluster.store.get<Pod>('pods', 'default/web');
    return [pod?.status.restarts ?? -1, pod?.status.reason ?? ''];
  };
  bed.cluster.run(20 * S);
  assert.deepEqual(restarts(), [1, 'CrashLoopBackOff']);
  // Ended about 15.5: 10 s and a retry later 27 to 32, 20 s more 51 to 71, 40 s more 95 to 145.
  bed.cluster.run(40 * S);
  assert.deepEqual(restarts(), [2, 'CrashLoopBackOff']);
  bed.cluster.run(2000 * S);
  const [count] = restarts();
  // 10, 20, 40, 80, 160, then 300 s each: 310 s for the first five, then 1680 / 307 more.
  assert.ok(count >= 10 && count <= 12, `${count} restarts`);
});

test('A pod of a Job ends as Succeeded or Failed, and its node is free again.', () => {
  const run = (exitCode: number, restartPolicy: 'Never' | 'OnFailure') => {
    const spec = {
      restartPolicy,
      containers: [container({ behaviour: behaviour({ runsForNs: 2 * S, exitCode }) })],
    };
    const bed = nodeBed({ groups: [nodeGroup({ images: [APP] })] });
    bed.bind(10 * S, boundPod(bed.cluster, 'job', 'workers-0', { spec }));
    bed.cluster.run(30 * S);
    return bed.cluster.store.get<Pod>('pods', 'default/job')?.status.phase;
  };
  assert.equal(run(0, 'Never'), 'Succeeded');
  assert.equal(run(0, 'OnFailure'), 'Succeeded');
  assert.equal(run(1, 'Never'), 'Failed');
  assert.equal(run(1, 'OnFailure'), 'Running');
});

const RUNNING = {
  phase: 'Running',
  ready: true,
  hasIP: true,
  startNs: 0,
  readySinceNs: 0,
} as const;

function behaviour(o: Partial<ReturnType<typeof container>['behaviour']>) {
  return { ...container().behaviour, ...o };
}

test.run();
