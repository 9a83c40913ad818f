/** bbolt: how much room a revision takes, when commits come and what they stop. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { revisionFileBytes, walEntryBytes } from '../../../models/etcd/pages.ts';
import { fault, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { near, open, simulate } from './bed.ts';

const test = suite('etcd/backend');

// Leaf element = 16 + 17 + 15 + key + value; as many as fit in 3686 B, at least 2; whole pages.
// 60 + 1024: 1132 B, 3 a page of 4096 B: 1365.3 B each. 80 + 8192: 2 take 5 pages: 10,240 B.
test('Revisions take the room of the published page arithmetic, in the file and in the WAL.', () => {
  const table = [
    [8, 256, 320, 372],
    [60, 400, 512, 585],
    [60, 1024, 1136, 1365],
    [256, 1024, 1336, 2048],
    [80, 8192, 8328, 10_240],
  ];
  const ours = table.map(([key, value]) => [
    key,
    value,
    walEntryBytes(key, value),
    Math.round(revisionFileBytes(key, value)),
  ]);
  assert.deepEqual(ours, table);
});

/** Buckets and meta pages of a store without keys. */
const EMPTY_FILE = 64 * 1024;

const puts = workload({ ratePerSecond: 500, arrivals: 'constant', startNs: 0.5 * S });
const one = {
  members: 1,
  fsync: 0.1,
  backendFsync: 10,
  constants: freeCpu,
  warmup: 1000,
  horizon: 13_000,
} as const;

// The timer is armed again after the commit: 100 ms + two syncs of 10 ms.
test('A commit comes 100 ms after the end of the one before.', () => {
  const o = simulate({ ...one, workload: [puts] });
  near(o.counter('wavetank_etcd_backend_commits_total'), 12_000 / 120, 0.01);
  const commits = o.tally('etcd_disk_backend_commit_duration_seconds');
  assert.deepEqual([commits.min / MS, commits.max / MS], [20, 20]);
});

test('Without writes there is nothing to commit.', () => {
  const reads = workload({ op: 'range', ratePerSecond: 100 });
  const o = simulate({ ...one, workload: [reads] });
  assert.equal(o.counter('wavetank_etcd_backend_commits_total'), 0);
});

// 12 s x 500/s = 6000 puts at 250 a commit, no timer in between: 24 commits.
test('As many operations as the batch limit commit at once.', () => {
  const etcd = { backendBatchLimit: 250, backendBatchIntervalNs: 100 * S };
  const o = simulate({ ...one, etcd, workload: [puts] });
  near(o.counter('wavetank_etcd_backend_commits_total'), 6000 / 250, 0.05);
});

// 2 revisions of 1 MiB share 513 pages: 1,050,624 B each. 240 of them are 15.03 x 16 MiB: a file
// that begins in its first step grows 15 times, and each time costs a sync on top of the two of its
// commit.
test('Each 16 MiB of growth costs one sync more.', () => {
  const large = workload({
    ratePerSecond: 20,
    arrivals: 'constant',
    startNs: 1 * S,
    stopNs: 13 * S + 1,
    valueSize: { kind: 'constant', value: 2 ** 20 },
  });
  const o = simulate({ ...one, horizon: 15_000, workload: [large] });
  const disk = o.result.metrics.resources.find((r) => r.name === 'etcd/0/disk/backend');
  const commits = o.counter('wavetank_etcd_backend_commits_total');
  assert.equal(Math.round(revisionFileBytes(8, 2 ** 20)), 1_050_624);
  assert.equal((disk?.arrivals ?? 0) - 2 * commits, Math.floor((240 * 1_050_624) / 2 ** 24));
});

// While a commit holds the lock (20 of 120 ms), a read that arrives waits for the rest of it: 10 ms
// on average, once in six.
test('Reads cannot start while a commit holds the lock.', () => {
  const reads = workload({
    name: 'reads',
    op: 'range',
    consistency: 'serializable',
    ratePerSecond: 1000,
  });
  const o = simulate({ ...one, workload: [puts, reads] });
  const latency = o.latency('reads');
  near(latency.mean, (20 / 120) * 10, 0.1);
  assert.equal(latency.p(0.5), 0);
  assert.ok(latency.p(0.999) > 19 && latency.p(0.999) <= 20);
});

test('Overwritten revisions stay in the file until a compaction, free pages until they are reused.', () => {
  const workload = [{ ...puts, keySpace: 10, stopNs: 5 * S + 1 }];
  const bed = open({ ...one, workload, horizon: 20_000 });
  bed.to(6000);
  const { backend } = bed.member(0);
  const { keys } = bed.etcd.shared;
  // 2250 puts of 8 + 256 B over 10 keys.
  assert.equal(keys.revisions, 2250);
  near(backend.fileBytes, EMPTY_FILE + 2250 * 372.36, 0.001);
  assert.equal(keys.liveKeys, 10);
  bed.etcd.compact(0);
  bed.to(7000);
  assert.equal(keys.revisions, 10);
  near(backend.fileBytes, EMPTY_FILE + 2250 * 372.36, 0.001);
  near(backend.inUseBytes, EMPTY_FILE + 10 * 372.36, 0.001);
});

// 10 batches of 1000: each a delete, a commit of two syncs, a sleep of 10 ms; the last sleep is
// over after the last commit: 10 x 20 + 9 x 10 ms.
test('A compaction goes in batches of 1000 revisions with 10 ms between.', () => {
  const bed = open({
    ...one,
    constants: { ...freeCpu, 'etcd.compactRevisionNs': 0 },
    workload: [{ ...puts, ratePerSecond: 5000, keySpace: 1, stopNs: 2.5002 * S }],
    horizon: 20_000,
  });
  bed.to(4000);
  const before = bed.member(0).backend.fileBytes;
  bed.etcd.compact(0);
  const free = () => bed.member(0).backend.freeBytes / revisionFileBytes(8, 256);
  const freed: [number, number][] = [];
  let last = 0;
  bed.until(() => {
    if (free() !== last) freed.push([Math.round(bed.now()), Math.round(free() - last)]);
    last = free();
    return free() > 9998;
  }, 'the compaction ends');
  assert.equal(freed.length, 10);
  for (const [i, [at, revisions]] of freed.entries()) {
    assert.ok(Math.abs(revisions - 1000) <= 1, `${revisions} revisions`);
    if (i > 0) assert.equal(at - freed[i - 1][0], 30);
  }
  assert.equal(bed.member(0).backend.fileBytes, before);
});

// 500 puts a second on 10 keys; each second a client compacts what is older: never more than
// about 500 superseded revisions, and the file stops growing.
test('Clients that compact keep the file from growing.', () => {
  const compact = workload({
    name: 'compact',
    op: 'compact',
    ratePerSecond: 1,
    arrivals: 'constant',
  });
  const bed = open({ ...one, workload: [{ ...puts, keySpace: 10 }, compact], horizon: 20_000 });
  bed.to(5000);
  const { fileBytes } = bed.member(0).backend;
  bed.to(19_500);
  assert.ok(bed.etcd.shared.keys.revisions < 10 + 520, `${bed.etcd.shared.keys.revisions}`);
  near(bed.member(0).backend.fileBytes, fileBytes, 0.2);
});

const GIB = 2 ** 30;

/** A member with 1 GiB in use and as much again free, 100 puts a second, and a defrag at 3 s. */
function defragmented(disk: { fsync: number; bandwidthBytesPerSecond: number }) {
  const bed = open({
    ...one,
    version: '3.5',
    fsync: disk.fsync,
    backendFsync: disk.fsync,
    disk: { bandwidthBytesPerSecond: disk.bandwidthBytesPerSecond },
    etcd: {
      preloadKeys: GIB / 10_240,
      preloadKeyBytes: 80,
      preloadValueBytes: 8192,
      quotaBackendBytes: 8 * GIB,
    },
    workload: [workload({ ratePerSecond: 100, arrivals: 'constant', startNs: 0.5 * S })],
    faults: [fault(3000, { kind: 'defrag', target: 'etcd/0' })],
    horizon: 20_000,
  });
  bed.to(2999);
  const { backend } = bed.member(0);
  backend.grow(GIB);
  backend.free(GIB);
  const o = bed.end();
  near(backend.fileBytes, GIB, 0.01);
  assert.equal(o.times('defrag').length, 1);
  return bed.built.outages.results()[0].longestGapNs / S;
}

// Copying 1 GiB at 250 MB/s of CPU + 17 ms = 4.3 s; a disk of page cache speed adds nothing.
test('A defragmentation shrinks the file to what is in use and stops the member meanwhile.', () => {
  near(defragmented({ fsync: 0, bandwidthBytesPerSecond: Infinity }), 0.008 + GIB / 255e6, 0.01);
});

// Writing it at 250 MB/s: another 4.3 s, so 8.6 s a GiB, as operators report of cloud disks.
test('A disk of 250 MB/s makes that eight seconds for each gigabyte in use.', () => {
  const expected = 0.008 + GIB / 255e6 + GIB / 250e6;
  near(defragmented({ fsync: 0.5, bandwidthBytesPerSecond: 250e6 }), expected, 0.02);
});

test.run();
