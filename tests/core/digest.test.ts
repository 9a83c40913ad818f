import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  CHECKPOINT_EVENTS,
  findFirstDifference,
  type QueueKind,
  Simulation,
  type TraceOptions,
} from '../../src/core/index.ts';

const test = suite('core/digest');

interface ReferenceOptions {
  readonly seed?: string;
  readonly queue?: QueueKind;
  readonly trace?: TraceOptions;
  /** From this event on, payload b is one more: the smallest possible difference. */
  readonly differAt?: number;
  /** An extra event that changes nothing but the order of sequence numbers. */
  readonly extraCancelled?: boolean;
}

/** Three stations in a ring with jobs that move, think and set timeouts that they mostly cancel. */
function reference(options: ReferenceOptions = {}): Simulation {
  const { seed = 'reference', queue, trace, differAt = Number.POSITIVE_INFINITY } = options;
  const sim = new Simulation({ seed, horizonNs: 4e9, queue, trace });
  const service = sim.stream('service');
  const size = sim.stream('size');
  const timeouts = new Float64Array(64);
  const timeout = sim.eventType('ring/timeout', () => {});
  const move = sim.eventType('ring/move', (job, hops) => {
    sim.cancel(timeouts[job]);
    const extra = sim.eventCount >= differAt ? 1 : 0;
    const delayNs = Math.floor(service.exponential() * 1e6) + size.below(3) * 100_000;
    timeouts[job] = sim.schedule(3e6, timeout, job);
    sim.schedule(delayNs, move, job, ((hops + 1) & 0xffff) + extra);
  });
  for (let job = 0; job < timeouts.length; job++) sim.schedule(job * 1000, move, job, 0);
  if (options.extraCancelled === true) sim.cancel(sim.schedule(500, timeout));
  return sim;
}

function finished(sim: Simulation): Simulation {
  while (!sim.finished) sim.advance(1_000_000);
  return sim;
}

test('the digest of the reference run has not changed', () => {
  const sim = finished(reference());
  assert.equal(sim.eventCount, 245_582);
  assert.equal(sim.digest(), '643e2961c5c57e73');
  assert.deepEqual(sim.digestCheckpoints(), [
    '934dcc4625997de5',
    '17869f8d008c1f8e',
    'f84f82419b36a55a',
  ]);
});

test('the reference queue and odd slices give the same digest and the same checkpoints', () => {
  const expected = finished(reference());
  const sim = reference({ queue: 'fast-priority-queue' });
  for (let slice = 1; !sim.finished; slice = (slice * 7 + 1) % 10_007) sim.advance(slice);
  assert.equal(sim.digest(), expected.digest());
  assert.equal(sim.eventCount, expected.eventCount);
  assert.deepEqual(sim.digestCheckpoints(), expected.digestCheckpoints());
  assert.equal(expected.digestCheckpoints().length, Math.floor(sim.eventCount / CHECKPOINT_EVENTS));
});

test('an event that is cancelled before it runs leaves no mark on the digest', () => {
  assert.equal(
    finished(reference({ extraCancelled: true })).digest(),
    finished(reference()).digest(),
  );
});

test('another seed gives another digest', () => {
  assert.notEqual(finished(reference({ seed: 'other' })).digest(), finished(reference()).digest());
});

test('equal runs have no first difference', () => {
  assert.equal(
    findFirstDifference(
      (trace) => reference({ trace }),
      (trace) => reference({ trace, queue: 'fast-priority-queue' }),
    ),
    null,
  );
});

test('the first difference names the event, its time, its type and its payloads', () => {
  const differAt = 3 * CHECKPOINT_EVENTS + 1234;
  const difference = findFirstDifference(
    (trace) => reference({ trace }),
    (trace) => reference({ trace, differAt }),
  );
  assert.ok(difference?.first !== undefined && difference.second !== undefined);
  const { first, second } = difference;
  assert.ok(difference.event > differAt && difference.event < differAt + 200);
  assert.equal(first.event, difference.event);
  assert.equal(first.timeNs, second.timeNs);
  assert.equal(first.typeName, 'ring/move');
  assert.equal(first.a, second.a);
  assert.equal(second.b, first.b + 1);
});

test('a run that ends early differs where the other goes on', () => {
  const make = (count: number) => (trace?: TraceOptions) => {
    const sim = new Simulation({ seed: 's', horizonNs: 1e9, trace });
    const type = sim.eventType('tick', () => {});
    for (let i = 0; i < count; i++) sim.schedule(i, type, i);
    return sim;
  };
  const difference = findFirstDifference(make(10), make(12));
  assert.equal(difference?.event, 11);
  assert.equal(difference?.first, undefined);
  assert.deepEqual(difference?.second, {
    event: 11,
    timeNs: 10,
    type: 0,
    a: 10,
    b: 0,
    typeName: 'tick',
  });
});

test('every bit of time, type and both payloads moves the digest', () => {
  const digestOf = (timeNs: number, type: number, a: number, b: number) => {
    const sim = new Simulation({ seed: 's', horizonNs: 100 * 86_400e9 });
    for (let i = 0; i < 300; i++) sim.eventType(`t${i}`, () => {});
    sim.scheduleAt(timeNs, type, a, b);
    return finished(sim).digest();
  };
  const seen = new Set([digestOf(0, 0, 0, 0)]);
  for (let bit = 0; bit < 52; bit++) seen.add(digestOf(2 ** bit, 0, 0, 0));
  for (let bit = 0; bit < 8; bit++) seen.add(digestOf(0, 1 << bit, 0, 0));
  for (let bit = 0; bit < 32; bit++) seen.add(digestOf(0, 0, 1 << bit, 0));
  for (let bit = 0; bit < 32; bit++) seen.add(digestOf(0, 0, 0, 1 << bit));
  assert.equal(seen.size, 1 + 52 + 8 + 32 + 32);
});

test.run();
