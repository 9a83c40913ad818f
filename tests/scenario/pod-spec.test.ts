import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PodSpec } from '../../models/objects/index.ts';
import { type ParseResult, parseScenario } from './pod-spec-support.ts';

const test = suite('scenario: pods in the syntax of Kubernetes');

const GI = 1024 ** 3;

function specOf(spec: object, beside: object = {}): PodSpec {
  const result = parse(spec, beside);
  assert.equal(result.problems, []);
  const template = result.scenario?.kubernetes?.objects.at(-1)?.template;
  if (template === null || template === undefined) throw new Error('no template');
  return template.spec;
}

function parse(spec: object, beside: object = {}): ParseResult {
  return parseScenario([
    { kind: 'PriorityClass', name: 'high', value: 1000 },
    { kind: 'Deployment', name: 'web', template: { spec, ...beside } },
  ]);
}

const codesOf = (spec: object, beside: object = {}) =>
  parse(spec, beside).problems.map(({ code, path, line }) => {
    assert.ok(line > 0, `${code} has a place`);
    return `${code} ${path.replace('kubernetes.objects[1].template.', '')}`;
  });

const app = { name: 'app', image: 'app:3' };

test('requests are the sum of the containers, or the largest init container beside sidecars', () => {
  const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });
  const spec = specOf({
    initContainers: [
      { name: 'early', image: 'a:1', ...cpu('1') },
      { name: 'sidecar', image: 'a:1', restartPolicy: 'Always', ...cpu('200m') },
      { name: 'late', image: 'a:1', ...cpu('2') },
    ],
    containers: [
      { ...app, ...cpu('300m') },
      { ...app, name: 'other', ...cpu('400m') },
    ],
    overhead: { cpu: '50m' },
  });
  // late runs beside the sidecar: 2000 + 200, more than 300 + 400 + 200; and the overhead.
  assert.is(spec.requests.cpuMilli, 2250);
  assert.equal(
    spec.containers.map(({ name }) => name),
    ['sidecar', 'app', 'other'],
  );
  assert.equal(
    spec.initContainers.map(({ name }) => name),
    ['early', 'late'],
  );
});

test('a limit stands for the request that is not given', () => {
  const limits = { memory: '1Gi', cpu: 1, 'example.com/card': 2 };
  const { requests } = specOf({
    containers: [{ ...app, resources: { limits, requests: { cpu: '250m' } } }],
  });
  assert.is(requests.cpuMilli, 250);
  assert.is(requests.memoryBytes, GI);
  assert.equal(requests.extended, { 'example.com/card': 2 });
});

test('what the pod itself requests counts in place of the sum', () => {
  const { requests } = specOf({
    containers: [{ ...app, resources: { requests: { cpu: '250m', memory: '1Gi' } } }],
    resources: { requests: { cpu: '2' } },
  });
  assert.is(requests.cpuMilli, 2000);
  assert.is(requests.memoryBytes, GI);
});

test('priorities come from the number, the classes of the system, or those of the scenario', () => {
  const priority = (more: object) => specOf({ containers: [app], ...more }).priority;
  assert.is(priority({}), 0);
  assert.is(priority({ priorityClassName: 'high' }), 1000);
  assert.is(priority({ priorityClassName: 'system-node-critical' }), 2_000_001_000);
  assert.is(priority({ priorityClassName: 'high', priority: -5 }), -5);
  assert.equal(codesOf({ containers: [app], priorityClassName: 'hihg' }), [
    'WT1101 spec.priorityClassName',
  ]);
});

test('affinity, tolerations, spread and gates are read with their defaults', () => {
  const selector = { matchLabels: { app: 'web' } };
  const spec = specOf(
    {
      containers: [app],
      nodeSelector: { disk: 'ssd' },
      schedulingGates: [{ name: 'wait' }],
      tolerations: [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'gpu', operator: 'In', values: ['a', 'b'] }] },
            ],
          },
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 7, podAffinityTerm: { topologyKey: 'zone', labelSelector: selector } },
          ],
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 2,
          topologyKey: 'zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: selector,
          matchLabelKeys: ['app', 'not-there'],
        },
      ],
    },
    { labels: { app: 'web' } },
  );
  const own = { key: 'app', operator: 'In', values: ['web'] };
  assert.equal(spec.nodeSelector, { disk: 'ssd' });
  assert.equal(spec.schedulingGates, ['wait']);
  assert.is(spec.tolerations[0].tolerationNs, 30e9);
  assert.equal(spec.affinity?.nodeRequired?.[0].matchExpressions[0].values, ['a', 'b']);
  assert.equal(spec.affinity?.antiPreferred, [
    {
      weight: 7,
      term: {
        labelSelector: { requirements: [own] },
        topologyKey: 'zone',
        namespaces: [],
        namespaceSelector: null,
      },
    },
  ]);
  assert.equal(spec.topologySpread, [
    {
      maxSkew: 2,
      topologyKey: 'zone',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { requirements: [own, own] },
      minDomains: 1,
      nodeAffinityPolicy: 'Honor',
      nodeTaintsPolicy: 'Ignore',
    },
  ]);
});

test('Secrets and ConfigMaps that variables and pulls refer to are fetched once each', () => {
  const spec = specOf({
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'a', secret: { secretName: 'tls' } },
      { name: 'b', emptyDir: {} },
      { name: 'kube-api-access-xyz', projected: { sources: [] } },
      { name: 'c', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
    ],
    containers: [
      {
        ...app,
        envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'tls' } }],
        env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'x' } } }],
      },
    ],
  });
  assert.equal(spec.volumes, [
    { kind: 'projected' },
    { kind: 'secret', name: 'tls' },
    { kind: 'emptyDir' },
    { kind: 'persistentVolumeClaim', claimName: 'data', readOnly: true },
    { kind: 'secret', name: 'pull' },
    { kind: 'configMap', name: 'settings' },
  ]);
});

test('probes, host ports and pull policies have the defaults of Kubernetes', () => {
  const { containers } = specOf({
    containers: [
      {
        name: 'app',
        image: 'registry:5000/app',
        ports: [{ containerPort: 80 }, { containerPort: 81, hostPort: 81 }],
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
    ],
  });
  assert.is(containers[0].imagePullPolicy, 'Always');
  assert.equal(containers[0].hostPorts, [{ protocol: 'TCP', port: 81 }]);
  assert.equal(containers[0].readinessProbe, {
    periodNs: 10e9,
    timeoutNs: 1e9,
    initialDelayNs: 0,
    failureThreshold: 3,
    successThreshold: 1,
  });
});

test('fields without effect are read over; others that are not known are mistakes', () => {
  specOf({ containers: [{ ...app, command: ['x'] }], dnsPolicy: 'Default', hostIPC: null });
  assert.equal(codesOf({ containers: [app], dnsPolice: 'Default' }), ['WT1002 spec.dnsPolice']);
  assert.equal(codesOf({ containers: [app], nodeName: 'a' }), ['WT1018 spec.nodeName']);
});

test('every mistake is told at once, with its place', () => {
  assert.equal(
    codesOf({
      containers: [
        {
          name: 'app',
          resources: { requests: { cpu: '250x', memory: '-1' } },
          readinessProbe: 5,
          imagePullPolicy: 'always',
        },
        { name: 'app' },
      ],
      restartPolicy: ['a'],
      tolerations: [{ value: 'x' }],
    }).sort(),
    [
      'WT1004 spec.containers[0].readinessProbe',
      'WT1004 spec.restartPolicy',
      'WT1006 spec.containers[0].resources.requests.cpu',
      'WT1007 spec.containers[0].resources.requests.memory',
      'WT1008 spec.containers[0].imagePullPolicy',
      'WT1011 spec.containers',
      'WT1109 spec.tolerations[0]',
    ],
  );
  assert.equal(codesOf({ containers: [] }), ['WT1003 spec.containers']);
});

test('a field of the simple form beside spec is a contradiction', () => {
  assert.equal(codesOf({ containers: [app] }, { cpu: '1', readyAfter: '5s' }), ['WT1009 cpu']);
});

test('images of spec have the sizes that stand beside it', () => {
  const { containers } = specOf(
    { containers: [app, { name: 'b', image: 'b:1' }] },
    { images: [{ name: 'app:3', size: '10MB', layers: 2 }], readyAfter: '3s' },
  );
  assert.equal(
    containers[0].image.layers.map(({ bytes }) => bytes),
    [5e6, 5e6],
  );
  assert.is(containers[1].image.layers.length, 5);
  assert.is(containers[1].behaviour.readyAfterNs, 3e9);
});

test.run();
