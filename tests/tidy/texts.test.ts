import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { assertNone, paths, read } from './sources.ts';
import { checkLockfile, checkTexts } from './texts.ts';

const test = suite('tidy: texts');

const TEXT = /\.(ts|mts|mjs|md|ya?ml|json|csv|txt|html|css)$|^\.(ci|git|npm)|LICENSE$/;

test('no text names a machine, or how it came about', () => {
  const texts = paths().filter((path) => TEXT.test(path) && path !== 'package-lock.json');
  assert.ok(texts.length > 300);
  assertNone(texts.flatMap((path) => checkTexts(path, read(path))));
});

test('paths of a machine and notes to oneself are found', () => {
  const bad = ['see /ro', 'ot/x', 'in ../sha', 'red/facts', 'is', 'sue 7 says', 'TO', 'DO: later'];
  for (let i = 0; i < bad.length; i += 2)
    assert.equal(checkTexts('x.md', bad[i] + bad[i + 1]).length, 1, bad[i] + bad[i + 1]);
  assert.deepEqual(checkTexts('x.md', 'etcd-io/etcd#12345, results/x, ./work/y'), []);
});

test('the lockfile names no registry and the real package of the queue', () => {
  assert.deepEqual(checkLockfile(read('package-lock.json')), []);
});

test('a registry, a missing hash and the bare package are found in a lockfile', () => {
  const good = { version: '1.0.0', integrity: 'sha512-x' };
  const root = { dependencies: { 'fast-priority-queue': 'npm:fastpriorityqueue@0.8.0' } };
  const lock = (packages: object) => checkLockfile(JSON.stringify({ packages }));
  const queue = 'node_modules/fast-priority-queue';
  assert.deepEqual(lock({ '': root, [queue]: { name: 'fastpriorityqueue', ...good } }), []);
  assert.equal(lock({ '': root, [queue]: good }).length, 1);
  assert.equal(lock({ '': root, a: { ...good, resolved: 'https://example.org/a.tgz' } }).length, 1);
  assert.equal(lock({ '': root, a: { version: '1.0.0' } }).length, 1);
  assert.equal(lock({ '': { dependencies: {} } }).length, 1);
});

test.run();
