import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { createRun, knownConstants } from '../../../src/run/index.ts';
import { parseScenario } from '../../../src/scenario/index.ts';

const test = suite('cloud');

const head = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: cloud }
warmup: 1s
replications: 1
etcd: { members: 1 }
`;

function run(text: string) {
  const { scenario, problems } = parseScenario(head + text, {
    file: 'test',
    constants: knownConstants(),
  });
  assert.deepEqual(problems, []);
  assert.ok(scenario);
  const run = createRun(scenario, { seed: 'cloud' });
  while (!run.advance(1e6));
  const { metrics, timeline } = run.finish();
  const count = (name: string, labels: Record<string, string> = {}): number => {
    let sum = 0;
    for (const counter of metrics.counters) {
      const same = Object.entries(labels).every(([key, value]) => counter.labels[key] === value);
      if (counter.name === name && same) for (const n of counter.perSegment) sum += n;
    }
    return sum;
  };
  return { count, timeline };
}

test('a burst that does not fit is given the nodes that it needs, and runs', () => {
  // 41 pods of 500m: a node of 4 cores has 3900m for pods, so 7 of them; 14 fit at once, and the
  // other 27 take 4 nodes more.
  const { count, timeline } = run(`
horizon: 240s
kubernetes:
  nodeGroups: [{ name: worker, count: 2, cpu: "4", memory: 16GiB }]
  cloudControllerManager: { boot: 40s }
  clusterAutoscaler: { groups: [{ group: worker, min: 2, max: 20 }] }
  load: [{ name: burst, start: 5s, create: { kind: Deployment, replicas: 41, template: { cpu: 500m } } }]
`);
  assert.equal(count('cluster_autoscaler_scaled_up_nodes_total'), 4);
  assert.equal(count('wavetank_pods_started_total'), 41);
  // Nodes that joined were looked up in the cloud, and lost their taint: pods run on them.
  assert.ok(timeline?.pods.some((pod) => pod.nodeName === 'worker-5'));
});

test('the autoscaler does not go beyond the maximum of its group', () => {
  const { count } = run(`
horizon: 120s
kubernetes:
  nodeGroups: [{ name: worker, count: 1, cpu: "4", memory: 16GiB }]
  cloudControllerManager: { boot: 20s }
  clusterAutoscaler: { groups: [{ group: worker, min: 1, max: 3 }] }
  load: [{ name: burst, start: 5s, create: { kind: Deployment, replicas: 60, template: { cpu: 500m } } }]
`);
  assert.equal(count('cluster_autoscaler_scaled_up_nodes_total'), 2);
  assert.equal(count('wavetank_pods_started_total'), 21);
});

test('a node that is empty for long enough goes, down to the minimum', () => {
  const { count } = run(`
horizon: 120s
kubernetes:
  nodeGroups: [{ name: worker, count: 4 }]
  cloudControllerManager: {}
  clusterAutoscaler: { scaleDownUnneeded: 30s, groups: [{ group: worker, min: 1, max: 4 }] }
`);
  assert.equal(count('cluster_autoscaler_scaled_down_nodes_total'), 3);
  assert.equal(count('apiserver_request_total', { verb: 'DELETE', resource: 'nodes' }), 3);
});

test('a service of type LoadBalancer gets one from the cloud, once', () => {
  const { count } = run(`
horizon: 60s
kubernetes:
  nodeGroups: [{ name: worker, count: 2 }]
  cloudControllerManager: { loadBalancer: 20s }
  load: [{ name: web, start: 5s, create: { kind: Deployment, service: LoadBalancer } }]
`);
  assert.equal(count('wavetank_cloud_calls_total', { call: 'createLoadBalancer' }), 1);
  const patches = { verb: 'PATCH', resource: 'services', subresource: 'status' };
  assert.equal(count('apiserver_request_total', patches), 1);
});

test('calls beyond the rate of the cloud wait', () => {
  // 30 nodes join at once; the cloud allows one call of a kind a second: the last one is looked up
  // after half a minute, so fewer than all have routes within 20 s.
  const joining = (apiQps: number) =>
    run(`
horizon: 35s
kubernetes:
  nodeGroups: [{ name: worker, count: 1, joining: 30, joinAt: 1s, joinRate: 100/s }]
  cloudControllerManager: { apiQps: ${apiQps}, apiBurst: 1, describe: 10ms, route: 10ms }
`).count('wavetank_cloud_calls_total', { call: 'describe' });
  assert.ok(joining(100) > 30);
  assert.ok(joining(1) <= 35);
});

test.run();
