import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import { Chaos, type Step } from './chaos.ts';

const test = suite('raft under faults');

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(99), fc.nat(1000), fc.nat(1000));
/** Kinds of `Chaos.step` without changes of the configuration and other management. */
const plainStep: fc.Arbitrary<Step> = fc.tuple(fc.nat(96), fc.nat(1000), fc.nat(1000));
const history = (of: fc.Arbitrary<Step>) =>
  fc.array(of, { minLength: 100, maxLength: 1500, size: 'max' });
const flags = fc.record({
  preVote: fc.boolean(),
  checkQuorum: fc.boolean(),
  selfAck: fc.constantFrom('append' as const, 'persist' as const),
  coalesce: fc.boolean(),
  maxInflight: fc.constantFrom(1, 2, 512),
  maxMessageBytes: fc.constantFrom(20, 100, 1 << 20),
});

/** Histories are long and shrink slowly: to shrink a failure, take endOnFailure away. */
function runs(numRuns: number) {
  return { numRuns, endOnFailure: true };
}

function ids(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

for (const members of [1, 2, 3, 5]) {
  test(`A group of ${members} keeps raft's promises under faults and recovers from them.`, () => {
    fc.assert(
      fc.property(flags, fc.nat(), history(plainStep), (cluster, seed, steps) => {
        const chaos = new Chaos({
          cluster: { ...cluster, voters: ids(members) },
          seed,
          joining: 0,
        });
        for (const one of steps) chaos.step(one);
        chaos.heal();
        assert.equal(chaos.cluster.pool.inUse, 0, 'a message leaks');
      }),
      { ...runs(60), seed: 1000 + members },
    );
  });
}

test('Changes of the membership, transfers and snapshots keep them as well.', () => {
  fc.assert(
    fc.property(flags, fc.nat(), history(step), (cluster, seed, steps) => {
      const chaos = new Chaos({ cluster: { ...cluster, voters: ids(3) }, seed, joining: 2 });
      for (const one of steps) chaos.step(one);
      chaos.heal();
      assert.equal(chaos.cluster.pool.inUse, 0, 'a message leaks');
    }),
    { ...runs(150), seed: 2000 },
  );
});

test.run();
