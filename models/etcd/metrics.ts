/**
 * Prometheus buckets of etcd's histograms, in seconds, as in the code of each metric (etcd
 * v3.6.14).
 */

function exponential(start: number, count: number): readonly number[] {
  const bounds: number[] = [];
  let bound = start;
  for (let i = 0; i < count; i++) {
    bounds.push(bound);
    bound *= 2;
  }
  return bounds;
}

/** wal_fsync, backend_commit, snap_*: 1 ms x 2^0..13. */
export const bucketsMilliseconds = exponential(0.001, 14);
/** network_peer_round_trip_time: 0.1 ms x 2^0..15. */
export const bucketsPeerRtt = exponential(0.0001, 16);
/** apply and range durations: 0.1 ms x 2^0..19. */
export const bucketsApply = exponential(0.0001, 20);
/** backend_defrag: 0.1 s x 2^0..12. */
export const bucketsDefrag = exponential(0.1, 13);
/** network_snapshot_*: 0.1 s x 2^0..9. */
export const bucketsSnapshot = exponential(0.1, 10);
