/**
 * Members that come back: what they replay, what they are sent, and that nothing is lost or
 * doubled.
 */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { S, workload } from '../../support/scenario.ts';
import { type Bed, type ClusterOptionsOrScenario, near, open } from './bed.ts';

const test = suite('etcd/catch-up');

/** Puts at a steady rate for as long as it takes to write `entries` from 1 s on. */
function puts(entries: number, ratePerSecond = 2000) {
  const stopNs = S + (entries / ratePerSecond) * S + 1;
  return workload({ ratePerSecond, arrivals: 'constant', stopNs });
}

/** All members have applied all that is committed, and their logs say the same. */
function assertConverged(bed: Bed): void {
  const { members } = bed.etcd;
  const [first] = members;
  for (const member of members) {
    assert.equal(member.applier.appliedIndex, first.applier.appliedIndex, member.name);
    assert.equal(member.raft.committed, first.raft.committed);
    const from = Math.max(member.raft.log.firstIndex, first.raft.log.firstIndex);
    for (let index = from; index <= first.raft.committed; index++) {
      assert.equal(member.raft.log.proposal(index), first.raft.log.proposal(index));
    }
  }
}

/** A follower misses `entries`; how many snapshots it was sent when it came back. */
function snapshotsAfter(entries: number, options: ClusterOptionsOrScenario): number {
  const bed = open({ ...options, workload: [puts(entries)], horizon: 60_000 });
  bed.to(900);
  bed.etcd.kill(2, false);
  const back = 1000 + entries / 2 + 500;
  bed.to(back);
  const behind = bed.leader().raft.committed - bed.member(2).raft.log.lastIndex;
  near(behind, entries, 0.001);
  bed.etcd.boot(2);
  const { applier } = bed.member(2);
  const goal = bed.leader().raft.committed;
  bed.until(() => applier.appliedIndex >= goal, 'caught up');
  bed.to(bed.now() + 2000);
  assertConverged(bed);
  const o = bed.end();
  return o.tally('etcd_network_snapshot_send_total_duration_seconds').total;
}

// 3.6 drops from the log in memory what is more than 5000 entries behind, every 100 entries.
test('In 3.6 a follower 5200 entries behind is sent the whole file, one 4800 behind the log.', () => {
  assert.deepEqual(
    [5200, 4800].map((n) => snapshotsAfter(n, { version: '3.6' })),
    [1, 0],
  );
});

// 3.5 drops only at a snapshot, each 100,000 entries (here: 10,000), and keeps 5000 then.
test('In 3.5 the same follower is sent the log, unless a snapshot came in between.', () => {
  const early = { version: '3.5', etcd: { snapshotCount: 10_000 } };
  assert.equal(snapshotsAfter(5200, { version: '3.5' }), 0);
  assert.equal(snapshotsAfter(9000, early), 0);
  assert.equal(snapshotsAfter(16_000, early), 1);
});

// The file is read and hashed at 190 MB/s, crosses the wire, is synced and opened anew at 1 GB/s.
test('A snapshot takes the time of its bytes.', () => {
  const bytes = 200 * 1e6;
  const bed = open({
    version: '3.6',
    etcd: { preloadKeys: bytes / 10_240, preloadKeyBytes: 80, preloadValueBytes: 8192 },
    network: { bandwidthBytesPerSecond: 125e6 },
    fsync: 1,
    workload: [puts(6000)],
    horizon: 60_000,
  });
  bed.to(900);
  bed.etcd.kill(2, false);
  bed.to(5000);
  bed.etcd.boot(2);
  bed.until(() => bed.member(2).isListening, 'it listens');
  const from = bed.now();
  bed.until(() => bed.member(2).raft.log.offset > 5000, 'raft took the snapshot');
  const readAndSent = bed.now() - from;
  near(readAndSent, 1000 * ((0.9 * bytes) / 190e6 + bytes / 125e6), 0.1);
  bed.until(() => bed.member(2).applier.appliedIndex > 5000, 'installed');
  near(bed.now() - from - readAndSent, (0.9 * bytes) / 1e6, 0.1);
  near(bed.member(2).backend.fileBytes, bytes, 0.05);
  bed.to(bed.now() + 1000);
  assertConverged(bed);
});

// 4.5 s at 1500/s are 6750 entries. While the file is installed more entries are handed over;
// they must be applied although the load stops right then. And what was waiting for the store,
// here behind a defragmentation of 4 s, is not in the log any more.
test('A snapshot under load leaves no entry behind, whatever was waiting to be applied.', () => {
  for (const defrag of [false, true]) {
    const bed = open({
      version: '3.6',
      etcd: { preloadKeys: 100_000, preloadKeyBytes: 80, preloadValueBytes: 8192 },
      workload: [puts(21_000, 1500)],
      horizon: 30_000,
      constants: defrag ? {} : { 'etcd.bootReadBytesPerSecond': 1e8 },
    });
    bed.to(3000);
    if (defrag) bed.member(2).maintenance.defrag();
    bed.to(3500);
    const { network } = bed.etcd.shared;
    const cut = network.isolate(network.host('etcd/2'));
    bed.to(8000);
    network.heal(cut);
    bed.to(29_000);
    assert.ok(bed.member(2).raft.log.offset > 5000, 'a snapshot came');
    assertConverged(bed);
  }
});

// What was applied up to the last commit of the backend is in the file; the rest is replayed.
test('A restarted member skips what its file holds and applies the rest once.', () => {
  const bed = open({ workload: [puts(4000, 1000)], horizon: 30_000 });
  bed.to(3050);
  const member = bed.member(2);
  const inFile = member.backend.committedIndex;
  const applied = member.applier.appliedIndex;
  assert.ok(inFile > 1800 && inFile < applied, `${inFile} of ${applied}`);
  bed.etcd.kill(2, false);
  bed.etcd.boot(2);
  bed.until(() => member.isListening, 'it listens');
  assert.equal(member.applier.appliedIndex, inFile);
  bed.to(9000);
  assertConverged(bed);
  // One revision a put, on all members alike.
  assert.equal(bed.etcd.shared.keys.revision, 1 + 4000);
  const o = bed.end();
  const total = o.counter('etcd_server_proposals_applied_total', { member: 'etcd/2' });
  const others = o.counter('etcd_server_proposals_applied_total', { member: 'etcd/1' });
  assert.equal(total - others, applied - inFile);
});

// kill -9 of everything in the middle of the load: every acknowledged put was synced by two.
test('What was acknowledged survives the loss of all processes at once.', () => {
  const bed = open({
    fsync: 3,
    workload: [workload({ clients: 50, stopNs: 6 * S, retries: 40, retryBackoffNs: 100e6 })],
    horizon: 30_000,
  });
  bed.to(2500);
  const acknowledged = Math.max(...bed.etcd.members.map((m) => m.applier.appliedIndex));
  const proposals = new Map<number, number>();
  const { log } = bed.leader().raft;
  for (let i = log.firstIndex; i <= acknowledged; i++) proposals.set(i, log.proposal(i));
  for (const member of bed.etcd.members) bed.etcd.kill(member.index, false);
  bed.to(4000);
  for (const member of bed.etcd.members) bed.etcd.boot(member.index);
  bed.to(12_000);
  assertConverged(bed);
  for (const member of bed.etcd.members) {
    assert.ok(member.applier.appliedIndex > acknowledged);
    for (const [index, proposal] of proposals) {
      if (index < member.raft.log.firstIndex) continue;
      assert.equal(member.raft.log.proposal(index), proposal);
    }
  }
  assert.equal(bed.end().outcomes().reset, undefined);
});

// The disk of a follower is full: its WAL cannot be written, the process ends; with room it goes
// on.
test('A full disk ends the process, and a restart with room brings it back.', () => {
  const bed = open({ workload: [puts(10_000, 1000)], horizon: 30_000 });
  bed.to(2000);
  bed.member(2).walDisk.full(true);
  bed.to(2500);
  assert.equal(bed.member(2).isUp, false);
  bed.etcd.boot(2);
  bed.to(4000);
  assert.equal(bed.member(2).isUp, false);
  bed.member(2).walDisk.full(false);
  bed.etcd.boot(2);
  bed.to(15_000);
  assertConverged(bed);
});

test.run();
