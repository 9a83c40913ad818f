/** Namespaces, budgets, quotas, autoscaling, pod garbage, node addresses, volumes, end to end. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { attachmentName } from '../../../models/controllers/attach-detach.ts';
import { calculateReplicas } from '../../../models/controllers/hpa.ts';
import { rangeName, rangeNumber } from '../../../models/controllers/node-ipam.ts';
import {
  type Deployment,
  type EndpointSlice,
  type HorizontalPodAutoscaler,
  type KubeObject,
  metaOf,
  type Namespace,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type PodDisruptionBudget,
  type ResourceQuota,
  type StorageClass,
  selectorOf,
  type VolumeAttachment,
  withPodStatus,
} from '../../../models/objects/index.ts';
import { Bed } from './bed.ts';
import { deployment, node, pod, replicaSet, S, service, template } from './objects.ts';

const test = suite('controllers/policies');

const base = (bed: Bed, name: string, namespace = 'default') => ({
  meta: metaOf(bed.uids, bed.sim.nowNs, { name, namespace }),
  bytes: 1000,
  resourceVersion: 0,
});

function namespace(bed: Bed, name: string): Namespace {
  return {
    resource: 'namespaces',
    meta: metaOf(bed.uids, bed.sim.nowNs, { name, finalizers: ['kubernetes'] }),
    bytes: 600,
    resourceVersion: 0,
    phase: 'Active',
  };
}

const inNamespace = <T extends KubeObject>(object: T, name: string): T => ({
  ...object,
  meta: { ...object.meta, namespace: name, path: `${name}/${object.meta.name}` },
});

test('A new namespace gets its ServiceAccount and the root certificate; a deleted one is emptied.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(namespace(bed, 'team'));
  bed.to(2);
  assert.notEqual(bed.get('serviceaccounts', 'team/default'), undefined);
  assert.notEqual(bed.get('configmaps', 'team/kube-root-ca.crt'), undefined);
  bed.apply(inNamespace(deployment(bed.uids, 'web', 4), 'team'));
  bed.apply(inNamespace(service(bed.uids, 'web', { app: 'web' }), 'team'));
  bed.to(20);
  assert.equal(bed.readyPods.length, 4);
  bed.delete('namespaces', 'team');
  bed.to(23);
  assert.notEqual(bed.get('namespaces', 'team'), undefined);
  bed.to(90);
  assert.equal(bed.get('namespaces', 'team'), undefined);
  const left = ['pods', 'replicasets', 'deployments', 'services', 'endpointslices'] as const;
  for (const resource of left) assert.equal(bed.all(resource).length, 0, resource);
  assert.equal(bed.all('serviceaccounts').length, 0);
});

test('A namespace with something that does not end stays Terminating.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(namespace(bed, 'team'));
  const stuck = inNamespace(pod({ name: 'stuck', uid: bed.uids.next() }), 'team');
  bed.apply({ ...stuck, meta: { ...stuck.meta, finalizers: ['example.com/never'] } });
  bed.to(5);
  bed.delete('namespaces', 'team');
  bed.to(300);
  assert.equal(bed.get<Namespace>('namespaces', 'team')?.phase, 'Terminating');
});

function budget(bed: Bed, o: Partial<PodDisruptionBudget['spec']>): PodDisruptionBudget {
  return {
    ...base(bed, 'budget'),
    resource: 'poddisruptionbudgets',
    spec: { selector: selectorOf({ app: 'web' }), minAvailable: null, maxUnavailable: null, ...o },
    status: {
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      disruptedPods: {},
    },
  };
}

// 30 % of 10 is 3; after two evictions that are not replaced yet, one is left.
test('A budget allows what its replicas can spare, and evictions beyond it are refused.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 10));
  bed.apply(budget(bed, { maxUnavailable: { kind: 'fraction', value: 0.3 } }));
  bed.to(20);
  const allowed = () =>
    bed.get<PodDisruptionBudget>('poddisruptionbudgets', 'default/budget')?.status
      .disruptionsAllowed;
  assert.equal(allowed(), 3);
  const evict = (p: Pod) =>
    bed.endpoint.now({
      verb: 'create',
      resource: 'pods',
      subresource: 'eviction',
      path: p.meta.path,
    }).code;
  const codes = bed.readyPods.slice(0, 4).map(evict);
  assert.deepEqual(codes, [200, 200, 200, 429]);
  bed.to(20.5);
  assert.equal(allowed(), 0);
  bed.to(40);
  assert.equal(allowed(), 3);
});

test('A quota is counted anew when pods are deleted.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(replicaSet(bed.uids, 'web', 4));
  bed.to(10);
  const quota: ResourceQuota = {
    ...base(bed, 'quota'),
    resource: 'resourcequotas',
    hardPods: 100,
    hardRequests: null,
    used: { pods: 0, requests: { cpuMilli: 0, memoryBytes: 0, ephemeralBytes: 0, extended: {} } },
  };
  bed.apply(quota);
  const used = () => bed.get<ResourceQuota>('resourcequotas', 'default/quota')?.used;
  bed.to(12);
  assert.equal(used()?.pods, 4);
  assert.equal(used()?.requests.cpuMilli, 400);
  bed.delete('replicasets', 'default/web');
  bed.to(30);
  assert.equal(used()?.pods, 0);
});

const usesCpu = (milli: number) => {
  const behaviour = {
    readyAfterNs: 0,
    runsForNs: Number.POSITIVE_INFINITY,
    exitCode: 0,
    stopsAfterNs: 0,
    cpuUseMilli: milli,
    memoryUseBytes: 0,
  };
  const container = {
    name: 'main',
    image: { name: 'web', layers: [] },
    imagePullPolicy: 'IfNotPresent' as const,
    requests: { cpuMilli: 100, memoryBytes: 0, ephemeralBytes: 0, extended: {} },
    limits: null,
    readinessProbe: null,
    livenessProbe: null,
    startupProbe: null,
    hostPorts: [],
    behaviour,
  };
  return { containers: [container] };
};

function scaler(bed: Bed): HorizontalPodAutoscaler {
  return {
    ...base(bed, 'scaler'),
    resource: 'horizontalpodautoscalers',
    spec: {
      target: { resource: 'deployments', path: 'default/web' },
      minReplicas: 2,
      maxReplicas: 30,
      targetCpuUtilization: 0.5,
    },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  };
}

// 90 % used of 50 % wanted: 4 x 1.8 = 7.2, so 8; as usage does not fall with more pods, 15 and on.
test('An autoscaler multiplies by the ratio of use to target, every 15 s.', () => {
  const bed = new Bed();
  bed.to(1);
  const spec = template({ app: 'web' }, 'h1', usesCpu(90));
  bed.apply(deployment(bed.uids, 'web', 4, { template: spec }));
  bed.to(10);
  bed.apply(scaler(bed));
  bed.to(24);
  assert.equal(bed.readyPods.length, 4);
  bed.to(29);
  assert.equal(bed.readyPods.length, 8);
  bed.to(45);
  assert.equal(bed.readyPods.length, 15);
});

test('An autoscaler shrinks only after five minutes of lower recommendations.', () => {
  const bed = new Bed();
  bed.to(1);
  const spec = template({ app: 'web' }, 'h1', usesCpu(10));
  bed.apply(deployment(bed.uids, 'web', 10, { template: spec }));
  bed.to(10);
  bed.apply(scaler(bed));
  bed.to(320);
  assert.equal(bed.pods.length, 10);
  bed.to(360);
  assert.equal(bed.readyPods.length, 2);
});

test('Within the tolerance nothing is scaled; pods that just started count as idle when growing.', () => {
  const target = { utilization: 0.5, tolerance: 0.1 };
  const ready = (milli: number) =>
    pod({ spec: usesCpu(milli), status: { startNs: 0, readySinceNs: 0 } });
  const usage = (p: Pod) => p.spec.containers[0].behaviour.cpuUseMilli;
  const nowNs = 1000 * S;
  const of = (pods: Pod[]) => calculateReplicas(pods.length, pods, target, usage, nowNs).replicas;
  assert.equal(of([ready(54), ready(54)]), 2);
  assert.equal(of([ready(60), ready(60)]), 3);
  const starting = pod({
    spec: usesCpu(0),
    status: { phase: 'Pending', ready: false, startNs: Number.NaN },
  });
  // 160 of 300 requested is 1.07 of the target: within the tolerance.
  assert.equal(of([ready(80), ready(80), starting]), 3);
});

test('Pods of a node that is gone are collected after the quarantine.', () => {
  const bed = new Bed({ nodes: 3 });
  bed.to(1);
  bed.apply(replicaSet(bed.uids, 'web', 6));
  bed.to(10);
  bed.dead.add('n1');
  bed.delete('nodes', 'n1');
  const there = () => bed.pods.filter((p) => p.nodeName === 'n1').length;
  bed.to(45);
  assert.ok(there() >= 2);
  bed.to(110);
  assert.equal(bed.readyPods.filter((p) => p.nodeName !== 'n1').length >= 4, true);
  assert.ok(bed.count('patch pods/status') >= 2);
});

test('Terminated pods above the threshold go, the oldest first.', () => {
  const bed = new Bed({ scenario: { terminatedPodGcThreshold: 3 }, kubelets: false });
  bed.to(1);
  for (let i = 0; i < 5; i++) {
    const done = withPodStatus(pod({ name: `done-${i}`, uid: bed.uids.next() }), {
      phase: 'Succeeded',
      ready: false,
    });
    bed.apply({ ...done, meta: { ...done.meta, createdNs: i } });
  }
  bed.to(30);
  assert.deepEqual(
    bed.pods.map((p) => p.meta.name),
    ['done-2', 'done-3', 'done-4'],
  );
});

test('New nodes get ranges of their own, and the annotation of their time to live.', () => {
  const bed = new Bed({ nodes: 2 });
  bed.to(1);
  for (let i = 10; i < 40; i++) {
    const fresh = node(bed.uids, `n${i}`);
    const meta = { ...fresh.meta, createdNs: bed.sim.nowNs };
    bed.apply({ ...fresh, meta, spec: { ...fresh.spec, podCIDR: '' } } as Node);
  }
  bed.to(10);
  const nodes = bed.all<Node>('nodes').filter((n) => n.meta.createdNs > 0);
  const ranges = nodes.map((n) => n.spec.podCIDR);
  assert.equal(new Set(ranges).size, 30);
  assert.ok(nodes.every((n) => n.ttlS === 0));
  // A patch of each kind, and a few more where a cache was behind.
  const patches = bed.count('patch nodes');
  assert.ok(patches >= 60 && patches <= 75, `${patches}`);
  assert.equal(rangeNumber(rangeName(777)), 777);
});

function storage(bed: Bed, bindingMode: StorageClass['bindingMode'], driver: string): StorageClass {
  return {
    ...base(bed, 'standard', ''),
    resource: 'storageclasses',
    provisioner: driver,
    bindingMode,
  };
}

function claim(bed: Bed, name: string): PersistentVolumeClaim {
  return {
    ...base(bed, name),
    resource: 'persistentvolumeclaims',
    spec: {
      storageClass: 'standard',
      bytes: 1e9,
      volumeName: '',
      accessMode: 'ReadWriteOnce',
    },
    selectedNode: '',
    phase: 'Pending',
  };
}

const PROVISION_NS = 3 * S;

test('A claim is provisioned and bound at once, or when a node was chosen for it.', () => {
  const provisioner = { latencyNs: () => PROVISION_NS };
  const phase = (bed: Bed) =>
    bed.get<PersistentVolumeClaim>('persistentvolumeclaims', 'default/data')?.phase;
  const at = new Bed({ hooks: { provisioner } });
  at.to(1);
  at.apply(storage(at, 'Immediate', 'csi.example.com'));
  at.apply(claim(at, 'data'));
  at.to(3.9);
  assert.equal(phase(at), 'Pending');
  at.to(5);
  assert.equal(phase(at), 'Bound');
  assert.equal(at.count('update persistentvolumeclaims'), 1);
  assert.equal(at.count('update persistentvolumeclaims/status'), 1);
  const later = new Bed({ hooks: { provisioner } });
  later.to(1);
  later.apply(storage(later, 'WaitForFirstConsumer', 'csi.example.com'));
  later.apply(claim(later, 'data'));
  later.to(30);
  assert.equal(later.all('persistentvolumes').length, 0);
  later.patch<PersistentVolumeClaim>('persistentvolumeclaims', 'default/data', (c) => ({
    ...c,
    resourceVersion: 0,
    selectedNode: 'n1',
  }));
  later.to(35);
  assert.equal(phase(later), 'Bound');
});

test('A volume without a claim is released and deleted.', () => {
  const bed = new Bed({ hooks: { provisioner: { latencyNs: () => 0 } } });
  bed.to(1);
  bed.apply(storage(bed, 'Immediate', 'csi.example.com'));
  bed.apply(claim(bed, 'data'));
  bed.to(5);
  assert.equal(bed.all<PersistentVolume>('persistentvolumes')[0].phase, 'Bound');
  bed.delete('persistentvolumeclaims', 'default/data');
  bed.to(10);
  assert.equal(bed.all('persistentvolumes').length, 0);
});

/** A pod with the claim, and the driver's attacher: attached 200 ms after it is asked. */
function attaching(): Bed {
  const bed = new Bed({ hooks: { provisioner: { latencyNs: () => 0 } } });
  bed.to(1);
  bed.apply(storage(bed, 'Immediate', 'csi.example.com'));
  bed.apply(claim(bed, 'data'));
  bed.to(2);
  const volumes = [
    { kind: 'persistentVolumeClaim', claimName: 'data', readOnly: false },
  ] as const satisfies Pod['spec']['volumes'];
  bed.apply(pod({ name: 'db', uid: bed.uids.next(), nodeName: 'n1', spec: { volumes } }));
  bed.to(2.5);
  attach(bed);
  return bed;
}

function attach(bed: Bed): void {
  for (const { meta } of bed.all<VolumeAttachment>('volumeattachments')) {
    bed.patch<VolumeAttachment>('volumeattachments', meta.path, (a) => ({
      ...a,
      resourceVersion: 0,
      attached: true,
    }));
  }
}

test('A volume is attached to the node of its pod, and detached when the pod is gone.', () => {
  const bed = attaching();
  bed.to(4);
  const [volume] = bed.all<PersistentVolume>('persistentvolumes');
  const name = attachmentName({ volume: volume.meta.name, nodeName: 'n1' });
  assert.notEqual(bed.get('volumeattachments', name), undefined);
  assert.deepEqual(bed.get<Node>('nodes', 'n1')?.status.volumesAttached, [volume.meta.name]);
  bed.delete('pods', 'default/db', { graceNs: 0 });
  bed.to(6);
  assert.equal(bed.all('volumeattachments').length, 0);
  assert.deepEqual(bed.get<Node>('nodes', 'n1')?.status.volumesAttached, []);
});

test('From a dead node a volume is taken by force after six minutes, and only then goes elsewhere.', () => {
  const bed = attaching();
  bed.to(5);
  bed.dead.add('n1');
  bed.to(100);
  const { spec } = bed.get<Pod>('pods', 'default/db')!;
  bed.delete('pods', 'default/db', { graceNs: 0 });
  const replaced = pod({ name: 'db', uid: bed.uids.next(), nodeName: 'n2' });
  const again: Pod = { ...replaced, spec };
  bed.apply(again);
  const on = (nodeName: string) =>
    bed.all<VolumeAttachment>('volumeattachments').some((a) => a.spec.nodeName === nodeName);
  bed.to(455);
  assert.deepEqual([on('n1'), on('n2')], [true, false]);
  bed.to(600);
  assert.deepEqual([on('n1'), on('n2')], [false, true]);
});

test('What a dead node had is taken after six minutes as well where the node was deleted.', () => {
  const bed = attaching();
  bed.to(5);
  bed.dead.add('n1');
  bed.to(100);
  bed.delete('pods', 'default/db', { graceNs: 0 });
  bed.to(110);
  bed.delete('nodes', 'n1');
  bed.to(450);
  assert.equal(bed.all('volumeattachments').length, 1);
  bed.to(480);
  assert.equal(bed.all('volumeattachments').length, 0);
});

test('Endpoints, where they are on, follow the slices in one object.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(service(bed.uids, 'web', { app: 'web' }));
  bed.apply(deployment(bed.uids, 'web', 120, { template: template({ app: 'web' }) }));
  bed.to(60);
  const slices = bed.all<EndpointSlice>('endpointslices');
  assert.equal(slices.length, 2);
  assert.deepEqual(
    bed.all<KubeObject & { data: { ready: string } }>('endpoints')[0].data.ready,
    '120',
  );
  const off = new Bed({ scenario: { disabledControllers: ['endpoints'] } });
  off.to(1);
  off.apply(service(off.uids, 'web', { app: 'web' }));
  off.to(5);
  assert.equal(off.all('endpoints').length, 0);
  assert.equal(off.all('endpointslices').length, 1);
  assert.equal(off.get<Deployment>('deployments', 'default/web'), undefined);
});

test.run();
