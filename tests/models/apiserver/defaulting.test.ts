import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Defaulting } from '../../../models/apiserver/defaulting.ts';
import { metaOf, type Pod, Uids } from '../../../models/objects/index.ts';
import { objectsOf } from '../../../models/workload/objects.ts';
import { parseScenario } from '../../../src/scenario/index.ts';

const test = suite('API server: what it adds to new objects');

const PLUGINS = ['DefaultTolerationSeconds'];

function podOf(gates: readonly string[]): Pod {
  const { scenario } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 1s
etcd: { members: 1 }
kubernetes: { objects: [{ kind: Pod, name: a }] }
`,
    { file: 'x.yaml' },
  );
  if (scenario?.kubernetes == null) throw new Error('no Kubernetes');
  const uids = new Uids();
  const pod = objectsOf(scenario.kubernetes.objects[0], 0, uids, 0)[0] as Pod;
  const meta = metaOf(uids, 0, { name: 'a', namespace: 'default' });
  return { ...pod, meta, spec: { ...pod.spec, schedulingGates: gates } };
}

test('a pod with scheduling gates says so, whoever makes it', () => {
  const made = new Defaulting(PLUGINS).created(podOf(['example.com/wait'])) as Pod;
  assert.is(made.status.scheduled, 'SchedulingGated');
  assert.is((new Defaulting(PLUGINS).created(podOf([])) as Pod).status.scheduled, '');
});

test('a pod tolerates nodes that are not ready or not reachable for 300 s', () => {
  const made = new Defaulting(PLUGINS).created(podOf([])) as Pod;
  const added = made.spec.tolerations.map(({ key, tolerationNs }) => [key, tolerationNs]);
  assert.equal(added, [
    ['node.kubernetes.io/not-ready', 300e9],
    ['node.kubernetes.io/unreachable', 300e9],
  ]);
});

test('without its admission plugin a pod tolerates what it says and no more', () => {
  assert.equal((new Defaulting([]).created(podOf([])) as Pod).spec.tolerations, []);
});

test.run();
