/** The checks that run along with every Kubernetes run: each finds what it is there for. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Ledger } from '../../models/client-go/ledger.ts';
import { NO_RESOURCES, type Node, type Pod } from '../../models/objects/index.ts';
import { Invariants } from '../../src/run/invariants.ts';
import { nodeOf, podOf } from './kubernetes-support.ts';

const test = suite('run: invariants');

type Listener = (previous: Pod | Node | null, value: Pod | Node | null) => void;

/** A node of 1000 mCPU and 2 pods, in a cluster that runs. */
function begin(changes: Partial<Node['status']> = {}) {
  const ledger = new Ledger();
  const invariants = new Invariants({ schedulers: ['default-scheduler'], ledger });
  const listener: Listener = (previous, value) => invariants.listener(previous, value);
  const node = nodeOf('n', { cpuMilli: 1000, maxPods: 2, ...changes });
  listener(null, node);
  invariants.start();
  return { ledger, invariants, listener, node };
}

function bind(listener: Listener, pod: Pod, nodeName = 'n'): Pod {
  const bound = { ...pod, nodeName };
  listener(null, pod);
  listener(pod, bound);
  return bound;
}

test('a pod that is bound to a second node is a violation', () => {
  const { listener } = begin();
  const bound = bind(listener, podOf('a', 100));
  assert.throws(() => listener(bound, { ...bound, nodeName: 'm' }), /a pod was bound twice/);
});

test('the name of a deleted pod may be bound elsewhere', () => {
  const { listener } = begin();
  listener(bind(listener, podOf('a', 100)), null);
  assert.doesNotThrow(() => bind(listener, podOf('a', 100), 'm'));
});

test('a binding that takes a node over its CPU is a violation, and one that fills it is none', () => {
  const { listener } = begin();
  bind(listener, podOf('a', 600));
  bind(listener, podOf('b', 400));
  const { listener: other } = begin();
  bind(other, podOf('a', 600));
  assert.throws(() => bind(other, podOf('b', 401)), /default\/b was bound to n.*too little cpu/);
});

test('a binding beyond the pods of a node is a violation, whatever they ask for', () => {
  const { listener } = begin();
  bind(listener, podOf('a', 0));
  bind(listener, podOf('b', 0));
  assert.throws(() => bind(listener, podOf('c', 0)), /too little room for pods/);
});

test('extended resources are counted by name', () => {
  const allocatable = { ...NO_RESOURCES, cpuMilli: 1000, extended: { gpu: 1 } };
  const { listener } = begin({ allocatable });
  const asks = (name: string) => podOf(name, 0, { ...NO_RESOURCES, extended: { gpu: 1 } });
  bind(listener, asks('a'));
  assert.throws(() => bind(listener, asks('b')), /too little gpu/);
});

test('pods that ended or were deleted leave their room to others', () => {
  const { listener } = begin();
  const first = bind(listener, podOf('a', 600));
  const ended: Pod = { ...first, status: { ...first.status, phase: 'Succeeded' } };
  listener(first, ended);
  bind(listener, podOf('b', 600));
  // It frees nothing a second time.
  listener(ended, null);
  assert.throws(() => bind(listener, podOf('c', 600)), /too little cpu/);
  const { listener: other } = begin();
  const gone = bind(other, podOf('a', 600));
  other(gone, null);
  bind(other, podOf('b', 600));
});

test('after a binding that was never answered too full a node is a result, not a bug', () => {
  const { ledger, invariants, listener } = begin();
  ledger.sent++;
  ledger.end({ verb: 'create', resource: 'pods', subresource: 'binding' }, 'failed', 0);
  bind(listener, podOf('a', 600));
  bind(listener, podOf('b', 600));
  const [warning] = invariants.finish(0);
  assert.match(warning.message, /^1 bindings made a node fuller/);
});

test('pods that chose their node themselves end the check of that node', () => {
  const { invariants, listener } = begin();
  listener(null, { ...podOf('a', 900), nodeName: 'n' });
  bind(listener, podOf('b', 900));
  assert.deepEqual(invariants.finish(0), []);
});

test('a request that has neither ended nor is under way is a violation', () => {
  const { ledger, invariants } = begin();
  ledger.sent = 3;
  ledger.end({ verb: 'get', resource: 'pods' }, 'answered', 200);
  assert.throws(() => invariants.finish(1), /of 3 requests 2 have not ended, but 1 are under way/);
  assert.deepEqual(invariants.finish(2), []);
});

/** etcd goes back to a snapshot in which the pods are as in `after` (null: not there). */
function restore(invariants: Invariants, pods: readonly (readonly [Pod | null, Pod | null])[]) {
  const changes = pods.map(([before, after]) => ({ group: 'pods', before, after, copies: 1 }));
  invariants.restored(changes);
}

test('a pod that ran and is bound to another node after a restore is counted, not a violation', () => {
  const { invariants, listener } = begin();
  listener(null, nodeOf('m', { cpuMilli: 1000, maxPods: 2 }));
  const pod = podOf('a', 600);
  const bound = bind(listener, pod);
  restore(invariants, [[bound, pod]]);
  const again = { ...pod, nodeName: 'm' };
  listener(pod, again);
  const [warning] = invariants.finish(0);
  assert.match(warning.message, /^1 pods ran on one node and were bound to another/);
  // Within the new epoch it is bound once, as ever.
  assert.throws(() => listener(again, bound), /a pod was bound twice/);
});

test('what a restore takes from a node is free, and what it gives back is taken', () => {
  const { invariants, listener } = begin();
  const bound = bind(listener, podOf('a', 600));
  restore(invariants, [[bound, null]]);
  const other = bind(listener, podOf('b', 900));
  assert.deepEqual(invariants.finish(0), []);
  // A scheduler that knows of b alone.
  restore(invariants, [
    [null, bound],
    [other, null],
  ]);
  bind(listener, podOf('c', 900));
  const [warning] = invariants.finish(0);
  assert.match(warning.message, /^1 bindings made a node fuller.*after etcd went back/);
});

test.run();
