/** A cloud that fails, throttles or makes volumes, seen by who asks it. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Cloud, type CloudCall, type CloudError } from '../../../models/cloud/index.ts';
import type { Pod, VolumeAttachment } from '../../../models/objects/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import { clusterOf, simulate } from '../../run/kubernetes-support.ts';

const test = suite('cloud: outages');
const S = 1e9;
const MS = 1e6;

const constant = (value: number) => ({ kind: 'constant', value }) as const;

function bed(o: { readonly apiQps?: number; readonly attachQps?: number } = {}) {
  const sim = new Simulation({ seed: 'tests', horizonNs: 1000 * S });
  const metrics = new Metrics({
    warmupNs: 0,
    horizonNs: 1000 * S,
    cutsNs: [],
    seriesIntervalNs: 0,
  });
  const cloud = new Cloud(
    { sim, metrics, constants: new Constants([]) } as never,
    {
      apiQps: o.apiQps ?? 1000,
      apiBurst: 1,
      describeLatency: constant(100 * MS),
      routeLatency: constant(S),
      loadBalancerLatency: constant(30 * S),
      instanceBoot: constant(40 * S),
      volumeProvision: constant(3 * S),
      volumeAttach: constant(6 * S),
      volumeAttachQps: o.attachQps ?? 10,
    } as never,
  );
  const log: [number, CloudError][] = [];
  function* ask(call: CloudCall): Generator<never, void, void> {
    const error = yield* cloud.call(call) as Generator<never, CloudError, void>;
    log.push([sim.nowNs, error]);
  }
  return {
    sim,
    cloud,
    log,
    ask: (call: CloudCall) => sim.spawn(`ask/${log.length}`, ask(call)),
    run: () => {
      while (!sim.advance(1e6));
    },
  };
}

test('a cloud that is down is asked four times, and then its caller hears of it', () => {
  const b = bed();
  b.cloud.setDown(true);
  b.ask('createRoute');
  b.run();
  const [[atNs, error]] = b.log;
  assert.equal(error, 'Unavailable');
  // Four answers after 100 ms; between them 0.5 to 1 s, 1 to 2 s and 2 to 4 s.
  assert.ok(atNs > 0.4 * S + 3.5 * S && atNs < 0.4 * S + 7 * S, `${atNs}`);
});

test('a call that is retried as the cloud comes back succeeds', () => {
  const b = bed();
  b.cloud.setDown(true);
  b.ask('createRoute');
  const up = b.sim.eventType('up', () => b.cloud.setDown(false));
  b.sim.schedule(S, up);
  b.run();
  const [[atNs, error]] = b.log;
  assert.equal(error, '');
  assert.ok(atNs > 2 * S && atNs < 5 * S);
});

test('a throttled cloud serves its rate, and refuses the rest after their retries', () => {
  const b = bed();
  b.cloud.setThrottle(0.5);
  for (let i = 0; i < 20; i++) b.ask('describe');
  b.run();
  const served = b.log.filter(([, error]) => error === '');
  const refused = b.log.filter(([, error]) => error === 'RequestLimitExceeded');
  assert.equal(served.length + refused.length, 20);
  // Tries end within 7.4 s: one at once and one every 2 s.
  assert.ok(served.length >= 2 && served.length <= 4, `${served.length}`);
});

test('attaching and detaching share one rate', () => {
  const b = bed({ attachQps: 1 });
  for (let i = 0; i < 3; i++) b.ask('attachVolume');
  for (let i = 0; i < 3; i++) b.ask('detachVolume');
  b.run();
  assert.deepEqual(
    b.log.map(([atNs]) => atNs / S),
    [6, 7, 8, 9, 10, 11],
  );
});

const storage = { kind: 'StorageClass', name: 'standard' };
const database = {
  kind: 'StatefulSet',
  name: 'db',
  replicas: 2,
  podManagementPolicy: 'Parallel',
  claims: [{ name: 'data' }],
  template: { cpu: '100m' },
};
const cloud = { provision: '2s', attach: '5s' };

test('a StatefulSet with claims gets volumes made and attached, and only then starts', () => {
  const ended = simulate(
    clusterOf({
      cloudControllerManager: cloud,
      objects: [storage],
      load: [{ name: 'db', start: '2s', create: database }],
    }),
  );
  const volumes = ended.objects('persistentvolumes');
  assert.equal(volumes.length, 2);
  const attachments = ended.objects('volumeattachments') as readonly VolumeAttachment[];
  assert.deepEqual(
    attachments.map(({ attached, meta }) => [attached, meta.finalizers.length]),
    [
      [true, 1],
      [true, 1],
    ],
  );
  const pods = ended.objects('pods') as readonly Pod[];
  assert.deepEqual(
    pods.map(({ status }) => status.phase),
    ['Running', 'Running'],
  );
  // Made (2 s), then attached (5 s): no pod can have started before.
  for (const { status, meta } of pods) assert.ok(status.readySinceNs - meta.createdNs > 7 * S);
});

test('a volume of the start is detached when its set goes, and stays as its claim does', () => {
  const ended = simulate(
    clusterOf({
      cloudControllerManager: cloud,
      objects: [storage, database],
      load: [{ name: 'gone', start: '2s', delete: { target: 'db' } }],
    }),
  );
  assert.equal(ended.objects('pods').length, 0);
  assert.equal(ended.objects('volumeattachments').length, 0);
  // Claims of a set stay by default, and so do their volumes.
  assert.equal(ended.objects('persistentvolumes').length, 2);
});

test('leaders that begin anew make no route that the cloud has already', () => {
  // Killed together; whoever leads next was not there when the cluster began.
  const faults = [
    { at: '5s', kill: 'cloud-controller-manager/all', for: '2s' },
    { at: '5s', kill: 'cloud-controller-manager/0', for: '50s' },
  ];
  const ended = simulate(
    clusterOf(
      { cloudControllerManager: cloud, controlPlane: { replicas: 2 } },
      { faults, horizon: '50s' },
    ),
  );
  const counter = ended.result.metrics.counters.find(
    (c) => c.name === 'wavetank_cloud_routes_total',
  );
  assert.equal(
    counter?.perSegment.reduce((sum, n) => sum + n, 0),
    0,
  );
});

test.run();
