/** Parts of controllers that compute: ranking, batches, zones, queues, expectations, health. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Expectations } from '../../../models/controllers/expectations.ts';
import { NodeHealth } from '../../../models/controllers/node-health.ts';
import { scheduleTaintChange } from '../../../models/controllers/node-taints.ts';
import { slowStartBatches } from '../../../models/controllers/pod-control.ts';
import { podsToDelete } from '../../../models/controllers/pod-ranking.ts';
import { RateLimitedTimedQueue } from '../../../models/controllers/rate-limited-timed-queue.ts';
import { toleratedFor } from '../../../models/controllers/taint-eviction.ts';
import { disruptionOf, taintRate, zoneStateOf } from '../../../models/controllers/zone-state.ts';
import { lease, node, pod, S, uids } from './objects.ts';

const test = suite('controllers/parts');

// 1 + 2 + 4 + 8 = 15, and 5 are left.
test('A slow start doubles its batches until nothing is left.', () => {
  assert.deepEqual(slowStartBatches(20), [1, 2, 4, 8, 5]);
  assert.deepEqual(slowStartBatches(1), [1]);
  assert.deepEqual(slowStartBatches(0), []);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), (count) => {
      assert.equal(
        slowStartBatches(count).reduce((a, b) => a + b, 0),
        count,
      );
    }),
  );
});

test('Pods that have done least are deleted first.', () => {
  const unassigned = pod({ uid: 1, nodeName: '', status: { phase: 'Pending', ready: false } });
  const pending = pod({ uid: 2, status: { phase: 'Pending', ready: false } });
  const notReady = pod({ uid: 3, status: { ready: false } });
  const restarted = pod({ uid: 4, status: { restarts: 3 } });
  const good = pod({ uid: 5 });
  const all = [good, restarted, notReady, pending, unassigned];
  const order = podsToDelete(all, [], 4, 100 * S).map((p) => p.meta.uid);
  assert.deepEqual(order, [1, 2, 3, 4]);
});

test('Among equals the pod goes that shares its node with most siblings.', () => {
  const alone = pod({ uid: 1, nodeName: 'n1' });
  const pair = [pod({ uid: 2, nodeName: 'n2' }), pod({ uid: 3, nodeName: 'n2' })];
  const all = [alone, ...pair];
  assert.equal(podsToDelete(all, all, 1, 100 * S)[0].nodeName, 'n2');
});

// Ages of 2^40 ns (18 minutes) and a little more fall into one power of two; 2^38 ns does not.
test('Readiness is compared by powers of two of its age, and the younger go first.', () => {
  const nowNs = 3 * 2 ** 40;
  const old = pod({ uid: 1, status: { readySinceNs: nowNs - 2 ** 40 } });
  const older = pod({ uid: 2, status: { readySinceNs: nowNs - 2 ** 40 - 1000 } });
  const young = pod({ uid: 3, status: { readySinceNs: nowNs - 2 ** 38 } });
  const order = podsToDelete([older, old, young], [], 2, nowNs).map((p) => p.meta.uid);
  assert.deepEqual(order, [3, 1]);
});

const rates = {
  evictionRate: 0.1,
  secondaryRate: 0.01,
  largeClusterThreshold: 50,
  unhealthyThreshold: 0.55,
};

test('A zone is partly disrupted from 55 % and three nodes on, fully when none is ready.', () => {
  assert.equal(zoneStateOf({ ready: 45, notReady: 55 }, rates), 'PartialDisruption');
  assert.equal(zoneStateOf({ ready: 46, notReady: 54 }, rates), 'Normal');
  assert.equal(zoneStateOf({ ready: 1, notReady: 2 }, rates), 'Normal');
  assert.equal(zoneStateOf({ ready: 0, notReady: 1 }, rates), 'FullDisruption');
});

test('Small zones in partial disruption taint nothing, large ones slowly.', () => {
  assert.equal(taintRate('PartialDisruption', 50, rates), 0);
  assert.equal(taintRate('PartialDisruption', 51, rates), 0.01);
  assert.equal(taintRate('FullDisruption', 10, rates), 0.1);
  assert.equal(taintRate('Normal', 10, rates), 0.1);
});

test('The cluster enters full disruption when its last zone falls, and leaves it with the first back.', () => {
  const full = 'FullDisruption' as const;
  const one = new Map([
    ['a', full],
    ['b', 'Normal' as const],
  ]);
  const none = new Map([
    ['a', full],
    ['b', full],
  ]);
  assert.equal(disruptionOf(one, none), 'enterFull');
  assert.equal(disruptionOf(none, none), 'stayFull');
  assert.equal(disruptionOf(none, one), 'exitFull');
  assert.equal(disruptionOf(one, one), 'perZone');
});

// 0.1 a second, burst 1: at 0 s, 10 s and 20 s.
test('Nodes of a zone are tainted one in ten seconds, and not twice.', () => {
  const queue = new RateLimitedTimedQueue(0.1, 0);
  for (const name of ['a', 'b', 'a', 'c']) queue.add(name, 0);
  const taken: string[] = [];
  for (let s = 0; s <= 60; s++) {
    for (let next = queue.next(s * S); next !== null; next = queue.next(s * S)) {
      taken.push(`${next}@${s}`);
    }
  }
  assert.deepEqual(taken, ['a@0', 'b@10', 'c@20']);
});

test('At rate 0 no node is tainted, though a token was left; afterwards the bucket is empty.', () => {
  const queue = new RateLimitedTimedQueue(0.1, 0);
  queue.setRate(0, 0);
  queue.add('a', 0);
  queue.add('b', 0);
  assert.equal(queue.next(1000 * S), null);
  queue.remove('a');
  queue.setRate(1, 1000 * S);
  assert.equal(queue.next(1000 * S), null);
  assert.equal(queue.next(1001 * S), 'b');
  assert.equal(queue.next(2000 * S), null);
});

test('Expectations hold a key back until all is seen, or five minutes have passed.', () => {
  const expectations = new Expectations();
  assert.equal(expectations.satisfied('a', 0), true);
  expectations.expectCreations('a', 2, 0);
  expectations.creationObserved('a');
  assert.equal(expectations.satisfied('a', 1), false);
  expectations.creationObserved('a');
  assert.equal(expectations.satisfied('a', 1), true);
  expectations.expectDeletions('a', [7, 8], 0);
  expectations.deletionObserved('a', 7);
  expectations.deletionObserved('a', 7);
  assert.equal(expectations.satisfied('a', 300 * S), false);
  assert.equal(expectations.satisfied('a', 300 * S + 1), true);
});

test('A node is Unknown when its lease has not moved for the grace period of our own clock.', () => {
  const u = uids();
  const health = new NodeHealth();
  const grace = { monitorNs: 50 * S, startupNs: 60 * S };
  const n = node(u, 'n0');
  // The lease's own time is of another century: only that it moves counts.
  const at = (renew: number, s: number) =>
    health.look(n, lease(u, 'n0', renew), s * S, grace).current;
  assert.equal(at(-5, 100), 'True');
  assert.equal(at(-4, 110), 'True');
  assert.equal(at(-4, 160), 'True');
  assert.equal(at(-4, 161), 'Unknown');
  assert.equal(at(-3, 162), 'True');
});

test('A node that never reported has the start-up grace from its creation.', () => {
  const u = uids();
  const health = new NodeHealth();
  const grace = { monitorNs: 40 * S, startupNs: 60 * S };
  const base = node(u, 'n0');
  const silent = {
    ...base,
    status: {
      ...base.status,
      capacity: { ...base.status.capacity, cpuMilli: 0 },
      conditions: { ...base.status.conditions, ready: 'Unknown' as const },
    },
  };
  assert.equal(health.look(silent, undefined, 60 * S, grace).conditions, null);
  assert.notEqual(health.look(silent, undefined, 61 * S, grace).conditions, null);
});

test('Taints follow conditions, and those of others stay.', () => {
  const n = node(uids(), 'n0');
  assert.equal(scheduleTaintChange(n), null);
  const other = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' as const, addedNs: 0 };
  const bad = {
    ...n,
    spec: { ...n.spec, taints: [other] },
    status: { ...n.status, conditions: { ...n.status.conditions, ready: 'Unknown' as const } },
  };
  assert.deepEqual(scheduleTaintChange(bad), {
    add: ['node.kubernetes.io/unreachable'],
    remove: [],
  });
});

test('The shortest toleration counts; a taint without one counts at once.', () => {
  const taint = (key: string) => ({ key, value: '', effect: 'NoExecute' as const, addedNs: 0 });
  const unreachable = taint('node.kubernetes.io/unreachable');
  assert.equal(toleratedFor(pod(), [unreachable]), 300 * S);
  assert.equal(toleratedFor(pod(), [unreachable, taint('mine')]), 0);
  const forever = {
    key: '',
    operator: 'Exists',
    value: '',
    effect: '',
    tolerationNs: Infinity,
  } as const;
  assert.equal(toleratedFor(pod({ spec: { tolerations: [forever] } }), [unreachable]), Infinity);
});

test.run();
