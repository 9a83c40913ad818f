/**
 * Disasters of a whole cluster: what is lost, what comes back, who has to be told. The checks of
 * src/run/invariants.ts run along.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { meanOf, mergeHistograms } from '../../src/metrics/index.ts';
import {
  clusterOf,
  codesOf,
  type Ended,
  pods,
  simulate,
  type Value,
} from './kubernetes-support.ts';

const test = suite('run: disasters');

const small = { cpu: '100m', memory: '64MiB' };
const deployment = (name: string, replicas: number, template: Value = small) => ({
  kind: 'Deployment',
  name,
  replicas,
  template,
});

/**
 * etcd goes back 25 s at 40 s: `new` was created since, `deleted` was deleted; `late` comes long
 * after.
 */
function restored(o: Value): Ended {
  const fault = { name: 'restore', at: '40s', restoreSnapshot: 'etcd/all', age: '25s', ...o };
  return simulate(
    clusterOf(
      {
        controlPlane: { replicas: 1 },
        objects: [deployment('kept', 3), deployment('deleted', 3)],
        load: [
          { name: 'new', start: '20s', create: deployment('new', 4) },
          { name: 'delete', start: '22s', delete: { target: 'deleted' } },
          { name: 'late', start: '100s', create: deployment('late', 2) },
        ],
      },
      { horizon: '140s', etcd: { version: '3.6', members: 3 }, faults: [fault] },
    ),
  );
}

const running = (ended: Ended, name: string): number =>
  pods(ended, name).filter((pod) => pod.status.phase === 'Running').length;

function eventOf({ result }: Ended, kind: string): { seconds: number; detail: string } {
  const found = result.metrics.events.find((event) => event.kind === kind);
  assert.ok(found !== undefined, `no event ${kind}`);
  return { seconds: found.timeNs / 1e9, detail: found.detail };
}

test('with a bumped revision everybody sees the restored state: what is lost ends, what is back runs', () => {
  const ended = restored({ bumpRevision: 1e9 });
  const { detail } = eventOf(ended, 'restored');
  assert.match(detail, /pods 4 lost, 3 returned, 0 reverted/);
  assert.match(detail, /deployments 1 lost, 1 returned, 0 reverted/);
  assert.ok(ended.result.outages[0].objectsLost >= 6);
  assert.equal(pods(ended, 'new').length, 0);
  for (const [name, count] of [
    ['kept', 3],
    ['deleted', 3],
    ['late', 2],
  ] as const) {
    assert.equal(running(ended, name), count, name);
  }
  // One second to make the files, an election, six to start a server.
  const { seconds } = eventOf(ended, 'recovered');
  assert.ok(seconds > 43 && seconds < 55, `recovered at ${seconds} s`);
});

test('without one kubelets go on with what they remember, and miss pods of theirs', () => {
  const ended = restored({ bumpRevision: 0 });
  // Controllers and scheduler were restarted: the pods are made and bound, but do not start.
  assert.equal(pods(ended, 'late').filter((pod) => pod.nodeName !== '').length, 2);
  assert.equal(running(ended, 'late'), 0);
});

test('with the API servers left as they are controllers do not hear of what is created', () => {
  const ended = restored({ bumpRevision: 0, restarts: 'none' });
  const late = ended.objects('deployments').filter(({ meta }) => meta.name === 'late');
  assert.equal(late.length, 1);
  assert.equal(pods(ended, 'late').length, 0);
});

/** Pods of an app whose containers serve at the end, whatever the API says. */
function serving({ result }: Ended, app: string): number {
  const levels = result.metrics.levels.filter(
    ({ name, labels }) => name === 'wavetank_pods_serving' && labels.app === app,
  );
  return levels.reduce((sum, { perSegment }) => sum + perSegment[perSegment.length - 1].last, 0);
}

test('pods that come back with the store are started again, though the API calls them Running all along', () => {
  const ended = restored({ bumpRevision: 1e9 });
  assert.deepEqual(
    ['kept', 'deleted', 'new', 'late'].map((app) => serving(ended, app)),
    [3, 3, 0, 2],
  );
  const lost = ended.result.metrics.counters.find(
    ({ name }) => name === 'wavetank_etcd_keys_lost_total',
  );
  assert.equal(lost?.perSegment[lost.perSegment.length - 1], ended.result.outages[0].objectsLost);
});

test('when nobody has data any more the store is empty, and what runs goes on unmanaged', () => {
  const lost = { at: '40s', kill: 'etcd/all', loseData: true, for: '2s' };
  const ended = simulate(
    clusterOf(
      {
        objects: [deployment('kept', 3)],
        load: [{ name: 'late', start: '70s', create: deployment('late', 2) }],
      },
      { horizon: '100s', etcd: { version: '3.6', members: 3 }, faults: [lost] },
    ),
  );
  assert.equal(serving(ended, 'kept'), 3);
  assert.equal(pods(ended, 'kept').length, 0);
  assert.equal(serving(ended, 'late'), 0);
});

/** One control-plane host of 8 cores; a Deployment of 20 pods at 20 s. */
function disturbed(faults: readonly Value[], horizon = '60s', kubernetes: Value = {}): Ended {
  const load = [{ name: 'web', start: '20s', create: deployment('web', 20) }];
  return simulate(
    clusterOf({ controlPlane: { replicas: 1 }, load, ...kubernetes }, { horizon, faults }),
  );
}

const timesOf = ({ result }: Ended, kind: string, subject: string): number[] =>
  result.metrics.events
    .filter((event) => event.kind === kind && event.subject === subject)
    .map((event) => event.timeNs / 1e9);

function meanMs({ result }: Ended, name: string): number {
  const tallies = result.metrics.tallies.filter((tally) => tally.name === name);
  return meanOf(mergeHistograms(tallies.flatMap((tally) => tally.perSegment))) / 1e6;
}

// Old versions fill the quota at 15 s. Leases are updates, so leaders end 10 s later; the delete of
// a Deployment is a delete. Compaction frees pages, defragmentation the file, then the alarm ends.
test('under the quota alarm updates fail and deletes pass, until it was compacted, defragmented, disarmed', () => {
  const heal = [
    { at: '70s', compact: 0 },
    { at: '75s', defrag: 'etcd/all' },
    { at: '80s', disarm: true },
  ];
  const ended = disturbed([{ at: '15s', fillQuota: '101%', superseded: true }, ...heal], '130s', {
    objects: [deployment('kept', 2)],
    load: [
      { name: 'web', start: '20s', create: deployment('web', 20) },
      { name: 'delete', start: '40s', delete: { target: 'kept' } },
      { name: 'late', start: '105s', create: deployment('late', 2) },
    ],
  });
  const [lost] = timesOf(ended, 'exit', 'kube-controller-manager/0');
  assert.ok(lost > 24 && lost < 28, `the lease was lost at ${lost} s`);
  const [, again] = timesOf(ended, 'leading', 'kube-controller-manager/0');
  assert.ok(again > 80, `a lease was written at ${again} s`);
  assert.equal(pods(ended, 'web').length, 0, 'its Deployment was never stored');
  assert.equal(pods(ended, 'kept').length, 0, 'its Deployment was deleted under the alarm');
  assert.equal(running(ended, 'late'), 2);
  // Two rounds of five tries every ten seconds for each of four nodes, and less for two electors.
  const refused = codesOf(ended).get('500') ?? 0;
  assert.ok(refused > 100 && refused < 600, `${refused} refused`);
});

test('keys that stay are freed by no compaction: after the alarm is disarmed it is raised again', () => {
  const ended = disturbed(
    [
      { at: '5s', fillQuota: '101%' },
      { at: '10s', compact: 0 },
      { at: '12s', defrag: 'etcd/all' },
      { at: '25s', disarm: true },
    ],
    '50s',
    { load: [{ name: 'web', start: '40s', create: deployment('web', 20) }] },
  );
  assert.equal(ended.objects('deployments').length, 0);
});

test('a neighbour with weight takes cores from the API server, one without takes none', () => {
  const host = 'control-plane/0';
  const alone = disturbed([]);
  const heavy = disturbed([{ at: '5s', noisyNeighbour: host, cores: 16, weight: 10_000 }]);
  const light = disturbed([{ at: '5s', noisyNeighbour: host, cores: 16, weight: 1 }]);
  const request = 'apiserver_request_duration_seconds';
  assert.ok(meanMs(heavy, request) > 2 * meanMs(alone, request));
  assert.ok(meanMs(light, request) < 1.2 * meanMs(alone, request));
  for (const ended of [alone, heavy, light]) assert.equal(running(ended, 'web'), 20);
});

// A device that does one sync after the other, 2 ms each: at 300/s it is busy 60 % of the time, and
// a sync waits 0.6 / (1 - 0.6) x 2 ms / 2 = 1.5 ms for those of the neighbour (M/D/1), and longer
// behind etcd's own, of which a commit of the backend brings two at once.
test('syncs of a neighbour and of etcd wait for each other on one device', () => {
  const etcd = { version: '3.6', members: 1, disk: { fsync: '2ms', queueDepth: 1 } };
  const fault = { at: '1s', noisyNeighbour: 'control-plane/0', fsyncRate: '300/s' };
  const load = [{ name: 'web', start: '20s', create: deployment('web', 20) }];
  const on = (faults: readonly Value[]): Ended =>
    simulate(clusterOf({ controlPlane: { replicas: 1 }, load }, { etcd, faults }));
  const fsync = 'etcd_disk_wal_fsync_duration_seconds';
  const more = meanMs(on([fault]), fsync) - meanMs(on([]), fsync);
  assert.ok(more > 1.5 && more < 5, `${more} ms more`);
});

// 32 GiB at 5 GB/s: full after 7 s, again as long after each start.
test('a server that leaks is killed when its machine is full, is started, and leaks anew', () => {
  const ended = disturbed([
    { at: '5s', for: '20s', leakMemory: 'kube-apiserver/0', growth: '5GB/s' },
  ]);
  const [first, second] = timesOf(ended, 'oomKill', 'kube-apiserver/0');
  assert.equal(first, 11);
  assert.ok(second > first + 6, `killed again at ${second} s`);
  assert.ok(timesOf(ended, 'apiserverListening', 'kube-apiserver/0').length >= 2);
});

// A list of 4000 pods takes tens of MB beyond the caches; 40 agents ask together when it is back.
test('lists of all nodes take a server over its limit after each start, with growing back-off', () => {
  const ended = simulate(
    clusterOf(
      {
        version: '1.28',
        controlPlane: { replicas: 1 },
        kubeAPIServer: { memoryLimit: '480MiB' },
        nodeGroups: [{ name: 'worker', count: 40 }],
        objects: [deployment('many', 4000, { cpu: '1m', memory: '1MiB' })],
        agents: [
          { name: 'a', lists: ['pods'], watches: false, relist: '10s', consistency: 'consistent' },
        ],
      },
      { horizon: '60s' },
    ),
  );
  const kills = timesOf(ended, 'oomKill', 'kube-apiserver/0');
  assert.ok(kills.length >= 4, `killed at ${kills.join()} s`);
  // At once, then after 10 s and 20 s, and six seconds to start and to be asked.
  const gaps = kills.slice(1).map((time, i) => Math.round(time - kills[i]));
  assert.deepEqual(gaps.slice(0, 3), [6, 14, 24]);
  const starts = timesOf(ended, 'apiserverListening', 'kube-apiserver/0');
  assert.ok(starts.every((time, i) => kills[i + 1] - time < 1));
});

test('whoever is killed for lack of memory is started again', () => {
  const ended = disturbed([
    { at: '5s', oomKill: 'kube-scheduler/0' },
    { at: '30s', oomKill: 'etcd/0' },
    { at: '35s', oomKill: 'kube-apiserver/0' },
  ]);
  assert.equal(timesOf(ended, 'start', 'kube-scheduler/0').length >= 1, true);
  assert.equal(timesOf(ended, 'started', 'etcd/0').length, 1);
  assert.equal(timesOf(ended, 'apiserverListening', 'kube-apiserver/0').length, 1);
});

test.run();
