/** Watch caches against a plain log of what was stored, through selectors, restarts and faults. */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import type { KubeObject } from '../../../models/objects/index.ts';
import { matches, selectorOf } from '../../../models/objects/index.ts';
import { ObjectLog, textOf } from '../../oracles/object-log.ts';
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

const test = suite('apiserver/cacher');
const FOREVER = { ...ANY, ttlNs: 0 };
const RED = selectorOf({ color: 'red' });

const touch = (current: KubeObject): KubeObject => ({ ...current, resourceVersion: 0 });

/** What a sink was told, bookmarks apart. */
function told(sink: TestSink): { type: string; path: string; revision: number; text: string }[] {
  return sink.events
    .filter((e) => e.object !== null)
    .map((e) => {
      const object = e.object as KubeObject;
      return {
        type: e.type,
        path: object.meta.path,
        revision: e.resourceVersion,
        text: textOf(object),
      };
    });
}

interface Step {
  readonly gap: number;
  readonly replica: number;
  readonly action: 'create' | 'paint' | 'delete' | 'watch' | 'kill-member' | 'restart';
  readonly name: number;
  readonly color: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  gap: fc.integer({ min: 0, max: 60 }),
  replica: fc.integer({ min: 0, max: 1 }),
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constant('create' as const) },
    { weight: 8, arbitrary: fc.constant('paint' as const) },
    { weight: 4, arbitrary: fc.constant('delete' as const) },
    { weight: 3, arbitrary: fc.constant('watch' as const) },
    { weight: 1, arbitrary: fc.constant('kill-member' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  name: fc.integer({ min: 0, max: 5 }),
  color: fc.constantFrom('red', 'blue'),
});

interface OpenWatch {
  readonly sink: TestSink;
  readonly answer: Answer;
  readonly revision: number;
  readonly namespace: string;
  readonly red: boolean;
  readonly replica: number;
  /** Its replica was killed: nothing more came. */
  isCut: boolean;
}

const inWatch = (watch: OpenWatch) => (object: KubeObject) =>
  (watch.namespace === '' || object.meta.namespace === watch.namespace) &&
  (!watch.red || matches(RED, object.meta.labels));

/** Every change as etcd applies it, whoever hears of it. */
function recordInto(log: ObjectLog, bed: StorageBed): void {
  const history = bed.etcd.shared.histories.ofGroup(bed.store.resource('configmaps').group);
  assert.ok(history !== null);
  const record = history.record.bind(history);
  history.record = (index, revision, events, bytes, plannedNs, detail) => {
    const object = (detail?.value ?? null) as KubeObject | null;
    const about = (object ?? detail?.previous) as KubeObject;
    log.add(revision, about.meta.path, object);
    record(index, revision, events, bytes, plannedNs, detail);
  };
}

/** Does one step; what it watches comes to the list. */
function act(bed: StorageBed, log: ObjectLog, watches: OpenWatch[], s: Step): void {
  const maps = bed.storages[s.replica].of('configmaps');
  const path = `${s.name % 2 === 0 ? 'a' : 'b'}/m${s.name}`;
  const ids = act.ids;
  switch (s.action) {
    case 'create':
      maps.create(configMap(ids, path, {}, { color: s.color }), FOREVER, new Answer().done);
      return;
    case 'paint': {
      const paint = (current: KubeObject): KubeObject => ({
        ...current,
        resourceVersion: 0,
        meta: {
          ...current.meta,
          labels: { color: s.color },
          generation: current.meta.generation + 1,
        },
      });
      maps.update(path, NO_CONDITIONS, paint, ANY, new Answer().done);
      return;
    }
    case 'delete':
      maps.delete(path, NO_CONDITIONS, null, ANY, new Answer().done);
      return;
    case 'watch': {
      const revision = Math.max(1, log.last - s.name);
      const watch = {
        sink: new TestSink(),
        answer: new Answer(),
        revision,
        namespace: s.name % 3 === 0 ? 'a' : '',
        red: s.color === 'red',
        replica: s.replica,
        isCut: false,
      };
      watches.push(watch);
      const labelSelector = watch.red ? RED : null;
      const { namespace } = watch;
      const options = { resourceVersion: revision, namespace, labelSelector };
      maps.watch(watchOptions(watch.sink, options), watch.answer.accepted);
      return;
    }
    case 'kill-member':
      bed.etcd.restart(s.name % 3, false);
      return;
    default:
      bed.kill(s.replica);
      for (const watch of watches) if (watch.replica === s.replica) watch.isCut = true;
      bed.restart(s.replica);
  }
}
act.ids = uids();

test('every watch is told what a replay of the log tells, and every cache is its end', () => {
  const property = fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
    const bed = openStorage({ replicas: 2, members: 3, clientRtt: 0.2 });
    const log = new ObjectLog();
    const watches: OpenWatch[] = [];
    recordInto(log, bed);
    bed.to(1000);
    for (const s of steps) {
      act(bed, log, watches, s);
      bed.to(bed.now() + s.gap);
    }
    bed.to(bed.now() + 20_000);
    const { contents } = bed.etcd.shared;
    const { group } = bed.store.resource('configmaps');
    const stored = (contents.valuesOf(group) as KubeObject[]).map((o) => [o.meta.path, textOf(o)]);
    for (const storage of bed.storages) {
      const cacher = storage.of('configmaps').cacher;
      assert.equal(cacher?.isReady, true);
      const cached = [...(cacher?.values() ?? [])].map((o) => [o.meta.path, textOf(o)]);
      assert.deepEqual(cached.sort(), stored.sort());
    }
    assert.deepEqual(
      [...log.stateAt(Infinity).values()].map((o) => [o.meta.path, textOf(o)]).sort(),
      stored.sort(),
    );
    for (const watch of watches) {
      if (watch.answer.code !== 'ok') continue;
      const expected = log.eventsAfter(watch.revision, Infinity, inWatch(watch));
      const seen = told(watch.sink);
      assert.deepEqual(seen, watch.isCut ? expected.slice(0, seen.length) : expected);
    }
  });
  fc.assert(property, { numRuns: 30 });
});

test('a watch survives the death of the member that feeds the cache: nothing lost or twice', () => {
  const bed = openStorage({ members: 3, horizon: 120_000 });
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  const log = new ObjectLog();
  const sink = new TestSink();
  bed.to(1000);
  maps.create(configMap(ids, 'a/one'), FOREVER, (r) =>
    log.add(r.resourceVersion, 'a/one', r.object),
  );
  bed.to(1100);
  maps.watch(watchOptions(sink, { resourceVersion: 1 }), new Answer().accepted);
  let failed = 0;
  for (let i = 0; i < 200; i++) {
    bed.at(1200 + i * 100, () =>
      maps.update('a/one', NO_CONDITIONS, touch, ANY, (r) => {
        if (r.code === 'ok') log.add(r.resourceVersion, 'a/one', r.object);
        else failed++;
      }),
    );
  }
  for (const [i, at] of [3000, 9000, 15_000].entries()) bed.at(at, () => bed.etcd.restart(i, true));
  bed.to(60_000);
  const revisions = told(sink).map((e) => e.revision);
  assert.deepEqual(
    revisions,
    [...new Set(revisions)].sort((a, b) => a - b),
  );
  // Every write that was acknowledged was seen; of the others some may have happened.
  const expected = log.eventsAfter(1, Infinity, () => true).map((e) => e.revision);
  assert.deepEqual(
    expected.filter((r) => !revisions.includes(r)),
    [],
  );
  assert.ok(revisions.length - expected.length <= failed);
  assert.equal(sink.ended, '');
});

test('a resourceVersion from before the ring is expired, one from it resumes', () => {
  const bed = openStorage({ horizon: 200_000, compaction: 0 });
  const ids = uids();
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  const before = bed.etcd.shared.keys.revision;
  maps.create(configMap(ids, 'a/one'), FOREVER, new Answer().done);
  // 100 places; older than 75 s when the ring is full, so it does not grow.
  for (let i = 0; i < 150; i++) {
    bed.at(2000 + i * 1000, () =>
      maps.update('a/one', NO_CONDITIONS, touch, ANY, new Answer().done),
    );
  }
  bed.to(160_000);
  const [old, recent] = [new Answer(), new Answer()];
  const sink = new TestSink();
  const now = bed.etcd.shared.keys.revision;
  const oldSink = new TestSink();
  maps.watch(watchOptions(oldSink, { resourceVersion: before + 10 }), old.accepted);
  maps.watch(watchOptions(sink, { resourceVersion: now - 50 }), recent.accepted);
  bed.to(161_000);
  assert.equal(old.code, 'expired');
  assert.equal(recent.code, 'ok');
  assert.equal(sink.events.length, 50);
});

test('a server that starts anew refuses watches until it has listed, then is ready', () => {
  const ids = uids();
  const preload = Array.from({ length: 25_000 }, (_, i) => configMap(ids, `a/m${i}`));
  const bed = openStorage({ preload, preloaded: false });
  const maps = bed.storages[0].of('configmaps');
  const [early, late] = [new Answer(), new Answer()];
  bed.to(20);
  maps.watch(watchOptions(new TestSink()), early.accepted);
  bed.to(30);
  assert.equal(early.code, 'notReady');
  assert.equal(early.watched?.retryAfterS, 1);
  assert.equal(bed.storages[0].isReady, false);
  bed.to(2000);
  assert.equal(bed.storages[0].isReady, true);
  assert.equal(maps.cacher?.size, 25_000);
  maps.watch(watchOptions(new TestSink(), { resourceVersion: 10 }), late.accepted);
  bed.to(2100);
  // History begins with the list.
  assert.equal(late.code, 'expired');
});

test('a WatchList sends the state, the bookmark that ends it, then changes', () => {
  const ids = uids();
  const preload = Array.from({ length: 300 }, (_, i) => configMap(ids, `a/m${i}`));
  const bed = openStorage({ preload });
  const maps = bed.storages[0].of('configmaps');
  const sink = new TestSink();
  bed.to(1000);
  const created = new Answer();
  maps.create(configMap(ids, 'a/new'), FOREVER, created.done);
  bed.to(1100);
  const options = { sendInitialEvents: true, consistency: 'consistent', allowBookmarks: true };
  maps.watch(
    watchOptions(sink, options as Partial<typeof options> as object),
    new Answer().accepted,
  );
  bed.to(2000);
  assert.equal(sink.events.length, 302);
  assert.ok(sink.events.slice(0, 301).every((e) => e.type === 'ADDED'));
  assert.equal(sink.events[301].type, 'BOOKMARK');
  assert.equal(sink.events[301].initialEventsEnd, true);
  assert.equal(sink.events[301].resourceVersion, created.result?.resourceVersion);
  maps.update('a/m3', NO_CONDITIONS, touch, ANY, new Answer().done);
  bed.to(2100);
  assert.equal(sink.events[302].type, 'MODIFIED');
  // A minute after the watch began.
  bed.to(63_000);
  assert.equal(sink.events[303].type, 'BOOKMARK');
});

test('a consistent list waits for the cache, with progress of etcd where nothing changes', () => {
  const ids = uids();
  const bed = openStorage({ preload: [configMap(ids, 'a/one')] });
  const maps = bed.storages[0].of('configmaps');
  const secrets = bed.storages[0].of('secrets');
  bed.to(1000);
  const created = new Answer();
  secrets.create({ ...configMap(ids, 'a/s'), resource: 'secrets' }, FOREVER, created.done);
  bed.to(1050);
  const answer = new Answer();
  const startMs = bed.now();
  let tookMs = 0;
  maps.list(listOptions(), (r) => {
    answer.done(r);
    tookMs = bed.now() - startMs;
  });
  bed.to(2000);
  assert.equal(answer.code, 'ok');
  assert.equal(answer.result?.fromCache, true);
  assert.ok((answer.result?.resourceVersion ?? 0) >= (created.result?.resourceVersion ?? 0));
  // One tick of 100 ms, and the way to etcd and back.
  assert.ok(tookMs > 100 && tookMs < 115, `${tookMs} ms`);
});

test('a list without the cache keeping up falls back to etcd after 3 s', () => {
  const ids = uids();
  const bed = openStorage({ members: 3, preload: [configMap(ids, 'a/one')], stacked: true });
  const maps = bed.storages[0].of('configmaps');
  bed.to(1000);
  // The feed's stream hangs: requests of progress and events do not reach the cache.
  maps.cacher?.stop();
  const stuck = maps.cacher;
  if (stuck !== null) stuck.isReady = true;
  const secrets = bed.storages[0].of('secrets');
  secrets.create({ ...configMap(ids, 'a/s'), resource: 'secrets' }, FOREVER, new Answer().done);
  bed.to(1100);
  const answer = new Answer();
  maps.list(listOptions(), answer.done);
  bed.to(4000);
  assert.equal(answer.code, 'none');
  bed.to(4300);
  assert.equal(answer.code, 'ok');
  assert.equal(answer.result?.fromCache, false);
  assert.equal(answer.result?.count, 1);
});

test('a watcher whose goroutine gets no CPU is ended, the others are not', () => {
  const ids = uids();
  const bed = openStorage({
    preload: [configMap(ids, 'a/one')],
    constants: { 'cacher.watcherNs': 16_000, 'cacher.dispatchWatcherNs': 0 },
  });
  const maps = bed.storages[0].of('configmaps');
  const slow = new TestSink();
  const fast = new TestSink();
  bed.to(1000);
  const resourceVersion = bed.etcd.shared.keys.revision;
  // A cohort so large that one event takes it seconds.
  maps.watch(watchOptions(slow, { resourceVersion, members: 2_000_000 }), new Answer().accepted);
  maps.watch(watchOptions(fast, { resourceVersion }), new Answer().accepted);
  bed.to(1500);
  for (let i = 0; i < 400; i++) {
    bed.at(1500 + i * 20, () => maps.update('a/one', NO_CONDITIONS, touch, ANY, new Answer().done));
  }
  bed.to(60_000);
  assert.equal(slow.ended, 'slow watcher');
  assert.equal(fast.ended, '');
  assert.equal(fast.events.length, 400);
});

test('a watch of a hundred members costs what a hundred watches cost, and encodes once', () => {
  const costOf = (watches: number, members: number): number => {
    const ids = uids();
    const bed = openStorage({ preload: [configMap(ids, 'a/one')], compaction: 0 });
    const maps = bed.storages[0].of('configmaps');
    bed.to(1000);
    const resourceVersion = bed.etcd.shared.keys.revision;
    const sinks = Array.from({ length: watches }, () => new TestSink());
    for (const sink of sinks)
      maps.watch(watchOptions(sink, { resourceVersion, members }), new Answer().accepted);
    bed.to(1200);
    const before = bed.cpuNs(0);
    maps.update('a/one', NO_CONDITIONS, touch, ANY, new Answer().done);
    bed.to(1900);
    assert.ok(sinks.every((s) => s.events.length === 1));
    return bed.cpuNs(0) - before;
  };
  const none = costOf(0, 1);
  const single = costOf(1, 1) - none;
  const hundred = costOf(100, 1) - none;
  const cohort = costOf(1, 100) - none;
  // Each: dispatch 350 ns, 16 us, 1040 B at 1.2 ns; once: 6 us + 1000 B at 2.2 ns.
  const eachNs = 350 + 16_000 + 1040 * 1.2;
  const onceNs = 6000 + 1000 * 2.2;
  assert.ok(Math.abs(single - (eachNs + onceNs)) < 1, `${single}`);
  assert.ok(Math.abs(hundred - (100 * eachNs + onceNs)) < 1, `${hundred}`);
  assert.ok(Math.abs(cohort - hundred) < 1, `${cohort}`);
});

test('without a leader for long every cache begins anew, and is ready when there is one', () => {
  const ids = uids();
  const bed = openStorage({ members: 3, preload: [configMap(ids, 'a/one')], horizon: 200_000 });
  const maps = bed.storages[0].of('configmaps');
  const sink = new TestSink();
  bed.to(1000);
  const resourceVersion = bed.etcd.shared.keys.revision;
  maps.watch(watchOptions(sink, { resourceVersion }), new Answer().accepted);
  bed.to(2000);
  for (const index of [1, 2]) bed.etcd.kill(index, false);
  bed.to(20_000);
  // The cache still answers what may be old.
  const answer = new Answer();
  maps.list(listOptions({ consistency: 'any' }), answer.done);
  bed.to(20_100);
  assert.equal(answer.code, 'ok');
  assert.equal(sink.ended, '');
  assert.equal(bed.storages[0].etcdHealthy, false);
  bed.to(60_000);
  assert.equal(sink.ended, 'watch cache began anew');
  assert.equal(maps.cacher?.isReady, false);
  for (const index of [1, 2]) bed.etcd.boot(index);
  bed.to(120_000);
  assert.equal(maps.cacher?.isReady, true);
  assert.equal(bed.storages[0].isReady, true);
});

test('reads that meet a cache which begins anew are answered by etcd', () => {
  const ids = uids();
  const bed = openStorage({ preload: [configMap(ids, 'a/one')] });
  const maps = bed.storages[0].of('configmaps');
  const { cacher } = maps;
  assert.ok(cacher !== null);
  bed.to(1000);
  const [got, listed] = [new Answer(), new Answer()];
  maps.get('a/one', { ...ANY, consistency: 'any', resourceVersion: 0 }, got.done);
  maps.list(listOptions(), listed.done);
  // As when its revision was compacted: between the call and its answer.
  cacher.onEnd();
  bed.to(1050);
  bed.to(5000);
  assert.deepEqual([got.code, listed.code], ['ok', 'ok']);
  assert.equal(got.result?.object?.meta.path, 'a/one');
  assert.equal(got.result?.fromCache, false);
  assert.equal(listed.result?.count, 1);
  assert.equal(cacher.isReady, true);
});

test('pods are fed to the watch of their node alone', () => {
  const ids = uids();
  const bed = openStorage();
  const pods = bed.storages[0].of('pods');
  bed.to(1000);
  const sinks = ['n1', 'n2'].map((value) => {
    const sink = new TestSink();
    const fieldSelector = { field: 'spec.nodeName', value } as const;
    pods.watch(watchOptions(sink, { resourceVersion: 1, fieldSelector }), new Answer().accepted);
    return sink;
  });
  bed.to(1100);
  const pod = { ...configMap(ids, 'a/pod'), resource: 'pods' as const, nodeName: '' };
  pods.create(pod, FOREVER, new Answer().done);
  bed.to(1200);
  const bind = (current: KubeObject): KubeObject => {
    return { ...current, resourceVersion: 0, nodeName: 'n2' } as KubeObject;
  };
  pods.update('a/pod', NO_CONDITIONS, bind, ANY, new Answer().done);
  bed.to(1300);
  pods.delete('a/pod', NO_CONDITIONS, null, ANY, new Answer().done);
  bed.to(1400);
  assert.deepEqual(
    sinks.map((s) => s.events.map((e) => e.type)),
    [[], ['ADDED', 'DELETED']],
  );
});

test.run();
