/** DaemonSets, Jobs, CronJobs, StatefulSets, end to end. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { backoffLeft } from '../../../models/controllers/job-pods.ts';
import {
  type CronJob,
  type DaemonSet,
  type Job,
  type KubeObject,
  metaOf,
  type Node,
  type PersistentVolumeClaim,
  type PodTemplate,
  type StatefulSet,
  selectorOf,
} from '../../../models/objects/index.ts';
import { Bed } from './bed.ts';
import { node, S, template } from './objects.ts';

const test = suite('controllers/workloads');

const base = (bed: Bed, name: string) => ({
  meta: metaOf(bed.uids, bed.sim.nowNs, { name, namespace: 'default', labels: { app: name } }),
  bytes: 2500,
  resourceVersion: 0,
});

function daemonSet(bed: Bed, pods: PodTemplate = template({ app: 'agent' })): DaemonSet {
  return {
    ...base(bed, 'agent'),
    resource: 'daemonsets',
    spec: {
      selector: selectorOf({ app: 'agent' }),
      template: pods,
      maxUnavailable: { kind: 'number', value: 1 },
      minReadyNs: 0,
    },
    status: { observedGeneration: 0, desired: 0, current: 0, ready: 0 },
  };
}

function jobSpec(name: string, spec: Partial<Job['spec']> = {}): Job['spec'] {
  return {
    parallelism: 2,
    completions: 5,
    indexed: false,
    backoffLimit: 6,
    activeDeadlineNs: Number.POSITIVE_INFINITY,
    ttlAfterFinishedNs: Number.POSITIVE_INFINITY,
    template: template({ app: name }, 'h1', { restartPolicy: 'Never' }),
    ...spec,
  };
}

function job(bed: Bed, name: string, spec: Partial<Job['spec']> = {}): Job {
  return {
    ...base(bed, name),
    resource: 'jobs',
    spec: jobSpec(name, spec),
    status: { active: 0, succeeded: 0, failed: 0, ready: 0, finished: '', finishedNs: Number.NaN },
  };
}

function statefulSet(bed: Bed, spec: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    ...base(bed, 'db'),
    resource: 'statefulsets',
    spec: {
      replicas: 3,
      selector: selectorOf({ app: 'db' }),
      template: template({ app: 'db' }),
      podManagementPolicy: 'OrderedReady',
      partition: 0,
      minReadyNs: 0,
      volumeClaimTemplates: [{ name: 'data', storageClass: 'standard', bytes: 1e9 }],
      ...spec,
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

const change = <T extends KubeObject & { readonly spec: object }>(
  object: T,
  spec: Partial<T['spec']>,
): T => ({
  ...object,
  resourceVersion: 0,
  meta: { ...object.meta, generation: object.meta.generation + 1 },
  spec: { ...object.spec, ...spec },
});

test('A DaemonSet has one pod on every node that fits, on new ones too.', () => {
  const bed = new Bed({ nodes: 6 });
  bed.to(1);
  bed.patch<Node>('nodes', 'n0', (n) => {
    const taint = { key: 'dedicated', value: '', effect: 'NoSchedule', addedNs: 0 } as const;
    return { ...n, resourceVersion: 0, spec: { ...n.spec, taints: [taint] } };
  });
  bed.to(2);
  bed.apply(daemonSet(bed));
  bed.to(20);
  assert.deepEqual(bed.readyPods.map((p) => p.nodeName).sort(), ['n1', 'n2', 'n3', 'n4', 'n5']);
  assert.equal(bed.get<DaemonSet>('daemonsets', 'default/agent')?.status.ready, 5);
  bed.apply(node(bed.uids, 'n9'));
  bed.to(40);
  assert.equal(bed.readyPods.filter((p) => p.nodeName === 'n9').length, 1);
});

test('A DaemonSet rolls over one node at a time.', () => {
  const bed = new Bed({ nodes: 4 });
  bed.to(1);
  bed.apply(daemonSet(bed));
  bed.to(20);
  bed.patch<DaemonSet>('daemonsets', 'default/agent', (d) =>
    change(d, { template: template({ app: 'agent' }, 'h2') }),
  );
  let fewest = 4;
  for (let at = 20.1; at < 60; at += 0.1) {
    bed.to(at);
    fewest = Math.min(fewest, bed.readyPods.length);
  }
  assert.equal(fewest, 3);
  assert.ok(bed.readyPods.every((p) => p.meta.labels['controller-revision-hash'] === 'h2'));
  assert.equal(bed.readyPods.length, 4);
});

// 600 nodes: 250, 250 and 100 a sync.
test('A DaemonSet asks for at most 250 pods a sync.', () => {
  const bed = new Bed({ nodes: 600, scenario: { qps: 1000, burst: 1000 } });
  bed.to(1);
  let most = 0;
  bed.apply(daemonSet(bed));
  let before = 0;
  for (let at = 1; at < 3; at += 0.001) {
    bed.to(at);
    most = Math.max(most, bed.pods.length - before);
    before = bed.pods.length;
  }
  bed.to(60);
  assert.equal(bed.pods.length, 600);
  assert.equal(new Set(bed.pods.map((p) => p.nodeName)).size, 600);
  // Batches of 1, 2, 4, ... 128: never more at once than half of what was done, and 123 at the end.
  assert.ok(most <= 128, `${most}`);
});

test('A Job runs to its completions, each pod counted once, its finalizers gone.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.ends.set('work', 'Succeeded');
  bed.apply(job(bed, 'work'));
  let most = 0;
  for (let at = 1; at < 40; at += 0.5) {
    bed.to(at);
    most = Math.max(most, bed.pods.filter((p) => p.status.phase === 'Pending').length);
  }
  const status = bed.get<Job>('jobs', 'default/work')?.status;
  assert.equal(status?.finished, 'Complete');
  assert.equal(status?.succeeded, 5);
  assert.equal(status?.failed, 0);
  assert.equal(most, 2);
  assert.equal(bed.count('create pods'), 5);
  assert.ok(bed.pods.every((p) => p.meta.finalizers.length === 0));
  assert.equal(bed.count('patch pods'), 5);
});

test('An indexed Job has every index once.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.ends.set('work', 'Succeeded');
  bed.apply(job(bed, 'work', { indexed: true, completions: 7, parallelism: 3 }));
  bed.to(60);
  const label = 'batch.kubernetes.io/job-completion-index';
  const indexes = bed.pods.map((p) => p.meta.labels[label]).sort();
  assert.deepEqual(indexes, ['0', '1', '2', '3', '4', '5', '6']);
  assert.equal(bed.get<Job>('jobs', 'default/work')?.status.finished, 'Complete');
});

// Waits of 10, 20, 40 s before the second, third and fourth pod; the third failure is one too many.
test('A failing Job backs off, and fails after its limit.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.ends.set('work', 'Failed');
  bed.apply(job(bed, 'work', { completions: 1, parallelism: 1, backoffLimit: 2 }));
  bed.to(8);
  assert.equal(bed.pods.length, 1);
  bed.to(25);
  assert.equal(bed.pods.length, 2);
  bed.to(100);
  const status = bed.get<Job>('jobs', 'default/work')?.status;
  assert.equal(status?.finished, 'Failed');
  assert.equal(status?.failed, 3);
});

test('The back-off of a Job doubles from 10 s to 10 min.', () => {
  assert.equal(backoffLeft(0, 0, 0), 0);
  assert.equal(backoffLeft(1, 0, 4 * S), 6 * S);
  assert.equal(backoffLeft(3, 0, 0), 40 * S);
  assert.equal(backoffLeft(50, 0, 0), 600 * S);
});

test('A finished Job is deleted after its time to live, with its pods.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.ends.set('work', 'Succeeded');
  bed.apply(job(bed, 'work', { ttlAfterFinishedNs: 30 * S }));
  bed.to(30);
  assert.notEqual(bed.get('jobs', 'default/work'), undefined);
  bed.to(90);
  assert.equal(bed.get('jobs', 'default/work'), undefined);
  assert.equal(bed.pods.length, 0);
});

// Due at 60, 120, 180, 240 and 300 s; three are kept.
test('A CronJob makes a Job a minute, and keeps three that succeeded.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.ends.set('tick', 'Succeeded');
  const cron: CronJob = {
    ...base(bed, 'tick'),
    resource: 'cronjobs',
    spec: {
      everyNs: 60 * S,
      phaseNs: 0,
      concurrencyPolicy: 'Allow',
      suspend: false,
      job: jobSpec('tick', { completions: 1, parallelism: 1 }),
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    },
    status: { lastScheduleNs: Number.NaN, active: 0 },
  };
  bed.apply(cron);
  bed.to(59);
  assert.equal(bed.all('jobs').length, 0);
  bed.to(65);
  assert.equal(bed.all('jobs').length, 1);
  bed.to(330);
  assert.equal(bed.count('create jobs'), 5);
  assert.equal(bed.all('jobs').length, 3);
  assert.equal(bed.get<CronJob>('cronjobs', 'default/tick')?.status.lastScheduleNs, 300 * S);
});

test('A StatefulSet starts its pods one after the other, and each has its claim.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(statefulSet(bed));
  const names = new Set<string>();
  for (let at = 1; at < 30; at += 0.25) {
    bed.to(at);
    for (const pod of bed.pods) {
      const ordinal = Number(pod.meta.name.slice(3));
      // Whoever exists has ready predecessors.
      const before = bed.readyPods.filter((p) => Number(p.meta.name.slice(3)) < ordinal);
      assert.equal(before.length, ordinal);
      names.add(pod.meta.name);
    }
  }
  assert.deepEqual([...names], ['db-0', 'db-1', 'db-2']);
  const claims = bed.all<PersistentVolumeClaim>('persistentvolumeclaims').map((c) => c.meta.name);
  assert.deepEqual(claims, ['data-db-0', 'data-db-1', 'data-db-2']);
});

test('A Parallel StatefulSet starts all at once; scaling down takes the highest first.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(statefulSet(bed, { podManagementPolicy: 'Parallel', replicas: 5 }));
  bed.to(1.5);
  assert.equal(bed.pods.length, 5);
  bed.to(10);
  bed.patch<StatefulSet>('statefulsets', 'default/db', (s) => change(s, { replicas: 2 }));
  bed.to(30);
  assert.deepEqual(bed.pods.map((p) => p.meta.name).sort(), ['db-0', 'db-1']);
});

test('A StatefulSet rolls over from its highest ordinal, and keeps claims and names.', () => {
  const bed = new Bed();
  bed.to(1);
  bed.apply(statefulSet(bed));
  bed.to(30);
  bed.patch<StatefulSet>('statefulsets', 'default/db', (s) =>
    change(s, { template: template({ app: 'db' }, 'h2') }),
  );
  const order: string[] = [];
  for (let at = 30; at < 90; at += 0.25) {
    bed.to(at);
    for (const pod of bed.pods) {
      const fresh = pod.meta.labels['controller-revision-hash'] === 'h2';
      if (fresh && !order.includes(pod.meta.name)) order.push(pod.meta.name);
    }
  }
  assert.deepEqual(order, ['db-2', 'db-1', 'db-0']);
  assert.equal(bed.all('persistentvolumeclaims').length, 3);
});

test.run();
