/**
 * Disasters of a whole cluster: what is lost, what comes back, who has to be told. The checks of
 * src/run/invariants.ts run along.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { clusterOf, type Ended, pods, simulate, type Value } from './kubernetes-support.ts';

const test = suite('run: disasters');

const small = { cpu: '100m', memory: '64MiB' };
const deployment = (name: string, replicas: number) => ({
  kind: 'Deployment',
  name,
  replicas,
  template: small,
});

/**
 * etcd goes back 25 s at 40 s: `new` was created since, `deleted` was deleted; `late` comes long
 * after.
 */
function restored(o: Value): Ended {
  const fault = { name: 'restore', at: '40s', restoreSnapshot: 'etcd/all', age: '25s', ...o };
  return simulate(
    clusterOf(
      {
        controlPlane: { replicas: 1 },
        objects: [deployment('kept', 3), deployment('deleted', 3)],
        load: [
          { name: 'new', start: '20s', create: deployment('new', 4) },
          { name: 'delete', start: '22s', delete: { target: 'deleted' } },
          { name: 'late', start: '100s', create: deployment('late', 2) },
        ],
      },
      { horizon: '140s', etcd: { version: '3.6', members: 3 }, faults: [fault] },
    ),
  );
}

const running = (ended: Ended, name: string): number =>
  pods(ended, name).filter((pod) => pod.status.phase === 'Running').length;

function eventOf({ result }: Ended, kind: string): { seconds: number; detail: string } {
  const found = result.metrics.events.find((event) => event.kind === kind);
  assert.ok(found !== undefined, `no event ${kind}`);
  return { seconds: found.timeNs / 1e9, detail: found.detail };
}

test('with a bumped revision everybody sees the restored state: what is lost ends, what is back runs', () => {
  const ended = restored({ bumpRevision: 1e9 });
  const { detail } = eventOf(ended, 'restored');
  assert.match(detail, /pods 4 lost, 3 returned, 0 reverted/);
  assert.match(detail, /deployments 1 lost, 1 returned, 0 reverted/);
  assert.ok(ended.result.outages[0].objectsLost >= 6);
  assert.equal(pods(ended, 'new').length, 0);
  for (const [name, count] of [
    ['kept', 3],
    ['deleted', 3],
    ['late', 2],
  ] as const) {
    assert.equal(running(ended, name), count, name);
  }
  // One second to make the files, an election, six to start a server.
  const { seconds } = eventOf(ended, 'recovered');
  assert.ok(seconds > 43 && seconds < 55, `recovered at ${seconds} s`);
});

test('without one kubelets go on with what they remember, and miss pods of theirs', () => {
  const ended = restored({ bumpRevision: 0 });
  // Controllers and scheduler were restarted: the pods are made and bound, but do not start.
  assert.equal(pods(ended, 'late').filter((pod) => pod.nodeName !== '').length, 2);
  assert.equal(running(ended, 'late'), 0);
});

test('with the API servers left as they are controllers do not hear of what is created', () => {
  const ended = restored({ bumpRevision: 0, restarts: 'none' });
  const late = ended.objects('deployments').filter(({ meta }) => meta.name === 'late');
  assert.equal(late.length, 1);
  assert.equal(pods(ended, 'late').length, 0);
});

test.run();
