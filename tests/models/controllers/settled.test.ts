/** A cluster that has been running: its controllers find nothing to do. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { settledObjects } from '../../../models/controllers/index.ts';
import {
  type DaemonSet,
  type EndpointSlice,
  type HorizontalPodAutoscaler,
  type KubeObject,
  metaOf,
  type Namespace,
  type Pod,
  type PodDisruptionBudget,
  type ResourceQuota,
  type StatefulSet,
  type StorageClass,
  selectorOf,
  type Uids,
} from '../../../models/objects/index.ts';
import { Simulation } from '../../../src/core/index.ts';
import { Bed } from './bed.ts';
import { deployment, pod, replicaSet, service, template } from './objects.ts';

const test = suite('controllers/settled');

const base = (u: Uids, name: string) => ({
  meta: metaOf(u, 0, { name, namespace: 'default' }),
  bytes: 1000,
  resourceVersion: 0,
});

function statefulSet(u: Uids): StatefulSet {
  return {
    ...base(u, 'db'),
    resource: 'statefulsets',
    spec: {
      replicas: 3,
      selector: selectorOf({ app: 'db' }),
      template: template({ app: 'db' }),
      podManagementPolicy: 'OrderedReady',
      partition: 0,
      minReadyNs: 0,
      volumeClaimTemplates: [{ name: 'data', storageClass: 'standard', bytes: 1e9 }],
    },
    status: {
      observedGeneration: 0,
      replicas: 0,
      readyReplicas: 0,
      currentHash: '',
      updateHash: '',
    },
  };
}

function others(u: Uids): KubeObject[] {
  const daemonSet: DaemonSet = {
    ...base(u, 'agent'),
    resource: 'daemonsets',
    spec: {
      selector: selectorOf({ app: 'agent' }),
      template: template({ app: 'agent' }),
      maxUnavailable: { kind: 'number', value: 1 },
      minReadyNs: 0,
    },
    status: { observedGeneration: 0, desired: 0, current: 0, ready: 0 },
  };
  const storage: StorageClass = {
    ...base(u, 'standard'),
    meta: metaOf(u, 0, { name: 'standard' }),
    resource: 'storageclasses',
    provisioner: 'csi.example.com',
    bindingMode: 'WaitForFirstConsumer',
  };
  const budget: PodDisruptionBudget = {
    ...base(u, 'budget'),
    resource: 'poddisruptionbudgets',
    spec: {
      selector: selectorOf({ app: 'web-0' }),
      minAvailable: { kind: 'fraction', value: 0.5 },
      maxUnavailable: null,
    },
    status: {
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      disruptedPods: {},
    },
  };
  const quota: ResourceQuota = {
    ...base(u, 'quota'),
    resource: 'resourcequotas',
    hardPods: 10_000,
    hardRequests: null,
    used: { pods: 0, requests: pod().spec.requests },
  };
  const scaler: HorizontalPodAutoscaler = {
    ...base(u, 'scaler'),
    resource: 'horizontalpodautoscalers',
    spec: {
      target: { resource: 'deployments', path: 'default/web-1' },
      minReplicas: 1,
      maxReplicas: 20,
      targetCpuUtilization: 0.5,
    },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  };
  return [daemonSet, statefulSet(u), storage, budget, quota, scaler, replicaSet(u, 'lone', 3)];
}

function running(u: Uids, count: number, nodes: number): KubeObject[] {
  const given: KubeObject[] = [...others(u)];
  for (let i = 0; i < count; i++) {
    given.push(deployment(u, `web-${i}`, 5), service(u, `web-${i}`, { app: `web-${i}` }));
  }
  given.push(service(u, 'nobody', { app: 'nobody' }));
  const names = Array.from({ length: nodes }, (_, i) => `n${i}`);
  let placed = 0;
  const namespace: Namespace = {
    resource: 'namespaces',
    meta: metaOf(u, 0, { name: 'default', finalizers: ['kubernetes'] }),
    bytes: 600,
    resourceVersion: 0,
    phase: 'Active',
  };
  const settled = settledObjects(given, {
    sim: new Simulation({ seed: 's', horizonNs: 1 }),
    uids: u,
    place: () => names[placed++ % nodes],
    eligible: () => names,
    maxEndpointsPerSlice: 100,
  });
  return [namespace, ...settled];
}

test('A settled cluster with 50 deployments and one of each other kind makes no write in its first minute.', () => {
  const bed = new Bed({ nodes: 10, preload: (u) => running(u, 50, 10) });
  assert.equal(bed.pods.length, 50 * 5 + 10 + 3 + 3);
  bed.to(60);
  assert.deepEqual(bed.writes(), []);
  assert.ok(bed.endpoint.calls.some((c) => c.resource === 'leases' && c.verb === 'update'));
});

test('It makes none either when everything is listed first, as after a restart.', () => {
  const bed = new Bed({ nodes: 10, preload: (u) => running(u, 50, 10) });
  bed.to(1);
  bed.managers[0].process.crash();
  bed.to(80);
  assert.equal(bed.managers[0].isLeader, true);
  assert.deepEqual(bed.writes(), []);
});

test('It goes on from there: a scaled deployment, a lost pod, a new node.', () => {
  const bed = new Bed({ nodes: 10, preload: (u) => running(u, 5, 10) });
  bed.to(5);
  const [lost] = bed.all<Pod>('pods').filter((p) => p.meta.labels.app === 'web-3');
  bed.delete('pods', lost.meta.path, { graceNs: 0 });
  bed.to(30);
  const slices = bed
    .all<EndpointSlice>('endpointslices')
    .filter((s) => s.service === 'default/web-3');
  assert.equal(slices.length, 1);
  assert.equal(slices[0].endpoints.length, 5);
  assert.ok(slices[0].endpoints.every((e) => e.ready && e.podUid !== lost.meta.uid));
  assert.equal(bed.count('create pods'), 1);
});

test.run();
