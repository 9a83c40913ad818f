/** Loads that change what is there: scaled, rolled out, deleted, at once or spread over a time. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { parseScenario } from '../../src/scenario/index.ts';
import { clusterOf, pods, simulate, type Value } from './kubernetes-support.ts';

const test = suite('run: loads of a cluster');

const small = { cpu: '50m', memory: '32MiB' };
const web = { kind: 'Deployment', name: 'web', copies: 4, replicas: 2, template: small };
const create = { name: 'web', start: '1s', create: web };

function ended(...changes: Value[]) {
  return simulate(clusterOf({ load: [create, ...changes] }));
}

test('a rollout with a template gives every pod the new one, and keeps the labels of before', () => {
  const template = { cpu: '70m', memory: '40MiB', labels: { release: 'two' } };
  const run = ended({ name: 'new', start: '10s', rollout: { target: 'web', template } });
  const all = pods(run, 'web').filter(({ status }) => status.phase === 'Running');
  assert.equal(all.length, 8);
  for (const { spec, meta } of all) {
    assert.equal(spec.containers[0].requests.cpuMilli, 70);
    assert.equal(meta.labels.release, 'two');
    assert.equal(meta.labels.app, 'web');
  }
});

test('a rollout without a template makes new pods of the same kind', () => {
  const before = pods(ended(), 'web').map(({ meta }) => meta.name);
  const run = ended({ name: 'again', start: '10s', rollout: { target: 'web' } });
  const after = pods(run, 'web').filter(({ status }) => status.phase === 'Running');
  assert.equal(after.length, 8);
  for (const { meta, spec } of after) {
    assert.ok(!before.includes(meta.name));
    assert.equal(spec.containers[0].requests.cpuMilli, 50);
  }
});

test('workloads are scaled to numbers of their own, each at a time of its own', () => {
  const scale = { target: 'web', replicas: 1, replicasMax: 9 };
  const run = ended({ name: 'scaled', start: '5s', over: '8s', scale });
  const sizes = run
    .objects('deployments')
    .map((object) => (object as unknown as { spec: { replicas: number } }).spec.replicas);
  assert.equal(sizes.length, 4);
  assert.ok(sizes.every((size) => size >= 1 && size <= 9));
  assert.ok(new Set(sizes).size > 1, `${sizes}`);
  const running = pods(run, 'web').filter(({ status }) => status.phase === 'Running');
  assert.equal(
    running.length,
    sizes.reduce((sum, size) => sum + size, 0),
  );
});

test('a delete spread over a time that the load ends in leaves the rest', () => {
  const change = { target: 'web' };
  const all = ended({ name: 'gone', start: '5s', over: '4s', delete: change });
  assert.equal(all.objects('deployments').length, 0);
  const part = ended({ name: 'gone', start: '5s', stop: '7s', over: '4s', delete: change });
  const left = part.objects('deployments').length;
  assert.ok(left > 0 && left < 4, `${left}`);
});

test('pods that a controller has not created by the end are counted apart', () => {
  const late = { name: 'late', start: '39.99s', create: { ...web, name: 'late', replicas: 50 } };
  const { counts } = ended(late).result.timeline!;
  // Four Deployments of fifty: asked for 10 ms before the end; most of 200 are still to be made.
  assert.ok(counts.notCreated > 150, `${counts.notCreated}`);
  assert.equal(counts.created - 8 + counts.notCreated, 200);
  assert.equal(ended().result.timeline!.counts.notCreated, 0);
});

test('a range of replicas upside down is a mistake of the scenario', () => {
  const { problems } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 1s
etcd: { members: 1 }
kubernetes:
  objects: [{ kind: Deployment, name: web }]
  load: [{ name: s, scale: { target: web, replicas: 5, replicasMax: 3 } }]
`,
    { file: 'x.yaml' },
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['WT1105'],
  );
});

test.run();
