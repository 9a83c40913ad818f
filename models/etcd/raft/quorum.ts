/**
 * Majority arithmetic. Source: etcd-io/raft v3.6.0 quorum/majority.go `CommittedIndex`,
 * `VoteResult`; sets of members are bit sets of ids.
 */
export type VoteResult = 'won' | 'lost' | 'pending';

export function sizeOf(set: number): number {
  let rest = set;
  let size = 0;
  while (rest !== 0) {
    rest &= rest - 1;
    size++;
  }
  return size;
}

/** Outcome of a vote among `voters`; an empty configuration wins, as in etcd. */
export function voteResult(voters: number, granted: number, rejected: number): VoteResult {
  const n = sizeOf(voters);
  const quorum = (n >> 1) + 1;
  const yes = sizeOf(voters & granted);
  if (n === 0 || yes >= quorum) return 'won';
  const missing = n - yes - sizeOf(voters & rejected & ~granted);
  return yes + missing >= quorum ? 'pending' : 'lost';
}

/**
 * Largest index that a majority of the first `n` acknowledged indexes reach. Sorts `acks` in
 * place (insertion sort: n is at most 7 in practice). An empty configuration commits anything.
 */
export function committedIndex(acks: Float64Array, n: number): number {
  if (n === 0) return Number.POSITIVE_INFINITY;
  for (let i = 1; i < n; i++) {
    const ack = acks[i];
    let j = i - 1;
    while (j >= 0 && acks[j] > ack) {
      acks[j + 1] = acks[j];
      j--;
    }
    acks[j + 1] = ack;
  }
  return acks[n - ((n >> 1) + 1)];
}
