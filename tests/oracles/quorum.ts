/** Majorities counted by hand: every subset of the voters, for quorum.ts of the raft model. */

/** Largest index that some majority has reached: tries each index from the top. */
export function committedIndexOracle(acks: readonly number[]): number {
  if (acks.length === 0) return Number.POSITIVE_INFINITY;
  let index = Math.max(...acks);
  while (acks.filter((ack) => ack >= index).length * 2 <= acks.length) index--;
  return index;
}

export type Ballot = 'yes' | 'no' | 'missing';

/** Won or lost if every way to fill in the missing votes has that outcome, else pending. */
export function voteResultOracle(ballots: readonly Ballot[]): 'won' | 'lost' | 'pending' {
  if (ballots.length === 0) return 'won';
  const missing = ballots.filter((b) => b === 'missing').length;
  const outcomes = new Set<boolean>();
  for (let ways = 0; ways < 1 << missing; ways++) {
    let yes = ballots.filter((b) => b === 'yes').length;
    for (let i = 0; i < missing; i++) if ((ways & (1 << i)) !== 0) yes++;
    outcomes.add(yes * 2 > ballots.length);
  }
  if (outcomes.size === 2) return 'pending';
  return outcomes.has(true) ? 'won' : 'lost';
}
