/** What changed between etcd releases, as far as the model shows it. Source: CHANGELOG-3.x.md and the code of each tag. */

export interface EtcdFeatures {
  readonly minor: number;
  readonly patch: number;
  /** Own match index counts at append (<= 3.5) or after the WAL sync (3.6, etcd-io/raft v3.6 `MsgStorageAppendResp`). */
  readonly selfAck: 'append' | 'persist';
  /** A backend transaction with a real delete commits at unlock (batch_tx.go `pendingDeleteOperations`; 3.4.38, 3.5.12, 3.6). */
  readonly revokeCommits: boolean;
  /** The raft log is compacted every 100 applied entries (3.6 `memorySnapshotCount`) instead of at each snapshot. */
  readonly compactLogOften: boolean;
  /** ReadIndex is retried every 500 ms (v3_server.go `readIndexRetryTime`, 3.5). */
  readonly readIndexRetry: boolean;
  /** Keep-alive answers wait until the leader has applied what it committed (3.7 skips it: FastLeaseKeepAlive). */
  readonly renewWaitsForApply: boolean;
  /** 3.4 has no liveness check of a leader stuck in a sync before it revokes or renews (etcd#15247). */
  readonly leaseLivenessCheck: boolean;
  /** A watcher's progress, MaxTxn and the rest do not differ. CPU a request relative to 3.4 (release blogs of 3.5 and 3.6). */
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
    renewWaitsForApply: minor < 7 && (minor >= 6 || patch >= 33),
    leaseLivenessCheck: minor >= 6 || (minor === 5 && patch >= 33),
    cpuFactor: minor >= 6 ? 0.9 : 1,
  };
}
