import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { kOfNAvailability, majority, unitAvailability } from '../../src/analyze/index.ts';
import { createStream } from '../../src/core/stream.ts';

const test = suite('analyze/closed-form');

const close = (actual: number, expected: number, relative = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} ${expected}`);

test('one unit is up for MTBF of MTBF + MTTR, and fails once in that time', () => {
  // 99 h up, 1 h down.
  const one = kOfNAvailability({ n: 1, k: 1, unit: { mtbf: 99, mttr: 1 }, commonCause: null });
  close(one.availability, 0.99);
  close(one.outagesPerTime, 0.01);
  close(one.meanOutage, 1);
});

test('two of three: 3 a^2 (1 - a) + a^3, and half the repair time an outage', () => {
  // a = 0.9: 3 x 0.81 x 0.1 + 0.729 = 0.972; with two down either repair ends the outage.
  const three = kOfNAvailability({ n: 3, k: 2, unit: { mtbf: 9, mttr: 1 }, commonCause: null });
  close(three.availability, 0.972);
  // 0.243 of the time exactly two are up, and either may fail: 0.243 x 2 / 9.
  close(three.outagesPerTime, 0.054);
  close(three.meanOutage, 0.028 / 0.054);
});

test('an even member gains nothing: a quorum of 4 tolerates as few failures as one of 3', () => {
  const unit = { mtbf: 1000, mttr: 1 };
  const of = (n: number) =>
    kOfNAvailability({ n, k: majority(n), unit, commonCause: null }).availability;
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(majority), [1, 2, 2, 3, 3, 4, 4]);
  for (const n of [2, 4, 6]) assert.ok(of(n) < of(n - 1), `${n}`);
  for (const n of [3, 5, 7]) assert.ok(of(n) > of(n - 2), `${n}`);
});

test('the common cause bounds what members can buy', () => {
  const unit = { mtbf: 1000, mttr: 1 };
  const commonCause = { mtbf: 10_000, mttr: 1 };
  const of = (n: number) => kOfNAvailability({ n, k: majority(n), unit, commonCause }).availability;
  const ceiling = unitAvailability(commonCause);
  for (const n of [1, 3, 5, 7]) assert.ok(of(n) < ceiling, `${n}`);
  close(of(7), ceiling, 1e-8);
});

test('a simulation of the alternating processes agrees, for exponential and constant times', () => {
  const unit = { mtbf: 20, mttr: 2 };
  const commonCause = { mtbf: 200, mttr: 3 };
  for (const random of [true, false]) {
    const expected = kOfNAvailability({ n: 3, k: 2, unit, commonCause });
    const simulated = alternate(random);
    // 1,000,000 units of time hold some 17,000 outages: 3 % is four standard deviations.
    close(1 - simulated.availability, 1 - expected.availability, 0.03);
    close(simulated.outagesPerTime, expected.outagesPerTime, 0.03);
  }
});

/** Three units and a common cause, by brute force; constant times down where not random. */
function alternate(random: boolean) {
  const stream = createStream('closed form', `${random}`);
  const state = [0, 1, 2, 3].map((i) => {
    const mean = i === 3 ? { up: 200, down: 3 } : { up: 20, down: 2 };
    return { mean, up: true, nextAt: stream.exponentialInverse() * mean.up };
  });
  let now = 0;
  let downFor = 0;
  let outages = 0;
  let served = true;
  const horizon = 1_000_000;
  while (now < horizon) {
    const next = state.reduce((a, b) => (b.nextAt < a.nextAt ? b : a));
    if (!served) downFor += next.nextAt - now;
    now = next.nextAt;
    next.up = !next.up;
    const mean = next.up ? next.mean.up : next.mean.down;
    next.nextAt = now + (random || next.up ? stream.exponentialInverse() * mean : mean);
    const serves = state[3].up && state.filter((s, i) => i < 3 && s.up).length >= 2;
    if (served && !serves) outages++;
    served = serves;
  }
  return { availability: 1 - downFor / now, outagesPerTime: outages / now };
}

test.run();
