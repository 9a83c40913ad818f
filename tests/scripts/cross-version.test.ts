import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { difference } from '../../scripts/cross-version.mjs';

const test = suite('scripts/cross-version');

const files = (runs: string, more: [string, string][] = []) =>
  new Map([['metrics.csv', 'a,b\n1,2\n'], ['runs.csv', runs], ...more]);

test('equal bytes are no difference', () => {
  assert.equal(difference(files('x\n1\n'), files('x\n1\n')), '');
});

test('the first differing line is named with both sides', () => {
  const found = difference(files('digest\n0abc\n'), files('digest\n0abd\n'));
  assert.equal(found, 'runs.csv:2\n  0abc\n  0abd');
});

test('a file that is longer, and a file too many, are differences', () => {
  assert.match(difference(files('x\n1\n'), files('x\n1\n2\n')), /^runs\.csv:3/);
  assert.match(difference(files('x'), files('x', [['stages.csv', '']])), /stages\.csv/);
});

test.run();
