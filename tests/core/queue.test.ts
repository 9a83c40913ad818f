import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { type QueueKind, Simulation } from '../../src/core/index.ts';
import { type PendingEvent, SortedEvents } from '../oracles/sorted-events.ts';
import { Chaos } from './chaos.ts';

const test = suite('core/queue');
const HORIZON_NS = 3 * 86_400e9;
const KINDS: readonly QueueKind[] = ['two-tier', 'fast-priority-queue'];

interface Outcome {
  readonly log: readonly string[];
  readonly digest: string;
  readonly eventCount: number;
}

function runChaos(
  queue: QueueKind,
  seed: number,
  pendingMax: number,
  slice: number,
  eventsMax: number,
): Outcome {
  const sim = new Simulation({ seed: 'chaos', horizonNs: HORIZON_NS, queue });
  const type = sim.eventType('chaos', (a) => chaos.handle(a));
  const host = {
    get nowNs() {
      return sim.nowNs;
    },
    schedule: (delayNs: number, a: number) => sim.schedule(delayNs, type, a),
    cancel: (id: number) => sim.cancel(id),
  };
  const chaos = new Chaos(host, seed, pendingMax);
  while (sim.eventCount < eventsMax && !sim.finished) {
    sim.advance(Math.min(slice, eventsMax - sim.eventCount));
  }
  return { log: chaos.log, digest: sim.digest(), eventCount: sim.eventCount };
}

function runChaosByOracle(seed: number, pendingMax: number, eventsMax: number): readonly string[] {
  const queue = new SortedEvents();
  const made: PendingEvent[] = [];
  let nowNs = 0;
  const host = {
    get nowNs() {
      return nowNs;
    },
    schedule: (delayNs: number, a: number) => made.push(queue.add(nowNs + delayNs, a)) - 1,
    cancel: (id: number) => queue.remove(made[id]),
  };
  const chaos = new Chaos(host, seed, pendingMax);
  for (let i = 0; i < eventsMax; i++) {
    const event = queue.takeBefore(HORIZON_NS);
    if (event === undefined) break;
    nowNs = event.timeNs;
    chaos.handle(event.a);
  }
  return chaos.log;
}

test('every queue hands over the same events as a search through an array', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, pendingMax) => {
      const expected = runChaosByOracle(seed, pendingMax, 300);
      for (const kind of KINDS) {
        assert.deepEqual(runChaos(kind, seed, pendingMax, 1e9, 300).log, expected, kind);
      }
    }),
    { numRuns: 150, seed: 1 },
  );
});

test('both queues and every slice size give the same digest with thousands pending', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1000, max: 6000 }),
      fc.integer({ min: 1, max: 5000 }),
      (seed, pendingMax, slice) => {
        const whole = runChaos('two-tier', seed, pendingMax, 1e9, 20_000);
        assert.ok(whole.eventCount > pendingMax / 2);
        for (const kind of KINDS) {
          assert.deepEqual(runChaos(kind, seed, pendingMax, slice, 20_000), whole, kind);
        }
      },
    ),
    { numRuns: 8, seed: 2 },
  );
});

for (const queue of KINDS) {
  const tell = (name: string, body: (sim: Simulation, seen: number[], type: number) => void) =>
    test(`${queue}: ${name}`, () => {
      const sim = new Simulation({ seed: 's', horizonNs: HORIZON_NS, queue });
      const seen: number[] = [];
      const type = sim.eventType('seen', (a) => seen.push(a));
      body(sim, seen, type);
    });

  tell('events of one time come in the order of scheduling, however many', (sim, seen, type) => {
    const count = 5000;
    for (let i = 0; i < count; i++) sim.schedule(7e9, type, i);
    sim.advance(1e9);
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, i) => i),
    );
  });

  tell('ties stay in order when they were scheduled from near and from far', (sim, seen, type) => {
    // All are due at 100 s: the first from 100 s before, the second from 10 ms before, the third
    // from the same bucket, the last two from that very moment.
    const dueNs = 100e9;
    const then = sim.eventType('then', (delayNs, a) => sim.schedule(delayNs, type, a));
    const now = sim.eventType('now', () => {
      sim.schedule(0, type, 4);
      sim.schedule(0, type, 5);
    });
    sim.schedule(dueNs, type, 1);
    sim.schedule(dueNs, now);
    sim.schedule(dueNs - 10e6, then, 10e6, 2);
    sim.schedule(dueNs - 10, then, 10, 3);
    sim.advance(1e9);
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  });

  tell('a cancelled event is never handed over, wherever it waits', (sim, seen, type) => {
    const delaysNs = [0, 1, 1000, 2 ** 20, 5e9, 60e9, 70e9, 1000e9, 86_400e9, 2 * HORIZON_NS];
    const ids = delaysNs.map((delayNs, i) => sim.schedule(delayNs, type, i));
    for (let i = 0; i < ids.length; i += 2) assert.equal(sim.cancel(ids[i]), true);
    for (let i = 0; i < ids.length; i += 2) assert.equal(sim.cancel(ids[i]), false);
    sim.advance(1e9);
    assert.deepEqual(seen, [1, 3, 5, 7]);
    assert.equal(sim.eventCount, 4);
  });

  tell('an event may cancel another that is due at the same time', (sim, seen, type) => {
    const ids: number[] = [];
    const canceller = sim.eventType('canceller', () => {
      assert.equal(sim.cancel(ids[0]), true);
      assert.equal(sim.cancel(ids[0]), false);
    });
    sim.schedule(1000, canceller);
    ids.push(sim.schedule(1000, type, 1));
    sim.schedule(1000, type, 2);
    sim.advance(1e9);
    assert.deepEqual(seen, [2]);
  });

  tell(
    'the id of an event that ran cancels nothing, although its slot is used again',
    (sim, seen, type) => {
      const first = sim.schedule(1, type, 1);
      sim.advance(1);
      const second = sim.schedule(1, type, 2);
      assert.notEqual(first, second);
      assert.equal(sim.cancel(first), false);
      assert.equal(sim.cancel(0), false);
      sim.advance(1);
      assert.deepEqual(seen, [1, 2]);
    },
  );

  tell(
    'events at the horizon and beyond it do not run, one nanosecond before it does',
    (sim, seen, type) => {
      sim.schedule(HORIZON_NS, type, 1);
      sim.schedule(HORIZON_NS + 1, type, 2);
      sim.schedule(HORIZON_NS - 1, type, 3);
      assert.equal(sim.advance(1e9), 1);
      assert.deepEqual(seen, [3]);
      assert.equal(sim.finished, true);
      assert.equal(sim.nowNs, HORIZON_NS);
      assert.equal(sim.advance(1e9), 0);
    },
  );
}

/** One wheel bucket, ns; events of the bucket after the next are planned well before it begins. */
const BUCKET_NS = 2 ** 20;

/**
 * Events at these offsets from the start of a bucket, each of which plans another some ns later:
 * often within the same bucket, among those that wait there sorted.
 */
function runBucket(queue: QueueKind, offsetsNs: readonly number[], laterNs: number): number[] {
  const sim = new Simulation({ seed: 'bucket', horizonNs: HORIZON_NS, queue });
  const seen: number[] = [];
  const later = sim.eventType('later', (a) => seen.push(sim.nowNs, a));
  const first = sim.eventType('first', (a) => {
    seen.push(sim.nowNs, a);
    sim.schedule(laterNs, later, a + 1e6);
  });
  const ids = offsetsNs.map((offsetNs, i) => sim.schedule(3 * BUCKET_NS + offsetNs, first, i));
  for (let i = 0; i < ids.length; i += 7) sim.cancel(ids[i]);
  sim.advance(1e9);
  return seen;
}

test('the events of one bucket come in order, whether few, spread, crowded or tied', () => {
  const offset = fc.oneof(
    fc.integer({ min: 0, max: BUCKET_NS - 1 }),
    fc.integer({ min: 500_000, max: 500_100 }),
    fc.constantFrom(0, 77, BUCKET_NS - 1),
  );
  const spread = fc.integer({ min: 0, max: BUCKET_NS - 1 });
  const offsets = fc.oneof(
    fc.array(offset, { maxLength: 9 }),
    fc.array(offset, { maxLength: 400 }),
    fc.array(spread, { minLength: 300, maxLength: 1200 }),
  );
  fc.assert(
    fc.property(offsets, fc.integer({ min: 0, max: 2e6 }), (offsetsNs, laterNs) => {
      const expected = runBucket('fast-priority-queue', offsetsNs, laterNs);
      assert.deepEqual(runBucket('two-tier', offsetsNs, laterNs), expected);
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('a million zero delays in a row run at one time and in order', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 10 });
  let last = -1;
  const type = sim.eventType('chain', (a) => {
    assert.ok(a === last + 1);
    last = a;
    if (a + 3 < 1_000_000) sim.schedule(0, type, a + 3);
  });
  for (let i = 0; i < 3; i++) sim.schedule(5, type, i);
  sim.advance(1e9);
  assert.equal(last, 999_999);
  assert.equal(sim.eventCount, 1_000_000);
});

test.run();
