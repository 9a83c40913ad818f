import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import { editDistance, nearestName } from '../../src/scenario/nearest.ts';
import {
  formatGoDuration,
  formatUnit,
  parseGoDuration,
  parseUnit,
  type UnitKind,
} from '../../src/scenario/units.ts';
import { slowEditDistance } from '../oracles/edit-distance.ts';

const test = suite('units and names');
const kinds: readonly UnitKind[] = [
  'duration',
  'bytes',
  'rate',
  'ratio',
  'ppm',
  'bandwidth',
  'number',
];

function amount(kind: UnitKind, text: string): number {
  const parsed = parseUnit(kind, text);
  assert.ok('value' in parsed, `${text} is a ${kind}`);
  return parsed.value;
}

test('Every finite number that is printed with a unit reads back to the very same number.', () => {
  const numbers = fc.oneof(
    fc.integer({ min: -1_000_000, max: 2_000_000_000 }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: -9, max: 15 })).map(
      // Decimal by text: pow would not give the nearest double.
      ([digits, exponent]) => Number(`${digits}e${exponent}`),
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...kinds), numbers, (kind, value) => {
      // Minus zero is zero to every reader of the file.
      assert.equal(amount(kind, formatUnit(kind, value)) + 0, value + 0);
    }),
    { numRuns: 2000 },
  );
});

test('A decimal in a metric unit gives the double nearest to it.', () => {
  assert.equal(amount('duration', '1.1ms'), 1_100_000);
  assert.equal(amount('duration', '0.2ms'), 200_000);
  assert.equal(amount('duration', '4.35us'), 4350);
  assert.equal(amount('ratio', '99.95%'), 0.9995);
  assert.equal(amount('ratio', '0.07%'), 0.0007);
});

test('Units are what they say.', () => {
  assert.equal(amount('duration', '1d'), 86_400e9);
  assert.equal(amount('duration', '1m30s'), 90e9);
  assert.equal(amount('duration', '1h0m1.5s'), 3_601_500_000_000);
  assert.equal(amount('duration', '3µs') + amount('duration', '3μs'), 6000);
  assert.equal(amount('bytes', '2KiB') + amount('bytes', '2KB') + amount('bytes', '2'), 4050);
  assert.equal(amount('rate', '90/min') + amount('rate', '1.5k/s'), 1501.5);
  assert.equal(amount('ppm', '1%') + amount('ppm', '500ppb'), 10_000.5);
  assert.equal(amount('bandwidth', '1Gbit/s'), 125e6);
  assert.equal(amount('duration', '0'), 0);
});

test('What is no number, has no unit or a wrong one is told apart.', () => {
  assert.deepEqual(parseUnit('duration', '25'), { error: 'missing-unit', unit: '' });
  assert.deepEqual(parseUnit('duration', '25sec'), { error: 'unknown-unit', unit: 'sec' });
  assert.deepEqual(parseUnit('duration', 'soon'), { error: 'unreadable', unit: '' });
  assert.deepEqual(parseUnit('bytes', '5toString'), { error: 'unknown-unit', unit: 'toString' });
  assert.deepEqual(parseUnit('duration', ''), { error: 'unreadable', unit: '' });
  assert.deepEqual(parseUnit('duration', '1e999s'), { error: 'unreadable', unit: 's' });
  assert.deepEqual(parseUnit('duration', '0x10ms'), { error: 'unknown-unit', unit: 'x10ms' });
});

test('No text makes the reading of a value throw.', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.string({ unit: 'binary' }), (kind, text) => {
      const parsed = parseUnit(kind, text);
      assert.ok('error' in parsed || Number.isFinite(parsed.value));
    }),
  );
});

test('Durations of Go read back, and a bare number is none.', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger().map(Math.abs), (ns) => {
      assert.equal(parseGoDuration(formatGoDuration(ns)), ns);
    }),
  );
  assert.ok(Number.isNaN(parseGoDuration('100')));
  assert.ok(Number.isNaN(parseGoDuration('1d')));
  assert.equal(parseGoDuration('5m0s'), 300e9);
  assert.equal(parseGoDuration('.5s'), 5e8);
});

test('The distance of two words is that of the slow oracle, up to the bound.', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, bound) => {
      const slow = slowEditDistance(a, b);
      assert.equal(editDistance(a, b, bound), slow <= bound ? slow : bound + 1);
    }),
  );
});

test('The nearest name forgives case, dashes and slips, and does not guess.', () => {
  const names = ['heartbeat-interval', 'election-timeout', 'snapshot-count', 'members'];
  assert.equal(nearestName('heartbeatInterval', names), 'heartbeat-interval');
  assert.equal(nearestName('electoin-timeout', names), 'election-timeout');
  assert.equal(nearestName('timeout', names), 'election-timeout');
  assert.equal(nearestName('membres', names), 'members');
  assert.equal(nearestName('fsync', names), '');
  assert.equal(nearestName('z', ['w']), '');
  assert.equal(nearestName('', names), '');
});

test.run();
