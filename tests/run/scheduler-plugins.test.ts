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

const pairs: SchedulerPlugin = {
  name: 'pairs',
  filter: (_pod, _node, podsOnNode) => (podsOnNode < 2 ? '' : 'node has its two pods'),
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
  const reasons = new Set<string>();
  for (const { nodeName, last } of result.timeline?.pods ?? []) {
    for (const { plugin, reason } of last?.removed ?? []) reasons.add(`${plugin}: ${reason}`);
    if (nodeName !== '') nodes.set(nodeName, (nodes.get(nodeName) ?? 0) + 1);
  }
  const pods = [...nodes.values()].sort((a, b) => a - b);
  return { pods, key: result.key, reasons: [...reasons], counts: result.timeline?.counts };
}

test('a plugin that likes pods puts all of them on one node, where they spread without it', () => {
  const without = run([]);
  const stacked = run([stack]);
  assert.equal(without.pods, [3, 3, 3]);
  assert.equal(stacked.pods, [9]);
  assert.is.not(stacked.key, without.key);
});

test('a filter keeps pods off nodes, says why, and the pods wait', () => {
  const { pods, reasons, counts } = run([pairs]);
  assert.equal(pods, [2, 2, 2]);
  assert.equal(reasons, ['pairs: node has its two pods']);
  assert.is(counts?.unscheduled, 3);
  // Beside a score: the nodes that are left are still filled one after the other.
  assert.equal(run([pairs, stack]).pods, [2, 2, 2]);
});

test('the CPU of a filter is charged for each node that it looks at', () => {
  const slow = run([{ ...pairs, nodeNs: 10e9 }]);
  // Three nodes of 10 s of CPU in each cycle: 15 s are enough for a few cycles on all cores.
  assert.ok(slow.pods.reduce((sum, n) => sum + n, 0) < 6);
});

test('a score beyond 100 is a mistake of the plugin', () => {
  assert.throws(() => run([{ ...stack, score: () => 101 }]), /scores of stack are from 0 to 100/);
});

test.run();
