import * as assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import { tables } from '../../src/output/csv-files.ts';
import { outputsReference } from '../../src/output/index.ts';
import { matchesGolden } from '../support/golden.ts';

const test = suite('reference of outputs');

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

test('docs/reference/outputs.md is what the tables say', () => {
  matchesGolden(join(ROOT, 'docs', 'reference', 'outputs.md'), outputsReference());
});

test('every column has a description that is a sentence, and a name of its own in its file', () => {
  for (const { file, columns, description } of tables) {
    assert.match(description, /\.$/, file);
    for (const column of columns)
      assert.match(column.description, /^[A-Z`2-9].*\.$/, `${file} ${column.name}`);
    assert.equal(new Set(columns.map((column) => column.name)).size, columns.length, file);
  }
});

test('columns whose name ends in _s are in seconds', () => {
  for (const { file, columns } of tables) {
    for (const column of columns) {
      assert.equal(column.name.endsWith('_s'), column.unit === 's', `${file} ${column.name}`);
    }
  }
});

test.run();
