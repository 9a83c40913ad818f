import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { EventStore } from '../../src/core/event-store.ts';
import { topTypes } from '../../src/core/flood-guard.ts';
import { LimitError, Simulation } from '../../src/core/index.ts';

const test = suite('core/flood');

const LIMIT = { events: 4 * 65_536, spanNs: 1000 };

function limitOf(body: () => unknown): LimitError {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof LimitError, String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

/** One event in four is an echo; the others call themselves again after `delayNs`. */
function flooding(delayNs: number): Simulation {
  const sim = new Simulation({ seed: 's', horizonNs: 1e12, flood: LIMIT });
  let n = 0;
  const echo = sim.eventType('echo', () => {});
  const spin = sim.eventType('spin', () => {
    if (n++ % 3 === 0) sim.schedule(0, echo);
    sim.schedule(delayNs, spin);
  });
  sim.scheduleAt(500, spin);
  return sim;
}

test('a livelock at one instant ends in a coded limit that names what was spinning', () => {
  const error = limitOf(() => flooding(0).advance(10_000_000));
  assert.equal(error.code, 'WT2003');
  // The first look is after 2^16 events, and there the clock had moved by less than the span.
  assert.match(error.message, /262144 events from 0 ns on, and 500 ns of simulated time/);
  assert.match(error.message, /Most were spin 75 %, echo 25 %/);
});

test('a flood that hardly moves the clock is the same limit', () => {
  // 2^18 events of 1 ns each are 262 us, where 1 s is asked for.
  const slow = new Simulation({
    seed: 's',
    horizonNs: 1e12,
    flood: { events: LIMIT.events, spanNs: 1e9 },
  });
  const spin = slow.eventType('spin', () => void slow.schedule(1, spin));
  slow.scheduleAt(0, spin);
  assert.equal(limitOf(() => slow.advance(10_000_000)).code, 'WT2003');
});

test('as many events that move the clock are no flood, and slices change nothing', () => {
  const sim = flooding(1);
  for (let i = 0; i < 100; i++) sim.advance(10_007);
  assert.equal(sim.eventCount, 1_000_700);
  const stuck = flooding(0);
  limitOf(() => {
    for (;;) stuck.advance(10_007);
  });
  assert.equal(stuck.eventCount, LIMIT.events);
});

test('pending events are told by type, without those that ran or were cancelled', () => {
  const store = new EventStore();
  for (const type of [2, 0, 2, 2, 0]) {
    const slot = store.allocate();
    store.ints[slot * 12 + 8] = type;
  }
  store.release(1);
  store.markCancelled(0);
  assert.deepEqual(store.liveByType(), [1, 0, 2]);
  assert.equal(
    topTypes([1, 0, 2], (type) => `t${type}`),
    't2 67 %, t0 33 %',
  );
});

test.run();
