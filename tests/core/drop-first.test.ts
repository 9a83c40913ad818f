import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { dropFirst } from '../../src/core/index.ts';

const test = suite('dropFirst');

test('What stays is what slice would leave, in the same array', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(), (values, n) => {
      const count = n % (values.length + 1);
      const dropped = [...values];
      dropFirst(dropped, count);
      assert.deepEqual(dropped, values.slice(count));
    }),
  );
});

test.run();
