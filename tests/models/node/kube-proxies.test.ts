/** kube-proxy: what a sync costs, when it runs, and when an endpoint is programmed everywhere. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  firstPacketNs,
  nodeConstants,
  ProxyCosts,
  type ProxyMode,
} from '../../../models/node/index.ts';
import {
  type EndpointSlice,
  metaOf,
  type Service,
  selectorOf,
} from '../../../models/objects/index.ts';
import { Constants } from '../../../src/core/index.ts';
import { quantileOf } from '../../../src/metrics/index.ts';
import type { FakeCluster } from '../../support/fake-cluster.ts';
import { kubeProxy, nodeBed, nodeGroup } from './bed.ts';

const test = suite('node/kube-proxies');
const S = 1e9;
const MS = 1e6;
const costs = new ProxyCosts(new Constants(nodeConstants));

const ms = (mode: ProxyMode, services: number, endpoints: number, full: boolean) =>
  costs.syncNs(mode, { services, endpoints }, { services: 1, endpoints: 1 }, full) / MS;

// kubernetes#96018: 695,992 lines in 12.8 s. 87,000 services of one endpoint have 696,000.
test('A full restore of 696,000 lines takes as long as was published, a partial one much less.', () => {
  assert.ok(Math.abs(ms('iptables', 87_000, 87_000, true) - 12_800) < 300);
  assert.ok(ms('iptables', 87_000, 87_000, false) < 1500);
  assert.ok(ms('iptables', 10, 10, false) < 12);
});

// kubernetes#126013: 141 ms; kubernetes#135639: 133 s.
test('nftables lists its services, and writes all of a quarter of a million endpoints in minutes.', () => {
  assert.ok(Math.abs(ms('nftables', 10_000, 10_000, false) - 141) < 10);
  assert.ok(Math.abs(ms('nftables', 5006, 250_011, true) - 133_000) < 7000);
});

test('Only iptables makes a first packet dearer with the number of services.', () => {
  const constants = new Constants(nodeConstants);
  const cost = (mode: ProxyMode, services: number) => firstPacketNs(constants, mode, services);
  assert.equal(cost('ipvs', 10), cost('ipvs', 20_000));
  assert.equal(cost('nftables', 20_000), cost('ebpf', 10));
  // 20,000 services: 10,000 rules of 125 ns.
  assert.equal(cost('iptables', 20_000) - cost('iptables', 0), 1.25 * MS);
});

function service(c: FakeCluster, name: string): Service {
  return {
    resource: 'services',
    meta: metaOf(c.uids, c.sim.nowNs, { name, namespace: 'd' }),
    bytes: 1500,
    resourceVersion: 0,
    spec: { type: 'ClusterIP', selector: selectorOf({ app: name }), ports: 1, headless: false },
    status: { loadBalancerReady: false },
  };
}

function slice(c: FakeCluster, name: string, endpoints: number, triggerNs?: number): EndpointSlice {
  return {
    resource: 'endpointslices',
    meta: metaOf(c.uids, c.sim.nowNs, { name, namespace: 'd' }),
    bytes: 1000,
    resourceVersion: 0,
    service: `d/${name}`,
    endpoints: Array.from({ length: endpoints }, () => ({
      podUid: c.uids.next(),
      nodeName: 'workers-0',
      ready: true,
      terminating: false,
    })),
    triggerNs,
  };
}

function programming(count: number, changes: readonly number[], mode: ProxyMode = 'iptables') {
  const bed = nodeBed({
    horizonNs: 100 * S,
    groups: [nodeGroup({ count, kubeProxy: kubeProxy({ mode }) })],
    running: (c) => [service(c, 'a'), slice(c, 'a', 1)],
  });
  const { cluster } = bed;
  for (const atNs of changes) {
    cluster.at(atNs, () => {
      const object = slice(cluster, 'a', 1, atNs);
      cluster.endpoint.now({ verb: 'update', resource: 'endpointslices', path: 'd/a', object });
    });
  }
  cluster.run(99 * S);
  const result = cluster.metrics.finish(99 * S);
  const of = (name: string) => {
    const tally = result.tallies.find((t) => t.name === name);
    assert.ok(tally);
    return tally.perSegment[0];
  };
  return {
    bed,
    delay: of('kubeproxy_network_programming_duration_seconds'),
    sync: of('kubeproxy_sync_proxy_rules_duration_seconds'),
  };
}

// The watch 0.5 ms, then a sync of about 10 ms.
test('A single change is programmed on every node within a sync, and counted for each.', () => {
  const { delay, sync, bed } = programming(300, [50 * S]);
  assert.equal(delay.total, 300);
  assert.equal(sync.total, 300);
  assert.ok(delay.min > 5 * MS && delay.max < 25 * MS);
  assert.ok(Math.abs((quantileOf(delay, 0.5) ?? 0) - 10.6 * MS) < 1 * MS);
  // One watch of each resource stands for all.
  const watches = bed.cluster.endpoint.requests.filter(({ call }) => call.members === 300);
  assert.deepEqual(new Set(watches.map(({ call }) => call.resource)).size, 3);
});

// Every 30 s in 99 s, from somewhere in the first 30 s on: four syncs where nothing ever changes,
// but the one at 50 s moves the next to 80 s.
test('With ipvs a sync comes in each syncPeriod, counted from the last.', () => {
  assert.ok([3, 4].includes(programming(1, [], 'ipvs').sync.total));
  assert.ok([3, 4].includes(programming(1, [50 * S], 'ipvs').sync.total));
  const { sync } = programming(
    1,
    Array.from({ length: 9 }, (_, i) => (i + 1) * 10 * S),
    'ipvs',
  );
  // One at most before the first change, none between changes.
  assert.ok(sync.total === 9 || sync.total === 10);
  assert.equal(programming(1, [50 * S]).sync.total, 1);
});

// Bucket of two: at 50.0 and 50.1, the next a second after the second.
test('Changes beyond the burst wait for the period, and are written together.', () => {
  const { delay, sync } = programming(1, [50 * S, 50.1 * S, 50.2 * S, 50.3 * S]);
  assert.equal(delay.total, 4);
  assert.equal(sync.total, 3);
  assert.ok(delay.max > 0.9 * S && delay.max < 0.92 * S);
});

/** A table that takes most of a second to write, and changes ten times as often. */
function largeTables(count: number) {
  const bed = nodeBed({
    horizonNs: 200 * S,
    groups: [nodeGroup({ count, kubeProxy: kubeProxy({ mode: 'iptables' }) })],
    running: (c) =>
      Array.from({ length: 2000 }, (_, i) => [service(c, `s${i}`), slice(c, `s${i}`, 50)]).flat(),
  });
  const { cluster } = bed;
  for (let i = 0; i < 1000; i++) {
    const atNs = 20 * S + i * 100 * MS;
    cluster.at(atNs, () => {
      const name = `s${(i * 37) % 2000}`;
      const object = slice(cluster, name, 50, atNs);
      const path = `d/${name}`;
      cluster.endpoint.now({ verb: 'update', resource: 'endpointslices', path, object });
    });
  }
  cluster.run(150 * S);
  const tally = cluster.metrics
    .finish(150 * S)
    .tallies.find((t) => t.name === 'kubeproxy_network_programming_duration_seconds');
  assert.ok(tally);
  return tally.perSegment[0];
}

test('Nodes in strata have the delays that nodes one by one have.', () => {
  const each = largeTables(32);
  const strata = largeTables(400);
  assert.equal(each.total, 32 * 1000);
  assert.equal(strata.total, 400 * 1000);
  for (const p of [0.1, 0.5, 0.9, 0.99]) {
    const [one, many] = [quantileOf(each, p) ?? 0, quantileOf(strata, p) ?? 0];
    assert.ok(Math.abs(one - many) < 0.08 * one, `p${100 * p}: ${one / MS} and ${many / MS} ms`);
  }
  // Waits for the sync before, and for its own: between one and two syncs of 0.8 s and a period.
  const median = (quantileOf(each, 0.5) ?? 0) / S;
  assert.ok(median > 0.9 && median < 2.2, `${median} s`);
});

test.run();
