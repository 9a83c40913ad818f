import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HEALTHY, metaOf, type Node, type Pod, Uids } from '../../../models/objects/index.ts';
import { InitialState } from '../../../models/workload/index.ts';
import { parseScenario } from '../../../src/scenario/index.ts';

const test = suite('workload: pods that were somewhere already');

const ALLOCATABLE = { cpuMilli: 1000, memoryBytes: 2 ** 30, ephemeralBytes: 0, extended: {} };

function nodeOf(uids: Uids, name: string): Node {
  return {
    resource: 'nodes',
    meta: metaOf(uids, 0, { name }),
    bytes: 1000,
    resourceVersion: 0,
    spec: { unschedulable: false, taints: [], podCIDR: '', providerID: '' },
    status: {
      capacity: ALLOCATABLE,
      allocatable: ALLOCATABLE,
      maxPods: 10,
      conditions: HEALTHY,
      images: {},
      volumesAttached: [],
    },
  };
}

/** Pods by name, with the nodes that a settled cluster of two nodes gives them. */
function placesOf(objects: string): Record<string, string> {
  const { scenario, problems } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: x }
horizon: 30s
etcd: { members: 1 }
kubernetes:
  nodeGroups: [{ name: n, count: 2 }]
  objects: ${objects}
`,
    { file: 'x.yaml' },
  );
  assert.equal(problems, []);
  if (scenario?.kubernetes == null) throw new Error('no Kubernetes');
  const uids = new Uids();
  const nodes = [nodeOf(uids, 'n-0'), nodeOf(uids, 'n-1')];
  const places: Record<string, string> = {};
  new InitialState(scenario.kubernetes, uids, nodes, (given, where) => {
    for (const object of given) places[object.meta.name] = where.place((object as Pod).spec);
    return given;
  });
  return places;
}

test('pods run where their set says, in their order, and then where there is room', () => {
  const places = placesOf(
    '[{ kind: Pod, name: a, copies: 3, nodes: [n-1, n-1], template: { cpu: 400m } }]',
  );
  // n-1 has 200m left, so that the third goes to n-0.
  assert.equal(places, { 'a-0': 'n-1', 'a-1': 'n-1', 'a-2': 'n-0' });
});

test('nodes that are full by name still take what was there', () => {
  const places = placesOf(
    '[{ kind: Pod, name: a, copies: 3, nodes: [n-0, n-0, n-0], template: { cpu: 600m } }]',
  );
  assert.equal(places, { 'a-0': 'n-0', 'a-1': 'n-0', 'a-2': 'n-0' });
});

test('a node that is not there counts as none', () => {
  assert.equal(placesOf('[{ kind: Pod, name: a, nodes: [gone] }]'), { a: 'n-0' });
});

test.run();
