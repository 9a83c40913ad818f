import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { createRun } from '../../../src/run/index.ts';
import { parseScenario } from '../../../src/scenario/index.ts';

const test = suite('faults: a group without anybody');

// Found by `npm run fuzz -- --seed night`, scenario 48.
test('removing the followers one after the other ends where there is none', () => {
  const text = `
apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: nobody }
horizon: 30s
warmup: 1s
replications: 1
etcd: { members: 3 }
faults: [{ at: 2s, removeMember: etcd/followers, every: 5s, times: 4 }]
`;
  const { scenario, problems } = parseScenario(text, { file: 'nobody.yaml' });
  assert.deepEqual(problems, []);
  const run = createRun(scenario!, { seed: 'night-48' });
  while (!run.advance(1 << 20));
  const { metrics, simulatedNs } = run.finish();
  assert.equal(simulatedNs, 30e9);
  assert.equal(metrics.events.filter(({ kind }) => kind === 'fault').length, 4);
});

test.run();
