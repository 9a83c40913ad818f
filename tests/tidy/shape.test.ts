import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import * as shape from './shape.ts';
import { assertNone, type Finding, parse, type SourceFile, sources } from './sources.ts';

const test = suite('tidy: shape');

const all = sources();
const shipped = all.filter((file) => /^(src|models)\//.test(file.path));

/** How many findings a check has for a text. */
function count(check: (file: SourceFile) => Finding[], text: string): number {
  return check(parse('src/core/sample.ts', text)).length;
}

const lines = (n: number) => 'x();\n'.repeat(n);

test('no file is longer than 500 lines', () => {
  assertNone(all.flatMap(shape.checkFileLength));
  assert.equal(count(shape.checkFileLength, lines(500)), 0);
  assert.equal(count(shape.checkFileLength, lines(501)), 1);
});

test('no line is longer than 100 columns', () => {
  assertNone(all.flatMap(shape.checkLineLength));
  assert.equal(count(shape.checkLineLength, `// ${'long '.repeat(20)}`), 1);
  assert.equal(count(shape.checkLineLength, `const x = '${'long '.repeat(20)}';`), 0);
});

test('no function is longer than 70 lines', () => {
  assertNone(all.flatMap(shape.checkFunctionLength));
  for (const head of [
    'function f() {',
    'class A { m() {',
    'class A { constructor() {',
    'f(() => {',
  ]) {
    const tail = head.startsWith('class') ? '}}' : head.startsWith('f(') ? '});' : '}';
    assert.equal(count(shape.checkFunctionLength, `${head}\n${lines(68)}${tail}`), 0, head);
    assert.equal(count(shape.checkFunctionLength, `${head}\n${lines(69)}${tail}`), 1, head);
  }
});

test('every file that ships begins by saying what it is', () => {
  assertNone(shipped.flatMap(shape.checkHeader));
  assert.equal(count(shape.checkHeader, "import x from 'y';\n/** Late. */"), 1);
});

test('types are checked by TypeScript alone and vanish without a trace', () => {
  assertNone(all.flatMap(shape.checkTypes));
  for (const text of [
    'let x: any;',
    'const x = y as any;',
    'enum A { b }',
    'namespace A {}',
    'class A { constructor(readonly x: number) {} }',
    `// @ts-${'ignore'}`,
  ])
    assert.equal(count(shape.checkTypes, text), 1, text);
});

test('nothing in module scope changes', () => {
  assertNone(shipped.flatMap(shape.checkState));
  for (const text of ['let x = 1;', 'export let x;', 'const m = new Map();', 'const a: X[] = [];'])
    assert.equal(count(shape.checkState, text), 1, text);
  for (const text of ['const x = 1;', "const m = new Map([['a', 1]]);", 'const a = [1];'])
    assert.equal(count(shape.checkState, text), 0, text);
});

test.run();
