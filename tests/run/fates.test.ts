/**
 * What became of nodes and pods (models/workload/fates.ts), in small clusters: times against what
 * the controllers' periods allow.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { meanOf, mergeHistograms } from '../../src/metrics/index.ts';
import { clusterOf, type Ended, pods, simulate } from './kubernetes-support.ts';

const test = suite('run: fates');

/** Count and mean, s, of the tallies of a name with these labels. */
function tally({ result }: Ended, name: string, labels: Readonly<Record<string, string>>) {
  const found = result.metrics.tallies.filter(
    (t) => t.name === name && Object.entries(labels).every(([k, v]) => t.labels[k] === v),
  );
  const data = mergeHistograms(found.flatMap((t) => t.perSegment));
  return { count: data.total, meanS: data.total === 0 ? Number.NaN : meanOf(data) / 1e9 };
}

const outage = (ended: Ended, kind: string, stage: string) =>
  tally(ended, 'wavetank_pod_outage_seconds', { kind, stage });

const level = ({ result }: Ended, name: string, labels: Readonly<Record<string, string>>) => {
  const found = result.metrics.levels.find(
    (l) => l.name === name && Object.entries(labels).every(([k, v]) => l.labels[k] === v),
  );
  assert.ok(found !== undefined, `no level ${name}`);
  return found.perSegment[found.perSegment.length - 1];
};

const objects = [
  {
    kind: 'Deployment',
    name: 'web',
    replicas: 4,
    service: 'ClusterIP',
    nodes: ['worker-0', 'worker-0', 'worker-1', 'worker-1'],
  },
  { kind: 'DaemonSet', name: 'agent' },
];
const nodeGroups = [{ name: 'worker', count: 3 }];

test('pods of a dead node that were there at the start are deleted after 300 s of toleration', () => {
  const faults = [{ name: 'death', at: '10s', kill: 'node/worker-0' }];
  const ended = simulate(clusterOf({ nodeGroups, objects }, { horizon: '380s', faults }));
  const notReady = tally(ended, 'wavetank_node_outage_seconds', { stage: 'notReady' });
  // The last heartbeat is up to 10.4 s old; a pass each 5 s sees it, and the end of its 50 s.
  assert.equal(notReady.count, 1);
  assert.ok(notReady.meanS > 39.6 && notReady.meanS < 55.5, `${notReady.meanS} s`);
  const deleted = outage(ended, 'replicasets', 'deleted');
  assert.equal(deleted.count, 2);
  assert.ok(deleted.meanS - notReady.meanS >= 300, `${deleted.meanS} s`);
  assert.ok(deleted.meanS - notReady.meanS < 301, `${deleted.meanS} s`);
  const ready = outage(ended, 'replicasets', 'ready');
  assert.equal(ready.count, 2);
  assert.ok(ready.meanS > deleted.meanS && ready.meanS < deleted.meanS + 5, `${ready.meanS} s`);
  // A DaemonSet's pod stays bound to its node.
  assert.equal(outage(ended, 'daemonsets', 'deleted').count, 0);
  assert.equal(level(ended, 'wavetank_pods_serving', { app: 'web' }).last, 4);
  assert.equal(level(ended, 'wavetank_pods_serving', { app: 'agent' }).last, 2);
  // Three kube-proxies knew two dead endpoints until the node was not ready.
  const gone = level(ended, 'wavetank_service_endpoints', { state: 'gone' });
  assert.deepEqual([gone.max, gone.last], [6, 0]);
});

test('containers that crash once serve again themselves, and nobody is replaced', () => {
  const crash = { name: 'crash', at: '10s', crashLoop: 'web', runs: '100ms', for: '110ms' };
  const ended = simulate(clusterOf({ nodeGroups, objects }, { horizon: '30s', faults: [crash] }));
  const resumed = outage(ended, 'replicasets', 'resumed');
  assert.equal(resumed.count, 4);
  assert.ok(resumed.meanS > 0.1 && resumed.meanS < 5, `${resumed.meanS} s`);
  assert.equal(outage(ended, 'replicasets', 'deleted').count, 0);
  assert.equal(pods(ended, 'web').length, 4);
});

test('a container that ended is ready again once its readiness probe succeeds', () => {
  const template = { readyAfter: '3s', readinessProbe: '2s' };
  const crash = { name: 'crash', at: '10s', crashLoop: 'web', runs: '100ms', for: '110ms' };
  const probed = [{ kind: 'Deployment', name: 'web', replicas: 4, template }];
  const ended = simulate(
    clusterOf({ nodeGroups, objects: probed }, { horizon: '30s', faults: [crash] }),
  );
  const resumed = outage(ended, 'replicasets', 'resumed');
  // Relist and restart up to 2 s, 3 s until it answers, up to 2 s until it is asked.
  assert.equal(resumed.count, 4);
  assert.ok(resumed.meanS > 3 && resumed.meanS < 8, `${resumed.meanS} s`);
});

test('containers of a node whose kubelet died serve on', () => {
  const faults = [{ name: 'kubelet', at: '10s', kill: 'kubelet/worker-0', for: '10s' }];
  const ended = simulate(clusterOf({ nodeGroups, objects }, { horizon: '30s', faults }));
  const { min, last } = level(ended, 'wavetank_pods_serving', { app: 'web' });
  assert.deepEqual([min, last], [4, 4]);
});

test('a volume of a node that was deleted is attached elsewhere as soon as it is taken, after 6 min', () => {
  const stateful = {
    kind: 'StatefulSet',
    name: 'db',
    nodes: ['worker-0'],
    claims: [{ name: 'data' }],
  };
  const ended = simulate(
    clusterOf(
      {
        nodeGroups,
        objects: [{ kind: 'StorageClass', name: 'standard' }, stateful],
        cloudControllerManager: { routes: false, attach: '1s' },
      },
      { horizon: '500s', faults: [{ name: 'death', at: '10s', kill: 'node/worker-0' }] },
    ),
  );
  const created = outage(ended, 'statefulsets', 'created');
  const ready = outage(ended, 'statefulsets', 'ready');
  assert.deepEqual([created.count, ready.count], [1, 1]);
  // 360 s, detaching and attaching 1 s each, the start of the pod.
  const waitedS = ready.meanS - created.meanS;
  assert.ok(waitedS > 362 && waitedS < 368, `${waitedS} s`);
});

test('pods that were called not ready while their node was cut off are endpoints again', () => {
  const cut = { name: 'cut', at: '10s', partition: [['node/worker-0'], ['control-plane/0']] };
  for (const fault of [
    { ...cut, for: '70s' },
    { name: 'kubelet', at: '10s', kill: 'kubelet/worker-0', for: '70s' },
  ]) {
    const ended = simulate(
      clusterOf({ nodeGroups, objects }, { horizon: '110s', faults: [fault] }),
    );
    const serving = level(ended, 'wavetank_service_endpoints', { state: 'serving' });
    // Three nodes know four endpoints, and two while their node is NotReady.
    assert.deepEqual([serving.min, serving.last], [6, 12], fault.name);
    assert.equal(level(ended, 'wavetank_pods_serving', { app: 'web' }).min, 4);
  }
});

test.run();
