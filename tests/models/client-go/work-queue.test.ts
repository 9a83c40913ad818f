import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Workers } from '../../../models/client-go/index.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

const test = suite('work queues');
const MS = 1e6;
const S = 1e9;

function queue(o: Partial<Parameters<ReturnType<typeof fakeCluster>['library']['queue']>[0]> = {}) {
  const c = fakeCluster();
  const process = c.process('manager/0');
  return { c, process, q: c.library.queue({ name: 'things', process, ...o }) };
}

test('a key waits once, and again after its worker where it was added meanwhile', () => {
  const { q } = queue();
  q.add('a');
  q.add('b');
  q.add('a');
  assert.equal(q.length, 2);
  assert.equal(q.take(), 'a');
  q.add('a');
  assert.equal(q.length, 1);
  assert.equal(q.take(), 'b');
  assert.equal(q.take(), null);
  q.done('a');
  assert.equal(q.take(), 'a');
});

test('failures of an item wait 5 ms, doubled each time up to 1000 s; forget begins again', () => {
  const { c, q } = queue();
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    const atNs = c.sim.nowNs;
    q.addRateLimited('a');
    while (q.length === 0) c.sim.advance(1);
    waits.push((c.sim.nowNs - atNs) / MS);
    q.done(q.take()!);
  }
  for (let i = 0; i < 20; i++) assert.equal(waits[i], Math.min(5 * 2 ** i, 1000 * 1000), `${i}`);
  assert.equal(q.retries('a'), 20);
  q.forget('a');
  assert.equal(q.retries('a'), 0);
});

test('the bucket of all items holds back more than 100 failures at once, 10 a second', () => {
  const { c, q } = queue();
  for (let i = 0; i < 130; i++) q.addRateLimited(`${i}`);
  c.run(6 * MS);
  assert.equal(q.length, 100);
  c.run(S + 6 * MS);
  assert.equal(q.length, 110);
  c.run(3 * S);
  assert.equal(q.length, 130);
});

test('of two delays of a key the shorter counts', () => {
  const { c, q } = queue();
  q.addAfter('a', 5 * S);
  q.addAfter('a', 2 * S);
  q.addAfter('a', 3 * S);
  c.run(2 * S);
  assert.equal(q.take(), 'a');
  q.done('a');
  c.run(10 * S);
  assert.equal(q.length, 0);
});

test('a queue is empty after the end of its process, delays included', () => {
  const { c, q, process } = queue();
  q.add('a');
  q.addAfter('b', S);
  q.addRateLimited('c');
  process.crash();
  assert.equal(q.length, 0);
  c.run(60 * S);
  assert.equal(q.length, 0);
});

/** Keys and times of passes. */
function working(count: number, passNs: number) {
  const { c, process, q } = queue();
  const log: [string, number][] = [];
  let atOnce = 0;
  let most = 0;
  const running = new Set<string>();
  process.onStop(() => running.clear());
  const workers = new Workers(c.ctx, {
    process,
    queue: q,
    count,
    costNs: MS,
    *sync(key) {
      assert.ok(!running.has(key), 'one worker at a time has a key');
      running.add(key);
      most = Math.max(most, ++atOnce);
      yield passNs;
      log.push([key, c.sim.nowNs]);
      atOnce--;
      running.delete(key);
      return !key.startsWith('bad') || q.retries(key) >= 2;
    },
  });
  return { c, process, q, workers, log, most: () => most };
}

test('workers take keys side by side, each for its pass', () => {
  const w = working(3, 10 * MS);
  w.workers.start();
  for (let i = 0; i < 7; i++) w.q.add(`${i}`);
  w.c.run(S);
  assert.equal(w.most(), 3);
  // 1 ms of CPU and 10 ms: three at 11 ms, three at 22 ms, one at 33 ms.
  assert.deepEqual(
    w.log.map(([, ns]) => ns / MS),
    [11, 11, 11, 22, 22, 22, 33],
  );
  assert.equal(w.process.usedNs, 7 * MS);
});

test('a pass that fails comes back after its back-off, and is forgotten when it succeeds', () => {
  const w = working(1, 0);
  w.workers.start();
  w.q.add('bad');
  w.c.run(S);
  // Each pass 1 ms of CPU; back-offs of 5 and 10 ms.
  assert.deepEqual(
    w.log.map(([, ns]) => ns / MS),
    [1, 7, 18],
  );
  assert.equal(w.q.retries('bad'), 0);
});

test('workers die with their process, and begin again when told to', () => {
  const w = working(2, 10 * MS);
  w.process.onStart(() => w.workers.start());
  w.workers.start();
  w.q.add('a');
  w.c.run(5 * MS);
  w.process.crash();
  w.c.run(10 * S);
  assert.deepEqual(w.log, []);
  w.q.add('a');
  w.c.run(11 * S);
  assert.equal(w.log.length, 1);
});

test('whatever is added, no key is lost, none is with two workers, and all is done in the end', () => {
  const action = fc.record({
    key: fc.nat(5),
    kind: fc.constantFrom('add', 'after', 'limited'),
    afterMs: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (list, n) => {
      const w = working(n, 7 * MS);
      w.workers.start();
      const lastAdd = new Map<string, number>();
      let atNs = 0;
      for (const { key, kind, afterMs } of list) {
        atNs += afterMs * MS;
        w.c.run(atNs);
        if (kind === 'add') w.q.add(`${key}`);
        else if (kind === 'after') w.q.addAfter(`${key}`, 13 * MS);
        else w.q.addRateLimited(`${key}`);
        lastAdd.set(`${key}`, atNs);
      }
      w.c.run(atNs + 100 * S);
      assert.equal(w.q.length, 0);
      assert.equal(w.workers.busy, 0);
      for (const [key, addedNs] of lastAdd) {
        const last = w.log.findLast(([k]) => k === key);
        // A pass that began at or after the last addition has ended.
        assert.ok(last !== undefined && last[1] >= addedNs + 7 * MS, `${key}`);
      }
    }),
    { numRuns: 100 },
  );
});

test.run();
