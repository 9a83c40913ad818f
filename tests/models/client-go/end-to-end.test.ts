import assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  ApiServers,
  apiServerConstants,
  etcdStorage,
  ObjectStore,
  storageConstants,
} from '../../../models/apiserver/index.ts';
import { ClientLibrary, clientGoConstants, isSuccess } from '../../../models/client-go/index.ts';
import { EtcdCluster, etcdConstants } from '../../../models/etcd/index.ts';
import { Host, machineConstants } from '../../../models/machine/index.ts';
import { Network, networkConstants } from '../../../models/network/index.ts';
import {
  type KubeObject,
  metaOf,
  silentObserver,
  Uids,
  withMeta,
} from '../../../models/objects/index.ts';
import { Constants, Simulation } from '../../../src/core/index.ts';
import { Metrics } from '../../../src/metrics/index.ts';
import type { ApiServerScenario } from '../../../src/scenario/types.ts';
import { apiServerDefaults } from '../../support/api-servers.ts';
import { ADMIN } from '../../support/fake-cluster.ts';
import { clusterScenario } from '../../support/scenario.ts';

const test = suite('clients over API servers and etcd');
const S = 1e9;

function cluster(version: string, seed: string, changes: Partial<ApiServerScenario> = {}) {
  const horizonNs = 3600 * S;
  const sim = new Simulation({ seed, horizonNs });
  const metrics = new Metrics({ warmupNs: 0, horizonNs, cutsNs: [], seriesIntervalNs: 0 });
  const constants = new Constants([
    ...machineConstants,
    ...networkConstants,
    ...etcdConstants,
    ...storageConstants,
    ...apiServerConstants,
    ...clientGoConstants,
  ]);
  const ctx = { sim, metrics, constants };
  const etcdScenario = clusterScenario({ members: 3, fsync: 2, clientRtt: 0.5, peerRtt: 0.5 });
  const [pattern] = etcdScenario.hosts;
  const names = ['cp-0', 'cp-1', 'agent'];
  const hosts = new Map<string, Host>();
  for (const h of etcdScenario.hosts) hosts.set(h.name, new Host(ctx, h.name, h));
  for (const name of names) hosts.set(name, new Host(ctx, name, { ...pattern, name, disks: [] }));
  const nodes = [...hosts.keys()].map((name) => ({ name, zone: '' }));
  const network = new Network(ctx, etcdScenario.network, nodes);
  const etcd = new EtcdCluster(ctx, etcdScenario, hosts, network);
  const store = new ObjectStore(etcd, null);
  const uids = new Uids();
  const [replica] = apiServerDefaults.replicas;
  const replicas = [0, 1].map((i) => ({
    ...replica,
    name: `kube-apiserver/${i}`,
    host: `cp-${i}`,
  }));
  const scenario = { ...apiServerDefaults, replicas, ...changes };
  const servers = new ApiServers(ctx, scenario, {
    hosts,
    uids,
    observer: silentObserver,
    version,
    createStorage: etcdStorage({ store, networkHostOf: (_, host) => host }),
  });
  const preloaded: KubeObject[] = [];
  const library = new ClientLibrary(ctx, {
    network,
    hosts,
    endpoints: servers.replicas,
    loadBalancer: { kind: 'loadBalancer', healthIntervalNs: 10 * S, healthThreshold: 3 },
    version,
    uids,
    preloaded: (resource) => ({
      items: preloaded.filter((o) => o.resource === resource),
      resourceVersion: etcd.shared.keys.revision,
    }),
  });
  const preload = (objects: readonly KubeObject[]) => {
    for (const object of objects) store.preload(object);
    preloaded.push(...objects);
  };
  const start = () => {
    etcd.start();
    servers.start();
  };
  return { sim, metrics, hosts, network, etcd, servers, library, uids, preload, start };
}

type Cluster = ReturnType<typeof cluster>;

function options(name: string, host = 'agent') {
  const limits = { qps: Infinity, burst: 1, timeoutNs: Infinity };
  return { name, user: ADMIN, networkHost: host, servers: ['loadBalancer'], ...limits };
}

function configMap(c: Cluster, name: string): KubeObject {
  const labels = { turn: '0' };
  const meta = metaOf(c.uids, c.sim.nowNs, { name, namespace: 'default', labels });
  return { resource: 'configmaps', meta, bytes: 1000, resourceVersion: 0 };
}

function until(c: Cluster, timeNs: number): void {
  let reached = false;
  const type = c.sim.eventType('test/until', () => {
    reached = true;
  });
  c.sim.scheduleAt(timeNs, type);
  while (!reached) c.sim.advance(1);
}

/** 20 writes a second: creates, changes and deletes of 40 names. */
function write(c: Cluster, untilNs: number): { done: number; failed: number } {
  const client = c.library.client(options('writer/0'));
  const counts = { done: 0, failed: 0 };
  let turn = 0;
  const type = c.sim.eventType('test/write', () => {
    // Each name has each kind of write in turn.
    const name = `n${(turn * 7 + Math.floor(turn / 40)) % 40}`;
    const path = `default/${name}`;
    const labels = { turn: `${turn++}` };
    const resource = 'configmaps' as const;
    const call =
      turn % 5 === 0
        ? ({ verb: 'delete', resource, path } as const)
        : turn % 5 === 1
          ? ({ verb: 'create', resource, path, object: configMap(c, name) } as const)
          : ({
              verb: 'patch',
              resource,
              path,
              mutate: (o: KubeObject) => withMeta(o, { labels }),
            } as const);
    client.call(call, (result) => {
      if (isSuccess(result)) counts.done++;
      else if (result.code !== 404 && result.code !== 409) counts.failed++;
    });
    if (c.sim.nowNs < untilNs) c.sim.schedule(S / 20, type);
  });
  c.sim.schedule(0, type);
  return counts;
}

function views(c: Cluster, preloaded: boolean, name: string) {
  const process = c.library.process(c.hosts.get('agent')!, {
    name,
    cpuWeight: 100,
    cpuQuotaCores: Infinity,
    memoryLimitBytes: Infinity,
    supervisor: 'systemd',
  });
  const factory = c.library.informers(c.library.client(options(name), process), process);
  const informer = factory.informer('configmaps');
  factory.start(preloaded);
  return { informer, factory, process };
}

for (const version of ['1.34', '1.36']) {
  test(`informers of ${version} end with what is stored, though servers are killed and shut down`, () => {
    const c = cluster(version, `e2e ${version}`);
    c.preload(Array.from({ length: 50 }, (_, i) => configMap(c, `n${i}`)));
    c.start();
    const early = [0, 1, 2, 3].map((i) => views(c, true, `early/${i}`));
    for (const { informer } of early) assert.equal(informer.size, 50);
    const counts = write(c, 90 * S);
    until(c, 5 * S);
    const late = [0, 1].map((i) => views(c, false, `late/${i}`));
    until(c, 20 * S);
    c.servers.replicas[0].kill();
    until(c, 50 * S);
    c.servers.replicas[1].shutdown();
    until(c, 70 * S);
    late[0].process.crash();
    late[0].process.onStart(() => late[0].factory.start(false));
    until(c, 150 * S);
    assert.ok(counts.done > 500, `${counts.done} writes`);
    let stored: readonly KubeObject[] | null = null;
    c.library
      .client(options('reader/0'))
      .call(
        { verb: 'list', resource: 'configmaps', consistency: 'consistent', wantItems: true },
        (r) => {
          stored = r.items;
        },
      );
    until(c, 160 * S);
    const key = (o: KubeObject) => `${o.meta.path}@${o.resourceVersion}`;
    const expected = (stored ?? []).map(key).sort();
    assert.ok(expected.length > 20);
    for (const { informer } of [...early, ...late]) {
      assert.ok(informer.hasSynced);
      assert.deepEqual([...informer.values()].map(key).sort(), expected);
    }
  });
}

test('informers of a server whose machine stands still are with the other one within a minute', () => {
  const c = cluster('1.35', 'frozen');
  c.preload([configMap(c, 'n0')]);
  c.start();
  const all = Array.from({ length: 8 }, (_, i) => views(c, true, `agent/${i}`));
  const counts = write(c, 200 * S);
  until(c, 20 * S);
  c.hosts.get('cp-0')!.pause();
  const seen = () => all.map(({ informer }) => informer.resourceVersion);
  const newest = () => Math.max(...seen());
  until(c, 60 * S);
  const stale = seen().filter((version) => version < newest() - 100);
  assert.ok(stale.length > 0 && stale.length < 8, `${seen()}`);
  // 45 s until the ping has failed, then a dial to the other one, or first to the frozen one again.
  until(c, 95 * S);
  for (const version of seen()) assert.ok(version > newest() - 20, `${seen()}`);
  assert.ok(counts.done > 500);
});

test('with nothing failing no write fails, and what informers are told is what was written', () => {
  const c = cluster('1.35', 'calm');
  c.preload([configMap(c, 'n0')]);
  c.start();
  const { informer } = views(c, true, 'agent/0');
  let told = 0;
  informer.addHandlers({ onAdd: () => told++, onUpdate: () => told++, onDelete: () => told++ });
  const counts = write(c, 30 * S);
  until(c, 40 * S);
  assert.equal(counts.failed, 0);
  assert.equal(told, counts.done);
});

test.run();
