import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  decodeConfChange,
  EMPTY_ENTRY,
  EntryBuffer,
  encodeConfChange,
  isConfChange,
  MessagePool,
  RaftLog,
} from '../../../models/etcd/raft/index.ts';
import { Inflights } from '../../../models/etcd/raft/progress.ts';
import { Cluster } from './cluster.ts';

const test = suite('parts of the raft model');

type Entry = { proposal: number; size: number; term: number };

/** The log as a plain list: entry i is `entries[i - offset - 1]`. */
class ListLog {
  offset = 0;
  offsetTerm = 0;
  entries: Entry[] = [];

  get last(): number {
    return this.offset + this.entries.length;
  }

  term(index: number): number {
    if (index === this.offset) return this.offsetTerm;
    return this.entries[index - this.offset - 1]?.term ?? -1;
  }
}

const action = fc.tuple(fc.nat(5), fc.nat(1000), fc.array(fc.nat(30), { maxLength: 6 }));

test('The log is a list that loses its head and its tail.', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300, size: 'max' }), (actions) => {
      const log = new RaftLog();
      const list = new ListLog();
      let term = 1;
      let committed = 0;
      for (const [kind, a, sizes] of actions) {
        if (kind <= 1) {
          for (const size of sizes) {
            log.append(a, size, term);
            list.entries.push({ proposal: a, size, term });
          }
        } else if (kind === 2) {
          // What a leader of a new term sends, from anywhere in the uncommitted part on.
          term++;
          const previous = committed + (a % (list.last - committed + 1));
          const sent = new EntryBuffer();
          const keep = list.entries.slice(previous - list.offset).slice(0, a % 3);
          for (const entry of keep) sent.push(entry.proposal, entry.size, entry.term);
          for (const size of sizes) sent.push(a, size, term);
          log.merge(previous, sent, committed);
          if (sizes.length > 0) {
            list.entries.length = previous - list.offset + keep.length;
            for (const size of sizes) list.entries.push({ proposal: a, size, term });
          }
        } else if (kind === 3) {
          committed = Math.max(committed, list.offset + (a % (list.entries.length + 1)));
        } else if (kind === 4) {
          const index = Math.min(committed, list.offset + (a % 20));
          log.compact(index);
          list.offsetTerm = list.term(index);
          list.entries.splice(0, index - list.offset);
          list.offset = index;
        } else {
          const index = committed + (a % (list.last - committed + 1));
          log.truncate(index);
          list.entries.length = index - list.offset;
        }
        same(log, list, a);
      }
    }),
    { numRuns: 100 },
  );
});

function same(log: RaftLog, list: ListLog, a: number): void {
  assert.equal(log.lastIndex, list.last);
  assert.equal(log.firstIndex, list.offset + 1);
  assert.equal(log.lastTerm, list.term(list.last));
  assert.equal(log.term(list.last + 1), -1);
  assert.equal(log.term(list.offset - 1), -1);
  list.entries.forEach((entry, i) => {
    const index = list.offset + 1 + i;
    assert.equal(log.term(index), entry.term);
    assert.equal(log.proposal(index), entry.proposal);
    assert.equal(log.sizeBytes(index), entry.size);
  });
  // As many entries as fit into `a % 100` bytes, but at least one.
  let bytes = 0;
  let fits = list.offset;
  for (const entry of list.entries) {
    bytes += entry.size;
    if (bytes > a % 100 && fits > list.offset) break;
    fits++;
  }
  assert.equal(log.limit(list.offset + 1, list.last, a % 100), fits);
  // The last entry at or before an index with at most a term; unknown ones are possible matches.
  const from = list.offset + (a % (list.entries.length + 1));
  let hint = from;
  while (hint > 0 && list.term(hint) > a % 10) hint--;
  assert.equal(log.findConflictByTerm(from, a % 10), hint);
}

test('The window of messages in flight is a queue of indexes.', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(12)), { maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), steps, (size, actions) => {
      const window = new Inflights(size);
      let list: number[] = [];
      let next = 1;
      for (const [add, a] of actions) {
        if (add && !window.full) {
          next += 1 + (a % 3);
          window.add(next);
          list.push(next);
        } else if (a === 0) {
          window.reset();
          list = [];
        } else {
          const to = (list[0] ?? 0) + a - 2;
          window.freeTo(to);
          list = list.filter((index) => index > to);
        }
        assert.equal(window.count, list.length);
        assert.equal(window.full, list.length === size);
      }
    }),
  );
});

test('A conf change is a number below every other entry, and back.', () => {
  const kinds = fc.constantFrom('addNode' as const, 'removeNode' as const, 'addLearner' as const);
  fc.assert(
    fc.property(
      kinds,
      fc.integer({ min: 1, max: 30 }),
      fc.nat((1 << 20) - 1),
      (kind, node, request) => {
        const proposal = encodeConfChange(kind, node, request);
        assert.ok(proposal < EMPTY_ENTRY && proposal === (proposal | 0), 'fits an int32');
        assert.ok(isConfChange(proposal));
        assert.deepEqual(decodeConfChange(proposal), { kind, node, request });
      },
    ),
  );
  assert.ok(!isConfChange(EMPTY_ENTRY) && !isConfChange(0));
});

test('A released message is used again, and releasing it twice is an error.', () => {
  const pool = new MessagePool();
  const first = pool.acquire('app', 1, 2, 3);
  first.entries.push(7, 100, 3);
  const copy = pool.copy(first);
  assert.equal(copy.entries.proposals[0], 7);
  assert.equal(pool.get(copy.slot), copy);
  pool.release(first);
  assert.throws(() => pool.release(first), /twice/);
  assert.throws(() => pool.get(first.slot), /no message/);
  const again = pool.acquire('prop', 2, 1, 0);
  assert.equal(again, first);
  assert.equal(again.entries.count, 0);
  assert.equal(pool.inUse, 2);
});

/** Runs batches of proposals through a group; what was sent, and what was applied. */
function runBatches(batches: readonly number[], coalesce: boolean, selfAck: 'append' | 'persist') {
  const group = new Cluster({ voters: [1, 2, 3], coalesce, selfAck, maxMessageBytes: 400 });
  let records = 0;
  const sent = { app: 0, prop: 0, appResp: 0 };
  let entries = 0;
  group.onMessage = (m) => {
    records++;
    if (m.type !== 'app' && m.type !== 'prop' && m.type !== 'appResp') return;
    sent[m.type] += m.messageCount;
    entries += m.entries.count;
  };
  group.member(1).raft.campaign();
  group.settle();
  let proposal = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch; i++) group.member(1 + (i % 2)).raft.propose(proposal++, 30);
    group.settle();
  }
  return { records, sent, entries, applied: group.members.map((m) => m.applied) };
}

test('Records shared by messages carry the same entries and stand for as many messages.', () => {
  const batch = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 });
  const acks = fc.constantFrom('append' as const, 'persist' as const);
  fc.assert(
    fc.property(batch, acks, (batches, selfAck) => {
      const fast = runBatches(batches, true, selfAck);
      const slow = runBatches(batches, false, selfAck);
      assert.deepEqual(fast.applied, slow.applied);
      assert.equal(fast.sent.prop, slow.sent.prop);
      assert.equal(fast.entries, slow.entries);
      // Fewer answers come back (the last one of a Ready), and with them fewer commits to tell of.
      assert.ok(fast.sent.app <= slow.sent.app && fast.sent.appResp <= slow.sent.appResp);
      assert.ok(fast.records <= slow.records);
    }),
    { numRuns: 60 },
  );
});

test('A hundred proposals of one turn are one record to each follower, and a hundred messages.', () => {
  const group = new Cluster({ voters: [1, 2, 3] });
  group.member(1).raft.campaign();
  group.settle();
  for (let i = 0; i < 100; i++) group.member(1).raft.propose(i, 100);
  group.begin(group.member(1));
  assert.equal(group.inFlight.length, 2);
  for (const message of group.inFlight) {
    assert.equal(message.messageCount, 100);
    assert.equal(message.entries.count, 100);
    assert.equal(message.entries.bytes, 10_000);
  }
  assert.equal(group.member(1).raft.progressOf(2)!.inflights.count, 100);
});

test('A turn that only learns of a commit needs no sync.', () => {
  const group = new Cluster({ voters: [1, 2, 3] });
  const member = group.member(2);
  group.member(1).raft.campaign();
  group.settle();
  group.member(1).raft.propose(1, 10);
  const seen: boolean[] = [];
  for (let round = 0; round < 4; round++) {
    for (const one of group.members) {
      if (!one.raft.hasReady()) continue;
      group.turn(one);
      if (one === member) seen.push(one.out.mustSync);
    }
    while (group.inFlight.length > 0) group.deliver(0);
  }
  assert.deepEqual(seen, [true, false]);
});

/** Steps a MsgApp of entries `base + 1`.. into member 3, in `term` from `from`. */
function append(
  group: Cluster,
  from: number,
  term: number,
  prev: [number, number],
  terms: number[],
  commit: number,
): void {
  const message = group.pool.acquire('app', from, 3, term);
  [message.index, message.logTerm] = prev;
  message.commit = commit;
  for (const entryTerm of terms)
    message.entries.push(100 * term + message.entries.count, 10, entryTerm);
  group.member(3).raft.step(message);
  group.pool.release(message);
}

test('A follower commits no further than the message that it matched reaches.', () => {
  const group = new Cluster({ voters: [1, 2, 3] });
  const { raft } = group.member(3);
  append(group, 1, 1, [0, 0], [1, 1, 1, 1], 0);
  assert.equal(raft.lastIndex, 4);
  // The new leader has committed 4, but says nothing about 3 and 4 here: ours may be others.
  append(group, 2, 2, [1, 1], [1], 4);
  assert.equal(raft.lastIndex, 4);
  assert.equal(raft.committed, 2);
});

test('What arrives while a sync runs is not on disk when it ends.', () => {
  const group = new Cluster({ voters: [1, 2, 3] });
  const member = group.member(3);
  append(group, 1, 1, [0, 0], [1, 1], 0);
  group.begin(member);
  append(group, 1, 1, [2, 1], [1, 1], 0);
  group.persist(member);
  group.crash(member);
  group.restart(member);
  assert.equal(member.raft.lastIndex, 2);
  assert.equal(member.raft.term, 1);
});

test('What a conflict replaces while a sync runs is not counted as on disk.', () => {
  const group = new Cluster({ voters: [1, 2, 3] });
  const member = group.member(3);
  append(group, 1, 1, [0, 0], [1, 1, 1], 0);
  group.begin(member);
  append(group, 2, 2, [1, 1], [2, 2, 2], 0);
  group.persist(member);
  assert.equal(member.raft.log.stable, 1);
  group.end(member);
  group.begin(member);
  assert.deepEqual([member.out.entriesFrom, member.out.entriesTo], [2, 4]);
  group.end(member);
  assert.equal(member.raft.log.stable, 4);
});

test.run();
