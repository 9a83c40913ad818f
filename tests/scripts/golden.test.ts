import * as assert from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { compareFolders, firstDifference } from '../../scripts/golden.ts';

const test = suite<{ golden: string; now: string; root: string }>('scripts/golden');
test.before.each((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'wavetank-golden-test-'));
  context.golden = join(context.root, 'golden');
  context.now = join(context.root, 'now');
  mkdirSync(context.golden);
  mkdirSync(context.now);
});
test.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

test('the first line that differs is named, a shorter text ends there', () => {
  assert.strictEqual(firstDifference('a', 'x\ny\n', 'x\ny\n'), null);
  assert.deepStrictEqual(firstDifference('a', 'x\ny\n', 'x\nz\n'), {
    file: 'a',
    line: 2,
    golden: 'y',
    now: 'z',
  });
  assert.strictEqual(firstDifference('a', 'x\ny', 'x')?.now, '(end of file)');
});

test('missing and new files are differences, equal bytes are none, a giant is left out', ({
  golden,
  now,
}) => {
  writeFileSync(join(golden, 'same.csv'), 'a\n1\n');
  writeFileSync(join(now, 'same.csv'), 'a\n1\n');
  writeFileSync(join(golden, 'gone.csv'), 'a\n');
  writeFileSync(join(now, 'new.csv'), 'a\n');
  writeFileSync(join(now, 'giant.csv'), 'a'.repeat(2_000_000));
  writeFileSync(join(now, 'manifest.json'), '{}');
  assert.deepStrictEqual(
    compareFolders(golden, now).map(({ file, now: state }) => [file, state]),
    [
      ['gone.csv', 'missing'],
      ['new.csv', 'there'],
    ],
  );
});

test.run();
