/**
 * Small Kubernetes clusters end to end: what was asked for is there at the end, nothing is left of
 * what was deleted, nobody was told of an error of a server that met none, and the same run comes
 * again. The checks of src/run/invariants.ts run along.
 */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  clusterOf,
  codesOf,
  type Ended,
  pods,
  simulate,
  type Value,
} from './kubernetes-support.ts';

const test = suite('run: kubernetes');

const small = { cpu: '100m', memory: '64MiB' };
const web = { kind: 'Deployment', name: 'web', replicas: 4, template: small };
const create = (set: Value, start = '2s') => ({ name: String(set.name), start, create: set });

/** No server failed, and what was created in the run is accounted for. */
function checkSound(ended: Ended): void {
  const { timeline } = ended.result;
  assert.ok(timeline !== null);
  const { created, started, unscheduled, starting, deletedEarly, failed } = timeline.counts;
  assert.equal(started + unscheduled + starting + deletedEarly + failed, created);
  for (const [code, count] of codesOf(ended)) {
    assert.ok(!/^5|error/.test(code), `${count} answers ${code}`);
  }
}

function checkStarted(ended: Ended, count: number): void {
  checkSound(ended);
  const { counts } = ended.result.timeline!;
  assert.deepEqual({ ...counts }, { ...counts, created: count, started: count });
}

const isRunning = (pod: { readonly status: { readonly phase: string } }) =>
  pod.status.phase === 'Running';

for (const version of ['1.28', '1.31', '1.35', '1.37']) {
  test(`a Deployment with a Service starts all of its pods in ${version}`, () => {
    const set = { ...web, service: 'ClusterIP' };
    const ended = simulate(clusterOf({ version, load: [create(set)] }));
    checkStarted(ended, 4);
    assert.equal(pods(ended, 'web').filter(isRunning).length, 4);
    assert.equal(ended.objects('services').length, 1);
    assert.ok(ended.objects('endpointslices').length >= 1);
  });
}

const controlPlanes: Readonly<Record<string, Value>> = {
  'three stacked replicas': { replicas: 3, topology: 'stacked' },
  'three replicas with an external etcd': { replicas: 3, topology: 'external' },
};
for (const [title, controlPlane] of Object.entries(controlPlanes)) {
  test(`${title} start what one does`, () => {
    const etcd = { version: '3.6', members: 3 };
    const ended = simulate(clusterOf({ controlPlane, load: [create(web)] }, { etcd }));
    checkStarted(ended, 4);
  });
}

const apiServers: Readonly<Record<string, Value>> = {
  'max-in-flight in place of priority and fairness': {
    extraArgs: { 'enable-priority-and-fairness': 'false' },
  },
  'events in an etcd of their own': { eventsEtcd: true },
  'no watch cache': { extraArgs: { 'watch-cache': 'false' } },
  'encryption, audit and no TLS': { encryption: 'aesgcm', audit: 'log-batch', tls: false },
};
for (const [title, kubeAPIServer] of Object.entries(apiServers)) {
  test(`with ${title} all pods start`, () => {
    checkStarted(simulate(clusterOf({ kubeAPIServer, load: [create(web)] })), 4);
  });
}

test('webhooks that fail closed keep pods out, and those that fail open only slow them', () => {
  const hook = { name: 'policy', resources: ['pods'], verbs: ['create'], timeout: '1s' };
  const start = (changes: Value) => {
    const kubeAPIServer = { webhooks: [{ ...hook, ...changes }] };
    return simulate(clusterOf({ kubeAPIServer, load: [create(web)] }));
  };
  checkStarted(start({ latency: '20ms' }), 4);
  checkStarted(start({ latency: '2s', failurePolicy: 'Ignore' }), 4);
  const closed = start({ latency: '2s', failurePolicy: 'Fail' });
  assert.equal(pods(closed, 'web').length, 0);
});

test('StatefulSet, DaemonSet, Job and CronJob make their pods', () => {
  const ends = { ...small, runsFor: '1s', restartPolicy: 'Never' };
  const load = [
    create({ kind: 'StatefulSet', name: 'db', replicas: 3, template: small }),
    create({ kind: 'DaemonSet', name: 'agent', template: small }),
    create({ kind: 'Job', name: 'batch', completions: 3, parallelism: 2, template: ends }),
    create({ kind: 'CronJob', name: 'tick', every: '10s', template: ends }),
  ];
  const ended = simulate(clusterOf({ load }));
  checkSound(ended);
  assert.equal(pods(ended, 'db').filter(isRunning).length, 3);
  const daemons = pods(ended, 'agent').filter(isRunning);
  assert.equal(new Set(daemons.map((pod) => pod.nodeName)).size, 4);
  assert.equal(daemons.length, 4);
  assert.equal(pods(ended, 'batch').filter((p) => p.status.phase === 'Succeeded').length, 3);
  assert.ok(pods(ended, 'tick').length >= 2);
});

test('pods that fit nowhere are counted as unscheduled', () => {
  const set = { ...web, template: { ...small, cpu: 1000 } };
  const ended = simulate(clusterOf({ load: [create(set)] }));
  checkSound(ended);
  assert.equal(ended.result.timeline?.counts.unscheduled, 4);
});

test('pods of the start that have no room begin as Pending, with a warning', () => {
  // A node of 8 cores has 7.9 for pods: one of 5 cores fits on each of the four.
  const set = { ...web, replicas: 6, template: { ...small, cpu: 5 } };
  const ended = simulate(clusterOf({ objects: [set] }));
  assert.equal(pods(ended, 'web').filter((pod) => pod.nodeName === '').length, 2);
  const warning = ended.result.warnings.find(({ code }) => code === 'unplaced');
  assert.match(warning?.message ?? '', /^2 pods /);
});

test('scaling, a rollout and a delete leave just what they should', () => {
  const scaled = [
    create(web),
    { name: 'up', start: '10s', scale: { target: 'web', replicas: 7 } },
    { name: 'down', start: '20s', scale: { target: 'web', replicas: 2 } },
  ];
  const after = simulate(clusterOf({ load: scaled }, { horizon: '60s' }));
  checkSound(after);
  assert.equal(pods(after, 'web').length, 2);
  const rolled = [create(web), { name: 'roll', start: '10s', rollout: { target: 'web' } }];
  const rollout = simulate(clusterOf({ load: rolled }, { horizon: '60s' }));
  checkSound(rollout);
  assert.equal(pods(rollout, 'web').filter(isRunning).length, 4);
  assert.equal(pods(rollout, 'web').length, 4);
  const replicaSets = rollout.objects('replicasets');
  assert.equal(replicaSets.length, 2);
  const gone = [create(web), { name: 'end', start: '15s', delete: { target: 'web' } }];
  const deleted = simulate(clusterOf({ load: gone }, { horizon: '60s' }));
  checkSound(deleted);
  for (const resource of ['deployments', 'replicasets', 'pods'] as const) {
    assert.deepEqual(
      deleted.objects(resource).map((object) => object.meta.path),
      [],
      resource,
    );
  }
});

test('what churn has deleted leaves nothing behind, node by node', () => {
  const churn = { pods: '2/s', replicas: 2, lifetime: '5s', arrivals: 'constant', template: small };
  const load = [{ name: 'churn', start: '2s', stop: '20s', churn }];
  const ended = simulate(clusterOf({ load }, { horizon: '70s' }));
  checkSound(ended);
  const { counts } = ended.result.timeline!;
  assert.ok(counts.created >= 30, `${counts.created}`);
  assert.equal(counts.unscheduled + counts.starting, 0);
  for (const resource of ['deployments', 'replicasets', 'pods'] as const) {
    assert.equal(ended.objects(resource).length, 0, resource);
  }
});

test('an autoscaler of pods and a disruption budget find the workload that they name', () => {
  const objects = [{ ...web, replicas: 2, template: { ...small, labels: { app: 'web' } } }];
  const hpa = { kind: 'HorizontalPodAutoscaler', name: 'scaler', target: 'web', maxReplicas: 5 };
  const pdb = { kind: 'PodDisruptionBudget', name: 'web', minAvailable: '1' };
  const ended = simulate(clusterOf({ objects: [...objects, hpa, pdb] }, { horizon: '60s' }));
  checkSound(ended);
  const count = pods(ended, 'web').length;
  assert.ok(count >= 1 && count <= 5, `${count}`);
});

test('pods start although a member of etcd dies, is cut off, or its disk stalls', () => {
  const faults = [
    { name: 'kill', at: '3s', kill: 'etcd/leader', for: '4s' },
    { name: 'stall', at: '10s', stallDisk: 'etcd/leader', for: '3s' },
    { name: 'cut', at: '16s', partition: [['etcd/1']], for: '4s' },
  ];
  const etcd = { version: '3.6', members: 3 };
  const controlPlane = { replicas: 3 };
  const load = [
    create(web),
    create({ ...web, name: 'later' }, '11s'),
    create({ ...web, name: 'last' }, '17s'),
  ];
  const scenario = clusterOf({ controlPlane, load }, { etcd, faults, horizon: '60s' });
  const ended = simulate(scenario);
  const names = ['web', 'later', 'last'];
  const running = names.map((name) => pods(ended, name).filter(isRunning).length);
  const wanted = ended.objects('deployments').map(({ meta }) => names.indexOf(meta.name));
  // Whoever made them gives up when the API does not answer: what exists must run.
  for (const at of wanted) assert.equal(running[at], 4, names[at]);
});

const load = fc.record({
  replicas: fc.integer({ min: 0, max: 6 }),
  cpu: fc.constantFrom('50m', '1', '3'),
  kind: fc.constantFrom('Deployment', 'StatefulSet', 'Job', 'DaemonSet'),
  scaleTo: fc.integer({ min: 0, max: 6 }),
  isDeleted: fc.boolean(),
});
const cluster = fc.record({
  load,
  version: fc.constantFrom('1.28', '1.31', '1.34', '1.37'),
  replicas: fc.constantFrom(1, 3),
  members: fc.constantFrom(1, 3),
  nodes: fc.integer({ min: 1, max: 4 }),
  topology: fc.constantFrom('stacked', 'external'),
});

type Cluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

function arbitraryScenario(c: Cluster) {
  const { kind, replicas, cpu, scaleTo, isDeleted } = c.load;
  const name = 'any';
  const set = { kind, name, replicas: Math.max(1, replicas), template: { ...small, cpu } };
  const scalable = kind === 'Deployment' || kind === 'StatefulSet';
  const target = { target: name };
  const steps = [
    create(set),
    ...(scalable ? [{ name: 'scale', start: '8s', scale: { ...target, replicas: scaleTo } }] : []),
    ...(isDeleted ? [{ name: 'delete', start: '12s', delete: target }] : []),
  ];
  const stacked = c.topology === 'stacked';
  const kubernetes = {
    version: c.version,
    controlPlane: { replicas: c.replicas, topology: c.topology },
    nodeGroups: [{ name: 'worker', count: c.nodes }],
    load: steps,
  };
  const members = stacked ? c.replicas : c.members;
  const rest = { etcd: { version: '3.6', members }, horizon: '20s' };
  return clusterOf(kubernetes, rest);
}

test('any small cluster runs soundly, and again the same in slices from either queue', () => {
  const slices = fc.constantFrom(1, 7, 1000);
  fc.assert(
    fc.property(cluster, slices, (c, slice) => {
      const scenario = arbitraryScenario(c);
      const ended = simulate(scenario);
      checkSound(ended);
      const again = simulate(scenario, 'fast-priority-queue', slice);
      assert.equal(again.result.digest, ended.result.digest);
      assert.deepEqual(again.result.timeline, ended.result.timeline);
    }),
    { numRuns: 8, seed: 3, includeErrorInReport: true },
  );
});

test.run();
