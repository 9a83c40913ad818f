/** Verbs on objects in etcd: what they store, what they refuse, how they lose and win races. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { Transformer } from '../../../models/apiserver/storage/types.ts';
import type { KubeObject } from '../../../models/objects/index.ts';
import {
  ANY,
  Answer,
  configMap,
  listOptions,
  NO_CONDITIONS,
  openStorage,
  TestSink,
  uids,
  watchOptions,
} from './storage-bed.ts';

const test = suite('apiserver/storage');

type Data = KubeObject & { readonly data: Record<string, string> };
const FOREVER = { ...ANY, ttlNs: 0 };

test('a created object has the revision of its write, and can be read', () => {
  const bed = openStorage();
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  const [created, again, read] = [new Answer(), new Answer(), new Answer()];
  bed.to(1000);
  maps.create(configMap(ids, 'a/one'), FOREVER, created.done);
  bed.to(1100);
  assert.equal(created.code, 'ok');
  const object = created.result?.object as KubeObject;
  assert.equal(object.resourceVersion, bed.etcd.shared.keys.revision);
  maps.create(configMap(ids, 'a/one'), FOREVER, again.done);
  maps.get('a/one', { ...ANY, consistency: 'consistent', resourceVersion: 0 }, read.done);
  bed.to(1200);
  assert.equal(again.code, 'keyExists');
  assert.equal(read.result?.object, object);
});

test('an update of a stale version loses once, and wins with what the txn handed back', () => {
  const bed = openStorage({ replicas: 2 });
  const ids = uids();
  const [first, second] = bed.storages.map((s) => s.of('configmaps'));
  const created = new Answer();
  bed.to(1000);
  first.create(configMap(ids, 'a/one', { n: '0' }), FOREVER, created.done);
  bed.to(1500);
  const add = (current: KubeObject): KubeObject => {
    const { data } = current as Data;
    return { ...current, resourceVersion: 0, data: { n: String(Number(data.n) + 1) } } as Data;
  };
  const answers = Array.from({ length: 10 }, () => new Answer());
  for (const [i, answer] of answers.entries()) {
    (i % 2 === 0 ? first : second).update('a/one', NO_CONDITIONS, add, ANY, answer.done);
  }
  bed.to(2000);
  assert.deepEqual([...new Set(answers.map((a) => a.code))], ['ok']);
  const conflicts = answers.reduce((sum, a) => sum + (a.result?.conflicts ?? 0), 0);
  // Ten at once: the k-th that is applied has lost k - 1 times.
  assert.equal(conflicts, 45);
  const stored = first.cacher?.get('a/one') as Data;
  assert.equal(stored.data.n, '10');
});

test('a precondition that does not hold is a conflict, and of a stale cache is looked at again', () => {
  const bed = openStorage();
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  const created = new Answer();
  bed.to(1000);
  maps.create(configMap(ids, 'a/one'), FOREVER, created.done);
  bed.to(1500);
  const revision = created.result?.resourceVersion ?? 0;
  const [stale, right, gone, wrongUid] = [new Answer(), new Answer(), new Answer(), new Answer()];
  const change = (current: KubeObject): KubeObject => ({ ...current, resourceVersion: 0 });
  const at = (resourceVersion: number) => ({ uid: 0, resourceVersion });
  maps.update('a/one', at(revision - 1), change, ANY, stale.done);
  bed.to(1600);
  maps.update('a/one', at(revision), change, ANY, right.done);
  bed.to(1700);
  maps.delete('a/one', { uid: 77, resourceVersion: 0 }, null, ANY, wrongUid.done);
  bed.to(1800);
  maps.update('a/two', NO_CONDITIONS, change, ANY, gone.done);
  bed.to(1900);
  assert.equal(stale.code, 'conflict');
  assert.equal(right.code, 'ok');
  assert.equal(wrongUid.code, 'conflict');
  assert.equal(gone.code, 'notFound');
});

test('a deleted object is gone, its key is reused after the compaction', () => {
  const bed = openStorage({ compaction: 100_000, horizon: 2_000_000 });
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  const [created, deleted, read] = [new Answer(), new Answer(), new Answer()];
  bed.to(1000);
  maps.create(configMap(ids, 'a/one'), FOREVER, created.done);
  bed.to(1100);
  maps.delete('a/one', NO_CONDITIONS, null, ANY, deleted.done);
  bed.to(1200);
  maps.get('a/one', { ...ANY, consistency: 'consistent', resourceVersion: 0 }, read.done);
  bed.to(1300);
  assert.equal(deleted.code, 'ok');
  assert.equal(deleted.result?.object, created.result?.object);
  assert.equal(read.code, 'notFound');
  const { contents, keys } = bed.etcd.shared;
  const { group } = bed.store.resource('configmaps');
  assert.ok(contents.find(group, 'a/one') >= 0);
  bed.to(700_000);
  assert.ok(keys.compactRevision > 0, 'the compactor has run');
  assert.equal(contents.find(group, 'a/one'), -1);
  const next = new Answer();
  maps.create(configMap(ids, 'a/other'), FOREVER, next.done);
  bed.to(700_100);
  assert.equal(next.code, 'ok');
});

test('replicas compact once an interval, and keep one to two intervals of history', () => {
  const bed = openStorage({ replicas: 3, compaction: 100_000, horizon: 1_000_000 });
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  maps.create(configMap(ids, 'a/one'), FOREVER, new Answer().done);
  const { keys } = bed.etcd.shared;
  const touch = (current: KubeObject): KubeObject => ({ ...current, resourceVersion: 0 });
  const revisions: number[] = [];
  const compacted = new Set<number>();
  for (let s = 2; s < 900; s++) {
    bed.to(s * 1000);
    maps.update('a/one', NO_CONDITIONS, touch, ANY, new Answer().done);
    revisions[s] = keys.revision;
    compacted.add(keys.compactRevision);
    if (s <= 250) continue;
    assert.ok(keys.compactRevision <= revisions[s - 99], `too much is gone at ${s} s`);
    assert.ok(keys.compactRevision >= revisions[s - 202], `too little is gone at ${s} s`);
  }
  // The first, at the start, and one every 100 s.
  assert.ok(compacted.size >= 8 && compacted.size <= 11, `${compacted.size} compactions`);
});

test('lists: of the cache, of a namespace, by label, in pages, consistent', () => {
  const ids = uids();
  const preload = Array.from({ length: 25 }, (_, i) =>
    configMap(ids, `${i % 5 === 0 ? 'b' : 'a'}/m${i}`, {}, { odd: String(i % 2) }),
  );
  const bed = openStorage({ preload });
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  const list = (changes: Parameters<typeof listOptions>[0]): StoreAnswer => {
    const answer = new Answer();
    maps.list(listOptions(changes), answer.done);
    bed.to(bed.now() + 300);
    assert.equal(answer.code, 'ok');
    return answer.result as StoreAnswer;
  };
  type StoreAnswer = NonNullable<Answer['result']>;
  assert.equal(list({ consistency: 'any' }).count, 25);
  const inB = list({ namespace: 'b' });
  assert.equal(inB.count, 5);
  assert.equal(inB.examined, 5);
  const odd = { requirements: [{ key: 'odd', operator: 'In', values: ['1'] }] } as const;
  assert.equal(list({ labelSelector: odd, consistency: 'any' }).count, 12);
  const seen: string[] = [];
  let continueAt = 0;
  do {
    const page = list({ limit: 10, continueAt });
    for (const { meta } of page.items ?? []) seen.push(meta.path);
    continueAt = page.continueAt;
  } while (continueAt > 0);
  assert.deepEqual(seen.sort(), preload.map((o) => o.meta.path).sort());
});

test('a list from etcd pages with a selector until its limit is full', () => {
  const ids = uids();
  const preload = Array.from({ length: 40 }, (_, i) =>
    configMap(ids, `a/m${i}`, {}, { tenth: String(i % 10) }),
  );
  const bed = openStorage({ preload, watchCache: false });
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  const labelSelector = {
    requirements: [{ key: 'tenth', operator: 'In', values: ['9'] }],
  } as const;
  const first = new Answer();
  maps.list(listOptions({ limit: 2, labelSelector }), first.done);
  bed.to(2000);
  // Pages of 2, 4, 8, 16: the second match is number 19.
  assert.equal(first.result?.count, 2);
  assert.equal(first.result?.examined, 30);
  assert.ok((first.result?.continueAt ?? 0) > 0);
  const rest = new Answer();
  const continueAt = first.result?.continueAt ?? 0;
  maps.list(listOptions({ limit: 100, labelSelector, continueAt }), rest.done);
  bed.to(3000);
  assert.equal(rest.result?.count, 2);
  assert.equal(rest.result?.continueAt, 0);
});

test('encryption costs CPU of every write and read, and a KMS time before each', () => {
  const took = (transformer?: Transformer): readonly number[] => {
    // Fast disks: a sync that meets a backend commit does not show.
    const bed = openStorage({ transformer, fsync: 0.001 });
    const ids = uids();
    const maps = bed.storages[0].of('configmaps');
    const [created, read] = [new Answer(), new Answer()];
    const sink = new TestSink();
    bed.to(1000);
    const resourceVersion = bed.etcd.shared.keys.revision;
    maps.watch(watchOptions(sink, { resourceVersion }), new Answer().accepted);
    bed.to(1500);
    const cpuNs = bed.cpuNs(0);
    maps.create(configMap(ids, 'a/one'), FOREVER, created.done);
    bed.to(1800);
    maps.get('a/one', { ...ANY, consistency: 'consistent', resourceVersion: 0 }, read.done);
    bed.to(1900);
    assert.deepEqual([created.code, read.code, sink.events.length], ['ok', 'ok', 1]);
    const ns = (answer: Answer): number => answer.result?.etcdNs ?? 0;
    return [ns(created), ns(read), bed.cpuNs(0) - cpuNs];
  };
  const plain = took();
  const kms: Transformer = {
    writeNs: (bytes) => 1000 + bytes,
    readNs: (bytes) => 500 + bytes,
    writeWaitNs: () => 3e6,
    readWaitNs: (objects) => objects * 2e6,
  };
  const encrypted = took(kms);
  // 1000 B: 2 us to write, 1.5 us to read; the object is read twice, by the watch and by the GET.
  const more = encrypted.map((ns, i) => ns - plain[i]);
  assert.ok(Math.abs(more[0] - 3.002e6) < 0.2e6, `create ${more[0]} ns`);
  assert.ok(Math.abs(more[1] - 2.0015e6) < 0.2e6, `get ${more[1]} ns`);
  assert.ok(Math.abs(more[2] - 5000) < 1, `CPU ${more[2]} ns`);
});

test('events live in an etcd of their own and share leases', () => {
  const bed = openStorage({ eventsEtcd: true, horizon: 8_000_000 });
  const ids = uids();
  const events = bed.storages[0].of('events');
  assert.equal(events.cacher, null);
  bed.to(1000);
  const answers = Array.from({ length: 30 }, (_, i) => {
    const answer = new Answer();
    const event = { ...configMap(ids, `a/e${i}`), resource: 'events' as const };
    bed.at(1000 + 10 * (i + 1), () =>
      events.create(event, { ...ANY, ttlNs: 3_600e9 }, answer.done),
    );
    return answer;
  });
  bed.to(2000);
  assert.deepEqual([...new Set(answers.map((a) => a.code))], ['ok']);
  assert.equal(bed.events?.shared.leases.live, 1);
  assert.equal(bed.etcd.shared.leases.live, 0);
  assert.equal(bed.store.countOf('events'), 30);
  // 1 h and a minute on.
  bed.to(3_680_000);
  assert.equal(bed.store.countOf('events'), 0);
});

test('copies are charged and counted each', () => {
  const bed = openStorage();
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  const before = bed.etcd.shared.keys.revision;
  const created = new Answer();
  maps.create(configMap(ids, 'a/many'), { ...FOREVER, members: 50 }, created.done);
  bed.to(1500);
  assert.equal(created.code, 'ok');
  assert.equal(bed.etcd.shared.keys.revision, before + 50);
  assert.equal(bed.store.countOf('configmaps'), 50);
});

test('a call whose deadline passes says so', () => {
  const bed = openStorage({ members: 3 });
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  for (const index of [1, 2]) bed.etcd.kill(index, false);
  const answer = new Answer();
  const deadlineNs = 3_000e6;
  maps.create(configMap(ids, 'a/late'), { ...FOREVER, deadlineNs }, answer.done);
  bed.to(2999);
  assert.equal(answer.code, 'none');
  bed.to(3001);
  assert.equal(answer.code, 'timeout');
});

test.run();
