import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Node, type Pod, type PodSpec, Uids } from '../../../models/objects/index.ts';
import { objectsOf } from '../../../models/workload/objects.ts';
import { Placement } from '../../../models/workload/placement.ts';
import { parseScenario } from '../../../src/scenario/index.ts';
import { nodeOf } from '../../run/kubernetes-support.ts';

const test = suite('workload: placement at the start');

const POD = specOf();

function specOf(): PodSpec {
  const { scenario } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 1s
etcd: { members: 1 }
kubernetes:
  nodeGroups: [{ name: n, count: 1 }]
  objects: [{ kind: Pod, name: a, template: { cpu: 10m } }]
`,
    { file: 'x.yaml' },
  );
  if (scenario?.kubernetes == null) throw new Error('no Kubernetes');
  const [pod] = objectsOf(scenario.kubernetes.objects[0], 0, new Uids(), 0);
  return (pod as Pod).spec;
}

function nodes(count: number, maxPods: number): Node[] {
  const allocatable = { cpuMilli: 1e6, memoryBytes: 2 ** 40, ephemeralBytes: 0, extended: {} };
  return Array.from({ length: count }, (_, i) => nodeOf(`n-${i}`, { allocatable, maxPods }));
}

/** Pods on each node. */
function countsOf(placement: Placement, pods: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < pods; i++) {
    const name = placement.place(POD);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

test('in turn, every node has the same', () => {
  const counts = countsOf(new Placement(nodes(100, 1000), null), 3000);
  assert.equal(
    [...counts.values()],
    Array.from({ length: 100 }, () => 30),
  );
});

// 60 turns of a coin for each node: variance 60 / 4 = 15. That of 1,000 nodes is within 15 %.
test('after churn, nodes differ as where half of the pods were deleted at random', () => {
  const counts = [...countsOf(new Placement(nodes(1000, 1000), 7), 30_000).values()];
  let squares = 0;
  for (const n of counts) squares += (n - 30) ** 2;
  assert.ok(Math.abs(squares / 1000 - 15) < 15 * 0.15, `variance ${squares / 1000}`);
});

test('after churn, what is full is full, and the last place is found', () => {
  const placement = new Placement(nodes(10, 3), 7);
  const counts = countsOf(placement, 30);
  assert.equal(
    [...counts.values()],
    Array.from({ length: 10 }, () => 3),
  );
  assert.is(placement.place(POD), '');
});

test.run();
