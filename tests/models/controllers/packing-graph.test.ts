/** Packing of EndpointSlices, and the owner graph of the garbage collector. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  FINALIZER_FOREGROUND,
  GcGraph,
  type GcNode,
} from '../../../models/controllers/gc-graph.ts';
import { packSlices } from '../../../models/controllers/slice-packing.ts';
import type { Endpoint, EndpointSlice } from '../../../models/objects/index.ts';
import { pod, slice, uids, withOwner } from './objects.ts';

const test = suite('controllers/packing-graph');

const endpoint = (podUid: number, ready = true): Endpoint => ({
  podUid,
  nodeName: 'n0',
  ready,
  terminating: false,
});
const wanted = (list: readonly Endpoint[]) => new Map(list.map((e) => [e.podUid, e]));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('250 endpoints of a new service make three slices.', () => {
  const changes = packSlices([], wanted(range(0, 250).map((i) => endpoint(i))), 100);
  assert.deepEqual(
    changes.create.map((e) => e.length),
    [100, 100, 50],
  );
});

test('Nothing is written where nothing changed.', () => {
  const existing = [slice(uids(), 'web', range(0, 100)), slice(uids(), 'web', range(100, 130))];
  const changes = packSlices(existing, wanted(range(0, 130).map((i) => endpoint(i))), 100);
  assert.deepEqual(changes, { create: [], update: [], remove: [] });
});

// The slice of 30 has room for one more, and the full one is left alone.
test('One more endpoint is one update, of the fullest slice that has room.', () => {
  const existing = [
    slice(uids(), 'web', range(0, 100)),
    slice(uids(), 'web', range(100, 110)),
    slice(uids(), 'web', range(110, 140)),
  ];
  const changes = packSlices(existing, wanted(range(0, 141).map((i) => endpoint(i))), 100);
  assert.deepEqual(
    changes.update.map((u) => [u.slice, u.endpoints.length]),
    [[existing[2], 31]],
  );
  assert.equal(changes.create.length + changes.remove.length, 0);
});

test('A service that lost all its pods keeps one empty slice.', () => {
  const existing = [slice(uids(), 'web', [1]), slice(uids(), 'web', [2])];
  const changes = packSlices(existing, new Map(), 100);
  assert.deepEqual(
    changes.update.map((u) => u.endpoints.length),
    [0],
  );
  assert.equal(changes.remove.length, 1);
  const empty = [slice(uids(), 'web', [])];
  assert.deepEqual(packSlices(empty, new Map(), 100), { create: [], update: [], remove: [] });
  assert.deepEqual(packSlices([], new Map(), 100).create, [[]]);
});

test('Whatever changes, the slices hold exactly what is desired, none too many, and no write is void.', () => {
  const membership = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 });
  fc.assert(
    fc.property(membership, membership, fc.integer({ min: 1, max: 7 }), (before, after, max) => {
      const from = [...new Set(before)];
      const existing: EndpointSlice[] = [];
      for (let i = 0; i < from.length; i += max) {
        existing.push(slice(uids(), 'web', from.slice(i, i + max)));
      }
      const desired = [...new Set(after)].map((uid) => endpoint(uid, uid % 5 !== 0));
      const changes = packSlices(existing, wanted(desired), max);
      const final = new Map(existing.map((s) => [s, s.endpoints]));
      for (const { slice: s, endpoints } of changes.update) {
        assert.notDeepEqual(endpoints, s.endpoints);
        final.set(s, endpoints);
      }
      for (const s of changes.remove) final.delete(s);
      const all = [...final.values(), ...changes.create];
      for (const endpoints of all) assert.ok(endpoints.length <= max);
      const found = all.flat().sort((a, b) => a.podUid - b.podUid);
      assert.deepEqual(
        found,
        [...desired].sort((a, b) => a.podUid - b.podUid),
      );
      assert.ok(all.length >= 1);
    }),
  );
});

function graph() {
  const deleted: number[] = [];
  const orphaned: number[] = [];
  const g = new GcGraph({
    attemptToDelete: (n: GcNode) => void deleted.push(n.uid),
    attemptToOrphan: (n: GcNode) => void orphaned.push(n.uid),
  });
  return { g, deleted, orphaned };
}

test('Dependents of a deleted owner are candidates, in whatever order they came.', () => {
  const { g, deleted } = graph();
  const owner = pod({ uid: 1 });
  const child = withOwner(pod({ uid: 2 }), owner);
  g.observe(child, null);
  // The owner was not known: it is looked up.
  assert.deepEqual(deleted, [1]);
  g.observe(owner, null);
  assert.equal(g.get(1)?.virtual, false);
  g.remove(1);
  assert.deepEqual(deleted, [1, 2]);
  assert.equal(g.isAbsent(1), true);
});

test('Foreground deletion asks for the dependents, and for the owner again when the last is gone.', () => {
  const { g, deleted } = graph();
  const owner = pod({ uid: 1 });
  g.observe(owner, null);
  g.observe(withOwner(pod({ uid: 2 }), owner), null);
  const going = {
    ...owner,
    meta: { ...owner.meta, deletedNs: 5, finalizers: [FINALIZER_FOREGROUND] },
  };
  g.observe(going, owner);
  assert.deepEqual(deleted, [2, 1]);
  assert.deepEqual(
    g.blockingDependents(g.get(1)!).map((n) => n.uid),
    [2],
  );
  g.remove(2);
  assert.deepEqual(deleted, [2, 1, 1]);
  assert.equal(g.blockingDependents(g.get(1)!).length, 0);
});

test('Owners in a circle end nowhere but in the queue.', () => {
  const { g, deleted } = graph();
  const a = pod({ uid: 1 });
  const b = withOwner(pod({ uid: 2 }), a);
  g.observe(withOwner(a, b), null);
  g.observe(b, null);
  g.remove(1);
  assert.deepEqual(deleted, [2, 2]);
  g.remove(2);
  assert.equal(g.size, 0);
});

test.run();
