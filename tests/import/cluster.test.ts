import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { type ClusterImport, importCluster } from '../../src/import/index.ts';
import { type KubernetesScenario, parseScenario } from '../../src/scenario/index.ts';

const test = suite('import: clusters');
const root = new URL('../../', import.meta.url);

function importText(text: string, partial = false, pieces = 1): ClusterImport {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  const chunks: string[] = [];
  for (let i = 0; i < text.length; i += size) chunks.push(text.slice(i, i + size));
  return importCluster([{ name: 'dump', chunks }], { name: 'x', description: '', partial });
}

function scenarioOf({ yaml, notes }: ClusterImport): KubernetesScenario {
  if (yaml === null) throw new Error(JSON.stringify(notes));
  const { scenario, problems } = parseScenario(yaml, { file: 'x.yaml' });
  assert.equal(problems, []);
  if (scenario?.kubernetes === null || scenario === null) throw new Error('no Kubernetes');
  return scenario.kubernetes;
}

const kindOf = (imported: ClusterImport, kind: string) =>
  imported.kinds.find((found) => found.kind === kind);

const node = (name: string, more: object = {}) => ({
  kind: 'Node',
  metadata: { name },
  status: { capacity: { cpu: '4', memory: '8Gi', pods: '50' }, ...more },
});
const container = { name: 'app', image: 'app:1', resources: { requests: { cpu: '100m' } } };
const deployment = (name: string, more: object = {}, labels: object = { app: 'x' }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'a', ...more },
  spec: { replicas: 2, template: { metadata: { labels }, spec: { containers: [container] } } },
});
const list = (items: readonly object[]) => JSON.stringify({ kind: 'List', items }, null, 1);
const example = readFileSync(new URL('examples/import/cluster.json', root), 'utf8');

test('a dump becomes groups of nodes, object sets and flags, and reads back', () => {
  const imported = importText(example);
  const kubernetes = scenarioOf(imported);
  assert.is(kubernetes.version, '1.33');
  assert.equal(
    kubernetes.nodeGroups.map(({ names, zones }) => [names, zones]),
    [
      [['cp-0'], ['a']],
      [['worker-0', 'worker-2'], ['a']],
      [['worker-1', 'worker-3'], ['b']],
    ],
  );
  assert.is(kubernetes.nodeGroups[1].allocatable.cpuMilli, 3900);
  assert.is(kubernetes.apiServer.maxRequestsInFlight, 800);
  assert.is(kubernetes.apiServer.goawayChance, 0.001);
  const web = kubernetes.objects.find(({ kind }) => kind === 'Deployment');
  assert.is(web?.replicas, 3);
  assert.is(web?.template?.spec.priority, 1000);
  assert.equal(web?.nodes, ['worker-0', 'worker-1', 'worker-2']);
  assert.is(kubernetes.objects.find(({ kind }) => kind === 'CronJob')?.everyNs, 900e9);
  assert.equal(kindOf(imported, 'ReplicaSet')?.skipped, [
    { reason: 'made by the controller that owns it', count: 1 },
  ]);
  for (const { kind, read, used, skipped } of imported.kinds) {
    const left = skipped.reduce((sum, { count }) => sum + count, 0);
    assert.is(used + left, read, `${kind}: every object is used or skipped`);
  }
});

test('the same objects in any form, cut into any pieces, give the same scenario', () => {
  const { items } = JSON.parse(example) as { items: object[] };
  const yaml = (value: unknown) => JSON.stringify(value);
  const forms = [
    example,
    JSON.stringify({ items, kind: 'List' }),
    JSON.stringify(items),
    items.map((item) => JSON.stringify(item)).join('\n'),
    items.map((item) => JSON.stringify(item, null, 2)).join(''),
    items.map((item) => `---\n${yaml(item)}\n`).join(''),
    `kind: List\nitems:\n${items.map((item) => `- ${yaml(item)}\n`).join('')}metadata: {}\n`,
    `items:\n${items.map((item) => `  - ${yaml(item)}\n`).join('')}kind: List\n`,
  ];
  const expected = importText(example).yaml;
  for (const [i, form] of forms.entries()) {
    assert.is(importText(form).yaml, expected, `form ${i}`);
    assert.is(importText(form, false, 700).yaml, expected, `form ${i} in pieces`);
  }
});

test('workloads that differ in nothing but their names become copies', () => {
  const kubernetes = scenarioOf(
    importText(list([deployment('a'), deployment('b'), deployment('c', {}, { app: 'y' })])),
  );
  assert.equal(
    kubernetes.objects.map(({ name, copies }) => [name, copies]),
    [
      ['a', 2],
      ['c', 1],
    ],
  );
});

test('pods of an owner that is not there stand for themselves, ended ones are left out', () => {
  const pod = (name: string, more: object, phase = 'Running') => ({
    kind: 'Pod',
    metadata: { name, namespace: 'a', ...more },
    spec: { nodeName: 'n', containers: [container] },
    status: { phase },
  });
  const owned = { ownerReferences: [{ kind: 'Rollout', name: 'r', controller: true }] };
  const imported = importText(
    list([node('n'), pod('r-1', owned), pod('r-2', owned), pod('done', {}, 'Succeeded')]),
  );
  const [set] = scenarioOf(imported).objects;
  assert.equal([set.kind, set.name, set.copies, set.nodes], ['Pod', 'r', 2, ['n', 'n']]);
  assert.equal(kindOf(imported, 'Pod')?.skipped, [{ reason: 'it has ended', count: 1 }]);
});

test('what is wrong with an object is said with its place, and the rest is used', () => {
  const broken = deployment('broken');
  const bad = { ...container, resources: { requests: { cpu: '1x' } } };
  broken.spec.template.spec.containers = [bad];
  const circle = (name: string, other: string) => ({
    ...deployment(name, {
      ownerReferences: [{ kind: 'Deployment', name: other, controller: true }],
    }),
  });
  const imported = importText(
    list([
      { kind: 'Node', metadata: { name: 'empty' } },
      node('bad', { allocatable: { cpu: 'four' } }),
      node('good'),
      broken,
      circle('one', 'two'),
      circle('two', 'one'),
      deployment('twice'),
      deployment('twice'),
      { metadata: { name: 'nothing' } },
      { kind: 'Deployment' },
    ]),
  );
  const notes = imported.notes.map(({ where, message }) => `${where}: ${message}`);
  assert.equal(
    notes.filter((note) => !note.includes('circle')),
    [
      'object 1 (Node empty): a node without capacity (status.capacity: cpu, memory)',
      'object 2 (Node bad): a malformed quantity: cpu: four',
      'object 8 (Deployment a/twice): a name that stands twice: first in dump, object 7',
      'object 9 ((no kind) nothing): it has no kind',
      'object 10 (Deployment ): it has no name',
      'object 4 (Deployment a/broken): its pods cannot be read: spec.containers[0].resources.requests.cpu: `1x` is not a quantity',
    ],
  );
  assert.is(notes.filter((note) => note.includes('owners go in a circle')).length, 1);
  const kubernetes = scenarioOf(imported);
  assert.is(kubernetes.nodeGroups.length, 1);
  assert.is(kubernetes.objects[0].copies, 3, 'one, two and twice');
});

test('services and budgets that select nothing are kept, and said', () => {
  const service = (name: string, selector: object) => ({
    kind: 'Service',
    metadata: { name, namespace: 'a' },
    spec: { selector },
  });
  const imported = importText(
    list([deployment('x'), service('good', { app: 'x' }), service('idle', { app: 'z' })]),
  );
  assert.equal(
    imported.notes.map(({ where, message }) => `${where}: ${message}`),
    ['object 3 (Service a/idle): a Service that selects no pods of the dump'],
  );
  assert.is(kindOf(imported, 'Service')?.used, 2);
});

test('a dump that breaks off gives nothing, unless what there is will do', () => {
  const text = list([node('a'), deployment('x'), node('b')]);
  for (const cut of [text.slice(0, -80), `${text.slice(0, -80)}}]`]) {
    const imported = importText(cut);
    assert.is(imported.yaml, null);
    assert.is(imported.notes[0].level, 'error');
    assert.match(imported.notes[0].where, /line \d+, object 3/);
    assert.equal(scenarioOf(importText(cut, true)).nodeGroups[0].names, ['a']);
  }
  const yaml = `kind: Node\nmetadata: { name: a\n`;
  assert.match(importText(yaml).notes[0].message, /YAML is broken in object 1/);
});

test('texts that are no dump are told what they are', () => {
  const messages = [
    ['', 'empty'],
    ['NAME   READY   STATUS\nweb    1/1     Running\n', 'table'],
    ['<!DOCTYPE html><html>', 'web page'],
    ['error: You must be logged in to the server\n', 'error of kubectl'],
    ['name,cpu_milli,memory_mib\nx,1,2\n', 'CSV'],
    ['apiVersion: wavetank/v1alpha1\nkind: Scenario\n', 'wavetank itself'],
  ];
  for (const [text, expected] of messages) {
    const { yaml, notes } = importText(text);
    assert.is(yaml, null);
    assert.ok(notes[0].message.includes(expected), notes[0].message);
  }
});

test('configuration of kubeadm, components and webhooks becomes fields of the same name', () => {
  const kubernetes = scenarioOf(
    importText(`
kind: ClusterConfiguration
kubernetesVersion: v1.31.4
apiServer: { extraArgs: { max-requests-inflight: "123", not-a-flag: "1" } }
---
kind: KubeSchedulerConfiguration
percentageOfNodesToScore: 7
profiles:
  - schedulerName: packer
    plugins: { score: { enabled: [{ name: ImageLocality, weight: 3 }], disabled: [{ name: "*" }] } }
    pluginConfig:
      - { name: NodeResourcesFit, args: { scoringStrategy: { type: MostAllocated } } }
---
kind: KubeProxyConfiguration
mode: ipvs
ipvs: { minSyncPeriod: 2s, syncPeriod: 0s }
---
kind: KubeletConfiguration
nodeStatusUpdateFrequency: 20s
runtimeRequestTimeout: 0s
---
kind: ValidatingWebhookConfiguration
metadata: { name: policy }
webhooks:
  - name: policy.example
    timeoutSeconds: 3
    failurePolicy: Ignore
    rules: [{ operations: [CREATE, CONNECT], resources: [pods, widgets, pods/status] }]
---
kind: PriorityLevelConfiguration
metadata: { name: batch }
spec: { type: Limited, limited: { nominalConcurrencyShares: 5, limitResponse: { type: Reject } } }
---
kind: FlowSchema
metadata: { name: batch }
spec:
  matchingPrecedence: 500
  priorityLevelConfiguration: { name: batch }
  rules:
    - subjects: [{ kind: ServiceAccount, serviceAccount: { namespace: jobs, name: runner } }]
      resourceRules: [{ verbs: ["*"], resources: [pods] }]
---
${JSON.stringify(node('n'))}
`),
  );
  assert.is(kubernetes.version, '1.31');
  assert.is(kubernetes.apiServer.maxRequestsInFlight, 123);
  assert.is(kubernetes.scheduler.percentageOfNodesToScore, 7);
  assert.equal(kubernetes.scheduler.profiles[0].weights, { ImageLocality: 3 });
  assert.is(kubernetes.scheduler.profiles[0].scoringStrategy, 'MostAllocated');
  const [group] = kubernetes.nodeGroups;
  assert.equal([group.kubeProxy.mode, group.kubeProxy.minSyncPeriodNs], ['ipvs', 2e9]);
  assert.equal([group.kubelet.nodeStatusUpdateNs, group.kubelet.runtimeTimeoutNs], [20e9, 120e9]);
  assert.is(group.kubelet.maxPods, 50);
  const [webhook] = kubernetes.apiServer.webhooks;
  assert.equal(webhook.resources, ['pods', 'customresources']);
  assert.equal(
    [webhook.verbs, webhook.timeoutNs, webhook.failurePolicy],
    [['create'], 3e9, 'Ignore'],
  );
  assert.is(kubernetes.apiServer.priorityLevels[0].shares, 5);
  assert.equal(kubernetes.apiServer.flowSchemas[0].users, ['system:serviceaccount:jobs:runner']);
});

test('any objects at all give a scenario that reads back, or say why not', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const kind = fc.constantFrom('Node', 'Pod', 'Deployment', 'CronJob', 'Service', 'Job', 'Thing');
  const object = fc.record({
    kind,
    metadata: fc.record({ name: fc.string() }),
    spec: json,
    status: json,
  });
  fc.assert(
    fc.property(fc.array(object, { maxLength: 5 }), (objects) => {
      const imported = importText(list([...objects, node('one')]));
      scenarioOf(imported);
      for (const { read, used, skipped } of imported.kinds) {
        assert.is(used + skipped.reduce((sum, { count }) => sum + count, 0), read);
      }
    }),
    { numRuns: 60 },
  );
});

test('names that YAML would take for something else survive', () => {
  const imported = importText(list([node('1e3'), node('null'), node('0x10')]));
  const value = parse(imported.yaml ?? '') as { kubernetes: { nodeGroups: { names: string[] }[] } };
  assert.equal(value.kubernetes.nodeGroups[0].names, ['1e3', 'null', '0x10']);
});

test.run();
