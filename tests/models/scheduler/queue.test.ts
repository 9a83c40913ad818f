/** The scheduling queue alone: order, back-off, events that come while a pod is being scheduled. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { type Pod, Uids } from '../../../models/objects/index.ts';
import { F_FIT, F_TAINT } from '../../../models/scheduler/framework/verdict.ts';
import { NODE_ADD, NODE_TAINT, POD_DELETE } from '../../../models/scheduler/queue/events.ts';
import { Heap, type HeapItem } from '../../../models/scheduler/queue/heap.ts';
import { SchedulingQueue } from '../../../models/scheduler/queue/scheduling-queue.ts';
import { nodeOf, podOf, S, specOf } from './objects.ts';

const test = suite('scheduling queue');

const FIT = 1 << F_FIT;
const TAINT = 1 << F_TAINT;

function bed(o: { hints?: boolean; popFromBackoff?: boolean } = {}) {
  const uids = new Uids();
  const queue = new SchedulingQueue({
    initialBackoffNs: S,
    maxBackoffNs: 10 * S,
    popFromBackoff: o.popFromBackoff ?? false,
    bucketOf: (queued) => `${queued.pod.spec.priority}/${queued.rejectors}`,
    hints: { hints: o.hints ?? true, namespaceLabels: () => undefined },
  });
  const add = (name: string, atNs: number, priority = 0) => {
    const pod: Pod = podOf(uids, name, specOf({ priority }));
    return queue.add(pod, atNs, false);
  };
  const pop = () => queue.pop()?.pod.meta.name ?? '';
  const node = nodeOf(uids, 'n');
  const gone = podOf(uids, 'gone', specOf(), { nodeName: 'n' });
  return { queue, add, pop, node, gone };
}

test('higher priorities go first, then who came first', () => {
  const { add, pop } = bed();
  add('late', 3);
  add('early', 1);
  add('urgent', 5, 10);
  assert.deepEqual([pop(), pop(), pop(), pop()], ['urgent', 'early', 'late', '']);
});

test('back-off is 1, 2, 4, 8, 10, 10 s', () => {
  const { queue, add, gone } = bed();
  add('p', 0);
  let nowNs = 0;
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    const queued = queue.pop();
    assert.ok(queued !== undefined);
    queue.fail(queued, FIT, false, nowNs);
    assert.equal(queue.unschedulable, 1);
    // Counted once, however often it failed, until the next attempt.
    assert.equal(
      queue.rejected.reduce((sum, n) => sum + n, 0),
      1,
    );
    queue.move({ kinds: POD_DELETE, node: null, pod: gone }, nowNs);
    assert.equal(queue.backoff, 1);
    assert.equal(queue.nextBackoffNs, nowNs + seconds * S);
    queue.flushBackoff(nowNs + seconds * S - 1);
    assert.equal(queue.active, 0);
    nowNs += seconds * S;
    queue.flushBackoff(nowNs);
    assert.equal(queue.active, 1);
  }
});

test('an idle scheduler takes pods out of backoffQ, but not those that met errors', () => {
  const { queue, add, gone } = bed({ popFromBackoff: true });
  const failing = add('error', 0);
  const waiting = add('waits', 1);
  assert.equal(queue.pop(), failing);
  assert.equal(queue.pop(), waiting);
  queue.fail(failing, 0, true, 10);
  queue.fail(waiting, FIT, false, 10);
  queue.move({ kinds: POD_DELETE, node: null, pod: gone }, 10);
  assert.equal(queue.backoff, 2);
  assert.equal(queue.pop(), waiting);
  assert.equal(queue.pop(), undefined);
});

test('an event that came while the pod was being scheduled is not missed', () => {
  const { queue, add, gone, node } = bed();
  const first = add('first', 0);
  queue.pop();
  queue.move({ kinds: POD_DELETE, node: null, pod: gone }, 5);
  const second = add('second', 6);
  queue.pop();
  queue.move({ kinds: NODE_TAINT, node, pod: null }, 7);
  queue.fail(first, FIT, false, 8);
  assert.equal(queue.backoff, 1);
  // It was popped after the deletion, and a taint does not make room.
  queue.fail(second, FIT, false, 8);
  assert.equal(queue.unschedulable, 1);
});

test('hints look at what changed, events alone do not', () => {
  const taint = { key: 'k', value: '', effect: 'NoSchedule', addedNs: 0 } as const;
  for (const hints of [true, false]) {
    const { queue, add, node } = bed({ hints });
    const queued = add('p', 0);
    queue.pop();
    queue.fail(queued, TAINT, false, 1);
    const tainted = { ...node, spec: { ...node.spec, taints: [taint] } };
    queue.move({ kinds: NODE_ADD, node: tainted, pod: null }, 2);
    assert.equal(queue.unschedulable, 1);
    const cordoned = { ...node, spec: { ...node.spec, unschedulable: true } };
    queue.move({ kinds: NODE_ADD, node: cordoned, pod: null }, 3);
    // The hint of TaintToleration sees no taint; without hints the node must admit the pod.
    assert.equal(queue.unschedulable, hints ? 0 : 1);
  }
});

test('what waits for more than five minutes is tried again', () => {
  const { queue, add } = bed();
  const queued = add('p', 0);
  queue.pop();
  queue.fail(queued, FIT, false, 0);
  queue.flushUnschedulable(300 * S);
  assert.equal(queue.unschedulable, 1);
  queue.flushUnschedulable(330 * S);
  assert.equal(queue.active, 1);
});

test('a pod whose victims are being deleted stays where it is until that is done', () => {
  const { queue, add, gone } = bed();
  const queued = add('p', 0);
  queue.pop();
  queued.isPreempting = true;
  queue.fail(queued, FIT, false, 0);
  queue.move({ kinds: POD_DELETE, node: null, pod: gone }, 2 * S);
  assert.equal(queue.unschedulable, 1);
  queue.endPreemption(queued, false, 3 * S);
  assert.equal(queue.active, 1);
});

test('a pod that was deleted while it was being scheduled does not come back', () => {
  const { queue, add } = bed();
  const queued = add('p', 0);
  queue.pop();
  queue.remove(queued.pod.meta.uid);
  queue.fail(queued, FIT, false, 1);
  assert.deepEqual([queue.active, queue.backoff, queue.unschedulable], [0, 0, 0]);
});

interface Item extends HeapItem {
  readonly key: number;
}

test('a heap gives the least of what it holds, also after removals from its middle', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(20), fc.constantFrom('pop', 'drop'))), (steps) => {
      const heap = new Heap<Item>((a, b) => a.key < b.key);
      let held: Item[] = [];
      for (const step of steps) {
        if (typeof step === 'number') {
          const item = { key: step + held.length / 100, heapIndex: -1 };
          heap.push(item);
          held.push(item);
        } else if (held.length > 0) {
          const least = held.reduce((a, b) => (b.key < a.key ? b : a));
          const item = step === 'pop' ? heap.pop() : held[held.length >> 1];
          if (step === 'pop') assert.equal(item?.key, least.key);
          else if (item !== undefined) heap.remove(item);
          held = held.filter((other) => other !== item);
        }
        assert.equal(heap.size, held.length);
      }
    }),
  );
});

test.run();
