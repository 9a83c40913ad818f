/** Node lifecycle: NotReady, taints at the rate of the zone, evictions, disruptions. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { Node, Pod } from '../../../models/objects/index.ts';
import { Bed } from './bed.ts';
import { deployment, S } from './objects.ts';

const test = suite('controllers/nodes');

const ready = (bed: Bed, name: string) => bed.get<Node>('nodes', name)?.status.conditions.ready;
const tainted = (bed: Bed) =>
  bed.all<Node>('nodes').filter((n) => n.spec.taints.some((t) => t.effect === 'NoExecute')).length;

/** First second in which `holds`. */
function when(bed: Bed, from: number, to: number, holds: () => boolean): number {
  for (let at = from; at < to; at += 0.5) {
    bed.to(at);
    if (holds()) return at;
  }
  return Number.POSITIVE_INFINITY;
}

// The last lease is seen by the next pass (at most 5 s later); 50 s after that pass, the next one.
test('A dead node is Unknown 50 to 60 s after its last heartbeat, its pods are not ready, and it is tainted.', () => {
  const bed = new Bed({ nodes: 5 });
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 10));
  bed.to(20.5);
  bed.dead.add('n1');
  const at = when(bed, 60, 90, () => ready(bed, 'n1') === 'Unknown');
  assert.ok(at >= 70 && at <= 80.5, `${at}`);
  bed.to(at + 2);
  const node = bed.get<Node>('nodes', 'n1');
  const taints = node?.spec.taints.map((t) => `${t.key}:${t.effect}`).sort();
  const key = 'node.kubernetes.io/unreachable';
  assert.deepEqual(taints, [`${key}:NoExecute`, `${key}:NoSchedule`]);
  const there = bed.pods.filter((p) => p.nodeName === 'n1');
  assert.equal(there.length, 2);
  assert.ok(there.every((p) => !p.status.ready));
  assert.equal(bed.count('update pods/status'), 2);
});

test('Its pods are deleted 300 s after the taint, and replaced; those of others stay.', () => {
  const bed = new Bed({ nodes: 5 });
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 10));
  bed.to(20.5);
  bed.dead.add('n1');
  const at = when(bed, 60, 90, () => tainted(bed) > 0);
  const deleted = when(bed, at + 290, at + 310, () =>
    bed.pods.some((p) => !Number.isNaN(p.meta.deletedNs)),
  );
  assert.ok(deleted >= at + 299 && deleted <= at + 301.5, `${deleted - at}`);
  bed.to(deleted + 10);
  // A dead kubelet cannot finish the deletion: two hang there, two new ones run elsewhere (one of
  // which our blind scheduler may have put on the dead node).
  const hanging = bed.pods.filter((p: Pod) => !Number.isNaN(p.meta.deletedNs));
  assert.equal(hanging.length, 2);
  assert.equal(bed.pods.length, 12);
});

test('A node that comes back in time loses its taints, and nobody is evicted.', () => {
  const bed = new Bed({ nodes: 5 });
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 10));
  bed.to(20.5);
  bed.dead.add('n1');
  bed.to(150);
  assert.equal(tainted(bed), 1);
  bed.dead.delete('n1');
  bed.to(180);
  assert.deepEqual(bed.get<Node>('nodes', 'n1')?.spec.taints, []);
  bed.to(600);
  assert.equal(bed.count('delete pods'), 0);
});

// Of 20 nodes 5 die: 25 % of the zone, so it is normal: one taint in 10 s.
test('Nodes of a normal zone are tainted one in ten seconds.', () => {
  const bed = new Bed({ nodes: 20 });
  bed.to(20.5);
  for (let i = 0; i < 5; i++) bed.dead.add(`n${i}`);
  const first = when(bed, 60, 90, () => tainted(bed) > 0);
  bed.to(first + 11);
  assert.equal(tainted(bed), 2);
  bed.to(first + 45);
  assert.equal(tainted(bed), 5);
});

// 60 % of a zone of 20 (not more than 50): the rate is 0 once the pass has seen them all.
test('A small zone in partial disruption is not tainted.', () => {
  const bed = new Bed({ nodes: 40, zones: 2 });
  bed.to(20.5);
  for (let i = 0; i < 24; i += 2) bed.dead.add(`n${i}`);
  bed.to(400);
  assert.equal(
    bed.all<Node>('nodes').filter((n) => n.status.conditions.ready === 'Unknown').length,
    12,
  );
  assert.ok(tainted(bed) <= 1, `${tainted(bed)} tainted`);
});

// Few enough nodes that the first pass is not slowed down by its client's rate: else a node or two
// are tainted before the pass is through and sees the whole picture.
test('When all nodes are gone nothing is evicted, and all is well when they return.', () => {
  const bed = new Bed({ nodes: 4 });
  bed.to(1);
  bed.apply(deployment(bed.uids, 'web', 4));
  bed.to(20.5);
  for (let i = 0; i < 4; i++) bed.dead.add(`n${i}`);
  bed.to(600);
  assert.equal(tainted(bed), 0);
  assert.equal(bed.count('delete pods'), 0);
  bed.dead.clear();
  bed.to(640);
  assert.ok(bed.all<Node>('nodes').every((n) => n.status.conditions.ready === 'True'));
  assert.ok(bed.all<Node>('nodes').every((n) => n.spec.taints.length === 0));
});

test('A new leader begins its observation anew.', () => {
  const bed = new Bed({ nodes: 5 });
  bed.to(20.5);
  bed.dead.add('n1');
  bed.to(60);
  bed.managers[0].process.crash();
  const at = when(bed, 61, 200, () => ready(bed, 'n1') === 'Unknown');
  // Leading again once the lease of its former life is over, some 17 s later; then 50 s from its
  // own first look, and not from the node's last heartbeat at 20 s.
  assert.ok(at >= 125 && at <= 140, `${at}`);
});

test('A large zone in partial disruption is tainted at the secondary rate.', () => {
  const bed = new Bed({ nodes: 120 });
  bed.to(20.5);
  for (let i = 0; i < 72; i++) bed.dead.add(`n${i}`);
  bed.to(100);
  const before = tainted(bed);
  bed.to(100 + 300);
  // 0.01 a second: three in 300 s.
  assert.ok(Math.abs(tainted(bed) - before - 3) <= 1, `${tainted(bed) - before}`);
  assert.ok(bed.sim.nowNs >= 400 * S);
});

test.run();
