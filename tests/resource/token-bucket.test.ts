import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { TokenBucket, type TokenBucketOptions } from '../../src/resource/index.ts';
import { grantTimes, type Take } from '../oracles/token-bucket.ts';
import { MS, runToEnd, S, testBed } from './bed.ts';

const test = suite('resource/token-bucket');

/** When each take is granted; NaN: not before the horizon. */
function grants(options: TokenBucketOptions, takes: readonly Take[], horizonNs: number): number[] {
  const ctx = testBed(horizonNs);
  const { sim } = ctx;
  const bucket = new TokenBucket(ctx, 'bucket', options);
  const granted: number[] = takes.map(() => Number.NaN);
  const grantedType = sim.eventType('test/granted', (i) => {
    assert.ok(Number.isNaN(granted[i]), 'granted twice');
    granted[i] = sim.nowNs;
  });
  const takeType = sim.eventType('test/take', (i) =>
    bucket.take(takes[i].tokens, grantedType, i, 0),
  );
  takes.forEach((take, i) => {
    sim.scheduleAt(take.atNs, takeType, i);
  });
  runToEnd(ctx);
  return granted;
}

/** Rates of about a token a ns, so that the oracle can look at every ns. */
const anyRate = fc.oneof(
  fc.integer({ min: 1e7, max: 2e9 }),
  fc.integer({ min: 1e8, max: 9e9 }).map((tenths) => tenths / 10),
  fc.constantFrom(1e9, 5e8, 1e9 / 8, 3e8, 2.5e9),
);

test('Takes are granted at the very ns at which a bucket by brute force grants them.', () => {
  const takes = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 })),
    {
      maxLength: 30,
    },
  );
  const burst = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(anyRate, burst, burst, takes, (ratePerSecond, size, start, list) => {
      const initial = Math.min(size, start);
      const sorted = list
        .map(([atNs, tokens]) => ({ atNs, tokens }))
        .sort((a, b) => a.atNs - b.atNs);
      const actual = grants({ ratePerSecond, burst: size, initial }, sorted, 2000);
      assert.deepEqual(actual, grantTimes(ratePerSecond, size, initial, sorted, 2000));
    }),
    { numRuns: 150 },
  );
});

test('In no window are more tokens granted than burst + rate x window.', () => {
  const take = fc.record({
    atNs: fc.integer({ min: 0, max: 5 * S }),
    tokens: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(
      fc.array(take, { maxLength: 60 }),
      fc.integer({ min: 1, max: 50 }),
      (list, rate) => {
        const takes = [...list].sort((a, b) => a.atNs - b.atNs);
        const at = grants({ ratePerSecond: rate, burst: 5 }, takes, 1000 * S);
        for (let i = 0; i < takes.length; i += 1) {
          let tokens = 0;
          for (let j = i; j < takes.length; j += 1) {
            tokens += takes[j].tokens;
            // The first of the window may be late by a fraction of a ns that is not lost.
            const windowNs = at[j] - at[i] + 1;
            assert.ok(tokens * S <= 5 * S + rate * windowNs, `${tokens} in ${windowNs} ns`);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('Three tokens a second do not drift: the k-th comes at k / 3 s, up to k = 1000.', () => {
  const takes = Array.from({ length: 1000 }, () => ({ atNs: 0, tokens: 1 }));
  const at = grants({ ratePerSecond: 3, burst: 1, initial: 0 }, takes, 400 * S);
  // Rounded up to a whole ns.
  at.forEach((atNs, i) => {
    assert.equal(atNs, Math.ceil(((i + 1) * S) / 3));
  });
});

test('A rate with decimals is exact: 16.67 a second is a token each 1/16.67 s.', () => {
  const takes = Array.from({ length: 1667 }, () => ({ atNs: 0, tokens: 1 }));
  const at = grants({ ratePerSecond: 16.67, burst: 1, initial: 0 }, takes, 101 * S);
  assert.equal(at[1666], 100 * S);
});

test('Takes beyond the burst wait for a full bucket and are paid back at the rate.', () => {
  // 123,456,789 bytes a second with a burst of 16 MiB.
  const takes = Array.from({ length: 1000 }, () => ({ atNs: 0, tokens: 123_456_789 }));
  const options = { ratePerSecond: 123_456_789, burst: 16_777_216, initial: 0 };
  const at = grants(options, takes, 1001 * S);
  // A take beyond the burst is granted when the bucket is full: the last lacks all but 16 MiB of
  // 1000 s.
  const expected = 999 * S + (16_777_216 / 123_456_789) * S;
  assert.ok(Math.abs(at[999] - expected) < 1, `${at[999]} for ${expected}`);
});

test('A long pause fills the bucket to its burst, not beyond.', () => {
  const late = 80 * 86_400 * S;
  const takes = [0, 1, 2, 3].map(() => ({ atNs: late, tokens: 10 }));
  const at = grants({ ratePerSecond: 1000, burst: 20, initial: 0 }, takes, late + S);
  assert.deepEqual(
    at.map((atNs) => atNs - late),
    [0, 0, 10 * MS, 20 * MS],
  );
});

test('A small take does not overtake a large one that waits.', () => {
  const takes = [
    { atNs: 0, tokens: 10 },
    { atNs: 1, tokens: 1 },
  ];
  assert.deepEqual(grants({ ratePerSecond: 10, burst: 10, initial: 5 }, takes, 2 * S), [
    500 * MS,
    600 * MS,
  ]);
});

test('tryTake neither overtakes nor waits, and tokens tells what is there.', () => {
  const ctx = testBed(S);
  const bucket = new TokenBucket(ctx, 'bucket', { ratePerSecond: 10, burst: 3 });
  const noted = ctx.sim.eventType('test/noted', () => {});
  assert.equal(bucket.tryTake(2), true);
  assert.equal(bucket.tokens, 1);
  assert.equal(bucket.tryTake(2), false);
  bucket.take(2, noted, 0, 0);
  assert.equal(bucket.tryTake(1), false);
  assert.equal(bucket.queueLength, 1);
  assert.throws(() => bucket.take(0.5, noted, 0, 0), /whole/);
});

test('Utilization is the share of the rate that is taken: 60 of 100 a second is 0.6.', () => {
  const takes = Array.from({ length: 600 }, (_, i) => ({ atNs: i * 16 * MS, tokens: 1 }));
  const ctx = testBed(10 * S);
  const bucket = new TokenBucket(ctx, 'bucket', { ratePerSecond: 100, burst: 5 });
  const noted = ctx.sim.eventType('test/noted', () => {});
  const takeType = ctx.sim.eventType('test/take', () => bucket.take(1, noted, 0, 0));
  for (const take of takes) ctx.sim.scheduleAt(take.atNs, takeType);
  const [resource] = runToEnd(ctx).resources;
  // 600 x 10 ms in 10 s.
  assert.equal(resource.utilization, 0.6);
  assert.equal(resource.waitNsMax, 0);
});

test.run();
