import assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  type KubectlOutcome,
  kubectl,
  kubectlClient,
  kubectlProblem,
} from '../../../models/client-go/index.ts';
import {
  type Deployment,
  type KubeObject,
  type MetaOptions,
  metaOf,
  NO_RESOURCES,
  type Node,
  PENDING,
  type Pod,
  type PodDisruptionBudget,
  type PodSpec,
  type ResourceName,
  selectorOf,
} from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';

const test = suite('kubectl');
const S = 1e9;

function object(c: FakeCluster, resource: ResourceName, meta: MetaOptions): KubeObject {
  return { resource, meta: metaOf(c.uids, 0, meta), bytes: 1000, resourceVersion: 0 };
}

/** The spec of a pod that needs nothing; graceful deletion takes no time here. */
const SPEC = { terminationGraceNs: 0, requests: NO_RESOURCES } as unknown as PodSpec;

function pod(c: FakeCluster, name: string, nodeName: string, owner?: MetaOptions['owner']): Pod {
  const meta = metaOf(c.uids, 0, { name, namespace: 'default', labels: { app: 'web' }, owner });
  return {
    resource: 'pods',
    meta,
    bytes: 5000,
    resourceVersion: 0,
    spec: SPEC,
    nodeName,
    status: PENDING,
  };
}

function run(c: FakeCluster, command: string): { calls: string[]; outcome: KubectlOutcome } {
  const client = c.library.client(kubectlClient('kubectl', 'control-plane', ['kube-apiserver/0']));
  client.stop();
  const before = c.endpoint.calls.length;
  let outcome: KubectlOutcome | null = null;
  c.sim.spawn(
    'kubectl',
    kubectl(client, command.split(' '), (o) => {
      outcome = o;
    }),
  );
  c.run(c.sim.nowNs + 600 * S);
  assert.ok(outcome !== null, `${command} came to its end`);
  const calls = c.endpoint.calls.slice(before).map((call) => {
    const what = call.subresource ? `${call.resource}/${call.subresource}` : call.resource;
    const where = call.path ?? (call.namespace ? `in ${call.namespace}` : '');
    return `${call.verb} ${what} ${where}`.trim();
  });
  return { calls, outcome };
}

test('get lists consistently in chunks of 500', () => {
  const c = fakeCluster();
  c.store.preload(Array.from({ length: 1001 }, (_, i) => pod(c, `p${i}`, 'n')));
  const { calls, outcome } = run(c, 'kubectl get pods -A');
  assert.deepEqual(calls, ['list pods', 'list pods', 'list pods']);
  assert.deepEqual(
    c.endpoint.calls.map((call) => [call.limit, call.consistency, call.continueAt]),
    [
      [500, 'consistent', undefined],
      [500, 'exact', 500],
      [500, 'exact', 1000],
    ],
  );
  assert.equal(outcome.bytes, 1001 * 5000 + 3 * 200);
});

test('get all lists ten resources of the namespace; names are got', () => {
  const c = fakeCluster();
  assert.equal(run(c, 'get all -n web').calls.length, 10);
  assert.deepEqual(run(c, 'get po/a -n web').calls, ['get pods web/a']);
  assert.deepEqual(run(c, 'get deploy a b').calls, [
    'get deployments default/a',
    'get deployments default/b',
  ]);
  assert.deepEqual(run(c, 'get no,svc -l app=web').calls, [
    'list nodes',
    'list services in default',
  ]);
});

test('describe gets each object, and lists the events of its namespace', () => {
  const c = fakeCluster();
  c.store.preload([pod(c, 'a', 'n'), pod(c, 'b', 'n'), object(c, 'nodes', { name: 'n' })]);
  assert.deepEqual(run(c, 'describe pods').calls, [
    'list pods in default',
    'get pods default/a',
    'list events in default',
    'get pods default/b',
    'list events in default',
  ]);
  assert.deepEqual(run(c, 'describe node n').calls, [
    'get nodes n',
    'get leases kube-node-lease/n',
    'list pods',
    'list events',
  ]);
});

test('drain cordons, evicts what no DaemonSet owns, asks again while a budget forbids it, and waits', () => {
  const c = fakeCluster();
  const node = {
    ...object(c, 'nodes', { name: 'n' }),
    spec: { unschedulable: false, taints: [], podCIDR: '', providerID: '' },
  };
  const owner = {
    resource: 'daemonsets' as const,
    path: 'default/ds',
    uid: 99,
    controller: true,
    blockOwnerDeletion: true,
  };
  const budget = {
    ...object(c, 'poddisruptionbudgets', { name: 'b', namespace: 'default' }),
    spec: { selector: selectorOf({ app: 'web' }), minAvailable: null, maxUnavailable: null },
    status: { disruptionsAllowed: 1 },
  } as unknown as PodDisruptionBudget;
  c.store.preload([node, budget, pod(c, 'a', 'n'), pod(c, 'b', 'n'), pod(c, 'd', 'n', owner)]);
  c.store.preload([pod(c, 'elsewhere', 'm')]);
  c.at(12 * S, () => {
    c.endpoint.now({
      verb: 'patch',
      resource: 'poddisruptionbudgets',
      path: 'default/b',
      mutate: (o) => {
        const now = o as PodDisruptionBudget;
        const status = { ...now.status, disruptionsAllowed: 1 };
        const next: PodDisruptionBudget = { ...now, resourceVersion: 0, status };
        return next;
      },
    });
  });
  const { calls } = run(c, 'drain n --ignore-daemonsets --force');
  const evictions = calls.filter((call) => call.startsWith('create pods/eviction'));
  assert.deepEqual(evictions, [
    'create pods/eviction default/a',
    'create pods/eviction default/b',
    // Refused at about 0, 5 and 10 s, granted at 15 s.
    'create pods/eviction default/b',
    'create pods/eviction default/b',
    'create pods/eviction default/b',
  ]);
  assert.deepEqual(calls.slice(0, 4), [
    'get nodes n',
    'patch nodes n',
    'list pods',
    'get daemonsets default/ds',
  ]);
  assert.equal(c.store.get<Node>('nodes', 'n')?.spec.unschedulable, true);
  assert.deepEqual(
    c.store.all('pods').map((p) => p.meta.name),
    ['d', 'elsewhere'],
  );
});

test('drain evicts nothing where no flag speaks for pods of DaemonSets, or without a controller', () => {
  const daemon = {
    resource: 'daemonsets' as const,
    path: 'default/ds',
    uid: 99,
    controller: true,
    blockOwnerDeletion: true,
  };
  const left = (command: string, ...owners: (typeof daemon | undefined)[]) => {
    const c = fakeCluster();
    const node = {
      ...object(c, 'nodes', { name: 'n' }),
      spec: { unschedulable: false, taints: [], podCIDR: '', providerID: '' },
    };
    c.store.preload([node, ...owners.map((owner, i) => pod(c, `p${i}`, 'n', owner))]);
    run(c, command);
    assert.equal(c.store.get<Node>('nodes', 'n')?.spec.unschedulable, true);
    return c.store.all('pods').length;
  };
  assert.equal(left('drain n', undefined), 1);
  assert.equal(left('drain n --force', undefined), 0);
  assert.equal(left('drain n --force', undefined, daemon), 2);
  assert.equal(left('drain n --force --ignore-daemonsets', undefined, daemon), 1);
  assert.equal(left('drain n --force --disable-eviction', undefined), 0);
});

test('scale and rollout restart change the spec and raise the generation', () => {
  const c = fakeCluster();
  const deployment = {
    ...object(c, 'deployments', { name: 'web', namespace: 'default' }),
    spec: { replicas: 2, template: { hash: 'x' } },
  };
  c.store.preload([deployment]);
  run(c, 'scale deploy/web --replicas=5');
  run(c, 'rollout restart deployment web');
  const after = c.store.get<Deployment>('deployments', 'default/web')!;
  assert.equal(after.spec.replicas, 5);
  assert.equal(after.meta.generation, 3);
  assert.notEqual(after.spec.template.hash, 'x');
});

test('delete waits until the object is gone', () => {
  const c = fakeCluster();
  c.store.preload([
    object(c, 'configmaps', { name: 'a', namespace: 'default', finalizers: ['x'] }),
  ]);
  c.at(3.5 * S, () => {
    c.endpoint.now({
      verb: 'patch',
      resource: 'configmaps',
      path: 'default/a',
      mutate: (o) => ({ ...o, meta: { ...o.meta, finalizers: [] } }),
    });
  });
  const { calls } = run(c, 'delete cm a');
  assert.deepEqual(calls, [
    'delete configmaps default/a',
    ...new Array<string>(5).fill('get configmaps default/a'),
  ]);
});

test('--raw asks for what its path says', () => {
  const c = fakeCluster();
  assert.deepEqual(run(c, 'get --raw /readyz').calls, ['get namespaces/healthz']);
  assert.deepEqual(run(c, 'get --raw /api/v1/pods?resourceVersion=0&limit=7').calls, ['list pods']);
  const [last] = c.endpoint.calls.slice(-1);
  assert.deepEqual([last.consistency, last.limit], ['any', 7]);
  assert.deepEqual(run(c, 'get --raw /apis/apps/v1/namespaces/web/deployments/x').calls, [
    'get deployments web/x',
  ]);
});

test('cluster-info dump reads every pod’s log', () => {
  const c = fakeCluster();
  c.store.preload([pod(c, 'a', 'n'), pod(c, 'b', 'n')]);
  const { calls } = run(c, 'cluster-info dump');
  assert.equal(calls.length, 1 + 2 * 7 + 2);
  assert.equal(calls.filter((call) => call.startsWith('get pods/log')).length, 2);
});

test('a command with a mistake is told what is wrong', () => {
  const problem = (command: string) => kubectlProblem(command.split(' '));
  assert.equal(problem('kubectl get pods -A'), null);
  assert.equal(problem('get deploy,rs -n x'), null);
  assert.match(problem('get podz') ?? '', /'podz' is no resource/);
  assert.match(problem('edit pod x') ?? '', /not modelled/);
  assert.match(problem('drain') ?? '', /one name/);
  assert.match(problem('delete pods') ?? '', /resource and a name/);
  assert.equal(problem('rollout restart deployment web'), null);
});

test.run();
