import * as assert from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  type Expectation,
  formatUnit,
  type Parsed,
  parseExpectation,
  parseMetric,
  parseWindow,
} from '../../src/scenario/index.ts';

const test = suite('expressions');

function read<T>(parsed: Parsed<T>): T {
  assert.ok('value' in parsed, 'error' in parsed ? parsed.error.message : '');
  return parsed.value;
}

test('Expectations are read as they are written.', () => {
  const cases: readonly (readonly [string, Omit<Expectation, 'text'>])[] = [
    [
      'p99 < 50ms',
      { aggregate: { kind: 'quantile', p: 0.99 }, operator: '<', value: 50e6, unit: 'ns' },
    ],
    [
      'p99.9<=1.5s',
      { aggregate: { kind: 'quantile', p: 0.999 }, operator: '<=', value: 1.5e9, unit: 'ns' },
    ],
    [
      'p5 >= 4KiB',
      { aggregate: { kind: 'quantile', p: 0.05 }, operator: '>=', value: 4096, unit: 'bytes' },
    ],
    [
      'availability > 99.5%',
      { aggregate: { kind: 'availability' }, operator: '>', value: 0.995, unit: 'ratio' },
    ],
    [
      'rate >= 900/s',
      { aggregate: { kind: 'rate' }, operator: '>=', value: 900, unit: 'perSecond' },
    ],
    ['count == 0', { aggregate: { kind: 'count' }, operator: '==', value: 0, unit: '1' }],
    ['  max  !=  3  ', { aggregate: { kind: 'max' }, operator: '!=', value: 3, unit: '1' }],
  ];
  for (const [text, expected] of cases) {
    const { text: written, ...rest } = read(parseExpectation(text));
    assert.equal(written, text.trim());
    assert.deepEqual(rest, expected);
  }
});

test('Every quantile between 0 and 100 is the double nearest to it.', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), (thousandths) => {
      const text = String(thousandths / 1000);
      const { aggregate } = read(parseExpectation(`p${text} < 1s`));
      assert.deepEqual(aggregate, { kind: 'quantile', p: Number(`${text}e-2`) });
    }),
  );
});

test('A duration in an expectation keeps its value.', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), (ns) => {
      assert.equal(read(parseExpectation(`mean < ${formatUnit('duration', ns)}`)).value, ns);
    }),
  );
});

test('Metrics have names and labels as Prometheus writes them.', () => {
  assert.deepEqual(read(parseMetric('a_b:c{x="1", y_2 = "p q",}')).labels, { x: '1', y_2: 'p q' });
  assert.deepEqual(read(parseMetric('m{x="a\\"b\\\\c}"}')).labels, { x: 'a"b\\c}' });
  assert.deepEqual(read(parseMetric(' m ')), { text: 'm', name: 'm', labels: {} });
  assert.deepEqual(read(parseMetric('m{}')), { text: 'm{}', name: 'm', labels: {} });
});

test('Windows are read as they are written.', () => {
  assert.deepEqual(read(parseWindow('all')), { kind: 'all' });
  assert.deepEqual(read(parseWindow('10s..1m')), { kind: 'range', fromNs: 10e9, toNs: 60e9 });
  assert.deepEqual(read(parseWindow('1.5s ..')), { kind: 'range', fromNs: 1.5e9, toNs: Infinity });
  const before = { kind: 'before', fault: 'a stall', offsetNs: -500e6 };
  assert.deepEqual(read(parseWindow('before( a stall ) - 500ms')), before);
});

test('Whatever the text, a mistake lies inside it and is said in words.', () => {
  const piece = fc.constantFrom(
    'p99',
    '<',
    '50ms',
    ' ',
    'm',
    '{',
    '"',
    '}',
    '=',
    'after(',
    ')',
    '+',
    '..',
    'é',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 8 }).map((x) => x.join('')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(parseExpectation, parseMetric, parseWindow), (x, parse) => {
      const parsed: Parsed<unknown> = parse(x);
      if ('value' in parsed) return;
      const { start, end, message, expected } = parsed.error;
      assert.ok(start >= 0 && start <= x.length && end <= x.length + 1, `${start}..${end}`);
      assert.ok(message !== '' && expected !== '');
    }),
    { numRuns: 1000 },
  );
});

test.run();
