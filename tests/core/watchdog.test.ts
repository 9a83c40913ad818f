import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { NO_EVENT, Simulation, Watchdog, Watchdogs } from '../../src/core/index.ts';

const test = suite('core/watchdog');

interface Dog {
  set(deadlineNs: number): void;
  clear(): void;
}

/** The obvious watchdog: every move is a cancellation and a new event. */
function plainDog(sim: Simulation, onExpire: () => void): Dog {
  let id = NO_EVENT;
  const type = sim.eventType('plain', onExpire);
  return {
    set(deadlineNs) {
      sim.cancel(id);
      id = sim.scheduleAt(deadlineNs, type);
    },
    clear() {
      sim.cancel(id);
    },
  };
}

test('it fires when and only when a watchdog that re-queues at every move would', () => {
  const step = fc.record({
    waitNs: fc.integer({ min: 0, max: 50 }),
    // Where undefined, the deadline is cleared.
    deadlineNs: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const firings = [true, false].map((lazy) => {
        const sim = new Simulation({ seed: 's', horizonNs: 1e6 });
        const fired: number[] = [];
        const onExpire = () => fired.push(sim.nowNs);
        const dog: Dog = lazy ? new Watchdog(sim, 'lazy', onExpire) : plainDog(sim, onExpire);
        const act = sim.eventType('act', (i) => {
          const { deadlineNs } = steps[i];
          if (deadlineNs === undefined) dog.clear();
          // Odd against even: no deadline falls on the moment of a move.
          else dog.set(sim.nowNs + 2 * deadlineNs + 1);
        });
        let atNs = 0;
        for (let i = 0; i < steps.length; i++) {
          atNs += 2 * steps[i].waitNs;
          sim.scheduleAt(atNs, act, i);
        }
        sim.advance(1e6);
        return fired;
      });
      assert.deepEqual(firings[0], firings[1]);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('moving the deadline later costs one event per old expiry, not one per move', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  let fired = 0;
  const dog = new Watchdog(sim, 'dog', () => fired++);
  // 10,000 heartbeats every 1 us push a deadline of 40 us.
  const beat = sim.eventType('beat', (left) => {
    dog.set(sim.nowNs + 40_000);
    if (left > 0) sim.schedule(1000, beat, left - 1);
  });
  sim.schedule(0, beat, 9999);
  while (!sim.finished) sim.advance(1e6);
  assert.equal(fired, 1);
  // The last beat is at 9,999 us, so the last deadline at 10,039 us: about 10,039 / 39 looks at the
  // deadline.
  assert.ok(sim.eventCount - 10_000 < 260, `${sim.eventCount}`);
});

test('it hands its payloads over, once, and can be set again from its handler', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  const seen: string[] = [];
  const dog: Watchdog = new Watchdog(
    sim,
    'dog',
    (a, b) => {
      seen.push(`${a} ${b} at ${sim.nowNs}`);
      if (seen.length < 3) dog.set(sim.nowNs + 7);
    },
    4,
    5,
  );
  assert.equal(dog.deadlineNs, Number.POSITIVE_INFINITY);
  dog.set(10);
  assert.equal(dog.deadlineNs, 10);
  sim.advance(100);
  assert.deepEqual(seen, ['4 5 at 10', '4 5 at 17', '4 5 at 24']);
});

test('a deadline that is moved earlier fires earlier', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  const fired: number[] = [];
  const dog = new Watchdog(sim, 'dog', () => fired.push(sim.nowNs));
  dog.set(1000);
  dog.set(10);
  sim.advance(100);
  assert.deepEqual(fired, [10]);
});

test('the members of a population have deadlines of their own', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  const fired: string[] = [];
  const dogs = new Watchdogs(sim, 'leases', 4, (member) => fired.push(`${member} at ${sim.nowNs}`));
  for (let member = 0; member < 4; member++) dogs.set(member, 100 - member);
  dogs.clear(2);
  dogs.set(3, 200);
  assert.deepEqual(
    [0, 1, 2, 3].map((m) => dogs.deadlineNs(m)),
    [100, 99, Number.POSITIVE_INFINITY, 200],
  );
  sim.advance(100);
  assert.deepEqual(fired, ['1 at 99', '0 at 100', '3 at 200']);
});

test('a deadline in the past is an invariant violation', () => {
  const sim = new Simulation({ seed: 's', horizonNs: 1e9 });
  const dog = new Watchdog(sim, 'dog', () => {});
  assert.throws(() => dog.set(-1), /deadline in the past/);
});

test.run();
