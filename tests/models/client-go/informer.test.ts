import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import type { KubeObject, LabelSelector } from '../../../models/objects/index.ts';
import { matches, metaOf, selectorOf, withMeta } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const test = suite('informers');
const MS = 1e6;
const S = 1e9;

function configMap(c: FakeCluster, name: string, color = 'red') {
  const labels = { color };
  const meta = metaOf(c.uids, c.sim.nowNs, { name, namespace: 'd', labels });
  return { resource: 'configmaps' as const, meta, bytes: 1000, resourceVersion: 0, data: {} };
}

function informed(c: FakeCluster, labelSelector?: LabelSelector) {
  const process = c.process('agent/0');
  const client = c.library.client(c.clientOptions('agent/0'), process);
  const factory = c.library.informers(client, process);
  const informer = factory.informer('configmaps', { labelSelector });
  const log: string[] = [];
  informer.addHandlers({
    onAdd: (o) => log.push(`add ${o.meta.name}`),
    onUpdate: (o) => log.push(`update ${o.meta.name}`),
    onDelete: (o) => log.push(`delete ${o.meta.name}`),
  });
  return { process, factory, informer, log, client };
}

/** Paths to versions of what the server had at each revision. */
class History {
  readonly #views: { readonly revision: number; readonly view: Map<string, KubeObject> }[] = [];

  note(c: FakeCluster): void {
    const view = new Map(c.store.all('configmaps').map((o) => [o.meta.path, o]));
    this.#views.push({ revision: c.store.revision, view });
  }

  at(revision: number): Map<string, KubeObject> {
    const found = this.#views.findLast((entry) => entry.revision <= revision);
    return found?.view ?? new Map();
  }
}

interface Step {
  readonly kind: 'create' | 'update' | 'delete' | 'crash' | 'compact' | 'end' | 'cut' | 'bookmark';
  readonly name: number;
  readonly afterMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('create' as const, 'update' as const) },
    { weight: 3, arbitrary: fc.constant('delete' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('crash' as const, 'compact', 'end', 'cut', 'bookmark'),
    },
  ),
  name: fc.nat(6),
  afterMs: fc.oneof(fc.nat(3), fc.nat(2000), fc.nat(60_000)),
});

function act(c: FakeCluster, { kind, name }: Step): void {
  const path = `d/${name}`;
  const color = ['red', 'blue'][(c.store.revision + name) % 2];
  switch (kind) {
    case 'create':
      c.endpoint.now({
        verb: 'create',
        resource: 'configmaps',
        object: configMap(c, `${name}`, color),
      });
      break;
    case 'update':
      c.endpoint.now({
        verb: 'patch',
        resource: 'configmaps',
        path,
        mutate: (o) => withMeta(o, { labels: { color } }),
      });
      break;
    case 'delete':
      c.endpoint.now({ verb: 'delete', resource: 'configmaps', path });
      break;
    case 'crash':
      c.endpoint.crash();
      c.at(c.sim.nowNs + 2 * S, () => c.endpoint.restart());
      break;
    case 'compact':
      c.store.compact();
      break;
    case 'end':
      c.endpoint.endWatches();
      break;
    case 'bookmark':
      c.store.bookmark();
      break;
    case 'cut': {
      const [a, b] = [c.network.host('control-plane'), c.network.host('kube-apiserver/0')];
      const id = c.network.partition([a], [b], { mode: 'blackhole' });
      c.at(c.sim.nowNs + 1 + name * 10 * S, () => c.network.heal(id));
    }
  }
}

test('an informer shows what the server had at its resourceVersion, and in the end all of it', () => {
  const versions = fc.constantFrom('1.34', '1.35');
  const steps = fc.array(step, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(steps, versions, fc.boolean(), (steps, version, selects) => {
      const c = fakeCluster({ version, horizonNs: 100 * 3600 * S });
      const selector = selects ? selectorOf({ color: 'red' }) : undefined;
      const { factory, informer } = informed(c, selector);
      const history = new History();
      c.store.preload([configMap(c, '0'), configMap(c, '1', 'blue')]);
      history.note(c);
      const check = () => {
        if (!informer.hasSynced) return;
        const expected = [...history.at(informer.resourceVersion).values()].filter(
          (o) => selector === undefined || matches(selector, o.meta.labels),
        );
        assert.equal(informer.size, expected.length);
        for (const object of expected) assert.equal(informer.get(object.meta.path), object);
      };
      informer.addHandlers({});
      factory.start(false);
      let atNs = 0;
      for (const s of steps) {
        atNs += s.afterMs * MS;
        c.run(atNs);
        check();
        act(c, s);
        history.note(c);
      }
      // Longer than any back-off, cut and ping.
      for (let i = 0; i < 30; i++) {
        c.run(atNs + i * 10 * S);
        check();
      }
      assert.ok(informer.hasSynced);
      const all = c.store.all('configmaps');
      const last = all.filter((o) => selector === undefined || matches(selector, o.meta.labels));
      assert.deepEqual(
        [...informer.values()].map((o) => o.resourceVersion).sort((a, b) => a - b),
        last.map((o) => o.resourceVersion).sort((a, b) => a - b),
      );
    }),
    { numRuns: 150 },
  );
});

test('handlers are told of what differs after a new list, and of nothing else', () => {
  const c = fakeCluster();
  const { factory, log } = informed(c);
  c.store.preload([configMap(c, 'kept'), configMap(c, 'gone'), configMap(c, 'changed')]);
  factory.start(false);
  c.run(S);
  c.endpoint.crash();
  c.endpoint.now({ verb: 'delete', resource: 'configmaps', path: 'd/gone' });
  c.endpoint.now({
    verb: 'patch',
    resource: 'configmaps',
    path: 'd/changed',
    mutate: (o) => withMeta(o, { labels: {} }),
  });
  c.endpoint.now({ verb: 'create', resource: 'configmaps', object: configMap(c, 'new') });
  c.store.compact();
  c.endpoint.restart();
  c.run(10 * S);
  assert.deepEqual(log, [
    'add kept',
    'add gone',
    'add changed',
    'update changed',
    'add new',
    'delete gone',
  ]);
});

test('410 makes it list again, not older than before; a refused watch is only watched again', () => {
  const c = fakeCluster();
  const { factory } = informed(c);
  c.store.preload([configMap(c, 'a')]);
  factory.start(false);
  // A watch of less than a second without an event would count as failed.
  c.run(2 * S);
  c.endpoint.crash();
  c.at(20 * S, () => c.endpoint.restart());
  c.run(60 * S);
  const kinds = () => c.endpoint.calls.map((call) => `${call.verb} ${call.consistency ?? ''}`);
  assert.deepEqual(kinds(), ['list any', 'watch ', 'watch ']);
  c.endpoint.now({ verb: 'delete', resource: 'configmaps', path: 'd/a' });
  c.run(61 * S);
  c.endpoint.crash();
  c.endpoint.now({ verb: 'create', resource: 'configmaps', object: configMap(c, 'b') });
  c.store.compact();
  c.endpoint.restart();
  c.run(120 * S);
  assert.deepEqual(kinds().slice(3), ['watch ', 'list notOlderThan', 'watch ']);
});

test('back-off doubles from 0.8 s to 30 s with up to as much jitter, and is forgotten', () => {
  const c = fakeCluster();
  const { factory } = informed(c);
  const times: number[] = [];
  c.endpoint.intercept = () => {
    times.push(c.sim.nowNs);
    return status(500, 'InternalError');
  };
  factory.start(false);
  c.run(400 * S);
  let baseNs = 800 * MS;
  for (let i = 1; i < Math.min(9, times.length); i++) {
    const gapNs = times[i] - times[i - 1];
    assert.ok(gapNs >= baseNs && gapNs <= 2 * baseNs + 10 * MS, `${i}: ${gapNs} for ${baseNs}`);
    baseNs = Math.min(30 * S, 2 * baseNs);
  }
  assert.ok(times.length >= 9);
});

test('a streamed list brings what a list does, and goes on as a watch', () => {
  const c = fakeCluster({ version: '1.35' });
  const { factory, informer } = informed(c);
  c.store.preload([configMap(c, 'a'), configMap(c, 'b')]);
  factory.start(false);
  c.run(S);
  assert.equal(informer.size, 2);
  assert.ok(informer.hasSynced);
  c.endpoint.now({ verb: 'delete', resource: 'configmaps', path: 'd/a' });
  c.run(2 * S);
  assert.equal(informer.size, 1);
  assert.deepEqual(
    c.endpoint.calls.map((call) => [call.verb, call.sendInitialEvents]),
    [['watch', true]],
  );
});

test('watches end at the server after 5 to 10 minutes, and are opened again at once', () => {
  const c = fakeCluster();
  const { factory } = informed(c);
  factory.start(false);
  c.run(S);
  for (let i = 0; i < 50; i++) {
    c.run((i + 2) * 2 * S);
    c.endpoint.endWatches();
  }
  c.run(200 * S);
  const timeouts = c.endpoint.calls.flatMap((call) => call.timeoutNs ?? []);
  assert.equal(timeouts.length, 51);
  for (const ns of timeouts) assert.ok(ns >= 300 * S && ns <= 600 * S);
  const mean = timeouts.reduce((a, b) => a + b, 0) / timeouts.length / S;
  assert.ok(Math.abs(mean - 450) < 4 * (300 / Math.sqrt(12 * 51)), `${mean}`);
});

test('members of a cohort watch anew each at its own time, never all at once', () => {
  const c = fakeCluster();
  const client = c.library.client(c.clientOptions('kube-proxy/0', { qps: 1, burst: 1 }));
  const factory = c.library.informers(client, null);
  factory.informer('services', { members: 900 });
  factory.start(true);
  c.run(1000 * S);
  const members = c.endpoint.calls.map((call) => call.members);
  assert.equal(members[0], 900);
  assert.ok(members.slice(1).every((count) => count === 1));
  // 900 watches of 450 s on average: 2 a second, evenly but for the draw.
  assert.ok(Math.abs(members.length - 2000) < 40, `${members.length}`);
  assert.equal(c.endpoint.watches.size, 1);
});

test('one that starts preloaded is synced at once, charges nobody, and misses nothing', () => {
  const c = fakeCluster();
  const { factory, informer, process } = informed(c);
  c.store.preload([configMap(c, 'a')]);
  factory.start(true);
  assert.ok(informer.hasSynced && factory.hasSynced);
  assert.equal(process.usedNs, 0);
  c.endpoint.now({ verb: 'create', resource: 'configmaps', object: configMap(c, 'b') });
  c.run(S);
  assert.equal(informer.size, 2);
  assert.equal(c.endpoint.calls.length, 1);
  assert.equal(c.endpoint.requests[0].preloaded, false, 'it is an ordinary watch by now');
});

test('decoding is one job after another: events wait for the cores of their component', () => {
  const c = fakeCluster({ overrides: { 'clientGo.eventNs': 60_000, 'clientGo.decodeByteNs': 12 } });
  const { factory, process } = informed(c);
  factory.start(false);
  c.run(S);
  const before = process.usedNs;
  const done: number[] = [];
  const informer = factory.informer('configmaps');
  informer.addHandlers({ onAdd: () => done.push(c.sim.nowNs) });
  for (let i = 0; i < 100; i++) {
    c.endpoint.now({ verb: 'create', resource: 'configmaps', object: configMap(c, `x${i}`) });
  }
  c.run(2 * S);
  const eventNs = 60_000 + 12 * 1000;
  assert.equal(process.usedNs - before, 100 * eventNs);
  assert.equal(done[0], S + 0.5 * MS + eventNs);
  assert.equal(done[99], S + 0.5 * MS + 100 * eventNs);
});

test('an index follows its objects', () => {
  const c = fakeCluster();
  const { factory, informer } = informed(c);
  informer.addIndex('color', (o) => o.meta.labels.color ?? '');
  factory.start(false);
  c.run(S);
  for (const name of ['a', 'b', 'c']) {
    c.endpoint.now({ verb: 'create', resource: 'configmaps', object: configMap(c, name) });
  }
  const recolor = (path: string, color: string) =>
    c.endpoint.now({
      verb: 'patch',
      resource: 'configmaps',
      path,
      mutate: (o) => withMeta(o, { labels: { color } }),
    });
  recolor('d/b', 'blue');
  c.endpoint.now({ verb: 'delete', resource: 'configmaps', path: 'd/c' });
  c.run(2 * S);
  const names = (key: string) => [...informer.byIndex('color', key)].map((o) => o.meta.name);
  assert.deepEqual([names('red'), names('blue'), names('green')], [['a'], ['b'], []]);
});

test('after a crash of its process it begins with nothing, and syncs again', () => {
  const c = fakeCluster();
  const { factory, informer, process, log } = informed(c);
  c.store.preload([configMap(c, 'a')]);
  let synced = 0;
  factory.onSynced(() => synced++);
  process.onStart(() => factory.start(false));
  factory.start(false);
  c.run(S);
  process.crash();
  assert.equal(informer.size, 0);
  c.run(10 * S);
  assert.equal(informer.size, 1);
  assert.equal(synced, 2);
  assert.deepEqual(log, ['add a', 'add a']);
});

test('lists are read in pages of 500 after the server has forgotten the version', () => {
  const c = fakeCluster();
  const { factory, informer } = informed(c);
  c.store.preload(Array.from({ length: 1200 }, (_, i) => configMap(c, `n${i}`)));
  let refusals = 1;
  c.endpoint.intercept = (r) =>
    r.call.verb === 'list' && refusals-- > 0 ? status(410, 'Expired') : null;
  factory.start(false);
  c.run(10 * S);
  assert.equal(informer.size, 1200);
  const lists = c.endpoint.calls.filter((call) => call.verb === 'list');
  assert.deepEqual(
    lists.map((call) => [call.consistency, call.limit, call.continueAt]),
    [
      ['any', undefined, undefined],
      ['consistent', 500, undefined],
      ['exact', 500, 500],
      ['exact', 500, 1000],
    ],
  );
});

test('a version that the server has not reached yet is as good as one that it has forgotten', () => {
  const c = fakeCluster();
  const { factory, informer } = informed(c);
  c.store.preload([configMap(c, 'a')]);
  let refusals = 1;
  c.endpoint.intercept = (r) =>
    r.call.verb === 'list' && refusals-- > 0 ? status(504, 'ResourceVersionTooLarge') : null;
  factory.start(false);
  c.run(10 * S);
  assert.equal(informer.size, 1);
  const lists = c.endpoint.calls.filter((call) => call.verb === 'list');
  assert.deepEqual(
    lists.map((call) => call.consistency),
    ['any', 'consistent'],
  );
});

test.run();
