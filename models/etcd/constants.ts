/**
 * Costs of one etcd process, fitted on the bare system (puts and reads of a real etcd 3.4.23 whose
 * syncs and network were undelayed, or whose WAL sync alone was delayed) or quoted from sources.
 * They say what the mechanism costs; how it works is in the code. Times are CPU time of one core.
 */
import type { ConstantEntry } from '../../src/core/index.ts';

const BASE = 'validation-etcd base.csv (etcd 3.4.23, 2 shared cores, no delay)';
const SINGLE = 'validation-etcd single.csv (1 member, delayed WAL sync)';

export const etcdConstants: readonly ConstantEntry[] = [
  entry('etcd.grpcRequestNs', 12_000, 6_000, 80_000, 'fitted', `${BASE}: CPU a put at 64 clients; facts of 2017 hardware give 80 us`),
  entry('etcd.grpcResponseNs', 12_000, 6_000, 70_000, 'fitted', BASE),
  entry('etcd.loopNs', 15_000, 5_000, 80_000, 'fitted', `${BASE}: one Ready of the raft loop, entries apart`),
  entry('etcd.loopEntryNs', 3_000, 1_000, 7_000, 'fitted', `${BASE}: encode, append and frame one entry`),
  entry('etcd.entryByteNs', 0.6, 0.2, 2, 'estimate', 'crc, copies and write(2) of one byte of an entry'),
  entry('etcd.applyNs', 9_000, 5_000, 21_000, 'fitted', `${BASE}: CPU a put at 64 clients`),
  entry('etcd.applyByteNs', 0.8, 0.2, 2.6, 'estimate', 'GCE rows: 18.5 us at 256 B, 20.5 us at 1 KiB (dbtester 2018Q1-01)'),
  entry('etcd.messageNs', 8_000, 3_000, 20_000, 'estimate', 'rafthttp: decode or frame one bundle of messages'),
  entry('etcd.readNs', 8_000, 4_000, 60_000, 'fitted', 'reads of one key, CPU a read at 16 clients'),
  entry('etcd.readKeyNs', 1_200, 800, 2_000, 'blog', 'etcd 3.5 announcement: 100,000 keys in 92.5 ms of bolt and 22.8 ms of filter'),
  entry('etcd.leaseRenewNs', 6_000, 3_000, 30_000, 'estimate', 'lease keep-alive handler, handled by the leader without raft'),
  entry('etcd.watchEventNs', 6_000, 3_000, 15_000, 'estimate', 'build, marshal and frame one watch response'),
  entry('etcd.wakeNs', 15_000, 5_000, 50_000, 'fitted', `${BASE}: latency of one client less its CPU; hand-off to a parked goroutine (futex wake)`),
  entry('etcd.coldNs', 55_000, 30_000, 140_000, 'fitted', `${SINGLE}: overhead of a put over its sync grows as the root of the idle time; value at 1 ms of idleness`),
  entry('etcd.coldIdleMaxNs', 50_000_000, 20_000_000, 100_000_000, 'measured', 'bare.csv: puts at a 50 ms sync'),
  entry('etcd.commitNs', 250_000, 100_000, 1_000_000, 'fitted', `${SINGLE}: backend commit without sync delay (a_dbfast), 1 client`),
  entry('etcd.commitEntryNs', 500, 200, 3_000, 'fitted', `${BASE}: backend commit at 64 clients less at 1 client`),
  entry('etcd.commitByteNs', 1, 0.3, 3.4, 'estimate', 'dirty pages written at 300 MB/s to 3 GB/s (page cache)'),
  entry('etcd.bootNs', 170_000_000, 50_000_000, 1_000_000_000, 'measured', 'restart of a follower: process start to first answer 0.31 s with 10,000 entries to apply'),
  entry('etcd.bootReadBytesPerSecond', 1_000_000_000, 100_000_000, 3_000_000_000, 'estimate', 'WAL and backend are read at start (MAP_POPULATE)', 'bytesPerSecond'),
  entry('etcd.defragBytesPerSecond', 250_000_000, 100_000_000, 500_000_000, 'measured', 'catchup_maintenance.csv: 122 MB in 503 ms; 3.84 GB in 17-21 s on cloud disks (gardener/etcd-backup-restore#1061)', 'bytesPerSecond'),
  entry('etcd.defragNs', 17_000_000, 5_000_000, 50_000_000, 'measured', 'catchup_maintenance.csv: 10 MB row less its bytes'),
  entry('etcd.snapshotBytesPerSecond', 190_000_000, 60_000_000, 500_000_000, 'measured', 'catchup_maintenance.csv: 122 MB saved in 0.69 s with SHA-256; ~1 min at 8 GB (etcd#9771)', 'bytesPerSecond'),
  entry('etcd.compactRevisionNs', 1_500, 500, 10_000, 'estimate', 'delete of one revision in a compaction batch'),
  entry('client.sendNs', 12_000, 6_000, 50_000, 'fitted', `${BASE}: client CPU a put at 64 clients`),
  entry('client.receiveNs', 13_000, 6_000, 50_000, 'fitted', BASE),
  entry('client.eventNs', 9_000, 3_000, 20_000, 'estimate', 'client CPU of one watch event'),
  entry('client.timerGranularityNs', 1_000_000, 0, 1_000_000, 'issue', 'golang/go#44343: an idle Go process polls its timers in whole milliseconds'),
];

function entry(
  name: string,
  value: number,
  low: number,
  high: number,
  mark: ConstantEntry['mark'],
  source: string,
  unit: ConstantEntry['unit'] = 'ns',
): ConstantEntry {
  return { name, value, unit, low, high, mark, source };
}
