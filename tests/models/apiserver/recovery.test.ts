/** Back to a snapshot of etcd: what stands there, and what those learn who remember more. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { KubeObject } from '../../../models/objects/index.ts';
import {
  ANY,
  Answer,
  configMap,
  listOptions,
  NO_CONDITIONS,
  openStorage,
  type StorageBed,
  TestSink,
  uids,
  watchOptions,
} from './storage-bed.ts';

const test = suite('apiserver/recovery');
const FOREVER = { ...ANY, ttlNs: 0 };
const MB_PER_S = 1e6;

interface World extends StorageBed {
  create(name: string): Answer;
  remove(name: string): Answer;
  names(consistency?: 'any' | 'consistent'): string[];
  revision(): number;
}

/** One API server over three members; objects a, b and c; a snapshot at 5 s. */
function open(): World & { restore(bumpRevision: number): void } {
  const ids = uids();
  const preload = ['a', 'b', 'c'].map((name) => configMap(ids, `x/${name}`));
  const bed = openStorage({ preload, progressNotify: 5000, horizon: 200_000 });
  const maps = bed.storages[0].of('configmaps');
  const world: World = {
    ...bed,
    create(name) {
      const answer = new Answer();
      maps.create(configMap(ids, `x/${name}`), FOREVER, answer.done);
      return answer;
    },
    remove(name) {
      const answer = new Answer();
      maps.delete(`x/${name}`, NO_CONDITIONS, null, ANY, answer.done);
      return answer;
    },
    names(consistency = 'consistent') {
      const answer = new Answer();
      maps.list(listOptions({ consistency }), answer.done);
      const until = bed.now() + 4000;
      while (answer.result === null && bed.now() < until) bed.sim.advance(1);
      assert.equal(answer.code, 'ok');
      return (answer.result?.items ?? []).map((object: KubeObject) => object.meta.name).sort();
    },
    revision: () => bed.etcd.shared.keys.revision,
  };
  bed.to(5000);
  const snapshot = bed.etcd.recovery.capture();
  return {
    ...world,
    restore: (bumpRevision) =>
      bed.etcd.recovery.restore(snapshot, { bytesPerSecond: MB_PER_S, bumpRevision }),
  };
}

/** d is created and a deleted after the snapshot, then ten objects come and go. */
function change(world: World): void {
  world.create('d');
  world.remove('a');
  for (let i = 0; i < 10; i++) world.create(`t${i}`);
  world.to(world.now() + 500);
  for (let i = 0; i < 10; i++) world.remove(`t${i}`);
  world.to(world.now() + 500);
}

// Preloaded: 3 revisions after the first; then 12 creates and deletes, 10 deletes.
test('a restored store has the contents and the revision of its snapshot', () => {
  const world = open();
  const before = world.revision();
  change(world);
  assert.equal(world.revision(), before + 22);
  world.restore(0);
  assert.ok(world.etcd.members.every((member) => !member.isUp));
  world.to(7500);
  assert.equal(world.revision(), before);
  const { contents } = world.etcd.shared;
  const { group } = world.store.resource('configmaps');
  const names = contents.valuesOf(group).map((value) => (value as KubeObject).meta.name);
  assert.deepEqual(names.sort(), ['a', 'b', 'c']);
  assert.equal(world.store.countOf('configmaps'), 3);
  // It takes writes again, in the order of revisions, on every member.
  world.to(12_000);
  const answer = world.create('e');
  world.to(13_000);
  assert.equal(answer.code, 'ok');
  assert.equal(world.revision(), before + 1);
  assert.ok(world.etcd.members.every((member) => member.watches.revision === before + 1));
});

test('a server that goes on over a restored store shows what is lost, and misses what comes', () => {
  const world = open();
  change(world);
  const ahead = world.revision();
  const sink = new TestSink();
  const watched = new Answer();
  world.storages[0]
    .of('configmaps')
    .watch(watchOptions(sink, { resourceVersion: ahead }), watched.accepted);
  world.restore(0);
  world.to(15_000);
  assert.equal(watched.code, 'ok');
  assert.deepEqual(world.names(), ['b', 'c', 'd'], 'the cache is where it was');
  world.create('e');
  world.to(16_000);
  assert.deepEqual(world.names(), ['b', 'c', 'd'], 'e has a revision that it has seen');
  assert.equal(sink.events.filter((event) => event.object !== null).length, 0);
  // Twenty-two writes bring the store to where the cache is; the next one it hears of.
  for (let i = 0; i < 21; i++) world.create(`f${i}`);
  world.to(18_000);
  assert.equal(world.revision(), ahead);
  world.create('last');
  world.to(19_000);
  assert.deepEqual(world.names(), ['b', 'c', 'd', 'last']);
  const told = sink.events.flatMap(({ object }) => (object === null ? [] : [object.meta.name]));
  assert.deepEqual(told, ['last']);
});

test('a write from a stale version is refused by the compare and tried from the restored one', () => {
  const world = open();
  change(world);
  world.restore(0);
  world.to(15_000);
  // The cache has no a, etcd has; the cache has d, etcd has not.
  assert.equal(world.names().includes('a'), false);
  const there = world.create('a');
  const gone = world.remove('d');
  world.to(16_000);
  assert.equal(there.code, 'keyExists');
  assert.equal(gone.code, 'notFound');
});

test('a bumped revision makes every cache begin anew, without a restart', () => {
  const world = open();
  change(world);
  const sink = new TestSink();
  const watched = new Answer();
  world.storages[0]
    .of('configmaps')
    .watch(watchOptions(sink, { resourceVersion: world.revision() }), watched.accepted);
  const before = world.revision();
  world.restore(1e9);
  world.to(15_000);
  assert.ok(world.revision() > before && world.revision() >= 1e9);
  assert.equal(sink.ended, 'watch cache began anew');
  assert.deepEqual(world.names(), ['a', 'b', 'c']);
});

test('a server that starts anew has the restored state, and tells a late watch of nothing older', () => {
  const world = open();
  change(world);
  const ahead = world.revision();
  world.restore(0);
  world.to(12_000);
  world.kill(0);
  world.restart(0);
  world.to(16_000);
  assert.deepEqual(world.names(), ['a', 'b', 'c']);
  const maps = world.storages[0].of('configmaps');
  const sink = new TestSink();
  const watched = new Answer();
  maps.watch(watchOptions(sink, { resourceVersion: ahead }), watched.accepted);
  const listed = new Answer();
  maps.list(listOptions({ consistency: 'notOlderThan', resourceVersion: ahead }), listed.done);
  world.create('e');
  world.to(20_000);
  assert.equal(watched.code, 'ok');
  assert.equal(listed.code, 'tooLargeVersion');
  assert.equal(sink.events.length, 0);
});

test('a cluster whose members have all lost their data begins anew, and empty', () => {
  const world = open();
  change(world);
  for (const { index } of world.etcd.members) world.etcd.kill(index, true);
  world.to(8000);
  for (const { index } of world.etcd.members) world.etcd.boot(index);
  world.to(14_000);
  assert.equal(world.revision(), 1);
  assert.equal(world.store.countOf('configmaps'), 0);
  const answer = world.create('a');
  world.to(15_000);
  assert.equal(answer.code, 'ok');
  assert.equal(world.store.countOf('configmaps'), 1);
});

test('leases and what hangs on them come back, with their whole life before them', () => {
  const { etcd, to } = openStorage({ horizon: 60_000 });
  const { leases, keys } = etcd.shared;
  const first = keys.reserve(2);
  keys.put(first, 8, 10, 0);
  const lease = leases.grant(10_000, 0, 0);
  leases.attach(first, lease, 8);
  const snapshot = etcd.recovery.capture();
  // Its key goes with it; another lease gets its row.
  leases.takeKey(lease);
  leases.revoke(lease, 1);
  const other = leases.grant(10_000, 1, 0);
  etcd.recovery.restore(snapshot, { bytesPerSecond: MB_PER_S, bumpRevision: 0 });
  to(2000);
  assert.equal(leases.isLive(other), false);
  assert.equal(leases.live, 1);
  to(8000);
  assert.equal(keys.isAlive(first), true);
  // Restored at 1 s, led from about 3 s on: TTL and an election timeout later it is gone.
  to(18_000);
  assert.equal(keys.isAlive(first), false);
  assert.equal(leases.live, 0);
});

test.run();
