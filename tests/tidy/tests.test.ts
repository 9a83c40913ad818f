import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { assertNone, parse, sources } from './sources.ts';
import { checkAsserts, checkRuns, checkVarying } from './tests.ts';

const test = suite('tidy: tests');

const all = sources('tests');
const byPath = new Map(all.map((file) => [file.path, file]));
const suites = all.filter((file) => file.path.endsWith('.test.ts'));

const sample = (text: string) => parse('tests/sample.test.ts', text);

test('every test file runs its suites', () => {
  assert.ok(suites.length > 50);
  assertNone(suites.flatMap(checkRuns));
  assert.equal(checkRuns(sample("test('a', f);\ntest.run();")).length, 0);
  assert.equal(checkRuns(sample("test('a', f);\n// test.run();")).length, 1);
});

test('every test asserts something', () => {
  assertNone(suites.flatMap((file) => checkAsserts(file, byPath)));
  assert.equal(checkAsserts(sample("test('a', () => { f(); });")).length, 1);
  assert.equal(checkAsserts(sample("test('a', () => { assert.ok(f()); });")).length, 0);
  const through = 'function f() { g(); } function g() { assert.ok(1); }';
  assert.equal(checkAsserts(sample(`${through} test('a', () => { f(); });`)).length, 0);
  const maker = "const tell = (n, f) => test(n, () => f()); tell('a', () => {";
  assert.equal(checkAsserts(sample(`${maker} f(); });`)).length, 1);
  assert.equal(checkAsserts(sample(`${maker} assert.ok(1); });`)).length, 0);
  assert.equal(checkAsserts(sample('const x = 1;')).length, 1);
});

test('no test sleeps, asks a clock or the network, or hides the others', () => {
  assertNone(all.flatMap(checkVarying));
  for (const text of [
    'setTimeout(f, 10);',
    'Date.now();',
    'new Date();',
    'fetch(x);',
    'Math.random();',
    "test.only('a', f);",
  ])
    assert.equal(checkVarying(sample(text)).length, 1, text);
});

test.run();
