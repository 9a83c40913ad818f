import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type EventRecord, metaOf } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const test = suite('event recorders');
const S = 1e9;

function recording(c: FakeCluster) {
  const client = c.library.client(c.clientOptions('kube-scheduler/events'));
  const recorder = c.library.recorder(client);
  const objects = Array.from({ length: 2000 }, (_, i) => ({
    resource: 'configmaps' as const,
    meta: metaOf(c.uids, 0, { name: `x${i}`, namespace: 'd' }),
    bytes: 100,
    resourceVersion: 0,
  }));
  return { recorder, objects, events: () => c.store.all<EventRecord>('events') };
}

test('what repeats is counted in the event that is there', () => {
  const c = fakeCluster();
  const { recorder, objects, events } = recording(c);
  for (let i = 0; i < 5; i++) recorder.record(objects[0], 'FailedScheduling');
  recorder.record(objects[0], 'Preempted');
  recorder.record(objects[1], 'FailedScheduling');
  c.run(S);
  assert.deepEqual(
    events().map((e) => [e.regarding.path, e.reason, e.count]),
    [
      ['d/x0', 'FailedScheduling', 5],
      ['d/x0', 'Preempted', 1],
      ['d/x1', 'FailedScheduling', 1],
    ],
  );
});

test('the tenth different message within ten minutes and all after it are one event', () => {
  const c = fakeCluster();
  const { recorder, objects, events } = recording(c);
  for (let i = 0; i < 20; i++) recorder.record(objects[0], 'Failed', `message ${i}`);
  c.run(S);
  assert.deepEqual(
    events().map((e) => e.count),
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 11],
  );
});

test('an object has a budget of 25 events, then one every 5 minutes', () => {
  const c = fakeCluster();
  const { recorder, objects, events } = recording(c);
  const total = () => events().reduce((sum, e) => sum + e.count, 0);
  for (let i = 0; i < 40; i++) recorder.record(objects[0], 'BackOff');
  recorder.record(objects[1], 'BackOff');
  c.run(S);
  assert.equal(total(), 26);
  c.run(301 * S);
  for (let i = 0; i < 40; i++) recorder.record(objects[0], 'BackOff');
  c.run(302 * S);
  assert.equal(total(), 27);
});

test('beyond 1000 that wait events are lost', () => {
  const c = fakeCluster();
  const { recorder, objects, events } = recording(c);
  for (const object of objects) recorder.record(object, 'Created');
  c.run(60 * S);
  assert.equal(events().length, 1000);
});

test('where nobody answers it is tried 12 times, 10 s apart, the first pause shorter', () => {
  const c = fakeCluster();
  const { recorder, objects } = recording(c);
  const times: number[] = [];
  c.endpoint.intercept = () => {
    times.push(c.sim.nowNs / S);
    return status(503, 'ServiceUnavailable');
  };
  recorder.record(objects[0], 'Created');
  c.run(600 * S);
  assert.equal(times.length, 12);
  assert.ok(times[1] - times[0] < 10.1);
  for (let i = 2; i < 12; i++) assert.ok(Math.abs(times[i] - times[i - 1] - 10) < 0.01);
});

test('a refusal is final', () => {
  const c = fakeCluster();
  const { recorder, objects } = recording(c);
  c.endpoint.intercept = () => status(403, 'NamespaceTerminating');
  recorder.record(objects[0], 'Created');
  c.run(600 * S);
  assert.equal(c.endpoint.calls.length, 1);
});

test('an event that has expired is created anew', () => {
  const c = fakeCluster();
  const { recorder, objects, events } = recording(c);
  recorder.record(objects[0], 'Created');
  c.run(S);
  c.endpoint.now({ verb: 'deletecollection', resource: 'events' });
  recorder.record(objects[0], 'Created');
  c.run(2 * S);
  assert.deepEqual(
    events().map((e) => e.count),
    [2],
  );
});

test.run();
