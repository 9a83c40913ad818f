import * as assert from 'node:assert';
import { suite } from 'uvu';
import { bandwidthDefaults, runtimeDefaults } from '../../models/node/index.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('defaults of nodes');

test('A scenario that says nothing of the runtime has the times that the node model was fitted with.', () => {
  const text = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: a }
horizon: 10s
kubernetes: { nodeGroups: [{ name: worker, count: 1 }] }
`;
  const { scenario, problems } = parseScenario(text, { file: 'a.yaml', profiles: {} });
  assert.deepStrictEqual(problems, []);
  const runtime = scenario?.kubernetes?.nodeGroups[0]?.runtime;
  assert.ok(runtime !== undefined);
  for (const name of ['sandbox', 'cni', 'create', 'start', 'stop', 'registryLatency'] as const) {
    assert.deepStrictEqual(runtime[name], runtimeDefaults[name].distribution, name);
  }
  for (const name of Object.keys(bandwidthDefaults) as (keyof typeof bandwidthDefaults)[]) {
    assert.equal(runtime[name], bandwidthDefaults[name], name);
  }
});

test.run();
