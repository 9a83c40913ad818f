/** The replicated lease table and the queue of deadlines, against a plain map and a plain list. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { ExpiryQueue } from '../../../models/etcd/expiry-queue.ts';
import { LeaseTable } from '../../../models/etcd/lease-table.ts';
import { MS, S } from '../../support/scenario.ts';

const test = suite('etcd/lease-table');
const defaults = { electionTimeoutNs: S, heartbeatIntervalNs: 100 * MS };

type Step =
  | { kind: 'grant' }
  | { kind: 'revoke'; pick: number }
  | { kind: 'attach'; key: number; pick: number }
  | { kind: 'detach'; key: number };

const key = fc.nat(200);
const pick = fc.nat(50);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>({ kind: 'grant' }),
  fc.record({ kind: fc.constant('revoke' as const), pick }),
  fc.record({ kind: fc.constant('attach' as const), key, pick }),
  fc.record({ kind: fc.constant('detach' as const), key }),
);

test('Leases, their keys and their ids are those of a plain map.', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new LeaseTable(defaults);
      const keysOf = new Map<number, Set<number>>();
      const ended: number[] = [];
      const chosen = (at: number): number | undefined => [...keysOf.keys()][at % keysOf.size];
      steps.forEach((s, index) => {
        if (s.kind === 'grant') {
          const lease = table.grant(5000, index, 0);
          assert.ok(!keysOf.has(lease) && !ended.includes(lease), 'an id of its own');
          keysOf.set(lease, new Set());
        } else if (s.kind === 'detach') {
          table.detach(s.key);
          for (const keys of keysOf.values()) keys.delete(s.key);
        } else if (keysOf.size > 0) {
          const lease = chosen(s.pick)!;
          if (s.kind === 'attach') {
            table.attach(s.key, lease, 10);
            for (const keys of keysOf.values()) keys.delete(s.key);
            keysOf.get(lease)!.add(s.key);
          } else {
            const taken = new Set<number>();
            for (let k = table.takeKey(lease); k >= 0; k = table.takeKey(lease)) taken.add(k);
            assert.deepEqual([...taken].sort(), [...keysOf.get(lease)!].sort());
            assert.ok(table.revoke(lease, index));
            assert.ok(!table.revoke(lease, index));
            keysOf.delete(lease);
            ended.push(lease);
          }
        }
      });
      assert.equal(table.live, keysOf.size);
      for (const [lease, keys] of keysOf) {
        assert.ok(table.isLive(lease));
        assert.equal(table.keyCount(lease), keys.size);
        for (const k of keys) assert.equal(table.leaseOf(k), lease);
      }
      for (const lease of ended) assert.ok(!table.isLive(lease));
    }),
    { numRuns: 60 },
  );
});

test('A member has a lease from the index of its grant to that of its revoke.', () => {
  const table = new LeaseTable(defaults);
  const lease = table.grant(5000, 10, 0);
  table.revoke(lease, 20);
  assert.deepEqual(
    [9, 10, 19, 20].map((index) => table.isPresent(lease, index)),
    [false, true, true, false],
  );
});

test('TTLs are whole seconds, and no less than three halves of the election ticks.', () => {
  const ttl = (ms: number, electionTimeoutNs = S): number => {
    const table = new LeaseTable({ ...defaults, electionTimeoutNs });
    return table.ttlMs[table.row(table.grant(ms, 1, 0))];
  };
  assert.equal(ttl(1000), 2000);
  assert.equal(ttl(2500), 3000);
  assert.equal(ttl(60_000), 60_000);
  // 25 ticks: 37 of them are 3.7 s.
  assert.equal(ttl(1000, 2.5 * S), 4000);
});

test('The queue gives rows in the order of their times, whatever was moved or taken out.', () => {
  const action = fc.tuple(fc.nat(100), fc.option(fc.nat(1000)));
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const queue = new ExpiryQueue();
      const times = new Map<number, number>();
      for (const [row, time] of actions) {
        if (time === null) {
          queue.remove(row);
          times.delete(row);
        } else {
          queue.set(row, time);
          times.set(row, time);
        }
        assert.equal(queue.size, times.size);
      }
      const expected = [...times.values()].sort((a, b) => a - b);
      const actual = expected.map(() => {
        const row = queue.first;
        const time = queue.timeOf(row);
        assert.equal(time, times.get(row));
        queue.remove(row);
        return time;
      });
      assert.deepEqual(actual, expected);
      assert.equal(queue.size, 0);
    }),
    { numRuns: 60 },
  );
});

test.run();
