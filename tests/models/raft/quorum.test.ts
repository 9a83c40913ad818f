import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import { idsOf, setOf } from '../../../models/etcd/raft/conf-change.ts';
import { committedIndex, sizeOf, voteResult } from '../../../models/etcd/raft/quorum.ts';
import { type Ballot, committedIndexOracle, voteResultOracle } from '../../oracles/quorum.ts';

const test = suite('raft quorums');
const ballots = fc.array(fc.constantFrom<Ballot>('yes', 'no', 'missing'), { maxLength: 9 });

test('The committed index is the largest one that a majority has reached.', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 9 }), (acks) => {
      const scratch = Float64Array.from([...acks, 99, 99]); // what lies behind does not count
      assert.equal(committedIndex(scratch, acks.length), committedIndexOracle(acks));
    }),
  );
});

test('A vote is decided when no missing ballot can change it.', () => {
  fc.assert(
    fc.property(ballots, fc.nat(15), (cast, shift) => {
      const set = (what: Ballot) =>
        setOf(cast.flatMap((ballot, i) => (ballot === what ? [i + 1 + shift] : [])));
      const voters = set('yes') | set('no') | set('missing');
      const strangers = ~voters & 0x7ffffffe; // their votes do not count
      const result = voteResult(voters, set('yes') | strangers, set('no'));
      assert.equal(result, voteResultOracle(cast));
    }),
  );
});

test('Five voters need three: 1, 4, 2, 9, 4 commits 4.', () => {
  assert.equal(committedIndex(Float64Array.of(1, 4, 2, 9, 4), 5), 4);
  assert.equal(committedIndex(Float64Array.of(1, 4), 2), 1);
});

test('Sets of members are lists of ids and back.', () => {
  assert.deepEqual(idsOf(setOf([30, 2, 7])), [2, 7, 30]);
  assert.equal(sizeOf(setOf([30, 2, 7])), 3);
});

test.run();
