import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { milliOf, parseQuantity, QUANTITY_MAX, unitsOf } from '../../src/scenario/index.ts';
import { slowNano } from '../oracles/slow-quantity.ts';

const test = suite('scenario: quantities of Kubernetes');

const NANO = 10n ** 9n;
const milli = (text: string) => milliOf(parseQuantity(text) ?? -1n);
const units = (text: string) => unitsOf(parseQuantity(text) ?? -1n);

test('CPU is counted in thousandths, rounded up', () => {
  assert.is(milli('100m'), 100);
  assert.is(milli('1.5'), 1500);
  assert.is(milli('2'), 2000);
  assert.is(milli('5n'), 1);
  assert.is(milli('100500u'), 101);
  assert.is(milli('.5'), 500);
  assert.is(milli('1.'), 1000);
});

test('bytes take decimal and binary suffixes, and exponents', () => {
  assert.is(units('1e3'), 1000);
  assert.is(units('1E3'), 1000);
  assert.is(units('1Ki'), 1024);
  assert.is(units('12Mi'), 12 * 1024 * 1024);
  assert.is(units('1.5Gi'), 1.5 * 1024 ** 3);
  assert.is(units('1k'), 1000);
  assert.is(units('1E'), 1e18);
  assert.is(units('128974848000m'), 128974848);
  assert.is(units('1e-2'), 1);
});

test('what is finer than a billionth is rounded up, what is too large is cut', () => {
  assert.is(parseQuantity('0.1n'), 1n);
  assert.is(parseQuantity('1e-99'), 1n);
  assert.is(parseQuantity('-1e-99'), -1n);
  assert.is(parseQuantity('1e999999'), QUANTITY_MAX * NANO);
  assert.is(parseQuantity('-16Ei'), -QUANTITY_MAX * NANO);
  assert.is(parseQuantity('0e999'), 0n);
});

test('texts that Kubernetes refuses are refused', () => {
  for (const text of [
    '',
    '.',
    'm',
    '1 Gi',
    ' 1',
    '1K',
    '1mi',
    '1KiB',
    '1e',
    '1e1.5',
    '1e3Ki',
    '0x10',
    '1,5',
    '--1',
    'NaN',
    '1\n',
    '1'.repeat(2000),
  ]) {
    assert.is(parseQuantity(text), null, JSON.stringify(text));
  }
});

test('every quantity is what moving the point and doubling by hand gives', () => {
  const digits = fc.stringMatching(/^\d{1,25}$/);
  const suffix = fc.oneof(
    fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E'),
    fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'),
    fc.integer({ min: -30, max: 30 }).map((exponent) => `e${exponent}`),
  );
  fc.assert(
    fc.property(digits, fc.option(digits, { nil: '' }), suffix, (whole, fraction, unit) => {
      const text = `${whole}${fraction === '' ? '' : `.${fraction}`}${unit}`;
      const slow = BigInt(slowNano(whole, fraction, unit));
      const expected = slow > QUANTITY_MAX * NANO ? QUANTITY_MAX * NANO : slow;
      assert.is(parseQuantity(text), expected);
      assert.is(parseQuantity(`-${text}`), -expected);
      assert.is(parseQuantity(`+${text}`), expected);
    }),
  );
});

test('any text at all is read or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.eEmMKi+-]{0,12}$/)), (text) => {
      const nano = parseQuantity(text);
      assert.ok(nano === null || typeof nano === 'bigint');
    }),
  );
});

test.run();
