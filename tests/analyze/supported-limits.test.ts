import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { exceededLimits } from '../../src/analyze/supported-limits.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('supported limits');

/** Limits that a section leaves, as `what: value`. */
function exceeded(kubernetes: string): string[] {
  const text = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: a }
horizon: 60s
kubernetes: ${kubernetes}
`;
  const { scenario, problems } = parseScenario(text, { file: 'a.yaml' });
  assert.ok(scenario !== null, problems.map((p) => p.message).join());
  return exceededLimits(scenario).map(({ what, value }) => `${what}: ${value}`);
}

const nodes = (count: number) => `nodeGroups: [{ count: ${count} }]`;
const sets = (...entries: string[]) => `objects: [${entries.join(', ')}]`;

test('A cluster at its limits leaves none; one more of each does.', () => {
  const spread = (replicas: number) =>
    sets(`{ name: a, copies: 1000, namespaces: 100, replicas: ${replicas} }`);
  assert.deepEqual(exceeded(`{ ${nodes(5000)}, ${spread(150)} }`), []);
  assert.deepEqual(exceeded(`{ ${nodes(5001)}, ${spread(150)} }`), ['nodes: 5001']);
  assert.deepEqual(exceeded(`{ ${nodes(5000)}, ${spread(151)} }`), ['pods: 151000']);
});

test('Nodes take ten pods a core, and 110 at most.', () => {
  // 8 cores: 80 pods a node.
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${sets('{ replicas: 800 }')} }`), []);
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${sets('{ replicas: 810 }')} }`), [
    'pods per node: 81',
  ]);
});

test('What is in one namespace is counted over all sets that are spread alike.', () => {
  const many = sets(
    '{ name: a, copies: 15, replicas: 100 }',
    '{ name: b, copies: 16, replicas: 100 }',
  );
  assert.deepEqual(exceeded(`{ ${nodes(100)}, ${many} }`), ['pods in one namespace: 3100']);
  const web = sets('{ copies: 2001, replicas: 1 }');
  assert.deepEqual(exceeded(`{ ${nodes(100)}, ${web} }`), ['deployments in one namespace: 2001']);
});

test('Services count with their backends, objects by type with their bytes.', () => {
  const web = sets('{ replicas: 251, service: ClusterIP }');
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${web} }`), ['backends of one service: 251']);
  const services = sets('{ kind: Service, copies: 10001, namespaces: 3 }');
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${services} }`), ['services: 10001']);
  const secrets = sets('{ kind: Secret, copies: 1001, size: 1.5MB }');
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${secrets} }`), ['bytes of one type: 1501500000']);
  const custom = sets('{ kind: CustomResource, copies: 150001, size: 1KB }');
  assert.deepEqual(exceeded(`{ ${nodes(10)}, ${custom} }`), ['objects of one type: 150001']);
});

test('Churn counts creations, and deletions once pods have lived long enough.', () => {
  const churn = (pods: number, lifetime: string) =>
    `load: [{ name: c, churn: { pods: ${pods}/s, lifetime: ${lifetime} } }]`;
  assert.deepEqual(exceeded(`{ ${nodes(100)}, ${churn(20, '2m')} }`), []);
  assert.deepEqual(exceeded(`{ ${nodes(100)}, ${churn(10, '30s')} }`), []);
  assert.deepEqual(exceeded(`{ ${nodes(100)}, ${churn(11, '30s')} }`), [
    'pods created and deleted a second: 22',
  ]);
});

test.run();
