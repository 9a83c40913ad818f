/** Faults of what surrounds a control plane, as they are printed and read back. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { stringify } from 'yaml';
import { parseScenario, printConfig, renderProblem } from '../../src/scenario/index.ts';

const test = suite('scenario: surroundings');

const kubernetes = {
  controlPlane: { replicas: 3 },
  nodeGroups: [{ name: 'worker', count: 4, zones: ['a', 'b'] }],
  kubeAPIServer: { webhooks: [{ name: 'policy', resources: ['pods'], verbs: ['create'] }] },
  cloudControllerManager: {},
  objects: [{ kind: 'Deployment', name: 'web' }],
};

function read(text: string) {
  const { scenario, problems } = parseScenario(text, { file: 'a.yaml' });
  assert.deepEqual(problems.map(renderProblem), []);
  return scenario!;
}

for (const verb of [
  { webhook: 'policy', outage: 'error' },
  { webhook: 'policy', latency: { lognormal: { p50: '1s', p99: '4s' } } },
  { registry: 'down', group: 'worker' },
  { registry: 'slow', bandwidth: '5MB/s' },
  { cloudApi: 'down' },
  { cloudApi: 'throttled', qps: 0.25 },
  { deadBackend: 'kube-apiserver/random' },
  { hangRuntime: 'zone/a', part: '50%' },
  { cniDown: 'node/worker-1' },
  { pressure: 'nodes/worker', of: 'pid', takes: '92%', part: '25%' },
  { crashLoop: 'web', runs: { uniform: { min: '1s', max: '3s' } } },
  { eventStorm: 'kube-scheduler/leader', eventRate: '5/s', about: 7 },
  { cordon: 'node/worker-0' },
  { uncordon: 'nodes/worker' },
  { drain: 'zone/b', parallel: 2, grace: '5s', force: false, disableEviction: true },
]) {
  test(`${JSON.stringify(verb)} reads back as it was`, () => {
    const value = {
      apiVersion: 'wavetank/v1alpha1',
      kind: 'Scenario',
      metadata: { name: 'x' },
      etcd: { members: 3 },
      kubernetes,
      faults: [{ at: '10s', ...verb }],
    };
    const scenario = read(stringify(value));
    const again = read(printConfig(scenario));
    assert.deepEqual(again.faults, scenario.faults);
  });
}

test.run();
