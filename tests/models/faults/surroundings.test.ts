/**
 * What surrounds a control plane fails: small clusters end to end, each fault with the signature
 * that its mechanism is known for. The checks of src/run/invariants.ts run along.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { EventRecord, KubeObject, Node, Pod, Service } from '../../../models/objects/index.ts';
import { buildKubernetes, type KubernetesCluster } from '../../../src/run/build-kubernetes.ts';
import { createRun } from '../../../src/run/index.ts';
import {
  clusterOf,
  codesOf,
  type Ended,
  pods,
  simulate,
  type Value,
} from '../../run/kubernetes-support.ts';

const test = suite('faults: surroundings');
const S = 1e9;

const small = { cpu: '100m', memory: '64MiB' };
const web = { kind: 'Deployment', name: 'web', replicas: 4, template: small };

function run(
  faults: readonly Value[],
  kubernetes: Value,
  horizon = '60s',
  rest: Value = {},
): Ended {
  return simulate(clusterOf(kubernetes, { horizon, faults, ...rest }));
}

/** What stands in etcd at the moment. */
type Now = Pick<Ended, 'objects'>;

/** One run, looked at when it gets to these seconds. */
function watch(
  faults: readonly Value[],
  kubernetes: Value,
  looks: readonly (readonly [number, (now: Now) => void])[],
): Ended {
  const last = looks[looks.length - 1][0];
  const scenario = clusterOf(kubernetes, { horizon: `${last}s`, faults });
  const built: KubernetesCluster[] = [];
  const contents = () => built[0].etcd.shared.contents;
  const objects: Ended['objects'] = (resource) => {
    const group = contents().groups.findIndex(({ name }) => name === resource);
    return contents().valuesOf(group) as KubeObject[]; // By their group objects.
  };
  const run = createRun(scenario, {
    seed: 'small',
    build: (ctx, s) => {
      assert.ok(s.kubernetes !== null);
      built.push(buildKubernetes(ctx, s, s.kubernetes));
      return built[0];
    },
  });
  for (const [atS, look] of looks) {
    while (run.progress().nowNs < atS * S && !run.advance(200));
    look({ objects });
  }
  while (!run.advance(1 << 20));
  return { result: run.finish(), objects };
}

function count(ended: Ended, name: string, labels: Record<string, string> = {}): number {
  let sum = 0;
  for (const counter of ended.result.metrics.counters) {
    const same = Object.entries(labels).every(([key, value]) => counter.labels[key] === value);
    if (counter.name === name && same) for (const n of counter.perSegment) sum += n;
  }
  return sum;
}

const nodesOf = (ended: Now) => ended.objects('nodes') as readonly Node[];
const eventsOf = (ended: Now) => ended.objects('events') as readonly EventRecord[];
const podsOf = (now: Now, prefix: string) =>
  (now.objects('pods') as readonly Pod[]).filter(({ meta }) => meta.name.startsWith(prefix));
const running = (ended: Now, prefix = '') =>
  podsOf(ended, prefix).filter(({ status }) => status.phase === 'Running').length;
const firstReadyS = (ended: Ended, prefix: string) =>
  Math.min(...pods(ended, prefix).map(({ status }) => status.readySinceNs)) / S;
const create = (set: Value, start = '5s') => ({ name: String(set.name), start, create: set });

// --- Webhooks -----------------------------------------------------------------------------------

const hook = { name: 'policy', resources: ['pods'], verbs: ['create'], timeout: '5s' };

test('a webhook that is away keeps pods out with 500s, and they come once it is back', () => {
  const kubernetes = {
    kubeAPIServer: { webhooks: [{ ...hook, latency: '5ms', failurePolicy: 'Fail' }] },
    load: [create(web, '10s')],
  };
  for (const outage of ['refused', 'timeout', 'error']) {
    const fault = { at: '5s', webhook: 'policy', outage, for: '20s' };
    const ended = watch([fault], kubernetes, [
      [24, (now) => assert.equal(podsOf(now, 'web').length, 0)],
      [75, (now) => assert.equal(running(now, 'web'), 4)],
    ]);
    assert.ok((codesOf(ended).get('500') ?? 0) >= 1);
  }
});

test('a webhook that fails open costs its timeout and no error', () => {
  const ended = run(
    [{ at: '5s', webhook: 'policy', outage: 'timeout', for: '40s' }],
    {
      kubeAPIServer: { webhooks: [{ ...hook, latency: '5ms', failurePolicy: 'Ignore' }] },
      load: [create(web, '10s')],
    },
    '40s',
  );
  assert.equal(running(ended, 'web'), 4);
  assert.equal(codesOf(ended).get('500'), undefined);
  assert.equal(count(ended, 'apiserver_admission_webhook_fail_open_count', { name: 'policy' }), 4);
  // Asked for at 10 s, let through at 15 s.
  assert.ok(firstReadyS(ended, 'web') > 15);
});

test('a slow webhook slows what it matches while it lasts', () => {
  const kubernetes = {
    kubeAPIServer: { webhooks: [{ ...hook, latency: '5ms' }] },
    load: [create(web, '10s'), create({ ...web, name: 'later' }, '30s')],
  };
  const ended = run([{ at: '5s', webhook: 'policy', latency: '3s', for: '20s' }], kubernetes);
  // A create waits 3 s; a pod is ready 2 to 3 s after it is there.
  assert.ok(firstReadyS(ended, 'web') > 13);
  assert.ok(firstReadyS(ended, 'later') < 33);
});

// --- Registry, cloud ----------------------------------------------------------------------------

test('without its registry a node group starts nothing new, and recovers when it is back', () => {
  const template = { ...small, imagePresent: false };
  const kubernetes = { load: [create({ ...web, template }, '10s')] };
  const fault = { at: '5s', registry: 'down', group: 'worker', for: '40s' };
  const during = (now: Now) => {
    for (const { status } of podsOf(now, 'web')) {
      assert.equal(status.phase, 'Pending');
      assert.match(status.reason, /^(ErrImagePull|ImagePullBackOff)$/);
    }
  };
  watch([fault], kubernetes, [
    [44, during],
    [150, (now) => assert.equal(running(now, 'web'), 4)],
  ]);
});

const joining = { nodeGroups: [{ name: 'worker', count: 2, joining: 2, joinAt: '10s' }] };
const isNew = ({ spec }: Node) =>
  spec.taints.some(({ key }) => key === 'node.cloudprovider.kubernetes.io/uninitialized');

test('while the cloud is down new nodes keep their taint, and lose it when it is back', () => {
  const kubernetes = { ...joining, cloudControllerManager: { describe: '50ms', route: '1s' } };
  const fault = { at: '5s', cloudApi: 'down', for: '60s' };
  const ended = watch([fault], kubernetes, [
    [
      60,
      (now) => assert.deepEqual([nodesOf(now).length, nodesOf(now).filter(isNew).length], [4, 2]),
    ],
    [150, (now) => assert.equal(nodesOf(now).filter(isNew).length, 0)],
  ]);
  assert.ok(count(ended, 'wavetank_cloud_call_errors_total', { call: 'describe' }) > 4);
  assert.equal(count(ended, 'wavetank_cloud_routes_total'), 2);
});

test('a throttled cloud initialises new nodes at its rate, and routes come late', () => {
  const nodeGroups = [{ name: 'worker', count: 2, joining: 8, joinAt: '5s', joinRate: '10/s' }];
  const cloudControllerManager = { describe: '50ms', route: '1s' };
  const left = (faults: readonly Value[]) => {
    const ended = run(faults, { nodeGroups, cloudControllerManager }, '60s');
    return nodesOf(ended).filter(isNew).length;
  };
  assert.equal(left([]), 0);
  // One call of a kind in 10 s: at most one node at 10 s and one more in each 10 s after it.
  assert.ok(left([{ at: '2s', cloudApi: 'throttled', qps: 0.1 }]) >= 2);
});

test('a load balancer waits for the cloud with the back-off of the service controller', () => {
  const set = { ...web, service: 'LoadBalancer' };
  const kubernetes = { cloudControllerManager: { loadBalancer: '5s' }, load: [create(set, '10s')] };
  const fault = { at: '5s', cloudApi: 'down', for: '30s' };
  const ready = (expected: boolean) => (now: Now) => {
    const services = now.objects('services') as readonly Service[];
    assert.deepEqual(
      services.map(({ status }) => status.loadBalancerReady),
      [expected],
    );
  };
  // Tries of four calls (4 to 7 s) at 10 s, then 5, 10 and 20 s after each failure.
  watch([fault], kubernetes, [
    [35, ready(false)],
    [90, ready(true)],
  ]);
});

test('an autoscaler whose order failed leaves the group alone for five minutes', () => {
  const kubernetes = {
    nodeGroups: [{ name: 'worker', count: 1, cpu: '4', memory: '16GiB' }],
    cloudControllerManager: { boot: '20s', describe: '50ms' },
    clusterAutoscaler: { groups: [{ group: 'worker', min: 1, max: 5 }] },
    load: [create({ ...web, replicas: 12, template: { cpu: '500m' } })],
  };
  const fault = { at: '2s', cloudApi: 'down', for: '30s' };
  // 7 of 500m fit on the node that is there.
  const ended = watch([fault], kubernetes, [
    [300, (now) => assert.deepEqual([nodesOf(now).length, running(now, 'web')], [1, 7])],
    [400, (now) => assert.deepEqual([nodesOf(now).length, running(now, 'web')], [2, 12])],
  ]);
  assert.equal(count(ended, 'cluster_autoscaler_failed_scale_ups_total'), 1);
  assert.equal(count(ended, 'cluster_autoscaler_scaled_up_nodes_total'), 1);
});

// --- Load balancer ------------------------------------------------------------------------------

test('a dead backend behind a balancer without health checks refuses its share of dials', () => {
  const kubernetes = {
    controlPlane: { replicas: 3 },
    load: [{ name: 'ask', start: '2s', kubectl: 'get nodes', every: '1s' }],
  };
  const fault = { at: '20s', deadBackend: 'kube-apiserver/1', for: '60s' };
  const rest = { etcd: { version: '3.6', members: 3 } };
  const dead = run([fault], kubernetes, '80s', rest);
  const killed = run(
    [{ at: '20s', kill: 'kube-apiserver/1', for: '60s' }],
    kubernetes,
    '80s',
    rest,
  );
  const refusedOf = (ended: Ended) => codesOf(ended).get('<error>') ?? 0;
  // With health checks the replica is out of use after three failed probes; without, a third of
  // all new connections fail for as long as it lasts.
  assert.ok(refusedOf(dead) > refusedOf(killed), `${refusedOf(dead)}, ${refusedOf(killed)}`);
  // A command dials anew: of some 60, a third.
  const failed = count(dead, 'wavetank_kubectl_failures', { load: 'ask' });
  assert.ok(failed >= 10 && failed <= 30, `${failed} commands`);
});

// --- Nodes --------------------------------------------------------------------------------------

test('a runtime whose lists hang makes its node NotReady after three minutes, though its lease is fine', () => {
  const fault = { at: '10s', hangRuntime: 'node/worker-0', hangs: 'lists', for: '260s' };
  const unready = (expected: readonly string[]) => (now: Now) => {
    const found = nodesOf(now).filter(({ status }) => status.conditions.ready !== 'True');
    assert.deepEqual(
      found.map(({ meta, status }) => `${meta.name} ${status.conditions.ready}`),
      expected,
    );
  };
  watch([fault], {}, [
    [185, unready([])],
    // False, not Unknown: the kubelet says so itself.
    [205, unready(['worker-0 False'])],
    [285, unready([])],
  ]);
});

test('a network plugin that is gone makes nodes NotReady at once, and taints them', () => {
  const fault = { at: '10s', cniDown: 'nodes/worker', part: '50%', for: '60s' };
  const during = (now: Now) => {
    const unready = nodesOf(now).filter(({ status }) => status.conditions.ready === 'False');
    assert.deepEqual(unready.map(({ meta }) => meta.name).sort(), ['worker-0', 'worker-1']);
    for (const { spec } of unready) {
      assert.ok(spec.taints.some(({ key }) => key === 'node.kubernetes.io/not-ready'));
    }
  };
  const after = (now: Now) =>
    assert.ok(nodesOf(now).every(({ status }) => status.conditions.ready === 'True'));
  watch([fault], {}, [
    [30, during],
    [90, after],
  ]);
});

test('disk pressure evicts pods, taints the node, and they run elsewhere', () => {
  const kubernetes = { objects: [{ ...web, replicas: 8 }] };
  const fault = { at: '10s', pressure: 'node/worker-0', of: 'disk', for: '60s' };
  const ended = run([fault], kubernetes, '70s');
  const node = nodesOf(ended).find(({ meta }) => meta.name === 'worker-0');
  assert.equal(node?.status.conditions.diskPressure, 'True');
  assert.ok(node?.spec.taints.some(({ key }) => key === 'node.kubernetes.io/disk-pressure'));
  const evicted = pods(ended, 'web').filter(({ status }) => status.reason === 'Evicted');
  assert.ok(evicted.length >= 2, `${evicted.length}`);
  assert.equal(running(ended, 'web'), 8);
  const there = pods(ended, 'web').filter(
    ({ nodeName, status }) => nodeName === 'worker-0' && status.phase === 'Running',
  );
  assert.equal(there.length, 0);
  assert.ok(count(ended, 'kubelet_evictions', { eviction_signal: 'nodefs.available' }) >= 2);
});

test('a crash loop backs off, and its set is whole again when it is over', () => {
  const kubernetes = { objects: [web, { ...web, name: 'other' }] };
  const fault = { at: '10s', crashLoop: 'web', runs: '1s', for: '100s' };
  const during = (now: Now) => {
    for (const { status } of podsOf(now, 'web')) {
      assert.ok(status.restarts >= 3 && status.restarts <= 5, `${status.restarts} restarts`);
    }
    assert.ok(podsOf(now, 'other').every(({ status }) => status.restarts === 0));
    assert.ok(eventsOf(now).some(({ reason }) => reason === 'BackOff'));
  };
  watch([fault], kubernetes, [
    [105, during],
    [300, (now) => assert.ok(podsOf(now, 'web').every(({ status }) => status.ready))],
  ]);
});

// --- Events -------------------------------------------------------------------------------------

const storm = { at: '5s', eventStorm: 'nodes/worker', eventRate: '200/s', for: '30s' };

test('of a storm about few objects the spam filter lets 25 events each through', () => {
  const ended = run([storm], {}, '60s');
  // Four kubelets, one object each: 25 of each, and a token more in 5 min.
  const sent =
    count(ended, 'apiserver_request_total', { resource: 'events', verb: 'POST' }) +
    count(ended, 'apiserver_request_total', { resource: 'events', verb: 'PATCH' });
  assert.equal(sent, 100);
  const dropped = count(ended, 'wavetank_events_dropped_total', { component: 'kubelet' });
  assert.ok(dropped > 5890 && dropped <= 5900, `${dropped}`);
  // More than ten messages of one kind become one event.
  assert.equal(eventsOf(ended).filter(({ reason }) => reason === 'Storm').length, 4 * 10);
});

test('a storm about many objects reaches etcd, or that of events where there is one', () => {
  const written = (kubernetes: Value, member: string) =>
    count(
      run([{ ...storm, about: 1000, for: '6s' }], kubernetes, '12s'),
      'etcd_server_proposals_applied_total',
      { member },
    );
  const together = written({}, 'etcd/0');
  const apart = written({ kubeAPIServer: { eventsEtcd: true } }, 'etcd/0');
  assert.ok(together > apart + 800, `${together}, ${apart}`);
});

test('a storm of a group has the limits of its own kubelets, not of a group named alike', () => {
  const slow = { eventRecordQPS: 1, eventBurst: 1 };
  const nodeGroups = [
    { name: 'worker', count: 1, kubelet: slow },
    { name: 'worker-gpu', count: 2 },
  ];
  const fault = { ...storm, eventStorm: 'nodes/worker-gpu', about: 1000, for: '6s' };
  const ended = run([fault], { nodeGroups }, '12s');
  const sent = count(ended, 'apiserver_request_total', { resource: 'events', verb: 'POST' });
  assert.ok(sent > 500, `${sent}`);
});

// --- Operators ----------------------------------------------------------------------------------

test('drained nodes are empty, and take pods again once the fault is over', () => {
  const kubernetes = { objects: [{ ...web, replicas: 8 }] };
  const fault = { at: '5s', drain: 'zone/a', parallel: 2, grace: '2s', for: '60s' };
  const during = (now: Now) => {
    const cordoned = nodesOf(now).filter(({ spec }) => spec.unschedulable);
    const names = cordoned.map(({ meta }) => meta.name);
    assert.equal(names.length, 2);
    assert.ok(podsOf(now, 'web').every(({ nodeName }) => !names.includes(nodeName)));
    assert.equal(running(now, 'web'), 8);
  };
  watch([fault], kubernetes, [
    [60, during],
    [75, (now) => assert.ok(nodesOf(now).every(({ spec }) => !spec.unschedulable))],
  ]);
});

test('a budget holds a drain up: evictions are refused with 429 every 5 s', () => {
  const selector = { app: 'web' };
  const budget = { kind: 'PodDisruptionBudget', name: 'web', selector, minAvailable: '100%' };
  const kubernetes = { objects: [{ ...web, replicas: 8 }, budget] };
  const fault = { at: '5s', drain: 'node/worker-0', for: '60s' };
  const ended = run([fault], kubernetes, '36s');
  assert.equal(running(ended, 'web'), 8);
  const refused = codesOf(ended).get('429') ?? 0;
  const mine = pods(ended, 'web').filter((pod) => pod.nodeName === 'worker-0').length;
  assert.ok(mine >= 1);
  // At 5, 10, ... 35 s, as fast as kubectl's own limit lets it.
  assert.ok(refused >= 6 * mine && refused <= 7 * mine, `${refused} of ${mine}`);
});

test.run();
