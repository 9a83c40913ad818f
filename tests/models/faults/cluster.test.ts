/**
 * Faults of a whole cluster, end to end: three nodes in three zones under three stacked control
 * planes. Each verb acts on each class of targets; what follows is read from the events of the run.
 * The checks of src/run/invariants.ts run along.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { clusterOf, type Ended, simulate, type Value } from '../../run/kubernetes-support.ts';

const test = suite('models/faults: a whole cluster');

const ZONES = ['a', 'b', 'c'];

function run(faults: readonly Value[], horizon = '40s'): Ended {
  const kubernetes = {
    controlPlane: { replicas: 3, topology: 'stacked', zones: ZONES },
    nodeGroups: [{ name: 'worker', count: 3, zones: ZONES }],
    objects: [
      {
        kind: 'Deployment',
        name: 'web',
        replicas: 3,
        template: { cpu: '100m', memory: '64MiB' },
      },
    ],
  };
  const rest = { horizon, etcd: { version: '3.6', members: 3 }, faults };
  return simulate(clusterOf(kubernetes, rest));
}

/** Rows of events.csv as 'second kind subject'; of these kinds. */
function story({ result }: Ended, ...kinds: readonly string[]): string[] {
  return result.metrics.events
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ timeNs, kind, subject }) => `${Math.floor(timeNs / 1e9)} ${kind} ${subject}`);
}

const has = (ended: Ended, kind: string, subject: string) =>
  ended.result.metrics.events.some((row) => row.kind === kind && row.subject === subject);

const podsRunning = (ended: Ended) =>
  ended.objects('pods').filter((pod) => (pod as unknown as PodLike).status.phase === 'Running')
    .length;
interface PodLike {
  readonly status: { readonly phase: string };
}

test('a scheduler that is killed is started by its supervisor, and another leads after its lease', () => {
  const ended = run([{ at: '5s', kill: 'kube-scheduler/leader' }]);
  // Restart: 1 s of the supervisor and 1 s of the process. Lease: 15 s, retries of up to 4.4 s.
  const rows = story(ended, 'exit', 'start');
  assert.deepEqual(rows, ['5 exit kube-scheduler/0', '7 start kube-scheduler/0']);
  const led = ended.result.metrics.events.filter(
    ({ kind, detail, timeNs }) => kind === 'leading' && detail === 'kube-scheduler' && timeNs > 0,
  );
  assert.equal(led.length, 1);
  assert.ok(led[0].timeNs > 17e9 && led[0].timeNs < 27e9);
});

// An API server listens 4 s after its start (constant apiserver.startNs).
test('what is killed for a while stays away as long, whatever its supervisor would do', () => {
  const ended = run([
    { at: '5s', kill: 'kube-controller-manager/all', for: '10s' },
    { at: '6s', kill: 'kube-apiserver/1', restartAfter: '8s' },
  ]);
  const rows = story(ended, 'start', 'apiserverKilled', 'apiserverListening');
  assert.deepEqual(rows, [
    '6 apiserverKilled kube-apiserver/1',
    '16 start kube-controller-manager/0',
    '16 start kube-controller-manager/1',
    '16 start kube-controller-manager/2',
    '18 apiserverListening kube-apiserver/1',
  ]);
});

test('a machine that is lost takes etcd, API server and components, and peers see no reset', () => {
  const ended = run([{ at: '5s', kill: 'control-plane/0', for: '20s' }], '50s');
  const [outage] = ended.result.outages;
  for (const name of ['kube-scheduler/0', 'kube-controller-manager/0']) {
    assert.ok(has(ended, 'exit', name) && has(ended, 'start', name), name);
  }
  assert.ok(has(ended, 'apiserverKilled', 'kube-apiserver/0'));
  assert.ok(has(ended, 'replicaUnhealthy', 'kube-apiserver/0'));
  assert.ok(has(ended, 'started', 'etcd/0'));
  // The leader of etcd was there: an election, and one of each component.
  assert.equal(outage.elections, 3);
  assert.equal(outage.restarts, 4);
  assert.ok(outage.detectedNs > 5e9 + 0.9e9 && outage.detectedNs < 5e9 + 2.5e9);
});

test('a zone that is lost takes its control plane and its nodes', () => {
  const ended = run([{ at: '5s', kill: 'zone/b', for: '20s' }], '60s');
  assert.deepEqual(story(ended, 'hostCrash', 'nodeCrash', 'hostBoot', 'nodeBoot'), [
    '5 hostCrash control-plane/1',
    '5 nodeCrash worker-1',
    '25 hostBoot control-plane/1',
    '25 nodeBoot worker-1',
  ]);
  assert.ok(has(ended, 'apiserverListening', 'kube-apiserver/1'));
});

test('a node without its kubelet keeps its pods, becomes NotReady, and is well again', () => {
  const ended = run([{ at: '5s', kill: 'kubelet/worker-1', for: '60s' }], '100s');
  assert.deepEqual(
    story(ended, 'nodeNotReady', 'nodeUntainted').map((row) => row.replace(/^\d+ /, '')),
    ['nodeNotReady worker-1', 'nodeUntainted worker-1'],
  );
  assert.equal(podsRunning(ended), 3);
  const quick = run([{ at: '5s', kill: 'kubelet/worker-1' }]);
  assert.deepEqual(story(quick, 'exit', 'start'), [
    '5 exit kubelet/worker-1',
    '15 start kubelet/worker-1',
  ]);
});

test('one node is cut off alone, of a group the first part, and of a zone all', () => {
  const notReady = (fault: Value) => {
    const ended = run([{ at: '5s', for: '70s', ...fault }], '65s');
    return story(ended, 'nodeNotReady').map((row) => row.replace(/^.* /, ''));
  };
  assert.deepEqual(notReady({ partition: 'node/worker-2' }), ['worker-2']);
  assert.deepEqual(notReady({ partition: 'nodes/worker', part: '60%' }), ['worker-0', 'worker-1']);
  const planes = ['control-plane/0', 'control-plane/1', 'control-plane/2'];
  assert.deepEqual(notReady({ partition: [['node/worker-0', 'node/worker-1'], planes] }), [
    'worker-0',
    'worker-1',
  ]);
});

test('clients behind a cut see timeouts where packets vanish and resets where they are refused', () => {
  const failedBy = (mode: string) => {
    const fault = { at: '5s', partition: [['nodes'], ['kube-apiserver/all']], mode, for: '45s' };
    return run([fault], '60s').result.outages[0].failed;
  };
  const vanished = failedBy('blackhole');
  assert.ok(vanished.timeout > 0);
  const refused = failedBy('reset');
  assert.ok(refused.refused > 0 && refused.timeout === undefined);
});

test('a cut that flaps is cut and opened in turn, and open at its end', () => {
  const flap = [['zone/a'], ['zone/b', 'zone/c']];
  const ended = run([{ at: '5s', flap, down: '4s', up: '3s', for: '20s' }], '50s');
  assert.ok(has(ended, 'elected', 'etcd/1') || has(ended, 'elected', 'etcd/2'));
  // It is a member that follows again: nobody campaigns once the cuts are over.
  const late = story(ended, 'campaign').filter((row) => Number(row.split(' ')[0]) > 35);
  assert.deepEqual(late, []);
});

test('an API server restart that rolls waits for each to be ready', () => {
  const ended = run([{ at: '5s', restart: 'kube-apiserver/all', rolling: true }]);
  const rows = story(ended, 'apiserverStopped', 'apiserverListening');
  const names = rows.map((row) => row.replace(/^\d+ /, ''));
  assert.deepEqual(
    names,
    [0, 1, 2].flatMap((i) => [
      `apiserverStopped kube-apiserver/${i}`,
      `apiserverListening kube-apiserver/${i}`,
    ]),
  );
});

const machines = ['control-plane/1', 'zone/c', 'etcd/leader', 'kube-apiserver/random'];
const verbs: Readonly<Record<string, Value>> = {
  pause: { for: '4s' },
  clockStep: { by: '-2h' },
  clockDrift: { rate: '100000ppm', for: '10s' },
  ntp: { offset: '10m', for: '10s' },
};
for (const [verb, fields] of Object.entries(verbs)) {
  test(`${verb} acts on machines, zones, members and API servers, and all is well after`, () => {
    const faults = machines.map((target, i) => ({
      at: `${3 + 5 * i}s`,
      [verb]: target,
      ...fields,
    }));
    const ended = run(faults);
    assert.equal(podsRunning(ended), 3);
    assert.equal(ended.result.outages.length, 4);
  });
}

test('disks of a machine of the control plane stall, are slow and are full, by its name', () => {
  const ended = run([
    { at: '3s', stallDisk: 'control-plane/0', for: '3s' },
    { at: '10s', slowDisk: 'control-plane/1', factor: 20, for: '5s' },
    { at: '18s', fullDisk: 'zone/c', for: '3s' },
  ]);
  assert.ok(has(ended, 'campaign', 'etcd/1') || has(ended, 'campaign', 'etcd/2'));
  assert.equal(podsRunning(ended), 3);
});

test('delay and loss between zones, and between nodes and the control plane', () => {
  const ended = run([
    { at: '3s', delay: ['zone/a', 'zone/b'], add: '100ms', for: '10s' },
    { at: '15s', loss: ['nodes', 'kube-apiserver/0'], probability: '20%', for: '10s' },
  ]);
  assert.equal(podsRunning(ended), 3);
});

test('overlapping faults of one thing end with the last of them', () => {
  const ended = run([
    { name: 'long', at: '3s', kill: 'kube-scheduler/1', for: '20s' },
    { name: 'short', at: '5s', kill: 'kube-scheduler/1', for: '5s' },
    { name: 'restart', at: '12s', restart: 'kube-scheduler/1' },
    { name: 'machine', at: '6s', kill: 'control-plane/1', for: '6s' },
  ]);
  // Released at 23 s, and a second to start.
  const rows = story(ended, 'start').filter((row) => row.endsWith('kube-scheduler/1'));
  assert.deepEqual(rows, ['24 start kube-scheduler/1']);
});

test.run();
