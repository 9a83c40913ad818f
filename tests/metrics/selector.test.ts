import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { metricText, parseSelector, SelectorError } from '../../src/metrics/index.ts';

const test = suite('metrics/selector');
const PUT = { name: 'requests', labels: { op: 'put', code: '503' } };

test('A bare name matches every label set of that metric and no other metric.', () => {
  assert.ok(parseSelector('requests').matches(PUT));
  assert.ok(!parseSelector('request').matches(PUT));
  assert.ok(!parseSelector('requests_total').matches(PUT));
});

test('All matchers must hold; a missing label is empty.', () => {
  assert.ok(parseSelector('requests{op="put"}').matches(PUT));
  assert.ok(parseSelector(`requests{ op = 'put' , code!="200", }`).matches(PUT));
  assert.ok(!parseSelector('requests{op="put",code="200"}').matches(PUT));
  assert.ok(parseSelector('requests{zone=""}').matches(PUT));
  assert.ok(parseSelector('requests{}').matches(PUT));
});

test('Regular expressions match the whole value.', () => {
  assert.ok(parseSelector('requests{code=~"5.."}').matches(PUT));
  assert.ok(!parseSelector('requests{code=~"5"}').matches(PUT));
  assert.ok(parseSelector('requests{op!~"range|txn"}').matches(PUT));
});

test('A mistake names its place and what was expected.', () => {
  const mistakes: [text: string, position: number, expected: string][] = [
    ['', 0, 'a metric name'],
    ['1a', 0, 'a metric name'],
    ['a{', 2, 'a label name or }'],
    ['a{b}', 3, '=, !=, =~ or !~'],
    ['a{b=c}', 4, 'a quoted value'],
    ['a{b="c"', 7, ', or }'],
    ['a{b="c"} x', 9, 'the end, or {'],
    ['a{b=~"("}', 5, 'a regular expression'],
  ];
  for (const [text, position, expected] of mistakes) {
    assert.throws(
      () => parseSelector(text),
      (error) => {
        assert.ok(error instanceof SelectorError);
        assert.deepEqual([error.position, error.expected], [position, expected], text);
        return true;
      },
    );
  }
});

test('The text of a metric, parsed as a selector, matches that metric.', () => {
  const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/);
  fc.assert(
    fc.property(fc.dictionary(label, fc.string()), (labels) => {
      assert.ok(parseSelector(metricText('m', labels)).matches({ name: 'm', labels }));
    }),
  );
});

test('The text of a metric does not depend on the order of its labels.', () => {
  assert.equal(metricText('m', { b: '2', a: '1' }), 'm{a="1",b="2"}');
  assert.equal(metricText('m', {}), 'm');
});

test.run();
