import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { EventStore, PENDING_MAX } from '../../src/core/event-store.ts';
import {
  HORIZON_NS_MAX,
  InvariantViolation,
  LimitError,
  NO_EVENT,
  NS_PER_DAY,
  NS_PER_MS,
  NS_PER_S,
  NS_PER_US,
  Simulation,
  type Waitable,
} from '../../src/core/index.ts';

const test = suite('core/simulation');

function simulation(horizonNs = 1e12): Simulation {
  return new Simulation({ seed: 'seed', horizonNs });
}

function violation(body: () => unknown): InvariantViolation {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof InvariantViolation, String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

test('a horizon of 100 days is accepted, one nanosecond more is a coded limit', () => {
  assert.equal(HORIZON_NS_MAX, 100 * NS_PER_DAY);
  assert.ok(HORIZON_NS_MAX < Number.MAX_SAFE_INTEGER);
  assert.equal(simulation(HORIZON_NS_MAX).horizonNs, HORIZON_NS_MAX);
  for (const horizonNs of [HORIZON_NS_MAX + 1, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => simulation(horizonNs),
      (error) => error instanceof LimitError && error.code === 'WT2001',
    );
  }
});

test('an event at the last nanosecond of 100 days runs', () => {
  const sim = simulation(HORIZON_NS_MAX);
  let atNs = 0;
  const type = sim.eventType('last', () => {
    atNs = sim.nowNs;
  });
  sim.scheduleAt(HORIZON_NS_MAX - 1, type);
  assert.equal(sim.advance(10), 1);
  assert.equal(atNs, HORIZON_NS_MAX - 1);
});

test('more pending events than 2^24 are a coded limit, not a hang', () => {
  const store = new EventStore();
  for (let i = 0; i < PENDING_MAX; i++) assert.ok(store.allocate() === i);
  assert.equal(store.used, PENDING_MAX);
  assert.throws(
    () => store.allocate(),
    (error) => error instanceof LimitError && error.code === 'WT2002',
  );
  store.release(5);
  assert.equal(store.allocate(), 5);
});

test('scheduling in the past names the event, the time and the seed', () => {
  const sim = simulation();
  const late = sim.eventType('etcd/0/late', () => sim.schedule(-1, late));
  sim.schedule(5000, late);
  const error = violation(() => sim.advance(10));
  assert.equal(
    error.message,
    'event etcd/0/late is scheduled at 4999 ns, in the past of 5000 ns ' +
      '(seed seed, time 5000 ns, event 1)',
  );
  assert.deepEqual(error.position, { seed: 'seed', nowNs: 5000, eventSequence: 1 });
});

test('times that are no integers, unknown types and payloads that are no int32 are refused', () => {
  const sim = simulation();
  const type = sim.eventType('x', () => {});
  assert.match(violation(() => sim.schedule(0.5, type)).message, /not an integer/);
  assert.match(violation(() => sim.schedule(Number.NaN, type)).message, /not an integer/);
  assert.match(violation(() => sim.scheduleAt(Number.POSITIVE_INFINITY, type)).message, /not an/);
  assert.match(violation(() => sim.scheduleAt(-1, type)).message, /in the past/);
  for (const unknown of [-1, 1, 0.5, Number.NaN]) {
    assert.match(violation(() => sim.schedule(0, unknown)).message, /is not registered/);
  }
  for (const payload of [0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN]) {
    assert.match(violation(() => sim.schedule(0, type, payload)).message, /no int32/);
    assert.match(violation(() => sim.schedule(0, type, 0, payload)).message, /no int32/);
  }
  sim.schedule(0, type, -(2 ** 31), 2 ** 31 - 1);
  assert.equal(sim.advance(10), 1);
});

test('what a refused event leaves behind does not stop the run', () => {
  const sim = simulation();
  const type = sim.eventType('x', () => {});
  for (let i = 0; i < 10; i++) violation(() => sim.schedule(0, type, 0.5));
  sim.schedule(1, type);
  assert.equal(sim.advance(10), 1);
});

test('payloads and types arrive as they were sent', () => {
  const sim = simulation();
  const seen: string[] = [];
  const types = ['p', 'q'].map((name) =>
    sim.eventType(name, (a, b) => seen.push(`${name} ${a} ${b}`)),
  );
  assert.deepEqual(types, [0, 1]);
  sim.schedule(2, types[1], -7, 2 ** 31 - 1);
  sim.schedule(1, types[0]);
  sim.advance(10);
  assert.deepEqual(seen, ['p 0 0', `q -7 ${2 ** 31 - 1}`]);
  assert.equal(sim.typeName(1), 'q');
});

test('advance hands over no more events than it was asked for', () => {
  const sim = simulation();
  const type = sim.eventType('tick', () => {
    sim.schedule(1, type);
  });
  sim.schedule(1, type);
  assert.equal(sim.advance(0), 0);
  assert.equal(sim.advance(3), 3);
  assert.equal(sim.nowNs, 3);
  assert.equal(sim.advance(200_000), 200_000);
  assert.equal(sim.eventCount, 200_003);
  assert.equal(sim.finished, false);
});

test('a run with nothing left to do is finished at its horizon', () => {
  const sim = simulation(1000);
  assert.equal(sim.finished, false);
  assert.equal(sim.advance(1), 0);
  assert.equal(sim.finished, true);
  assert.equal(sim.nowNs, 1000);
});

test('an error of a handler that is no invariant violation passes through unchanged', () => {
  const sim = simulation();
  const type = sim.eventType('x', () => {
    throw new RangeError('as it was');
  });
  sim.schedule(0, type);
  assert.throws(() => sim.advance(1), new RangeError('as it was'));
});

test('no event is ever NO_EVENT, and NO_EVENT can be cancelled without effect', () => {
  const sim = simulation();
  const type = sim.eventType('x', () => {});
  assert.notEqual(sim.schedule(1, type), NO_EVENT);
  assert.equal(sim.cancel(NO_EVENT), false);
  assert.equal(sim.cancel(Number.NaN), false);
  assert.equal(sim.advance(10), 1);
});

test('ids stay unique over the life of a slot', () => {
  const sim = simulation();
  const type = sim.eventType('x', () => {});
  const seen = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const id = sim.schedule(1, type);
    assert.ok(Number.isSafeInteger(id) && !seen.has(id));
    seen.add(id);
    if (i % 2 === 0) assert.equal(sim.cancel(id), true);
    sim.advance(1);
  }
});

test('a process waits for delays and for what it yields, in the order of events', () => {
  const sim = simulation();
  const seen: string[] = [];
  const door: Waitable & { open(): void } = {
    waiting: [] as (() => void)[],
    wait(on: Simulation, type: number, a: number, b: number) {
      this.waiting.push(() => on.schedule(0, type, a, b));
    },
    open() {
      for (const wake of this.waiting.splice(0)) wake();
    },
  } as Waitable & { open(): void; waiting: (() => void)[] };
  function* visitor(name: string, delayNs: number) {
    seen.push(`${name} starts at ${sim.nowNs}`);
    yield delayNs;
    seen.push(`${name} knocks at ${sim.nowNs}`);
    yield door;
    seen.push(`${name} enters at ${sim.nowNs}`);
  }
  function* porter() {
    yield 100;
    door.open();
  }
  sim.spawn('first', visitor('first', 20));
  sim.spawn('second', visitor('second', 10));
  sim.spawn('porter', porter());
  assert.deepEqual(seen, []);
  sim.advance(1000);
  assert.deepEqual(seen, [
    'first starts at 0',
    'second starts at 0',
    'second knocks at 10',
    'first knocks at 20',
    'second enters at 100',
    'first enters at 100',
  ]);
});

test('a process that is woken after its end is an invariant violation', () => {
  const sim = simulation();
  const twice: Waitable = {
    wait(on, type, a, b) {
      on.schedule(0, type, a, b);
      on.schedule(5, type, a, b);
    },
  };
  function* short() {
    yield twice;
  }
  sim.spawn('short', short());
  assert.match(violation(() => sim.advance(100)).message, /process short is woken after its end/);
});

test('processes that ended make room for new ones', () => {
  const sim = simulation();
  let ended = 0;
  function* one(): Generator<number, void, void> {
    yield 1;
    ended++;
  }
  function* many(): Generator<number, void, void> {
    for (let i = 0; i < 1000; i++) {
      sim.spawn(`child ${i}`, one());
      yield 2;
    }
  }
  sim.spawn('many', many());
  sim.advance(1e6);
  assert.equal(ended, 1000);
});

test('units of time are integers of nanoseconds', () => {
  assert.deepEqual([NS_PER_US, NS_PER_MS, NS_PER_S], [1e3, 1e6, 1e9]);
});

test.run();
