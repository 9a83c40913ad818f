import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { parseMetric, parseScenario } from '../../src/scenario/index.ts';

const test = suite('service levels');

const HEAD = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: slo }
horizon: 60s
warmup: 10s
slos: [sig-scalability]
`;

test('sig-scalability adds its thresholds behind those of the scenario, after warm-up.', () => {
  const own = 'thresholds: [{ metric: m, expect: count > 0 }]\n';
  const text = `${HEAD}kubernetes: { nodeGroups: [{ count: 1 }] }\n${own}`;
  const { scenario } = parseScenario(text, { file: 'a.yaml' });
  const thresholds = scenario?.thresholds ?? [];
  assert.deepEqual(
    thresholds.map((t) => t.expect),
    ['count > 0', 'p99 <= 1s', 'p99 <= 1s', 'p99 <= 30s', 'p99 <= 5s', 'availability >= 99.5%'],
  );
  for (const { window } of thresholds) {
    assert.deepEqual(window, { text: 'all', fromNs: 10e9, toNs: 60e9 });
  }
  assert.deepEqual(
    thresholds.map((t) => t.each !== undefined),
    [false, true, true, true, false, false],
  );
});

test('Each call belongs to one class of the profile: changes, reads of one object, lists.', () => {
  const text = `${HEAD}kubernetes: {}\n`;
  const { scenario } = parseScenario(text, { file: 'a.yaml' });
  const [changes, reads, lists] = scenario?.thresholds ?? [];
  for (const threshold of [changes, reads, lists]) {
    assert.ok('value' in parseMetric(threshold.metric), threshold.metric);
  }
  assert.match(changes.metric, /scope="resource",verb!~"GET\|LIST"/);
  assert.match(reads.metric, /scope="resource",verb=~"GET\|LIST"/);
  assert.match(lists.metric, /scope=~"namespace\|cluster",verb="LIST"/);
});

test('Service levels without a Kubernetes cluster, and labels that are none, are mistakes.', () => {
  const { problems } = parseScenario(HEAD, { file: 'a.yaml' });
  assert.deepEqual(
    problems.map((p) => [p.code, p.path]),
    [['WT1109', 'slos']],
  );
  const bad = 'thresholds: [{ metric: m, expect: count > 0, each: [a-b] }]\n';
  const text = HEAD.replace('slos: [sig-scalability]\n', bad);
  const more = parseScenario(text, { file: 'a.yaml' }).problems;
  assert.deepEqual(
    more.map((p) => [p.code, p.path]),
    [['WT1303', 'thresholds[0].each[0]']],
  );
});

test('Metrics are selected as Prometheus does: =, !=, =~, !~.', () => {
  for (const good of ['m{a!="b"}', 'm{a=~"x|y",b!~".*"}', 'm{a="b"}']) {
    assert.ok('value' in parseMetric(good), good);
  }
  for (const bad of ['m{a=~"("}', 'm{a~"x"}', 'm{a!~b}', 'm{a=>"x"}']) {
    assert.ok('error' in parseMetric(bad), bad);
  }
  const parsed = parseMetric('m{a="x",b!="y"}');
  assert.deepEqual('value' in parsed && parsed.value.labels, { a: 'x' });
});

test.run();
