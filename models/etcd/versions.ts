/**
 * What changed between etcd releases, as far as the model shows it. Source: CHANGELOG-3.x.md and
 * the code of each tag.
 */

export interface EtcdFeatures {
  readonly minor: number;
  readonly patch: number;
  /**
   * Own match index counts at append (<= 3.5) or after the WAL sync (3.6, etcd-io/raft v3.6
   * `MsgStorageAppendResp`).
   */
  readonly selfAck: 'append' | 'persist';
  /**
   * A backend transaction with a real delete commits at unlock (batch_tx.go
   * `pendingDeleteOperations`; 3.4.38, 3.5.12, 3.6).
   */
  readonly revokeCommits: boolean;
  /**
   * The raft log is compacted every 100 applied entries (3.6 `memorySnapshotCount`) instead of at
   * each snapshot.
   */
  readonly compactLogOften: boolean;
  /** ReadIndex is retried every 500 ms (v3_server.go `readIndexRetryTime`, 3.5). */
  readonly readIndexRetry: boolean;
  /**
   * Keep-alive answers wait until the leader has applied what it committed (CHANGELOG 3.4.20,
   * 3.5.3; 3.7 skips it: FastLeaseKeepAlive).
   */
  readonly renewWaitsForApply: boolean;
  /**
   * A leader stuck in a sync looks whether it still leads before it revokes or renews (etcd#15247;
   * CHANGELOG 3.5.13).
   */
  readonly leaseLivenessCheck: boolean;
  /**
   * The queue of expiring leases holds wall-clock times (lease_queue.go: `int64` up to 3.4,
   * `time.Time` since 3.5).
   */
  readonly leaseQueueWallClock: boolean;
  /**
   * A watcher's progress, MaxTxn and the rest do not differ. CPU a request relative to 3.4 (release
   * blogs of 3.5 and 3.6).
   */
  readonly cpuFactor: number;
}

export function etcdFeatures(version: string): EtcdFeatures {
  const parts = version.replace(/^v/, '').split('.');
  const minor = Number(parts[1] ?? '6');
  const patch = parts.length > 2 ? Number(parts[2]) : 99;
  return {
    minor,
    patch,
    selfAck: minor >= 6 ? 'persist' : 'append',
    revokeCommits: minor >= 6 || (minor === 5 && patch >= 12) || (minor === 4 && patch >= 38),
    compactLogOften: minor >= 6,
    readIndexRetry: minor >= 5,
    renewWaitsForApply: minor === 6 || (minor === 5 && patch >= 3) || (minor === 4 && patch >= 20),
    leaseLivenessCheck: minor >= 6 || (minor === 5 && patch >= 13),
    leaseQueueWallClock: minor <= 4,
    cpuFactor: minor >= 6 ? 0.9 : 1,
  };
}
