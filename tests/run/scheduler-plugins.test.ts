/** The example of docs/library.md, and what a plugin changes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRun, type SchedulerPlugin } from '../../src/run/index.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('scheduler plugins of the library');

const stack: SchedulerPlugin = {
  name: 'stack',
  weight: 100,
  nodeNs: 500,
  score: (_pod, _node, podsOnNode) => Math.min(100, 10 * podsOnNode),
};

function run(schedulerPlugins: readonly SchedulerPlugin[]) {
  const { scenario, problems } = parseScenario(
    `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: plugins }
horizon: 20s
etcd: { members: 1 }
kubernetes:
  nodeGroups: [{ name: worker, count: 3 }]
  load: [{ name: web, start: 5s, create: { kind: Deployment, replicas: 9 } }]
`,
    { file: 'plugins.yaml' },
  );
  if (scenario === null) throw new Error(JSON.stringify(problems));
  const started = createRun(scenario, { seed: '1', schedulerPlugins });
  while (!started.advance(100_000));
  const result = started.finish();
  const nodes = new Map<string, number>();
  for (const { nodeName } of result.timeline?.pods ?? []) {
    nodes.set(nodeName, (nodes.get(nodeName) ?? 0) + 1);
  }
  return { pods: [...nodes.values()].sort((a, b) => a - b), key: result.key };
}

test('a plugin that likes pods puts all of them on one node, where they spread without it', () => {
  const without = run([]);
  const stacked = run([stack]);
  assert.equal(without.pods, [3, 3, 3]);
  assert.equal(stacked.pods, [9]);
  assert.is.not(stacked.key, without.key);
});

test('a score beyond 100 is a mistake of the plugin', () => {
  assert.throws(() => run([{ ...stack, score: () => 101 }]), /scores of stack are from 0 to 100/);
});

test.run();
